-- The newest dictionary of the compact form that a partner's node has told us it reads.

CREATE TABLE dictionary (
  partner TEXT PRIMARY KEY,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Lists mark what updates an earlier report, found from the row of the update.
CREATE INDEX reference_update ON reference (report) WHERE is_update = 1;
