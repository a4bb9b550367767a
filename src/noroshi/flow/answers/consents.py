"""Answers about consent: passing on, the requests, and what an originator grants."""

import msgspec

from noroshi.core.consent import (
    LONGEST_TERM,
    USUAL_TERM,
    VERSION,
    Asked,
    Grant,
    Scope,
    SignedGrant,
    encode_grant_message,
)
from noroshi.core.delivery.ladder import Rung
from noroshi.core.enclosure import encode_enclosure
from noroshi.core.envelope.suite import ID_SIZE, MAX_BODY
from noroshi.core.errors import InputError, NotFoundError
from noroshi.core.instant import Instant, from_text, to_text
from noroshi.core.likeness import are_alike
from noroshi.core.marking.label import Marking
from noroshi.core.recognition import parts_received
from noroshi.core.report import (
    CANCELLATION,
    CONSENT_GRANT,
    PASSED_ON,
    check_person,
    new_report_id,
    report_id_text,
)
from noroshi.flow import acknowledge, draft, send, views
from noroshi.flow.answers.onward import (
    SERVICE_MARKING,
    Source,
    ask,
    consent_for,
    partners_of,
    source_of,
    state_of,
)
from noroshi.flow.answers.reports import perform, plan, send_or_check
from noroshi.flow.answers.tearlines import tearline_of
from noroshi.flow.consent_tables import KeptGrant, KeptRequest
from noroshi.flow.consents import card_of, note_grant
from noroshi.flow.exits import reasons_against, referred_to
from noroshi.flow.house import House
from noroshi.flow.plan import Passing, Plan
from noroshi.flow.records import StagedBlob, StoredReport
from noroshi.flow.requests import Answer, GrantConsent, Json, PassOn
from noroshi.flow.tables import Tables, Transaction

_ROOM_FOR_GRANT = 32 * 1024
"""More than a signed grant takes in base64."""


def pass_on(house: House, request: PassOn) -> Answer:
    """Pass a partner's report on, unaltered; without consent, ask its originator for that."""
    with house.store.read() as tables:
        source = source_of(tables, views.readable(tables, views.resolve(tables, request.report)))
        partners = partners_of((*request.to, *request.info), source)
        grant = consent_for(tables, source, partners, Scope.WHOLE, house)
        _check_whole(tables, source)
    if grant is not None:
        planned = _plan_passing(house, request, source, grant)
        return send_or_check(house, planned, is_check=request.check)
    reasons = _reasons_against(house, source, partners)
    if request.check:
        missing = f"{source.head.sender} has not consented; without --check it is asked"
        return {"allowed": False, "reasons": [missing, *reasons]}
    if reasons:
        raise InputError("not-releasable", "; ".join(reasons))
    asked = Asked(
        source.head.report_id, source.digest, partners, Scope.WHOLE, request.reason.strip()
    )
    return ask(
        house, source, asked, by=check_person(request.by), again=request.again,
        report_id=request.report_id,
    )  # fmt: skip


def list_consents(house: House) -> Answer:
    """List the consents that were asked for, the newest first."""
    with house.store.read() as tables:
        return [_json(house, tables, kept) for kept in tables.consents.requests()]


