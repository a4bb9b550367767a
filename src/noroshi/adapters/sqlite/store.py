"""The store: one writer thread with group commit, and readers (:class:`noroshi.flow.ports.Store`).

Whatever waits when the writer comes round is one group (:mod:`noroshi.adapters.sqlite.groups`).
The sync of one group is the time in which the next gathers. Acts are taken by precedence, so a
FLASH is in the very next group.
"""

import contextlib
import heapq
import itertools
import queue
import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import apsw

from noroshi.adapters.sqlite.chains import fill_in_references
from noroshi.adapters.sqlite.connection import (
    REFERENCES_HERE,
    SEALED_HERE,
    Database,
    explain,
    open_reader,
    open_writer,
)
from noroshi.adapters.sqlite.contents import seal_what_is_plain
from noroshi.adapters.sqlite.groups import (
    CheckpointSigner,
    Effects,
    GroupWriter,
    Listener,
    SqliteTables,
    Submitted,
)
from noroshi.core.precedence import Precedence
from noroshi.flow.ports import Archive, Clock
from noroshi.flow.tables import Transaction

T = TypeVar("T")

LARGEST_GROUP: Final = 64
IDLE_READERS: Final = 4


class SqliteStore:
    """Durable state with one writer."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        sign: CheckpointSigner,
        archive: Archive,
        *,
        on_phase: Callable[[str], None] = lambda _phase: None,
        synchronous: str = "FULL",
        vfs: str | None = None,
    ) -> None:
        """Open the store.

        `on_phase` hears each named point of a commit ("send:acted", "committing",
        "committed"), so that a proof can end the process there; `synchronous` and `vfs` let
        it show what a disk does to weaker settings.

        Raises:
            UnavailableError: the database cannot be used.
        """
        self._path = path
        self._archive = archive
        self._vfs = vfs
        self._database = open_writer(
            path,
            {
                SEALED_HERE: partial(seal_what_is_plain, archive=archive),
                REFERENCES_HERE: fill_in_references,
            },
            synchronous=synchronous,
            vfs=vfs,
        )
        self._groups = GroupWriter(self._database, path, clock, sign, archive, on_phase)
        self._waiting: list[tuple[int, int, Submitted]] = []
        self._changed = threading.Condition()
        self._is_closing = False
        self._numbers = itertools.count()
        self._readers: queue.SimpleQueue[tuple[Database, SqliteTables]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="writer", daemon=True)
        self._thread.start()

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of every commit from now on."""
        self._groups.listen(listener)

    def submit(
        self, act: Callable[[Transaction], T], precedence: Precedence = Precedence.ROUTINE
    ) -> Future[T]:
        """Run `act` on the writer; the future is done when its commit is on disk."""
        return self.submit_all([(act, precedence)])[0]

    def submit_all(
        self, acts: Iterable[tuple[Callable[[Transaction], T], Precedence]]
    ) -> list[Future[T]]:
        """Run each act by itself, all in one group where a group has room for them."""
        submitted = [(Submitted(act), precedence) for act, precedence in acts]
        with self._changed:
            for each, precedence in submitted:
                heapq.heappush(self._waiting, (-precedence, next(self._numbers), each))
            self._changed.notify()
        return [each.future for each, _ in submitted]  # type: ignore[misc]  # they hold what acts return

    def perform(
        self, act: Callable[[Transaction], T], precedence: Precedence = Precedence.ROUTINE
    ) -> T:
        """Run `act` on the writer and wait for its commit."""
        return self.submit(act, precedence).result()

    @contextlib.contextmanager
    def read(self) -> Generator[SqliteTables]:
        """Give a reader of what is committed, all of one moment."""
        try:
            database, tables = self._readers.get_nowait()
        except queue.Empty:
            database = open_reader(self._path, vfs=self._vfs)
            tables = SqliteTables(database, Effects(), self._archive)
        try:
            with database.snapshot():
                tables.journal.rewind(None)
                yield tables
        except apsw.Error as error:
            raise explain(error, self._path) from error
        finally:
            if self._readers.qsize() < IDLE_READERS:
                self._readers.put((database, tables))
            else:
                database.close()

    def close(self) -> None:
        """Finish what was submitted, and close; the WAL is folded into the database."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join()
        with contextlib.suppress(queue.Empty):
            while True:
                self._readers.get_nowait()[0].close()
        with contextlib.suppress(apsw.Error):
            self._database.close()

    def _write(self) -> None:
        while group := self._gather():
            wanted = [each for each in group if each.future.set_running_or_notify_cancel()]
            if wanted:
                self._groups.commit(wanted)

    def _gather(self) -> list[Submitted]:
        """Wait for an act; return it with those that wait beside it, nothing once closed."""
        with self._changed:
            while not self._waiting and not self._is_closing:
                self._changed.wait()
            count = min(len(self._waiting), LARGEST_GROUP)
            return [heapq.heappop(self._waiting)[-1] for _ in range(count)]
