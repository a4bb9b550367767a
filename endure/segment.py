"""Reads what the analysis of a trace needs of a packet: the heads of IPv4 and TCP."""

import struct
from typing import Final

import msgspec

_IPV4: Final = 4
_TCP: Final = 6
_LEAST_IP_HEAD: Final = 20
_LEAST_TCP_HEAD: Final = 20
_FIN, _SYN, _RST = 0x01, 0x02, 0x04


class Segment(msgspec.Struct, frozen=True):
    """A TCP segment's head, and how many bytes it carries."""

    source: int
    target: int
    """Ports."""
    sequence: int
    flags: int
    payload: int

    @property
    def opens(self) -> bool:
        """Say whether it is the first of a connection (SYN, also with ACK)."""
        return bool(self.flags & _SYN)

    @property
    def is_pure_ack(self) -> bool:
        """Say whether it carries nothing but an acknowledgement."""
        return not self.payload and not self.flags & (_SYN | _FIN | _RST)


def read_segment(packet: bytes) -> Segment | None:
    """Return the segment in an IPv4 packet, or None if there is none."""
    if len(packet) < _LEAST_IP_HEAD or packet[0] >> 4 != _IPV4 or packet[9] != _TCP:
        return None
    head = (packet[0] & 0x0F) * 4
    if len(packet) < head + _LEAST_TCP_HEAD:
        return None
    source, target, sequence = struct.unpack_from("!HHI", packet, head)
    offset, flags = struct.unpack_from("!BB", packet, head + 12)
    (total,) = struct.unpack_from("!H", packet, 2)
    payload = max(0, total - head - (offset >> 4) * 4)
    return Segment(source, target, sequence, flags, payload)
