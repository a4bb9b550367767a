-- Reports that wait for a second person to release them.
CREATE TABLE draft (
  report BLOB PRIMARY KEY,
  plan BLOB NOT NULL,
  drafted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
