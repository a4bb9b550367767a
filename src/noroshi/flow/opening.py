"""Opening: what an envelope's bytes are, verified as far as they go, before anything is committed.

Needs no lock: open, find the sender's keys, verify, compare. What comes of it is committed by
:mod:`noroshi.flow.receive`.
"""

import hashlib

import msgspec

from noroshi.core import gate
from noroshi.core.compact.content import open_content
from noroshi.core.delivery.receipt import (
    Issued,
    ReceiptEntry,
    ReceiptHead,
    open_beside,
)
from noroshi.core.directory.card import Card
from noroshi.core.directory.notice import NoticeHead, check_notice
from noroshi.core.directory.prekeys import PrekeysHead, check_prekeys
from noroshi.core.directory.repository import DirectoryHead
from noroshi.core.envelope import suite
from noroshi.core.envelope.head import (
    OwnPart,
    ReportHead,
    Serial,
    check_report,
    check_routing,
    claimed_sender,
)
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.open import Opened, open_envelope
from noroshi.core.errors import MalformedError, RefusalError, UnreadableError
from noroshi.core.instant import Instant
from noroshi.core.partner import PartnerState
from noroshi.core.precedence import Precedence
from noroshi.core.report import Content, check_content, effective_precedence
from noroshi.flow.climbs import WHOLE_NODE
from noroshi.flow.consents import Carried
from noroshi.flow.directories import VerifiedDirectory, open_directory
from noroshi.flow.prekeys import VerifiedPrekeys
from noroshi.flow.records import (
    Identity,
    KnownPartner,
    Quarantined,
)
from noroshi.flow.revocations import VerifiedNotice
from noroshi.flow.tables import Tables


class VerifiedReport(msgspec.Struct, frozen=True):
    """A report whose sender and content are proven."""

    head: ReportHead
    digest: bytes
    signed: bytes
    salt: bytes
    content: Content
    own: OwnPart
    carried: Carried | None = None

    @property
    def precedence(self) -> Precedence:
        """How urgent it is to commit this."""
        return self.own.serial.precedence


class VerifiedReceipt(msgspec.Struct, frozen=True):
    """A receipt whose issuer and entries are proven."""

    head: ReceiptHead
    digest: bytes
    signed: bytes
    raw_entries: tuple[bytes, ...]
    entries: tuple[ReceiptEntry, ...]
    issued: Issued

    @property
    def precedence(self) -> Precedence:
        """How urgent it is to commit this."""
        return Precedence.IMMEDIATE


class Refused(msgspec.Struct, frozen=True):
    """Bytes that are not taken."""

    digest: bytes
    """SHA-256 of the bytes as they came."""
    code: str
    message: str
    head: ReportHead | None = None
    """Set once the sender of a report was verified: then it is told why."""
    head_digest: bytes = b""
    desks: tuple[str, ...] = ()
    serial: Serial | None = None
    """Proven to be the report's: no other report will come with it."""

    @property
    def precedence(self) -> Precedence:
        """How urgent it is to commit this."""
        return Precedence.DEFERRED


Incoming = (
    VerifiedReport
    | VerifiedReceipt
    | VerifiedPrekeys
    | VerifiedDirectory
    | VerifiedNotice
    | Quarantined
    | Refused
)


def open_raw(
    tables: Tables,
    raw: bytes,
    identity: Identity,
    now: Instant,
    trusted: Card | None = None,
    *,
    by_hand: bool = False,
) -> Incoming:
    """Return what an envelope's bytes are, verified as far as they go; never raises for bytes.

    `by_hand` says that a person carried it.
    `trusted` is the card of a revoked partner under which an officer takes what was held.
    """
    try:
        opened = open_envelope(raw, identity.unwrappers, identity.primitives)
        signed = opened.signed
        known = _sender(tables, claimed_sender(signed.raw_payload))
        sender = trusted or known.signed_card.card
        purpose = Purpose.REPORT if signed.context is suite.REPORT else Purpose.RECEIPT
        signed.verify(sender.signers(purpose), identity.primitives)
    except MalformedError:
        return Refused(_digest(raw), "unreadable", UnreadableError().message)
    head: ReportHead | None = None
    desks: tuple[str, ...] = ()
    serial: Serial | None = None
    try:
        if known.state is PartnerState.REVOKED and trusted is None:
            return _of_revoked(tables, known, opened, raw, identity, now)
        if signed.context is not suite.REPORT:
            return _open_statement(tables, opened, sender, identity, now, by_hand=by_hand)
        head = gate.decode_struct(signed.raw_payload, ReportHead, limit=suite.MAX_SIGNED)
        # First of all the serial's opening, which the sender sealed to this node alone: without
        # it somebody else who was addressed could seal the same signed head anew, have us sign a
        # refusal, and so make the originator give up the real envelope.
        beside, own = check_report(head, opened, identity.addressed)
        desks, serial = (WHOLE_NODE,), own.serial
        content = open_content(beside.content)
        check_content(head, content, identity.me)
        desks = content.desks_of(identity.me)
        check_routing(head, opened, identity.addressed, now)
        if own.serial.precedence is not effective_precedence(head, content, identity.me):
            raise RefusalError("malformed", "the serial number is of another precedence")
        _check_desks(desks, identity.card.card)
    except UnreadableError as error:
        return Refused(_digest(raw), error.code, error.message)
    except MalformedError as error:
        return Refused(_digest(raw), error.code, error.message, head, signed.digest, desks, serial)
    return VerifiedReport(head, signed.digest, signed.raw, beside.salt, content, own)


