"""The real clock and the real randomness; the only place that asks the machine for them."""

import os
import time
import zoneinfo
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from noroshi.core.errors import UnavailableError
from noroshi.core.instant import DAY, Instant, from_text, to_text

RELEASED_AT = from_text("2026-11-01T00:00:00Z")
"""No clock that is right can be before this release was made."""
LATEST = RELEASED_AT + 8 * 366 * DAY
"""A clock beyond this is wrong, or this release far out of date."""
MAX_REWIND = DAY
"""How far the clock may be behind what was already recorded."""


class SystemClock:
    """The machine's time of day, which goes on evenly until somebody lets it follow.

    Whoever sets the machine's clock while a node runs would otherwise move every deadline.
    """

    def __init__(self) -> None:
        self._ahead = _time_of_day() - _uptime()

    def now(self) -> Instant:
        """Return the present instant."""
        return _uptime() + self._ahead

    def drift(self) -> int:
        """Return by how many microseconds the machine's time of day is ahead of this clock."""
        return _time_of_day() - self.now()

    def follow(self, drift: int) -> None:
        """Step by `drift` microseconds."""
        self._ahead += drift


class SystemEntropy:
    """The operating system's random generator."""

    def draw(self, size: int) -> bytes:
        """Return `size` unpredictable bytes."""
        return os.urandom(size)


def local_zone() -> tzinfo | None:
    """Return the zone of whoever is at this machine; None: it goes by UTC, or cannot be known.

    That is `TZ` where it is set, else what the machine was set up with.
    """
    try:
        name = os.environ.get("TZ", "").removeprefix(":")
        if name:
            zone = zoneinfo.ZoneInfo(name)
        else:
            with Path("/etc/localtime").open("rb") as file:
                zone = zoneinfo.ZoneInfo.from_file(file)
    except (OSError, ValueError, zoneinfo.ZoneInfoNotFoundError):
        return None
    seasons = (datetime(2026, month, 1, tzinfo=UTC).astimezone(zone) for month in (1, 7))
    return None if all(each.utcoffset() == timedelta(0) for each in seasons) else zone


def _time_of_day() -> Instant:
    return time.time_ns() // 1000


def _uptime() -> int:
    """Return microseconds of a clock that nobody sets and that goes on while the machine sleeps."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
    return time.monotonic_ns() // 1000


def check_clock(now: Instant, last_recorded: Instant | None) -> None:
    """Return if the clock can be right.

    Raises:
        UnavailableError: it is before this release, years after it, or a day or more behind
            what this node has recorded.
    """
    mend = "Set the clock (UTC) and try again; nothing was done"
    if now < RELEASED_AT:
        wrong = f"this release was made after that, on {to_text(RELEASED_AT)[:10]}"
    elif now > LATEST:
        wrong = f"this release was made on {to_text(RELEASED_AT)[:10]} and is not trusted so long"
    elif last_recorded is not None and now < last_recorded - MAX_REWIND:
        wrong = f"the journal already holds an entry of {to_text(last_recorded)}"
        mend += ". If it was the clock of then that was wrong: noroshi clock confirm --by NAME"
    else:
        return
    msg = f"the clock of this machine says {to_text(now)}, but {wrong}. {mend}"
    raise UnavailableError("clock-off", msg)
