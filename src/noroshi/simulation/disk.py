"""Disks that forget: a store whose power can be cut at every named point, and blobs in memory."""

import contextlib
import hashlib
import itertools
import random
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Final, TypeVar

import apsw

from noroshi.adapters.sqlite.connection import Database, open_memory
from noroshi.adapters.sqlite.groups import (
    CheckpointSigner,
    Effects,
    GroupWriter,
    Listener,
    SqliteTables,
    Submitted,
)
from noroshi.core.envelope.suite import GCM_TAG_SIZE
from noroshi.core.errors import MalformedError, NotFoundError
from noroshi.core.precedence import Precedence
from noroshi.flow.ports import Archive, Clock
from noroshi.flow.records import StagedBlob
from noroshi.flow.tables import Transaction
from noroshi.simulation.virtual import VirtualLoop

T = TypeVar("T")

_FASTEST_SYNC: Final = 0.002
_SLOWEST_SYNC: Final = 0.02
_GROUP: Final = 64
_NOWHERE: Final = Path("simulated")


class PowerCut(BaseException):
    """The power failed at this point."""


class SimDisk:
    """What survives: the database's last commit, and blobs."""

    def __init__(self) -> None:
        self.connection = open_memory(None)
        self.blobs: dict[bytes, bytearray] = {}
        self.whole: set[bytes] = set()
        self.payloads: dict[str, bytes] = {}
        self._lied_since: bytes | None = None

    def image(self) -> bytes:
        """Return the whole database as a backup of the running node would have it."""
        return bytes(self.connection.serialize("main"))

    def replace(self, image: bytes) -> None:
        """Hold an earlier image from now on."""
        self.connection = open_memory(image)
        self._lied_since = None

    @property
    def is_lying(self) -> bool:
        """Whether the disk says that writes are durable which are not."""
        return self._lied_since is not None

    def begin_lying(self) -> None:
        """From now on commits are not durable."""
        self._lied_since = self.image()

    def end_lying(self) -> None:
        """Everything is on disk by now."""
        self._lied_since = None

    def cut(self) -> bool:
        """Lose what is not durable; say whether that was something that had been confirmed."""
        if self.connection.in_transaction:
            Database(self.connection).run("ROLLBACK")
        if self._lied_since is None:
            return False
        lost = self._lied_since != self.image()
        self.replace(self._lied_since)
        return lost


