"""The outbox (:class:`noroshi.flow.tables.OutboxTable`)."""

from collections.abc import Callable, Iterable

import msgspec

from noroshi.adapters.sqlite.connection import Database
from noroshi.adapters.sqlite.rows import blob, integer, optional_integer, text
from noroshi.core.delivery.line import Cargo, Item
from noroshi.core.errors import NotFoundError
from noroshi.core.precedence import Precedence

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
        """Return all items for a partner."""
        rows = self._db.rows(
            "SELECT id, number, cargo, precedence, size, expires_at FROM outbox WHERE partner = ?",
            (partner,),
        )
        return [
            Item(
                id=blob(item_id),
                number=integer(number),
                cargo=Cargo(integer(cargo)),
                precedence=Precedence(integer(precedence)),
                size=integer(size),
                expires_at=optional_integer(expires_at),
            )
            for item_id, number, cargo, precedence, size, expires_at in rows
        ]

    def read(self, item_id: bytes) -> bytes:
        """Return the bytes of an envelope."""
        row = self._db.value("SELECT raw FROM envelope WHERE id = ?", (item_id,))
        if row is None:
            raise NotFoundError("not-found", "the envelope is not in the outbox any more")
        return blob(row)

    def report_of(self, partner: str, item_id: bytes) -> bytes | None:
        """Return the report that an item belongs to."""
        row = self._db.value(
            "SELECT report FROM outbox WHERE partner = ? AND id = ?", (partner, item_id)
        )
        return None if row is None else blob(row)

    def items_of(self, partner: str, report_id: bytes) -> list[bytes]:
        """Return the items for a partner that belong to a report."""
        rows = self._db.rows(
            "SELECT id FROM outbox WHERE partner = ? AND report = ?", (partner, report_id)
        )
        return [blob(item_id) for (item_id,) in rows]

    def remove(self, partner: str, item_ids: Iterable[bytes]) -> None:
        """Take items out; the line machine is told after the commit."""
        ids = frozenset(item_ids)
        for item_id in ids:
            self._db.run("DELETE FROM outbox WHERE partner = ? AND id = ?", (partner, item_id))
            self._db.run(
                "DELETE FROM envelope WHERE id = ?1"
                " AND NOT EXISTS (SELECT 1 FROM outbox WHERE id = ?1)",
                (item_id,),
            )
        self._on_change(partner, (), ids)

    def counts(self) -> dict[str, int]:
        """Return how many items wait for each partner."""
        rows = self._db.rows("SELECT partner, COUNT(*) FROM outbox GROUP BY partner")
        return {text(partner): integer(count) for partner, count in rows}
