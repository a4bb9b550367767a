-- Persons at this node. `plain` is the name without what only its writing differs in.
CREATE TABLE account (
  plain TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  grants TEXT NOT NULL,
  uid INTEGER,
  verifier TEXT NOT NULL,
  added_at INTEGER NOT NULL,
  added_by TEXT NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;
