"""The index of words, in memory alone: nothing of what reports say lies on the disk in the clear.

It is SQLite's full-text index over the terms of :mod:`noroshi.core.search`, without the texts.
"""

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Final

import apsw

from noroshi.adapters.sqlite.connection import Database
from noroshi.adapters.sqlite.rows import blob

_WORDS: Final = (
    "CREATE VIRTUAL TABLE words USING fts5"
    " (said, content='', contentless_delete=1, tokenize=\"unicode61 remove_diacritics 0\")"
)
_REPORT: Final = "CREATE TABLE report (number INTEGER PRIMARY KEY, id BLOB UNIQUE)"
_FORGET: Final = "INSERT INTO words (words) VALUES ('optimize')"
"""What is deleted is only marked so, and its terms stay: a merge of all leaves them out."""
_FIND: Final = (
    "SELECT id FROM words JOIN report ON number = words.rowid WHERE words MATCH ?"
    " ORDER BY rank, number DESC"
)


class MemoryIndex:
    """Words of reports (:class:`noroshi.flow.ports.WordIndex`)."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.seen = 0
        self._lock = threading.Lock()
        self._db: Database | None = None

    @contextmanager
    def alone(self) -> Generator[None]:
        """Give a stretch in which no other thread works on the index."""
        with self._lock:
            yield

    def take(
        self, added: Sequence[tuple[bytes, Sequence[str]]], gone: Sequence[bytes], seen: int
    ) -> None:
        """Add the terms of reports, drop those that were destroyed; so much is seen then."""
        if self._db is None:
            self._db = Database(apsw.Connection(":memory:"))
            self._db.run("PRAGMA secure_delete = ON")
            self._db.run(_WORDS)
            self._db.run(_REPORT)
        database = self._db
        with database.snapshot():
            for report, terms in added:
                database.run("INSERT OR IGNORE INTO report (id) VALUES (?)", (report,))
                if database.changes():
                    database.run(
                        "INSERT INTO words (rowid, said) VALUES (?, ?)",
                        (database.last_number(), " ".join(terms)),
                    )
            if self._drop(database, gone):
                database.run(_FORGET)
        self.seen = seen

    def image(self) -> bytes:
        """Return what the index holds, byte by byte, so that a test sees what is left in it."""
        return b"" if self._db is None else self._db.image()

    @staticmethod
    def _drop(database: Database, gone: Sequence[bytes]) -> bool:
        """Take reports out; say whether any was in."""
        is_any = False
        for report in gone:
            number = database.value("SELECT number FROM report WHERE id = ?", (report,))
            if number is not None:
                database.run("DELETE FROM words WHERE rowid = ?", (number,))
                database.run("DELETE FROM report WHERE number = ?", (number,))
                is_any = True
        return is_any

    def find(self, expression: str | None) -> list[bytes]:
        """Return what an expression finds, the best first, then the newest; None: everything."""
        if self._db is None:
            return []
        rows = (
            self._db.rows("SELECT id FROM report ORDER BY number DESC")
            if expression is None
            else self._db.rows(_FIND, (expression,))
        )
        return [blob(report) for (report,) in rows]
