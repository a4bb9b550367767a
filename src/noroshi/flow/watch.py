"""Watch: deadlines that pass, comms checks, desks and who sits there, alarms and who takes them.

Deadlines are rows that the acts of a report's life set and take away; here they fire. Whoever
drives this (an adapter with a timer) calls `fire_due` when the next one passes.
"""

from noroshi.core.agreement import ENDING
from noroshi.core.compact.dictionary import newest
from noroshi.core.delivery.alarm import EVENTS, Alarm, AlarmKind
from noroshi.core.delivery.check import (
    VERSION,
    CommsCheck,
    DeskState,
    DeskTold,
    reads,
)
from noroshi.core.delivery.clocks import Step, next_desk
from noroshi.core.delivery.ladder import ANSWERS, Rung
from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.instant import SECOND, day_of
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.alarms import agreements_with, raise_alarm
from noroshi.flow.chains import call_for_report
from noroshi.flow.compacting import note_dictionary
from noroshi.flow.cosign import judge, make_ask, make_part
from noroshi.flow.directories import warn
from noroshi.flow.epochs import KEPT, answer_epoch
from noroshi.flow.ports import Entropy
from noroshi.flow.records import (
    Announcement,
    DeskWatch,
    Due,
    Gap,
    Identity,
    InboxRow,
    LineCheck,
    LoggedWatch,
)
from noroshi.flow.tables import Tables, Transaction
from noroshi.flow.tallies import make_tally, note_tally
from noroshi.flow.witness import compare_own

_AT_ONCE = 100


def fire_due(tx: Transaction, identity: Identity, entropy: Entropy) -> bool:
    """Do what is due; say whether more is."""
    due = tx.watch.due(tx.now, _AT_ONCE)
    for deadline in due:
        _fire(tx, deadline, identity, entropy)
    return len(due) == _AT_ONCE


def follow_clock(
    tx: Transaction, drift: int, me: str, entropy: Entropy, by: str | None = None
) -> None:
    """Move all deadlines with a clock that was set: people have the time that they were given.

    `by` is the officer who says that the clock is right now, where the journal says otherwise.
    """
    tx.watch.move_deadlines(drift)
    said = f", and is right, says {by}" if by else ""
    detail = f"{'on' if drift > 0 else 'back'} by {abs(drift) / SECOND:,.0f} s{said}"
    raise_alarm(tx, Alarm(AlarmKind.CLOCK_STEP, me, tx.now, detail=detail), me, entropy)


def make_check(
    tables: Tables, partner: str, identity: Identity, now: int, told: CommsCheck | None = None
) -> CommsCheck:
    """Return this side's half of a comms check: one that asks, or the answer to what was `told`."""
    opened = tables.epochs.opened()
    return CommsCheck(
        version=VERSION,
        at=now,
        tally=make_tally(tables, partner, identity),
        settled=tables.serials.settled(partner)
        + (make_ask(tables, partner, identity.me) if told is None else ())
        + (reads(newest()),),
        desks=tuple(
            DeskTold(watch.desk, watch.state, watch.since)
            for watch in tables.watch.desks(identity.me)
        ),
        backup_at=opened.backup_at if opened else None,
        seen=tables.witness.note_to_show(partner),
        witness=make_part(tables, partner, told, identity.me) if told is not None else b"",
    )


