"""Deliver: what the line to a partner asks to be recorded, and the receipts that go back.

The machine that decides is :mod:`noroshi.core.delivery.line`; whoever drives it (an adapter
with sockets and timers) calls these acts with what happened.
"""

from collections.abc import Iterable, Mapping

from noroshi.core import gate
from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.delivery.item import Cargo, Item
from noroshi.core.delivery.ladder import Rung
from noroshi.core.delivery.receipt import (
    MAX_ENTRIES,
    VERSION,
    Issued,
    ReceiptEntry,
    ReceiptHead,
    digest,
    encode_beside,
)
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import Beside, OwnPart, Serial
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.seal import Draws, Outer, Recipient, seal
from noroshi.core.errors import UnreadableError
from noroshi.core.instant import LATEST
from noroshi.core.partner import DeskAddress, PartnerState
from noroshi.core.precedence import Precedence
from noroshi.core.tlog.checkpoint import parse_note
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.alarms import is_answered, raise_alarm
from noroshi.flow.compacting import signed_content
from noroshi.flow.epochs import bury
from noroshi.flow.ports import Entropy
from noroshi.flow.prekeys import seal_key
from noroshi.flow.records import (
    Announcement,
    Failure,
    Identity,
    KnownPartner,
    PendingReceipt,
)
from noroshi.flow.tables import Transaction
from noroshi.flow.tallies import make_tally

_GAP = "directory-gap"
"""The partner lacks what an earlier statement brought: all of it goes again."""
_OLDER = "directory-older"
"""The partner has a newer one: another bearer was faster."""
_EXPIRED = "its time was over before it was delivered"


def forget(tx: Transaction, partner: str, ids: Iterable[bytes]) -> None:
    """Take out of the outbox what the partner's node has for good."""
    tx.outbox.settle(partner, ids, tx.now)


def note_failures(tx: Transaction, partner: str, failures: Mapping[bytes, tuple[str, str]]) -> None:
    """Record why these items did not get through: code and message by item id."""
    for item_id, (code, message) in failures.items():
        if code == UnreadableError().code:
            _not_opened(tx, partner, item_id)
        if code == _OLDER:
            tx.outbox.remove(partner, (item_id,))
        if code == _GAP:
            tx.directories.not_taken(partner, item_id, again=True)
            tx.outbox.remove(partner, (item_id,))
            tx.announce(Announcement("directory", partner))
        report_id = tx.outbox.report_of(partner, item_id)
        if report_id is not None:
            tx.reports.set_failure(report_id, partner, Failure(code, message, tx.now))


def _not_opened(tx: Transaction, partner: str, item_id: bytes) -> None:
    """Seal to the partner's card from now on, this item too: it has lost its prekeys.

    It may have been restored, or its disk have lied; its next statement ends that. It told so
    over a connection that is its own, so nobody else can bring this about.
    """
    if tx.outbox.told(partner, item_id) == ():  # of an earlier release: it knows no prekeys
        tx.directories.not_taken(partner, item_id, again=False)
        tx.outbox.remove(partner, (item_id,))
    elif tx.outbox.stale(partner, (item_id,), LATEST):
        tx.prekeys.forget(partner)
        tx.outbox.close(partner, item_id)


def reseal(
    tx: Transaction, partner: str, ids: Iterable[bytes], identity: Identity, entropy: Entropy
) -> None:
    """Seal again what the partner cannot open as it is sealed; what receipts told is owed again."""
    known = tx.partners.get(partner)
    if known is None:
        return
    for item_id in ids:
        report_id = tx.outbox.report_of(partner, item_id)
        if report_id is not None:
            _reseal_report(tx, known, item_id, report_id, identity, entropy)
            continue
        for pending in tx.outbox.told(partner, item_id) or ():
            tx.receipts.owe(partner, pending)
        tx.outbox.remove(partner, (item_id,))
        tx.announce(Announcement("owed", partner))


def _reseal_report(
    tx: Transaction,
    known: KnownPartner,
    item_id: bytes,
    report_id: bytes,
    identity: Identity,
    entropy: Entropy,
) -> None:
    """Seal the same signed head anew: it is the same report, and its receipts name it."""
    partner = known.signed_card.card.partner
    report, opening = tx.reports.get(report_id), tx.reports.opening(report_id, partner)
    if report is None or opening is None or report.destroyed is not None:
        return
    head, (key, key_until) = report.head, seal_key(tx, known, tx.now)
    serial = gate.decode_struct(opening, Serial, limit=suite.MAX_SIGNED)
    raw = seal(
        report.signed_head,
        gate.encode_struct(Beside(report.salt, signed_content(report))),
        outer=Outer(head.envelope_id, max(head.precedence, head.info_precedence), head.expires_at),
        recipients=[Recipient(key, gate.encode_struct(OwnPart(serial, tx.journal.newest_note())))],
        draws=Draws(entropy.draw(suite.KEY_SIZE), entropy.draw(suite.IV_SIZE)),
        primitives=identity.primitives,
    )
    tx.outbox.reseal(partner, item_id, raw, key_until)


