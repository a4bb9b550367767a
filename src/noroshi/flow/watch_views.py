"""Views of the watch: alarms, lines, desks, as JSON that a screen or a machine can show.

A line's `state` says whether the link is up; a desk's `state` is what its own node tells; what is
wrong at a desk although the link is up is its `problem`. So "link down", "desk unstaffed" and
"staffed, not answering" are three different things.
"""

from typing import Final

from noroshi.core.delivery.alarm import sentence
from noroshi.core.delivery.check import DeskState
from noroshi.core.instant import Instant, to_text
from noroshi.core.lexicon.lexicon import Language, Lexicon
from noroshi.core.partner import DeskAddress
from noroshi.core.report import report_id_text
from noroshi.flow.directories import directory_json
from noroshi.flow.records import DeskWatch, KnownPartner, LineCheck, LoggedWatch, OpenAlarm
from noroshi.flow.tables import Tables

_LINK_FAILURE: Final = "unreachable"
_UNVERIFIED: Final = "partner-unverified"


def alarm_json(tables: Tables, raised: OpenAlarm, lexicon: Lexicon) -> dict[str, object]:
    """Return an alarm as CONTRACT's JSON."""
    alarm = raised.alarm
    report = None if alarm.report_id is None else tables.reports.get(alarm.report_id)
    precedence = None
    if report is not None and alarm.desk is not None:
        desk = DeskAddress(alarm.desk, alarm.partner)
        precedence = tables.reports.precedence_at(report.id, desk).name
    return {
        "alarm": alarm.kind.value,
        "number": raised.number,
        "report": report_id_text(alarm.report_id) if alarm.report_id else None,
        "partner": alarm.partner,
        "desk": alarm.desk,
        "at": to_text(alarm.at),
        "message": sentence(alarm, lexicon, Language.ENGLISH),
        "detail": alarm.detail,
        "precedence": precedence,
        "status": report.head.status.value if report else None,
        "taken_by": raised.taken_by,
        "taken_at": _text(raised.taken_at),
        "ended_at": _text(raised.ended_at),
    }


def line_json(
    tables: Tables, known: KnownPartner, queue: int, me: str, now: Instant
) -> dict[str, object]:
    """Return the line to a partner, with what waits there and who sits at its other end."""
    partner = known.signed_card.card.partner
    last_out = tables.watch.last_check(partner, outgoing=True, good=False)
    last_in = tables.watch.last_check(partner, outgoing=False, good=True)
    state, reason = _line_state(tables, known, last_out, last_in)
    good = tables.watch.last_check(partner, outgoing=True, good=True)
    told = {watch.desk: watch for watch in tables.watch.desks(partner)}
    overdue = tables.watch.overdue(partner, now)
    people = tables.watch.people_check(me, partner)
    return {
        "partner": partner,
        "state": state,
        "reason": reason,
        "trust": known.state.value,
        "bearer": last_out.bearer if last_out else None,
        "last_check_out": _text(last_out.at if last_out else None),
        "last_good_check_out": _text(good.at if good else None),
        "last_check_in": _text(last_in.at if last_in else None),
        "round_trip_ms": _milliseconds(good),
        "queue": queue,
        "forward_secrecy": tables.prekeys.of(partner, now) is not None,
        "dictionary": tables.partners.dictionary(partner) or None,
        **directory_json(tables, known, now),
        "desks": [
            _desk_json(desk, told.get(desk), overdue.get(desk, 0))
            for desk in known.signed_card.card.desks
        ],
        "missing": [
            {"precedence": gap.precedence.name, "serials": list(gap.missing)}
            for gap in tables.serials.gaps(partner)
        ],
        "people_check": None
        if people is None
        else {
            "report": report_id_text(people.report_id),
            "desk": people.desk,
            "by": people.by,
            "at": to_text(people.at),
        },
    }


def check_json(check: LineCheck) -> dict[str, object]:
    """Return one comms check of a line's history."""
    return {
        "at": to_text(check.at),
        "direction": "OUT" if check.outgoing else "IN",
        "bearer": check.bearer,
        "round_trip_ms": _milliseconds(check),
        "code": check.code,
    }


def own_desk_json(tables: Tables, desk: str, watch: DeskWatch | None) -> dict[str, object]:
    """Return a desk of this node, and who sits there."""
    return {
        "desk": desk,
        "state": watch.state.value if watch else None,
        "by": watch.officer if watch else None,
        "since": _text(watch.since if watch else None),
        "open": len(tables.reports.inbox((desk,), answered=False)),
    }


def logged_json(logged: LoggedWatch) -> dict[str, object]:
    """Return a line of a desk's watch log."""
    return {
        "desk": logged.desk,
        "state": logged.state.value,
        "from": logged.handed_by,
        "by": logged.officer,
        "at": to_text(logged.at),
        "note": logged.note,
        "open": logged.open_reports,
    }


def _line_state(
    tables: Tables, known: KnownPartner, last: LineCheck | None, last_in: LineCheck | None
) -> tuple[str, str | None]:
    """Return whether the link is up, and why it is not.

    A check that failed for want of trust says nothing any more once this node has verified the
    partner, or a check of the partner has come in, which only a partner sends that has verified.
    """
    if last is not None and last.code == _UNVERIFIED:
        heard = last_in.at if last_in is not None else 0
        if max(known.verified_at or 0, heard) > last.at:
            last = None
    failure = tables.reports.failing().get(known.signed_card.card.partner)
    is_failing = failure is not None and failure.code == _LINK_FAILURE
    if last is not None and last.code is not None:
        return "DOWN", last.code
    if is_failing and failure is not None and (last is None or failure.at > last.at):
        return "DOWN", failure.code
    return ("UNTESTED", None) if last is None else ("UP", None)


def _desk_json(desk: str, told: DeskWatch | None, overdue: int) -> dict[str, object]:
    problem = None
    if told is not None and told.state is DeskState.UNSTAFFED:
        problem = "DESK_UNSTAFFED"
    elif told is not None and told.state is DeskState.STAFFED and overdue:
        problem = "NOT_ANSWERING"
    return {
        "desk": desk,
        "state": told.state.value if told else None,
        "since": _text(told.since if told else None),
        "unanswered": overdue,
        "problem": problem,
    }


def _milliseconds(check: LineCheck | None) -> float | None:
    if check is None or check.round_trip is None:
        return None
    return round(check.round_trip / 1000, 1)


def _text(at: Instant | None) -> str | None:
    return None if at is None else to_text(at)
