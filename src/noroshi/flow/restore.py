"""Restore: a backup that goes on as a node, under a new epoch.

What the backup had not delivered may have been delivered since. The partners ignore what they
have, but an officer may have decided otherwise meanwhile: so it is held until a person lets it
go. What partners already have settles itself by their receipts.
"""

from collections.abc import Sequence

from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.directory.card import SignedCard
from noroshi.core.instant import Instant, to_text
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.alarms import raise_alarm
from noroshi.flow.ports import Entropy
from noroshi.flow.records import HeldReport, OpenedEpoch
from noroshi.flow.tables import Transaction


def open_epoch(tx: Transaction, card: SignedCard, backup_at: Instant, entropy: Entropy) -> int:
    """Go on from a backup under the epoch of `card`; return how many reports are held."""
    me, epoch = card.card.partner, card.card.epoch
    opened = OpenedEpoch(epoch, backup_at, tx.journal.size)
    for kind in (EntryKind.RESTORED, EntryKind.CARD_ISSUED):
        salt = entropy.draw(SALT_SIZE)
        tx.journal.append(new_entry(kind, tx.now, salt, me, digest=card.digest))
    tx.partners.put_own_card(card)
    tx.epochs.open(opened, tx.now)
    tx.serials.begin_anew()
    tx.outbox.hold()
    held = len(tx.outbox.held())
    for known in tx.partners.all():  # what they have seen of the epoch before says nothing now
        tx.watch.end_alarms((AlarmKind.LOST_TAIL,), known.signed_card.card.partner, tx.now)
    detail = f"of {to_text(backup_at)}; epoch {epoch} begins, {held} reports are held"
    raise_alarm(tx, Alarm(AlarmKind.RESTORED, me, tx.now, detail=detail), me, entropy)
    return held


def send_held(
    tx: Transaction, reports: Sequence[bytes], by: str, me: str, entropy: Entropy
) -> list[HeldReport]:
    """Let held reports go, as they were sealed; return those that were held."""
    found = [held for held in tx.outbox.held() if held.report_id in reports]
    for report_id in dict.fromkeys(held.report_id for held in found):
        tx.outbox.let_go(report_id)
        tx.journal.append(
            new_entry(
                EntryKind.HELD_SENT, tx.now, entropy.draw(SALT_SIZE), me,
                report_id=report_id, by=by,
            )
        )  # fmt: skip
    return found
