-- Delivery with clocks: expiry, tombstones and gaps, people's deadlines, alarms, comms checks, desks.

ALTER TABLE outbox ADD COLUMN expires_at INTEGER;

-- Serials count anew in each epoch of their sender, so that a restored node reuses none.

CREATE TABLE serial_heard (
  sender TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  precedence INTEGER NOT NULL,
  number INTEGER NOT NULL,
  void TEXT,
  PRIMARY KEY (sender, epoch, precedence, number)
) STRICT, WITHOUT ROWID;
INSERT INTO serial_heard (sender, epoch, precedence, number)
  SELECT sender, 1, precedence, number FROM serial_seen;
DROP TABLE serial_seen;

-- Up to `settled` every serial is here or void; `highest` was seen or told of.
CREATE TABLE serial_row (
  sender TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  precedence INTEGER NOT NULL,
  settled INTEGER NOT NULL,
  highest INTEGER NOT NULL,
  PRIMARY KEY (sender, epoch, precedence)
) STRICT, WITHOUT ROWID;

-- Serials of this node that no report will come with; told until the partner has settled them.
CREATE TABLE tombstone (
  partner TEXT NOT NULL,
  precedence INTEGER NOT NULL,
  number INTEGER NOT NULL,
  code TEXT NOT NULL,
  settled_at INTEGER,
  PRIMARY KEY (partner, precedence, number)
) STRICT, WITHOUT ROWID;

-- What must have happened by when, or an alarm is raised. One row per step; gone once it fired or is moot.
CREATE TABLE deadline (
  step TEXT NOT NULL,
  partner TEXT NOT NULL,
  report BLOB NOT NULL,
  desk TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  PRIMARY KEY (step, partner, report, desk)
) STRICT, WITHOUT ROWID;
CREATE INDEX deadline_due ON deadline (due_at);

CREATE TABLE alarm (
  number INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  partner TEXT NOT NULL,
  report BLOB NOT NULL,
  desk TEXT NOT NULL,
  detail TEXT NOT NULL,
  at INTEGER NOT NULL,
  taken_at INTEGER,
  taken_by TEXT,
  ended_at INTEGER
) STRICT;
CREATE UNIQUE INDEX alarm_open ON alarm (kind, partner, report, desk) WHERE ended_at IS NULL;

-- Reports that another desk of the house was given too.
CREATE TABLE assignment (
  report BLOB NOT NULL,
  desk TEXT NOT NULL,
  to_desk TEXT NOT NULL,
  at INTEGER NOT NULL,
  by TEXT,
  PRIMARY KEY (report, desk, to_desk)
) STRICT, WITHOUT ROWID;

-- Desks: own ones by watch, partners' as last told.
CREATE TABLE desk (
  partner TEXT NOT NULL,
  desk TEXT NOT NULL,
  state TEXT NOT NULL,
  officer TEXT,
  since INTEGER NOT NULL,
  PRIMARY KEY (partner, desk)
) STRICT, WITHOUT ROWID;

CREATE TABLE watch_log (
  number INTEGER PRIMARY KEY,
  desk TEXT NOT NULL,
  state TEXT NOT NULL,
  officer TEXT,
  at INTEGER NOT NULL,
  note TEXT,
  open_reports INTEGER NOT NULL
) STRICT;

CREATE TABLE comms_check (
  number INTEGER PRIMARY KEY,
  partner TEXT NOT NULL,
  outgoing INTEGER NOT NULL,
  at INTEGER NOT NULL,
  bearer TEXT NOT NULL,
  round_trip INTEGER,
  code TEXT
) STRICT;
CREATE INDEX comms_check_newest ON comms_check (partner, outgoing);
CREATE INDEX comms_check_good ON comms_check (partner, outgoing) WHERE code IS NULL;
