"""Encrypted attachments as files in one folder (:class:`noroshi.flow.ports.BlobStore`).

A finished blob is named by the SHA-256 of its bytes and never changes. While it is made or
arrives it has another ending; a crash leaves at most such a part, which goes on being filled
or is swept away. Plaintext is never on disk here.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from noroshi.core.envelope.suite import MAX_ATTACHMENT
from noroshi.core.errors import InputError, MalformedError, NotFoundError, UnavailableError
from noroshi.flow.records import StagedBlob

_CHUNK: Final = 1024 * 1024
_TAG: Final = 16
_LOCKS: Final = 16


class FileBlobs:
    """A folder of blobs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Pieces of one blob may come by two bearers at once.
        self._locks = tuple(threading.Lock() for _ in range(_LOCKS))

    def stage(self, chunks: Iterable[bytes], key: bytes, iv: bytes, salt: bytes) -> StagedBlob:
        """Encrypt `chunks` into a durable blob.

        Raises:
            InputError: there are none, or more than an attachment may have.
            UnavailableError: the disk is full.
        """
        part = self._folder / f"{iv.hex()}.staged"
        try:
            with part.open("xb") as file:
                staged = _encrypt(chunks, file.write, key, iv, salt)
                file.flush()
                os.fsync(file.fileno())
            self._finish(part, staged.blob_id)
        except OSError as error:
            raise _explain(error, self._folder) from error
        finally:
            part.unlink(missing_ok=True)
        return staged

    def discard(self, blob_id: bytes) -> None:
        """Remove a blob that was staged for a report that did not go."""
        self._path(blob_id).unlink(missing_ok=True)

    def decrypt(self, blob_id: bytes, key: bytes, iv: bytes) -> Iterator[bytes]:
        """Yield the plaintext of a blob, after its bytes were found to be those of its name.

        Raises:
            NotFoundError: it is not here.
            UnavailableError: it is damaged.
        """
        path = self._path(blob_id)
        if not path.exists():
            raise NotFoundError(
                "attachment-pending", "the attachment has not arrived completely yet"
            )
        if _digest_of(path) != blob_id:
            msg = f"the attachment {path} is damaged; restore it from a backup"
            raise UnavailableError("damaged", msg)
        size = path.stat().st_size - _TAG
        with path.open("rb") as file:
            file.seek(size)
            decryptor = Cipher(algorithms.AES(key), modes.GCM(iv, file.read(_TAG))).decryptor()
            file.seek(0)
            while size > 0:
                data = file.read(min(_CHUNK, size))
                size -= len(data)
                yield decryptor.update(data)
        try:
            decryptor.finalize()
        except InvalidTag as error:
            raise UnavailableError("damaged", "the attachment's key does not fit it") from error

    def read_piece(self, blob_id: bytes, offset: int, size: int) -> bytes:
        """Return a part of a blob's bytes."""
        with self._path(blob_id).open("rb") as file:
            file.seek(offset)
            return file.read(size)

    def held(self, blob_id: bytes) -> int:
        """Return how many bytes of a blob that is arriving are here."""
        for path in (self._path(blob_id), self._part(blob_id)):
            if path.exists():
                return path.stat().st_size
        return 0

    def write_piece(self, blob_id: bytes, offset: int, data: bytes, size: int) -> int:
        """Add a part at the end of what is here; return how many bytes are here then.

        A part that does not follow on is left aside: the caller learns where to go on. When all
        of `size` is here its digest is checked; a blob that is not what its name says is dropped.

        Raises:
            MalformedError: more bytes came than the blob has, or others.
            UnavailableError: the disk is full.
        """
        with self._locks[blob_id[0] % _LOCKS]:
            return self._write_piece(blob_id, offset, data, size)

    def _write_piece(self, blob_id: bytes, offset: int, data: bytes, size: int) -> int:
        if self._path(blob_id).exists():
            return size
        part, here = self._part(blob_id), self.held(blob_id)
        try:
            if offset == here < size:
                here += len(data)
                if here > size:
                    raise MalformedError("more bytes than the attachment has")
                with part.open("ab") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
            # Also when an earlier process ended between the last byte and this.
            if here == size:
                self._complete(part, blob_id)
        except OSError as error:
            raise _explain(error, self._folder) from error
        return here

    def sweep(self, wanted: AbstractSet[bytes]) -> None:
        """Remove what no report needs; called when nobody else uses the folder."""
        names = {blob_id.hex() for blob_id in wanted}
        for path in self._folder.iterdir():
            if path.name.partition(".")[0] not in names or path.suffix == ".staged":
                path.unlink()

    def _complete(self, part: Path, blob_id: bytes) -> None:
        if _digest_of(part) != blob_id:
            part.unlink()
            raise MalformedError("the attachment is not the one that was announced")
        self._finish(part, blob_id)

    def _finish(self, part: Path, blob_id: bytes) -> None:
        part.rename(self._path(blob_id))
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _path(self, blob_id: bytes) -> Path:
        return self._folder / blob_id.hex()

    def _part(self, blob_id: bytes) -> Path:
        return self._folder / f"{blob_id.hex()}.part"


def _encrypt(
    chunks: Iterable[bytes], write: Callable[[bytes], object], key: bytes, iv: bytes, salt: bytes
) -> StagedBlob:
    encryptor = Cipher(algorithms.AES(key), modes.GCM(iv)).encryptor()
    outer, inner, size = hashlib.sha256(), hashlib.sha256(salt), 0
    for chunk in chunks:
        size += len(chunk)
        if size > MAX_ATTACHMENT:
            msg = f"an attachment has at most {MAX_ATTACHMENT:,} bytes (256 MiB)"
            raise InputError("attachment-unreadable", msg)
        sealed = encryptor.update(chunk)
        inner.update(chunk)
        outer.update(sealed)
        write(sealed)
    if not size:
        raise InputError("attachment-unreadable", "the attachment is empty")
    tail = encryptor.finalize() + encryptor.tag
    outer.update(tail)
    write(tail)
    return StagedBlob(outer.digest(), size + _TAG, size, inner.digest())


def _digest_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _explain(error: OSError, folder: Path) -> UnavailableError:
    code = "disk-full" if error.errno in {28, 122} else "storage-failed"
    msg = (
        f"{folder} cannot be written ({error.strerror}); nothing was sent. Make room and try again"
    )
    return UnavailableError(code, msg)
