"""What a trace tells of where bytes are spent."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from endure.relay import Seen
from endure.segment import Segment, read_segment
from endure.trace import Account, account
from endure.wire import SECOND, Fate

SYN, ACK = 0x02, 0x10


def packet(sequence: int, flags: int, payload: int, protocol: int = 6) -> bytes:
    options = b"\x01" * 12
    tcp = struct.pack("!HHIIBBHHH", 4000, 21430, sequence, 0, 8 << 4, flags, 0, 0, 0) + options
    size = 20 + len(tcp) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, size, 0, 0, 64, protocol, 0, bytes(4), bytes(4))
    return ip + tcp + bytes(payload)


def seen(at: int, sequence: int, flags: int, payload: int, fate: Fate = Fate.PASSED) -> Seen:
    raw = packet(sequence, flags, payload)
    return Seen(at * SECOND, 0, len(raw), fate, read_segment(raw))


def test_the_head_of_a_segment_is_read() -> None:
    assert read_segment(packet(5, ACK, 100)) == Segment(4000, 21430, 5, ACK, 100)
    assert read_segment(packet(5, ACK, 100, protocol=17)) is None


@given(st.binary(max_size=80))
def test_any_bytes_are_a_segment_or_none(raw: bytes) -> None:
    read_segment(raw)
    read_segment(packet(0, ACK, 0)[: len(raw)])


def test_new_bytes_are_told_from_those_that_went_before() -> None:
    start = 2**32 - 51  # the numbers go round
    there, back = account(
        [
            seen(1, start, SYN, 0),
            seen(2, start + 1, ACK, 100, Fate.LOST),
            seen(3, (start + 101) % 2**32, ACK, 50),
            seen(4, start + 1, ACK, 100),
            seen(5, (start + 151) % 2**32, ACK, 0),
        ],
        0,
        10,
    )
    assert there == Account(
        packets=5,
        bytes=5 * 52 + 250,
        payload=150,
        again=100,
        ack_packets=1,
        ack_bytes=52,
        connections=1,
        dropped=1,
    )
    assert back == Account()


def test_a_span_is_judged_by_what_went_before_it() -> None:
    packets = [seen(1, 0, SYN, 0), seen(2, 1, ACK, 100), seen(4, 1, ACK, 100)]
    there, _ = account(packets, 3, 5)
    assert (there.packets, there.payload, there.again) == (1, 0, 100)
