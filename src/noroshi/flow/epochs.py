"""Epochs: a partner who was restored from a backup, inside whatever act hears of it.

A restored node opens a new epoch of serials and of its journal, and says so in its card, its
reports, its receipts and its comms checks. Whoever hears of it first calls a person; and when
a comms check tells of which time the backup is, what the partner may have lost goes to it
again: the same sealed envelopes and receipts, which it ignores where it has them.
"""

from typing import Final

from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.delivery.check import CommsCheck
from noroshi.core.delivery.receipt import ReceiptEntry
from noroshi.core.instant import DAY, HOUR, Instant, to_text
from noroshi.core.report import report_id_text
from noroshi.flow.alarms import raise_alarm
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Announcement
from noroshi.flow.tables import Tables, Transaction

KEPT: Final = 7 * DAY
"""How long a delivered envelope is kept for a partner who may be restored."""
_WAYS: Final = (True, False)
_MARGIN: Final = HOUR
"""By how much the clocks of two nodes may differ."""


def epoch_known(tables: Tables, partner: str) -> int:
    """Return the newest epoch of a partner that this node knows of; 0: the partner is unknown."""
    known = tables.partners.get(partner)
    card_epoch = known.signed_card.card.epoch if known else 0
    return max(card_epoch, tables.epochs.heard(partner))


def hear_epoch(tx: Transaction, partner: str, epoch: int, me: str, entropy: Entropy) -> int:
    """Call a person, once, if this is a newer epoch of a partner; return the newest."""
    known = epoch_known(tx, partner)
    if not 0 < known < epoch:
        return known
    tx.epochs.hear(partner, epoch, tx.witness.peer_note(partner))
    # Its journal goes on under another name; what was seen of the old one says nothing of it.
    tx.witness.begin_peer_notes(partner)
    # Its prekeys are not in a backup: what is sealed to one is sealed again before it goes.
    tx.prekeys.forget(partner)
    tx.prekeys.to_tell(partner)
    tx.directories.to_tell(partner)
    tx.outbox.close(partner)
    tx.announce(Announcement("prekeys", partner))
    detail = f"epoch {epoch} begins. What it lost goes to it again; ask what else it needs"
    raise_alarm(tx, Alarm(AlarmKind.NEW_EPOCH, partner, tx.now, detail=detail), me, entropy)
    is_ever_checked = any(tx.watch.last_check(partner, outgoing=way, good=True) for way in _WAYS)
    if not is_ever_checked:  # on files nobody asks, so nobody will tell how old the backup is
        _give_again(tx, partner, tx.now - KEPT)
    return epoch


def answer_epoch(
    tx: Transaction, partner: str, told: CommsCheck, me: str, entropy: Entropy
) -> None:
    """Hear the epoch that a partner tells in a comms check; give it again what it may have lost."""
    epoch = told.tally.epoch
    if epoch < hear_epoch(tx, partner, epoch, me, entropy):
        detail = f"it is still in epoch {epoch}, before a restore. Ask them which node is theirs"
        raise_alarm(tx, Alarm(AlarmKind.OLD_COPY, partner, tx.now, detail=detail), me, entropy)
        return
    if told.backup_at is None or not tx.epochs.is_first_answer(partner, epoch):
        return
    since = told.backup_at - _MARGIN
    _give_again(tx, partner, since)
    if since < tx.now - KEPT:
        detail = (
            f"its backup is of {to_text(told.backup_at)}. What was delivered before "
            f"{to_text(tx.now - KEPT)} is not kept sealed; send anew what it needs of that"
        )
        raise_alarm(tx, Alarm(AlarmKind.NEW_EPOCH, partner, tx.now, detail=detail), me, entropy)


def _give_again(tx: Transaction, partner: str, since: Instant) -> None:
    """Queue what a partner was given from then on: reports, attachments, receipts, void serials."""
    for report_id in tx.outbox.resend(partner, since, tx.now):
        bury(tx, report_id, partner)
    tx.serials.unsettle(partner, since)
    tx.announce(Announcement("owed", partner))


def bury(tx: Transaction, report_id: bytes, partner: str) -> None:
    """Let a partner know that a report whose time is over does not come any more.

    A serial of an earlier epoch of this node is none that a partner of this epoch waits for.
    """
    report, opened = tx.reports.get(report_id), tx.epochs.opened()
    if report is None or (opened is not None and report.entry_index < opened.size):
        return
    for addressee in tx.reports.addressees(report_id):
        if addressee.desk.partner == partner:
            tx.serials.bury(partner, addressee.precedence, addressee.serial, "expired")


def name_lost(tx: Transaction, issuer: str, entry: ReceiptEntry, me: str, entropy: Entropy) -> None:
    """After a restore: name a report that a partner has from this node, which has it no more."""
    if tx.epochs.opened() is None or tx.reports.get(entry.report_id) is not None:
        return
    rungs = ", ".join(record.rung.value for record in entry.ladder)
    detail = f"{report_id_text(entry.report_id)} ({rungs}). It is not held here; ask for a copy"
    kind, desk = AlarmKind.SENT_AFTER_BACKUP, entry.desk or None
    raise_alarm(tx, Alarm(kind, issuer, tx.now, entry.report_id, desk, detail), me, entropy)
