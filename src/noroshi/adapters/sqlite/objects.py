"""The store of STIX objects (:class:`noroshi.flow.object_ports.ObjectStore`): a file of its own.

One writer at a time, readers beside it. Bodies are sealed by AES-256-GCM; the instant at which an
object was added, which no other has, is the nonce, under a key that is derived anew at each opening
of the store (HKDF, RFC 5869).
"""

import contextlib
import json
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import apsw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from noroshi.adapters.sqlite.connection import (
    Database,
    Row,
    Value,
    explain,
    open_reader,
    open_writer,
)
from noroshi.adapters.sqlite.feed_notes import SqliteFeedNotes
from noroshi.adapters.sqlite.object_reach import Reach
from noroshi.adapters.sqlite.object_rows import keep_status, rows_of
from noroshi.adapters.sqlite.rows import blob, integer, text
from noroshi.adapters.sqlite.shared_values import SqliteSharedValues
from noroshi.core.errors import UnavailableError
from noroshi.core.exchange.objects.handling import Handling, read_handling, write_handling
from noroshi.core.exchange.objects.query import ENOUGH_BYTES, Query
from noroshi.core.exchange.objects.reading import StixObject
from noroshi.core.instant import Instant
from noroshi.flow.object_ports import (
    ALONE,
    Also,
    Handed,
    Kept,
    KeptStatus,
    MayRead,
    Page,
)

IDLE_READERS: Final = 4
_AT_ONCE: Final = 1000
"""Rows that are written together."""
_SCHEMA: Final = "object_migrations"
_SALT_SIZE: Final = 32
_KEY_SIZE: Final = 32
_NONCE_SIZE: Final = 12
_INFO: Final = b"noroshi/v1/objects"
_FEED_INFO: Final = b"noroshi/v1/feeds"
_VALUE_INFO: Final = b"noroshi/v1/values"
_INSERT: Final = (
    "INSERT INTO object (added, collection, id, type, version, spec, is_last, is_first,"
    " is_outdated, handling, refs, source, chapter, sealed)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_OF_ID: Final = (
    "SELECT version, added, spec FROM object WHERE id = ? AND collection = ? ORDER BY version DESC"
)
_OUTDATE: Final = "UPDATE object SET is_outdated = 1 WHERE id = ? AND collection = ? AND spec < ?"
_OF_SOURCE: Final = (
    "SELECT added, id, spec FROM object WHERE source = ? AND source <> x'' AND collection = ?"
)
_SOURCES: Final = (
    "SELECT DISTINCT id, source FROM object"
    " WHERE id IN (SELECT value FROM json_each(?)) AND source <> x'' ORDER BY added"
)
_HANDLED: Final = (
    "SELECT added, source, handling FROM object"
    " WHERE id = ? AND collection = ? AND spec = ? AND version = ?"
)
_HANDLE: Final = "UPDATE object SET handling = ? WHERE added = ?"
_FILL: Final = "INSERT OR REPLACE INTO filling (collection, seen) VALUES (?, ?)"
_DEFINITION: Final = "marking-definition"


