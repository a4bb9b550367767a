"""Journal entries: what happened, without what was said.

An entry is one leaf of the tree. It names a report by its id and its signed head by digest,
never content; its salt keeps the leaf's hash from being guessed. `docs/formats/journal.md`.
"""

from enum import Enum
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.errors import MalformedError
from noroshi.core.instant import Instant
from noroshi.core.tlog.merkle import leaf_hash

VERSION: Final = 1
MAX_ENTRY: Final = 4096
SALT_SIZE: Final = 16

_REPORT_FIELD: Final = 4


class EntryKind(Enum):
    """What an entry records."""

    INITIALISED = "Initialised"
    CARD_ISSUED = "CardIssued"
    PARTNER_ADDED = "PartnerAdded"
    PARTNER_UPDATED = "PartnerUpdated"
    PARTNER_VERIFIED = "PartnerVerified"
    SEALED = "Sealed"
    RECEIVED = "Received"
    REFUSED = "Refused"
    ANSWERED = "Answered"
    RECEIPT_ISSUED = "ReceiptIssued"
    RECEIPT_RECORDED = "ReceiptRecorded"
    EXPIRED = "Expired"
    WITHDRAWN = "Withdrawn"
    ASSIGNED = "Assigned"
    ALARM_RAISED = "AlarmRaised"
    ALARM_TAKEN = "AlarmTaken"
    WATCH_CHANGED = "WatchChanged"
    VOLUME_ISSUED = "VolumeIssued"
    VOLUME_IMPORTED = "VolumeImported"
    RESTORED = "Restored"
    HELD_SENT = "HeldSent"
    DRAFTED = "Drafted"
    RELEASED = "Released"
    DRAFT_DROPPED = "DraftDropped"
    AGREEMENT_KEPT = "AgreementKept"
    WITHHELD = "Withheld"
    PREKEY_MADE = "PrekeyMade"
    PREKEY_DESTROYED = "PrekeyDestroyed"
    PREKEYS_TOLD = "PrekeysTold"
    PREKEYS_TAKEN = "PrekeysTaken"
    PARTNER_REVOKED = "PartnerRevoked"
    NOTICE_TOLD = "NoticeTold"
    NOTICE_TAKEN = "NoticeTaken"
    QUARANTINED = "Quarantined"
    QUARANTINE_TAKEN = "QuarantineTaken"
    QUARANTINE_DROPPED = "QuarantineDropped"
    ACCOUNT_ADDED = "AccountAdded"
    ACCOUNT_CHANGED = "AccountChanged"
    ACCOUNT_ENDED = "AccountEnded"
    CONSENT_ASKED = "ConsentAsked"
    CONSENT_GRANTED = "ConsentGranted"
    ENCLOSED = "Enclosed"
    CONTENT_DESTROYED = "ContentDestroyed"
    LEGAL_HOLD = "LegalHold"
    LEGAL_HOLD_ENDED = "LegalHoldEnded"
    DIRECTORY_ISSUED = "DirectoryIssued"
    DIRECTORY_TOLD = "DirectoryTold"
    DIRECTORY_TAKEN = "DirectoryTaken"
    ROOT_TAKEN = "RootTaken"
    ROOT_REMOVED = "RootRemoved"
    MACHINE_CHANGED = "MachineChanged"
    MACHINE_ENDED = "MachineEnded"
    RULE_CHANGED = "RuleChanged"
    RULE_ENDED = "RuleEnded"
    INTEREST_SET = "InterestSet"
    INTEREST_ENDED = "InterestEnded"
    FEED_CHANGED = "FeedChanged"
    FEED_ENDED = "FeedEnded"
    FEED_ADMITTED = "FeedAdmitted"
    FEED_DROPPED = "FeedDropped"


class Entry(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One thing that happened."""

    version: int
    kind: EntryKind
    at: Instant
    partner: str | None
    """The partner it concerns; the node's own for what it did by itself."""
    report_id: bytes | None
    digest: bytes | None
    """SHA-256 of the signed object that it is about: a head, a receipt, a card."""
    desk: str | None
    rung: str | None
    by: str | None
    code: str | None
    salt: bytes


def new_entry(
    kind: EntryKind,
    at: Instant,
    salt: bytes,
    partner: str,
    *,
    report_id: bytes | None = None,
    digest: bytes | None = None,
    desk: str | None = None,
    rung: str | None = None,
    by: str | None = None,
    code: str | None = None,
) -> Entry:
    """Return an entry of the present version."""
    return Entry(VERSION, kind, at, partner, report_id, digest, desk, rung, by, code, salt)


class Leaf(msgspec.Struct, frozen=True):
    """An entry's bytes and their hash."""

    raw: bytes
    hash: bytes


def encode_entry(entry: Entry) -> Leaf:
    """Return the leaf of `entry`."""
    raw = gate.encode_struct(entry)
    return Leaf(raw, leaf_hash(raw))


def decode_entry(raw: bytes) -> Entry:
    """Return the entry that `raw` encodes.

    Raises:
        MalformedError: it encodes none.
    """
    return gate.decode_struct(raw, Entry, limit=MAX_ENTRY)


def report_id_of(raw: bytes) -> bytes | None:
    """Return the report that an entry's bytes name, looking no further than that.

    Raises:
        MalformedError: the bytes do not begin like an entry.
    """
    found = _field(raw, _REPORT_FIELD)
    if found is None:
        raise MalformedError("not the bytes of a journal entry")
    major, report_id = found
    return report_id if major == gate.BYTES else None


def _field(raw: bytes, number: int) -> tuple[int, bytes] | None:
    """Return major type and content of a field, or None where there is none."""
    try:
        _, _, position = gate.read_head(raw, 0)
        major, content = -1, b""
        for _ in range(number + 1):
            major, size, position = gate.read_head(raw, position)
            content = raw[position : position + size] if major in {gate.BYTES, gate.TEXT} else b""
            position += len(content)
    except (IndexError, ValueError):
        return None
    return major, content
