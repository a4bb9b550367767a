-- Which reports of partners name a value that detection looks for; the value as a keyed digest, so
-- that whoever has this file alone learns none. What a report said goes with it.
CREATE TABLE shared_value (
  digest BLOB NOT NULL,
  report BLOB NOT NULL,
  partner TEXT NOT NULL,
  PRIMARY KEY (digest, report)
) STRICT, WITHOUT ROWID;
CREATE INDEX shared_report ON shared_value (report);
