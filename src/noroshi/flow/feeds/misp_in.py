"""Pulling events of MISP: what changed comes anew, what is gone goes.

    misp-feed   URL/manifest.json names the events, URL/UUID.json is each
    misp        POST URL/events/index names them, GET URL/events/view/UUID is each

An event that is told anew replaces all that came of it: so deleted attributes go, and tags and
markings that changed hold from then on. One whose restrictions are not known here is held back.
One that is named and cannot be had is asked for again the next time, and the others come.
"""

import uuid
from collections.abc import Mapping
from typing import Final

import msgspec

from noroshi.core.errors import InputError, MalformedError, UnavailableError
from noroshi.core.exchange.misp_groups import told_apart
from noroshi.core.feed import Feed, FeedKind
from noroshi.core.marking.label import Marking
from noroshi.flow.feed_ports import PartlyError, Session, Tell
from noroshi.flow.feed_tables import FeedState, Fetched, HeldBack
from noroshi.flow.feeds import speech
from noroshi.flow.feeds.events import read_event
from noroshi.flow.feeds.speech import NoAnswerError
from noroshi.flow.house import House
from noroshi.flow.object_ports import Also, Handed

_MOST_EVENTS: Final = 1_000_000
_MOST_PROBLEMS: Final = 100
"""Of more, the server is asked for no further event this time."""


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
        PartlyError: all else was taken in.
    """
    known = house.objects().feeds.items(feed.name)
    listed, problems = _listed(session, feed)
    if known and not listed:
        msg = (
            f"{feed.url} names no event any more, where there were {len(known):,}; what came of "
            "them stays. If it is right, remove the feed"
        )
        raise UnavailableError("feed-failed", msg)
    for name, version in listed.items():
        if version is None or known.get(name) == version:
            continue
        try:
            tell(_take(house, feed, collection, session, begun, name, version))
        except NoAnswerError as error:
            problems.append(error.message)
            if len(problems) > _MOST_PROBLEMS:
                break
    gone = sorted(known.keys() - listed.keys())
    if gone:
        fetched = Fetched(begun, dict.fromkeys(gone, ""))
        also = Also(replaced=[source_of(feed, name) for name in gone], fetched=fetched)
        house.objects().add(collection, [], house.clock.now(), also)
    if problems:
        more = f" (and {len(problems) - 1} more like this)" if len(problems) > 1 else ""
        raise PartlyError("feed-failed", f"{problems[0]}{more}; all else was taken in")
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


def _listed(session: Session, feed: Feed) -> tuple[Mapping[str, str | None], list[str]]:
    """Return the events that there are, each with its version, the oldest first; and problems.

    Where it cannot be read which version there is, None.
    """
    base, problems = feed.url.rstrip("/"), list[str]()
    told: dict[str, str | None] = {}
    if feed.kind is FeedKind.MISP:
        url = f"{base}/events/index"
        reply = speech.ask(session, feed, "POST", url, b'{"minimal":1}')
        rows = [("", raw) for raw in speech.read(reply, url, list[msgspec.Raw])]
    else:
        url = f"{base}/manifest.json"
        reply = speech.ask(session, feed, "GET", url)
        rows = list(speech.read(reply, url, dict[str, msgspec.Raw]).items())
    if len(rows) > _MOST_EVENTS:
        raise UnavailableError("feed-failed", f"{url} names more than {_MOST_EVENTS:,} events")
    for name, raw in rows:
        try:
            row = msgspec.json.decode(raw, type=_Listed)
        except msgspec.MsgspecError as error:
            row = None
            problems.append(f"{url} says of the event {name[:80]!r} what cannot be read: {error}")
        named = name or ("" if row is None else row.uuid)
        if row is not None and not _is_id(named):
            problems.append(f"{url} names an event by {named[:80]!r}, which is no UUID")
        elif row is None or row.published:
            told[named] = None if row is None else str(row.timestamp)
    return dict(sorted(told.items(), key=_age)), problems


def _age(listed: tuple[str, str | None]) -> tuple[str, str]:
    name, version = listed
    return (version or "").rjust(20), name


def _is_id(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name.lower()
    except ValueError:
        return False


def _event(session: Session, feed: Feed, name: str) -> bytes:
    base = feed.url.rstrip("/")
    is_rest = feed.kind is FeedKind.MISP
    url = f"{base}/events/view/{name}" if is_rest else f"{base}/{name}.json"
    return speech.ask(session, feed, "GET", url).body
