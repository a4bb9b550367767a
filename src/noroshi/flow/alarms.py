"""Raising and ending alarms and deadlines, inside whatever act learns of the cause."""

from noroshi.core.agreement import ENDING, Agreement
from noroshi.core.delivery.alarm import EVENTS, Alarm, AlarmKind
from noroshi.core.delivery.clocks import Step, receiver_deadlines, sender_deadlines
from noroshi.core.delivery.quota import FLASH_WINDOW, FLASHES
from noroshi.core.instant import from_day
from noroshi.core.precedence import Precedence
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Addressee, Announcement, Duty
from noroshi.flow.tables import Tables, Transaction

_OF_SENDER = (Step.UNDELIVERED, Step.UNACKNOWLEDGED)
_OF_RECEIVER = (Step.NEXT_DESK, Step.NEXT_OFFICER)
_OF_REPORT = (
    AlarmKind.UNDELIVERED,
    AlarmKind.UNACKNOWLEDGED,
    AlarmKind.NEXT_DESK,
    AlarmKind.NEXT_OFFICER,
    AlarmKind.CONSENT_ASKED,
)


def raise_alarm(tx: Transaction, alarm: Alarm, me: str, entropy: Entropy) -> None:
    """Raise an alarm, journalled and told; one that is open already is not raised again.

    News that says something else takes the place of the older.
    """
    if alarm.kind in EVENTS and alarm.report_id is None:
        tx.watch.end_alarms((alarm.kind,), alarm.partner, tx.now, but_for=alarm.detail)
    number = tx.watch.raise_alarm(alarm)
    if number is None:
        return
    tx.journal.append(
        new_entry(
            EntryKind.ALARM_RAISED,
            tx.now,
            entropy.draw(SALT_SIZE),
            me,
            report_id=alarm.report_id,
            desk=f"{alarm.desk}@{alarm.partner}" if alarm.desk else None,
            code=alarm.kind.value,
        )
    )
    tx.announce(
        Announcement(
            "alarm",
            alarm.partner,
            alarm.report_id,
            alarm.desk,
            alarm.precedence,
            alarm=alarm,
            number=number,
        )
    )


def expect_answers(tx: Transaction, report_id: bytes, sent: Addressee, duty: Duty) -> None:
    """Start the sender's clocks for one addressed desk."""
    allowed = duty.clocks.allowed(sent.precedence)
    for step, due_at in sender_deadlines(tx.now, allowed, is_action=sent.is_action):
        tx.watch.set_deadline(step, sent.desk.partner, report_id, sent.desk.desk, due_at)
    tx.announce(Announcement("watch", sent.desk.partner))


def expect_people(tx: Transaction, report_id: bytes, received: Addressee, duty: Duty) -> None:
    """Start the clocks of the house for one of its desks that must act."""
    if not received.is_action:
        return
    allowed = duty.clocks.allowed(received.precedence)
    for step, due_at in receiver_deadlines(tx.now, allowed):
        tx.watch.set_deadline(step, received.desk.partner, report_id, received.desk.desk, due_at)
    tx.announce(Announcement("watch", received.desk.partner))


def expect_ends(tx: Transaction, partner: str) -> None:
    """Start the clocks that warn people before an agreement with a partner ends."""
    tx.watch.end_alarms((AlarmKind.AGREEMENT_ENDS,), partner, tx.now)
    for agreement in agreements_with(tx, partner):
        tx.watch.drop_deadlines(b"", partner, agreement.reference, (Step.AGREEMENT,))
        warn_at = from_day(agreement.valid_until - ENDING)
        tx.watch.set_deadline(Step.AGREEMENT, partner, b"", agreement.reference, warn_at)
    tx.announce(Announcement("watch", partner))


def agreements_with(tables: Tables, partner: str) -> list[Agreement]:
    """Return the agreements in which a partner is one side."""
    return [
        kept.agreement
        for kept in tables.agreements.all()
        if partner in (kept.agreement.sender, kept.agreement.receiver)
    ]


def is_delivered(tx: Transaction, report_id: bytes, partner: str, desk: str) -> None:
    """Stop waiting for a delivery."""
    tx.watch.drop_deadlines(report_id, partner, desk, (Step.UNDELIVERED,))
    tx.watch.end_alarms((AlarmKind.UNDELIVERED,), partner, tx.now, report_id, desk)


def is_answered(tx: Transaction, report_id: bytes, partner: str, desk: str) -> None:
    """Stop waiting for people: a desk has answered, or there is nothing to answer any more."""
    tx.watch.drop_deadlines(report_id, partner, desk, (*_OF_SENDER, *_OF_RECEIVER))
    tx.watch.end_alarms(_OF_REPORT, partner, tx.now, report_id, desk)


def is_withdrawn(tx: Transaction, report_id: bytes, partner: str, desk: str) -> None:
    """Wait for nothing any more, and call nobody: the report was cancelled."""
    is_answered(tx, report_id, partner, desk)
    kinds = (AlarmKind.EXPIRED, AlarmKind.REFUSED)
    tx.watch.end_alarms(kinds, partner, tx.now, report_id, desk)


def note_flash(tx: Transaction, sender: str, me: str, entropy: Entropy) -> None:
    """Tell an officer of a partner that sends many: it may be the crisis itself, or a fault."""
    count = tx.reports.flashes_since(sender, tx.now - FLASH_WINDOW)
    if count > FLASHES:
        alarm = Alarm(
            AlarmKind.FLASH_FLOOD, sender, tx.now, detail=f"{count} in ten minutes",
            precedence=Precedence.FLASH,
        )  # fmt: skip
        raise_alarm(tx, alarm, me, entropy)
    else:
        tx.watch.end_alarms((AlarmKind.FLASH_FLOOD,), sender, tx.now)
