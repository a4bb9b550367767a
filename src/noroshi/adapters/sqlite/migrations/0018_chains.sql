-- Which report refers to which, so that chains and answers are found from the report that they are about;
-- `is_update` where it says more of the form of that one. When a report was created stands in its head, which
-- takes longer to read; reports of before have it there alone.

ALTER TABLE report ADD COLUMN created_at INTEGER;

CREATE TABLE reference (
  referred BLOB NOT NULL,
  report INTEGER NOT NULL REFERENCES report (number),
  is_update INTEGER NOT NULL,
  PRIMARY KEY (referred, report)
) STRICT, WITHOUT ROWID;

-- here the program fills in what reports refer to
