-- Machines that read and hand over objects at the desk door, and the collections of those; the
-- objects themselves lie in a database of their own. Of a token only its digest is here.
CREATE TABLE collection (
  number INTEGER PRIMARY KEY,
  alias TEXT NOT NULL UNIQUE,
  id TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  description TEXT NOT NULL
) STRICT;

CREATE TABLE machine (
  name TEXT PRIMARY KEY,
  partner TEXT NOT NULL,
  ceiling TEXT NOT NULL,
  rights TEXT NOT NULL,
  added_at INTEGER NOT NULL,
  added_by TEXT NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE machine_token (
  digest BLOB PRIMARY KEY,
  machine TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX machine_tokens ON machine_token (machine);
