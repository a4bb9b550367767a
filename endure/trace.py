"""What went over a link, by its trace: where bytes and time are spent.

A segment is counted as sent again if its bytes had been on the wire before, whether those were
lost or only their acknowledgement was late.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from endure.relay import Seen
from endure.wire import SECOND, Fate

_HALF: Final = 1 << 31
_WHOLE: Final = 1 << 32


class Account(msgspec.Struct):
    """What went one way in a span of time; bytes are of whole packets if nothing else is said."""

    packets: int = 0
    bytes: int = 0
    payload: int = 0
    """Bytes that TCP carried for the first time."""
    again: int = 0
    """Bytes that TCP carried again."""
    ack_packets: int = 0
    ack_bytes: int = 0
    """Of packets that only acknowledge."""
    connections: int = 0
    """Segments that open one, each try."""
    dropped: int = 0
    """Packets that were lost, did not fit the queue, or met a cut."""


def read_trace(path: Path) -> list[Seen]:
    """Return the packets of a trace; a last line that is still being written is left out."""
    lines = path.read_bytes().split(b"\n")[:-1]
    return [msgspec.json.decode(line, type=Seen) for line in lines]


def account(seen: Iterable[Seen], since: float, until: float) -> tuple[Account, Account]:
    """Return what went each way between two moments of the monotonic clock, in seconds."""
    ways = (Account(), Account())
    for packet, is_again in _compared(seen):
        if since <= packet.at / SECOND < until:
            _add(ways[packet.way], packet, is_again=is_again)
    return ways


def _compared(seen: Iterable[Seen]) -> Iterator[tuple[Seen, bool]]:
    """Yield each packet, and whether it carries what its connection had carried before."""
    highest: dict[tuple[int, int, int], int] = {}
    for packet in seen:
        segment = packet.segment
        is_again = False
        if segment is not None and (segment.payload or segment.opens):
            flow = (packet.way, segment.source, segment.target)
            end = (segment.sequence + segment.payload + segment.opens) % _WHOLE
            is_first = segment.opens or flow not in highest
            if is_first or 0 < (end - highest[flow]) % _WHOLE < _HALF:
                highest[flow] = end
            else:
                is_again = True
        yield packet, is_again


def _add(way: Account, packet: Seen, *, is_again: bool) -> None:
    way.packets += 1
    way.bytes += packet.size
    way.dropped += packet.fate is not Fate.PASSED
    if (segment := packet.segment) is None:
        return
    if is_again:
        way.again += segment.payload
    else:
        way.payload += segment.payload
    if segment.is_pure_ack:
        way.ack_packets += 1
        way.ack_bytes += packet.size
    way.connections += segment.opens
