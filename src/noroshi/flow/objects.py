"""Objects of STIX handed over by machines, and read by them: never more than a reader may have."""

import uuid
from collections.abc import Sequence
from typing import Final

import msgspec

from noroshi.core.errors import NotFoundError
from noroshi.core.exchange.objects.query import Query, Version
from noroshi.core.instant import DAY, Instant, to_text
from noroshi.core.machine import Machine
from noroshi.flow.collecting import Said, raw_of
from noroshi.flow.handed import Outcome, RefusedObject, read_batch, version_text
from noroshi.flow.house import House
from noroshi.flow.machine_tables import Collection
from noroshi.flow.machines import reader_of
from noroshi.flow.object_ports import STATUS_KEPT, Also, Handed, Kept, KeptStatus, MayRead, Page

LARGEST_BATCH: Final = 100 * 1024 * 1024
"""Bytes of an envelope."""
MOST_TOLD: Final = 1000
"""Objects that a status names one by one; of more it tells the number, and all failures."""


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


class Batch(msgspec.Struct, frozen=True):
    """What a machine hands over together, read and checked."""

    at: Instant
    handed: list[Handed]
    refused: list[RefusedObject]


def read(house: House, raws: Sequence[bytes]) -> Batch:
    """Return a batch of objects, read and checked."""
    now = house.clock.now()
    return Batch(now, *read_batch(house, raws, now))


def keep(house: House, machine: Machine, collection: Collection, batch: Batch) -> bytes:
    """Take in a batch of objects; return its status, which is kept."""
    now, handed = batch.at, batch.handed
    failures = [each.outcome for each in batch.refused]
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

    house.objects().add(collection.number, handed, now, Also(status=tell))
    return status_of(house, machine, name)


def _successes(
    handed: Sequence[Handed], versions: Sequence[Instant]
) -> tuple[Outcome, ...] | msgspec.UnsetType:
    """Return what was taken, object by object; of many that is not told, nor of none.

    A list of TAXII is never empty (section 2).
    """
    if not 0 < len(handed) <= MOST_TOLD:
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
    told = {each.source for each in found.objects if not each.raw}
    if not bodies or not told:
        return found
    said = {each: raw_of(house, each) for each in told}
    whole = (
        each if each.raw else msgspec.structs.replace(each, raw=_raw(said[each.source], each))
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


def _check_there(house: House, machine: Machine, collection: Collection, name: str) -> None:
    every = Query(limit=1, ids=(name,), versions=frozenset({Version.ALL}))
    if not page(house, machine, collection, every, bodies=False).objects:
        raise NotFoundError("not-found", "there is no such object in this collection")


def _reader(house: House, machine: Machine) -> MayRead:
    with house.store.read() as tables:
        return reader_of(tables, machine, house.me, house.clock.now(), house.rules)
