"""The table of figures: how soon reports are acknowledged, and what traffic is about."""

from typing import Protocol

import msgspec

from noroshi.core.instant import Instant
from noroshi.core.precedence import Precedence


class Acknowledged(msgspec.Struct, frozen=True):
    """How soon the desks of one partner, or of this house, acknowledge at one precedence."""

    partner: str
    precedence: Precedence
    addressed: int
    """How often an action addressee there was sent a report."""
    acknowledged: int
    """How many of those were acknowledged."""
    median: int | None
    """Microseconds from storing here; None: nothing was acknowledged."""
    tenth: int | None
    """What nine of ten were faster than."""


class AreaTraffic(msgspec.Struct, frozen=True):
    """How many reports named an area, "" for those that named none."""

    area: str
    sent: int
    received: int


class FigureTable(Protocol):
    """What actual traffic was like."""

    def acknowledged(self, since: Instant) -> list[Acknowledged]:
        """Return how soon action addressees acknowledged what was stored from then on."""
        ...

    def traffic(self, since: Instant) -> list[AreaTraffic]:
        """Return how many reports were about each area from then on, the most first."""
        ...
