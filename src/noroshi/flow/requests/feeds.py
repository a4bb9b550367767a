"""Requests about feeds: other servers that collections are filled from or handed on to."""

from collections.abc import Mapping

from noroshi.flow.requests.base import Request


class AddFeed(Request, frozen=True, kw_only=True):
    """Add a feed."""

    name: str
    url: str
    kind: str
    """taxii, misp-feed or misp."""
    collection: str
    """The alias of ours; one that no collection has yet becomes that of a new one."""
    push: bool = False
    """Hand the collection on to it; else pull from it."""
    inside: tuple[str, ...] = ()
    """Networks that are not public in which it may lie."""
    every: int = 300
    """Seconds between two pulls."""
    marking: str | None = None
    """By which all of it is handled beside its own."""
    groups: Mapping[str, str] = {}
    """Markings of sharing groups, by their UUID."""
    partner: str | None = None
    """Whose server it is; None: the house's own."""
    ceiling: str | None = None
    """The marking up to which it is handed on."""
    secret: str = ""
    """A token, key or password for it; it is kept sealed and never told again."""
    user: str | None = None
    authorities: str = ""
    """Certificates (PEM) that its own must come from."""
    by: str | None = None

    def __repr__(self) -> str:
        return f"AddFeed(name={self.name!r}, url={self.url!r})"


class RemoveFeed(Request, frozen=True, kw_only=True):
    """End a feed; what came of it stays."""

    name: str
    by: str | None = None


class Feeds(Request, frozen=True, kw_only=True):
    """List the feeds, and how far each was followed."""


class PullFeed(Request, frozen=True, kw_only=True):
    """Follow a feed now, to its end."""

    name: str


class HeldOfFeeds(Request, frozen=True, kw_only=True):
    """List what feeds told that is held back, and why."""

    name: str | None = None
    """Of one feed; None: of all."""


class AdmitHeld(Request, frozen=True, kw_only=True):
    """Let in what is held back, handled by a marking; or drop it."""

    number: int
    marking: str | None = None
    """None: it is dropped."""
    by: str | None = None