def note_check(
    tx: Transaction,
    partner: str,
    line_check: LineCheck,
    told: CommsCheck | None,
    identity: Identity,
    entropy: Entropy,
    asked: CommsCheck | None = None,
) -> None:
    """Record a comms check that went, came in, or was missed, and what the partner told.

    `asked` is this side's half, where the partner's is the answer to it.
    """
    kind = AlarmKind.LINE_DOWN if line_check.outgoing else AlarmKind.UNHEARD
    before = None
    if line_check.code is not None:
        before = tx.watch.last_check(partner, outgoing=line_check.outgoing, good=False)
    tx.watch.add_check(partner, line_check)
    if line_check.code is None:
        tx.watch.end_alarms((kind,), partner, tx.now)
        tx.announce(Announcement("heard", partner, round_trip=line_check.round_trip or 0))
        _ask_people(tx, partner, identity, entropy)
    elif before is not None and before.code is not None:
        # Missed twice in a row: one lost packet is no alarm.
        detail = f"{line_check.code}, comms checks are missed"
        alarm = Alarm(kind, partner, tx.now, detail=detail)
        raise_alarm(tx, alarm, identity.me, entropy)
    if told is not None:
        _note_settled(tx, partner, told, identity.card.card.epoch)
        _note_desks(tx, partner, told)
        note_dictionary(tx, partner, told)
        note_tally(tx, partner, told.tally)
        answer_epoch(tx, partner, told, identity.me, entropy)
        compare_own(tx, partner, told.seen, identity, entropy)
        if asked is not None:
            judge(tx, partner, asked, told, identity, entropy)
            tx.witness.is_shown(partner, asked.seen)


def _ask_people(tx: Transaction, partner: str, identity: Identity, entropy: Entropy) -> None:
    """Call somebody when a shift has passed in which no person tested a line that is up."""
    shift = identity.duty.shift_seconds * SECOND
    known = tx.partners.get(partner)
    if not shift or known is None or known.verified_at is None:
        return
    last = tx.watch.people_check(identity.me, partner)
    if tx.now - (last.at if last else known.verified_at) <= shift:
        tx.watch.end_alarms((AlarmKind.NO_PEOPLE_CHECK,), partner, tx.now)
        return
    hours = f"{identity.duty.shift_seconds / 3600:g} h"
    detail = f"none was acknowledged for {hours}; send one (noroshi send --kind comms-check)"
    alarm = Alarm(AlarmKind.NO_PEOPLE_CHECK, partner, tx.now, detail=detail)
    raise_alarm(tx, alarm, identity.me, entropy)


def _note_settled(tx: Transaction, partner: str, told: CommsCheck, epoch: int) -> None:
    """Stop telling of void serials that the partner has heard of."""
    if not tx.serials.tombstones(partner, 1):
        return
    for settled_epoch, precedence, number in told.settled:
        if settled_epoch == epoch:
            tx.serials.settle(partner, precedence, number, tx.now)
    tx.serials.purge(tx.now - KEPT)


def _note_desks(tx: Transaction, partner: str, told: CommsCheck) -> None:
    """Keep what the partner tells of its desks."""
    known = tx.watch.desks(partner)
    for desk in told.desks:
        desk_watch = DeskWatch(partner, desk.desk, desk.state, None, desk.since)
        if desk_watch not in known:
            tx.watch.put_desk(desk_watch)


def set_desk(
    tx: Transaction,
    desk: str,
    state: DeskState,
    *,
    by: str,
    note: str | None,
    me: str,
    entropy: Entropy,
    handed_by: str | None = None,
) -> list[InboxRow]:
    """Record who watches a desk of ours from now on; return what is open there.

    Raises:
        ConflictError: `handed_by` hands over a desk that somebody else holds.
    """
    holders = [held.officer for held in tx.watch.desks(me) if held.desk == desk]
    if handed_by is not None and holders not in ([], [handed_by]):
        msg = (
            f"the desk {desk} is held by {holders[0]}, not by {handed_by}; hand it over from there,"
            f" or take it: noroshi desk state {desk} staffed --by NAME"
        )
        raise ConflictError("desk-held", msg)
    open_reports = tx.reports.inbox((desk,), answered=False)
    tx.watch.put_desk(DeskWatch(me, desk, state, by, tx.now))
    tx.watch.log_watch(LoggedWatch(desk, state, by, tx.now, handed_by, note, len(open_reports)))
    tx.journal.append(
        new_entry(
            EntryKind.WATCH_CHANGED, tx.now, entropy.draw(SALT_SIZE), me,
            desk=desk, by=by, code=state.value,
        )
    )  # fmt: skip
    tx.announce(Announcement("desk", me, desk=desk))
    return open_reports