def expire(tx: Transaction, partner: str, ids: Iterable[bytes], me: str, entropy: Entropy) -> None:
    """Give up what is past its time: a tombstone for its serial, an alarm for its sender."""
    for item_id in ids:
        report_id = tx.outbox.report_of(partner, item_id)
        if report_id is None:
            continue
        tx.outbox.remove(partner, tx.outbox.items_of(partner, report_id))
        addressed = [a for a in tx.reports.addressees(report_id) if a.desk.partner == partner]
        delivered = {
            record.rung for a in addressed for record in tx.reports.ladder(report_id, a.desk)
        }
        if Rung.DELIVERED in delivered:
            continue  # an attachment that did not come in time; the report itself did
        tx.reports.set_failure(report_id, partner, Failure("expired", _EXPIRED, tx.now))
        bury(tx, report_id, partner)
        tx.journal.append(
            new_entry(
                EntryKind.EXPIRED, tx.now, entropy.draw(SALT_SIZE), partner,
                report_id=report_id, code="expired",
            )
        )  # fmt: skip
        for addressee in addressed:
            desk = addressee.desk.desk
            is_answered(tx, report_id, partner, desk)
            alarm = Alarm(
                AlarmKind.EXPIRED, partner, tx.now, report_id, desk,
                precedence=addressee.precedence,
            )  # fmt: skip
            raise_alarm(tx, alarm, me, entropy)
        tx.announce(Announcement("expired", partner, report_id))


def issue_receipts(tx: Transaction, partner: str, identity: Identity, entropy: Entropy) -> bool:
    """Seal one receipt that tells a partner of all ladders that rose; say whether more are owed."""
    known = tx.partners.get(partner)
    if known is None or known.state is not PartnerState.VERIFIED:
        return False
    owed = tx.receipts.owed(partner, MAX_ENTRIES)
    if not owed:
        return False
    entries = [gate.encode_struct(_entry(tx, pending, identity.me, entropy)) for pending in owed]
    issued = Issued(entropy.draw(suite.SALT_SIZE), make_tally(tx, partner, identity))
    raw_issued = gate.encode_struct(issued)
    note = tx.witness.peer_note(partner)
    seen = parse_note(note) if note else None
    key, key_until = seal_key(tx, known, tx.now)
    head = ReceiptHead(
        version=VERSION,
        envelope_id=entropy.draw(suite.ID_SIZE),
        sender=identity.me,
        created_at=tx.now,
        expires_at=None,
        to=((partner, known.signed_card.card.key(Purpose.SEAL).kid),),
        entries=tuple(map(digest, entries)),
        issued=digest(raw_issued),
        checkpoint=tx.journal.newest_note(),
        seen_size=seen.size if seen else 0,
        seen_root=seen.root if seen else b"",
    )
    signed = cose.sign(
        gate.encode_struct(head),
        suite.RECEIPT,
        identity.card.card.profile,
        identity.receipt_signers,
    )
    precedence = _precedence(tx, owed, identity.me)
    raw = seal(
        signed,
        encode_beside(entries, raw_issued),
        outer=Outer(head.envelope_id, precedence, None),
        recipients=[Recipient(key, b"")],
        draws=Draws(entropy.draw(suite.KEY_SIZE), entropy.draw(suite.IV_SIZE)),
        primitives=identity.primitives,
    )
    number = tx.receipts.save_issued(identity.me, signed, tx.now)
    for pending, entry in zip(owed, entries, strict=True):
        if pending.refusal is None:
            tx.receipts.save_entry(number, pending.report_id, pending.desk, entry)
    tx.journal.append(
        new_entry(
            EntryKind.RECEIPT_ISSUED,
            tx.now,
            entropy.draw(SALT_SIZE),
            partner,
            digest=cose.digest(signed),
        )
    )
    tx.receipts.settle(partner, owed)
    item = Item(head.envelope_id, 0, Cargo.RECEIPT, precedence, len(raw))
    tx.outbox.add(partner, item, raw, None, key_until=key_until, told=tuple(owed))
    return len(owed) == MAX_ENTRIES


def _entry(tx: Transaction, pending: PendingReceipt, me: str, entropy: Entropy) -> ReceiptEntry:
    address = DeskAddress(pending.desk, me)
    refused = pending.refusal
    ladder = (refused,) if refused else tx.reports.ladder(pending.report_id, address)
    return ReceiptEntry(
        salt=entropy.draw(suite.SALT_SIZE),
        report_id=pending.report_id,
        head_digest=pending.head_digest,
        desk=pending.desk,
        ladder=ladder,
        attachments_held=0 if refused else tx.reports.held_blobs(pending.report_id),
    )


def _precedence(tx: Transaction, owed: Iterable[PendingReceipt], me: str) -> Precedence:
    """Return the highest precedence among the reports that a receipt tells of."""
    return max(tx.reports.precedence_at(p.report_id, DeskAddress(p.desk, me)) for p in owed)


def hold_blob(tx: Transaction, blob_id: bytes, me: str) -> None:
    """Record that an attachment is here completely; owe the originator a receipt."""
    for report_id in tx.reports.hold_blob(blob_id):
        report = tx.reports.get(report_id)
        if report is None or report.outgoing:
            continue
        for desk in report.content.desks_of(me):
            pending = PendingReceipt(report_id, desk, report.head_digest, None)
            tx.receipts.owe(report.head.sender, pending)
        tx.announce(Announcement("owed", report.head.sender))
