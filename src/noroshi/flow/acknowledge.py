"""Acknowledge: a person at a desk opens, is shown, answers; each rung once, by name.

The person is whoever the check of rights let through; until accounts exist, a claim as given.
"""

from collections.abc import Sequence

from noroshi.core.delivery.ladder import ANSWERS, Ladder, Rung, RungRecord, rise
from noroshi.core.errors import InputError, NotFoundError
from noroshi.core.partner import DeskAddress
from noroshi.core.report import MAX_NOTE
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.alarms import is_answered
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Announcement, PendingReceipt, StoredReport
from noroshi.flow.tables import Transaction


def answer(
    tx: Transaction,
    report_id: bytes,
    desk: str,
    rung: Rung,
    *,
    by: str | None,
    note: str | None,
    me: str,
    entropy: Entropy,
) -> Ladder:
    """Record that `desk` reached `rung`, with what that entails; return its ladder.

    Asking again changes nothing: the first person who answered stays.

    Raises:
        NotFoundError: no such report came to that desk.
        ConflictError: the desk has already answered otherwise.
    """
    report = tx.reports.get(report_id)
    if report is None or report.outgoing or desk not in report.content.desks_of(me):
        raise NotFoundError("not-found", f"that report did not come to the desk {desk!r}")
    address = DeskAddress(desk, me)
    ladder = {record.rung: record for record in tx.reports.ladder(report_id, address)}
    record = RungRecord(rung, tx.now, by, check_note(note))
    added = rise(ladder, rung, record)
    if added:
        tx.reports.rise(report_id, address, added)
        for step in added:
            tx.journal.append(
                new_entry(
                    EntryKind.ANSWERED,
                    tx.now,
                    entropy.draw(SALT_SIZE),
                    me,
                    report_id=report_id,
                    digest=report.head_digest,
                    desk=desk,
                    rung=step.rung.value,
                    by=by,
                )
            )
        pending = PendingReceipt(report_id, desk, report.head_digest, None)
        tx.receipts.owe(report.head.sender, pending)
        tx.announce(Announcement("owed", report.head.sender))
        tx.announce(Announcement("risen", me, report_id, desk))
    if rung in ANSWERS:
        is_answered(tx, report_id, me, desk)
    return tx.reports.ladder(report_id, address)


def desk_for(
    report: StoredReport,
    desk: str | None,
    me: str,
    assignments: Sequence[tuple[str, str]] = (),
) -> str:
    """Return the desk for which an answer counts: the one named, or the only one addressed.

    A desk that was given the report too answers for the desk that gave it: of `assignments`
    each is the desk that the report came to and the one that was given it.

    Raises:
        InputError: the report came to several desks and none is named, or not to that one.
    """
    desks = report.content.desks_of(me)
    givers = [giver for giver, given in assignments if given == desk]
    if desk not in desks and len(givers) == 1:
        return givers[0]
    if desk not in desks and givers:
        msg = (
            f"the desk {desk!r} has that report from {' and '.join(givers)}; say for which you"
            f" answer: --desk {givers[0]}"
        )
        raise InputError("unknown-desk", msg)
    if desk is None and len(desks) == 1:
        return desks[0]
    if desk is None:
        msg = f"the report came to several desks ({', '.join(desks)}); say which: --desk {desks[0]}"
        raise InputError("unknown-desk", msg)
    if desk not in desks:
        msg = f"the report did not come to the desk {desk!r}; it came to {', '.join(desks)}"
        raise InputError("unknown-desk", msg)
    return desk


def check_note(note: str | None) -> str | None:
    """Return a note if it is short enough to travel in a receipt.

    Raises:
        InputError: it is not.
    """
    if note is not None and len(note) > MAX_NOTE:
        msg = f"a note has at most {MAX_NOTE} characters; write a reply instead"
        raise InputError("bad-input", msg)
    return note
