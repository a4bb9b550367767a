"""A wire, one way, as a pure model: what it does to packets, and when they come out.

Packets are transmitted one after another at the wire's rate, out of a bounded queue; then each
is lost, or arrives later, perhaps twice, damaged or before one that left earlier. What is lost
has used its time on the wire all the same. Time is an argument, in nanoseconds; the same seed
and the same packets at the same times have the same fate.

    offer  -> passed: comes out of `take` in time
           -> lost | overflown (the queue is full) | cut (there is no wire now)
"""

import heapq
import random
from collections import deque
from enum import Enum
from typing import Final

import msgspec

SECOND: Final = 1_000_000_000
"""In nanoseconds."""
_MILLISECOND: Final = SECOND // 1000


class Weather(msgspec.Struct, frozen=True, kw_only=True):
    """What a wire does to packets; shares are from 0 to 1, of all packets."""

    delay_ms: float = 0
    jitter_ms: float = 0
    """So much more or less, evenly spread; what comes out may overtake."""
    loss: float = 0
    reorder: float = 0
    """Packets that skip the delay and so overtake those on their way."""
    duplicate: float = 0
    corrupt: float = 0
    """Packets in which one bit is flipped."""
    rate: int | None = None
    """Bits per second; none for no limit."""
    queue: int = 100
    """Packets that may wait for their transmission, the one in transmission included."""


class Fate(Enum):
    """What becomes of a packet."""

    PASSED = "passed"
    LOST = "lost"
    OVERFLOWN = "overflown"
    CUT = "cut"


class Tally(msgspec.Struct):
    """What a wire did so far."""

    packets: int = 0
    """Offered; so are the bytes."""
    bytes: int = 0
    arrived_packets: int = 0
    arrived_bytes: int = 0
    lost: int = 0
    overflown: int = 0
    cut: int = 0
    duplicated: int = 0
    reordered: int = 0
    corrupted: int = 0


class Wire:
    """A wire, one way."""

    def __init__(self, weather: Weather, draw: random.Random) -> None:
        self.weather = weather
        self.tally = Tally()
        self._draw = draw
        self._is_cut = False
        self._free_at = 0
        self._departures: deque[int] = deque()
        self._under_way: list[tuple[int, int, bytes]] = []
        self._number = 0

    @property
    def next_at(self) -> int | None:
        """When the next packet comes out, or none if none is under way."""
        return self._under_way[0][0] if self._under_way else None

    def cut(self) -> None:
        """Let nothing through, not even what is under way."""
        self._is_cut = True
        self.tally.cut += len(self._under_way)
        self._under_way.clear()
        self._departures.clear()
        self._free_at = 0

    def heal(self) -> None:
        """Let packets through again."""
        self._is_cut = False

    def offer(self, now: int, packet: bytes) -> Fate:
        """Put a packet in; return its fate."""
        self.tally.packets += 1
        self.tally.bytes += len(packet)
        if self._is_cut:
            self.tally.cut += 1
            return Fate.CUT
        while self._departures and self._departures[0] <= now:
            self._departures.popleft()
        weather = self.weather
        departs_at = now
        if weather.rate is not None:
            if len(self._departures) >= weather.queue:
                self.tally.overflown += 1
                return Fate.OVERFLOWN
            departs_at = max(now, self._free_at) + len(packet) * 8 * SECOND // weather.rate
            self._free_at = departs_at
            self._departures.append(departs_at)
        if self._happens(weather.loss):
            self.tally.lost += 1
            return Fate.LOST
        self._deliver(departs_at, packet)
        if self._happens(weather.duplicate):
            self.tally.duplicated += 1
            self._deliver(departs_at, packet)
        return Fate.PASSED

    def take(self, now: int) -> list[bytes]:
        """Return the packets that came out by now, in their order."""
        arrived: list[bytes] = []
        while self._under_way and self._under_way[0][0] <= now:
            packet = heapq.heappop(self._under_way)[2]
            self.tally.arrived_packets += 1
            self.tally.arrived_bytes += len(packet)
            arrived.append(packet)
        return arrived

    def _deliver(self, departs_at: int, packet: bytes) -> None:
        weather = self.weather
        delay_ms = weather.delay_ms + self._draw.uniform(-weather.jitter_ms, weather.jitter_ms)
        if self._happens(weather.reorder):
            self.tally.reordered += 1
            delay_ms = 0
        if packet and self._happens(weather.corrupt):
            self.tally.corrupted += 1
            damaged = bytearray(packet)
            damaged[self._draw.randrange(len(damaged))] ^= 1 << self._draw.randrange(8)
            packet = bytes(damaged)
        at = departs_at + round(max(0.0, delay_ms) * _MILLISECOND)
        self._number += 1
        heapq.heappush(self._under_way, (at, self._number, packet))

    def _happens(self, share: float) -> bool:
        return self._draw.random() < share
