-- Of each partner the newest checkpoint that was proven to go on from all before it, as this node
-- cosigned it; how many answers in a row brought no proof; whether it contradicted itself.
CREATE TABLE peer_proven (
  partner TEXT PRIMARY KEY,
  cosigned BLOB NOT NULL,
  at INTEGER NOT NULL,
  missed INTEGER NOT NULL DEFAULT 0,
  is_broken INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Checkpoints of a partner that another one told of, until the partner has proven them.
CREATE TABLE peer_told (
  teller TEXT NOT NULL,
  partner TEXT NOT NULL,
  note BLOB NOT NULL,
  missed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (teller, partner)
) STRICT, WITHOUT ROWID;

-- Partners who read what volumes tell of journals, and the newest of theirs, to be answered.
CREATE TABLE courier_witness (
  partner TEXT PRIMARY KEY,
  told BLOB NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Checkpoints of this node's journal that partners have cosigned, the newest of each.
CREATE TABLE cosignature (
  partner TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  at INTEGER NOT NULL,
  cosigned BLOB NOT NULL
) STRICT, WITHOUT ROWID;
