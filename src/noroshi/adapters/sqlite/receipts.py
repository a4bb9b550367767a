"""Receipts (:class:`noroshi.flow.tables.ReceiptTable`)."""

from collections.abc import Iterable, Iterator

from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.rows import blob, integer, optional_integer, optional_text, text
from noroshi.core.delivery.ladder import Rung, RungRecord
from noroshi.core.instant import Instant
from noroshi.flow.records import PendingReceipt, SavedReceipt


class SqliteReceipts:
    """Receipts owed and kept, envelopes and refusals seen."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def owe(self, partner: str, pending: PendingReceipt) -> None:
        """Note that a partner must be told of a ladder."""
        refusal = pending.refusal
        self._db.run(
            "INSERT OR REPLACE INTO receipt_owed"
            " (partner, report, desk, head_digest, refused_at, refused_note)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                partner,
                pending.report_id,
                pending.desk,
                pending.head_digest,
                refusal.at if refusal else None,
                refusal.note if refusal else None,
            ),
        )

    def owed(self, partner: str, limit: int) -> list[PendingReceipt]:
        """Return what a partner must be told."""
        rows = self._db.rows(
            "SELECT report, desk, head_digest, refused_at, refused_note FROM receipt_owed"
            " WHERE partner = ? LIMIT ?",
            (partner, limit),
        )
        return [_pending(row) for row in rows]

    def owed_partners(self) -> list[str]:
        """Return the partners that must be told something."""
        rows = self._db.rows("SELECT DISTINCT partner FROM receipt_owed")
        return [text(partner) for (partner,) in rows]

    def settle(self, partner: str, pending: Iterable[PendingReceipt]) -> None:
        """Note that a partner has been told."""
        self._db.run_many(
            "DELETE FROM receipt_owed WHERE partner = ? AND report = ? AND desk = ?"
            " AND head_digest = ?",
            [(partner, p.report_id, p.desk, p.head_digest) for p in pending],
        )

    def save_issued(self, issuer: str, signed: bytes, at: Instant) -> int:
        """Keep the signed head of an own receipt; return its number."""
        return self._save(issuer, signed, (0, b""), at)

    def save_received(
        self, issuer: str, signed: bytes, seen: tuple[int, bytes], at: Instant
    ) -> int:
        """Keep a partner's receipt, which says what it has seen of this journal."""
        return self._save(issuer, signed, seen, at)

    def _save(self, issuer: str, signed: bytes, seen: tuple[int, bytes], at: Instant) -> int:
        self._db.run(
            "INSERT INTO receipt (issuer, signed, seen_size, seen_root, at) VALUES (?, ?, ?, ?, ?)",
            (issuer, signed, *seen, at),
        )
        return self._db.last_number()

    def save_entry(self, number: int, report_id: bytes, desk: str, entry: bytes) -> None:
        """Keep the newest entry of a desk about a report."""
        self._db.run(
            "INSERT OR REPLACE INTO receipt_entry (report, issuer, desk, receipt, entry)"
            " SELECT ?, issuer, ?, number, ? FROM receipt WHERE number = ?",
            (report_id, desk, entry, number),
        )

    def about(self, report_id: bytes) -> list[SavedReceipt]:
        """Return the newest receipts about a report, one per issuer and desk."""
        rows = self._db.rows(
            "SELECT e.issuer, r.signed, e.entry FROM receipt_entry e"
            " JOIN receipt r ON r.number = e.receipt WHERE e.report = ?"
            " ORDER BY e.issuer, e.desk",
            (report_id,),
        )
        return [
            SavedReceipt(text(issuer), blob(signed), blob(entry)) for issuer, signed, entry in rows
        ]

    def seen_by_partners(self) -> Iterator[tuple[str, int, bytes, Instant]]:
        """Yield partner, size and root of this journal that receipts say was seen, and when."""
        rows = self._db.rows(
            "SELECT issuer, seen_size, seen_root, MIN(at) FROM receipt"
            " WHERE seen_size > 0 GROUP BY issuer, seen_size, seen_root ORDER BY seen_size"
        )
        for issuer, size, root, at in rows:
            yield text(issuer), integer(size), blob(root), integer(at)

    def is_new_envelope(self, sender: str, envelope_id: bytes) -> bool:
        """Note an envelope of a sender; say whether it was never seen before."""
        self._db.run(
            "INSERT OR IGNORE INTO envelope_seen (sender, id) VALUES (?, ?)", (sender, envelope_id)
        )
        return self._db.changes() > 0

    def is_new_refusal(self, digest: bytes, partner: str, code: str, at: Instant) -> bool:
        """Note refused bytes; say whether these very bytes were never refused before."""
        self._db.run(
            "INSERT OR IGNORE INTO refusal (digest, partner, code, at) VALUES (?, ?, ?, ?)",
            (digest, partner, code, at),
        )
        return self._db.changes() > 0


def _pending(row: Row) -> PendingReceipt:
    report_id, desk, head_digest, refused_at, refused_note = row
    at = optional_integer(refused_at)
    refusal = None
    if at is not None:
        refusal = RungRecord(Rung.REFUSED, at, None, optional_text(refused_note))
    return PendingReceipt(blob(report_id), text(desk), blob(head_digest), refusal)
