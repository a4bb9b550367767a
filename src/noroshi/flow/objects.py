"""Objects of STIX handed over by machines, and read by them: never more than a reader may have.

What cannot be taken is told with its reason, and the rest of a batch goes on. What names no
marking is handled by the default of the node.
"""

import uuid
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec

from noroshi.core.errors import MalformedError, NotFoundError
from noroshi.core.exchange.objects.handling import Handling, handling_of
from noroshi.core.exchange.objects.query import Query, Version
from noroshi.core.exchange.objects.reading import (
    StixObject,
    name_of,
    read_object,
    take_apart,
)
from noroshi.core.instant import DAY, Instant, to_text
from noroshi.core.machine import Machine
from noroshi.core.marking.label import Marking
from noroshi.flow.collecting import Said, raw_of
from noroshi.flow.house import House
from noroshi.flow.machine_tables import Collection
from noroshi.flow.machines import reader_of
from noroshi.flow.object_ports import STATUS_KEPT, Handed, Kept, KeptStatus, MayRead, Page

LARGEST_BATCH: Final = 100 * 1024 * 1024
"""Bytes of an envelope."""
MOST_TOLD: Final = 1000
"""Objects that a status names one by one; of more it tells the number, and all failures."""
_DEFINITION: Final = "marking-definition"
_NO_ID: Final = "unknown--00000000-0000-4000-8000-000000000000"


class Outcome(msgspec.Struct, frozen=True):
    """What became of one object."""

    id: str
    version: str
    message: str | msgspec.UnsetType = msgspec.UNSET


class Status(msgspec.Struct, frozen=True):
    """What became of a batch (TAXII 2.1, section 4.3)."""

    id: str
    status: str
    request_timestamp: str
    total_count: int
    success_count: int
    failure_count: int
    pending_count: int = 0
    successes: tuple[Outcome, ...] | msgspec.UnsetType = msgspec.UNSET
    failures: tuple[Outcome, ...] | msgspec.UnsetType = msgspec.UNSET


def hand_over(house: House, machine: Machine, collection: Collection, raw: bytes) -> bytes:
    """Take in a batch of objects; return its status, which is kept.

    Raises:
        MalformedError: it is no envelope.
    """
    now = house.clock.now()
    handed, failures = _read(house, take_apart(raw), to_text(now))
    name = str(uuid.UUID(bytes=house.entropy.draw(16), version=4))

    def tell(versions: list[Instant]) -> KeptStatus:
        status = Status(
            id=name,
            status="complete",
            request_timestamp=to_text(now),
            total_count=len(handed) + len(failures),
            success_count=len(handed),
            failure_count=len(failures),
            successes=_successes(handed, versions),
            failures=tuple(failures) or msgspec.UNSET,
        )
        return KeptStatus(name, machine.name, now, msgspec.json.encode(status))

    house.objects().add(collection.number, handed, now, status=tell)
    return status_of(house, machine, name)


def _successes(
    handed: Sequence[Handed], versions: Sequence[Instant]
) -> tuple[Outcome, ...] | msgspec.UnsetType:
    """Return what was taken, object by object; of many that is not told."""
    if len(handed) > MOST_TOLD:
        return msgspec.UNSET
    return tuple(
        Outcome(each.object.id, version_text(version))
        for each, version in zip(handed, versions, strict=True)
    )


def status_of(house: House, machine: Machine, name: str) -> bytes:
    """Return what became of a batch of a machine.

    Raises:
        NotFoundError: there is none, or it is another machine's.
    """
    found = house.objects().status(name)
    if found is None or found.machine != machine.name:
        msg = f"there is no such status; one is kept for {STATUS_KEPT // DAY} days"
        raise NotFoundError("not-found", msg)
    return found.told


