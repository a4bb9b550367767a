"""Serial numbers given out and heard (:class:`noroshi.flow.watch_tables.SerialTable`)."""

from collections.abc import Iterable
from typing import Final

from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.rows import integer, text
from noroshi.core.delivery.check import Tombstone
from noroshi.core.instant import Instant
from noroshi.core.precedence import Precedence
from noroshi.flow.records import Gap

_NAMED: Final = 10
"""How many missing serials are named."""


class SqliteSerials:
    """Both directions of every line."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def next(self, partner: str, precedence: Precedence) -> int:
        """Return the next serial number for a partner at a precedence."""
        return integer(
            self._db.value(
                "INSERT INTO serial_issued (partner, precedence, highest) VALUES (?, ?, 1)"
                " ON CONFLICT DO UPDATE SET highest = highest + 1 RETURNING highest",
                (partner, precedence),
            )
        )

    def highest(self, partner: str) -> tuple[tuple[int, int], ...]:
        """Return pairs of precedence and highest serial issued to a partner."""
        rows = self._db.rows(
            "SELECT precedence, highest FROM serial_issued WHERE partner = ? ORDER BY 1", (partner,)
        )
        return tuple((integer(precedence), integer(highest)) for precedence, highest in rows)

    def begin_anew(self) -> None:
        """Count own serials from 1 again: another epoch begins."""
        self._db.run("DELETE FROM serial_issued")
        self._db.run("DELETE FROM tombstone")

    def bury(self, partner: str, precedence: Precedence, number: int, code: str) -> None:
        """Note that no report will come with a serial."""
        self._db.run(
            "INSERT OR IGNORE INTO tombstone (partner, precedence, number, code)"
            " VALUES (?, ?, ?, ?)",
            (partner, precedence, number, code),
        )

    def tombstones(self, partner: str, limit: int) -> tuple[Tombstone, ...]:
        """Return the newest serials that a partner may still wait for in vain."""
        rows = self._db.rows(
            "SELECT precedence, number, code FROM tombstone"
            " WHERE partner = ? AND settled_at IS NULL"
            " ORDER BY precedence DESC, number DESC LIMIT ?",
            (partner, limit),
        )
        return tuple(Tombstone(integer(p), integer(n), text(code)) for p, n, code in rows)

    def settle(self, partner: str, precedence: int, up_to: int, at: Instant) -> None:
        """Note that a partner has heard of tombstones."""
        self._db.run(
            "UPDATE tombstone SET settled_at = ?"
            " WHERE partner = ? AND precedence = ? AND number <= ? AND settled_at IS NULL",
            (at, partner, precedence, up_to),
        )

    def unsettle(self, partner: str, since: Instant) -> None:
        """Tell a partner again of tombstones that it heard of from then on."""
        self._db.run(
            "UPDATE tombstone SET settled_at = NULL WHERE partner = ? AND settled_at >= ?",
            (partner, since),
        )

    def purge(self, before: Instant) -> None:
        """Forget tombstones that partners heard of before then."""
        self._db.run("DELETE FROM tombstone WHERE settled_at < ?", (before,))

    def is_new(self, sender: str, epoch: int, precedence: Precedence, number: int) -> bool:
        """Note a serial number of a sender; say whether no report used it before."""
        self._db.run(
            "INSERT INTO serial_heard (sender, epoch, precedence, number) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET void = NULL WHERE void IS NOT NULL",
            (sender, epoch, precedence, number),
        )
        is_new = self._db.changes() > 0
        if is_new:
            self._advance(sender, epoch, precedence, number)
        return is_new

    def is_told(self, sender: str, epoch: int, highest: Iterable[tuple[int, int]]) -> None:
        """Note up to which serial a sender says it has issued, by precedence."""
        rows = self._db.rows(
            "SELECT precedence, highest FROM serial_row WHERE sender = ? AND epoch = ?",
            (sender, epoch),
        )
        known = {integer(precedence): integer(number) for precedence, number in rows}
        for precedence, number in highest:
            if known.get(precedence, 0) < number:
                self._db.run(
                    "INSERT INTO serial_row (sender, epoch, precedence, settled, highest)"
                    " VALUES (?1, ?2, ?3, 0, ?4) ON CONFLICT DO UPDATE SET highest = ?4",
                    (sender, epoch, precedence, number),
                )

    def is_void(self, sender: str, epoch: int, precedence: int, number: int, code: str) -> None:
        """Note that a sender says no report will come with a serial."""
        self._db.run(
            "INSERT OR IGNORE INTO serial_heard (sender, epoch, precedence, number, void)"
            " VALUES (?, ?, ?, ?, ?)",
            (sender, epoch, precedence, number, code),
        )
        if self._db.changes() > 0:
            self._advance(sender, epoch, precedence, number)

    def settled(self, sender: str) -> tuple[tuple[int, int, int], ...]:
        """Return epoch, precedence and number up to which all of a sender's serials are here."""
        rows = self._db.rows(
            "SELECT epoch, precedence, settled FROM serial_row WHERE sender = ? ORDER BY 1, 2",
            (sender,),
        )
        return tuple((integer(e), integer(p), integer(n)) for e, p, n in rows)

    def gaps(self, sender: str) -> list[Gap]:
        """Return what is missing of a sender's serials."""
        rows = self._db.rows(
            "SELECT epoch, precedence, settled, highest FROM serial_row"
            " WHERE sender = ? AND highest > settled",
            (sender,),
        )
        return [
            Gap(
                integer(epoch),
                Precedence(integer(precedence)),
                self._missing(sender, integer(epoch), integer(precedence), integer(settled),
                              integer(highest)),
            )
            for epoch, precedence, settled, highest in sorted(rows, key=_oldest_first)
        ]  # fmt: skip

    def _missing(
        self, sender: str, epoch: int, precedence: int, settled: int, highest: int
    ) -> tuple[int, ...]:
        rows = self._db.rows(
            "SELECT number FROM serial_heard WHERE sender = ? AND epoch = ? AND precedence = ?"
            " AND number > ?",
            (sender, epoch, precedence, settled),
        )
        here = {integer(number) for (number,) in rows}
        missing: list[int] = []
        for number in range(settled + 1, highest + 1):
            if number not in here:
                missing.append(number)
                if len(missing) == _NAMED:
                    break
        return tuple(missing)

    def _advance(self, sender: str, epoch: int, precedence: int, number: int) -> None:
        """Note that `number` exists, and move up to where all serials are accounted for."""
        # Most come in order, with nothing beyond them.
        self._db.run(
            "UPDATE serial_row SET settled = ?4, highest = ?4 WHERE sender = ?1 AND epoch = ?2"
            " AND precedence = ?3 AND settled = ?4 - 1 AND highest <= ?4",
            (sender, epoch, precedence, number),
        )
        if self._db.changes() == 0:
            self._settle(sender, epoch, precedence, number)

    def _settle(self, sender: str, epoch: int, precedence: int, number: int) -> None:
        """Count what follows without a gap, and move up to its end."""
        settled = integer(
            self._db.value(
                "INSERT INTO serial_row (sender, epoch, precedence, settled, highest)"
                " VALUES (?1, ?2, ?3, 0, ?4)"
                " ON CONFLICT DO UPDATE SET highest = MAX(highest, ?4) RETURNING settled",
                (sender, epoch, precedence, number),
            )
        )
        rows = self._db.rows(
            "SELECT number FROM serial_heard WHERE sender = ? AND epoch = ? AND precedence = ?"
            " AND number > ? ORDER BY number",
            (sender, epoch, precedence, settled),
        )
        reached = settled
        for (following,) in rows:
            if integer(following) != reached + 1:
                break
            reached += 1
        if reached > settled:
            self._db.run(
                "UPDATE serial_row SET settled = ?"
                " WHERE sender = ? AND epoch = ? AND precedence = ?",
                (reached, sender, epoch, precedence),
            )


def _oldest_first(row: Row) -> tuple[int, int]:
    """Return where a row of serials stands: by epoch, and the more urgent first."""
    epoch, precedence, _, _ = row
    return integer(epoch), -integer(precedence)