def take_alarm(tx: Transaction, number: int, by: str, me: str, entropy: Entropy) -> None:
    """Record who takes care of an alarm; the first who did stays. News ends with it.

    Raises:
        NotFoundError: no such alarm is open.
    """
    raised = tx.watch.alarm(number)
    if raised is None or not tx.watch.take_alarm(number, by, tx.now):
        raise NotFoundError("not-found", f"no alarm {number} is open; see 'noroshi alarms'")
    if raised.alarm.kind in EVENTS:
        tx.watch.end_alarm(number, tx.now)
    if raised.taken_by is None:
        tx.journal.append(
            new_entry(
                EntryKind.ALARM_TAKEN, tx.now, entropy.draw(SALT_SIZE), me,
                report_id=raised.alarm.report_id, by=by, code=raised.alarm.kind.value,
            )
        )  # fmt: skip


def assign(
    tx: Transaction,
    report_id: bytes,
    desk: str,
    to_desk: str,
    *,
    by: str | None,
    me: str,
    entropy: Entropy,
) -> None:
    """Give a report that came to `desk` to another desk of the house too.

    Raises:
        NotFoundError: no such report came to that desk.
        InputError: it is the same desk.
    """
    report = tx.reports.get(report_id)
    if report is None or report.outgoing or desk not in report.content.desks_of(me):
        raise NotFoundError("not-found", f"that report did not come to the desk {desk!r}")
    if to_desk in report.content.desks_of(me):
        raise InputError("bad-input", f"the desk {to_desk!r} has that report already")
    if tx.watch.assign(report_id, desk, to_desk, tx.now, by):
        tx.journal.append(
            new_entry(
                EntryKind.ASSIGNED, tx.now, entropy.draw(SALT_SIZE), me,
                report_id=report_id, desk=to_desk, by=by,
            )
        )  # fmt: skip
        precedence = tx.reports.precedence_at(report_id, DeskAddress(desk, me))
        announcement = Announcement("received", report.head.sender, report_id, to_desk, precedence)
        tx.announce(announcement)


def _fire(tx: Transaction, due: Due, identity: Identity, entropy: Entropy) -> None:
    match due.step:
        case Step.GAP:
            _fire_gap(tx, due, identity, entropy)
        case Step.AGREEMENT:
            _fire_agreement(tx, due.partner, identity, entropy)
        case Step.DIRECTORY:
            warn(tx, due.partner, identity.me, entropy)
        case Step.REPORT:
            call_for_report(tx, due, identity, entropy)
        case Step.RELEASE:
            _fire_draft(tx, due, identity, entropy)
        case _:
            _fire_unanswered(tx, due, identity, entropy)


def _fire_unanswered(tx: Transaction, due: Due, identity: Identity, entropy: Entropy) -> None:
    desk = DeskAddress(due.desk, due.partner)
    rungs = {r.rung for r in tx.reports.ladder(due.report_id, desk)}
    if rungs & ANSWERS or Rung.REFUSED in rungs:
        return
    if due.step is Step.UNDELIVERED and Rung.DELIVERED in rungs:
        return
    kind, detail = _what(tx, due, identity, is_delivered=Rung.DELIVERED in rungs)
    precedence = tx.reports.precedence_at(due.report_id, desk)
    alarm = Alarm(kind, due.partner, tx.now, due.report_id, due.desk, detail, precedence)
    raise_alarm(tx, alarm, identity.me, entropy)
    if due.step is Step.NEXT_DESK:
        following = next_desk(identity.card.card.desks, due.desk)
        report = tx.reports.get(due.report_id)
        if following and report and following not in report.content.desks_of(identity.me):
            assign(tx, due.report_id, due.desk, following, by=None, me=identity.me, entropy=entropy)


