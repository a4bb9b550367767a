"""Handing a collection on to a TAXII 2.1 server: what its owner may have, once each, in order.

The place is kept after each batch; a batch whose answer was lost is handed over again, which the
standard lets a server see by id and version.
"""

from typing import Final

import msgspec

from noroshi.core.errors import UnavailableError
from noroshi.core.exchange.objects.query import Query, Version
from noroshi.core.exchange.objects.reading import wrap
from noroshi.core.feed import Feed
from noroshi.core.machine import Machine
from noroshi.flow import objects
from noroshi.flow.feed_ports import Session, Tell
from noroshi.flow.feed_tables import FeedState, Fetched, HeldBack
from noroshi.flow.feeds import speech
from noroshi.flow.house import House
from noroshi.flow.machine_tables import Collection
from noroshi.flow.object_ports import Kept

_BATCH: Final = 500
_LARGEST: Final = 8 * 1024 * 1024
"""Bytes of a batch, but for an object that is larger by itself."""
_LOOKS: Final = 60
"""How often a status is asked for that is pending."""


class _Failure(msgspec.Struct):
    id: str = ""
    version: str = ""
    message: str = ""


class _Status(msgspec.Struct):
    id: str
    status: str
    failures: list[_Failure] = []


def follow(
    house: House,
    feed: Feed,
    collection: Collection,
    session: Session,
    begun: FeedState,
    tell: Tell,
) -> FeedState:
    """Hand on all that is new in a collection; return how far that is.

    Raises:
        UnavailableError: the server cannot be asked, or does not take it.
    """
    state = begun
    while True:
        query = Query(
            after=int(state.cursor or -1), limit=_BATCH, versions=frozenset({Version.ALL})
        )
        page = objects.page(house, _reader(feed), collection, query)
        batch = _batch(page.objects)
        if not batch:
            return state
        refused = _hand_over(house, session, feed, batch)
        state = msgspec.structs.replace(state, cursor=str(batch[-1].added))
        fetched = Fetched(state, held=refused)
        house.objects().feeds.note(fetched, len(batch) - len(refused))
        tell(len(batch) - len(refused))


def _reader(feed: Feed) -> Machine:
    """Return who reads there, as far as that decides what they may have."""
    return Machine(feed.name, feed.partner, feed.ceiling, {}, (), feed.added_at, feed.added_by)


def _batch(found: tuple[Kept, ...]) -> tuple[Kept, ...]:
    size = 0
    for count, each in enumerate(found):
        size += len(each.raw)
        if count and size > _LARGEST:
            return found[:count]
    return found


def _hand_over(
    house: House, session: Session, feed: Feed, batch: tuple[Kept, ...]
) -> list[HeldBack]:
    base = feed.url.rstrip("/")
    url = f"{base}/objects/"
    body = wrap([each.raw for each in batch])
    status = speech.read(speech.ask(session, feed, "POST", url, body), url, _Status)
    root = base.rpartition("/collections/")[0]
    for look in range(_LOOKS):
        if status.status == "complete":
            break
        session.pause(min(0.1 * 2**look, 5.0))
        url = f"{root}/status/{status.id}/"
        status = speech.read(speech.ask(session, feed, "GET", url), url, _Status)
    else:
        msg = f"{url} still says that the batch is pending; it is handed over again later"
        raise UnavailableError("feed-failed", msg)
    now = house.clock.now()
    return [
        HeldBack(feed.name, each.id, each.version, f"refused there: {each.message}", now)
        for each in status.failures
    ]
