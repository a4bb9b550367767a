-- Objects of STIX as machines handed them over, sealed, and those that reports say, which are read
-- from the report, the source, so that its destruction is theirs; none of them were added at one instant, so
-- that of each is its key, and a place in its collection.
CREATE TABLE object (
  added INTEGER PRIMARY KEY,
  collection INTEGER NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  version INTEGER NOT NULL,
  spec TEXT NOT NULL,
  is_last INTEGER NOT NULL,
  is_first INTEGER NOT NULL,
  is_outdated INTEGER NOT NULL,
  handling INTEGER NOT NULL,
  refs TEXT NOT NULL,
  source BLOB NOT NULL,
  chapter INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX object_version ON object (id, collection, spec, version);
CREATE INDEX object_all ON object (collection, added);
CREATE INDEX object_source ON object (source) WHERE source <> x'';
CREATE INDEX object_last ON object (collection, type, added) WHERE is_last;

-- The last and the first are those of an id in a collection and a version of STIX; outdated is what
-- is there in a newer version of STIX as well.

-- Sets of markings, each by a number.
CREATE TABLE handling (
  number INTEGER PRIMARY KEY,
  markings TEXT NOT NULL UNIQUE
) STRICT;

-- Each opening of the store seals under a key of its own, made of the key file and this salt.
CREATE TABLE chapter (
  number INTEGER PRIMARY KEY,
  salt BLOB NOT NULL
) STRICT;

-- How much of the journal went into a collection that reports fill.
CREATE TABLE filling (
  collection INTEGER PRIMARY KEY,
  seen INTEGER NOT NULL
) STRICT;

-- What became of each batch that was handed over.
CREATE TABLE status (
  id TEXT PRIMARY KEY,
  machine TEXT NOT NULL,
  at INTEGER NOT NULL,
  told BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX status_age ON status (at);
