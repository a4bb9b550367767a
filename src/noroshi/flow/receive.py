"""Receive: from an envelope's bytes to a durable report, receipt or refusal.

:mod:`noroshi.flow.opening` does what needs no lock; then one of these acts commits what came of
it. An envelope that is refused is journalled, and never stops the next.

    unreadable        -> Refused in the journal; the sender hears one code for all causes
    verified, not ok  -> Refused, and a signed REFUSED receipt with the reason
    a report          -> Received; DELIVERED for each desk; a receipt is owed
    a receipt         -> the ladders rise; a report that is delivered leaves the outbox
    prekeys           -> the sender is sealed to these from now on
    a directory       -> the sender's keys, desks and card are those that it names
    seen before       -> nothing new, and the receipt is owed again
"""

from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.delivery.ladder import Rung, RungRecord
from noroshi.core.envelope.head import (
    ReportHead,
)
from noroshi.core.errors import ConflictError, InputError, RefusalError
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.alarms import (
    expect_people,
    note_flash,
    raise_alarm,
)
from noroshi.flow.changes import note_received_change
from noroshi.flow.climbs import climb, is_newest
from noroshi.flow.consents import note_carried
from noroshi.flow.directories import VerifiedDirectory, take_directory
from noroshi.flow.epochs import KEPT, hear_epoch, name_lost
from noroshi.flow.opening import Incoming, Refused, VerifiedReceipt, VerifiedReport
from noroshi.flow.ports import Entropy
from noroshi.flow.prekeys import VerifiedPrekeys, take_prekeys
from noroshi.flow.records import (
    Addressee,
    Announcement,
    Identity,
    PendingReceipt,
    Quarantined,
    StoredReport,
)
from noroshi.flow.revocations import VerifiedNotice, quarantine, take_notice
from noroshi.flow.tables import Transaction
from noroshi.flow.tallies import expect_missing, note_tally
from noroshi.flow.witness import note_checkpoint, view_of


def take(
    tx: Transaction, incoming: Incoming, peer: str, identity: Identity, entropy: Entropy
) -> Refused | None:
    """Commit what came in over the line of `peer`; return why it was not taken, if it was not."""
    refused = None
    match incoming:
        case VerifiedReport():
            refused = receive_report(tx, incoming, identity, entropy)
        case VerifiedReceipt():
            receive_receipt(tx, incoming, identity, entropy)
        case VerifiedPrekeys():
            take_prekeys(tx, incoming, identity.me, entropy)
        case VerifiedDirectory():
            refused = receive_directory(tx, incoming, identity, entropy)
        case VerifiedNotice():
            take_notice(tx, incoming, identity, entropy)
        case Quarantined():
            quarantine(tx, incoming, identity.me, entropy)
        case Refused():
            refused = incoming
    if refused is not None:
        refuse(tx, refused, peer, entropy)
    return refused


def receive_directory(
    tx: Transaction, told: VerifiedDirectory, identity: Identity, entropy: Entropy
) -> Refused | None:
    """Take a partner's directory, or return why not."""
    try:
        take_directory(tx, told, identity, entropy)
    except (RefusalError, ConflictError, InputError) as error:
        return Refused(told.digest, error.code, error.message)
    return None


def receive_report(
    tx: Transaction, report: VerifiedReport, identity: Identity, entropy: Entropy
) -> Refused | None:
    """Take a verified report, or return why not; one that was taken before changes nothing."""
    head, me = report.head, identity.me
    desks = report.content.desks_of(me)
    earlier = tx.reports.get(head.report_id)
    if earlier is not None and earlier.head_digest == report.digest and not earlier.outgoing:
        for desk in desks:
            _owe(tx, head, report.digest, desk)
        return None
    serial = report.own.serial
    refusal = _contradiction(tx, report, is_new_id=earlier is None)
    if refusal is not None:
        if refusal.code == "serial-reused":
            detail = f"it used serial {serial.number} ({serial.precedence.name}) for two reports"
            alarm = Alarm(AlarmKind.OLD_COPY, head.sender, tx.now, detail=detail)
            raise_alarm(tx, alarm, me, entropy)
        return refusal
    now = tx.now
    index = tx.journal.append(
        new_entry(
            EntryKind.RECEIVED,
            now,
            entropy.draw(SALT_SIZE),
            head.sender,
            report_id=head.report_id,
            digest=report.digest,
        )
    )
    addressees = [
        Addressee(
            desk=address,
            is_action=address in report.content.action,
            precedence=serial.precedence,
            serial=serial.number,
        )
        for address in report.content.addressees
        if address.partner == me
    ]
    tx.reports.add(
        StoredReport(
            id=head.report_id,
            outgoing=False,
            head=head,
            signed_head=report.signed,
            head_digest=report.digest,
            salt=report.salt,
            content=report.content,
            stored_at=now,
            entry_index=index,
        ),
        addressees,
    )
    for attachment in head.attachments:
        tx.reports.want_blob(head.report_id, attachment.blob_id, attachment.size, held=False)
    for addressee in addressees:
        expect_people(tx, head.report_id, addressee, identity.duty)
    note_received_change(tx, head, report.content, me)
    note_carried(tx, head, report.content, report.carried, me, entropy)
    for desk in desks:
        delivered = RungRecord(Rung.DELIVERED, now, None, None)
        tx.reports.rise(head.report_id, DeskAddress(desk, me), [delivered])
        _owe(tx, head, report.digest, desk)
        tx.announce(Announcement("received", head.sender, head.report_id, desk, serial.precedence))
    if serial.precedence is Precedence.FLASH:
        note_flash(tx, head.sender, identity.me, entropy)
    expect_missing(tx, head.sender)
    hear_epoch(tx, head.sender, serial.epoch, me, entropy)
    note_checkpoint(tx, head.sender, report.own.checkpoint, identity, entropy)
    return None


