-- Originator consent: what was asked, what was granted, what was passed on.

-- A request, ours or a partner's, by the report that carries it.
CREATE TABLE consent_request (
  request BLOB PRIMARY KEY,
  originator TEXT NOT NULL,
  asker TEXT NOT NULL,
  desk TEXT NOT NULL,
  report BLOB NOT NULL,
  head_digest BLOB NOT NULL,
  audience TEXT NOT NULL,
  scope TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A grant, ours or a partner's, as it was signed.
CREATE TABLE consent_grant (
  digest BLOB PRIMARY KEY,
  request BLOB NOT NULL,
  head_digest BLOB NOT NULL,
  ends_at INTEGER NOT NULL,
  raw BLOB NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX consent_grant_report ON consent_grant (head_digest, ends_at);
CREATE INDEX consent_grant_request ON consent_grant (request);

-- A report of ours that goes out under a partner's grant; every exit asks for it.
CREATE TABLE under_consent (
  report BLOB PRIMARY KEY,
  grant_digest BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- A report that came in and encloses another: what it encloses.
CREATE TABLE enclosed (
  report BLOB PRIMARY KEY,
  original BLOB NOT NULL,
  head_digest BLOB NOT NULL,
  originator TEXT NOT NULL,
  from_desk TEXT NOT NULL,
  kind TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX enclosed_original ON enclosed (original);
CREATE INDEX enclosed_digest ON enclosed (head_digest);
