"""Following a feed: from where it was left, step by step, each durable before the next."""

from typing import Final

import msgspec

from noroshi.core.errors import NoroshiError, UnavailableError
from noroshi.core.feed import Feed, FeedKind
from noroshi.core.instant import SECOND, Instant
from noroshi.flow.feed_ports import Login, Session, Tell
from noroshi.flow.feed_tables import FeedState, Fetched
from noroshi.flow.feeds import misp_in, taxii_in, taxii_out
from noroshi.flow.feeds.register import open_feed, open_feeds
from noroshi.flow.house import House
from noroshi.flow.machine_tables import Collection

_AGAIN: Final = 30 * SECOND
"""After a failure, where the feed's own pause is longer."""


def follow(house: House, name: str, tell: Tell = lambda _taken: None) -> FeedState:
    """Follow a feed to its end; return how far that is.

    Raises:
        NotFoundError: there is no such feed.
        UnavailableError: it could not be followed to its end; what was taken stays.
    """
    with house.store.read() as tables:
        feed = open_feed(tables, name)
        collection = tables.machines.collection(feed.collection)
    if house.is_silent:
        raise UnavailableError("not-permitted", "this node only receives; it asks no server")
    if collection is None:
        raise UnavailableError("damaged", f"the collection {feed.collection} is lost")
    notes = house.objects().feeds
    begun = msgspec.structs.replace(notes.state(name), tried_at=house.clock.now())
    try:
        with house.outside(feed, login_of(house, feed)) as session:
            done = _follow(house, feed, collection, session, begun, tell)
    except NoroshiError as error:
        problem = msgspec.structs.replace(
            notes.state(name), tried_at=begun.tried_at, problem=error.message
        )
        notes.note(Fetched(problem))
        raise
    now = house.clock.now()
    notes.note(Fetched(msgspec.structs.replace(done, done_at=now, problem="")))
    return notes.state(name)


def due(house: House) -> list[tuple[str, Instant]]:
    """Return the feeds by name, each with the instant at which it is to be followed again."""
    if house.is_silent:
        return []
    with house.store.read() as tables:
        feeds = open_feeds(tables)
    return [(each.name, _due(house, each)) for each in feeds]


def _due(house: House, feed: Feed) -> Instant:
    state = house.objects().feeds.state(feed.name)
    pause = feed.every * SECOND
    if state.problem:
        pause = min(pause, _AGAIN)
    return 0 if state.tried_at is None else state.tried_at + pause


def login_of(house: House, feed: Feed) -> Login:
    """Return how the node proves itself to the server of a feed."""
    told = house.objects().feeds.login(feed.name)
    return Login() if told is None else msgspec.json.decode(told, type=Login)


def _follow(
    house: House,
    feed: Feed,
    collection: Collection,
    session: Session,
    begun: FeedState,
    tell: Tell,
) -> FeedState:
    if feed.kind is not FeedKind.TAXII:
        return misp_in.follow(house, feed, collection.number, session, begun, tell)
    if feed.is_push:
        return taxii_out.follow(house, feed, collection, session, begun, tell)
    return taxii_in.follow(house, feed, collection.number, session, begun, tell)