def grant_consent(house: House, request: GrantConsent) -> Answer:
    """Let a partner pass on a report of ours: signed, journalled, and sent to it."""
    by = check_person(request.by) or ""
    now = house.clock.now()
    with house.store.read() as tables:
        kept = _request(house, tables, request.request)
        stored = views.readable(tables, kept.asked.report_id)
        asking = views.report(tables, kept.request_id)
        granted = tables.consents.grant_of(kept.request_id)
        reasons = _against_granting(house, tables, kept, stored)
    if granted is not None:
        return _granted_json(granted)
    if reasons:
        raise InputError("not-releasable", "; ".join(reasons))
    marking = Marking.parse(stored.head.marking)
    is_writer = are_alike(by, stored.content.drafter or "")
    if house.rules.needs_two_persons(marking) and is_writer:
        msg = f"{by} has written it; at {marking} another person lets it go further"
        raise InputError("two-persons", msg)
    identity, entropy = house.identity(), house.entropy
    signed = SignedGrant.issue(
        Grant(
            version=VERSION,
            grant_id=entropy.draw(ID_SIZE),
            originator=house.me,
            holder=kept.asker,
            report_id=stored.id,
            head_digest=stored.head_digest,
            scope=kept.asked.scope,
            audience=kept.asked.audience,
            granted_at=now,
            ends_at=_end(request.until, now),
            granted_by=by,
        ),
        identity.card.card.profile,
        identity.report_signers,
    )
    order = draft.Order(
        body=encode_grant_message(signed, kept.request_id),
        action=(f"{asking.content.from_desk}@{kept.asker}",),
        precedence=asking.head.precedence.name,
        change=CONSENT_GRANT,
        subject=f"Consent given: report {report_id_text(stored.id)[:8]}",
        marking=SERVICE_MARKING,
        status=asking.head.status.value,
        from_desk=kept.desk,
        drafter=by,
        references=(kept.request_id,),
        report_id=request.report_id or new_report_id(entropy.draw(ID_SIZE)),
    )
    planned = plan(house, order, [])

    def grant_and_send(tx: Transaction) -> KeptGrant:
        earlier = tx.consents.grant_of(kept.request_id)
        if earlier is not None:
            return earlier
        acknowledge.answer(
            tx, kept.request_id, kept.desk, Rung.ACTIONED, by=by, note=None, me=identity.me,
            entropy=entropy,
        )  # fmt: skip
        note_grant(tx, signed, kept.request_id, kept.asker, by, entropy)
        send.send(tx, planned, identity, entropy, house.rules)
        return KeptGrant(signed, kept.request_id, tx.now)

    return _granted_json(perform(house, grant_and_send, planned))


def _plan_passing(house: House, request: PassOn, source: Source, grant: KeptGrant) -> Plan:
    """Return the plan of a report that encloses another."""
    head, content = source.head, source.content
    files = [
        draft.EncryptedFile(
            inner.name, inner.key, inner.iv, inner.salt,
            StagedBlob(inner.blob_id, outer.size, inner.size, outer.digest),
        )
        for inner, outer in zip(content.attachments, head.attachments, strict=True)
    ]  # fmt: skip
    own = [name for name in source.stored.content.desks_of(house.me) if name in house.desks]
    order = draft.Order(
        body=encode_enclosure(source.enclosure, grant.signed),
        action=request.to,
        info=request.info,
        precedence=request.precedence or head.precedence.name,
        change=PASSED_ON,
        subject=content.subject,
        marking=head.marking,
        status=head.status.value,
        areas=content.areas,
        expires_at=head.expires_at,
        from_desk=request.desk or (own[0] if own else None),
        drafter=request.by,
        report_id=request.report_id,
    )
    planned = plan(house, order, files)
    parts = parts_received(content.body, content.body_type)
    return msgspec.structs.replace(
        planned,
        dragged=tuple(p for p in parts if p.marking.policy and p.marking != planned.marking),
        passing=Passing(source.digest, grant.signed.digest),
    )


def _check_whole(tables: Tables, source: Source) -> None:
    """Return if all of a report is here and fits into another.

    Raises:
        InputError: it does not, or is not.
    """
    attachments = len(source.content.attachments)
    if tables.reports.held_blobs(source.stored.id) < attachments:
        msg = "not all attachments of that report have arrived yet; pass it on once they have"
        raise InputError("attachment-pending", msg)
    parts = source.enclosure
    size = (len(parts.signed) + len(parts.salt) + len(parts.content)) * 4 // 3 + _ROOM_FOR_GRANT
    if size > MAX_BODY:
        msg = (
            f"enclosed in another that report would have {size:,} bytes, and a body has at most "
            f"{MAX_BODY:,}; ask {source.head.sender} to send it itself"
        )
        raise InputError("body-too-large", msg)


