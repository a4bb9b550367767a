"""Waiting for what must come about, however busy the machine is."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE = 120
"""Seconds: no measure of speed, only the end of a test that would wait for ever."""


def until(
    look: Callable[[], Found], what: str = "it did not come about", seconds: float = PATIENCE
) -> Found:
    """Return what `look` finds, once it finds something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, what
        time.sleep(0.1)
    return found
