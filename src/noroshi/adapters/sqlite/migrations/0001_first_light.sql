-- The tables of a node. Instants are microseconds since 1970 UTC; ids, digests and hashes are blobs.

CREATE TABLE own_card (
  serial INTEGER PRIMARY KEY,
  raw BLOB NOT NULL
) STRICT;

CREATE TABLE partner (
  partner TEXT PRIMARY KEY,
  card BLOB NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('UNVERIFIED', 'VERIFIED', 'REVOKED')),
  added_at INTEGER NOT NULL,
  verified_at INTEGER,
  verified_by TEXT
) STRICT, WITHOUT ROWID;

-- The journal: leaves, the nodes of complete subtrees above them, one checkpoint per commit.

CREATE TABLE journal_entry (
  idx INTEGER PRIMARY KEY,
  leaf BLOB NOT NULL,
  hash BLOB NOT NULL,
  report BLOB
) STRICT;
CREATE INDEX journal_entry_report ON journal_entry (report) WHERE report IS NOT NULL;

CREATE TABLE journal_node (
  level INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal_checkpoint (
  size INTEGER PRIMARY KEY,
  note BLOB NOT NULL
) STRICT;

-- Reports sent and received.

CREATE TABLE report (
  number INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  envelope BLOB NOT NULL,
  outgoing INTEGER NOT NULL,
  sender TEXT NOT NULL,
  signed_head BLOB NOT NULL,
  head_digest BLOB NOT NULL,
  salt BLOB NOT NULL,
  content BLOB NOT NULL,
  stored_at INTEGER NOT NULL,
  entry_index INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  marking TEXT NOT NULL,
  status TEXT NOT NULL,
  from_desk TEXT NOT NULL
) STRICT;

-- A desk of a report for which this node keeps a ladder: all of an own report's, its own of others'.

CREATE TABLE addressee (
  report INTEGER NOT NULL REFERENCES report (number),
  partner TEXT NOT NULL,
  desk TEXT NOT NULL,
  is_action INTEGER NOT NULL,
  precedence INTEGER NOT NULL,
  serial INTEGER NOT NULL,
  incoming INTEGER NOT NULL,
  answered INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (report, partner, desk)
) STRICT, WITHOUT ROWID;
CREATE INDEX addressee_inbox ON addressee (incoming, answered, precedence DESC, report);

CREATE TABLE rung (
  report BLOB NOT NULL,
  partner TEXT NOT NULL,
  desk TEXT NOT NULL,
  rung TEXT NOT NULL,
  at INTEGER NOT NULL,
  by TEXT,
  note TEXT,
  PRIMARY KEY (report, partner, desk, rung)
) STRICT, WITHOUT ROWID;

CREATE TABLE failure (
  report BLOB NOT NULL,
  partner TEXT NOT NULL,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (report, partner)
) STRICT, WITHOUT ROWID;

CREATE TABLE blob (
  id BLOB NOT NULL,
  report BLOB NOT NULL,
  size INTEGER NOT NULL,
  held INTEGER NOT NULL,
  PRIMARY KEY (id, report)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_report ON blob (report);

CREATE TABLE remote_held (
  report BLOB NOT NULL,
  partner TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (report, partner)
) STRICT, WITHOUT ROWID;

-- What has to go out.

CREATE TABLE envelope (
  id BLOB PRIMARY KEY,
  raw BLOB NOT NULL
) STRICT;

CREATE TABLE outbox (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  partner TEXT NOT NULL,
  id BLOB NOT NULL,
  cargo INTEGER NOT NULL,
  precedence INTEGER NOT NULL,
  size INTEGER NOT NULL,
  report BLOB,
  UNIQUE (partner, id)
) STRICT;
CREATE INDEX outbox_id ON outbox (id);

CREATE TABLE serial_issued (
  partner TEXT NOT NULL,
  precedence INTEGER NOT NULL,
  highest INTEGER NOT NULL,
  PRIMARY KEY (partner, precedence)
) STRICT, WITHOUT ROWID;

-- What came in: envelopes for ever, serials for ever, refused bytes once each.

CREATE TABLE envelope_seen (
  sender TEXT NOT NULL,
  id BLOB NOT NULL,
  PRIMARY KEY (sender, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE serial_seen (
  sender TEXT NOT NULL,
  precedence INTEGER NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (sender, precedence, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE refusal (
  digest BLOB PRIMARY KEY,
  partner TEXT NOT NULL,
  code TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

-- Receipts: owed by this node, and kept by it as evidence (its own and its partners').

CREATE TABLE receipt_owed (
  partner TEXT NOT NULL,
  report BLOB NOT NULL,
  desk TEXT NOT NULL,
  head_digest BLOB NOT NULL,
  refused_at INTEGER,
  refused_note TEXT,
  PRIMARY KEY (partner, report, desk, head_digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt (
  number INTEGER PRIMARY KEY,
  issuer TEXT NOT NULL,
  signed BLOB NOT NULL,
  seen_size INTEGER NOT NULL,
  seen_root BLOB NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE receipt_entry (
  report BLOB NOT NULL,
  issuer TEXT NOT NULL,
  desk TEXT NOT NULL,
  receipt INTEGER NOT NULL REFERENCES receipt (number),
  entry BLOB NOT NULL,
  PRIMARY KEY (report, issuer, desk)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint_conflict (
  number INTEGER PRIMARY KEY,
  partner TEXT NOT NULL,
  one BLOB NOT NULL,
  other BLOB NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE peer_checkpoint (
  partner TEXT PRIMARY KEY,
  note BLOB NOT NULL
) STRICT, WITHOUT ROWID;