def receive_receipt(
    tx: Transaction, receipt: VerifiedReceipt, identity: Identity, entropy: Entropy
) -> None:
    """Let the ladders rise as a verified receipt says."""
    head = receipt.head
    if not tx.receipts.is_new_envelope(head.sender, head.envelope_id):
        return
    seen = view_of(tx, head)
    number = tx.receipts.save_received(head.sender, receipt.signed, seen, tx.now)
    stray = 0
    for raw, entry in zip(receipt.raw_entries, receipt.entries, strict=True):
        if not climb(tx, head.sender, entry, identity.me, entropy):
            stray += 1
            name_lost(tx, head.sender, entry, identity.me, entropy)
        elif is_newest(tx, head.sender, entry):
            tx.receipts.save_entry(number, entry.report_id, entry.desk, raw)
    tx.journal.append(
        new_entry(
            EntryKind.RECEIPT_RECORDED,
            tx.now,
            entropy.draw(SALT_SIZE),
            head.sender,
            digest=receipt.digest,
            code="not-found" if stray else None,
        )
    )
    tx.outbox.purge(tx.now - KEPT)
    tally = receipt.issued.tally
    note_tally(tx, head.sender, tally)
    hear_epoch(tx, head.sender, tally.epoch, identity.me, entropy)
    note_checkpoint(tx, head.sender, head.checkpoint, identity, entropy)


def refuse(tx: Transaction, refused: Refused, peer: str, entropy: Entropy) -> None:
    """Journal what was not taken (the same bytes once), and owe the verified sender the reason."""
    if tx.receipts.is_new_refusal(refused.digest, peer, refused.code, tx.now):
        tx.journal.append(
            new_entry(
                EntryKind.REFUSED,
                tx.now,
                entropy.draw(SALT_SIZE),
                peer,
                digest=refused.digest,
                rung=Rung.REFUSED.value,
                code=refused.code,
            )
        )
        tx.announce(Announcement("refused", peer))
    if refused.head is not None and refused.serial is not None:
        serial = refused.serial
        tx.serials.is_void(
            refused.head.sender, serial.epoch, serial.precedence, serial.number, refused.code
        )
    if refused.head is None or tx.partners.get(refused.head.sender) is None:
        return
    reason = RungRecord(Rung.REFUSED, tx.now, None, f"{refused.code}: {refused.message}")
    for desk in refused.desks:
        pending = PendingReceipt(refused.head.report_id, desk, refused.head_digest, reason)
        tx.receipts.owe(refused.head.sender, pending)
        tx.announce(Announcement("owed", refused.head.sender))


def _contradiction(tx: Transaction, report: VerifiedReport, *, is_new_id: bool) -> Refused | None:
    """Return why a verified report contradicts what this node already holds, if it does."""
    head, serial = report.head, report.own.serial
    if not is_new_id:
        code, message = "duplicate-id", "another report with that id was taken before"
    elif not tx.receipts.is_new_envelope(head.sender, head.envelope_id):
        code, message = "duplicate-id", "another envelope with that id was taken before"
    elif not tx.serials.is_new(head.sender, serial.epoch, serial.precedence, serial.number):
        code, message = "serial-reused", f"serial {serial.number} was used before"
    else:
        return None
    desks = report.content.desks_of(serial.partner)
    void = None if code == "serial-reused" else serial
    return Refused(report.digest, code, message, head, report.digest, desks, void)


def _owe(tx: Transaction, head: ReportHead, digest: bytes, desk: str) -> None:
    tx.receipts.owe(head.sender, PendingReceipt(head.report_id, desk, digest, None))
    tx.announce(Announcement("owed", head.sender))
