"""A copy of the database while others write to it, and what can be read of a copy.

The copy is of one moment: a read transaction holds it while pages are copied in steps, so
writers go on and the copy never begins again. It is one file, without a write-ahead log.
"""

# apsw's stubs leave its Buffer type unknown on the oldest Python that we support.
# pyright: reportUnknownMemberType=false

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import apsw

from noroshi.adapters.sqlite.connection import Database, check_sqlite, explain, open_reader
from noroshi.adapters.sqlite.groups import Effects, SqliteTables
from noroshi.core.errors import UnavailableError
from noroshi.flow.ports import Archive

_PAGES: Final = 256
"""In one step: a megabyte."""

Progress = Callable[[int, int], None]
"""Called with pages done and pages in all."""


def copy_database(source: Path, target: Path, on_progress: Progress) -> None:
    """Write a copy of `source`, as it is when this begins, to the new file `target`.

    Raises:
        UnavailableError: the database or the copy cannot be used, or the copy is not whole.
    """
    check_sqlite(apsw.sqlite_lib_version())
    try:
        with _closing(source, apsw.SQLITE_OPEN_READWRITE) as live:
            live.execute("BEGIN; SELECT COUNT(*) FROM sqlite_schema")
            flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
            with _closing(target, flags) as copy:
                copy.pragma("synchronous", "OFF")  # the file that it becomes part of is synced
                with copy.backup("main", live, "main") as backup:
                    while not backup.done:
                        backup.step(_PAGES)
                        on_progress(backup.page_count - backup.remaining, backup.page_count)
                copy.pragma("journal_mode", "delete")
    except apsw.Error as error:
        raise explain(error, source) from error
    check_copy(target)


def check_copy(path: Path) -> None:
    """Return if SQLite finds a database whole.

    Raises:
        UnavailableError: it does not.
    """
    try:
        with _closing(path, apsw.SQLITE_OPEN_READWRITE) as copy:
            found = Database(copy).value("PRAGMA integrity_check(1)")
    except apsw.Error as error:
        raise explain(error, path) from error
    if found != "ok":
        msg = f"the database is damaged ({found!s}); use an earlier backup"
        raise UnavailableError("damaged", msg)


@contextmanager
def open_copy(path: Path, archive: Archive) -> Generator[SqliteTables]:
    """Give a reader of a copy.

    Raises:
        UnavailableError: it cannot be read.
    """
    try:
        database = open_reader(path)
        try:
            yield SqliteTables(database, Effects(), archive)
        finally:
            database.close()
    except apsw.Error as error:
        raise explain(error, path) from error


@contextmanager
def _closing(path: Path, flags: int) -> Generator[apsw.Connection]:
    connection = apsw.Connection(str(path), flags=flags)
    connection.set_busy_timeout(5000)
    try:
        yield connection
    finally:
        connection.close()