def _what(
    tx: Transaction, due: Due, identity: Identity, *, is_delivered: bool
) -> tuple[AlarmKind, str]:
    """Return which alarm a deadline raises, and what its sentence fills in."""
    match due.step:
        case Step.NEXT_DESK:
            following = next_desk(identity.card.card.desks, due.desk)
            called = f"the desk {following} is called" if following else "there is no other desk"
            return AlarmKind.NEXT_DESK, called
        case Step.NEXT_OFFICER:
            return AlarmKind.NEXT_OFFICER, identity.duty.officer
        case Step.UNDELIVERED:
            return AlarmKind.UNDELIVERED, _line_state(tx, due.partner)
        case _:
            state = _desk_state(tx, due) if is_delivered else _line_state(tx, due.partner)
            return AlarmKind.UNACKNOWLEDGED, state


def _line_state(tx: Transaction, partner: str) -> str:
    last = tx.watch.last_check(partner, outgoing=True, good=False)
    if last is None:
        return "the line was never tested"
    return "the line is up" if last.code is None else f"the line is down ({last.code})"


def _desk_state(tx: Transaction, due: Due) -> str:
    told = {watch.desk: watch.state for watch in tx.watch.desks(due.partner)}
    return {
        DeskState.STAFFED: "the desk is staffed and does not answer",
        DeskState.UNSTAFFED: "the desk is unstaffed",
        DeskState.SILENT: "the desk is silent by order",
        None: "whether the desk is staffed is not known",
    }[told.get(due.desk)]


def _fire_gap(tx: Transaction, due: Due, identity: Identity, entropy: Entropy) -> None:
    """Name the serials of one precedence that did not come, beside those that are named already."""
    gaps = tx.serials.gaps(due.partner)
    if not any(gap.precedence.name == due.desk for gap in gaps):
        return
    said = {
        alarm.detail
        for alarm in (open_alarm.alarm for open_alarm in tx.watch.alarms())
        if (alarm.kind, alarm.partner) == (AlarmKind.GAP, due.partner)
    }
    named = {due.desk, *(part.split()[0] for detail in said for part in detail.split("; "))}
    detail = "; ".join(_gap_text(gap) for gap in gaps if gap.precedence.name in named)
    if detail in said:
        return
    tx.watch.end_alarms((AlarmKind.GAP,), due.partner, tx.now)
    alarm = Alarm(
        AlarmKind.GAP, due.partner, tx.now, detail=detail, precedence=Precedence[due.desk]
    )
    raise_alarm(tx, alarm, identity.me, entropy)


def _fire_draft(tx: Transaction, due: Due, identity: Identity, entropy: Entropy) -> None:
    """Call somebody who releases what has waited for a fifth of its time."""
    draft = tx.drafts.get(due.report_id)
    if draft is None:
        return
    detail = f"{draft.plan.content.drafter} wrote it; see: noroshi release queue"
    alarm = Alarm(
        AlarmKind.UNRELEASED, due.partner, tx.now, due.report_id, due.desk, detail,
        draft.plan.highest,
    )  # fmt: skip
    raise_alarm(tx, alarm, identity.me, entropy)


def _fire_agreement(tx: Transaction, partner: str, identity: Identity, entropy: Entropy) -> None:
    """Warn of all agreements with a partner that end soon or have ended, in one alarm."""
    warn_from = day_of(tx.now) + ENDING
    ending = [each for each in agreements_with(tx, partner) if each.valid_until <= warn_from]
    if not ending:
        return
    detail = "; ".join(f"'{each.reference}' on {each.valid_until}" for each in ending)
    tx.watch.end_alarms((AlarmKind.AGREEMENT_ENDS,), partner, tx.now)
    alarm = Alarm(AlarmKind.AGREEMENT_ENDS, partner, tx.now, detail=detail)
    raise_alarm(tx, alarm, identity.me, entropy)


def _gap_text(gap: Gap) -> str:
    numbers = ", ".join(map(str, gap.missing))
    return f"{gap.precedence.name} serial {numbers}"
