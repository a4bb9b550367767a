"""Back-pressure: what is refused before it is accepted, so that nothing is dropped after.

Every precedence may fill the node up to a share of its own, and only FLASH up to the last place.
A partner that sends many FLASHes keeps label and alarm; its FLASHes beyond the twentieth in ten
minutes only go in line with those of others, and an officer is told.
"""

from collections import deque
from typing import Final

import msgspec

from noroshi.core.instant import MINUTE, Instant
from noroshi.core.precedence import Precedence

PLACES: Final = {
    Precedence.DEFERRED: 16,
    Precedence.ROUTINE: 20,
    Precedence.PRIORITY: 24,
    Precedence.IMMEDIATE: 28,
    Precedence.FLASH: 64,
}
"""How many requests may be under way when another of this precedence is taken."""
RESERVED_BYTES: Final = 64 * 1024 * 1024
"""Of the disk, or a tenth of a small one: for FLASH, receipts and what the node must write."""
FLASHES: Final = 20
FLASH_WINDOW: Final = 10 * MINUTE


class Disk(msgspec.Struct, frozen=True):
    """The room on a disk, in bytes."""

    free: int
    total: int


def has_place(precedence: Precedence, under_way: int) -> bool:
    """Say whether a request may begin beside `under_way` others."""
    return under_way < PLACES[precedence]


def has_room(precedence: Precedence, disk: Disk) -> bool:
    """Say whether a report may go on the disk."""
    reserved = min(RESERVED_BYTES, disk.total // 10)
    return precedence is Precedence.FLASH or disk.free >= reserved


class FlashWindow:
    """When a partner's FLASHes came."""

    def __init__(self) -> None:
        self._times: deque[Instant] = deque()

    def note(self, now: Instant) -> int:
        """Note one; return how many came in the last ten minutes."""
        self._times.append(now)
        while self._times[0] <= now - FLASH_WINDOW:
            self._times.popleft()
        return len(self._times)


def turn(precedence: Precedence, flashes: int) -> Precedence:
    """Return at which precedence an arrival waits for the writer: the same, or its fair share."""
    if precedence is Precedence.FLASH and flashes > FLASHES:
        return Precedence.IMMEDIATE
    return precedence
