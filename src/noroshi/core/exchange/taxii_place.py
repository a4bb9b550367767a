"""Where following a collection of TAXII goes on, so that nothing is skipped.

Servers give an object the instant at which it was added, several perhaps the same, and may show it
a little after objects of later: whoever asks for what is later than the last that they saw can miss
some. So the last minute is asked for again, until it has stood still for as long.
"""

from typing import Final

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.instant import SECOND, Instant, from_text, to_text

OVERLAP: Final = 60 * SECOND


class Place(msgspec.Struct, frozen=True):
    """How far a collection was followed; by the clock of its server, but for `reached`."""

    last: Instant | None = None
    """When the last object was added that came; None: begin at the beginning."""
    reached: Instant | None = None
    """Since when, by our clock, `last` is the end; None: there may be more."""
    is_settled: bool = False
    """Nothing comes before `last` any more."""

    @property
    def added_after(self) -> str | None:
        """What is to be asked for first; None: everything."""
        if self.last is None:
            return None
        return to_text(self.last if self.is_settled else max(self.last - OVERLAP, 0))

    def onward(self, last: str | None) -> "Place":
        """Return the place behind a page, by the header with which its server ends it."""
        try:
            told = None if last is None else from_text(last)
        except InputError:
            told = None
        if told is None or (self.last is not None and told <= self.last):
            return self
        return Place(told)

    def ended(self, now: Instant) -> "Place":
        """Return the place when there was no more at `now`."""
        if self.last is None or self.is_settled:
            return self
        if self.reached is None:
            return Place(self.last, now)
        return Place(self.last, self.reached, now - self.reached >= OVERLAP)


def read_place(cursor: str) -> Place:
    """Return a place out of how it is kept; "" is the beginning."""
    return msgspec.json.decode(cursor, type=Place) if cursor else Place()


def write_place(place: Place) -> str:
    """Return a place as it is kept."""
    return msgspec.json.encode(place).decode()
