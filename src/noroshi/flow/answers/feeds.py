"""Answers about feeds: added, ended, listed, followed; what is held back."""

from functools import partial

import msgspec

from noroshi.core.errors import InputError, NotFoundError
from noroshi.core.feed import Feed, FeedKind
from noroshi.core.instant import to_text
from noroshi.core.marking.label import Marking
from noroshi.core.report import check_person
from noroshi.flow.feed_ports import Login
from noroshi.flow.feed_tables import FeedState, HeldBack
from noroshi.flow.feeds import pulling, register
from noroshi.flow.feeds.admit import admit
from noroshi.flow.house import House
from noroshi.flow.machines import DEFAULT_CEILING
from noroshi.flow.requests import (
    AddFeed,
    AdmitHeld,
    Answer,
    HeldOfFeeds,
    Json,
    PullFeed,
    RemoveFeed,
)


def add_feed(house: House, request: AddFeed) -> Answer:
    """Add a feed."""
    by = check_person(request.by) or ""
    feed = Feed(
        name=request.name,
        kind=_kind(request.kind),
        url=request.url,
        collection=request.collection,
        is_push=request.push,
        inside=request.inside,
        every=request.every,
        marking=_marking(request.marking),
        groups={name.lower(): Marking.parse(text) for name, text in request.groups.items()},
        partner=request.partner or house.me,
        ceiling=_marking(request.ceiling) or DEFAULT_CEILING,
        added_at=house.clock.now(),
        added_by=by,
    )
    house.identity()
    notes = house.objects().feeds
    act = partial(register.add, feed=feed, me=house.me, rules=house.rules, entropy=house.entropy)
    added = house.store.perform(act)
    login = Login(request.secret, request.user, request.authorities)
    notes.put_login(feed.name, msgspec.json.encode(login))
    return _json(added, notes.state(feed.name))


def remove_feed(house: House, request: RemoveFeed) -> Answer:
    """End a feed."""
    house.identity()
    act = partial(
        register.remove,
        name=request.name,
        by=check_person(request.by) or "",
        me=house.me,
        entropy=house.entropy,
    )
    feed = house.store.perform(act)
    house.objects().feeds.forget(feed.name)
    return _json(feed, FeedState(feed.name))


def list_feeds(house: House) -> Answer:
    """List the feeds, and how far each was followed."""
    with house.store.read() as tables:
        feeds = register.open_feeds(tables)
    return [_json(feed, house.objects().feeds.state(feed.name)) for feed in feeds]


def pull_feed(house: House, request: PullFeed) -> Answer:
    """Follow a feed now, to its end."""
    before = house.objects().feeds.state(request.name).taken
    state = pulling.follow(house, request.name)
    with house.store.read() as tables:
        feed = register.open_feed(tables, request.name)
    return {**_json(feed, state), "taken_now": state.taken - before}


def list_held(house: House, request: HeldOfFeeds) -> Answer:
    """List what feeds told that is held back, and why."""
    return [_json_of_held(each) for each in house.objects().feeds.held(request.name)]


def admit_held(house: House, request: AdmitHeld) -> Answer:
    """Let in what is held back, handled by a marking; or drop it."""
    by = check_person(request.by) or ""
    notes = house.objects().feeds
    held = notes.held_item(request.number)
    if held is None:
        msg = f"nothing is held back as number {request.number}; see: noroshi feeds held"
        raise NotFoundError("not-found", msg)
    taken = 0
    if request.marking is not None:
        taken = admit(house, held, Marking.parse(request.marking))
    act = partial(
        register.decide,
        held=held,
        by=by,
        me=house.me,
        entropy=house.entropy,
        is_admitted=request.marking is not None,
    )
    house.identity()
    house.store.perform(act)
    notes.drop(held.number)
    return {**_json_of_held(held), "taken": taken}


def _kind(text: str) -> FeedKind:
    try:
        return FeedKind(text)
    except ValueError:
        known = ", ".join(each.value for each in FeedKind)
        raise InputError("bad-input", f"{text!r} is no kind of feed; one of: {known}") from None


def _marking(text: str | None) -> Marking | None:
    return None if text is None else Marking.parse(text)


def _json(feed: Feed, state: FeedState) -> Json:
    return {
        "name": feed.name,
        "kind": feed.kind.value,
        "way": "push" if feed.is_push else "pull",
        "url": feed.url,
        "collection": feed.collection,
        "every": feed.every,
        "partner": feed.partner,
        "up_to": str(feed.ceiling),
        "marking": None if feed.marking is None else str(feed.marking),
        "groups": {name: str(marking) for name, marking in feed.groups.items()},
        "inside": list(feed.inside),
        "taken": state.taken,
        "tried_at": None if state.tried_at is None else to_text(state.tried_at),
        "done_at": None if state.done_at is None else to_text(state.done_at),
        "problem": state.problem or None,
        "added_at": to_text(feed.added_at),
        "added_by": feed.added_by,
        "ended_at": None if feed.ended_at is None else to_text(feed.ended_at),
    }


def _json_of_held(held: HeldBack) -> Json:
    return {
        "number": held.number,
        "feed": held.feed,
        "item": held.item,
        "version": held.version,
        "reason": held.reason,
        "at": to_text(held.at),
    }