class SqliteObjects:
    """Objects of STIX, as they were handed over."""

    def __init__(self, path: Path, key: bytes, draw: Callable[[int], bytes]) -> None:
        """Open the store; `key` has 256 bits, `draw` returns random bytes.

        Raises:
            UnavailableError: the database cannot be used.
        """
        self._path = path
        self._key = key
        self._database = open_writer(path, {}, schema=_SCHEMA)
        self._lock = threading.Lock()
        self._readers: queue.SimpleQueue[Database] = queue.SimpleQueue()
        self._handlings = self._read_handlings()
        self._newest = integer(self._database.value("SELECT coalesce(max(added), 0) FROM object"))
        self._draw = draw
        self._chapter = 0
        self._sealers: dict[int, AESGCM] = {}
        self.feeds = SqliteFeedNotes(
            self._reading, self._writing, self._derived(None, _FEED_INFO), draw
        )
        self.shared = SqliteSharedValues(self._writing, self._derived(None, _VALUE_INFO))

    def add(
        self, collection: int, handed: Sequence[Handed], at: Instant, also: Also = ALONE
    ) -> list[Instant]:
        """Keep objects and what goes with them, durably and all or none; return their versions."""
        with self._writing() as database:
            _drop_sources(database, collection, also.replaced)
            numbers = {each: self._number(database, each) for each in {h.handling for h in handed}}
            chapter = self._open_chapter(database)
            sealer, newest = self._sealer(database, chapter), max(self._newest, at - 1)
            versions: list[Instant] = []
            fresh = 0
            rows: dict[str, tuple[Value, ...]] = {}
            for each in handed:
                one, added = each.object, newest + 1
                if one.id in rows or len(rows) == _AT_ONCE:
                    _insert(database, rows)  # the place of an id depends on those before
                version, place = _place(database, collection, one, added, self._same)
                versions.append(version)
                if place is None:
                    self._tighten(database, collection, one, version, each.handling)
                    continue
                newest = added
                fresh += 1
                sealed = sealer.encrypt(_nonce(added), one.raw if each.is_kept else b"", None)
                rows[one.id] = (
                    added, collection, one.id, one.type, version, one.spec, *place,
                    numbers[each.handling], " ".join(one.refs), each.source, chapter, sealed,
                )  # fmt: skip
            _insert(database, rows)
            _drop_sources(database, collection, also.gone)
            if also.seen is not None:
                database.run(_FILL, (collection, also.seen))
            if also.status is not None:
                keep_status(database, also.status(versions))
            if also.fetched is not None:
                self.feeds.keep(database, also.fetched, fresh)
        self._newest = newest
        return versions

    def seen(self, collection: int) -> int:
        """Return how many entries of the journal have gone into a collection."""
        with self._reading() as database:
            found = database.value("SELECT seen FROM filling WHERE collection = ?", (collection,))
        return 0 if found is None else integer(found)

    def page(self, collection: int, query: Query, may_read: MayRead, *, bodies: bool) -> Page:
        """Return what a reader may have of a collection: all that an object refers to as well."""
        found: list[Kept] = []
        size = 0
        with self._reading() as database:
            for row in self._visible(database, collection, query, may_read, bodies=bodies):
                if len(found) == query.limit or size >= ENOUGH_BYTES:
                    return Page(tuple(found), more=True)
                found.append(self._kept(database, row, bodies=bodies))
                size += len(found[-1].raw)
        return Page(tuple(found), more=False)

    def definition(self, name: str) -> bytes | None:
        """Return the marking definition of an id, the first that was handed over."""
        with self._reading() as database:
            row = database.row(
                "SELECT added, chapter, sealed FROM object WHERE id = ? AND type = ?"
                " ORDER BY added LIMIT 1",
                (name, _DEFINITION),
            )
            return None if row is None else self._opened(database, *row)

    def sources(self, ids: Sequence[str]) -> dict[str, list[bytes]]:
        """Return what objects came with, in whatever collection: such as reports."""
        found: dict[str, list[bytes]] = {}
        with self._reading() as database:
            for name, source in database.rows(_SOURCES, (json.dumps(ids),)):
                found.setdefault(text(name), []).append(blob(source))
        return found

    def remove(self, collection: int, query: Query, may_read: MayRead) -> int:
        """Remove what is asked for, of a reader who may have it; return how many it was."""
        with self._writing() as database:
            rows = list(self._visible(database, collection, query, may_read, bodies=False))
            database.run_many(
                "DELETE FROM object WHERE added = ?", [(integer(row[0]),) for row in rows]
            )
            for name, spec in {(text(row[1]), text(row[3])) for row in rows}:
                _set_flags(database, collection, name, spec)
        return len(rows)

    def status(self, name: str) -> KeptStatus | None:
        """Return what became of a batch."""
        with self._reading() as database:
            row = database.row("SELECT id, machine, at, told FROM status WHERE id = ?", (name,))
        if row is None:
            return None
        found, machine, at, told = row
        return KeptStatus(text(found), text(machine), integer(at), blob(told))

    def newest(self) -> Instant:
        """Return when the last object was added."""
        return self._newest

    def close(self) -> None:
        """Close the store; its log is folded into the database."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._readers.get_nowait().close()
        with self._lock, contextlib.suppress(apsw.Error):
            self._database.close()

    @contextlib.contextmanager
    def _writing(self) -> Generator[Database]:
        with self._lock:
            try:
                with self._database.snapshot():
                    yield self._database
            except BaseException as error:
                # What was undone may not be gone by: numbers, and a key that has sealed already.
                self._chapter, self._sealers = 0, {}
                self._handlings = self._read_handlings()
                if isinstance(error, apsw.Error):
                    raise explain(error, self._path) from error
                raise

    @contextlib.contextmanager
    def _reading(self) -> Generator[Database]:
        try:
            database = self._readers.get_nowait()
        except queue.Empty:
            database = open_reader(self._path)
        try:
            with database.snapshot():
                yield database
        except apsw.Error as error:
            raise explain(error, self._path) from error
        finally:
            if self._readers.qsize() < IDLE_READERS:
                self._readers.put(database)
            else:
                database.close()

    def _visible(
        self, database: Database, collection: int, query: Query, may_read: MayRead, *, bodies: bool
    ) -> Iterator[Row]:
        """Yield the rows of a query that a reader may have."""
        hidden = frozenset(n for told, n in self._handlings.items() if not may_read(told))
        rows = rows_of(database, collection, query, json.dumps(sorted(hidden)), bodies=bodies)
        if not hidden:
            return rows
        reach = Reach(database, hidden)
        return (row for row in rows if not reach.leads_to_hidden(row))

    def _kept(self, database: Database, row: Row, *, bodies: bool) -> Kept:
        added, name, version, spec, _, _, source, chapter, sealed = row
        raw = self._opened(database, added, chapter, sealed) if bodies else b""
        return Kept(integer(added), text(name), integer(version), text(spec), raw, blob(source))

    def _opened(self, database: Database, added: Value, chapter: Value, sealed: Value) -> bytes:
        try:
            sealer = self._sealer(database, integer(chapter))
            return sealer.decrypt(_nonce(integer(added)), blob(sealed), None)
        except InvalidTag:
            msg = "a stored object is damaged; stop the node and restore a backup"
            raise UnavailableError("damaged", msg) from None

    def _same(self, added: Instant, one: StixObject) -> bool:
        """Say whether the object that was added then has the very bytes of another."""
        row = self._database.row("SELECT chapter, sealed FROM object WHERE added = ?", (added,))
        return row is not None and self._opened(self._database, added, *row) == one.raw

    def _read_handlings(self) -> dict[Handling, int]:
        rows = self._database.rows("SELECT number, markings FROM handling")
        return {read_handling(text(told)): integer(number) for number, told in rows}

    def _number(self, database: Database, handling: Handling) -> int:
        """Return the number of a handling, a new one if it has none."""
        if handling not in self._handlings:
            told = write_handling(handling)
            database.run("INSERT OR IGNORE INTO handling (markings) VALUES (?)", (told,))
            row = database.value("SELECT number FROM handling WHERE markings = ?", (told,))
            self._handlings = {**self._handlings, handling: integer(row)}
        return self._handlings[handling]

    def _tighten(
        self,
        database: Database,
        collection: int,
        one: StixObject,
        version: Instant,
        handling: Handling,
    ) -> None:
        """Handle a version that is here, in other words, by what these say as well.

        What reports say is handled by them, and the very same bytes say nothing new.
        """
        of_it = (one.id, collection, one.spec, version)
        row = database.row(_HANDLED, of_it)
        if row is None or row[1] != b"" or self._same(integer(row[0]), one):
            return
        kept = next(each for each, known in self._handlings.items() if known == row[2])
        both = tuple(sorted({*kept, *handling}, key=str))
        database.run(_HANDLE, (self._number(database, both), row[0]))

    def _open_chapter(self, database: Database) -> int:
        """Return the chapter of this opening, begun with the first object that is added."""
        if not self._chapter:
            database.run("INSERT INTO chapter (salt) VALUES (?)", (self._draw(_SALT_SIZE),))
            self._chapter = database.last_number()
        return self._chapter

    def _sealer(self, database: Database, chapter: int) -> AESGCM:
        if chapter not in self._sealers:
            salt = database.value("SELECT salt FROM chapter WHERE number = ?", (chapter,))
            self._sealers[chapter] = AESGCM(self._derived(blob(salt), _INFO))
        return self._sealers[chapter]

    def _derived(self, salt: bytes | None, info: bytes) -> bytes:
        derive = HKDF(algorithm=SHA256(), length=_KEY_SIZE, salt=salt, info=info)
        return derive.derive(self._key)


def _nonce(added: Instant) -> bytes:
    return added.to_bytes(_NONCE_SIZE)


def _insert(database: Database, rows: dict[str, tuple[Value, ...]]) -> None:
    """Write rows, each of another id, and forget them."""
    database.run_many(_INSERT, rows.values())
    rows.clear()


def _place(
    database: Database,
    collection: int,
    one: StixObject,
    added: Instant,
    is_same: Callable[[Instant, StixObject], bool],
) -> tuple[Instant, tuple[bool, bool, bool] | None]:
    """Return the version of an object, and whether it is the last, the first, and outdated.

    None in place of these: it is there already. An object without a version has that of the
    instant at which it was added (TAXII 2.1, section 3.4.1); the same bytes are no new one.
    """
    version = added if one.version is None else one.version
    rows = list(database.rows(_OF_ID, (one.id, collection)))
    if not rows:
        return version, (True, True, False)
    is_outdated = any(text(spec) > one.spec for _, _, spec in rows)
    if any(text(spec) < one.spec for _, _, spec in rows):
        database.run(_OUTDATE, (one.id, collection, one.spec))
    of_spec = [(integer(known), integer(at)) for known, at, spec in rows if spec == one.spec]
    if not of_spec:
        return version, (True, True, is_outdated)
    (last, last_added), (first, first_added) = of_spec[0], of_spec[-1]
    if one.version is None and is_same(last_added, one):
        return last, None
    if any(version == known for known, _ in of_spec):
        return version, None
    if version > last:
        database.run("UPDATE object SET is_last = 0 WHERE added = ?", (last_added,))
        return version, (True, False, is_outdated)
    if version < first:
        database.run("UPDATE object SET is_first = 0 WHERE added = ?", (first_added,))
    return version, (False, version < first, is_outdated)


def _drop_sources(database: Database, collection: int, sources: Iterable[bytes]) -> None:
    """Remove the objects that came of sources."""
    for source in sources:
        rows = list(database.rows(_OF_SOURCE, (source, collection)))
        database.run_many("DELETE FROM object WHERE added = ?", [(added,) for added, _, _ in rows])
        for _, name, spec in rows:
            _set_flags(database, collection, text(name), text(spec))


def _set_flags(database: Database, collection: int, name: str, spec: str) -> None:
    """Say anew which version of an object is the first, and which the last."""
    rows = [(at, known) for _, at, known in database.rows(_OF_ID, (name, collection))]
    of_spec = [integer(at) for at, known in rows if known == spec]
    for added in of_spec:
        database.run(
            "UPDATE object SET is_last = ?, is_first = ? WHERE added = ?",
            (added == of_spec[0], added == of_spec[-1], added),
        )
    newest = max((text(known) for _, known in rows), default="")
    database.run(
        "UPDATE object SET is_outdated = spec < ? WHERE id = ? AND collection = ?",
        (newest, name, collection),
    )
