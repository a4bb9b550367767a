"""Instants: integers, microseconds since 1970-01-01T00:00:00Z.

People and machines see RFC 3339 in UTC with microseconds; formats and tables hold the integer.

    >>> to_text(1_705_276_800_000_000)
    '2024-01-15T00:00:00.000000Z'
    >>> from_text('2024-01-15T09:00:00+09:00')
    1705276800000000
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from noroshi.core.errors import InputError

Instant = int

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def is_instant(value: int) -> bool:
    """Say whether `value` lies in a year that can be written (1970 to 9999)."""
    return 0 <= value <= LATEST


def to_text(at: Instant) -> str:
    """Return `at` as RFC 3339, UTC, with microseconds."""
    moment = (_EPOCH + timedelta(microseconds=at)).replace(tzinfo=None)
    return f"{moment.isoformat(timespec='microseconds')}Z"


def day_of(at: Instant) -> date:
    """Return the day in UTC on which `at` lies."""
    return (_EPOCH + timedelta(microseconds=at)).date()


def from_day(day: date) -> Instant:
    """Return the instant at which a day begins in UTC."""
    return (day - _EPOCH.date()).days * DAY


def from_text(text: str) -> Instant:
    """Return the instant that an RFC 3339 `text` names; a time zone is required.

    Raises:
        InputError: `text` is no such time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is not None:
        at = (moment - _EPOCH) // timedelta(microseconds=1)
        if is_instant(at):
            return at
    msg = f"{text[:40]!r} is no time; write it like 2026-11-22T03:00:00Z, with a time zone"
    raise InputError("bad-input", msg)
