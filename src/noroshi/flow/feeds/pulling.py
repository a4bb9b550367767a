"""Following a feed: from where it was left, step by step, each durable before the next."""

from typing import Final

import msgspec

from noroshi.core.errors import NoroshiError, UnavailableError
from noroshi.core.feed import Feed, FeedKind
from noroshi.core.instant import SECOND, Instant
from noroshi.flow.feed_ports import Login, PartlyError, Session, Tell
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
        PartlyError: it was, and some of what it names could not be had.
    """
    with house.store.read() as tables:
        feed = open_feed(tables, name)
        collection = tables.machines.collection(feed.collection)
    if house.is_silent:
        raise UnavailableError("not-permitted", "this node only receives; it asks no server")
    if collection is None:
        raise UnavailableError("damaged", f"the collection {feed.collection} is lost")
    notes = house.objects().feeds
    tried_at = house.clock.now()
    try:
        with house.outside(feed, login_of(house, feed)) as session:
            tried_at = house.clock.now()
            begun = msgspec.structs.replace(notes.state(name), tried_at=tried_at)
            done = _follow(house, feed, collection, session, begun, tell)
    except NoroshiError as error:
        state = msgspec.structs.replace(notes.state(name), tried_at=tried_at, problem=error.message)
        if isinstance(error, PartlyError):
            state = msgspec.structs.replace(state, done_at=house.clock.now())
        notes.note(Fetched(state))
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
    if state.tried_at is None:
        return 0
    if state.problem and (state.done_at is None or state.done_at < state.tried_at):
        pause = min(pause, _AGAIN)
    return state.tried_at + pause


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