def page(
    house: House, machine: Machine, collection: Collection, query: Query, *, bodies: bool = True
) -> Page:
    """Return what a machine may have of a collection."""
    may_read = _reader(house, machine)
    found = house.objects().page(collection.number, query, may_read, bodies=bodies)
    if not bodies or not any(each.source for each in found.objects):
        return found
    said = {each: raw_of(house, each) for each in {kept.source for kept in found.objects} if each}
    whole = (
        msgspec.structs.replace(each, raw=_raw(said[each.source], each)) if each.source else each
        for each in found.objects
    )
    return Page(tuple(each for each in whole if each.raw), found.more)


def _raw(said: Said, kept: Kept) -> bytes:
    """Return an object that a report says; b"" if that was destroyed."""
    return said.get((kept.id, kept.version)) or said.get((kept.id, None), b"")


def page_of_one(
    house: House,
    machine: Machine,
    collection: Collection,
    name: str,
    query: Query,
    *,
    bodies: bool = True,
) -> Page:
    """Return the versions of one object.

    Raises:
        NotFoundError: the machine may have none of that id here.
    """
    asked = msgspec.structs.replace(query, ids=(name,), types=())
    found = page(house, machine, collection, asked, bodies=bodies)
    if not found.objects:
        _check_there(house, machine, collection, name)
    return found


def remove(house: House, machine: Machine, collection: Collection, name: str, query: Query) -> None:
    """Remove versions of an object.

    Raises:
        NotFoundError: the machine may have none of that id here.
    """
    asked = msgspec.structs.replace(query, ids=(name,), types=())
    if not house.objects().remove(collection.number, asked, _reader(house, machine)):
        _check_there(house, machine, collection, name)


@lru_cache(maxsize=4096)
def version_text(version: Instant) -> str:
    """Return a version as STIX writes it: with milliseconds, with microseconds if there are any."""
    text = to_text(version)
    return f"{text[:-4]}Z" if version % 1000 == 0 else text


def _check_there(house: House, machine: Machine, collection: Collection, name: str) -> None:
    every = Query(limit=1, ids=(name,), versions=frozenset({Version.ALL}))
    if not page(house, machine, collection, every, bodies=False).objects:
        raise NotFoundError("not-found", "there is no such object in this collection")


def _reader(house: House, machine: Machine) -> MayRead:
    with house.store.read() as tables:
        return reader_of(tables, machine, house.me, house.clock.now(), house.rules)


def _one(house: House, raw: bytes) -> StixObject | Outcome:
    """Return an object that fits its schema, or why it is none."""
    try:
        found, told = read_object(raw)
    except MalformedError as error:
        return Outcome(name_of(raw) or _NO_ID, "", error.message)
    problem = house.schemas(found.spec, told)
    return Outcome(found.id, version_text(found.version or 0), problem) if problem else found


def _read(house: House, raws: Sequence[bytes], now: str) -> tuple[list[Handed], list[Outcome]]:
    """Return what can be taken, and why the rest cannot."""
    default = Marking.parse(house.default_marking)
    store = house.objects()
    came: dict[str, bytes] = {}
    known: dict[tuple[str, ...], Handling] = {(): (default,)}
    handed: list[Handed] = []
    failures: list[Outcome] = []
    read = [_one(house, raw) for raw in raws]
    for each in read:
        if not isinstance(each, Outcome) and each.type == _DEFINITION:
            came.setdefault(each.id, each.raw)

    def definition(name: str) -> bytes | None:
        return store.definition(name) or came.get(name)

    for each in read:
        if isinstance(each, Outcome):
            failures.append(msgspec.structs.replace(each, version=each.version or now))
            continue
        if each.type == _DEFINITION and definition(each.id) != each.raw:
            other = "a definition of that id is here, and says something else"
            failures.append(Outcome(each.id, version_text(each.version or 0), other))
            continue
        try:
            if each.markings not in known:
                known[each.markings] = handling_of(each.markings, definition, default)
        except MalformedError as error:
            failures.append(Outcome(each.id, version_text(each.version or 0), error.message))
            continue
        handed.append(Handed(each, known[each.markings]))
    return handed, failures
