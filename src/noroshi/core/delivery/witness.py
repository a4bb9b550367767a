"""What two nodes tell each other of journals in a comms check: proofs, cosignatures, sightings.

Who asks a check says from which sizes of the other's journal it wants proof, and whom it knows
besides; the answer has the proofs, a cosignature, and the checkpoints of partners whom both know.
The asking stands among the settled serials, as entries of an epoch that does not exist: a node
that does not know of witnesses passes it over, and is then answered in kind.
`docs/formats/check.md`.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.delivery.check import NO_EPOCH, CommsCheck
from noroshi.core.errors import MalformedError
from noroshi.core.tlog.checkpoint import MAX_NOTE
from noroshi.core.tlog.cosignature import MAX_COSIGNED

VERSION: Final = 1
MAX_PART: Final = 20 * 1024
MAX_PROOFS: Final = 8
MAX_TAGS: Final = 64
MAX_OTHERS: Final = 32
MAX_OTHERS_BYTES: Final = 6 * 1024
_SIZE: Final = 1
_TAG: Final = 2
_TAG_BYTES: Final = 6
_LARGEST: Final = 2**53

Asked = tuple[int, int, int]


class WitnessPart(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What an answer tells of journals."""

    version: int
    note: bytes
    """The newest checkpoint of the teller; b"": none."""
    proofs: tuple[tuple[int, tuple[bytes, ...]], ...]
    """Sizes that were asked for, each with the consistency proof from there to `note`."""
    cosigned: bytes
    """The newest checkpoint of the hearer that the teller has verified, cosigned; b"": none."""
    others: tuple[bytes, ...]
    """The newest checkpoints that the teller holds of partners whom the hearer has named."""


def ask(sizes: Iterable[int], tags: Iterable[int]) -> tuple[Asked, ...]:
    """Return what to put among the settled serials of a check."""
    wanted = tuple((NO_EPOCH, _SIZE, size) for size in sizes)
    return (*wanted, *((NO_EPOCH, _TAG, tag) for tag in tags))


def asked_sizes(check: CommsCheck) -> tuple[int, ...]:
    """Return the sizes from which a check asks for proof; none: it does not know of witnesses."""
    return _asked(check, _SIZE)[:MAX_PROOFS]


def asked_tags(check: CommsCheck) -> tuple[int, ...]:
    """Return the tags of partners that the teller of a check names."""
    return _asked(check, _TAG)[:MAX_TAGS]


def tag_of(root_digest: bytes, asker: str, answerer: str) -> int:
    """Return the name of a partner between two others: it says nothing to who does not know it."""
    told = b"\n".join((b"noroshi/v1/common", root_digest, asker.encode(), answerer.encode()))
    return int.from_bytes(hashlib.sha256(told).digest()[:_TAG_BYTES])


def encode_part(part: WitnessPart) -> bytes:
    """Return the encoding of a part."""
    return gate.encode_struct(part)


def decode_part(raw: bytes) -> WitnessPart:
    """Return the part that `raw` encodes; whose notes they are is not looked at.

    Raises:
        MalformedError: it encodes none.
    """
    part = gate.decode_struct(raw, WitnessPart, limit=MAX_PART)
    if (
        part.version != VERSION
        or len(part.proofs) > MAX_PROOFS
        or len(part.others) > MAX_OTHERS
        or len(part.cosigned) > MAX_COSIGNED
        or any(len(note) > MAX_NOTE for note in (part.note, *part.others))
    ):
        raise MalformedError("what the check tells of journals is of an unknown kind or too much")
    return part


def _asked(check: CommsCheck, what: int) -> tuple[int, ...]:
    return tuple(
        number
        for epoch, kind, number in check.settled
        if epoch == NO_EPOCH and kind == what and 0 <= number < _LARGEST
    )
