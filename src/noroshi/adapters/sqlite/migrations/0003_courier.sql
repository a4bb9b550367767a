-- Courier volumes. Given out: the receipts that each set carries, until the partner says that it
-- has imported the set. Come in: the volumes of sets that are not complete, whose payloads lie in
-- the spool; those of their fragments that another volume or a report may complete; and the sets
-- that were imported.

CREATE TABLE courier_carried (
  partner TEXT NOT NULL,
  set_id BLOB NOT NULL,
  receipt BLOB NOT NULL,
  PRIMARY KEY (partner, set_id, receipt)
) STRICT, WITHOUT ROWID;

CREATE TABLE courier_volume (
  partner TEXT NOT NULL,
  set_id BLOB NOT NULL,
  number INTEGER NOT NULL,
  count INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  size INTEGER NOT NULL,
  digest BLOB NOT NULL,
  applied INTEGER NOT NULL,
  PRIMARY KEY (partner, set_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE courier_fragment (
  partner TEXT NOT NULL,
  set_id BLOB NOT NULL,
  item BLOB NOT NULL,
  number INTEGER NOT NULL,
  cargo INTEGER NOT NULL,
  total INTEGER NOT NULL,
  start INTEGER NOT NULL,
  size INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (partner, set_id, item, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE courier_imported (
  number INTEGER PRIMARY KEY,
  partner TEXT NOT NULL,
  set_id BLOB NOT NULL,
  UNIQUE (partner, set_id)
) STRICT;
