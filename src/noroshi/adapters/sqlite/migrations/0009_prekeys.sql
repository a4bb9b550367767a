-- Prekeys: sealing keys of a day each. Private halves are not in the database.

CREATE TABLE prekey (
  kid BLOB PRIMARY KEY,
  begins_at INTEGER NOT NULL,
  raw BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- When partners were told of own prekeys, and whether of the newest.

CREATE TABLE prekey_told (
  partner TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  is_newest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What partners published: the newest statement of each.

CREATE TABLE peer_prekeys (
  partner TEXT PRIMARY KEY,
  epoch INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE peer_prekey (
  partner TEXT NOT NULL,
  begins_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  raw BLOB NOT NULL,
  PRIMARY KEY (partner, begins_at)
) STRICT, WITHOUT ROWID;

-- Each partner's copy of an envelope has its own block alone, and may be sealed again.
-- `key_until`: until when the partner can open it; NULL: for ever, it is sealed to its card.
-- `told`: what a receipt tells of, so that it can be told again.

ALTER TABLE outbox ADD COLUMN key_until INTEGER;
ALTER TABLE outbox ADD COLUMN told BLOB;
ALTER TABLE outbox ADD COLUMN raw BLOB;
UPDATE outbox SET raw = (SELECT e.raw FROM envelope e WHERE e.id = outbox.id);
DROP TABLE envelope;

-- The opening of a serial's commitment, for sealing again.

ALTER TABLE addressee ADD COLUMN opening BLOB;
