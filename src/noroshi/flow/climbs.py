"""Climbs: how far a report got at a desk, as a receipt tells; part of taking one."""

import msgspec

from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.delivery.ladder import ANSWERS, Rung, RungRecord
from noroshi.core.delivery.receipt import ReceiptEntry
from noroshi.core.partner import DeskAddress
from noroshi.flow.alarms import is_answered, is_delivered, raise_alarm
from noroshi.flow.consents import note_declined
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Announcement, Failure
from noroshi.flow.tables import Transaction

WHOLE_NODE = ""
"""In place of a desk in a refusal: the content could not be read, so its desks are not known."""


def climb(tx: Transaction, issuer: str, entry: ReceiptEntry, me: str, entropy: Entropy) -> bool:
    """Let one ladder rise; say whether the entry is about a report sent to that desk."""
    if entry.desk == WHOLE_NODE and all(r.rung is Rung.REFUSED for r in entry.ladder):
        desks = [a.desk.desk for a in tx.reports.addressees(entry.report_id)
                 if a.desk.partner == issuer]  # fmt: skip
        whole = [msgspec.structs.replace(entry, desk=desk) for desk in desks]
        climbed = [climb(tx, issuer, each, me, entropy) for each in whole]
        return bool(climbed) and all(climbed)
    desk = DeskAddress(entry.desk, issuer)
    sent = tx.reports.sent_to(entry.report_id, desk)
    if sent is None or sent.head_digest != entry.head_digest:
        return False
    rungs = {record.rung: record for record in entry.ladder}
    if Rung.REFUSED in rungs:
        _note_refusal(tx, issuer, entry, rungs[Rung.REFUSED], me, entropy)
    declined = rungs.get(Rung.DECLINED)
    if declined and Rung.DECLINED not in _known(tx, entry.report_id, desk):
        note_declined(tx, issuer, entry.report_id, declined, me, entropy)
    tx.reports.rise(entry.report_id, desk, entry.ladder)
    tx.reports.set_remote_held(entry.report_id, issuer, entry.attachments_held)
    if Rung.DELIVERED in rungs and Rung.REFUSED not in rungs:
        tx.reports.set_failure(entry.report_id, issuer, None)
        settled = [sent.envelope_id]
        # On files nobody answers for a blob but the receipt that counts it.
        if 0 < entry.attachments_held >= tx.reports.held_blobs(entry.report_id):
            settled = tx.outbox.items_of(issuer, entry.report_id)
        tx.outbox.settle(issuer, settled, tx.now)
        is_delivered(tx, entry.report_id, issuer, entry.desk)
    if rungs.keys() & ANSWERS:
        is_answered(tx, entry.report_id, issuer, entry.desk)
    tx.announce(Announcement("risen", issuer, entry.report_id, entry.desk))
    return True


def _note_refusal(
    tx: Transaction,
    issuer: str,
    entry: ReceiptEntry,
    refused: RungRecord,
    me: str,
    entropy: Entropy,
) -> None:
    """Give a report up that a partner refused, and tell people, once."""
    desk = DeskAddress(entry.desk, issuer)
    is_known = Rung.REFUSED in _known(tx, entry.report_id, desk)
    code, _, message = (refused.note or "refused").partition(": ")
    failure = tx.reports.failure(entry.report_id, issuer)
    tx.outbox.remove(issuer, tx.outbox.items_of(issuer, entry.report_id))
    is_answered(tx, entry.report_id, issuer, entry.desk)
    # That it came too late is no news where it was given up for that.
    if is_known or (failure is not None and failure.code == code == "expired"):
        return
    tx.reports.set_failure(entry.report_id, issuer, Failure(code, message, refused.at))
    alarm = Alarm(AlarmKind.REFUSED, issuer, tx.now, entry.report_id, entry.desk, message)
    raise_alarm(tx, alarm, me, entropy)


def _known(tx: Transaction, report_id: bytes, desk: DeskAddress) -> set[Rung]:
    return {record.rung for record in tx.reports.ladder(report_id, desk)}


def is_newest(tx: Transaction, issuer: str, entry: ReceiptEntry) -> bool:
    """Say whether an entry tells all that is known.

    One that was late, or of an issuer who was restored, does not replace proof that tells more.
    """
    known = tx.reports.ladder(entry.report_id, DeskAddress(entry.desk, issuer))
    return len(known) <= len(entry.ladder)
