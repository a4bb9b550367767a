-- Agreements that this node goes by, each as it was written, with who added it.
CREATE TABLE agreement (
  reference TEXT PRIMARY KEY,
  raw BLOB NOT NULL,
  added_at INTEGER NOT NULL,
  added_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
