"""Checks of times that a schema does not make: days that there are, and ends behind beginnings."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from noroshi.core.errors import MalformedError
from noroshi.core.instant import Instant

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_TIMES: Final = frozenset({
    "created", "modified", "valid_from", "valid_until", "first_seen", "last_seen",
    "first_observed", "last_observed", "start_time", "stop_time", "published", "submitted",
    "analysis_started", "analysis_ended",
})  # fmt: skip
_IN_ORDER: Final = (
    ("created", "modified", True),
    ("valid_from", "valid_until", False),
    ("first_seen", "last_seen", True),
    ("first_observed", "last_observed", True),
    ("start_time", "stop_time", False),
    ("analysis_started", "analysis_ended", True),
)
"""Which comes first, and whether both may be the same (STIX 2.1, chapters 3 to 5)."""


def check_times(told: Mapping[str, object]) -> None:
    """Return if the times of an object are times, in their order.

    Raises:
        MalformedError: one is none, or ends before it begins.
    """
    found = {name: time_of(told[name], name) for name in told.keys() & _TIMES}
    for first, last, may_be_same in _IN_ORDER:
        if first in found and last in found:
            apart = found[last] - found[first]
            if apart < 0 or (apart == 0 and not may_be_same):
                raise MalformedError(f"{last} is not later than {first}")


def time_of(value: object, name: str) -> Instant:
    """Return the instant that a property says; before 1970 it is negative.

    Raises:
        MalformedError: it says none in UTC.
    """
    at = _read(value) if isinstance(value, str) else None
    if at is None:
        raise MalformedError(f"{name} is no time in UTC, such as 2026-11-22T03:00:00.000Z")
    return at


@lru_cache(maxsize=4096)
def _read(text: str) -> Instant | None:
    if not text.endswith("Z"):
        return None
    try:
        return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND
    except (ValueError, TypeError):
        return None
