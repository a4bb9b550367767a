-- The watch at the desk: who handed over, which report changes which, the newest checks of people.

ALTER TABLE watch_log ADD COLUMN handed_by TEXT;
CREATE INDEX watch_log_desk ON watch_log (desk, number);

-- A report that cancels or supersedes an earlier one of its sender; either may arrive first.
CREATE TABLE change (
  sender TEXT NOT NULL,
  report BLOB NOT NULL,
  by_report BLOB NOT NULL,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (sender, report, by_report)
) STRICT, WITHOUT ROWID;

CREATE INDEX report_comms_check ON report (sender, number) WHERE kind = 'comms-check';

-- FLASHes that came in, so that many from one partner are noticed.
CREATE INDEX addressee_flash ON addressee (report) WHERE incoming = 1 AND precedence = 5;
