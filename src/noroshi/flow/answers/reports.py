"""Answers about reports: written, listed, presented, answered, followed."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from noroshi.core.areas import check_areas
from noroshi.core.delivery.ladder import Ladder, Rung, highest
from noroshi.core.delivery.quota import has_room
from noroshi.core.errors import ConflictError, InputError, NotFoundError, UnavailableError
from noroshi.core.instant import from_text
from noroshi.core.marking.label import Marking
from noroshi.core.marking.rules import Classification
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence
from noroshi.core.recognition import recognise
from noroshi.core.report import (
    CANCELLATION,
    MAX_SUBJECT,
    SUPERSESSION,
    check_person,
    report_id_text,
)
from noroshi.flow import acknowledge, draft, release, send, views
from noroshi.flow.consents import share_rungs
from noroshi.flow.house import House
from noroshi.flow.plan import Plan
from noroshi.flow.records import StoredReport
from noroshi.flow.requests import (
    Answer,
    Answering,
    Cancel,
    Inbox,
    Json,
    Reached,
    Reply,
    SendReport,
    Show,
    Status,
)
from noroshi.flow.tables import Transaction

T = TypeVar("T")


def send_report(house: House, request: SendReport) -> Answer:
    """Send a report, or only say whether it may go."""
    earlier = None if request.supersedes is None else _sent(house, request.supersedes)
    to, info, marking = request.to, request.info, request.marking
    if earlier is not None:
        if request.kind is not None:
            msg = "what supersedes a report is of the kind supersession; leave --kind out"
            raise InputError("bad-input", msg)
        if not to and not info:
            to, info = map(_texts, (earlier.content.action, earlier.content.info))
        marking = marking or recognise(request.body, as_text=request.as_text).marking
        marking = marking or earlier.head.marking
    order = draft.Order(
        body=request.body,
        action=to,
        info=info,
        precedence=request.precedence,
        info_precedence=request.info_precedence,
        kind=request.kind,
        subject=request.subject,
        marking=marking,
        status=request.status or (earlier.head.status.value if earlier else None),
        change=SUPERSESSION if earlier else None,
        references=_references(house, earlier, request.references),
        expires_at=None if request.expires is None else from_text(request.expires),
        as_text=request.as_text,
        from_desk=request.from_desk,
        drafter=request.by,
        report_id=request.report_id,
        areas=check_areas(request.areas, house.areas) or (earlier.content.areas if earlier else ()),
    )
    files = [house.staged.pop(token, None) for token in request.attachments]
    try:
        return _send_order(house, order, files, is_check=request.check)
    except (InputError, ConflictError, NotFoundError):
        for file in files:
            if file is not None:
                house.blobs.discard(file.blob.blob_id)
        raise


def _send_order(
    house: House, order: draft.Order, files: list[draft.EncryptedFile | None], *, is_check: bool
) -> Answer:
    found = [file for file in files if file is not None]
    if len(found) < len(files):
        msg = "an attachment was not staged with this node; send the report again"
        raise NotFoundError("not-found", msg)
    try:
        planned = plan(house, order, found)
    except InputError as error:
        if is_check and error.code == "bad-marking":
            return {"allowed": False, "reasons": [error.message]}
        raise
    return send_or_check(house, planned, is_check=is_check)


def send_or_check(house: House, planned: Plan, *, is_check: bool) -> Json:
    """Send a plan, or only say whether it may go, with every reason why not."""
    if not is_check:
        return commit(house, planned)
    with house.store.read() as tables:
        check = send.check_release(tables, planned, house.me, house.clock.now(), house.rules)
    return {"allowed": check.is_allowed, "reasons": list(check.reasons)}


def _references(
    house: House, earlier: StoredReport | None, texts: tuple[str, ...]
) -> tuple[bytes, ...]:
    """Return the ids of the reports that a new one refers to."""
    if not texts:
        return (earlier.id,) if earlier else ()
    if earlier is not None:
        msg = "what supersedes a report refers to that one alone; leave --reference out"
        raise InputError("bad-input", msg)
    with house.store.read() as tables:
        return tuple(dict.fromkeys(views.resolve(tables, text) for text in texts))


def cancel(house: House, request: Cancel) -> Answer:
    """Take back a report of ours, visibly, at all who were addressed."""
    earlier = _sent(house, request.report)
    head, content = earlier.head, earlier.content
    name = f"{report_id_text(earlier.id)}" + (f" ({content.subject})" if content.subject else "")
    note = f"\n{request.note}\n" if request.note else "\n"
    order = draft.Order(
        body=f"CANCELLED: the report {name}.{note}".encode(),
        action=_texts(content.action),
        info=_texts(content.info),
        precedence=head.precedence.name,
        info_precedence=head.info_precedence.name,
        change=CANCELLATION,
        subject=f"Cancelled: {content.subject or report_id_text(earlier.id)}"[:MAX_SUBJECT],
        marking=head.marking,
        status=head.status.value,
        areas=content.areas,
        as_text=True,
        from_desk=content.from_desk,
        drafter=request.by,
        references=(earlier.id,),
        report_id=request.report_id,
    )
    return {**commit(house, plan(house, order, [])), "cancels": report_id_text(earlier.id)}


def _sent(house: House, text: str) -> StoredReport:
    """Return a report of ours that may be changed."""
    with house.store.read() as tables:
        found = views.report(tables, views.resolve(tables, text))
    if not found.outgoing:
        msg = "that report was not sent from here; only its sender can cancel or supersede it"
        raise InputError("bad-input", msg)
    return found


def _texts(addresses: tuple[DeskAddress, ...]) -> tuple[str, ...]:
    return tuple(map(str, addresses))


def reply(house: House, request: Reply) -> Answer:
    """Send a report back to the desk that wrote one."""
    with house.store.read() as tables:
        earlier = views.report(tables, views.resolve(tables, request.report))
        given = tables.watch.assignments(earlier.id)
    if earlier.outgoing:
        msg = "that report was sent from here; a reply goes to a report that came in"
        raise InputError("bad-input", msg)
    desk = acknowledge.desk_for(earlier, request.desk, house.me, given)
    head, content = earlier.head, earlier.content
    found = recognise(request.body, as_text=request.as_text)
    order = draft.Order(
        body=request.body,
        action=(str(DeskAddress(content.from_desk, head.sender)),),
        precedence=found.precedence or head.precedence.name,
        kind=None if found.kind != "situation-report" else "answer",
        subject=f"Re: {content.subject}"[:200] if content.subject else None,
        marking=head.marking,
        status=head.status.value,
        areas=content.areas,
        as_text=request.as_text,
        from_desk=desk,
        drafter=request.by,
        references=(earlier.id,),
        report_id=request.report_id,
    )
    return commit(house, plan(house, order, []))


def plan(house: House, order: draft.Order, files: list[draft.EncryptedFile]) -> Plan:
    """Return an order with every choice made.

    Raises:
        InputError: something in it cannot be used.
    """
    return draft.plan(
        order,
        files,
        own_desks=house.desks,
        default_marking=house.default_marking,
        rules=house.rules,
        lexicon=house.lexicon,
        now=house.clock.now(),
        entropy=house.entropy,
    )


def commit(house: House, planned: Plan) -> Json:
    """Send a plan, or keep it where its level needs a second person."""
    with house.store.read() as tables:
        why = send.reasons_for_two(tables, planned, house.clock.now(), house.rules)
    if why:
        return _keep(house, planned)
    act = partial(
        send.send, planned=planned, identity=house.identity(), entropy=house.entropy,
        rules=house.rules,
    )  # fmt: skip
    return sent_json(perform(house, act, planned))


def perform(house: House, act: Callable[[Transaction], T], planned: Plan) -> T:
    """Run an act about a plan in its turn, if the disk has room for what is so urgent.

    Raises:
        UnavailableError: the room that is left is for more urgent reports.
    """
    if not has_room(planned.highest, house.disk()):
        msg = (
            "the disk is full but for FLASH reports; nothing was taken. Make room, or send what "
            "cannot wait as FLASH"
        )
        raise UnavailableError("disk-full", msg)
    return house.store.perform(act, planned.highest)


def sent_json(sent: send.Sent) -> Json:
    """Return what became of an order as CONTRACT's JSON."""
    return {
        "report": report_id_text(sent.report_id),
        "state": "SENT",
        "recipients": [{"desk": to.desk, "serial": to.serial} for to in sent.recipients],
    }


