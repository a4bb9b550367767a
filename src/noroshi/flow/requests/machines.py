"""Requests about machines and the collections that they read and write."""

from noroshi.flow.requests.base import Request


class GrantAccess(Request, frozen=True, kw_only=True):
    """Give a machine a right in a collection, and a token."""

    name: str
    collection: str
    """Its alias; one that no collection has yet becomes that of a new one."""
    read: bool = False
    write: bool = False
    partner: str | None = None
    """Whose machine it is; None: the house's own."""
    ceiling: str | None = None
    """The marking up to which it reads."""
    by: str | None = None


class RevokeAccess(Request, frozen=True, kw_only=True):
    """Take all access away from a machine."""

    name: str
    by: str | None = None


class KeepObjects(Request, frozen=True, kw_only=True):
    """Keep objects of STIX in a collection, as a machine hands them over."""

    collection: str
    """Its alias; one that no collection has yet becomes that of a new one."""
    objects: bytes
    """A bundle or an envelope of them."""


class SetRule(Request, frozen=True, kw_only=True):
    """Let what machines hand over to a collection become reports."""

    collection: str
    to: tuple[str, ...] = ()
    """Desks that are to act on all of it, as DESK@PARTNER."""
    info: tuple[str, ...] = ()
    sightings: bool = False
    """Sightings of what a partner's report said go back to the desk that wrote it."""
    precedence: str = "routine"
    kind: str | None = None
    subject: str | None = None
    areas: tuple[str, ...] = ()
    at_once: bool = False
    """They go by themselves; else each waits to be released."""
    by: str | None = None


class EndRule(Request, frozen=True, kw_only=True):
    """Let what machines hand over to a collection stay objects."""

    collection: str
    by: str | None = None


class Rules(Request, frozen=True, kw_only=True):
    """List what becomes of what machines hand over."""


class Machines(Request, frozen=True, kw_only=True):
    """List the machines that have access."""


class Collections(Request, frozen=True, kw_only=True):
    """List the collections."""
