"""Answers about releases: the queue, and what a second person does with a draft."""

from functools import partial

from noroshi.core.errors import InputError
from noroshi.core.instant import to_text
from noroshi.core.report import PASSED_ON, check_person, report_id_text
from noroshi.flow import directory, release, send, views
from noroshi.flow.answers.reports import perform, sent_json
from noroshi.flow.draft_tables import KeptDraft
from noroshi.flow.house import House
from noroshi.flow.requests import Answer, DropDraft, Json, Release, ReleaseQueue
from noroshi.flow.tables import Tables, Transaction


def queue(house: House, request: ReleaseQueue) -> Answer:
    """List what waits to be released, with the partners and every reason against it now."""
    with house.store.read() as tables:
        return [
            _json(house, tables, draft)
            for draft in tables.drafts.all()
            if request.desks is None or draft.plan.content.from_desk in request.desks
        ]


def release_draft(house: House, request: Release) -> Answer:
    """Release a draft and send it, in one transaction."""
    by = check_person(request.by) or ""
    with house.store.read() as tables:
        report_id = _resolve(tables, request.report)
        draft = tables.drafts.get(report_id)
    if draft is None:
        raise release.not_waiting(report_id)
    identity, entropy, rules = house.identity(), house.entropy, house.rules

    def approve_and_send(tx: Transaction) -> send.Sent:
        planned = release.approve(tx, report_id, by, identity.me, entropy)
        if planned.expires_at is not None and planned.expires_at <= tx.now:
            raise InputError("expired", "the time of the report is over; drop it, write it anew")
        return send.send(tx, planned, identity, entropy, rules)

    return sent_json(perform(house, approve_and_send, draft.plan))


def drop_draft(house: House, request: DropDraft) -> Answer:
    """Take a draft back."""
    by = check_person(request.by) or ""
    with house.store.read() as tables:
        report_id = _resolve(tables, request.report)
    house.identity()
    act = partial(release.drop, report_id=report_id, by=by, me=house.me, entropy=house.entropy)
    planned = house.store.perform(act)
    with house.store.read() as tables:
        kept = {file.blob_id for file in planned.attachments if tables.reports.blob(file.blob_id)}
    for file in planned.attachments:
        if file.blob_id not in kept:
            house.blobs.discard(file.blob_id)
    return {"report": report_id_text(report_id), "state": "DROPPED"}


def _resolve(tables: Tables, text: str) -> bytes:
    """Return the draft whose id begins with `text`; if none does, the report."""
    digits = text.replace("-", "").lower()
    waiting = [each for each in tables.drafts.ids() if each.hex().startswith(digits)]
    return waiting[0] if len(waiting) == 1 and digits else views.resolve(tables, text)


def _json(house: House, tables: Tables, draft: KeptDraft) -> Json:
    planned, now = draft.plan, house.clock.now()
    found = send.check_release(tables, planned, house.me, now, house.rules)
    content = planned.content
    enclosed = views.enclosed_in(content) if content.kind == PASSED_ON else None
    said = content if enclosed is None else enclosed.content
    partners = list(dict.fromkeys(address.partner for address in content.addressees))
    alike = {name: directory.resembling(tables, name) for name in partners}
    return {
        "report": report_id_text(planned.report_id),
        "partners": partners,
        "resembles": {name: list(others) for name, others in alike.items() if others},
        "to": [str(address) for address in content.action],
        "info": [str(address) for address in content.info],
        "precedence": planned.highest.name,
        "status": planned.status.value,
        "marking": str(planned.marking),
        "kind": content.kind,
        "subject": said.subject,
        "body": said.body.decode(),
        "originator": None if enclosed is None else enclosed.head.sender,
        "drafter": content.drafter,
        "drafted_at": to_text(draft.drafted_at),
        "expires_at": None if planned.expires_at is None else to_text(planned.expires_at),
        "allowed": found.is_allowed,
        "reasons": list(found.reasons),
        "because": list(send.reasons_for_two(tables, planned, now, house.rules)),
    }
