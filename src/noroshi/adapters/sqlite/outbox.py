"""The outbox (:class:`noroshi.flow.tables.OutboxTable`)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.rows import blob, integer, optional_integer, text
from noroshi.core.delivery.item import Cargo, Item
from noroshi.core.errors import NotFoundError
from noroshi.core.instant import Instant
from noroshi.core.precedence import Precedence
from noroshi.flow.records import ClassifiedItem, HeldReport, PendingReceipt

MOST_KEPT: Final = 100_000
"""Numbers of items among which those that left are kept, of all partners: about a gigabyte."""
_PURGED_AT_ONCE: Final = 100

OnChange = Callable[[str, tuple[Item, ...], frozenset[bytes]], None]
"""Called with partner, items added and ids removed."""


class SqliteOutbox:
    """What has to go to partners."""

    def __init__(self, database: Database, on_change: OnChange) -> None:
        self._db = database
        self._on_change = on_change

    def add(
        self,
        partner: str,
        item: Item,
        raw: bytes,
        report_id: bytes | None,
        *,
        key_until: Instant | None = None,
        told: Sequence[PendingReceipt] | None = None,
    ) -> None:
        """Add an item; the line machine gets it after the commit. Its number is chosen here."""
        self._db.run(
            "INSERT OR IGNORE INTO outbox"
            " (partner, id, cargo, precedence, size, expires_at, report, key_until, told, raw)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                partner,
                item.id,
                item.cargo,
                item.precedence,
                item.size,
                item.expires_at,
                report_id,
                key_until,
                None if told is None else msgspec.msgpack.encode(told),
                raw,
            ),
        )
        numbered = msgspec.structs.replace(item, number=self._db.last_number())
        self._on_change(partner, (numbered,), frozenset())

    def items(self, partner: str) -> list[Item]:
        """Return all items for a partner that may go."""
        rows = self._db.rows(
            "SELECT id, number, cargo, precedence, size, expires_at FROM outbox"
            " WHERE partner = ? AND left_at IS NULL AND NOT held",
            (partner,),
        )
        return [_item(row) for row in rows]

    def read(self, partner: str, item_id: bytes) -> bytes:
        """Return the bytes of a partner's copy of an envelope."""
        row = self._db.value(
            "SELECT raw FROM outbox WHERE partner = ? AND id = ?", (partner, item_id)
        )
        if row is None:
            raise NotFoundError("not-found", "the envelope is not in the outbox any more")
        return blob(row)

    def report_of(self, partner: str, item_id: bytes) -> bytes | None:
        """Return the report that a waiting item belongs to."""
        row = self._db.value(
            "SELECT report FROM outbox WHERE partner = ? AND id = ? AND left_at IS NULL",
            (partner, item_id),
        )
        return None if row is None else blob(row)

    def items_of(self, partner: str, report_id: bytes) -> list[bytes]:
        """Return the items that wait for a partner and belong to a report."""
        rows = self._db.rows(
            "SELECT id FROM outbox WHERE partner = ? AND report = ? AND left_at IS NULL",
            (partner, report_id),
        )
        return [blob(item_id) for (item_id,) in rows]

    def remove(self, partner: str, item_ids: Iterable[bytes]) -> None:
        """Take items out; the line machine is told after the commit."""
        ids = frozenset(item_ids)
        self._db.run_many(
            "DELETE FROM outbox WHERE partner = ? AND id = ?",
            [(partner, item_id) for item_id in ids],
        )
        self._on_change(partner, (), ids)

    def settle(self, partner: str, item_ids: Iterable[bytes], at: Instant) -> None:
        """Take items out that the partner has; they are kept for some days."""
        ids = frozenset(item_ids)
        self._db.run_many(
            "UPDATE outbox SET left_at = ? WHERE partner = ? AND id = ? AND left_at IS NULL",
            [(at, partner, item_id) for item_id in ids],
        )
        self._on_change(partner, (), ids)

    def purge(self, before: Instant) -> None:
        """Forget what left before then, and the oldest of what is too much; some at a time."""
        self._db.run(
            "DELETE FROM outbox WHERE number IN"
            " (SELECT number FROM outbox INDEXED BY outbox_left WHERE left_at < ?1"
            " UNION ALL SELECT number FROM outbox NOT INDEXED WHERE left_at IS NOT NULL"
            " AND number <= (SELECT MAX(number) FROM outbox) - ?2 LIMIT ?3)",
            (before, MOST_KEPT, _PURGED_AT_ONCE),
        )

    def resend(self, partner: str, since: Instant, now: Instant) -> list[bytes]:
        """Add again what left for a partner from then on; return reports whose time is over."""
        rows = self._db.rows(
            "UPDATE outbox SET left_at = NULL, held = 0"
            " WHERE partner = ? AND left_at >= ? AND (expires_at IS NULL OR expires_at > ?)"
            " RETURNING id, number, cargo, precedence, size, expires_at",
            (partner, since, now),
        )
        again = sorted((_item(row) for row in rows), key=lambda item: item.number)
        self._on_change(partner, tuple(again), frozenset())
        over = self._db.rows(
            "SELECT DISTINCT report FROM outbox WHERE partner = ? AND left_at >= ?",
            (partner, since),
        )
        return [blob(report) for (report,) in over]

    def stale(self, partner: str, item_ids: Iterable[bytes], at: Instant) -> list[bytes]:
        """Return the items among these that the partner cannot open any more then."""
        return [
            item_id
            for item_id in item_ids
            if self._db.value(
                "SELECT 1 FROM outbox WHERE partner = ? AND id = ? AND key_until <= ?",
                (partner, item_id, at),
            )
        ]

    def reseal(self, partner: str, item_id: bytes, raw: bytes, key_until: Instant | None) -> None:
        """Replace the bytes of an item: it was sealed again."""
        self._db.run(
            "UPDATE outbox SET raw = ?, size = ?, key_until = ? WHERE partner = ? AND id = ?",
            (raw, len(raw), key_until, partner, item_id),
        )

    def told(self, partner: str, item_id: bytes) -> tuple[PendingReceipt, ...] | None:
        """Return what a receipt tells of; () for prekeys, None for what is a report's."""
        row = self._db.value(
            "SELECT told FROM outbox WHERE partner = ? AND id = ?", (partner, item_id)
        )
        if row is None:
            return None
        return msgspec.msgpack.decode(blob(row), type=tuple[PendingReceipt, ...])

    def close(self, partner: str, item_id: bytes | None = None) -> None:
        """Note that a partner cannot open an item, or all, as sealed now."""
        self._db.run(
            "UPDATE outbox SET key_until = 0 WHERE partner = ?1 AND (?2 IS NULL OR id = ?2)"
            " AND cargo <> ?3",
            (partner, item_id, Cargo.BLOB),
        )

    def hold(self) -> None:
        """Keep all that belongs to reports from going out."""
        self._db.run("UPDATE outbox SET held = 1 WHERE report IS NOT NULL AND left_at IS NULL")

    def classified(self, partner: str, item_id: bytes) -> ClassifiedItem | None:
        """Return the report of an item that may go, if more than TLP decides about that."""
        row = self._db.row(
            "SELECT r.id, r.marking FROM outbox o JOIN report r ON r.id = o.report"
            " WHERE o.partner = ? AND o.id = ? AND o.left_at IS NULL AND NOT o.held"
            " AND (r.marking NOT LIKE 'TLP:%'"
            " OR EXISTS (SELECT 1 FROM dragged d WHERE d.report = r.id)"
            " OR EXISTS (SELECT 1 FROM under_consent u WHERE u.report = r.id))",
            (partner, item_id),
        )
        return None if row is None else ClassifiedItem(blob(row[0]), text(row[1]))

    def withhold(self, partner: str, report_id: bytes) -> bool:
        """Keep a report and its attachments from a partner; say whether they were to go."""
        rows = self._db.rows(
            "UPDATE outbox SET held = 1"
            " WHERE partner = ? AND report = ? AND left_at IS NULL AND NOT held RETURNING id",
            (partner, report_id),
        )
        ids = frozenset(blob(item_id) for (item_id,) in rows)
        self._on_change(partner, (), ids)
        return bool(ids)

    def held(self) -> list[HeldReport]:
        """Return the reports that are held, by partner, the most urgent first."""
        rows = self._db.rows(
            "SELECT o.report, o.partner, MAX(o.precedence), r.subject, r.stored_at,"
            " MIN(o.expires_at) FROM outbox o JOIN report r ON r.id = o.report"
            " WHERE o.held AND o.left_at IS NULL"
            " GROUP BY o.report, o.partner ORDER BY 2, 3 DESC, r.number"
        )
        return [
            HeldReport(
                blob(report), text(partner), Precedence(integer(precedence)), text(subject),
                integer(sealed_at), optional_integer(expires_at),
            )
            for report, partner, precedence, subject, sealed_at, expires_at in rows
        ]  # fmt: skip

    def let_go(self, report_id: bytes) -> None:
        """Let a held report and its attachments go to all that it waits for."""
        rows = self._db.rows(
            "UPDATE outbox SET held = 0 WHERE report = ? AND held AND left_at IS NULL"
            " RETURNING id, number, cargo, precedence, size, expires_at, partner",
            (report_id,),
        )
        for *row, partner in list(rows):
            self._on_change(text(partner), (_item(tuple(row)),), frozenset())

    def counts(self) -> dict[str, int]:
        """Return how many items wait for each partner."""
        rows = self._db.rows(
            "SELECT partner, COUNT(*) FROM outbox WHERE left_at IS NULL GROUP BY partner"
        )
        return {text(partner): integer(count) for partner, count in rows}


def _item(row: Row) -> Item:
    item_id, number, cargo, precedence, size, expires_at = row
    return Item(
        id=blob(item_id),
        number=integer(number),
        cargo=Cargo(integer(cargo)),
        precedence=Precedence(integer(precedence)),
        size=integer(size),
        expires_at=optional_integer(expires_at),
    )
