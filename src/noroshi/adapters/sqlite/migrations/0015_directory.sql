-- Directories. The newest own one; `root` in its versions, which are kept for ever.

CREATE TABLE own_directory (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  view BLOB NOT NULL,
  timestamp BLOB NOT NULL,
  snapshot BLOB NOT NULL,
  targets BLOB NOT NULL
) STRICT;

-- What partners were told; 0 and empty: nothing. `item`: what is on its way, and what that brings.

CREATE TABLE directory_told (
  partner TEXT PRIMARY KEY,
  is_newest INTEGER NOT NULL,
  root INTEGER NOT NULL,
  snapshot INTEGER NOT NULL,
  item BLOB NOT NULL,
  item_root INTEGER NOT NULL,
  item_snapshot INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The newest directory of each partner.

CREATE TABLE peer_directory (
  partner TEXT PRIMARY KEY,
  by_hand INTEGER NOT NULL,
  amber_at INTEGER NOT NULL,
  confirm_at INTEGER NOT NULL,
  refuse_at INTEGER NOT NULL,
  view BLOB NOT NULL,
  timestamp BLOB NOT NULL,
  snapshot BLOB NOT NULL,
  targets BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Versions of roots: of partners by their names, the own ones under "".

CREATE TABLE directory_root (
  partner TEXT NOT NULL,
  version INTEGER NOT NULL,
  raw BLOB NOT NULL,
  PRIMARY KEY (partner, version)
) STRICT, WITHOUT ROWID;
