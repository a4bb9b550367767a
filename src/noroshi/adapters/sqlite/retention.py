"""The tables of retention (:class:`noroshi.flow.retention_tables.RetentionTable`)."""

from typing import Final

from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.contents import Contents
from noroshi.adapters.sqlite.rows import blob, integer, optional_text, text
from noroshi.core.envelope.suite import DIGEST_SIZE
from noroshi.core.instant import Instant
from noroshi.core.report import CANCELLATION
from noroshi.flow.retention_tables import DestroyedReport, KeptReport, LegalHold

_KEPT: Final = """
SELECT r.id, r.marking, r.areas, MAX(
    r.stored_at,
    COALESCE((SELECT MAX(g.at) FROM rung g WHERE g.report = r.id), 0),
    COALESCE((SELECT MAX(c.at) FROM change c WHERE c.sender = r.sender AND c.report = r.id), 0)
  ), EXISTS (
    SELECT 1 FROM addressee a WHERE a.report = r.number AND a.is_action AND NOT a.answered
    AND NOT EXISTS (SELECT 1 FROM failure f WHERE f.report = r.id AND f.partner = a.partner)
    AND NOT EXISTS (SELECT 1 FROM rung g WHERE g.report = r.id AND g.partner = a.partner
      AND g.desk = a.desk AND g.rung = 'REFUSED')
    AND NOT EXISTS (SELECT 1 FROM change c
      WHERE c.sender = r.sender AND c.report = r.id AND c.kind = ?3)
  ), h.at, h.by, h.reason
FROM report r LEFT JOIN legal_hold h ON h.report = r.id
WHERE r.retention_key IS NOT NULL AND (?1 IS NULL OR r.retention_key = ?1)
AND r.doomed_by IS NULL ORDER BY r.number LIMIT ?2
"""


