-- What reports and drafts say lies here under keys of their own; the slip, key and subject, is wrapped by
-- a retention key, which lies in a file. The husk is what stays when that is destroyed. A report is doomed from when its
-- destruction is decided: the rule that did.

ALTER TABLE report ADD COLUMN areas TEXT NOT NULL DEFAULT '';
ALTER TABLE report ADD COLUMN husk BLOB;
ALTER TABLE report ADD COLUMN retention_key TEXT;
ALTER TABLE report ADD COLUMN slip BLOB;
ALTER TABLE report ADD COLUMN doomed_by TEXT;
ALTER TABLE report ADD COLUMN destroyed_at INTEGER;
ALTER TABLE report ADD COLUMN sealed_content BLOB;
CREATE INDEX report_retention ON report (retention_key) WHERE retention_key IS NOT NULL;

ALTER TABLE draft ADD COLUMN blobs BLOB;
ALTER TABLE draft ADD COLUMN retention_key TEXT;
ALTER TABLE draft ADD COLUMN slip BLOB;
ALTER TABLE draft ADD COLUMN sealed_plan BLOB;

-- Reports that are kept whatever the rules say.
CREATE TABLE legal_hold (
  report BLOB PRIMARY KEY,
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- here the program seals what lay in the clear

ALTER TABLE report DROP COLUMN content;
ALTER TABLE report DROP COLUMN subject;
ALTER TABLE draft DROP COLUMN plan;
