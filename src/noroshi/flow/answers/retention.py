"""Answers about retention and areas of cooperation."""

from functools import partial

from noroshi.core.instant import Instant, to_text
from noroshi.core.report import report_id_text
from noroshi.flow import retention, views
from noroshi.flow.house import House
from noroshi.flow.requests import Answer, EndLegalHold, HoldForLaw, Json, Retained
from noroshi.flow.retention_tables import KeptReport, LegalHold


def areas(house: House) -> Answer:
    """List the areas of cooperation."""
    return [
        {
            "code": area.code,
            "status": area.status.value,
            "source": area.source,
            "names": area.names,
        }
        for area in house.areas.values()
    ]


def retained(house: House, request: Retained) -> Answer:
    """List what is destroyed when, the nearest first; then what is open, held, kept for ever."""
    with house.store.read() as tables:
        found = tables.retention.kept()
    rows = [(retention.due_at(kept, house.retention), kept) for kept in found]
    rows.sort(key=lambda row: (row[0] is None, row[0] or 0))
    return [
        _json(house, due_at, kept)
        for due_at, kept in rows
        if request.everything or kept.hold is not None or _has_end(house, kept)
    ]


def hold(house: House, request: HoldForLaw) -> Answer:
    """Keep a report whatever the rules say."""
    with house.store.read() as tables:
        report_id = views.resolve(tables, request.report)
    house.identity()
    act = partial(
        retention.hold, report_id=report_id, by=request.by, reason=request.reason, me=house.me,
        entropy=house.entropy,
    )  # fmt: skip
    held = house.store.perform(act)
    return {"report": report_id_text(report_id), "state": "HELD", "hold": _hold_json(held)}


def end_hold(house: House, request: EndLegalHold) -> Answer:
    """Let the rules decide again."""
    with house.store.read() as tables:
        report_id = views.resolve(tables, request.report)
    house.identity()
    act = partial(
        retention.end_hold, report_id=report_id, by=request.by, me=house.me, entropy=house.entropy
    )
    ended = house.store.perform(act)
    return {"report": report_id_text(report_id), "state": "RELEASED", "hold": _hold_json(ended)}


def _has_end(house: House, kept: KeptReport) -> bool:
    rule = house.retention.rule_for(kept.marking, kept.areas)
    return rule is not None and rule.days is not None


def _json(house: House, due_at: Instant | None, kept: KeptReport) -> Json:
    rule = house.retention.rule_for(kept.marking, kept.areas)
    return {
        "report": report_id_text(kept.report_id),
        "marking": kept.marking,
        "areas": list(kept.areas),
        "rule": None if rule is None else str(rule),
        "open": kept.is_open,
        "last_at": to_text(kept.last_at),
        "destroyed_at": None if due_at is None else to_text(due_at),
        "hold": None if kept.hold is None else _hold_json(kept.hold),
    }


def _hold_json(held: LegalHold) -> Json:
    return {"by": held.by, "at": to_text(held.at), "reason": held.reason}
