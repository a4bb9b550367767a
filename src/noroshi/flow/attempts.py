"""Attempts at a secret: looked at one at a time, and after a few wrong ones only after a while."""

import threading
from collections.abc import Callable
from typing import Final

from noroshi.core.errors import UnavailableError
from noroshi.core.instant import SECOND, Instant

MOST: Final = 5
"""Wrong secrets in a row, until the next is looked at only after a while."""
WAIT_SECONDS: Final = 30
_KEYS: Final = 1_000
"""Of more, the oldest are forgotten."""


class Attempts:
    """Wrong secrets in a row, in memory alone. Any thread may ask."""

    def __init__(self) -> None:
        self._wrong: dict[str, tuple[int, Instant]] = {}
        self._lock = threading.Lock()

    def is_right(self, key: str, now: Instant, check: Callable[[], bool]) -> bool:
        """Say whether `check` finds a secret right; `key` tells whose it is.

        One at a time: a check takes 64 MiB, and nobody gains by asking in parallel.

        Raises:
            UnavailableError: too many wrong ones came in a row.
        """
        with self._lock:
            count, last = self._wrong.get(key, (0, 0))
            if count >= MOST and 0 <= now - last < WAIT_SECONDS * SECOND:
                msg = f"too many wrong secrets came in a row; wait {WAIT_SECONDS} s"
                raise UnavailableError("not-proven", msg)
            if check():
                self._wrong.pop(key, None)
                return True
            self._wrong.pop(key, None)
            self._wrong[key] = (count + 1, now)
            if len(self._wrong) > _KEYS:
                del self._wrong[next(iter(self._wrong))]
            return False
