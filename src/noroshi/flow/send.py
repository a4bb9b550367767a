"""Send: from what somebody wrote to a sealed envelope in the outbox, in one transaction.

    read the order -> may it go? -> serials -> sign the head -> seal -> journal -> outbox

`plan` reads and checks what needs no lock; `send` decides again with the writer's eyes and
commits. Signing happens on the writer, because what is signed includes serial numbers that
must have no gaps (`docs/adr/0004-serials-are-signed.md`).
"""

import mimetypes
from collections.abc import Sequence
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.delivery.line import Cargo, Item
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import (
    VERSION,
    AttachmentDigest,
    Beside,
    OwnPart,
    ReportHead,
    Serial,
    commitment,
    salted_digest,
)
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.seal import Draws, Outer, Recipient, seal
from noroshi.core.errors import ConflictError, InputError
from noroshi.core.instant import Instant
from noroshi.core.marking import Marking, may_release
from noroshi.core.partner import DeskAddress, PartnerState
from noroshi.core.precedence import Precedence, Status
from noroshi.core.recognition import recognise
from noroshi.core.report import (
    MAX_ADDRESSEES,
    Attachment,
    Content,
    check_kind,
    check_person,
    check_subject,
    encode_content,
    new_report_id,
)
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.ports import Entropy, Tables, Transaction
from noroshi.flow.records import (
    Addressee,
    Announcement,
    Identity,
    KnownPartner,
    StagedBlob,
    StoredReport,
)

