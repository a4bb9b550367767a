"""Answers: each request by one act or one view, with JSON-ready values.

Files go beside the requests: :func:`stage` takes one in, :func:`attachment` gives one out.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import assert_never

import msgspec

from noroshi.core.delivery.ladder import Rung, highest
from noroshi.core.directory.card import read_armour, verify_card
from noroshi.core.envelope.primitives import Primitives
from noroshi.core.envelope.suite import IV_SIZE, KEY_SIZE, SALT_SIZE
from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.instant import from_text
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence
from noroshi.core.recognition import recognise
from noroshi.core.report import check_person, report_id_text
from noroshi.flow import acknowledge, audit, directory, draft, send, views
from noroshi.flow.ports import BlobStore, Clock, Entropy, Store
from noroshi.flow.records import Identity
from noroshi.flow.requests import (
    AddPartner,
    Answer,
    Answering,
    AnyRequest,
    Examine,
    Inbox,
    Json,
    MakeProof,
    OwnCard,
    PartnerNumber,
    Partners,
    Reached,
    Reply,
    SendReport,
    Show,
    Status,
    VerifyJournal,
    VerifyPartner,
)


class Check(msgspec.Struct, frozen=True):
    """One finding of the doctor."""

    check: str
    ok: bool
    message: str


class House(msgspec.Struct, frozen=True):
    """What answers requests: a node's parts, joined by bootstrap."""

    me: str
    desks: tuple[str, ...]
    default_marking: str
    store: Store
    blobs: BlobStore
    clock: Clock
    entropy: Entropy
    primitives: Primitives
    identity: Callable[[], Identity]
    """Reads the private keys at the first call, so that reading needs no passphrase."""
    examine: Callable[[], list[Check]]
    staged: dict[str, draft.EncryptedFile]


def handle(house: House, request: AnyRequest) -> Answer:  # noqa: C901, PLR0911, PLR0912 - a table
    """Return the answer to `request`.

    Raises:
        NoroshiError: it cannot be done; the error says why and what to do.
    """
    match request:
        case SendReport():
            return _send(house, request)
        case Reply():
            return _reply(house, request)
        case Inbox():
            return _inbox(house, request)
        case Show():
            return _show(house, request)
        case Answering():
            return _answering(house, request)
        case Status():
            return _status(house, request)
        case Reached():
            return _reached(house, request)
        case OwnCard():
            return _own_card(house)
        case AddPartner():
            return _add_partner(house, request)
        case Partners():
            return _partners(house)
        case PartnerNumber():
            return _partner_number(house, request)
        case VerifyPartner():
            return _verify_partner(house, request)
        case VerifyJournal():
            return _verify_journal(house, request)
        case MakeProof():
            return _make_proof(house, request)
        case Examine():
            return _examine(house)
        case _:  # pragma: no cover
            assert_never(request)


def stage(house: House, name: str, chunks: Iterable[bytes]) -> str:
    """Encrypt a file for a report to come; return the token that names it."""
    draw = house.entropy.draw
    key, iv, salt = draw(KEY_SIZE), draw(IV_SIZE), draw(SALT_SIZE)
    blob = house.blobs.stage(chunks, key, iv, salt)
    token = draw(16).hex()
    house.staged[token] = draft.EncryptedFile(name, key, iv, salt, blob)
    return token


def attachment(house: House, report: str, name: str) -> tuple[int, Iterator[bytes]]:
    """Return size and plaintext of an attachment.

    Raises:
        NotFoundError: there is none of that name, or it has not arrived completely.
    """
    with house.store.read() as tables:
        content = views.report(tables, views.resolve(tables, report)).content
    for found in content.attachments:
        if found.name == name:
            return found.size, house.blobs.decrypt(found.blob_id, found.key, found.iv)
    names = ", ".join(a.name for a in content.attachments) or "none"
    raise NotFoundError(
        "not-found", f"no attachment {name!r} belongs to that report; it has {names}"
    )


