"""Answers about reports: written, listed, followed."""

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

import msgspec

from noroshi.core.areas import check_areas
from noroshi.core.chains import may_update, updated_by
from noroshi.core.delivery.quota import has_room
from noroshi.core.errors import ConflictError, InputError, NotFoundError, UnavailableError
from noroshi.core.instant import from_text
from noroshi.core.marking.label import Marking, Tlp
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Status as Traffic
from noroshi.core.recognition import recognise
from noroshi.core.report import (
    CANCELLATION,
    MAX_SUBJECT,
    SUPERSESSION,
    report_id_text,
)
from noroshi.flow import draft, release, send, views
from noroshi.flow.answers.answered import check_answer, come_in
from noroshi.flow.chains import check_update
from noroshi.flow.house import House
from noroshi.flow.plan import Plan
from noroshi.flow.records import StoredReport
from noroshi.flow.requests import (
    Answer,
    Cancel,
    Inbox,
    Json,
    Outbox,
    Reached,
    SendReport,
    Status,
)
from noroshi.flow.tables import Transaction

T = TypeVar("T")

_MAY_NOT_GO: Final = frozenset({"not-releasable", "no-consent"})


def send_report(house: House, request: SendReport) -> Answer:
    """Send a report, or only say whether it may go."""
    replaced = None if request.supersedes is None else _sent(house, request.supersedes)
    if replaced is not None and request.kind is not None:
        msg = "what supersedes a report is of the kind supersession; leave --kind out"
        raise InputError("bad-input", msg)
    earlier = replaced or _updated(house, request)
    to, info, marking = request.to, request.info, request.marking
    precedence, info_precedence = request.precedence, request.info_precedence
    status, subject = request.status, request.subject
    if earlier is not None:
        found = recognise(request.body, as_text=request.as_text)
        if not to and not info:
            to, info = map(_texts, (earlier.content.action, earlier.content.info))
        if marking is None:
            marking = earlier.head.marking if found.marking is None else found.marking
        status = status or found.status or earlier.head.status.value
        if replaced is None:
            info_precedence = info_precedence or precedence or earlier.head.info_precedence.name
            precedence = precedence or found.precedence or earlier.head.precedence.name
            subject = subject or found.subject or earlier.content.subject
    order = draft.Order(
        body=request.body,
        action=to,
        info=info,
        precedence=precedence,
        info_precedence=info_precedence,
        kind=request.kind,
        subject=subject,
        marking=marking,
        status=status,
        change=SUPERSESSION if replaced else None,
        references=_references(house, earlier, request.references, is_alone=replaced is not None),
        expires_at=None if request.expires is None else from_text(request.expires),
        as_text=request.as_text,
        from_desk=request.from_desk,
        drafter=request.by,
        report_id=request.report_id,
        areas=check_areas(request.areas, house.areas) or (earlier.content.areas if earlier else ()),
    )
    answered = None if request.answers is None else come_in(house, request.answers)
    files = [house.staged.pop(token, None) for token in request.attachments]
    try:
        return _send_order(house, order, files, answered, request)
    except (InputError, ConflictError, NotFoundError):
        for file in files:
            if file is not None:
                house.blobs.discard(file.blob.blob_id)
        raise


def _send_order(
    house: House,
    order: draft.Order,
    files: list[draft.EncryptedFile | None],
    answered: StoredReport | None,
    request: SendReport,
) -> Answer:
    found = [file for file in files if file is not None]
    if len(found) < len(files):
        msg = "an attachment was not staged with this node; send the report again"
        raise NotFoundError("not-found", msg)
    try:
        planned = plan(house, order, found)
        if answered is not None:
            check_answer(house, planned, answered)
    except InputError as error:
        if request.check and error.code == "bad-marking":
            return {"allowed": False, "reasons": [error.message]}
        raise
    told = send_or_check(house, planned, is_check=request.check, is_explained=request.explained)
    return {**told, **_head_json(planned)} if request.check and request.describe else told


def _head_json(planned: Plan) -> Json:
    """Return how a plan would go."""
    content = planned.content
    return {
        "from": content.from_desk,
        "to": list(map(str, content.action)),
        "info": list(map(str, content.info)),
        "subject": content.subject,
        "precedence": planned.precedence.name,
        "marking": str(planned.marking),
        "status": planned.status.value,
    }


