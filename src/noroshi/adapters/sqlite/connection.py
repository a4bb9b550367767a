"""Connections to the node's database, with the settings that durability rests on.

WAL with synchronous=FULL: a commit that returned is on disk. SQLite before 3.51.3 can damage
a WAL database, so it is refused. Migrations are numbered files, applied once each, in order.
"""

# apsw's stubs leave its Buffer type unknown on the oldest Python that we support.
# pyright: reportUnknownMemberType=false

import importlib.resources
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import apsw

from noroshi.core.errors import NoroshiError, UnavailableError

OLDEST_SQLITE: Final = (3, 51, 3)
APPLICATION_ID: Final = 0x4E525348
"""The file says that it is ours: "NRSH"."""

SEALED_HERE: Final = "-- here the program seals what lay in the clear"
REFERENCES_HERE: Final = "-- here the program fills in what reports refer to"
"""Lines in migrations at which the program does what SQL cannot."""
_STEP: Final = re.compile(r"^(-- here the program .*)\n", re.MULTILINE)
_SWEEP: Final = 17
_LEAST_ROOM: Final = 128 * 1024

Value = None | int | float | bytes | str
Row = tuple[Value, ...]
Steps = Mapping[str, Callable[["Database"], None]]
"""By their lines."""

_SETTINGS: Final = """
PRAGMA synchronous = {synchronous};
PRAGMA busy_timeout = 5000;
PRAGMA foreign_keys = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA mmap_size = 0;
PRAGMA wal_autocheckpoint = 4096;
PRAGMA journal_size_limit = 67108864;
"""


