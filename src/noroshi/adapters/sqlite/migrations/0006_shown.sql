-- Checkpoints of partners that were taken and not yet shown back to them: a partner who lost the
-- end of its journal and has written on since learns of it by one of the lost end.
CREATE TABLE peer_unshown (
  partner TEXT NOT NULL,
  taken_at INTEGER NOT NULL,
  note BLOB NOT NULL,
  PRIMARY KEY (partner, taken_at, note)
) STRICT, WITHOUT ROWID;
INSERT INTO peer_unshown (partner, taken_at, note)
  SELECT partner, 0, note FROM peer_checkpoint WHERE length(note) > 0;
