"""Answers about tearlines: what stands below the line of a report goes further, by itself."""

from noroshi.core.errors import InputError, NotFoundError
from noroshi.core.portions import Tearline
from noroshi.core.recognition import NOROSHI, recognise
from noroshi.core.report import KINDS, report_id_text
from noroshi.flow import draft, views
from noroshi.flow.answers.reports import plan, send_or_check
from noroshi.flow.house import House
from noroshi.flow.records import StoredReport
from noroshi.flow.requests import Answer, SendTearline


def send_tearline(house: House, request: SendTearline) -> Answer:
    """Send what stands below the line, under the marking that it has there.

    Nothing else of the report goes along: no subject, no attachment, no name of an addressee.
    """
    with house.store.read() as tables:
        stored = views.report(tables, views.resolve(tables, request.report))
    head, content = stored.head, stored.content
    if not stored.outgoing:
        msg = (
            f"that is a report of {head.sender}; what stands below its line goes further with the "
            f"consent of {head.sender} alone"
        )
        raise InputError("bad-input", msg)
    below = tearline_of(stored)
    order = draft.Order(
        body=below.text.encode(),
        action=request.to,
        info=request.info,
        precedence=request.precedence or head.precedence.name,
        kind=content.kind if content.kind in KINDS else None,
        subject=request.subject or below.subject or None,
        marking=below.marking,
        status=head.status.value,
        as_text=True,
        from_desk=request.desk or content.from_desk,
        drafter=request.by,
        references=(stored.id,),
        below_line_of=stored.id,
        report_id=request.report_id,
    )
    return send_or_check(house, plan(house, order, []), is_check=request.check)


def tearline_of(stored: StoredReport) -> Tearline:
    """Return what stands below the line of a report.

    Raises:
        NotFoundError: it has no tearline.
    """
    content = stored.content
    found = recognise(content.body).tearline if content.media_type == NOROSHI else None
    if found is None:
        msg = (
            f"the report {report_id_text(stored.id)} has no tearline; it is written as "
            '"tearline": {"marking": MARK, "text": TEXT} in the JSON of a report'
        )
        raise NotFoundError("not-found", msg)
    return found
