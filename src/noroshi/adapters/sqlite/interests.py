"""Interests (:class:`noroshi.flow.interest_tables.InterestTable`)."""

from typing import Final

from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.rows import integer, text
from noroshi.core.interest import Interest, InterestKind

_INTEREST: Final = "SELECT desk, kind, value, set_at, set_by, number FROM interest"


class SqliteInterests:
    """What desks want to hear of."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def all(self) -> list[Interest]:
        """Return all interests by desk, kind and value."""
        return [_interest(row) for row in self._db.rows(f"{_INTEREST} ORDER BY desk, kind, value")]

    def add(self, interest: Interest) -> int | None:
        """Add an interest; return its number, None if the desk has it already."""
        row = self._db.row(
            "INSERT OR IGNORE INTO interest (desk, kind, value, set_at, set_by)"
            " VALUES (?, ?, ?, ?, ?) RETURNING number",
            (
                interest.desk,
                interest.kind.value,
                interest.value,
                interest.set_at,
                interest.set_by,
            ),
        )
        return None if row is None else integer(row[0])

    def get(self, number: int) -> Interest | None:
        """Return the interest of a number."""
        row = self._db.row(f"{_INTEREST} WHERE number = ?", (number,))
        return None if row is None else _interest(row)

    def remove(self, number: int) -> None:
        """Remove an interest."""
        self._db.run("DELETE FROM interest WHERE number = ?", (number,))

    def seen(self) -> int:
        """Return how many entries of the journal were looked at."""
        return integer(self._db.value("SELECT coalesce(max(seen), 0) FROM attention"))

    def note_seen(self, size: int) -> None:
        """Note how many entries of the journal were looked at."""
        self._db.run("INSERT OR REPLACE INTO attention (only_row, seen) VALUES (1, ?)", (size,))


def _interest(row: Row) -> Interest:
    desk, kind, value, set_at, set_by, number = row
    return Interest(
        text(desk),
        InterestKind(text(kind)),
        text(value),
        integer(set_at),
        text(set_by),
        integer(number),
    )
