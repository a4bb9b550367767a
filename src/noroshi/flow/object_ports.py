"""What acts need of the store of STIX objects, in their own words.

It stands beside the store of reports and has its own file and its own writer: however many objects
a machine hands over, a FLASH does not wait for them.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from noroshi.core.exchange.objects.handling import Handling
from noroshi.core.exchange.objects.query import Query
from noroshi.core.exchange.objects.reading import StixObject
from noroshi.core.instant import DAY, Instant
from noroshi.flow.feed_tables import FeedNotes, Fetched

MayRead = Callable[[Handling], bool]
"""Says whether a reader may have what is handled so."""


class Handed(msgspec.Struct, frozen=True, gc=False):
    """An object to keep, and how it is handled."""

    object: StixObject
    handling: Handling
    source: bytes = b""
    """What says it, and with which it goes; b"": nothing but itself."""
    is_kept: bool = True
    """The object itself is; else it is read from its source, a report."""


class Kept(msgspec.Struct, frozen=True, gc=False):
    """An object that is kept."""

    added: Instant
    """When it was added; no other has the same."""
    id: str
    version: Instant
    spec: str
    """The version of STIX that it is written in."""
    raw: bytes
    """As it was handed over; b"" where it was not asked for, or is to be read from its source."""
    source: bytes = b""
    """What says it: a report, by its id, or what a feed told."""


class Page(msgspec.Struct, frozen=True):
    """Objects in the order in which they were added."""

    objects: tuple[Kept, ...]
    more: bool
    """Others follow the last of them."""


class KeptStatus(msgspec.Struct, frozen=True):
    """What became of a batch; it is kept for a week."""

    id: str
    machine: str
    at: Instant
    told: bytes
    """As it was answered."""


Tell = Callable[[list[Instant]], KeptStatus]
"""Says what became of a batch, by the version of each of its objects."""
STATUS_KEPT: Final = 7 * DAY


class Sharing(msgspec.Struct, frozen=True):
    """A report of a partner that names values which another's report names too."""

    report: bytes
    partner: str
    count: int


class Values(msgspec.Struct, frozen=True):
    """The values that detection looks for in a report."""

    report: bytes
    partner: str
    values: Sequence[str]


class SharedValues(Protocol):
    """Which reports name which values, as far as they are not common."""

    def meet(self, told: Sequence[Values]) -> list[list[Sharing]]:
        """Note the values of reports; return for each what others of other partners share."""
        ...

    def forget(self, report: bytes) -> None:
        """Forget the values of a report, what it said being destroyed."""
        ...


class Also(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed together with objects."""

    seen: int | None = None
    """How much of the journal has gone into the collection with them."""
    gone: Sequence[bytes] = ()
    """Sources whose objects go, these among them: reports that were destroyed."""
    replaced: Sequence[bytes] = ()
    """Sources whose objects go before these come: what a feed tells anew."""
    status: Tell | None = None
    """Says what became of it all."""
    fetched: Fetched | None = None
    """How far a feed was followed with them."""


ALONE: Final = Also()


class ObjectStore(Protocol):
    """Objects of STIX, as they were handed over."""

    @property
    def shared(self) -> SharedValues:
        """Values that reports name."""
        ...

    @property
    def feeds(self) -> FeedNotes:
        """What is kept of feeds beside the objects that came of them."""
        ...

    def add(
        self, collection: int, handed: Sequence[Handed], at: Instant, also: Also = ALONE
    ) -> list[Instant]:
        """Keep objects and what goes with them, durably and all or none; return their versions.

        One that is there already, by id and version, stays as it is.
        """
        ...

    def seen(self, collection: int) -> int:
        """Return how many entries of the journal have gone into a collection."""
        ...

    def page(self, collection: int, query: Query, may_read: MayRead, *, bodies: bool) -> Page:
        """Return what a reader may have of a collection: all that an object refers to as well."""
        ...

    def definition(self, name: str) -> bytes | None:
        """Return the marking definition of an id, the first that was handed over."""
        ...

    def sources(self, ids: Sequence[str]) -> dict[str, list[bytes]]:
        """Return what objects came with, in whatever collection: such as reports."""
        ...

    def remove(self, collection: int, query: Query, may_read: MayRead) -> int:
        """Remove what is asked for, of a reader who may have it; return how many it was."""
        ...

    def status(self, name: str) -> KeptStatus | None:
        """Return what became of a batch."""
        ...

    def newest(self) -> Instant:
        """Return when the last object was added."""
        ...
