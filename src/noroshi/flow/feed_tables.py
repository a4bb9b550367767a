"""What is kept of feeds; :mod:`noroshi.flow.feeds` has the rules."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from noroshi.core.feed import Feed
from noroshi.core.instant import Instant


class FeedTable(Protocol):
    """Feeds, as administrators set them."""

    def all(self) -> list[Feed]:
        """Return all feeds by name, those that have ended too."""
        ...

    def get(self, name: str) -> Feed | None:
        """Return the feed of a name."""
        ...

    def put(self, feed: Feed) -> None:
        """Add a feed, or replace what is kept of it."""
        ...


class FeedState(msgspec.Struct, frozen=True):
    """How far a feed was followed."""

    feed: str
    cursor: str = ""
    """Where to go on, as whoever follows it writes that."""
    tried_at: Instant | None = None
    done_at: Instant | None = None
    """When it was last followed to its end."""
    taken: int = 0
    """Objects that it brought or took, in all; it is counted where it is kept."""
    problem: str = ""
    """Why it could not be followed to its end; "": it was."""


class HeldBack(msgspec.Struct, frozen=True):
    """What a feed told that nobody is given until somebody decides."""

    feed: str
    item: str
    """Its id: of an object of STIX, or the UUID of an event."""
    version: str
    reason: str
    at: Instant
    raw: bytes = b""
    """As it came; b"" in lists, and where another server refused what we handed on."""
    number: int = 0
    """By which people name it; it is chosen when it is kept."""


class Fetched(msgspec.Struct, frozen=True):
    """What one step in following a feed has brought, beside objects."""

    state: FeedState
    items: Mapping[str, str] = {}
    """Events by UUID, each with its version; "": it is gone."""
    held: Sequence[HeldBack] = ()


class FeedNotes(Protocol):
    """What is kept of feeds beside the objects that came of them."""

    def state(self, feed: str) -> FeedState:
        """Return how far a feed was followed."""
        ...

    def note(self, fetched: Fetched, taken: int = 0) -> None:
        """Keep how far a feed was followed, of a step that added no object here."""
        ...

    def items(self, feed: str) -> dict[str, str]:
        """Return the events that were taken in, each with its version."""
        ...

    def held(self, feed: str | None) -> list[HeldBack]:
        """Return what is held back of a feed, or of all, the newest first and without contents."""
        ...

    def held_item(self, number: int) -> HeldBack | None:
        """Return one that is held back, with its content."""
        ...

    def drop(self, number: int) -> None:
        """Hold it back no more, nor if it comes again: somebody has decided."""
        ...

    def put_login(self, feed: str, login: bytes) -> None:
        """Keep, sealed, how the node proves itself to a server."""
        ...

    def login(self, feed: str) -> bytes | None:
        """Return how the node proves itself to a server."""
        ...

    def forget(self, feed: str) -> None:
        """Forget all of a feed but the objects that came of it."""
        ...
