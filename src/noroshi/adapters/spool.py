"""Payloads of courier volumes as files in one folder (:class:`noroshi.flow.ports.Spool`).

A payload is here whole, with the digest that its volume's signed head names, or it is not
here. It stays until its set is complete. Names are made of a partner's name, a set's id and a
number, never of what a file on a stick is called.
"""

import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Final

from noroshi.core.errors import MalformedError, UnavailableError

MAX_FILES: Final = 20_000
MAX_BYTES: Final = 64 * 1024**3
"""Of all payloads of one partner: as much as a large stick holds."""
KEPT_FREE: Final = 64 * 1024**2
"""Of the disk, for reports that come by other ways meanwhile."""

_PART: Final = ".part"


class FileSpool:
    """A folder of payloads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def alone(self) -> AbstractContextManager[object]:
        """Give a stretch in which no other thread applies volumes."""
        return self._lock

    def keep(self, label: str, chunks: Iterable[bytes], size: int, digest: bytes) -> None:
        """Keep a durable payload of that size and digest, or nothing of it.

        Raises:
            MalformedError: the chunks are not that payload.
            UnavailableError: there is no room for it, or the disk fails.
        """
        try:
            self._check_room(label, size)
            descriptor, name = tempfile.mkstemp(_PART, dir=self._folder)
            part = Path(name)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    _fill(file.write, chunks, size, digest)
                    file.flush()
                    os.fsync(file.fileno())
                part.rename(self._folder / label)
                self._sync()
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise _explain(error, self._folder) from error

    def holds(self, label: str) -> bool:
        """Say whether a payload is here."""
        return (self._folder / label).is_file()

    def read(self, label: str, position: int, size: int) -> bytes:
        """Return a part of a payload.

        Raises:
            UnavailableError: it is not here, or the disk fails.
        """
        try:
            with (self._folder / label).open("rb") as file:
                file.seek(position)
                piece = file.read(size)
        except OSError as error:
            raise _explain(error, self._folder) from error
        if len(piece) != size:
            msg = f"{self._folder / label} is damaged; remove it, and import that volume again"
            raise UnavailableError("damaged", msg)
        return piece

    def drop(self, labels: Iterable[str]) -> None:
        """Remove payloads."""
        for label in labels:
            with suppress(FileNotFoundError):
                (self._folder / label).unlink()

    def sweep(self, wanted: AbstractSet[str]) -> None:
        """Remove what no set needs; called when nobody else uses the folder.

        A home of an earlier release has no such folder yet.
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for path in self._folder.iterdir():
            if path.name not in wanted:
                path.unlink()

    def _check_room(self, label: str, size: int) -> None:
        partner, _, _ = label.partition(".")
        others = self._folder.glob(f"{partner}.*")
        sizes = [path.stat().st_size for path in others if path.name != label]
        if len(sizes) >= MAX_FILES or sum(sizes) + size > MAX_BYTES:
            msg = (
                f"{len(sizes):,} volumes of {partner} already wait for others of their sets; bring "
                "those that 'missing' names, or a newer set, which replaces them"
            )
            raise UnavailableError("disk-full", msg)
        if shutil.disk_usage(self._folder).free < size + KEPT_FREE:
            msg = (
                f"the disk of {self._folder} has no room for a volume of {size:,} bytes; make room"
            )
            raise UnavailableError("disk-full", msg)

    def _sync(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _fill(
    write: Callable[[bytes], object], chunks: Iterable[bytes], size: int, digest: bytes
) -> None:
    here, found = 0, hashlib.sha256()
    for chunk in chunks:
        here += len(chunk)
        if here > size:
            raise MalformedError("more follows than belongs to the volume", "bad-volume")
        found.update(chunk)
        write(chunk)
    if here < size:
        msg = f"it breaks off: {size - here:,} bytes are missing. Copy it again"
        raise MalformedError(msg, "bad-volume")
    if found.digest() != digest:
        raise MalformedError("it is damaged. Copy it again", "bad-volume")


def _explain(error: OSError, folder: Path) -> UnavailableError:
    code = "disk-full" if error.errno in {28, 122} else "storage-failed"
    msg = f"{folder} cannot be used ({error.strerror}); nothing of the volume was taken"
    return UnavailableError(code, msg)
