"""Objects as they are handed over or pulled: read, checked, and by which markings handled.

What cannot be taken is told with its reason, and the rest of a batch goes on. What names no
marking is handled by the default of the node.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec

from noroshi.core.errors import MalformedError
from noroshi.core.exchange.objects.handling import Handling, handling_of
from noroshi.core.exchange.objects.reading import StixObject, name_of, read_object
from noroshi.core.instant import Instant, to_text
from noroshi.core.marking.label import Marking
from noroshi.flow.house import House
from noroshi.flow.object_ports import Handed

_DEFINITION: Final = "marking-definition"
_NO_ID: Final = "unknown--00000000-0000-4000-8000-000000000000"


class Outcome(msgspec.Struct, frozen=True):
    """What became of one object."""

    id: str
    version: str
    message: str | msgspec.UnsetType = msgspec.UNSET


class RefusedObject(msgspec.Struct, frozen=True):
    """An object that was not taken, as it came."""

    outcome: Outcome
    raw: bytes


def read_batch(
    house: House, raws: Sequence[bytes], now: Instant, also: Marking | None = None
) -> tuple[list[Handed], list[RefusedObject]]:
    """Return what can be taken, and why the rest cannot.

    `also` is a marking by which all of it is handled beside its own.
    """
    batch = _Batch(house, also)
    read = [(raw, batch.read(raw)) for raw in raws]
    handed: list[Handed] = []
    refused: list[RefusedObject] = []
    for raw, each in read:
        told = each if isinstance(each, Outcome) else batch.hand(each)
        if isinstance(told, Handed):
            handed.append(told)
        else:
            outcome = msgspec.structs.replace(told, version=told.version or to_text(now))
            refused.append(RefusedObject(outcome, raw))
    return handed, refused


@lru_cache(maxsize=4096)
def version_text(version: Instant) -> str:
    """Return a version as STIX writes it: with milliseconds, with microseconds if there are any."""
    text = to_text(version)
    return f"{text[:-4]}Z" if version % 1000 == 0 else text


class _Batch:
    """Objects that come together: a definition among them says what a marking means."""

    def __init__(self, house: House, also: Marking | None) -> None:
        self._house = house
        self._store = house.objects()
        self._also = () if also is None else (also,)
        self._default = also or Marking.parse(house.default_marking)
        self._came: dict[str, bytes] = {}
        self._known: dict[tuple[str, ...], Handling] = {}

    def read(self, raw: bytes) -> StixObject | Outcome:
        """Return an object that fits its schema, or why it is none."""
        try:
            found, told = read_object(raw)
        except MalformedError as error:
            return Outcome(name_of(raw) or _NO_ID, "", error.message)
        problem = self._house.schemas(found.spec, told)
        if problem:
            return Outcome(found.id, version_text(found.version or 0), problem)
        if found.type == _DEFINITION:
            self._came.setdefault(found.id, raw)
        return found

    def hand(self, one: StixObject) -> Handed | Outcome:
        """Return an object and how it is handled, or why nobody can say that."""
        version = version_text(one.version or 0)
        if one.type == _DEFINITION and self._definition(one.id) != one.raw:
            other = "a definition of that id is here, and says something else"
            return Outcome(one.id, version, other)
        try:
            handling = self._handling(one.markings)
        except MalformedError as error:
            return Outcome(one.id, version, error.message)
        return Handed(one, handling)

    def _handling(self, markings: tuple[str, ...]) -> Handling:
        if markings not in self._known:
            own = handling_of(markings, self._definition, self._default)
            self._known[markings] = tuple(sorted({*own, *self._also}, key=str))
        return self._known[markings]

    def _definition(self, name: str) -> bytes | None:
        return self._store.definition(name) or self._came.get(name)
