"""The head of a report: the small part that is signed and can be shown as proof.

It names sender, recipients, times, marking and salted digests; whatever could tell the
content (subject, desks, body, names of attachments) lies beside it, inside the seal alone.
The serial numbers are commitments: each recipient finds the opening of its own in its own
part, so partners learn nothing of their neighbours' traffic.
"""

import hashlib
from typing import Final, Protocol

import msgspec

from noroshi.core import gate
from noroshi.core.envelope import suite
from noroshi.core.envelope.open import Opened
from noroshi.core.errors import RefusalError, UnreadableError
from noroshi.core.instant import DAY, Instant, is_instant
from noroshi.core.precedence import Precedence, Status

VERSION: Final = 1
Recipient = tuple[str, bytes]
"""A partner and the id of the sealing key on its card; its block may be for a prekey of it."""
MAX_SKEW: Final = DAY
"""How far a sender's clock may be ahead of ours."""


class AttachmentDigest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An attachment as the head names it."""

    blob_id: bytes
    """SHA-256 of the encrypted blob."""
    size: int
    """Of the encrypted blob, in bytes."""
    digest: bytes
    """SHA-256 of the salt and the plaintext."""


class ReportHead(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the sender signs."""

    version: int
    envelope_id: bytes
    sender: str
    created_at: Instant
    expires_at: Instant | None
    to: tuple[Recipient, ...]
    """Pairs of partner and id of the sealing key on its card, sorted."""
    report_id: bytes
    precedence: Precedence
    """For action addressees."""
    info_precedence: Precedence
    status: Status
    marking: str
    serials: tuple[bytes, ...]
    """One commitment per pair of `to`."""
    content_digest: bytes
    """SHA-256 of the salt and the encoded content."""
    attachments: tuple[AttachmentDigest, ...]


class Serial(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The opening of one serial commitment."""

    salt: bytes
    partner: str
    epoch: int
    """Serials count anew when a node was restored from a backup."""
    precedence: Precedence
    number: int


class OwnPart(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What one recipient alone can read."""

    serial: Serial
    checkpoint: bytes
    """The sender's newest checkpoint, a signed note; empty before the first."""


class Beside(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What lies beside a report's head, inside the seal."""

    salt: bytes
    content: bytes


class _Routing(Protocol):
    """What every signed head begins with."""

    @property
    def version(self) -> int: ...
    @property
    def envelope_id(self) -> bytes: ...
    @property
    def created_at(self) -> Instant: ...
    @property
    def expires_at(self) -> Instant | None: ...
    @property
    def to(self) -> tuple[Recipient, ...]: ...


def commitment(serial: Serial) -> bytes:
    """Return the commitment to a serial number."""
    return hashlib.sha256(gate.encode_struct(serial)).digest()


def salted_digest(salt: bytes, data: bytes) -> bytes:
    """Return SHA-256 of salt and data."""
    return hashlib.sha256(salt + data).digest()


def claimed_sender(raw_payload: bytes) -> str:
    """Return whom a still unverified head names as its sender.

    Raises:
        MalformedError: it cannot be read.
    """
    fields = gate.convert(gate.decode(raw_payload, limit=suite.MAX_SIGNED), list[object])
    return gate.convert(fields[2] if len(fields) > 2 else None, str)  # noqa: PLR2004


def check_routing(head: _Routing, opened: Opened, me: frozenset[Recipient], now: Instant) -> None:
    """Return if the verified `head` belongs to the envelope it came in, and is meant for `me`.

    `me` is how heads may name this node: with the sealing key of its card or of an earlier one.

    Raises:
        UnreadableError: the envelope has more blocks than the head names recipients. Blocks
            of others are not bound to it, so any bearer can have put one there.
        RefusalError: it was cut from another envelope, is addressed to others, or its time
            is past or impossible.
    """
    if head.version != VERSION or list(head.to) != sorted(set(head.to)):
        raise RefusalError("malformed", "the head is of an unknown version or order")
    if head.envelope_id != opened.outer.envelope_id or head.expires_at != opened.outer.expires_at:
        raise RefusalError("malformed", "the head belongs to another envelope")
    if me.isdisjoint(head.to):
        raise RefusalError("not-addressed", "the head names other recipients than the envelope")
    if len(opened.recipient_kids) > len(head.to):
        raise UnreadableError
    if not is_instant(head.created_at) or head.created_at > now + MAX_SKEW:
        raise RefusalError("clock-off", "it was written in the future; compare the clocks")
    if head.expires_at is not None and head.expires_at <= now:
        raise RefusalError("expired", "it arrived after its time")


def check_report(
    head: ReportHead, opened: Opened, me: frozenset[Recipient]
) -> tuple[Beside, OwnPart]:
    """Return the openings that belong to a verified report `head`.

    Raises:
        RefusalError: content, serial or precedence are not those that were signed.
    """
    beside = gate.decode_struct(opened.beside, Beside, limit=suite.MAX_INNER)
    own = gate.decode_struct(opened.own_part, OwnPart, limit=suite.MAX_SIGNED)
    if len(head.report_id) != suite.ID_SIZE:
        raise RefusalError("malformed", "the report's id is not as long as it must be")
    if len(beside.salt) != suite.SALT_SIZE or head.content_digest != salted_digest(
        beside.salt, beside.content
    ):
        raise RefusalError("malformed", "the content is not the one that was signed")
    expected = {
        serial: partner
        for (partner, kid), serial in zip(head.to, head.serials, strict=False)
        if (partner, kid) in me
    }
    if (
        own.serial.partner != expected.get(commitment(own.serial))
        or own.serial.number < 1
        or own.serial.epoch < 1
        or len(head.serials) != len(head.to)
    ):
        raise RefusalError("malformed", "the serial number is not the one that was signed")
    if opened.outer.precedence is not max(head.precedence, head.info_precedence):
        raise RefusalError("malformed", "the envelope's precedence is not the one that was signed")
    return beside, own
