-- Backup and restore: what a restored node must not send by itself, what partners keep for one.

ALTER TABLE outbox ADD COLUMN held INTEGER NOT NULL DEFAULT 0;

-- Reports that a partner has, and their attachments, for some days after they left the outbox: so
-- that a partner who is restored from a backup can be given them again.
CREATE TABLE kept (
  number INTEGER PRIMARY KEY,
  partner TEXT NOT NULL,
  id BLOB NOT NULL,
  cargo INTEGER NOT NULL,
  precedence INTEGER NOT NULL,
  size INTEGER NOT NULL,
  expires_at INTEGER,
  report BLOB NOT NULL,
  left_at INTEGER NOT NULL,
  UNIQUE (partner, id)
) STRICT;
CREATE INDEX kept_id ON kept (id);
CREATE INDEX kept_left ON kept (left_at);

-- The epochs that this node opened, each with the size of the journal that it took over.
CREATE TABLE restored (
  epoch INTEGER PRIMARY KEY,
  backup_at INTEGER NOT NULL,
  size INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;

-- Partners who are known to have seen the journal of this node's epoch, and since when.
CREATE TABLE epoch_seen (
  partner TEXT PRIMARY KEY,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Partners' epochs: the newest that was heard, up to which it was given again what it may have
-- lost, and the last checkpoint of the epoch before.
CREATE TABLE peer_epoch (
  partner TEXT PRIMARY KEY,
  epoch INTEGER NOT NULL,
  answered INTEGER NOT NULL DEFAULT 0,
  last_note BLOB NOT NULL
) STRICT, WITHOUT ROWID;
