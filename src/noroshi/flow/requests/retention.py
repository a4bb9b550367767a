"""Requests about retention: what is destroyed when, legal holds; and the areas that rules name."""

from noroshi.flow.requests.base import Request


class Areas(Request, frozen=True, kw_only=True):
    """List the areas of cooperation that a report can be about."""


class Retained(Request, frozen=True, kw_only=True):
    """List which reports are destroyed when; `everything`: those that are kept for ever too."""

    everything: bool = False


class HoldForLaw(Request, frozen=True, kw_only=True):
    """Keep a report whatever the rules of retention say."""

    report: str
    reason: str
    by: str | None = None


class EndLegalHold(Request, frozen=True, kw_only=True):
    """Let the rules decide about a report again."""

    report: str
    by: str | None = None
