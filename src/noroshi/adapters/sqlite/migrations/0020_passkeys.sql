-- Passkeys of persons at this node.

CREATE TABLE passkey (
  credential BLOB PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (plain),
  public_key BLOB NOT NULL,
  sign_count INTEGER NOT NULL,
  label TEXT NOT NULL,
  added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX passkey_account ON passkey (account);
