"""Courier volumes given out and coming in (:class:`noroshi.flow.tables.CourierTable`)."""

from collections.abc import Iterable

from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.rows import blob, integer, text
from noroshi.core.courier.volume import Fragment, Placed
from noroshi.core.delivery.item import Cargo
from noroshi.flow.records import CourierVolume

_COLUMNS = "partner, set_id, number, count, created_at, size, digest, applied"


class SqliteCourier:
    """Which sets carried which receipts; which volumes and sets came in."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def carry(self, partner: str, set_id: bytes, receipt_ids: Iterable[bytes]) -> None:
        """Note which receipts a set for a partner carries; forget what no longer waits."""
        self._db.run(
            "DELETE FROM courier_carried WHERE partner = ?1 AND NOT EXISTS"
            " (SELECT 1 FROM outbox o WHERE o.partner = ?1 AND id = receipt AND left_at IS NULL)",
            (partner,),
        )
        self._db.run_many(
            "INSERT INTO courier_carried (partner, set_id, receipt) VALUES (?, ?, ?)",
            [(partner, set_id, receipt_id) for receipt_id in receipt_ids],
        )

    def settle(self, partner: str, set_ids: Iterable[bytes]) -> list[bytes]:
        """Forget sets that a partner has imported; return the receipts that they carried."""
        return [
            blob(receipt)
            for set_id in set_ids
            for (receipt,) in self._db.rows(
                "DELETE FROM courier_carried WHERE partner = ? AND set_id = ? RETURNING receipt",
                (partner, set_id),
            )
        ]

    def add_volume(self, volume: CourierVolume, loose: Iterable[Placed]) -> bool:
        """Note a volume and its fragments that others may complete; say whether it is new."""
        key = (volume.partner, volume.set_id)
        self._db.run(
            f"INSERT OR IGNORE INTO courier_volume ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, 0)",  # noqa: S608 - a constant
            (*key, volume.number, volume.count, volume.created_at, volume.size, volume.digest),
        )
        if not self._db.changes():
            return False
        self._db.run_many(
            "INSERT INTO courier_fragment"
            " (partner, set_id, item, number, cargo, total, start, size, position)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (*key, f.item, placed.volume, f.cargo, f.total, f.start, f.size, placed.position)
                for placed in loose
                for f in (placed.fragment,)
            ],
        )
        return True

    def volume(self, partner: str, set_id: bytes, number: int) -> CourierVolume | None:
        """Return a volume of a set that is not complete."""
        row = self._db.row(
            f"SELECT {_COLUMNS} FROM courier_volume"  # noqa: S608 - a constant
            " WHERE partner = ? AND set_id = ? AND number = ?",
            (partner, set_id, number),
        )
        return None if row is None else _volume(row)

    def volumes(self, partner: str | None = None) -> list[CourierVolume]:
        """Return the volumes of all sets that are not complete, in order."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM courier_volume"  # noqa: S608 - a constant
            " WHERE ?1 IS NULL OR partner = ?1 ORDER BY created_at, partner, set_id, number",
            (partner,),
        )
        return [_volume(row) for row in rows]

    def fragments(self, partner: str, set_id: bytes, item: bytes) -> list[Placed]:
        """Return the fragments of an item that are here."""
        rows = self._db.rows(
            "SELECT cargo, total, start, size, number, position FROM courier_fragment"
            " WHERE partner = ? AND set_id = ? AND item = ? ORDER BY start",
            (partner, set_id, item),
        )
        return [
            Placed(
                Fragment(
                    Cargo(integer(cargo)), item, integer(total), integer(start), integer(size)
                ),
                integer(number),
                integer(position),
            )
            for cargo, total, start, size, number, position in rows
        ]

    def blobs(self, partner: str, set_id: bytes) -> list[bytes]:
        """Return the blobs of which a set has brought fragments."""
        rows = self._db.rows(
            "SELECT DISTINCT item FROM courier_fragment"
            " WHERE partner = ? AND set_id = ? AND cargo = ?",
            (partner, set_id, Cargo.BLOB),
        )
        return [blob(item) for (item,) in rows]

    def mark_applied(self, partner: str, set_id: bytes, number: int) -> None:
        """Note that what a volume holds whole has been taken."""
        self._db.run(
            "UPDATE courier_volume SET applied = 1 WHERE partner = ? AND set_id = ? AND number = ?",
            (partner, set_id, number),
        )

    def complete(self, partner: str, set_id: bytes) -> None:
        """Note that a set is imported, and forget its volumes."""
        self._db.run(
            "INSERT OR IGNORE INTO courier_imported (partner, set_id) VALUES (?, ?)",
            (partner, set_id),
        )
        self.drop(partner, set_id)

    def drop(self, partner: str, set_id: bytes) -> None:
        """Forget the volumes of a set that will not be completed."""
        for table in ("courier_volume", "courier_fragment"):
            self._db.run(
                f"DELETE FROM {table} WHERE partner = ? AND set_id = ?",  # noqa: S608 - named above
                (partner, set_id),
            )

    def is_complete(self, partner: str, set_id: bytes) -> bool:
        """Say whether a set has been imported."""
        found = self._db.value(
            "SELECT 1 FROM courier_imported WHERE partner = ? AND set_id = ?", (partner, set_id)
        )
        return found is not None

    def completed(self, partner: str, limit: int) -> tuple[bytes, ...]:
        """Return the sets of a partner imported last, the newest first."""
        rows = self._db.rows(
            "SELECT set_id FROM courier_imported WHERE partner = ? ORDER BY number DESC LIMIT ?",
            (partner, limit),
        )
        return tuple(blob(set_id) for (set_id,) in rows)


def _volume(row: Row) -> CourierVolume:
    partner, set_id, number, count, created_at, size, digest, applied = row
    return CourierVolume(
        partner=text(partner),
        set_id=blob(set_id),
        number=integer(number),
        count=integer(count),
        created_at=integer(created_at),
        size=integer(size),
        digest=blob(digest),
        applied=bool(applied),
    )