def _open_statement(
    tables: Tables,
    opened: Opened,
    sender: Card,
    identity: Identity,
    now: Instant,
    *,
    by_hand: bool,
) -> Incoming:
    """Return the receipt, prekeys, directory or notice that a verified envelope holds.

    Raises:
        MalformedError: it is not as it must be.
    """
    signed, primitives = opened.signed, identity.primitives
    if signed.context is suite.PREKEYS:
        told = gate.decode_struct(signed.raw_payload, PrekeysHead, limit=suite.MAX_SIGNED)
        check_routing(told, opened, identity.addressed, now)
        check_prekeys(told, sender, primitives)
        return VerifiedPrekeys(told, signed.digest)
    if signed.context is suite.DIRECTORY:
        named = gate.decode_struct(signed.raw_payload, DirectoryHead, limit=suite.MAX_SIGNED)
        check_routing(named, opened, identity.addressed, now)
        return open_directory(
            tables, named, opened.beside, signed.digest, identity, now, by_hand=by_hand
        )
    if signed.context is suite.NOTICE:
        notice = gate.decode_struct(signed.raw_payload, NoticeHead, limit=suite.MAX_SIGNED)
        check_routing(notice, opened, identity.addressed, now)
        about = tables.directories.of(notice.partner)
        custodians = about.kept.directory.root_keys if about else ()
        word = check_notice(notice, primitives, custodians)
        return VerifiedNotice(notice, word, signed.digest)
    receipt = gate.decode_struct(signed.raw_payload, ReceiptHead, limit=suite.MAX_SIGNED)
    check_routing(receipt, opened, identity.addressed, now)
    entries, issued = open_beside(receipt, opened.beside)
    raw_entries = tuple(map(gate.encode_struct, entries))
    return VerifiedReceipt(receipt, signed.digest, signed.raw, raw_entries, entries, issued)


def _of_revoked(
    tables: Tables,
    known: KnownPartner,
    opened: Opened,
    raw: bytes,
    identity: Identity,
    now: Instant,
) -> Incoming:
    """Return what a revoked partner sent: held if it was signed before, else refused.

    Raises:
        MalformedError: it is no report of the partner to this node.
    """
    card, signed = known.signed_card.card, opened.signed
    since = min((each.since for each in tables.revocations.of(card.partner)), default=0)
    if signed.context is suite.REPORT:
        head = gate.decode_struct(signed.raw_payload, ReportHead, limit=suite.MAX_SIGNED)
        check_routing(head, opened, identity.addressed, now)
        if head.created_at < since:
            return Quarantined(
                _digest(raw), card.partner, known.signed_card.raw, raw, head.report_id,
                head.created_at, now,
            )  # fmt: skip
    return Refused(_digest(raw), "partner-revoked", f"{card.partner} is revoked")


def _sender(tables: Tables, sender: str) -> KnownPartner:
    known = tables.partners.get(sender)
    if known is None or known.state is PartnerState.UNVERIFIED:
        raise UnreadableError
    return known


def _check_desks(desks: tuple[str, ...], card: Card) -> None:
    unknown = [desk for desk in desks if desk not in card.desks]
    if unknown:
        msg = f"there is no desk {', '.join(unknown)} here; the card lists {', '.join(card.desks)}"
        raise RefusalError("unknown-desk", msg)


def _digest(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()