class Database:
    """One connection with typed results; rows come as they are read."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def run(self, statement: str, values: Sequence[Value] = ()) -> None:
        """Run a statement that answers nothing."""
        self._connection.execute(statement, values)

    def run_many(self, statement: str, many: Iterable[Sequence[Value]]) -> None:
        """Run a statement for each of `many` rows of values."""
        self._connection.executemany(statement, many)

    def rows(self, statement: str, values: Sequence[Value] = ()) -> Iterator[Row]:
        """Yield what a query answers."""
        return iter(self._connection.execute(statement, values))

    def row(self, statement: str, values: Sequence[Value] = ()) -> Row | None:
        """Return the first row that a query answers."""
        return next(self.rows(statement, values), None)

    def value(self, statement: str, values: Sequence[Value] = ()) -> Value:
        """Return the first column of the first row; None if there is no row."""
        row = self.row(statement, values)
        return None if row is None else row[0]

    def last_number(self) -> int:
        """Return the row number of the last insert."""
        return self._connection.last_insert_rowid()

    def changes(self) -> int:
        """Return how many rows the last statement changed."""
        return self._connection.changes()

    def in_transaction(self) -> bool:
        """Say whether a transaction is open."""
        return self._connection.in_transaction

    def snapshot(self) -> AbstractContextManager[object]:
        """Give a stretch in which all reads are of one moment."""
        return self._connection

    def image(self) -> bytes:
        """Return the bytes of the whole database."""
        return self._connection.serialize("main")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def connect(name: str, vfs: str | None = None, statements: int = 512) -> apsw.Connection:
    """Return a connection that keeps so many prepared statements (apsw: 512 at most).

    A plan depends on no bound value: otherwise SQLite plans a statement anew whenever a value is
    another than before, which was a quarter of a node's time in the simulator.
    """
    connection = apsw.Connection(name, vfs=vfs, statementcachesize=statements)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    return connection


def open_writer(
    path: Path,
    steps: Steps,
    *,
    synchronous: str = "FULL",
    vfs: str | None = None,
    schema: str = "migrations",
) -> Database:
    """Return the writing connection, its schema up to date.

    `steps` do what migrations leave to the program; these lie in the folder `schema`.
    `synchronous` and `vfs` exist for the proofs that show what FULL is good for.

    Raises:
        UnavailableError: SQLite is too old, or the file cannot be used.
    """
    check_sqlite(apsw.sqlite_lib_version())
    try:
        if vfs is None:
            path.touch(mode=0o600)
        connection = connect(str(path), vfs)
        mode = connection.pragma("journal_mode", "wal")
        if mode != "wal":
            msg = f"{path} cannot be kept in WAL mode (it is {mode}); use a local disk"
            raise UnavailableError("storage-failed", msg)
        connection.execute(_SETTINGS.format(synchronous=synchronous))
        if _migrate(connection, path, steps, scripts(schema)):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except (apsw.Error, OSError) as error:
        raise explain(error, path) from error
    return Database(connection)


def open_reader(path: Path, *, vfs: str | None = None) -> Database:
    """Return a connection that cannot write."""
    connection = connect(str(path), vfs, 256)
    connection.execute(_SETTINGS.format(synchronous="FULL"))
    connection.pragma("query_only", "ON")
    return Database(connection)


def open_memory(image: bytes | None) -> apsw.Connection:
    """Return a database in memory, from an earlier image of it, for simulations."""
    connection = connect(":memory:")
    if image is not None:
        connection.deserialize("main", image)
    connection.execute(_SETTINGS.format(synchronous="OFF"))
    _migrate(connection, Path("memory"), {}, scripts())
    return connection


def check_sqlite(version: str) -> None:
    """Return if SQLite `version` may hold a node's data.

    Raises:
        UnavailableError: it is older than 3.51.3.
    """
    numbers = tuple(int(part) for part in version.split("."))
    if numbers < OLDEST_SQLITE:
        oldest = ".".join(map(str, OLDEST_SQLITE))
        msg = (
            f"SQLite {version} can damage its database; {oldest} or newer is needed. "
            "Install the apsw version of the lock file"
        )
        raise UnavailableError("sqlite-too-old", msg)


def explain(error: Exception, path: Path) -> NoroshiError:
    """Return what an error of the database means to a person."""
    if isinstance(error, NoroshiError):
        return error
    if isinstance(error, apsw.FullError) or _is_full(path.parent):
        msg = f"the disk of {path.parent} is full; nothing was changed. Make room and try again"
        return UnavailableError("disk-full", msg)
    if isinstance(error, (apsw.CorruptError, apsw.NotADBError)):
        msg = f"{path} is damaged ({error}); stop the node and restore a backup"
        return UnavailableError("damaged", msg)
    if isinstance(error, (apsw.IOError, apsw.ReadOnlyError, apsw.CantOpenError)):
        msg = f"{path} cannot be read or written ({error}); check the disk and the rights"
        return UnavailableError("storage-failed", msg)
    if isinstance(error, (apsw.BusyError, apsw.LockedError)):
        return UnavailableError("home-busy", f"another process works on {path}; try again")
    msg = f"the database failed: {error}"
    return UnavailableError("storage-failed", msg)


def _is_full(folder: Path) -> bool:
    """Say whether a disk has no room even for SQLite's own small files.

    SQLite then fails to open them, which is not an error of the disk.
    """
    return folder.exists() and shutil.disk_usage(folder).free < _LEAST_ROOM


def _migrate(
    connection: apsw.Connection, path: Path, steps: Steps, known: Mapping[int, str]
) -> bool:
    """Bring the schema up to date; say whether there was anything to do."""
    done = connection.pragma("user_version")
    found = connection.pragma("application_id")
    if found not in {0, APPLICATION_ID} or (done and found != APPLICATION_ID):
        raise UnavailableError("home-foreign", f"{path} is a database of another program")
    if isinstance(done, int) and done > max(known):
        msg = f"{path} was written by a newer release of Noroshi; install that one"
        raise UnavailableError("home-foreign", msg)
    wanted = {n: script for n, script in known.items() if isinstance(done, int) and n > done}
    for number, script in sorted(wanted.items()):
        if number == _SWEEP:  # by itself: it runs in no transaction, and again if it is cut off
            connection.execute(script)
        with connection:
            if number != _SWEEP:
                for part in _STEP.split(script):
                    if part in steps:
                        steps[part](Database(connection))
                    else:
                        connection.execute(part)
            connection.pragma("user_version", number)
            connection.pragma("application_id", APPLICATION_ID)
    return bool(wanted)


def scripts(schema: str = "migrations") -> dict[int, str]:
    """Return the migrations of a folder by number."""
    folder = importlib.resources.files("noroshi.adapters.sqlite").joinpath(schema)
    return {
        int(match[1]): entry.read_text()
        for entry in folder.iterdir()
        if (match := re.fullmatch(r"(\d{4})_\w+\.sql", entry.name))
    }