def _keep(house: House, planned: Plan) -> Json:
    """Keep a plan for a second person, if it may go at all."""
    with house.store.read() as tables:
        found = send.check_release(tables, planned, house.me, house.clock.now(), house.rules)
    if not found.is_allowed:
        raise InputError("not-releasable", "; ".join(found.reasons))
    act = partial(
        release.keep, planned=planned, duty=house.identity().duty, me=house.me,
        entropy=house.entropy,
    )  # fmt: skip
    perform(house, act, planned)
    addressees = planned.content.addressees
    return {
        "report": report_id_text(planned.report_id),
        "state": "AWAITING_RELEASE",
        "recipients": [{"desk": str(address), "serial": None} for address in addressees],
    }


def inbox(house: House, request: Inbox) -> Answer:
    """List what came in."""
    if request.desk is not None and request.desk not in house.desks:
        msg = f"this node has no desk {request.desk!r}; it has {', '.join(house.desks)}"
        raise InputError("unknown-desk", msg)
    with house.store.read() as tables:
        rows = tables.reports.inbox(request.desk, unacknowledged=request.unacknowledged)
        return [
            views.inbox_json(row, house.me)
            for row in rows
            if request.desks is None or row.desk in request.desks
        ]


def show(house: House, request: Show) -> Answer:
    """Present a report."""
    with house.store.read() as tables:
        report_id = views.resolve(tables, request.report)
        stored = views.report(tables, report_id)
        given = tables.watch.assignments(report_id)
    if not stored.outgoing and stored.destroyed is None:
        desks = stored.content.desks_of(house.me)
        if request.desk is not None or len(desks) == 1:
            desk = acknowledge.desk_for(stored, request.desk, house.me, given)
            _answer_at(house, report_id, desk, Rung.SHOWN, by=request.by, note=None)
    return _presented(house, report_id)


