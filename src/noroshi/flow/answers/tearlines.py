"""Answers about tearlines: what stands below the line of a report goes further, by itself."""

import msgspec

from noroshi.core.consent import Asked, Scope
from noroshi.core.envelope.head import ReportHead
from noroshi.core.errors import InputError, NotFoundError
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.portions import Tearline
from noroshi.core.recognition import NOROSHI, recognise
from noroshi.core.report import Content, report_id_text
from noroshi.flow import draft, send, views
from noroshi.flow.answers.onward import ask, consent_for, partners_of, source_of
from noroshi.flow.answers.reports import plan, send_or_check
from noroshi.flow.house import House
from noroshi.flow.plan import Passing, Plan
from noroshi.flow.records import StoredReport
from noroshi.flow.requests import Answer, SendTearline


def send_tearline(house: House, request: SendTearline) -> Answer:
    """Send what stands below the line, under the marking that it has there.

    Nothing else of the report goes along: no subject, no attachment, no name of an addressee.
    """
    with house.store.read() as tables:
        stored = views.readable(tables, views.resolve(tables, request.report))
        said = views.said_by(tables, stored)
    head, content = said.head, said.content
    below = tearline_of(head, content)
    order = draft.Order(
        body=below.text.encode(),
        action=request.to,
        info=request.info,
        precedence=request.precedence or head.precedence.name,
        kind=content.kind if content.kind in all_kinds() else None,
        subject=request.subject or below.subject or None,
        marking=below.marking,
        status=head.status.value,
        areas=content.areas,
        as_text=True,
        from_desk=request.desk or (content.from_desk if stored.outgoing else None),
        drafter=request.by,
        references=(head.report_id,),
        below_line_of=head.report_id,
        report_id=request.report_id,
    )
    planned = plan(house, order, [])
    if stored.outgoing:
        return send_or_check(house, planned, is_check=request.check)
    return _with_consent(house, request, planned, stored)


def _with_consent(
    house: House, request: SendTearline, planned: Plan, stored: StoredReport
) -> Answer:
    """Send what stands below the line of a partner's report, or ask for the consent to."""
    with house.store.read() as tables:
        source = source_of(tables, stored)
        partners = partners_of((*request.to, *request.info), source)
        grant = consent_for(tables, source, partners, Scope.TEARLINE, house)
        now = house.clock.now()
        found = send.check_release(tables, planned, house.me, now, house.rules)
    if grant is not None:
        passing = Passing(source.digest, grant.signed.digest)
        planned = msgspec.structs.replace(planned, passing=passing)
        return send_or_check(house, planned, is_check=request.check)
    if request.check:
        missing = f"{source.head.sender} has not consented; without --check it is asked"
        return {"allowed": False, "reasons": [missing, *found.reasons]}
    if not found.is_allowed:
        raise InputError("not-releasable", "; ".join(found.reasons))
    asked = Asked(
        source.head.report_id, source.digest, partners, Scope.TEARLINE, request.reason.strip()
    )
    return ask(
        house, source, asked, by=request.by, again=request.again, report_id=request.report_id
    )


def tearline_of(head: ReportHead, content: Content) -> Tearline:
    """Return what stands below the line of a report.

    Raises:
        NotFoundError: it has no tearline.
    """
    found = recognise(content.body).tearline if content.body_type == NOROSHI else None
    if found is None:
        msg = (
            f"the report {report_id_text(head.report_id)} has no tearline; it is written as "
            '"tearline": {"marking": MARK, "text": TEXT} in the JSON of a report'
        )
        raise NotFoundError("not-found", msg)
    return found
