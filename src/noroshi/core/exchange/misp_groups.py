"""Sharing groups of MISP: who is in one is known where it was made, not here.

What an administrator says of a group, by its UUID, holds for all that is distributed to it. A group
of which nobody has said anything keeps its event from being taken.
"""

from collections.abc import Iterator, Mapping
from typing import Final, cast

from noroshi.core.errors import InputError, MalformedError
from noroshi.core.exchange.misp_form import only_event
from noroshi.core.marking.label import Marking
from noroshi.core.strict_json import BOM, parse_json

_GROUP: Final = "4"
_NO_LIMIT: Final = "3"
_PLACE: Final = "distribution"

Event = dict[str, object]


def told_apart(raw: bytes, name: str | None = None) -> Event:
    """Return the one event of a file; `name`: the UUID that it must have.

    Raises:
        MalformedError: it is no JSON that can be relied on, or another event.
        InputError: it is no event, or several.
    """
    try:
        value = parse_json(raw.decode().removeprefix(BOM))
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"it is no JSON that can be relied on: {error}") from None
    event = only_event(value)
    said = str(event.get("uuid", ""))
    if name is not None and said.lower() != name.lower():
        raise MalformedError(f"it is another event: {said[:80]!r}")
    return event


def settle(event: Event, groups: Mapping[str, Marking]) -> tuple[Event, set[Marking]]:
    """Return an event in which groups restrict nothing any more, and what they mean.

    Raises:
        InputError: it is for a group of which nothing is said in `groups`.
    """
    numbered = dict(_numbered(event))
    meant: set[Marking] = set()

    def settled(value: object) -> object:
        if isinstance(value, list):
            return [settled(each) for each in cast("list[object]", value)]
        if not isinstance(value, dict):
            return value
        item = {name: settled(below) for name, below in cast("Event", value).items()}
        if str(item.get(_PLACE)) == _GROUP:
            meant.add(_meaning(item, numbered, groups))
            item[_PLACE] = _NO_LIMIT
        return item

    return cast("Event", settled(event)), meant


def _meaning(item: Event, numbered: Mapping[str, str], groups: Mapping[str, Marking]) -> Marking:
    told = item.get("SharingGroup")
    named = str(cast("Event", told).get("uuid", "")) if isinstance(told, dict) else ""
    name = (named or numbered.get(str(item.get("sharing_group_id")), "")).lower()
    if name in groups:
        return groups[name]
    which = name or f"number {item.get('sharing_group_id')}"
    msg = (
        f"it is for the sharing group {which}, of which nothing is said here; add the feed "
        "with --group UUID=MARKING, or admit the event by a marking"
    )
    raise InputError("bad-import", msg)


def _numbered(value: object) -> Iterator[tuple[str, str]]:
    """Yield the groups that an event describes: number at its server, and UUID."""
    if isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _numbered(each)
    elif isinstance(value, dict):
        item = cast("Event", value)
        told = item.get("SharingGroup")
        if isinstance(told, dict):
            group = cast("Event", told)
            yield str(group.get("id")), str(group.get("uuid", ""))
        for below in item.values():
            yield from _numbered(below)
