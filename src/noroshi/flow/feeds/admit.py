"""Letting in what a feed told and was held back: an officer has said how it is handled."""

from noroshi.core.errors import InputError, MalformedError
from noroshi.core.exchange.objects.reading import read_object
from noroshi.core.feed import FeedKind
from noroshi.core.marking.label import Marking
from noroshi.flow.feed_tables import HeldBack
from noroshi.flow.feeds.misp_in import admitted
from noroshi.flow.feeds.register import open_feed
from noroshi.flow.house import House
from noroshi.flow.object_ports import Handed


def admit(house: House, held: HeldBack, marking: Marking) -> int:
    """Let in what is held back; return how many objects it is.

    Raises:
        InputError: it cannot be let in by any marking, or not by this one.
    """
    house.rules.classification(marking)
    house.rules.restrictive(marking)
    with house.store.read() as tables:
        feed = open_feed(tables, held.feed)
        collection = tables.machines.collection(feed.collection)
    if feed.is_push or collection is None:
        msg = f"the server of {feed.name} refused it; hand it on again when that is put right"
        raise InputError("bad-input", msg)
    try:
        if feed.kind is FeedKind.TAXII:
            handed = [_object(house, held.raw, marking)]
        else:
            handed = admitted(house, held, feed, marking)
    except MalformedError as error:
        msg = f"no marking helps; drop it: {error.message}"
        raise InputError("bad-input", msg) from None
    house.objects().add(collection.number, handed, house.clock.now())
    return len(handed)


def _object(house: House, raw: bytes, marking: Marking) -> Handed:
    found, told = read_object(raw)
    problem = house.schemas(found.spec, told)
    if problem:
        raise MalformedError(problem)
    return Handed(found, (marking,))
