"""Answers about the watch: alarms, lines, desks, and what is given to another desk."""

from functools import partial

from noroshi.core.delivery.ladder import highest
from noroshi.core.errors import InputError, NotFoundError
from noroshi.core.instant import DAY, SECOND
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence
from noroshi.core.report import check_person, report_id_text
from noroshi.flow import acknowledge, views, watch, watch_views
from noroshi.flow.house import House
from noroshi.flow.requests import (
    Alarms,
    Answer,
    Assign,
    DeskLog,
    Figures,
    Json,
    LineHistory,
    SetDesk,
    TakeAlarm,
)

_MOST_ROWS = 1000
_MOST_DAYS = 366


def alarms(house: House, request: Alarms) -> Answer:
    """List the alarms, those that are open or all."""
    with house.store.read() as tables:
        found = tables.watch.alarms(is_open=request.is_open)
        return [watch_views.alarm_json(tables, raised, house.lexicon()) for raised in found]


def alarms_since(house: House, after: int | None) -> tuple[list[Json], int]:
    """Return the alarms numbered above `after` (None: those that are open), and the newest number.

    Both are of one moment, so that whoever goes on with higher numbers misses and repeats none.
    """
    with house.store.read() as tables:
        found = tables.watch.alarms(is_open=after is None, after=after or 0)
        told = [watch_views.alarm_json(tables, raised, house.lexicon()) for raised in found]
        return told, tables.watch.newest_alarm()


def alarm(house: House, number: int) -> Json | None:
    """Return the alarm of that number."""
    with house.store.read() as tables:
        raised = tables.watch.alarm(number)
        return None if raised is None else watch_views.alarm_json(tables, raised, house.lexicon())


def take_alarm(house: House, request: TakeAlarm) -> Answer:
    """Record who takes care of an alarm."""
    house.identity()
    act = partial(
        watch.take_alarm,
        number=request.number,
        by=check_person(request.by) or "",
        me=house.me,
        entropy=house.entropy,
    )
    house.store.perform(act, Precedence.IMMEDIATE)
    return alarm(house, request.number) or {}


def line_states(house: House) -> Answer:
    """Say how each line is."""
    with house.store.read() as tables:
        queues = tables.outbox.counts()
        return [
            watch_views.line_json(
                tables,
                known,
                queues.get(known.signed_card.card.partner, 0),
                house.me,
                house.clock.now(),
            )
            | ({"state": "RECEIVE-ONLY", "reason": None} if house.is_silent else {})
            for known in tables.partners.all()
        ]


def line_history(house: House, request: LineHistory) -> Answer:
    """List the newest comms checks of a line, the earliest first."""
    with house.store.read() as tables:
        if tables.partners.get(request.partner) is None:
            msg = f"no partner {request.partner!r} is known; see 'noroshi partner list'"
            raise NotFoundError("unknown-partner", msg)
        checks = tables.watch.checks(request.partner, _rows(request.limit))
        return [watch_views.check_json(check) for check in reversed(checks)]


def figures(house: House, request: Figures) -> Answer:
    """Say how soon reports are acknowledged, and how many are about which area."""
    days = max(1, min(request.days, _MOST_DAYS))
    with house.store.read() as tables:
        since = house.clock.now() - days * DAY
        rows, areas = tables.figures.acknowledged(since), tables.figures.traffic(since)
    return {
        "days": days,
        "acknowledged": [
            {
                "partner": each.partner,
                "precedence": each.precedence.name,
                "addressed": each.addressed,
                "acknowledged": each.acknowledged,
                "median_s": None if each.median is None else round(each.median / SECOND, 1),
                "tenth_s": None if each.tenth is None else round(each.tenth / SECOND, 1),
            }
            for each in rows
        ],
        "areas": [
            {"area": each.area or None, "sent": each.sent, "received": each.received}
            for each in areas
        ],
    }


def desks(house: House) -> Answer:
    """List the desks of this node, and who sits there."""
    with house.store.read() as tables:
        known = {held.desk: held for held in tables.watch.desks(house.me)}
        return [watch_views.own_desk_json(tables, desk, known.get(desk)) for desk in house.desks]


def set_desk(house: House, request: SetDesk) -> Answer:
    """Say whether a desk of ours is staffed, and what is open there."""
    desk = _own_desk(house, request.desk)
    house.identity()
    act = partial(
        watch.set_desk,
        desk=desk,
        state=request.state,
        by=check_person(request.by) or "",
        note=acknowledge.check_note(request.note),
        me=house.me,
        entropy=house.entropy,
        handed_by=check_person(request.handed_by),
    )
    open_rows = house.store.perform(act, Precedence.PRIORITY)
    with house.store.read() as tables:
        (newest,) = tables.watch.watch_log(desk, 1)
        return {
            **watch_views.logged_json(newest),
            "open": [views.inbox_json(row, house.me) for row in open_rows],
            "alarms": [
                watch_views.alarm_json(tables, raised, house.lexicon())
                for raised in tables.watch.alarms()
                if raised.alarm.partner == house.me and raised.alarm.desk == desk
            ],
        }


def desk_log(house: House, request: DeskLog) -> Answer:
    """List who watched a desk of ours, the earliest first."""
    desk = _own_desk(house, request.desk)
    with house.store.read() as tables:
        found = tables.watch.watch_log(desk, _rows(request.limit))
        return [watch_views.logged_json(logged) for logged in reversed(found)]


def assign(house: House, request: Assign) -> Answer:
    """Give a report that came in to another desk of the house too."""
    to_desk = _own_desk(house, request.desk)
    with house.store.read() as tables:
        report_id = views.resolve(tables, request.report)
        stored = views.report(tables, report_id)
    if stored.outgoing:
        msg = "that report was sent from here; only what came in can be given to a desk"
        raise InputError("bad-input", msg)
    desks_of = stored.content.desks_of(house.me)
    if request.from_desk is None and len(desks_of) > 1:
        msg = f"the report came to several desks ({', '.join(desks_of)}); say whose copy it is: "
        raise InputError("unknown-desk", msg + f"--from {desks_of[0]}")
    desk = acknowledge.desk_for(stored, request.from_desk, house.me)
    house.identity()
    act = partial(
        watch.assign,
        report_id=report_id,
        desk=desk,
        to_desk=to_desk,
        by=check_person(request.by),
        me=house.me,
        entropy=house.entropy,
    )
    house.store.perform(act, Precedence.IMMEDIATE)
    with house.store.read() as tables:
        rung = highest(tables.reports.ladder(report_id, DeskAddress(desk, house.me)))
    return {
        "report": report_id_text(report_id),
        "desk": to_desk,
        "from": desk,
        "state": rung.value if rung else None,
    }


def _own_desk(house: House, desk: str) -> str:
    if desk not in house.desks:
        msg = f"this node has no desk {desk!r}; it has {', '.join(house.desks)}"
        raise InputError("unknown-desk", msg)
    return desk


def _rows(limit: int) -> int:
    return max(1, min(limit, _MOST_ROWS))
