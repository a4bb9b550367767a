"""Answers about what a restore keeps from going out."""

from functools import partial

from noroshi.core.errors import NotFoundError
from noroshi.core.instant import to_text
from noroshi.core.precedence import Precedence
from noroshi.core.report import check_person, report_id_text
from noroshi.flow import restore, views
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
        waiting = {each.report_id for each in tables.outbox.held()}
        chosen = {views.resolve(tables, prefix) for prefix in request.reports} or waiting
    for report_id in chosen - waiting:
        msg = f"the report {report_id_text(report_id)} is not held; see 'noroshi held'"
        raise NotFoundError("not-found", msg)
    house.identity()
    act = partial(
        restore.send_held,
        reports=sorted(chosen),
        by=check_person(request.by) or "",
        me=house.me,
        entropy=house.entropy,
    )
    return [_json(each) for each in house.store.perform(act, Precedence.IMMEDIATE)]


def _json(each: HeldReport) -> Json:
    return {
        "report": report_id_text(each.report_id),
        "partner": each.partner,
        "precedence": each.precedence.name,
        "subject": each.subject,
        "sealed_at": to_text(each.sealed_at),
        "expires_at": None if each.expires_at is None else to_text(each.expires_at),
    }