def _reasons_against(house: House, source: Source, partners: tuple[str, ...]) -> list[str]:
    """Return why this node may not give a report to partners, whatever its originator says."""
    marking = Marking.parse(source.head.marking)
    content = source.content
    parts = parts_received(content.body, content.body_type)
    reasons: list[str] = []
    with house.store.read() as tables:
        now = house.clock.now()
        for partner in partners:
            if card_of(tables, partner) is None:
                reasons.append(f"{partner} is no verified partner here")
                continue
            against = reasons_against(
                tables, marking, content.areas, parts, partner, house.me, now, house.rules
            )
            reasons += [f"{partner}: {reason}" for reason in against]
    return reasons


def _against_granting(
    house: House, tables: Tables, kept: KeptRequest, stored: StoredReport
) -> list[str]:
    """Return why this node itself might not give its report to those who are to have it."""
    me, now = house.me, house.clock.now()
    reasons: list[str] = []
    if any(c.kind == CANCELLATION for c in tables.reports.changes(me, stored.id)):
        reasons.append("the report was cancelled")
    if stored.destroyed is not None:
        return [*reasons, str(stored.destroyed)]
    is_whole = kept.asked.scope is Scope.WHOLE
    try:
        told = stored.head.marking if is_whole else tearline_of(stored.head, stored.content).marking
    except NotFoundError as error:
        return [*reasons, error.message]
    for partner in kept.asked.audience:
        if card_of(tables, partner) is None:
            reasons.append(f"{partner} is no verified partner here")
            continue
        dragged = (
            *tables.reports.dragged(stored.id, partner),
            *referred_to(tables, stored.content.references, partner),
        )
        against = reasons_against(
            tables, Marking.parse(told), stored.content.areas, dragged if is_whole else (),
            partner, me, now, house.rules,
        )  # fmt: skip
        reasons += [f"{partner}: {reason}" for reason in against]
    return reasons


def _request(house: House, tables: Tables, text: str) -> KeptRequest:
    kept = tables.consents.request(views.resolve(tables, text))
    if kept is None or kept.originator != house.me:
        msg = f"{text} is no request for our consent; see: noroshi consent list"
        raise NotFoundError("not-found", msg)
    return kept


def _end(told: str | None, now: Instant) -> Instant:
    """Return when a grant ends.

    Raises:
        InputError: that is over, or too far away.
    """
    ends_at = now + USUAL_TERM if told is None else from_text(told)
    if not now < ends_at <= now + LONGEST_TERM:
        msg = f"a consent ends in the future, within a year: --until {to_text(now + USUAL_TERM)}"
        raise InputError("bad-input", msg)
    return ends_at


def _json(house: House, tables: Tables, kept: KeptRequest) -> Json:
    asked, is_ours = kept.asked, kept.asker == house.me
    found = views.find_original(tables, asked.report_id)
    granted = tables.consents.grant_of(kept.request_id)
    state = state_of(tables, kept)
    asking = tables.reports.get(kept.request_id)
    reasons: list[str] = []
    if not is_ours and state == "ASKED" and found is not None:
        reasons = _against_granting(house, tables, kept, found)
    return {
        "request": report_id_text(kept.request_id),
        "direction": "SENT" if is_ours else "RECEIVED",
        "report": report_id_text(asked.report_id),
        "subject": None if found is None else views.said_by(tables, found).content.subject,
        "marking": None if found is None else found.head.marking,
        "originator": kept.originator,
        "asker": kept.asker,
        "by": None if asking is None else asking.content.drafter,
        "audience": list(asked.audience),
        "scope": asked.scope.value,
        "reason": asked.reason,
        "asked_at": to_text(kept.at),
        "state": state,
        "reasons": reasons,
        "grant": None if granted is None else _grant_json(granted),
    }


def _grant_json(kept: KeptGrant) -> Json:
    grant = kept.signed.grant
    return {
        "audience": list(grant.audience),
        "scope": grant.scope.value,
        "granted_at": to_text(grant.granted_at),
        "granted_by": grant.granted_by,
        "ends_at": to_text(grant.ends_at),
        "digest": kept.signed.digest.hex(),
    }


def _granted_json(kept: KeptGrant) -> Json:
    return {
        "request": report_id_text(kept.request_id),
        "report": report_id_text(kept.signed.grant.report_id),
        "state": "GRANTED",
        **_grant_json(kept),
    }