def _send(house: House, request: SendReport) -> Answer:
    order = draft.Order(
        body=request.body,
        action=request.to,
        info=request.info,
        precedence=request.precedence,
        info_precedence=request.info_precedence,
        kind=request.kind,
        subject=request.subject,
        marking=request.marking,
        status=request.status,
        expires_at=None if request.expires is None else from_text(request.expires),
        as_text=request.as_text,
        from_desk=request.from_desk,
        drafter=request.by,
        report_id=request.report_id,
    )
    files = [house.staged.pop(token, None) for token in request.attachments]
    try:
        return _send_order(house, order, files, check=request.check)
    except (InputError, ConflictError, NotFoundError):
        for file in files:
            if file is not None:
                house.blobs.discard(file.blob.blob_id)
        raise


def _send_order(
    house: House, order: draft.Order, files: list[draft.EncryptedFile | None], *, check: bool
) -> Answer:
    found = [file for file in files if file is not None]
    if len(found) < len(files):
        msg = "an attachment was not staged with this node; send the report again"
        raise NotFoundError("not-found", msg)
    planned = _plan(house, order, found)
    if not check:
        return _commit(house, planned)
    with house.store.read() as tables:
        release = send.check_release(tables, planned, house.me)
    return {"allowed": release.is_allowed, "reasons": list(release.reasons)}


def _reply(house: House, request: Reply) -> Answer:
    with house.store.read() as tables:
        earlier = views.report(tables, views.resolve(tables, request.report))
    if earlier.outgoing:
        msg = "that report was sent from here; a reply goes to a report that came in"
        raise InputError("bad-input", msg)
    desk = acknowledge.desk_for(earlier, request.desk, house.me)
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
        as_text=request.as_text,
        from_desk=desk,
        drafter=request.by,
        references=(earlier.id,),
        report_id=request.report_id,
    )
    return _commit(house, _plan(house, order, []))


def _plan(house: House, order: draft.Order, files: list[draft.EncryptedFile]) -> draft.Plan:
    return draft.plan(
        order,
        files,
        own_desks=house.desks,
        default_marking=house.default_marking,
        now=house.clock.now(),
        entropy=house.entropy,
    )


def _commit(house: House, planned: draft.Plan) -> Json:
    act = partial(send.send, planned=planned, identity=house.identity(), entropy=house.entropy)
    sent = house.store.perform(act, max(planned.precedence, planned.info_precedence))
    return {
        "report": report_id_text(sent.report_id),
        "state": "SENT",
        "recipients": [{"desk": to.desk, "serial": to.serial} for to in sent.recipients],
    }


def _inbox(house: House, request: Inbox) -> Answer:
    if request.desk is not None and request.desk not in house.desks:
        msg = f"this node has no desk {request.desk!r}; it has {', '.join(house.desks)}"
        raise InputError("unknown-desk", msg)
    with house.store.read() as tables:
        rows = tables.reports.inbox(request.desk, unacknowledged=request.unacknowledged)
        return [views.inbox_json(row, house.me) for row in rows]


def _show(house: House, request: Show) -> Answer:
    with house.store.read() as tables:
        report_id = views.resolve(tables, request.report)
        stored = views.report(tables, report_id)
    if not stored.outgoing:
        desks = stored.content.desks_of(house.me)
        if request.desk is not None or len(desks) == 1:
            desk = acknowledge.desk_for(stored, request.desk, house.me)
            _answer_at(house, report_id, desk, Rung.SHOWN, by=request.by, note=None)
    with house.store.read() as tables:
        return views.report_json(views.status(tables, report_id))


def _answering(house: House, request: Answering) -> Answer:
    if request.rung is Rung.DECLINED and not (request.note and request.note.strip()):
        raise InputError("bad-input", "say why: --note TEXT")
    with house.store.read() as tables:
        report_id = views.resolve(tables, request.report)
        stored = views.report(tables, report_id)
        shown_before = False
    if stored.outgoing:
        msg = "that report was sent from here; its addressees answer it"
        raise InputError("bad-input", msg)
    desk = acknowledge.desk_for(stored, request.desk, house.me)
    with house.store.read() as tables:
        ladder = tables.reports.ladder(report_id, DeskAddress(desk, house.me))
        shown_before = any(record.rung is Rung.SHOWN for record in ladder)
    answered = _answer_at(house, report_id, desk, request.rung, by=request.by, note=request.note)
    answer: Json = {
        "report": report_id_text(report_id),
        "desk": desk,
        "state": answered["state"],
        "rungs": answered["rungs"],
    }
    if not shown_before:
        with house.store.read() as tables:
            answer["presented"] = views.report_json(views.status(tables, report_id))
    return answer


