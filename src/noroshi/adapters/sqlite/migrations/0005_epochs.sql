-- Backup and restore: what a restored node must not send by itself, what partners keep for one.

ALTER TABLE outbox ADD COLUMN held INTEGER NOT NULL DEFAULT 0;

-- What a partner has (reports, attachments, receipts) stays for some days after it left: so that a
-- partner who is restored from a backup can be given it again.
ALTER TABLE outbox ADD COLUMN left_at INTEGER;
CREATE INDEX outbox_waiting ON outbox (partner, report) WHERE left_at IS NULL;
CREATE INDEX outbox_left ON outbox (left_at) WHERE left_at IS NOT NULL;

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
