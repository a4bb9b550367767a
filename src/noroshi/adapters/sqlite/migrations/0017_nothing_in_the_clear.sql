-- Everything is sealed by now: the columns in the clear go.
ALTER TABLE report DROP COLUMN content;
ALTER TABLE report DROP COLUMN subject;
ALTER TABLE draft DROP COLUMN plan;
