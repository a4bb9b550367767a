"""Queries: which objects of a collection are asked for (TAXII 2.1, section 3.4), and cursors.

    added_after          strictly later than an instant
    limit, next          how many at most, and where the page before ended
    match[id], [type]    any of several, by commas
    match[version]       last (which it is without), first, all, or instants
    match[spec_version]  2.1, 2.0; without it 2.0 of what is not here as 2.1

A cursor says the instant at which the last object of a page was added: no two were added at one
instant, so nothing need be kept between pages, and nothing is missed or told twice.
"""

import base64
import binascii
from collections.abc import Sequence
from enum import Enum
from typing import Final

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.instant import Instant, from_text

MAX_PAGE: Final = 1000
"""Objects on a page, whatever limit is asked for."""
ENOUGH_BYTES: Final = 16 * 1024 * 1024
"""Of objects on a page: behind the object that reaches it, another page begins."""
MOST_ALTERNATIVES: Final = 100
"""Values of one filter."""
_CURSOR_SIZE: Final = 8
FILTERS: Final = ("id", "type", "version", "spec_version")


class Version(Enum):
    """Which versions of an object, beside those that are named."""

    LAST = "last"
    FIRST = "first"
    ALL = "all"


class Query(msgspec.Struct, frozen=True):
    """What is asked for."""

    after: Instant = -1
    limit: int = MAX_PAGE
    ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    versions: frozenset[Version] = frozenset({Version.LAST})
    instants: tuple[Instant, ...] = ()
    specs: tuple[str, ...] = ()
    """Versions of STIX; empty: the newest in which an object is here."""


def read_query(said: Sequence[tuple[str, str]], filters: Sequence[str] = FILTERS) -> Query:
    """Return the query of a URL; what it does not know of it, it leaves aside.

    `filters` are the names in brackets that count here.

    Raises:
        InputError: a parameter stands twice, or its value cannot be.
    """
    known = {"added_after", "limit", "next", *(f"match[{name}]" for name in filters)}
    found: dict[str, str] = {}
    for name, value in said:
        if name in known and found.setdefault(name, value) is not value:
            raise InputError("bad-input", f"{name} stands twice; separate its values by commas")
    match = {name: _values(found, f"match[{name}]") for name in filters}
    after = _instant(found["added_after"], "added_after") if "added_after" in found else -1
    if "next" in found:
        after = max(after, read_cursor(found["next"]))
    versions, instants = _versions(match.get("version", ()))
    return Query(
        after=after,
        limit=_limit(found.get("limit")),
        ids=match.get("id", ()),
        types=match.get("type", ()),
        versions=versions,
        instants=instants,
        specs=match.get("spec_version", ()),
    )


def write_cursor(added: Instant) -> str:
    """Return where a page ended."""
    return base64.urlsafe_b64encode(added.to_bytes(_CURSOR_SIZE)).decode().rstrip("=")


def read_cursor(text: str) -> Instant:
    """Return the instant of a cursor.

    Raises:
        InputError: it is none of ours.
    """
    try:
        raw = base64.b64decode(f"{text}=", b"-_", validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != _CURSOR_SIZE or raw[0] > 127:  # noqa: PLR2004 - the sign of a number
        raise InputError("bad-input", "next is nothing that a page of this server has told")
    return int.from_bytes(raw)


def _values(found: dict[str, str], name: str) -> tuple[str, ...]:
    if name not in found:
        return ()
    values = tuple(dict.fromkeys(found[name].split(",")))
    if len(values) > MOST_ALTERNATIVES or "" in values:
        msg = f"{name} has 1 to {MOST_ALTERNATIVES} values, separated by commas"
        raise InputError("bad-input", msg)
    return values


def _versions(values: Sequence[str]) -> tuple[frozenset[Version], tuple[Instant, ...]]:
    if not values:
        return frozenset({Version.LAST}), ()
    words = {each.value: each for each in Version}
    named = frozenset(words[value] for value in values if value in words)
    instants = [_instant(value, "match[version]") for value in values if value not in words]
    return named, tuple(instants)


def _limit(text: str | None) -> int:
    if text is None:
        return MAX_PAGE
    if not (text.isascii() and text.isdigit() and text.strip("0")):
        raise InputError("bad-input", "limit is a whole number from 1")
    return MAX_PAGE if len(text) > len(str(MAX_PAGE)) else min(int(text), MAX_PAGE)


def _instant(text: str, name: str) -> Instant:
    try:
        return from_text(text)
    except InputError as error:
        raise InputError("bad-input", f"{name}: {error.message}") from None
