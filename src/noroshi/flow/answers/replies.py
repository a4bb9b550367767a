"""Replies: reports that go back to the desk that wrote one."""

from noroshi.core.errors import InputError
from noroshi.core.partner import DeskAddress
from noroshi.core.recognition import recognise
from noroshi.flow import acknowledge, draft, views
from noroshi.flow.answers import reports
from noroshi.flow.house import House
from noroshi.flow.requests import Answer, Reply


def reply(house: House, request: Reply) -> Answer:
    """Send a report back to the desk that wrote one."""
    return reports.commit(house, reports.plan(house, order_back(house, request), []))


def order_back(house: House, request: Reply) -> draft.Order:
    """Return a report that goes back to the desk that wrote one.

    Raises:
        InputError: that report went out from here, or came to several desks and none is named.
        NotFoundError: there is no such report.
    """
    with house.store.read() as tables:
        earlier = views.report(tables, views.resolve(tables, request.report))
        given = tables.watch.assignments(earlier.id)
    if earlier.outgoing:
        msg = "that report was sent from here; a reply goes to a report that came in"
        raise InputError("bad-input", msg)
    desk = acknowledge.desk_for(earlier, request.desk, house.me, given)
    head, content = earlier.head, earlier.content
    found = recognise(request.body, as_text=request.as_text)
    return draft.Order(
        body=request.body,
        action=(str(DeskAddress(content.from_desk, head.sender)),),
        precedence=found.precedence or head.precedence.name,
        kind=None if found.kind != "situation-report" else "answer",
        subject=f"Re: {content.subject}"[:200] if content.subject else None,
        marking=head.marking if request.marking is None else request.marking,
        status=head.status.value,
        areas=content.areas,
        as_text=request.as_text,
        from_desk=desk,
        drafter=request.by,
        references=(earlier.id,),
        report_id=request.report_id,
    )