class SimStore:
    """A store of one incarnation of a node (:class:`noroshi.flow.ports.Store`)."""

    def __init__(
        self,
        disk: SimDisk,
        loop: VirtualLoop,
        clock: Clock,
        sign: CheckpointSigner,
        archive: Archive,
        draw: random.Random,
        on_phase: Callable[[str], None],
        on_cut: Callable[[], None],
    ) -> None:
        """Join the parts; `on_phase` may raise `PowerCut`, after which `on_cut` is called."""
        self._loop = loop
        self._draw = draw
        self._on_cut = on_cut
        database = Database(disk.connection)
        self._tables = SqliteTables(database, Effects(), archive)
        self._groups = GroupWriter(database, _NOWHERE, clock, sign, archive, on_phase)
        self._waiting: list[tuple[int, int, Submitted]] = []
        self._numbers = itertools.count()
        self._is_syncing = False
        self.is_dead = False

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of every commit."""
        self._groups.listen(listener)

    def submit(
        self, act: Callable[[Transaction], T], precedence: Precedence = Precedence.ROUTINE
    ) -> Future[T]:
        """Run `act` with the next group."""
        return self.submit_all([(act, precedence)])[0]

    def submit_all(
        self, acts: Iterable[tuple[Callable[[Transaction], T], Precedence]]
    ) -> list[Future[T]]:
        """Run each act with the next group."""
        submitted = [(Submitted(act), precedence) for act, precedence in acts]
        for each, precedence in submitted:
            self._waiting.append((-precedence, next(self._numbers), each))
        if submitted and not self._is_syncing:
            self._is_syncing = True
            self._loop.call_later(self._draw.uniform(_FASTEST_SYNC, _SLOWEST_SYNC), self._commit)
        return [each.future for each, _ in submitted]  # type: ignore[misc]  # they hold what acts return

    def perform(
        self, act: Callable[[Transaction], T], precedence: Precedence = Precedence.ROUTINE
    ) -> T:
        """Run `act` now, with all that waits.

        Raises:
            PowerCut: whether it was committed is not known.
        """
        future = self.submit(act, precedence)
        while not future.done():
            if self.is_dead:
                raise PowerCut
            self._commit()
        return future.result()

    @contextlib.contextmanager
    def read(self) -> Generator[SqliteTables]:
        """Give a reader of what is committed."""
        self._tables.journal.rewind(None)
        yield self._tables

    def _commit(self) -> None:
        self._is_syncing = False
        if self.is_dead or not self._waiting:
            return
        self._waiting.sort(key=lambda waiting: waiting[:2])
        group = [
            submitted
            for _, _, submitted in self._waiting[:_GROUP]
            if submitted.future.set_running_or_notify_cancel()
        ]
        del self._waiting[:_GROUP]
        try:
            self._groups.commit(group)
        except PowerCut:
            self._on_cut()
            return
        if self._waiting and not self._is_syncing:
            self._is_syncing = True
            self._loop.call_later(_FASTEST_SYNC, self._commit)


class SimBlobs:
    """Blobs in memory (:class:`noroshi.flow.ports.BlobStore`); they are masked by their key."""

    def __init__(self, disk: SimDisk) -> None:
        self._disk = disk

    def stage(self, chunks: Iterable[bytes], key: bytes, iv: bytes, salt: bytes) -> StagedBlob:
        """Keep `chunks` as a blob."""
        plain = b"".join(chunks)
        data = _mask(key + iv, plain) + bytes(GCM_TAG_SIZE)
        blob_id = hashlib.sha256(data).digest()
        self._disk.blobs[blob_id] = bytearray(data)
        self._disk.whole.add(blob_id)
        return StagedBlob(blob_id, len(data), len(plain), hashlib.sha256(salt + plain).digest())

    def discard(self, blob_id: bytes) -> None:
        """Remove a blob."""
        self._disk.blobs.pop(blob_id, None)
        self._disk.whole.discard(blob_id)

    def decrypt(self, blob_id: bytes, key: bytes, iv: bytes) -> Iterator[bytes]:
        """Yield the plaintext of a blob."""
        if blob_id not in self._disk.whole:
            raise NotFoundError("attachment-pending", "it has not arrived completely")
        yield _mask(key + iv, bytes(self._disk.blobs[blob_id][:-GCM_TAG_SIZE]))

    def read_piece(self, blob_id: bytes, offset: int, size: int) -> bytes:
        """Return a part of a blob."""
        return bytes(self._disk.blobs[blob_id][offset : offset + size])

    def held(self, blob_id: bytes) -> int:
        """Return how many bytes are here."""
        return len(self._disk.blobs.get(blob_id, b""))

    def write_piece(self, blob_id: bytes, offset: int, data: bytes, size: int) -> int:
        """Add a part; return how many bytes are here."""
        if blob_id in self._disk.whole:
            return size
        held = self._disk.blobs.setdefault(blob_id, bytearray())
        if offset == len(held):
            held += data
        if len(held) > size:
            self._disk.blobs.pop(blob_id)
            raise MalformedError("the blob is larger than it was said to be")
        if len(held) == size:
            if hashlib.sha256(held).digest() != blob_id:
                self._disk.blobs.pop(blob_id)
                raise MalformedError("the blob has another digest")
            self._disk.whole.add(blob_id)
        return len(held)


class SimSpool:
    """Payloads of courier volumes in memory (:class:`noroshi.flow.ports.Spool`)."""

    def __init__(self, disk: SimDisk) -> None:
        self._payloads = disk.payloads

    def alone(self) -> contextlib.AbstractContextManager[object]:
        """Give a stretch in which nobody else applies volumes: there is one thread."""
        return contextlib.nullcontext()

    def keep(self, label: str, chunks: Iterable[bytes], size: int, digest: bytes) -> None:
        """Keep a payload of that size and digest, or nothing of it."""
        payload = b"".join(chunks)
        if len(payload) != size or hashlib.sha256(payload).digest() != digest:
            raise MalformedError("the payload is not the one that was signed")
        self._payloads[label] = payload

    def holds(self, label: str) -> bool:
        """Say whether a payload is here."""
        return label in self._payloads

    def read(self, label: str, position: int, size: int) -> bytes:
        """Return a part of a payload."""
        return self._payloads[label][position : position + size]

    def drop(self, labels: Iterable[str]) -> None:
        """Remove payloads."""
        for label in labels:
            self._payloads.pop(label, None)


def full_disk() -> Exception:
    """Return what SQLite raises on a full disk."""
    return apsw.FullError("database or disk is full")


def failing_disk() -> Exception:
    """Return what SQLite raises when a sync fails."""
    return apsw.IOError("disk I/O error")


def _mask(key: bytes, data: bytes) -> bytes:
    stream = hashlib.shake_128(key).digest(len(data))
    return (int.from_bytes(data) ^ int.from_bytes(stream)).to_bytes(len(data))
