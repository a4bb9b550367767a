-- Revocations: of which partner, up to which card, since when, and until it was verified again.

CREATE TABLE revocation (
  partner TEXT NOT NULL,
  root BLOB NOT NULL,
  card INTEGER NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER,
  by TEXT NOT NULL,
  reason TEXT NOT NULL,
  raw BLOB NOT NULL,
  PRIMARY KEY (partner, root, card)
) STRICT, WITHOUT ROWID;

-- What came from a revoked partner, signed before: a person decides.

CREATE TABLE quarantine (
  number INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  partner TEXT NOT NULL,
  card BLOB NOT NULL,
  raw BLOB NOT NULL,
  report BLOB NOT NULL,
  signed_at INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;
