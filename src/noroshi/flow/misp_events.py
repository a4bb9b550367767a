"""The MISP feed of a machine: the reports of the collections that it may read, as events."""

import msgspec

from noroshi.core.errors import NotFoundError
from noroshi.core.exchange.misp_feed import Event, withdrawn
from noroshi.core.exchange.objects.query import Query
from noroshi.core.instant import Instant
from noroshi.core.machine import Machine
from noroshi.core.report import CANCELLATION
from noroshi.flow import objects, views
from noroshi.flow.bundles import event_in
from noroshi.flow.house import House

_ROOT = "report"


def reports_of(house: House, machine: Machine) -> dict[bytes, Instant]:
    """Return the reports that a machine may read, by their ids, and the version of each.

    They stand in the order in which they came. A report that is taken back has a later version.
    """
    with house.store.read() as tables:
        collections = tables.machines.collections()
    found: dict[bytes, Instant] = {}
    for collection in collections:
        right = machine.rights.get(collection.alias)
        if right is None or not right.read:
            continue
        query, more = Query(types=(_ROOT,)), True
        while more:
            page = objects.page(house, machine, collection, query, bodies=False)
            for each in page.objects:
                if each.source:
                    found[each.source] = max(each.version, found.get(each.source, 0))
            more = page.more
            if more:
                query = msgspec.structs.replace(query, after=page.objects[-1].added)
    return found


def event_of(house: House, report_id: bytes) -> Event | None:
    """Return a report as an event; None: it cannot be read any more."""
    with house.store.read() as tables:
        try:
            report = views.readable(tables, report_id)
            said = views.said_by(tables, report)
        except NotFoundError:
            return None
        change = next(iter(tables.reports.changes(report.head.sender, report.id)), None)
    event = event_in(said)
    if change is None:
        return event
    return withdrawn(event, change.at, "CANCELLED" if change.kind == CANCELLATION else "SUPERSEDED")
