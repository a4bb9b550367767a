"""Pulling events of MISP: what changed comes anew, what is gone goes.

    misp-feed   URL/manifest.json names the events, URL/UUID.json is each
    misp        POST URL/events/index names them, GET URL/events/view/UUID is each

An event that is told anew replaces all that came of it: so deleted attributes go, and tags and
markings that changed hold from then on. One whose restrictions are not known here is held back.
"""

import uuid
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from noroshi.core.errors import InputError, MalformedError, UnavailableError
from noroshi.core.exchange.misp_groups import told_apart
from noroshi.core.feed import Feed, FeedKind
from noroshi.core.marking.label import Marking
from noroshi.flow.feed_ports import Session, Tell
from noroshi.flow.feed_tables import FeedState, Fetched, HeldBack
from noroshi.flow.feeds import speech
from noroshi.flow.feeds.events import read_event
from noroshi.flow.house import House
from noroshi.flow.object_ports import Also, Handed

_MOST_EVENTS: Final = 1_000_000


class _Listed(msgspec.Struct):
    """An event in a list of them; MISP writes instants as text."""

    timestamp: str | int
    uuid: str = ""
    published: bool = True


def follow(
    house: House, feed: Feed, collection: int, session: Session, begun: FeedState, tell: Tell
) -> FeedState:
    """Take in all events that changed; return how far that is.

    Raises:
        UnavailableError: the server cannot be asked, or answers what it may not.
    """
    known = house.objects().feeds.items(feed.name)
    listed = _listed(session, feed)
    if known and not listed:
        msg = (
            f"{feed.url} names no event any more, where there were {len(known):,}; what came of "
            "them stays. If it is right, remove the feed"
        )
        raise UnavailableError("feed-failed", msg)
    for name, version in listed.items():
        if known.get(name) != version:
            tell(_take(house, feed, collection, session, begun, name, version))
    gone = sorted(known.keys() - listed.keys())
    if gone:
        fetched = Fetched(begun, dict.fromkeys(gone, ""))
        also = Also(replaced=[source_of(feed, name) for name in gone], fetched=fetched)
        house.objects().add(collection, [], house.clock.now(), also)
    return begun


def admitted(house: House, held: HeldBack, feed: Feed, marking: Marking) -> list[Handed]:
    """Return the objects of an event that was held back, handled by a marking.

    Raises:
        InputError: it is no event of MISP.
    """
    return read_event(house, feed, told_apart(held.raw), marking, source_of(feed, held.item))


def source_of(feed: Feed, name: str) -> bytes:
    """Return by what the objects of an event are known."""
    return f"{feed.name}/{name}".encode()


def _take(
    house: House,
    feed: Feed,
    collection: int,
    session: Session,
    state: FeedState,
    name: str,
    version: str,
) -> int:
    raw, now, source = _event(session, feed, name), house.clock.now(), source_of(feed, name)
    handed: list[Handed] = []
    held: list[HeldBack] = []
    try:
        handed = read_event(house, feed, told_apart(raw, name), None, source)
    except (InputError, MalformedError) as error:
        held = [HeldBack(feed.name, name, version, error.message, now, raw)]
    fetched = Fetched(state, {name: version}, held)
    house.objects().add(collection, handed, now, Also(replaced=[source], fetched=fetched))
    return len(handed)


def _listed(session: Session, feed: Feed) -> Mapping[str, str]:
    """Return the events that there are, each with its version, the oldest first."""
    base = feed.url.rstrip("/")
    if feed.kind is FeedKind.MISP:
        url = f"{base}/events/index"
        reply = speech.ask(session, feed, "POST", url, b'{"minimal":1}')
        rows = speech.read(reply, url, list[_Listed])
        told = {each.uuid: each for each in rows if each.published}
    else:
        url = f"{base}/manifest.json"
        told = speech.read(speech.ask(session, feed, "GET", url), url, dict[str, _Listed])
    if len(told) > _MOST_EVENTS:
        raise UnavailableError("feed-failed", f"{url} names more than {_MOST_EVENTS:,} events")
    return dict(sorted(_versions(url, told), key=lambda each: (each[1].rjust(20), each[0])))


def _versions(url: str, told: Mapping[str, _Listed]) -> Iterator[tuple[str, str]]:
    for name, each in told.items():
        try:
            is_id = str(uuid.UUID(name)) == name.lower()
        except ValueError:
            is_id = False
        if not is_id:
            msg = f"{url} names an event by {name[:80]!r}, which is no UUID"
            raise UnavailableError("feed-failed", msg)
        yield name, str(each.timestamp)


def _event(session: Session, feed: Feed, name: str) -> bytes:
    base = feed.url.rstrip("/")
    is_rest = feed.kind is FeedKind.MISP
    url = f"{base}/events/view/{name}" if is_rest else f"{base}/{name}.json"
    return speech.ask(session, feed, "GET", url).body