def _presented(house: House, report_id: bytes) -> Json:
    """Return a whole report, and what its marking is in this house's own words."""
    with house.store.read() as tables:
        seen = views.presented(tables, report_id)
    marking = Marking.parse(seen.report.head.marking)
    return {
        **views.report_json(seen),
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
    if request.rung is Rung.DECLINED and not (request.note and request.note.strip()):
        raise InputError("bad-input", "say why: --note TEXT")
    with house.store.read() as tables:
        report_id = views.resolve(tables, request.report)
        stored = views.report(tables, report_id)
        given = tables.watch.assignments(report_id)
        shown_before = False
    if stored.outgoing:
        msg = "that report was sent from here; its addressees answer it"
        raise InputError("bad-input", msg)
    desk = acknowledge.desk_for(stored, request.desk, house.me, given)
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
            answer["presented"] = _presented(house, report_id)
    return answer


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


def status(house: House, request: Status) -> Answer:
    """Say how far a report got."""
    with house.store.read() as tables:
        return views.status_json(views.status(tables, views.resolve(tables, request.report)))


def reached(house: House, request: Reached) -> Answer:
    """Say whether all action addressees reached a rung."""
    with house.store.read() as tables:
        seen = views.status(tables, views.resolve(tables, request.report))
    return {"reached": views.has_reached(seen, request.rung), **views.status_json(seen)}