def send_or_check(
    house: House, planned: Plan, *, is_check: bool, is_explained: bool = False
) -> Json:
    """Send a plan, or only say whether it may go, with every reason why not.

    `is_explained`: partner by partner as well, and why a second person has to release it.
    """
    if not is_check:
        return commit(house, planned)
    with house.store.read() as tables:
        now = house.clock.now()
        check = send.check_release(tables, planned, house.me, now, house.rules)
        because = check.is_allowed and send.reasons_for_two(tables, planned, now, house.rules)
    told: Json = {"allowed": check.is_allowed, "reasons": list(check.reasons)}
    if not is_explained:
        return told
    by_partner = [
        {"partner": partner, "allowed": not reasons, "reasons": list(reasons)}
        for partner, reasons in check.partners
    ]
    return told | {"partners": by_partner, "because": list(because or ())}


def _updated(house: House, request: SendReport) -> StoredReport | None:
    """Return the report that a body updates; None: none, or the draft says what is wrong.

    Raises:
        NotFoundError: it is not here.
    """
    if request.as_text or not may_update(request.body):
        return None
    try:
        found = recognise(request.body)
    except InputError:
        return None
    with house.store.read() as tables:
        return None if found.updates is None else views.report(tables, found.updates)


def _references(
    house: House, earlier: StoredReport | None, texts: tuple[str, ...], *, is_alone: bool
) -> tuple[bytes, ...]:
    """Return the ids of the reports that a new one refers to."""
    begun = (earlier.id,) if earlier else ()
    if texts and is_alone:
        msg = "what supersedes a report refers to that one alone; leave --reference out"
        raise InputError("bad-input", msg)
    with house.store.read() as tables:
        return tuple(dict.fromkeys([*begun, *(views.resolve(tables, text) for text in texts)]))


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
    try:
        told = commit(house, plan(house, order, []))
    except InputError as error:
        if error.code not in _MAY_NOT_GO:
            raise
        if request.note:
            msg = (
                f"{error.message}. Without --note a bare cancellation goes, which says nothing "
                "but the number of the report"
            )
            raise InputError(error.code, msg) from None
        told = commit(house, plan(house, _bare(order), []))
    return {**told, "cancels": report_id_text(earlier.id)}


def _bare(order: draft.Order) -> draft.Order:
    """Return a cancellation that says only which report is void: who has that must hear of it.

    What was cancelled may have been under an agreement that has ended since.
    """
    (number,) = order.references
    return msgspec.structs.replace(
        order,
        body=f"CANCELLED: the report {report_id_text(number)}.\n".encode(),
        subject=f"Cancelled: {report_id_text(number)}",
        marking=str(Marking(Tlp.RED)),
        areas=(),
    )


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


def plan(house: House, order: draft.Order, files: list[draft.EncryptedFile]) -> Plan:
    """Return an order with every choice made.

    Raises:
        InputError: something in it cannot be used.
        NotFoundError: it updates what is not here.
        ConflictError: it updates what was cancelled.
    """
    planned = draft.plan(
        order,
        files,
        own_desks=house.desks,
        default_marking=house.default_marking,
        rules=house.rules,
        lexicon=house.lexicon,
        now=house.clock.now(),
        entropy=house.entropy,
    )
    if updated_by(planned.content) is not None:
        with house.store.read() as tables:
            now = house.clock.now() if planned.status is Traffic.ACTUAL else None
            check_update(tables, planned.content, house.lexicon, now)
    return planned


def commit(house: House, planned: Plan, *, is_for_release: bool = False) -> Json:
    """Send a plan, or keep it where its level, or whoever wrote it, needs a second person."""
    with house.store.read() as tables:
        why = send.reasons_for_two(tables, planned, house.clock.now(), house.rules)
    if why or is_for_release:
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
    desks = request.desks if request.desk is None else (request.desk,)
    answered = False if request.unacknowledged else request.answered or None
    with house.store.read() as tables:
        rows = tables.reports.inbox(desks, answered=answered, limit=request.limit)
        return [views.inbox_json(row, house.me) for row in rows]


def outbox(house: House, request: Outbox) -> Answer:
    """List what was sent last, and how far it got."""
    with house.store.read() as tables:
        found = tables.reports.sent(request.desks, request.limit)
        return [views.sent_json(views.status(tables, report_id)) for report_id in found]


def status(house: House, request: Status) -> Answer:
    """Say how far a report got."""
    with house.store.read() as tables:
        return views.status_json(views.status(tables, views.resolve(tables, request.report)))


def reached(house: House, request: Reached) -> Answer:
    """Say whether all action addressees reached a rung."""
    with house.store.read() as tables:
        seen = views.status(tables, views.resolve(tables, request.report))
    return {"reached": views.has_reached(seen, request.rung), **views.status_json(seen)}
