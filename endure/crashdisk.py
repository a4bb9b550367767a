"""A disk that may lose power: what was not synced is lost, torn or out of order.

SQLite writes through to ordinary files, which stand for the page cache; beside them the disk
keeps for each file what is durable and, in order, what was written since. A sync makes all of
that durable. After a cut each unsynced write survives or not, 512-byte sector by sector.

Not modelled: that creating or deleting a file is durable only with its folder (here at once).
"""

import itertools
import random
import threading
from pathlib import Path
from typing import Final

import apsw
import msgspec

SECTOR: Final = 512
_numbers = itertools.count()


class _Durable(msgspec.Struct):
    """One file: what is on the platters, and what is on its way there."""

    image: bytearray
    pending: list[tuple[int, bytes | None]] = []
    """Offset and data; without data the file was cut off there."""


class CrashDisk:
    """A folder on such a disk, as an SQLite VFS that is called `name`."""

    def __init__(self, folder: Path, images: dict[str, bytes]) -> None:
        """Put files there, durable from the beginning."""
        self.folder = folder
        self.name = f"crash-{next(_numbers)}"
        self.is_cut = False
        self.writes = 0
        self.syncs = 0
        self._left: int | None = None
        self._lock = threading.RLock()
        self._files = {name: _Durable(bytearray(image)) for name, image in images.items()}
        folder.mkdir()
        for name, image in images.items():
            (folder / name).write_bytes(image)
        self._vfs = _Vfs(self)

    def cut_in(self, steps: int) -> None:
        """Cut the power at the `steps`-th write, truncation or sync from now."""
        self._left = steps

    def cut(self) -> None:
        """Cut the power now; whatever is written from here on does not matter."""
        self.is_cut = True

    def leave(self) -> None:
        """Take the disk out of SQLite's hands."""
        self._vfs.unregister()

    def survivors(self, draw: random.Random) -> dict[str, bytes]:
        """Return what is found on the disk after the cut."""
        share = draw.choice((0.0, 0.5, 0.9, draw.random()))
        return {name: _survivor(file, draw, share) for name, file in self._files.items()}

    def note_write(self, name: str, offset: int, data: bytes | None) -> None:
        """Remember what was written or cut off."""
        with self._lock:
            if not self.is_cut:
                self.writes += 1
                self._file(name).pending.append((offset, data))
                self._step()

    def note_sync(self, name: str) -> None:
        """Make a file durable, if the power lasts so long."""
        with self._lock:
            self._step()
            if not self.is_cut:
                self.syncs += 1
                file = self._file(name)
                for offset, data in file.pending:
                    _apply(file.image, offset, data)
                file.pending.clear()

    def note_open(self, name: str) -> None:
        """A file that is opened exists."""
        with self._lock:
            if not self.is_cut:
                self._file(name)

    def note_delete(self, name: str) -> None:
        """Forget a file."""
        with self._lock:
            if not self.is_cut:
                self._files.pop(name, None)

    def _file(self, name: str) -> _Durable:
        return self._files.setdefault(name, _Durable(bytearray()))

    def _step(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self.is_cut = True


def _apply(image: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del image[offset:]
        return
    if len(image) < offset:
        image.extend(bytes(offset - len(image)))
    image[offset : offset + len(data)] = data


def _survivor(file: _Durable, draw: random.Random, share: float) -> bytes:
    """Return a file's bytes with each sector of each unsynced write there or not."""
    image = bytearray(file.image)
    for offset, data in file.pending:
        if data is None:
            if draw.random() < share:
                _apply(image, offset, None)
            continue
        start = 0
        while start < len(data):
            end = min(len(data), start + SECTOR - (offset + start) % SECTOR)
            if draw.random() < share:
                _apply(image, offset + start, data[start:end])
            start = end
    return bytes(image)


class _Vfs(apsw.VFS):
    """The system's files, with a note of every write and sync."""

    def __init__(self, disk: CrashDisk) -> None:
        self._disk = disk
        super().__init__(disk.name, base="")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return _File(self._disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: FBT001, N802
        super().xDelete(filename, syncdir)
        self._disk.note_delete(Path(filename).name)


class _File(apsw.VFSFile):
    def __init__(
        self, disk: CrashDisk, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        text = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._disk = disk
        self._name = Path(text).name if text else None
        super().__init__("", name, flags)
        if self._name is not None:
            disk.note_open(self._name)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        super().xWrite(data, offset)
        if self._name is not None:
            self._disk.note_write(self._name, offset, bytes(data))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        if self._name is not None:
            self._disk.note_write(self._name, newsize, None)

    def xSync(self, flags: int) -> None:  # noqa: ARG002, N802 - nothing is gained by a real sync
        if self._name is not None:
            self._disk.note_sync(self._name)
