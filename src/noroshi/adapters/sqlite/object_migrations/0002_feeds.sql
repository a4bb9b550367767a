-- What somebody has decided on stays without its content, so that it is not held back once more.
-- How far feeds were followed, what of them is held back, and how the node logs in; sealed under a
-- key of their own with a random nonce, which stands before what is sealed.
CREATE TABLE feed_state (
  feed TEXT PRIMARY KEY,
  cursor TEXT NOT NULL,
  tried_at INTEGER,
  done_at INTEGER,
  taken INTEGER NOT NULL,
  problem TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE feed_item (
  feed TEXT NOT NULL,
  item TEXT NOT NULL,
  version TEXT NOT NULL,
  PRIMARY KEY (feed, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed_held (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  feed TEXT NOT NULL,
  item TEXT NOT NULL,
  version TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  is_decided INTEGER NOT NULL DEFAULT 0,
  UNIQUE (feed, item, version)
) STRICT;

CREATE TABLE feed_login (
  feed TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
