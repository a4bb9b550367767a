"""Pulling a collection of TAXII 2.1: all versions, page by page, each durable with its place."""

import hashlib
from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec

from noroshi.core.errors import MalformedError, UnavailableError
from noroshi.core.exchange.objects.reading import take_apart
from noroshi.core.exchange.taxii_place import Place, read_place, write_place
from noroshi.core.feed import Feed
from noroshi.core.instant import Instant, to_text
from noroshi.flow.feed_ports import Reply, Session, Tell
from noroshi.flow.feed_tables import FeedState, Fetched, HeldBack
from noroshi.flow.feeds import speech
from noroshi.flow.handed import RefusedObject, read_batch
from noroshi.flow.house import House
from noroshi.flow.object_ports import Also

_LAST = "x-taxii-date-added-last"
_PAGE = 1000


class _Paging(msgspec.Struct):
    more: bool = False
    next: str | None = None


def follow(
    house: House, feed: Feed, collection: int, session: Session, begun: FeedState, tell: Tell
) -> FeedState:
    """Take in all that is new in a collection; return how far that is.

    Raises:
        UnavailableError: the server cannot be asked, or answers what it may not.
    """
    state, place = begun, read_place(begun.cursor)
    after, cursor = place.added_after, None
    while True:
        reply, paging = _page(session, feed, after, cursor)
        place = place.onward(reply.headers.get(_LAST))
        if not paging.more:
            place = place.ended(house.clock.now())
        state = msgspec.structs.replace(state, cursor=write_place(place))
        tell(_take(house, feed, collection, _objects(feed, reply), state))
        if not paging.more:
            return state
        if paging.next is not None and paging.next != cursor:
            cursor = paging.next
        else:
            after, cursor = _beyond(feed, place, after), None


def _beyond(feed: Feed, place: Place, after: str | None) -> str:
    """Return after what to ask for, of a server that has more and does not say where.

    What was added at the instant of the last may be on both pages.
    """
    beyond = None if place.last is None else to_text(place.last - 1)
    if beyond is None or beyond == after:
        msg = f"{feed.url} says that there is more, and not where; nothing is lost, tell its owner"
        raise UnavailableError("feed-failed", msg)
    return beyond


def _page(
    session: Session, feed: Feed, after: str | None, cursor: str | None
) -> tuple[Reply, _Paging]:
    asked = {"limit": str(_PAGE), "match[version]": "all"}
    if after is not None:
        asked["added_after"] = after
    if cursor is not None:
        asked["next"] = cursor
    url = f"{feed.url.rstrip('/')}/objects/?{urlencode(asked)}"
    reply = speech.ask(session, feed, "GET", url)
    return reply, speech.read(reply, feed.url, _Paging)


def _objects(feed: Feed, reply: Reply) -> list[bytes]:
    try:
        return take_apart(reply.body)
    except MalformedError as error:
        raise UnavailableError("feed-failed", f"{feed.url}: {error.message}") from None


def _take(
    house: House, feed: Feed, collection: int, raws: Sequence[bytes], state: FeedState
) -> int:
    now = house.clock.now()
    handed, refused = read_batch(house, raws, now, feed.marking)
    held = [_held(feed, each, now) for each in refused]
    also = Also(fetched=Fetched(state, held=held))
    house.objects().add(collection, handed, now, also)
    return len(handed)


def _held(feed: Feed, refused: RefusedObject, now: Instant) -> HeldBack:
    told = refused.outcome
    digest = hashlib.sha256(refused.raw).hexdigest()  # what cannot be read may have no version
    return HeldBack(feed.name, told.id, digest, str(told.message), now, refused.raw)
