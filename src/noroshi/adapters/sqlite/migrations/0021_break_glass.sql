-- Break-glass ways in, one for an account at most; each opens once.

CREATE TABLE break_glass (
  account TEXT PRIMARY KEY REFERENCES account (plain),
  sealed BLOB NOT NULL,
  made_at INTEGER NOT NULL,
  made_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
