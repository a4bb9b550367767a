"""The MISP feed of a machine: the reports of the collections that it may read, as events."""

import msgspec

from noroshi.core.errors import NotFoundError
from noroshi.core.exchange.misp_feed import Event
from noroshi.core.exchange.objects.query import Query
from noroshi.core.machine import Machine
from noroshi.flow import objects, views
from noroshi.flow.bundles import event_in
from noroshi.flow.house import House

_ROOT = "report"


def reports_of(house: House, machine: Machine) -> list[bytes]:
    """Return the ids of the reports that a machine may read, in the order in which they came."""
    with house.store.read() as tables:
        collections = tables.machines.collections()
    found: dict[bytes, None] = {}
    for collection in collections:
        right = machine.rights.get(collection.alias)
        if right is None or not right.read:
            continue
        query, more = Query(types=(_ROOT,)), True
        while more:
            page = objects.page(house, machine, collection, query, bodies=False)
            found.update(dict.fromkeys(each.source for each in page.objects if each.source))
            more = page.more
            if more:
                query = msgspec.structs.replace(query, after=page.objects[-1].added)
    return list(found)


def event_of(house: House, report_id: bytes) -> Event | None:
    """Return a report as an event; None: it cannot be read any more."""
    with house.store.read() as tables:
        try:
            said = views.said_by(tables, views.readable(tables, report_id))
        except NotFoundError:
            return None
    return event_in(said)
