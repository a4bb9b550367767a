"""Answers about what a restore keeps from going out."""

from functools import partial

from noroshi.core.errors import InputError, NotFoundError
from noroshi.core.instant import to_text
from noroshi.core.marking.label import Marking
from noroshi.core.precedence import Precedence
from noroshi.core.report import check_person, report_id_text
from noroshi.flow import restore, views
from noroshi.flow.consents import reason_at_exit
from noroshi.flow.exits import reasons_against
from noroshi.flow.house import House
from noroshi.flow.records import HeldReport
from noroshi.flow.requests import Answer, Json, SendHeld


def held(house: House) -> Answer:
    """List the reports that are held."""
    with house.store.read() as tables:
        return [_json(each) for each in tables.outbox.held()]


def send_held(house: House, request: SendHeld) -> Answer:
    """Let reports go."""
    with house.store.read() as tables:
        on_hold = tables.outbox.held()
        waiting = {each.report_id for each in on_hold}
        chosen = {views.resolve(tables, prefix) for prefix in request.reports} or waiting
    for report_id in chosen - waiting:
        msg = f"the report {report_id_text(report_id)} is not held; see 'noroshi held'"
        raise NotFoundError("not-found", msg)
    _check_release(house, [each for each in on_hold if each.report_id in chosen])
    house.identity()
    act = partial(
        restore.send_held,
        reports=sorted(chosen),
        by=check_person(request.by) or "",
        me=house.me,
        entropy=house.entropy,
    )
    return [_json(each) for each in house.store.perform(act, Precedence.IMMEDIATE)]


def _check_release(house: House, reports: list[HeldReport]) -> None:
    """Return if each may go where it waits to go.

    Raises:
        InputError: one may not.
    """
    reasons: list[str] = []
    with house.store.read() as tables:
        for each in reports:
            stored = views.report(tables, each.report_id)
            marking, areas = Marking.parse(stored.head.marking), stored.content.areas
            now = house.clock.now()
            dragged = tables.reports.dragged(each.report_id, each.partner)
            against = reasons_against(
                tables, marking, areas, dragged, each.partner, house.me, now, house.rules
            )
            ended = reason_at_exit(tables, each.report_id, each.partner, house.me, now)
            against = (*against, ended) if ended else against
            name = report_id_text(each.report_id)
            reasons += [f"{name} to {each.partner}: {reason}" for reason in against]
    if reasons:
        raise InputError("not-releasable", "; ".join(reasons))


def _json(each: HeldReport) -> Json:
    return {
        "report": report_id_text(each.report_id),
        "partner": each.partner,
        "precedence": each.precedence.name,
        "subject": each.subject,
        "sealed_at": to_text(each.sealed_at),
        "expires_at": None if each.expires_at is None else to_text(each.expires_at),
    }
