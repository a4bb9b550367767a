"""How old a partner's directory may be, and what follows.

    FRESH     its timestamp has not ended, or not long ago
    AMBER     people are told
    CONFIRM   a report goes there when a second person has released it
    REFUSED   no report goes there
    UNTOLD    the partner has never told one: an earlier release, or no root key yet

Whoever holds a partner's newer directory back, so that a revocation or a new key is not heard of,
gains no more than this time. It is counted from the end of the timestamp, and longer where a
person carries the directory.
"""

from enum import Enum
from typing import Final

import msgspec

from noroshi.core.instant import DAY, Instant


class Standing(Enum):
    """How far a partner's directory is from fresh."""

    UNTOLD = "UNTOLD"
    FRESH = "FRESH"
    AMBER = "AMBER"
    CONFIRM = "CONFIRM"
    REFUSED = "REFUSED"


class Limits(msgspec.Struct, frozen=True):
    """When each begins."""

    amber_at: Instant
    confirm_at: Instant
    refuse_at: Instant

    def standing(self, now: Instant) -> Standing:
        """Return how the directory stands."""
        if now < self.amber_at:
            return Standing.FRESH
        if now < self.confirm_at:
            return Standing.AMBER
        return Standing.CONFIRM if now < self.refuse_at else Standing.REFUSED


class Tolerance(msgspec.Struct, frozen=True):
    """How long after the end of a timestamp each begins, in microseconds; never falling."""

    amber: int
    confirm: int
    refuse: int

    def limits(self, expires_at: Instant) -> Limits:
        """Return when each begins for a directory whose timestamp ends then."""
        return Limits(expires_at + self.amber, expires_at + self.confirm, expires_at + self.refuse)


BY_NET: Final = Tolerance(0, 5 * DAY, 12 * DAY)
"""Where push or pull brought the directory."""
BY_HAND: Final = Tolerance(14 * DAY, 28 * DAY, 84 * DAY)
"""Where a courier file or a card's file brought it."""
