"""The index of words, in memory alone: nothing of what reports say lies on the disk in the clear.

It is SQLite's full-text index over the terms of :mod:`noroshi.core.search`, without the texts.
"""

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Final

from noroshi.adapters.sqlite.connection import Database, connect
from noroshi.adapters.sqlite.rows import blob, text
from noroshi.core.search import Wanted, expression_of
from noroshi.flow.ports import Indexed

_WORDS: Final = (
    "CREATE VIRTUAL TABLE words USING fts5"
    " (said, content='', contentless_delete=1, tokenize=\"unicode61 remove_diacritics 0\")"
)
_REPORT: Final = (
    "CREATE TABLE report (number INTEGER PRIMARY KEY, id BLOB UNIQUE, senders TEXT, kind TEXT,"
    " desks TEXT, stored_at INTEGER)"
)
_FORGET: Final = "INSERT INTO words (words) VALUES ('optimize')"
"""What is deleted is only marked so, and its terms stay: a merge of all leaves them out."""
_SEPARATOR: Final = "\n"
"""Between names, which are of one line."""
_WANTED: Final = (
    " (?2 IS NULL OR instr(senders, ?2)) AND (?3 IS NULL OR kind = ?3)"
    " AND (?4 IS NULL OR stored_at >= ?4) AND (?5 IS NULL OR stored_at < ?5)"
)
_FIND: Final = (
    "SELECT id, desks FROM words JOIN report ON number = words.rowid WHERE words MATCH ?1 AND"  # noqa: S608 - a constant
    f"{_WANTED} ORDER BY rank, number DESC"
)
_FIND_ALL: Final = (
    f"SELECT id, desks FROM report WHERE ?1 IS NULL AND{_WANTED} ORDER BY number DESC"  # noqa: S608 - a constant
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

    def take(self, added: Sequence[Indexed], gone: Sequence[bytes], seen: int) -> None:
        """Add reports, drop those that were destroyed; so much is seen then."""
        if self._db is None:
            self._db = Database(connect(":memory:"))
            self._db.run("PRAGMA secure_delete = ON")
            self._db.run(_WORDS)
            self._db.run(_REPORT)
        database = self._db
        with database.snapshot():
            for each in added:
                _add(database, each)
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

    def find(self, wanted: Wanted) -> Generator[tuple[bytes, tuple[str, ...]]]:
        """Yield what is wanted, the best first, then the newest, with its desks of this house."""
        if self._db is None:
            return
        expression = expression_of(wanted)
        sender = None if wanted.sender is None else _joined([wanted.sender])
        values = (expression, sender, wanted.kind, wanted.after, wanted.before)
        statement = _FIND_ALL if expression is None else _FIND
        rows = self._db.rows(statement, values)
        for report, desks in rows:
            yield blob(report), tuple(text(desks).split(_SEPARATOR)[1:-1])


def _add(database: Database, added: Indexed) -> None:
    database.run(
        "INSERT OR IGNORE INTO report (id, senders, kind, desks, stored_at) VALUES (?, ?, ?, ?, ?)",
        (
            added.report,
            _joined(sorted(added.senders)),
            added.kind,
            _joined(added.desks),
            added.stored_at,
        ),
    )
    if database.changes():
        database.run(
            "INSERT INTO words (rowid, said) VALUES (?, ?)",
            (database.last_number(), " ".join(added.terms)),
        )


def _joined(names: Sequence[str]) -> str:
    """Return names so that each stands between separators."""
    return "".join([_SEPARATOR, *(f"{name}{_SEPARATOR}" for name in names)])
