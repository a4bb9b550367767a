"""A courier volume: one file of a set that carries envelopes and blobs to one partner.

    magic line
    block: COSE_Sign over the head      who, to whom, which volume of which set, digest of the rest
    payload: fragments                  block: what comes, where it belongs; then its bytes

Whatever is in the payload is sealed and signed on its own; the volume's signature says that
these bytes are those that the sender's node wrote, before any of them is looked at. Names of
files mean nothing here. `docs/formats/courier.md`.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.delivery.check import MAX_CHECK
from noroshi.core.delivery.item import Cargo
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.keys import Purpose, SignerSet
from noroshi.core.envelope.primitives import Primitives, Signer
from noroshi.core.errors import MalformedError
from noroshi.core.instant import Instant, is_instant
from noroshi.core.partner import is_name

MAGIC: Final = b"noroshi courier volume v1\n"
VERSION: Final = 1
PURPOSE: Final = Purpose.RECEIPT
"""Like a receipt, a volume speaks for the node: it says what was imported there."""

MAX_FILE: Final = 4 * 1024 * 1024 * 1024
MAX_VOLUMES: Final = 9999
MAX_FRAGMENTS: Final = 65_536
MAX_IMPORTED: Final = 256
READS_WITNESS: Final = b"witness-volume/1"
"""Stands among the sets that were imported, and is none: the sender reads fragments of cargo 4."""
MAX_FRAGMENT_HEAD: Final = 80
"""Upper bound of the encoding of a :class:`Fragment`, its block's size included."""

_SIZE: Final = 4
_LONGEST: Final = {
    Cargo.ENVELOPE: suite.MAX_ENVELOPE,
    Cargo.RECEIPT: suite.MAX_ENVELOPE,
    Cargo.BLOB: suite.MAX_ATTACHMENT + suite.GCM_TAG_SIZE,
    Cargo.WITNESS: MAX_CHECK,
}

Take = Callable[[int], bytes]
"""Returns the next so many bytes; fewer where the file ends."""
ReadAt = Callable[[int, int], bytes]
"""Returns at a position so many bytes of the payload."""


