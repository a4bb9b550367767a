"""Requests about interests: what desks want to hear of at once."""

from noroshi.flow.requests.base import Request


class AddInterest(Request, frozen=True, kw_only=True):
    """State what a desk wants to hear of."""

    desk: str
    kind: str
    """product, narrative, sector, technique, country or network."""
    value: str
    by: str | None = None


class RemoveInterest(Request, frozen=True, kw_only=True):
    """Take back what a desk wanted to hear of."""

    desk: str
    number: int
    by: str | None = None


class Interests(Request, frozen=True, kw_only=True):
    """List what desks want to hear of."""
