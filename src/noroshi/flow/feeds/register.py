"""Feeds added and ended, each journalled with the person who did it."""

import hashlib

import msgspec

from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.feed import Feed, check_feed
from noroshi.core.marking.rules import Rules
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.collecting import belongs_in
from noroshi.flow.feed_tables import HeldBack
from noroshi.flow.machines import ceiling_of, collection_of
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Announcement
from noroshi.flow.tables import Tables, Transaction


def add(tx: Transaction, feed: Feed, me: str, rules: Rules, entropy: Entropy) -> Feed:
    """Add a feed.

    Raises:
        InputError: something about it cannot be.
        ConflictError: there is one of that name.
    """
    checked = check_feed(feed)
    known = tx.feeds.get(feed.name)
    if known is not None and known.ended_at is None:
        msg = f"there is a feed {feed.name} to {known.url}; remove it first, or choose another name"
        raise ConflictError("feed-exists", msg)
    if feed.partner != me and tx.partners.get(feed.partner) is None:
        msg = f"there is no partner {feed.partner!r} here; see: noroshi partner list"
        raise InputError("bad-input", msg)
    filled = belongs_in(feed.collection) is not None
    if filled and not feed.is_push:
        msg = f"{feed.collection} is filled by reports; give what is pulled another collection"
        raise InputError("bad-input", msg)
    if filled and feed.partner != me:
        msg = f"{feed.collection} is filled by reports, which go to a partner as reports alone"
        raise InputError("not-releasable", msg)
    ceiling = ceiling_of(feed.ceiling)
    for marking in (ceiling, feed.marking, *feed.groups.values()):
        if marking is not None:
            rules.classification(marking)
            rules.restrictive(marking)
    collection_of(tx, feed.collection, entropy)
    added = msgspec.structs.replace(checked, ceiling=ceiling)
    _put(tx, added, EntryKind.FEED_CHANGED, feed.added_by, me, entropy)
    return added


def remove(tx: Transaction, name: str, by: str, me: str, entropy: Entropy) -> Feed:
    """End a feed; what came of it stays.

    Raises:
        NotFoundError: there is none of that name.
    """
    feed = open_feed(tx, name)
    ended = msgspec.structs.replace(feed, ended_at=tx.now)
    _put(tx, ended, EntryKind.FEED_ENDED, by, me, entropy)
    return ended


def decide(
    tx: Transaction, held: HeldBack, by: str, me: str, entropy: Entropy, *, is_admitted: bool
) -> None:
    """Record that somebody let in, or dropped, what was held back."""
    kind = EntryKind.FEED_ADMITTED if is_admitted else EntryKind.FEED_DROPPED
    digest = hashlib.sha256(held.raw).digest()
    salt = entropy.draw(SALT_SIZE)
    tx.journal.append(new_entry(kind, tx.now, salt, me, digest=digest, by=by or None))


def open_feed(tables: Tables, name: str) -> Feed:
    """Return the feed of a name.

    Raises:
        NotFoundError: there is none, or it has ended.
    """
    feed = tables.feeds.get(name)
    if feed is None or feed.ended_at is not None:
        raise NotFoundError("not-found", f"there is no feed {name!r}; see: noroshi feeds list")
    return feed


def open_feeds(tables: Tables) -> list[Feed]:
    """Return the feeds that are followed."""
    return [feed for feed in tables.feeds.all() if feed.ended_at is None]


def _put(tx: Transaction, feed: Feed, kind: EntryKind, by: str, me: str, entropy: Entropy) -> None:
    tx.feeds.put(feed)
    salt = entropy.draw(SALT_SIZE)
    tx.journal.append(new_entry(kind, tx.now, salt, me, digest=feed.digest, by=by or None))
    tx.announce(Announcement("feed", me))
