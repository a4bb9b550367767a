"""Receipts: one signed object per partner that tells of many reports.

What is signed is a list of salted digests, one per (report, desk); the entries lie beside.
So a proof can show a single entry without telling of the others. Each entry holds the whole
ladder so far, so that receipts may be lost or arrive in any order.
`docs/formats/receipt.md`.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.delivery.check import Tally, check_tally
from noroshi.core.delivery.ladder import RungRecord
from noroshi.core.envelope import suite
from noroshi.core.errors import MalformedError, RefusalError
from noroshi.core.instant import Instant, is_instant

VERSION: Final = 1
MAX_ENTRIES: Final = 256


class ReceiptHead(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The signed part of a receipt."""

    version: int
    envelope_id: bytes
    sender: str
    created_at: Instant
    expires_at: Instant | None
    to: tuple[tuple[str, bytes], ...]
    entries: tuple[bytes, ...]
    """SHA-256 of each encoded entry."""
    issued: bytes
    """SHA-256 of the encoded :class:`Issued`."""
    checkpoint: bytes
    """The issuer's newest checkpoint, a signed note."""
    seen_size: int
    seen_root: bytes
    """The newest checkpoint of the addressee that the issuer holds; size 0: none."""


class ReceiptEntry(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """How far one report got at one desk of the issuer."""

    salt: bytes
    report_id: bytes
    head_digest: bytes
    """SHA-256 of the report's signed head, as received."""
    desk: str
    ladder: tuple[RungRecord, ...]
    attachments_held: int


class Issued(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The serials that the issuer has given the addressee."""

    salt: bytes
    tally: Tally


class Beside(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What lies beside a receipt's head, inside the seal."""

    entries: tuple[bytes, ...]
    issued: bytes


def digest(opening: bytes) -> bytes:
    """Return the digest under which an entry or `Issued` stands in the head."""
    return hashlib.sha256(opening).digest()


def open_beside(head: ReceiptHead, beside: bytes) -> tuple[tuple[ReceiptEntry, ...], Issued]:
    """Return the entries and serials that `head` signs.

    Raises:
        RefusalError: they are not those of the head.
        MalformedError: they cannot be read.
    """
    wire = gate.decode_struct(beside, Beside, limit=suite.MAX_INNER)
    digests = tuple(digest(raw) for raw in wire.entries)
    if digests != head.entries or digest(wire.issued) != head.issued:
        raise RefusalError("malformed", "the receipt's entries are not those that were signed")
    if len(digests) > MAX_ENTRIES:
        raise RefusalError("malformed", f"a receipt has at most {MAX_ENTRIES} entries")
    issued = gate.decode_struct(wire.issued, Issued, limit=suite.MAX_SIGNED)
    check_tally(issued.tally)
    return tuple(open_entry(raw) for raw in wire.entries), issued


def open_entry(raw: bytes) -> ReceiptEntry:
    """Return the entry that `raw` encodes.

    Raises:
        MalformedError: it encodes none.
    """
    entry = gate.decode_struct(raw, ReceiptEntry, limit=suite.MAX_SIGNED)
    rungs = {record.rung for record in entry.ladder}
    if (
        len(entry.report_id) != suite.ID_SIZE
        or len(rungs) != len(entry.ladder)
        or not all(is_instant(record.at) for record in entry.ladder)
    ):
        raise MalformedError("a receipt names an impossible report, ladder or time")
    return entry


def encode_beside(entries: Sequence[bytes], issued: bytes) -> bytes:
    """Return what lies beside the head."""
    return gate.encode_struct(Beside(tuple(entries), issued))
