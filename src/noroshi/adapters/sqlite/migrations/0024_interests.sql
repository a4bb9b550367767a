-- What desks want to hear of, and how much of the journal was looked through for it.
CREATE TABLE interest (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  desk TEXT NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  set_at INTEGER NOT NULL,
  set_by TEXT NOT NULL,
  UNIQUE (desk, kind, value)
) STRICT;

CREATE TABLE attention (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  seen INTEGER NOT NULL
) STRICT;