class SqliteRetention:
    """Which retention key opens what, and legal holds."""

    def __init__(self, database: Database, contents: Contents) -> None:
        self._db = database
        self._contents = contents

    def key_names(self) -> frozenset[str]:
        """Return the retention keys that something lies under."""
        rows = self._db.rows(
            "SELECT DISTINCT retention_key FROM report WHERE retention_key IS NOT NULL"
            " UNION SELECT retention_key FROM draft"
        )
        return frozenset(text(key) for (key,) in rows)

    def doomed_key_names(self) -> frozenset[str]:
        """Return those under which something lies whose destruction was decided."""
        rows = self._db.rows(
            "SELECT DISTINCT retention_key FROM report"
            " WHERE retention_key IS NOT NULL AND doomed_by IS NOT NULL"
        )
        return frozenset(text(key) for (key,) in rows)

    def kept(self, key: str | None = None, limit: int | None = None) -> list[KeptReport]:
        """Return the reports under a key (None: any) whose destruction is not decided."""
        # Few are open: read at once, they spare each report two searches without an index.
        waiting = self._ids("SELECT DISTINCT report FROM deadline")
        waiting |= self._ids(
            "SELECT DISTINCT report FROM outbox WHERE left_at IS NULL AND report IS NOT NULL"
        )
        rows = self._db.rows(_KEPT, (key, -1 if limit is None else limit, CANCELLATION))
        return [_kept(row, waiting) for row in rows]

    def doom(self, report_id: bytes, rule: str) -> None:
        """Decide the destruction of what a report says."""
        self._db.run("UPDATE report SET doomed_by = ? WHERE id = ?", (rule, report_id))

    def is_doomed(self, report_id: bytes) -> bool:
        """Say whether the destruction of what a report says is decided."""
        rule = self._db.value("SELECT doomed_by FROM report WHERE id = ?", (report_id,))
        return rule is not None

    def rewrap(self, report_id: bytes, key: str, to: str) -> None:
        """Put a report under another retention key."""
        slip = self._db.value("SELECT slip FROM report WHERE id = ?", (report_id,))
        self._db.run(
            "UPDATE report SET retention_key = ?, slip = ? WHERE id = ?",
            (to, self._contents.rewrapped_report(report_id, key, blob(slip), to), report_id),
        )

    def rewrap_drafts(self, key: str, to: str) -> None:
        """Put all drafts under a key under another one."""
        rows = self._db.rows("SELECT report, slip FROM draft WHERE retention_key = ?", (key,))
        for report, slip in list(rows):
            self._db.run(
                "UPDATE draft SET retention_key = ?, slip = ? WHERE report = ?",
                (to, self._contents.rewrapped_draft(blob(report), key, blob(slip), to), report),
            )

    def take_doomed(self, key: str, limit: int, at: Instant) -> list[DestroyedReport]:
        """Forget what lies under a destroyed key; return whose content it was."""
        rows = self._db.rows(
            "SELECT id, sender, head_digest, doomed_by FROM report"
            " WHERE retention_key = ? AND doomed_by IS NOT NULL LIMIT ?",
            (key, limit),
        )
        found = [DestroyedReport(blob(r), text(s), blob(d), text(rule)) for r, s, d, rule in rows]
        for each in found:
            self._db.run(
                "UPDATE report SET destroyed_at = ?, retention_key = NULL, slip = NULL,"
                " sealed_content = NULL WHERE id = ?",
                (at, each.report_id),
            )
            # What was destroyed is not given again to a partner that is restored.
            self._db.run(
                "DELETE FROM outbox WHERE report = ? AND left_at IS NOT NULL", (each.report_id,)
            )
        return found

    def drop_blobs(self, report_id: bytes) -> list[bytes]:
        """Forget a report's attachments; return those that nothing else needs."""
        rows = self._db.rows("DELETE FROM blob WHERE report = ? RETURNING id", (report_id,))
        dropped = [blob(blob_id) for (blob_id,) in rows]
        needed = self._needed_by_drafts()
        return [
            blob_id
            for blob_id in dropped
            if blob_id not in needed
            and self._db.row("SELECT 1 FROM blob WHERE id = ?", (blob_id,)) is None
        ]

    def hold(self, report_id: bytes) -> LegalHold | None:
        """Return the legal hold on a report."""
        row = self._db.row("SELECT at, by, reason FROM legal_hold WHERE report = ?", (report_id,))
        return None if row is None else _hold(row)

    def put_hold(self, report_id: bytes, hold: LegalHold) -> None:
        """Keep a report whatever the rules say."""
        self._db.run(
            "INSERT OR REPLACE INTO legal_hold (report, at, by, reason) VALUES (?, ?, ?, ?)",
            (report_id, hold.at, hold.by, hold.reason),
        )

    def end_hold(self, report_id: bytes) -> None:
        """Let the rules decide again."""
        self._db.run("DELETE FROM legal_hold WHERE report = ?", (report_id,))

    def _ids(self, query: str) -> set[bytes]:
        return {blob(report) for (report,) in self._db.rows(query)}

    def _needed_by_drafts(self) -> set[bytes]:
        packed = b"".join(blob(blobs) for (blobs,) in self._db.rows("SELECT blobs FROM draft"))
        return {packed[at : at + DIGEST_SIZE] for at in range(0, len(packed), DIGEST_SIZE)}


def _kept(row: Row, waiting: set[bytes]) -> KeptReport:
    report_id, marking, areas, last_at, is_unanswered, *hold = row
    return KeptReport(
        report_id=blob(report_id),
        marking=text(marking),
        areas=tuple(text(areas).split()),
        is_open=bool(is_unanswered) or blob(report_id) in waiting,
        last_at=integer(last_at),
        hold=None if hold[0] is None else _hold(tuple(hold)),
    )


def _hold(row: Row) -> LegalHold:
    at, by, reason = row
    return LegalHold(integer(at), text(by), optional_text(reason) or "")
