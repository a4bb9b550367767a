"""Going further: a partner's report, the consent that it takes, and the request for one."""

import msgspec

from noroshi.core.consent import Asked, Scope, against, encode_request
from noroshi.core.delivery.ladder import Rung
from noroshi.core.enclosure import Enclosure, read_enclosure
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import ReportHead
from noroshi.core.errors import ConflictError, InputError
from noroshi.core.partner import DeskAddress
from noroshi.core.report import (
    CANCELLATION,
    CONSENT_REQUEST,
    Content,
    report_id_text,
)
from noroshi.flow import draft, send
from noroshi.flow.answers.reports import perform, plan
from noroshi.flow.compacting import signed_content
from noroshi.flow.consent_tables import KeptGrant, KeptRequest
from noroshi.flow.consents import note_request
from noroshi.flow.house import House
from noroshi.flow.records import StoredReport
from noroshi.flow.requests import Json
from noroshi.flow.tables import Tables, Transaction
from noroshi.flow.views import opened_enclosure

SERVICE_MARKING = "TLP:AMBER"
"""Of requests and grants: they name reports by their ids and say nothing of them."""


class Source(msgspec.Struct, frozen=True):
    """A report of a partner as its originator signed it, whichever way it came."""

    stored: StoredReport
    head: ReportHead
    content: Content
    enclosure: Enclosure

    @property
    def digest(self) -> bytes:
        """Of the signed head."""
        return cose.digest(self.enclosure.signed)


def source_of(tables: Tables, stored: StoredReport) -> Source:
    """Return the report that came in as `stored`, as its originator signed it.

    Raises:
        InputError: it was written here, or its originator has cancelled it.
    """
    if stored.outgoing:
        msg = "that report was sent from here; it needs nobody's consent: noroshi send"
        raise InputError("bad-input", msg)
    inner = opened_enclosure(tables, stored)
    if inner is None:
        parts = Enclosure(stored.signed_head, stored.salt, signed_content(stored))
        found = Source(stored, stored.head, stored.content, parts)
    else:
        parts, _ = read_enclosure(stored.content.body)
        found = Source(stored, inner.head, inner.content, parts)
    changes = tables.reports.changes(found.head.sender, found.head.report_id)
    if any(change.kind == CANCELLATION for change in changes):
        raise InputError("cancelled", f"{found.head.sender} has cancelled that report")
    return found


def consent_for(
    tables: Tables, source: Source, partners: tuple[str, ...], scope: Scope, house: House
) -> KeptGrant | None:
    """Return the grant under which a report may go to partners now; None: there is none."""
    now = house.clock.now()
    for kept in tables.consents.grants_about(source.digest):
        grant = kept.signed.grant
        is_enough = scope is grant.scope or grant.scope is Scope.WHOLE
        if is_enough and not against(grant, source.digest, house.me, partners, now):
            return kept
    return None


def ask(
    house: House,
    source: Source,
    asked: Asked,
    *,
    by: str | None,
    again: bool,
    report_id: bytes | None,
) -> Json:
    """Ask the originator for its consent; what waits for an answer is not asked again.

    Raises:
        ConflictError: the originator has declined.
    """
    with house.store.read() as tables:
        earlier = _asked_before(tables, asked, house.me)
        state = None if earlier is None else state_of(tables, earlier)
    if earlier is not None and state == "ASKED":
        return _asked_json(source, earlier.request_id, asked)
    if earlier is not None and state != "GRANTED" and not again:
        name = report_id_text(earlier.request_id)
        msg = (
            f"{earlier.originator} has declined that; see: noroshi consent list, noroshi status "
            f"{name[:8]}. To ask once more: --again"
        )
        raise ConflictError("no-consent", msg)
    desk = DeskAddress(source.content.from_desk, source.head.sender)
    own = [name for name in source.stored.content.desks_of(house.me) if name in house.desks]
    audience = ", ".join(asked.audience)
    order = draft.Order(
        body=encode_request(asked),
        action=(str(desk),),
        precedence=source.head.precedence.name,
        change=CONSENT_REQUEST,
        subject=f"Consent asked: report {report_id_text(asked.report_id)[:8]} to {audience}"[:200],
        marking=SERVICE_MARKING,
        status=source.head.status.value,
        from_desk=own[0] if own else None,
        drafter=by,
        references=(asked.report_id,),
        report_id=report_id,
    )
    planned = plan(house, order, [])
    identity, entropy, rules = house.identity(), house.entropy, house.rules

    def send_request(tx: Transaction) -> None:
        send.send(tx, planned, identity, entropy, rules)
        note_request(tx, planned, asked, source.head.sender, identity.me, entropy)

    perform(house, send_request, planned)
    return _asked_json(source, planned.report_id, asked)


def state_of(tables: Tables, kept: KeptRequest) -> str:
    """Return how a request for consent stands: ASKED, GRANTED, DECLINED or REFUSED."""
    if tables.consents.grant_of(kept.request_id) is not None:
        return "GRANTED"
    rungs = {
        record.rung
        for record in tables.reports.ladder(
            kept.request_id, DeskAddress(kept.desk, kept.originator)
        )
    }
    if Rung.REFUSED in rungs:
        return "REFUSED"
    return "DECLINED" if Rung.DECLINED in rungs else "ASKED"


def partners_of(texts: tuple[str, ...], source: Source) -> tuple[str, ...]:
    """Return the partners of desks, sorted.

    Raises:
        InputError: nobody is named, one is no desk, or its partner wrote the report.
    """
    partners = tuple(sorted({DeskAddress.parse(text).partner for text in texts}))
    if not partners:
        raise InputError("bad-input", "nobody is addressed; use --to DESK@PARTNER")
    if source.head.sender in partners:
        raise InputError("bad-input", f"{source.head.sender} wrote that report and has it")
    if len(partners) > suite.MAX_RECIPIENTS:
        raise InputError("bad-input", f"a report goes to at most {suite.MAX_RECIPIENTS} partners")
    return partners


def _asked_before(tables: Tables, asked: Asked, me: str) -> KeptRequest | None:
    """Return the newest request of ours that asks at least as much."""
    for kept in tables.consents.requests():
        if (
            kept.asker == me
            and kept.asked.head_digest == asked.head_digest
            and kept.asked.scope in {asked.scope, Scope.WHOLE}
            and set(kept.asked.audience) >= set(asked.audience)
        ):
            return kept
    return None


def _asked_json(source: Source, request_id: bytes, asked: Asked) -> Json:
    return {
        "report": report_id_text(source.stored.id),
        "state": "AWAITING_CONSENT",
        "request": report_id_text(request_id),
        "originator": source.head.sender,
        "audience": list(asked.audience),
    }
