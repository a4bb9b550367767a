"""The pull: how a node that can only dial out is offered what a push would bring it.

It polls; an answer to a poll is an offer; what became of the offer goes with the next poll.
`docs/formats/peer-door.md`.
"""

from enum import IntEnum
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.delivery.item import Lane
from noroshi.core.envelope import suite
from noroshi.core.errors import MalformedError

VERSION: Final = 1
MAX_POLL: Final = 64 * 1024
MAX_OFFER: Final = suite.MAX_ENVELOPE + 2 * 1024 * 1024
MAX_OFFERED: Final = 64
"""Envelopes in one offer."""


class Kind(IntEnum):
    """What is offered."""

    ENVELOPES = 1
    PIECE = 2
    """Bytes of a blob."""
    CHECK = 3
    """One side's half of a comms check."""


class Offer(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a partner is offered at a time in one lane."""

    id: bytes
    kind: Kind
    items: tuple[bytes, ...]
    """Envelopes, or the one piece, or the one half of a check."""
    blob_id: bytes = b""
    start: int = 0
    """Where the piece begins in its blob."""


class Outcome(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What became of one envelope."""

    taken: bool
    code: str
    message: str


class Result(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What became of an offer."""

    id: bytes
    failure: str = ""
    """A code, where it could not be taken in at all."""
    outcomes: tuple[Outcome, ...] = ()
    held: int = 0
    """How many bytes of the blob are here."""
    answer: bytes = b""
    """The other half of the check."""


class Poll(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A node asks what there is for it in a lane."""

    version: int
    lane: Lane
    result: Result | None
    """Of the offer before, if there was one."""


def encode_poll(poll: Poll) -> bytes:
    """Return the encoding of a poll."""
    return gate.encode_struct(poll)


def decode_poll(raw: bytes) -> Poll:
    """Return the poll that `raw` encodes.

    Raises:
        MalformedError: it encodes none.
    """
    poll = gate.decode_struct(raw, Poll, limit=MAX_POLL)
    if poll.version != VERSION:
        raise MalformedError("the poll is of an unknown version")
    return poll


def encode_offer(offer: Offer) -> bytes:
    """Return the encoding of an offer."""
    return gate.encode_struct(offer)


def decode_offer(raw: bytes) -> Offer:
    """Return the offer that `raw` encodes.

    Raises:
        MalformedError: it encodes none.
    """
    offer = gate.decode_struct(raw, Offer, limit=MAX_OFFER)
    most = MAX_OFFERED if offer.kind is Kind.ENVELOPES else 1
    if len(offer.id) != suite.ID_SIZE or not 1 <= len(offer.items) <= most or offer.start < 0:
        raise MalformedError("the offer holds what cannot be offered")
    return offer