class VolumeHead(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The signed part of a volume."""

    version: int
    set_id: bytes
    """Drawn at random for each `courier out`."""
    sender: str
    to: str
    number: int
    count: int
    created_at: Instant
    size: int
    """Of the payload, in bytes."""
    digest: bytes
    """SHA-256 of the payload."""
    imported: tuple[bytes, ...]
    """Sets of the addressee that the sender has imported completely, the newest first."""


class Fragment(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A part of an item, or all of it; `size` bytes follow it in the payload."""

    cargo: Cargo
    item: bytes
    """Envelope id or blob id."""
    total: int
    """Size of the whole item."""
    start: int
    size: int

    @property
    def is_whole(self) -> bool:
        """Say whether this is all of the item."""
        return self.size == self.total

    @property
    def end(self) -> int:
        """Where in the item the next fragment goes on."""
        return self.start + self.size


class Placed(msgspec.Struct, frozen=True):
    """Where a fragment's bytes lie."""

    fragment: Fragment
    volume: int
    position: int
    """Within the volume's payload."""


class SignedHead(msgspec.Struct, frozen=True):
    """A volume's head as read: a claim until :meth:`verify` returns."""

    head: VolumeHead
    signed: cose.Signed

    @property
    def digest(self) -> bytes:
        """What the journal names this volume by."""
        return self.signed.digest

    def verify(self, signers: SignerSet, primitives: Primitives) -> None:
        """Return if exactly `signers` signed.

        Raises:
            MalformedError: they did not.
        """
        try:
            self.signed.verify(signers, primitives)
        except MalformedError as error:
            who = self.head.sender
            msg = (
                f"its signature is not by {who}: it was damaged, somebody else wrote it, or the "
                f"card of {who} here is not their newest"
            )
            raise _bad(msg) from error


def begin_volume(head: VolumeHead, profile: int, signers: Sequence[Signer]) -> tuple[bytes, bytes]:
    """Return what stands before the payload, and the digest of the signed head."""
    signed = cose.sign(gate.encode_struct(head), suite.COURIER, profile, signers)
    return MAGIC + _block(signed), cose.digest(signed)


def begin_fragment(fragment: Fragment) -> bytes:
    """Return what stands before a fragment's bytes."""
    return _block(gate.encode_struct(fragment))


def read_head(take: Take) -> SignedHead:
    """Return the head of the volume that `take` reads from its beginning; leave the payload.

    Raises:
        MalformedError: there is no volume, or its head says what cannot be.
    """
    if take(len(MAGIC)) != MAGIC:
        raise _bad("it does not begin like a courier volume of this release")
    size = take(_SIZE)
    raw = take(min(int.from_bytes(size), suite.MAX_SIGNED + 1)) if len(size) == _SIZE else b""
    if len(size) < _SIZE or len(raw) != int.from_bytes(size):
        raise _bad("it breaks off within its head, or is damaged there")
    try:
        signed = cose.parse(raw, (suite.COURIER,), limit=suite.MAX_SIGNED)
        head = gate.decode_struct(signed.raw_payload, VolumeHead, limit=suite.MAX_SIGNED)
    except MalformedError as error:
        raise _bad("its head is damaged") from error
    _check(head)
    return SignedHead(head, signed)


def read_fragments(read: ReadAt, number: int, payload: int) -> Iterator[Placed]:
    """Yield the fragments of a volume whose `payload` bytes have the right digest.

    The bytes of the fragments themselves stay unread.

    Raises:
        MalformedError: the sender's node wrote what is no payload.
    """
    position, items = 0, set[bytes]()
    while position < payload:
        size = int.from_bytes(read(position, _SIZE))
        position += _SIZE
        if size > MAX_FRAGMENT_HEAD:
            raise _bad("its fragments are not what they should be")
        fragment = _read_fragment(read(position, size))
        position += size
        if fragment.item in items or len(items) == MAX_FRAGMENTS:
            raise _bad(f"it holds an item twice, or more than {MAX_FRAGMENTS:,} items")
        items.add(fragment.item)
        if position + fragment.size > payload:
            raise _bad("its last fragment is longer than the rest of it")
        yield Placed(fragment, number, position)
        position += fragment.size


def volume_name(set_id: bytes, number: int, count: int) -> str:
    """Return how people are told of a volume, here or lacking."""
    return f"set {set_id.hex()[:8]}: volume {number} of {count}"


def payload_digest(parts: Iterator[bytes]) -> tuple[int, bytes]:
    """Return size and digest of a payload that comes in parts."""
    size, digest = 0, hashlib.sha256()
    for part in parts:
        size += len(part)
        digest.update(part)
    return size, digest.digest()


def _check(head: VolumeHead) -> None:
    ids = (head.set_id, *head.imported)
    if not (
        head.version == VERSION
        and is_name(head.sender)
        and is_name(head.to)
        and 1 <= head.number <= head.count <= MAX_VOLUMES
        and is_instant(head.created_at)
        and 0 <= head.size <= MAX_FILE
        and len(head.digest) == suite.DIGEST_SIZE
        and len(head.imported) <= MAX_IMPORTED
        and all(len(set_id) == suite.ID_SIZE for set_id in ids)
    ):
        raise _bad("its head says what cannot be, or is of a newer release")


def _read_fragment(raw: bytes) -> Fragment:
    try:
        fragment = gate.decode_struct(raw, Fragment, limit=MAX_FRAGMENT_HEAD)
    except MalformedError as error:
        raise _bad("its fragments are not what they should be") from error
    wanted = suite.DIGEST_SIZE if fragment.cargo is Cargo.BLOB else suite.ID_SIZE
    if not (
        len(fragment.item) == wanted
        and fragment.start >= 0
        and fragment.size > 0
        and fragment.end <= fragment.total <= _LONGEST[fragment.cargo]
    ):
        raise _bad("one of its fragments says what cannot be")
    return fragment


def _block(raw: bytes) -> bytes:
    return len(raw).to_bytes(_SIZE) + raw


def _bad(why: str) -> MalformedError:
    return MalformedError(why, "bad-volume")
