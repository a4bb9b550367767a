"""The outbox (:class:`noroshi.flow.tables.OutboxTable`)."""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.rows import blob, integer, optional_integer, text
from noroshi.core.delivery.item import Cargo, Item
from noroshi.core.errors import NotFoundError
from noroshi.core.instant import Instant
from noroshi.core.precedence import Precedence
from noroshi.flow.records import ClassifiedItem, HeldReport

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

    def add(self, partner: str, item: Item, raw: bytes, report_id: bytes | None) -> None:
        """Add an item; the line machine gets it after the commit. Its number is chosen here."""
        if item.cargo is not Cargo.BLOB:
            self._db.run("INSERT OR IGNORE INTO envelope (id, raw) VALUES (?, ?)", (item.id, raw))
        self._db.run(
            "INSERT OR IGNORE INTO outbox"
            " (partner, id, cargo, precedence, size, expires_at, report)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                partner,
                item.id,
                item.cargo,
                item.precedence,
                item.size,
                item.expires_at,
                report_id,
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

    def read(self, item_id: bytes) -> bytes:
        """Return the bytes of an envelope."""
        row = self._db.value("SELECT raw FROM envelope WHERE id = ?", (item_id,))
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
        for item_id in ids:
            self._db.run("DELETE FROM outbox WHERE partner = ? AND id = ?", (partner, item_id))
            self._drop_envelope(item_id)
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
        rows = self._db.rows(
            "DELETE FROM outbox WHERE number IN (SELECT number FROM outbox WHERE left_at < ?1"
            " UNION SELECT number FROM outbox NOT INDEXED WHERE left_at IS NOT NULL"
            " AND number <= (SELECT MAX(number) FROM outbox) - ?2 LIMIT ?3) RETURNING id",
            (before, MOST_KEPT, _PURGED_AT_ONCE),
        )
        for (item_id,) in list(rows):
            self._drop_envelope(blob(item_id))

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

    def _drop_envelope(self, item_id: bytes) -> None:
        """Forget the bytes of an envelope that no partner needs any more."""
        self._db.run(
            "DELETE FROM envelope WHERE id = ?1"
            " AND NOT EXISTS (SELECT 1 FROM outbox WHERE id = ?1)",
            (item_id,),
        )

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
