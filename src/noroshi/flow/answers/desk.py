"""Answers at a desk: a report is presented, and answered by name."""

from functools import partial

from noroshi.core.delivery.ladder import Ladder, Rung, highest
from noroshi.core.errors import InputError
from noroshi.core.instant import Instant, from_text
from noroshi.core.marking.label import Marking
from noroshi.core.marking.rules import Classification
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence
from noroshi.core.report import check_person, report_id_text
from noroshi.flow import acknowledge, chain_views, views
from noroshi.flow.answers.joint import signature_json, statement_json
from noroshi.flow.consents import share_rungs
from noroshi.flow.exits import reasons_against
from noroshi.flow.house import House
from noroshi.flow.records import StoredReport
from noroshi.flow.requests import Answer, Answering, Json, Show
from noroshi.flow.tables import Transaction


def show(house: House, request: Show) -> Answer:
    """Present a report."""
    with house.store.read() as tables:
        report_id = views.resolve(tables, request.report)
        stored = views.report(tables, report_id)
        given = tables.watch.assignments(report_id)
    if not stored.outgoing and stored.destroyed is None and request.at is None:
        desks = stored.content.desks_of(house.me)
        if request.desk is not None or len(desks) == 1:
            desk = acknowledge.desk_for(stored, request.desk, house.me, given)
            _answer_at(house, report_id, desk, Rung.SHOWN, by=request.by, note=None)
    at = None if request.at is None else from_text(request.at)
    return _presented(house, report_id, request.desks, at=at, has_history=request.history)


def _presented(
    house: House,
    report_id: bytes,
    desks: tuple[str, ...] | None,
    *,
    at: Instant | None = None,
    has_history: bool = False,
) -> Json:
    """Return a whole report, its chain, and what its marking is in this house's own words."""
    with house.store.read() as tables:
        seen = views.presented(tables, report_id)
        chained = chain_views.chain_json(
            tables, seen.report, desks, house.deadlines(), house.rules, at=at,
            has_history=has_history,
        )  # fmt: skip
        statement = statement_json(house, tables, seen.report, desks)
        signature = signature_json(house, tables, seen.report, desks)
    marking = Marking.parse(seen.report.head.marking)
    return {
        **views.report_json(seen),
        **chained,
        "statement": statement,
        "signature": signature,
        "equivalents": [
            {
                "marking": str(Classification(each.policy, each.level)),
                "confidence": each.confidence.value,
                "source": each.source,
            }
            for each in house.rules.shown_to(marking, house.me)
        ],
    }


def answering(house: House, request: Answering) -> Answer:
    """Acknowledge, decline, or say that it was acted on."""
    with house.store.read() as tables:
        report_id = views.resolve(tables, request.report)
        stored = views.report(tables, report_id)
        given = tables.watch.assignments(report_id)
        shown_before = False
    if stored.outgoing:
        msg = "that report was sent from here; its addressees answer it"
        raise InputError("bad-input", msg)
    desk = acknowledge.desk_for(stored, request.desk, house.me, given)
    _check_note(house, stored, request)
    with house.store.read() as tables:
        ladder = tables.reports.ladder(report_id, DeskAddress(desk, house.me))
        shown_before = any(record.rung is Rung.SHOWN for record in ladder)
    answered = _answer_at(house, report_id, desk, request.rung, by=request.by, note=request.note)
    answer: Json = {
        "report": report_id_text(report_id),
        "desk": desk,
        "by": request.by,
        "state": answered["state"],
        "rungs": answered["rungs"],
    }
    if request.desk is not None and request.desk != desk:
        answer["answered_by_desk"] = request.desk
    if not shown_before:
        with house.store.read() as tables:
            answer["presented"] = _presented(house, report_id, request.desks)
    return answer


def _check_note(house: House, stored: StoredReport, request: Answering) -> None:
    """Return if the note of an answer may go where it goes: to who wrote the report.

    Raises:
        InputError: it counts as marked like the report, and may not go back; or there is none
            and a desk that declines has to say why.
    """
    head, has_note = stored.head, bool(request.note and request.note.strip())
    if not has_note and request.rung is not Rung.DECLINED:
        return
    with house.store.read() as tables:
        reasons = reasons_against(
            tables, Marking.parse(head.marking), stored.content.areas, (), head.sender, house.me,
            house.clock.now(), house.rules,
        )  # fmt: skip
    if has_note and reasons:
        msg = (
            f"a note counts as marked like the report, and may not go back to {head.sender}: "
            f"{'; '.join(reasons)}. Answer without one (decline: --no-note)"
        )
        raise InputError("not-releasable", msg)
    if not has_note and not reasons:
        raise InputError("bad-input", "say why: --note TEXT")


def _answer_at(
    house: House, report_id: bytes, desk: str, rung: Rung, *, by: str | None, note: str | None
) -> Json:
    act = partial(
        acknowledge.answer,
        desk=desk,
        rung=rung,
        by=check_person(by),
        note=note,
        me=house.me,
        entropy=house.entropy,
    )
    house.identity()

    def answer(tx: Transaction) -> Ladder:
        ladder = act(tx, report_id)
        for twin in tx.consents.twins(report_id):
            share_rungs(tx, twin, desk, ladder, house.me, house.entropy)
        return ladder

    ladder = house.store.perform(answer, Precedence.IMMEDIATE)
    state = highest(ladder)
    with house.store.read() as tables:
        proven = views.proven_since(tables)
    return {"state": state.value if state else None, "rungs": views.ladder_json(ladder, proven)}