def _answer_at(
    house: House, report_id: bytes, desk: str, rung: Rung, *, by: str | None, note: str | None
) -> Json:
    act = partial(
        acknowledge.answer,
        report_id=report_id,
        desk=desk,
        rung=rung,
        by=check_person(by),
        note=note,
        me=house.me,
        entropy=house.entropy,
    )
    house.identity()
    ladder = house.store.perform(act, Precedence.IMMEDIATE)
    state = highest(ladder)
    return {"state": state.value if state else None, "rungs": views.ladder_json(ladder)}


def _status(house: House, request: Status) -> Answer:
    with house.store.read() as tables:
        return views.status_json(views.status(tables, views.resolve(tables, request.report)))


def _reached(house: House, request: Reached) -> Answer:
    with house.store.read() as tables:
        seen = views.status(tables, views.resolve(tables, request.report))
    return {"reached": views.has_reached(seen, request.rung), **views.status_json(seen)}


def _own_card(house: House) -> Answer:
    with house.store.read() as tables:
        own = tables.partners.own_card()
    if own is None:
        raise NotFoundError("not-initialised", "this node has no card yet; run 'noroshi init'")
    card = own.card
    return {
        "partner": card.partner,
        "name": card.name,
        "state": "VERIFIED",
        "peer_url": card.peer_url,
        "desks": list(card.desks),
        "number": card.serial,
        "armoured": own.armoured,
    }


def _add_partner(house: House, request: AddPartner) -> Answer:
    signed = verify_card(read_armour(request.card), house.primitives)
    house.identity()
    act = partial(directory.add_partner, signed=signed, entropy=house.entropy)
    return views.partner_json(house.store.perform(act))


def _partners(house: House) -> Answer:
    with house.store.read() as tables:
        return [views.partner_json(known) for known in tables.partners.all()]


def _partner_number(house: House, request: PartnerNumber) -> Answer:
    with house.store.read() as tables:
        number = directory.number_of(tables, request.partner)
    return {"partner": request.partner, "number": number}


def _verify_partner(house: House, request: VerifyPartner) -> Answer:
    house.identity()
    act = partial(
        directory.verify_partner,
        partner=request.partner,
        number=request.number,
        by=check_person(request.by) or "",
        entropy=house.entropy,
    )
    known = house.store.perform(act)
    return {"partner": request.partner, "state": known.state.value}


def _verify_journal(house: House, request: VerifyJournal) -> Answer:
    with house.store.read() as tables:
        own = tables.partners.own_card()
        if own is None:
            raise NotFoundError("not-initialised", "this node has no card yet; run 'noroshi init'")
        cards = {k.signed_card.card.partner: k.signed_card.card for k in tables.partners.all()}
        cards[house.me] = own.card
        witnessed = tuple(
            view
            for proof in request.proofs
            for view in audit.witnessed_in(proof, house.me, cards, house.primitives)
        )
        state = audit.verify_journal(tables, own.card, house.primitives, witnessed=witnessed)
    return {
        "ok": state.bad_between is None,
        "size": state.size,
        "root": state.root.hex(),
        "bad_between": list(state.bad_between) if state.bad_between else None,
        "reason": state.reason,
        "witnessed": dict(state.witnessed),
    }


def _make_proof(house: House, request: MakeProof) -> Answer:
    with house.store.read() as tables:
        report_id = views.resolve(tables, request.report)
        proof = audit.make_proof(tables, report_id, house.me)
    return {"report": report_id_text(report_id), "proof": proof}


def _examine(house: House) -> Answer:
    return [msgspec.structs.asdict(check) for check in house.examine()]
