"""A backup as a file: what it begins with, and what stands before each of its parts.

    magic line | head | digest of the head | part, part, ...        part = its own head | bytes

Each small head passes the decode gate alone, so a backup of any size is written and read in
pieces. The first head names the digest of all the others, and these the digests of the bytes:
nothing can be cut off, added or changed unseen. A backup is not signed, for it holds the keys
that would sign it. `docs/formats/backup.md`.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

import msgspec

from noroshi.core import gate
from noroshi.core.envelope.suite import MAX_ATTACHMENT
from noroshi.core.errors import MalformedError
from noroshi.core.instant import Instant, is_instant
from noroshi.core.partner import is_name

MAGIC: Final = b"noroshi backup 1\n"
VERSION: Final = 1
DATABASES: Final = frozenset({"node.db", "objects.db"})
MAX_HEAD: Final = 1024
MAX_PARTS: Final = 1_000_000
MAX_SMALL: Final = 64 * 1024
"""Of settings, keys and certificates."""

_LENGTH: Final = 2
_DIGEST: Final = 32
_LARGEST: Final = 2**53
_BLOB: Final = re.compile(r"blobs/([0-9a-f]{64})")
_VOLUME: Final = re.compile(r"spool/([a-z0-9-]{1,63})\.[0-9a-f]{1,64}\.[1-9][0-9]{0,8}")
_SMALL: Final = re.compile(
    r"noroshi\.toml|tls\.(crt|key)|keys/[a-z]{1,16}\.key"
    r"|retention/[0-9]{4}-[0-9]{2}-[0-9]{2}\.[0-9a-f]{8}\.key"
)

T = TypeVar("T")

Take = Callable[[int], bytes]
"""Returns the next so many bytes; fewer at the end."""


class BackupHead(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a backup says of itself."""

    version: int
    partner: str
    epoch: int
    created_at: Instant
    """What was committed later is not in it."""
    size: int
    """Of the journal."""
    root: bytes
    """Of the journal."""
    are_keys_wrapped: bool
    parts: int
    payload: int
    """How many bytes follow the head and its digest."""
    digest: bytes
    """SHA-256 of the encoded heads of all parts, in their order."""


class Part(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A file of the home."""

    name: str
    size: int
    digest: bytes
    """SHA-256 of its bytes."""


def frame(
    parts: Iterable[Part],
    *,
    partner: str,
    epoch: int,
    created_at: Instant,
    journal: tuple[int, bytes],
    are_keys_wrapped: bool,
) -> BackupHead:
    """Return the head of a backup of `parts`, which are in the order of their names."""
    found, count, payload = hashlib.sha256(), 0, 0
    for part in parts:
        encoded = gate.encode_struct(part)
        found.update(encoded)
        count, payload = count + 1, payload + _LENGTH + len(encoded) + part.size
    return BackupHead(
        VERSION, partner, epoch, created_at, *journal, are_keys_wrapped, count, payload,
        found.digest(),
    )  # fmt: skip


def encode_head(head: BackupHead) -> bytes:
    """Return all that stands before the first part."""
    encoded = gate.encode_struct(head)
    return MAGIC + _prefixed(encoded) + hashlib.sha256(encoded).digest()


def encode_part(part: Part) -> bytes:
    """Return what stands before the bytes of a part."""
    return _prefixed(gate.encode_struct(part))


def read_head(take: Take) -> BackupHead:
    """Return the head at the beginning of a file.

    Raises:
        MalformedError: the file is no backup of this version.
    """
    if take(len(MAGIC)) != MAGIC:
        raise MalformedError("it is no backup of a Noroshi node", "bad-backup")
    encoded = _take_prefixed(take)
    if take(_DIGEST) != hashlib.sha256(encoded).digest():
        raise _damaged()
    head = _decode(encoded, BackupHead)
    if (
        head.version != VERSION
        or not is_name(head.partner)
        or not is_instant(head.created_at)
        or not 1 <= head.epoch < _LARGEST
        or not 1 <= head.size < _LARGEST
        or not len(head.root) == len(head.digest) == _DIGEST
        or not 1 <= head.parts <= MAX_PARTS
        or not 0 <= head.payload < _LARGEST
    ):
        raise MalformedError("it is a backup of an unknown version", "bad-backup")
    return head


class PartsReader:
    """Reads the heads of a file's parts, one after another, and checks them against the first."""

    def __init__(self, head: BackupHead) -> None:
        self._head = head
        self._found = hashlib.sha256()
        self._left = head.parts
        self._room = head.payload
        self._last = ""

    def next(self, take: Take) -> Part | None:
        """Return the next part, whose bytes follow; None after the last.

        Raises:
            MalformedError: it is damaged, out of order, larger than what is left, or no file
                that a home has.
        """
        if self._left == 0:
            if take(1) or self._room or self._found.digest() != self._head.digest:
                raise _damaged()
            return None
        encoded = _take_prefixed(take)
        part = _decode(encoded, Part)
        self._found.update(encoded)
        self._left -= 1
        self._room -= _LENGTH + len(encoded) + part.size
        if not is_possible(part) or part.name <= self._last or self._room < 0:
            raise MalformedError("it holds what no node writes", "bad-backup")
        self._last = part.name
        return part


def is_possible(part: Part) -> bool:
    """Say whether a home has such a file, so that no name leads out of it."""
    if not 0 <= part.size < _LARGEST or len(part.digest) != _DIGEST:
        return False
    blob = _BLOB.fullmatch(part.name)
    if blob is not None:
        return part.size <= 2 * MAX_ATTACHMENT and part.digest.hex() == blob[1]
    volume = _VOLUME.fullmatch(part.name)
    if volume is not None:
        return is_name(volume[1])
    return part.name in DATABASES or (
        _SMALL.fullmatch(part.name) is not None and part.size <= MAX_SMALL
    )


def _prefixed(encoded: bytes) -> bytes:
    return len(encoded).to_bytes(_LENGTH) + encoded


def _take_prefixed(take: Take) -> bytes:
    size = int.from_bytes(take(_LENGTH))
    encoded = take(size) if size <= MAX_HEAD else b""
    if not encoded or len(encoded) != size:
        raise _damaged()
    return encoded


def _decode(encoded: bytes, struct: type[T]) -> T:
    try:
        return gate.decode_struct(encoded, struct, limit=MAX_HEAD)
    except MalformedError as error:
        raise MalformedError(error.message, "bad-backup") from error


def _damaged() -> MalformedError:
    return MalformedError("it is damaged or breaks off; take another backup", "bad-backup")