_CREATED_TYPES: Final = "application/octet-stream"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants sent; None where the body or the node decides."""

    body: bytes
    action: tuple[str, ...]
    info: tuple[str, ...] = ()
    precedence: str | None = None
    info_precedence: str | None = None
    kind: str | None = None
    subject: str | None = None
    marking: str | None = None
    status: str | None = None
    expires_at: Instant | None = None
    as_text: bool = False
    from_desk: str | None = None
    drafter: str | None = None
    references: tuple[bytes, ...] = ()
    report_id: bytes | None = None
    """Chosen by the caller, so that asking twice sends once."""


class EncryptedFile(msgspec.Struct, frozen=True):
    """A file that was staged as an encrypted blob."""

    name: str
    key: bytes
    iv: bytes
    salt: bytes
    blob: StagedBlob


class Plan(msgspec.Struct, frozen=True):
    """An order with every choice made."""

    report_id: bytes
    content: Content
    precedence: Precedence
    info_precedence: Precedence
    status: Status
    marking: Marking
    expires_at: Instant | None
    attachments: tuple[AttachmentDigest, ...]


class Release(msgspec.Struct, frozen=True):
    """Whether a report may go, and if not why."""

    reasons: tuple[str, ...]

    @property
    def is_allowed(self) -> bool:
        """Say whether nothing speaks against it."""
        return not self.reasons


class SentTo(msgspec.Struct, frozen=True):
    """A desk that a report was sent to."""

    desk: str
    serial: int


class Sent(msgspec.Struct, frozen=True):
    """What became of an order."""

    report_id: bytes
    recipients: tuple[SentTo, ...]


def plan(
    order: Order,
    files: Sequence[EncryptedFile],
    *,
    own_desks: tuple[str, ...],
    default_marking: str,
    now: Instant,
    entropy: Entropy,
) -> Plan:
    """Return the order with every choice made, from what it says, its body, and the node's own.

    Raises:
        InputError: something in it cannot be used.
    """
    found = recognise(order.body, as_text=order.as_text)
    precedence = Precedence.parse(order.precedence or found.precedence or "routine")
    from_desk = order.from_desk or own_desks[0]
    if from_desk not in own_desks:
        msg = f"this node has no desk {from_desk!r}; it has {', '.join(own_desks)}"
        raise InputError("unknown-desk", msg)
    if order.expires_at is not None and order.expires_at <= now:
        raise InputError("expired", "the time of --expires is already over")
    action, info = _addresses(order.action), _addresses(order.info)
    if not action and not info:
        raise InputError("bad-input", "nobody is addressed; use --to DESK@PARTNER")
    content = Content(
        kind=check_kind(order.kind or found.kind),
        subject=check_subject(found.subject if order.subject is None else order.subject),
        from_desk=from_desk,
        drafter=check_person(order.drafter),
        releaser=None,
        action=action,
        info=tuple(address for address in info if address not in action),
        references=order.references,
        media_type=found.media_type,
        body=order.body,
        attachments=tuple(map(_attachment, files)),
    )
    _check_attachments(content)
    return Plan(
        report_id=order.report_id or new_report_id(entropy.draw(suite.ID_SIZE)),
        content=content,
        precedence=precedence,
        info_precedence=Precedence.parse(order.info_precedence or precedence.name),
        status=Status.parse(order.status or found.status or "actual"),
        marking=Marking.parse(order.marking or found.marking or default_marking),
        expires_at=order.expires_at,
        attachments=tuple(
            AttachmentDigest(f.blob.blob_id, f.blob.size, f.blob.digest) for f in files
        ),
    )


def check_release(tables: Tables, planned: Plan, me: str) -> Release:
    """Return whether the planned report may go to all that it addresses, with every reason."""
    reasons: list[str] = list(may_release(planned.marking))
    for address in planned.content.addressees:
        try:
            _recipient(tables, address, me)
        except InputError as error:
            reasons.append(error.message)
    return Release(tuple(dict.fromkeys(reasons)))


def send(tx: Transaction, planned: Plan, identity: Identity, entropy: Entropy) -> Sent:
    """Sign, seal, journal and queue the planned report; asking again with its id changes nothing.

    Raises:
        InputError: a partner or desk is unknown or unverified, or the marking forbids it.
        ConflictError: another report has that id.
    """
    earlier = tx.reports.get(planned.report_id)
    if earlier is not None:
        return _again(tx, earlier, planned)
    partners = _partners(tx, planned, identity.me)
    reasons = may_release(planned.marking)
    if reasons:
        raise InputError("not-releasable", "; ".join(reasons))
    now, content = tx.now, planned.content
    precedences = {name: _precedence_for(planned, name) for name in partners}
    note = tx.journal.newest_note()
    own_parts = {
        name: OwnPart(
            Serial(entropy.draw(16), name, precedence, tx.outbox.next_serial(name, precedence)),
            note,
        )
        for name, precedence in precedences.items()
    }
    keys = {name: known.signed_card.card.key(Purpose.SEAL) for name, known in partners.items()}
    to = tuple(sorted((name, key.kid) for name, key in keys.items()))
    beside = Beside(entropy.draw(suite.SALT_SIZE), encode_content(content))
    head = ReportHead(
        version=VERSION,
        envelope_id=entropy.draw(suite.ID_SIZE),
        sender=identity.me,
        created_at=now,
        expires_at=planned.expires_at,
        to=to,
        report_id=planned.report_id,
        precedence=planned.precedence,
        info_precedence=planned.info_precedence,
        status=planned.status,
        marking=str(planned.marking),
        serials=tuple(commitment(own_parts[name].serial) for name, _ in to),
        content_digest=salted_digest(beside.salt, beside.content),
        attachments=planned.attachments,
    )
    signed = cose.sign(
        gate.encode_struct(head),
        suite.REPORT,
        identity.card.card.profile,
        identity.report_signers,
    )
    outer_precedence = max(head.precedence, head.info_precedence)
    raw = seal(
        signed,
        gate.encode_struct(beside),
        outer=Outer(head.envelope_id, outer_precedence, head.expires_at),
        recipients=[Recipient(keys[name], gate.encode_struct(own_parts[name])) for name, _ in to],
        draws=Draws(entropy.draw(suite.KEY_SIZE), entropy.draw(suite.IV_SIZE)),
        primitives=identity.primitives,
    )
    digest = cose.digest(signed)
    index = tx.journal.append(
        new_entry(
            EntryKind.SEALED,
            now,
            entropy.draw(SALT_SIZE),
            identity.me,
            report_id=planned.report_id,
            digest=digest,
            desk=content.from_desk,
            by=content.drafter,
        )
    )
    addressees = [
        Addressee(
            desk=address,
            is_action=address in content.action,
            precedence=precedences[address.partner],
            serial=own_parts[address.partner].serial.number,
        )
        for address in content.addressees
    ]
    tx.reports.add(
        StoredReport(
            id=planned.report_id,
            outgoing=True,
            head=head,
            signed_head=signed,
            head_digest=digest,
            content=content,
            stored_at=now,
            entry_index=index,
        ),
        addressees,
    )
    for name in partners:
        _queue(tx, name, head, precedences[name], raw)
    tx.announce(Announcement("sent", identity.me, planned.report_id, None, outer_precedence))
    return Sent(planned.report_id, tuple(SentTo(str(a.desk), a.serial) for a in addressees))


def _queue(
    tx: Transaction, partner: str, head: ReportHead, precedence: Precedence, raw: bytes
) -> None:
    envelope = Item(head.envelope_id, 0, Cargo.ENVELOPE, precedence, len(raw))
    tx.outbox.add(partner, envelope, raw, head.report_id)
    for attachment in head.attachments:
        tx.reports.want_blob(head.report_id, attachment.blob_id, attachment.size, held=True)
        blob = Item(attachment.blob_id, 0, Cargo.BLOB, precedence, attachment.size)
        tx.outbox.add(partner, blob, b"", head.report_id)


def _precedence_for(planned: Plan, partner: str) -> Precedence:
    is_action = any(a.partner == partner for a in planned.content.action)
    return planned.precedence if is_action else planned.info_precedence


def _again(tx: Transaction, earlier: StoredReport, planned: Plan) -> Sent:
    same = earlier.outgoing and (
        msgspec.structs.replace(earlier.content, attachments=())
        == msgspec.structs.replace(planned.content, attachments=())
    )
    if not same:
        raise ConflictError("duplicate-id", "another report already has that id")
    return Sent(
        earlier.id,
        tuple(SentTo(str(a.desk), a.serial) for a in tx.reports.addressees(earlier.id)),
    )


def _partners(tx: Tables, planned: Plan, me: str) -> dict[str, KnownPartner]:
    return {address.partner: _recipient(tx, address, me) for address in planned.content.addressees}


def _recipient(tables: Tables, address: DeskAddress, me: str) -> KnownPartner:
    """Return the partner of an addressed desk, if a report may go there."""
    name = address.partner
    if name == me:
        msg = f"{address} is a desk of this node itself; a report goes to other partners"
        raise InputError("unknown-partner", msg)
    known = tables.partners.get(name)
    if known is None:
        msg = f"no partner {name!r} is known; ask for its card: noroshi partner add FILE"
        raise InputError("unknown-partner", msg)
    if known.state is not PartnerState.VERIFIED:
        msg = (
            f"{name} is {known.state.value.lower()} and receives nothing; compare the sixty digits "
            f"of 'noroshi partner number {name}' with them, then 'noroshi partner verify {name}'"
        )
        raise InputError("partner-unverified", msg)
    desks = known.signed_card.card.desks
    if address.desk not in desks:
        msg = f"{name} has no desk {address.desk!r}; its card lists {', '.join(desks)}"
        raise InputError("unknown-desk", msg)
    return known


def _addresses(texts: Sequence[str]) -> tuple[DeskAddress, ...]:
    addresses = tuple(dict.fromkeys(map(DeskAddress.parse, texts)))
    if len(addresses) > MAX_ADDRESSEES:
        msg = f"a report goes to at most {MAX_ADDRESSEES} desks"
        raise InputError("bad-input", msg)
    return addresses


def _attachment(file: EncryptedFile) -> Attachment:
    return Attachment(
        name=file.name,
        media_type=mimetypes.guess_type(file.name, strict=False)[0] or _CREATED_TYPES,
        size=file.blob.plain_size,
        blob_id=file.blob.blob_id,
        key=file.key,
        iv=file.iv,
        salt=file.salt,
    )


def _check_attachments(content: Content) -> None:
    names = [attachment.name for attachment in content.attachments]
    if len(names) > suite.MAX_ATTACHMENTS:
        msg = f"a report has at most {suite.MAX_ATTACHMENTS} attachments"
        raise InputError("bad-input", msg)
    if len(set(names)) != len(names):
        raise InputError("bad-input", "two attachments have the same name; rename one")
    for name in names:
        if not name or len(name.encode()) > 255 or not name.isprintable() or "/" in name:  # noqa: PLR2004
            msg = f"{name!r} cannot name an attachment; use one printable line"
            raise InputError("attachment-unreadable", msg)
