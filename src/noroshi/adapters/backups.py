"""Backup files: written whole or not at all, read and checked in pieces.

The format is :mod:`noroshi.core.backup`'s. A file gets its name only when all of it is on disk
and was read back; it never takes the place of another.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from noroshi.core.backup import (
    BackupHead,
    Part,
    PartsReader,
    encode_head,
    encode_part,
    is_possible,
    read_head,
)
from noroshi.core.errors import InputError, MalformedError, NoroshiError, UnavailableError

_CHUNK: Final = 1024 * 1024
_KEPT_FREE: Final = 16 * 1024**2

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all."""
Frame = Callable[[Sequence[Part]], BackupHead]


def check_target(target: Path) -> None:
    """Return if a backup may be written there.

    Raises:
        InputError: something is there already, or there is no such folder.
    """
    if target.exists() or target.is_symlink():
        msg = f"{target} is there already; a backup replaces no other, so choose another name"
        raise InputError("bad-input", msg)
    if not target.parent.is_dir():
        msg = f"{target.parent} is no folder; make it first"
        raise InputError("bad-input", msg)


def write_backup(
    target: Path,
    draft: Path,
    sources: Sequence[tuple[str, Path]],
    frame: Frame,
    on_progress: Progress,
) -> int:
    """Write `sources`, named and in the order of their names; return the size of the file.

    `draft` is a new path on the same disk as `target`.

    Raises:
        InputError: `target` is there already.
        UnavailableError: the disk is full or fails, or a source changed meanwhile.
    """
    try:
        parts = [_measure(name, path) for name, path in sources]
        head = frame(parts)
        with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            file.write(encode_head(head))
            done = 0
            for part, (_, path) in zip(parts, sources, strict=True):
                file.write(encode_part(part))
                with path.open("rb") as source:
                    for chunk in iter(lambda: source.read(_CHUNK), b""):
                        file.write(chunk)
                        done += len(chunk)
                        on_progress(done, head.payload)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
            file.seek(0)
            _read_through(file, size)
        _give_name(draft, target)
    except OSError as error:
        raise _explain(error, target) from error
    except MalformedError as error:
        msg = f"{target} was not written: what was read back is not what was written; try again"
        raise UnavailableError("storage-failed", msg) from error
    return size


def unpack(file: Path, folder: Path, on_progress: Progress) -> BackupHead:
    """Write the files in a backup into `folder`; return its head.

    Everything is checked against its digest. When this raises, `folder` may hold parts.

    Raises:
        InputError: the file cannot be read.
        MalformedError: it is no whole backup.
        UnavailableError: the disk is full or fails.
    """
    try:
        if not file.is_file():
            msg = f"{file} is not there, or is no regular file"
            raise InputError("bad-backup", msg)
        with file.open("rb") as source:
            size = file.stat().st_size
            if shutil.disk_usage(folder).free < size + _KEPT_FREE:
                msg = f"the disk of {folder.parent} has no room for {size:,} bytes; make room"
                raise UnavailableError("disk-full", msg)
            head = read_head(source.read)
            for part, chunks in _parts(source, head, size, on_progress):
                _write(folder / part.name, chunks)
    except MalformedError as error:
        msg = f"{file} cannot be restored: {error.message}"
        raise MalformedError(msg, error.code) from error
    except OSError as error:
        raise _explain(error, file) from error
    return head


def _parts(
    file: IO[bytes], head: BackupHead, size: int, on_progress: Progress
) -> Iterator[tuple[Part, Iterator[bytes]]]:
    """Yield what follows the head of a file of `size` bytes; a part is used up before the next."""
    if file.tell() + head.payload != size:
        raise MalformedError("it breaks off, or more follows than belongs to it", "bad-backup")
    reader = PartsReader(head)
    while (part := reader.next(file.read)) is not None:
        yield part, _bytes_of(file, part)
        on_progress(file.tell(), size)


def _bytes_of(file: IO[bytes], part: Part) -> Iterator[bytes]:
    left, found = part.size, hashlib.sha256()
    while left:
        chunk = file.read(min(_CHUNK, left))
        if not chunk:
            break
        left -= len(chunk)
        found.update(chunk)
        yield chunk
    if left or found.digest() != part.digest:
        raise MalformedError(f"{part.name} in it is damaged; use another backup", "bad-backup")


def _read_through(file: IO[bytes], size: int) -> None:
    head = read_head(file.read)
    for _, chunks in _parts(file, head, size, lambda _done, _all: None):
        for _ in chunks:
            pass


def _write(path: Path, chunks: Iterator[bytes]) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def _measure(name: str, path: Path) -> Part:
    with path.open("rb") as file:
        part = Part(name, path.stat().st_size, hashlib.file_digest(file, "sha256").digest())
    if not is_possible(part):
        msg = f"{path} is not what it should be; move it away, and the backup goes without it"
        raise UnavailableError("damaged", msg)
    return part


def _give_name(draft: Path, target: Path) -> None:
    """Let a whole file take a name that nothing else has."""
    try:
        os.link(draft, target)
    except FileExistsError:
        check_target(target)
    except OSError:  # a file system without links, as on many sticks
        check_target(target)
        draft.rename(target)
    with suppress(FileNotFoundError):
        draft.unlink()
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _explain(error: OSError, path: Path) -> NoroshiError:
    code = "disk-full" if error.errno in {28, 122} else "storage-failed"
    where = error.filename or path
    msg = f"{where} cannot be read or written ({error.strerror}); nothing was left behind"
    return UnavailableError(code, msg)
