"""The wires of the link rig, in virtual time."""

import random

from hypothesis import given
from hypothesis import strategies as st

from endure.wire import SECOND, Fate, Weather, Wire

PACKET = bytes(120)
MILLISECOND = SECOND // 1000


def wire(seed: int = 1, **weather: float) -> Wire:
    rate = weather.pop("rate", None)
    queue = weather.pop("queue", 100)
    told = Weather(rate=None if rate is None else int(rate), queue=int(queue), **weather)
    return Wire(told, random.Random(seed))


def test_a_still_wire_delays_and_changes_nothing() -> None:
    still = wire(delay_ms=300)
    assert still.offer(7, PACKET) is Fate.PASSED
    out_at = 7 + 300 * MILLISECOND
    assert still.next_at == out_at
    assert still.take(out_at - 1) == []
    assert still.take(out_at) == [PACKET]
    assert still.take(out_at) == []
    assert (still.tally.packets, still.tally.bytes) == (1, 120)
    assert (still.tally.arrived_packets, still.tally.arrived_bytes) == (1, 120)


def test_the_rate_is_exact() -> None:
    slow = wire(rate=9600, delay_ms=900)
    for number in range(50):
        slow.offer(0, bytes([number]) * 120)  # 120 bytes at 9,600 bit/s: 100 ms
    for number in range(50):
        at = (number + 1) * 100 * MILLISECOND + 900 * MILLISECOND
        assert slow.take(at - 1) == []
        assert slow.take(at) == [bytes([number]) * 120]


def test_a_wire_that_rested_starts_at_once() -> None:
    slow = wire(rate=9600)
    slow.offer(0, PACKET)
    slow.offer(10 * SECOND, PACKET)
    assert slow.take(SECOND) == [PACKET]
    assert slow.next_at == 10 * SECOND + 100 * MILLISECOND


def test_the_queue_is_bounded_and_empties_at_the_rate() -> None:
    slow = wire(rate=9600, queue=3, delay_ms=5000)
    fates = [slow.offer(0, PACKET) for _ in range(5)]
    assert fates == [Fate.PASSED] * 3 + [Fate.OVERFLOWN] * 2
    assert slow.offer(100 * MILLISECOND - 1, PACKET) is Fate.OVERFLOWN
    # What is transmitted makes room, though it has not arrived.
    assert slow.offer(100 * MILLISECOND, PACKET) is Fate.PASSED
    assert slow.tally.overflown == 3


def test_loss_is_as_asked() -> None:
    lossy = wire(loss=0.1)
    fates = [lossy.offer(number, PACKET) for number in range(20_000)]
    assert 0.09 < fates.count(Fate.LOST) / len(fates) < 0.11
    assert lossy.tally.lost == fates.count(Fate.LOST)
    assert len(lossy.take(SECOND)) == fates.count(Fate.PASSED)


def test_what_is_lost_has_used_the_wire() -> None:
    slow = wire(rate=9600, loss=1)
    assert slow.offer(0, PACKET) is Fate.LOST
    slow.weather = Weather(rate=9600)
    slow.offer(0, PACKET)
    assert slow.next_at == 200 * MILLISECOND


def test_without_jitter_order_is_kept() -> None:
    plain = wire(delay_ms=300, loss=0.05, duplicate=0.05)
    sent = [number.to_bytes(2, "big") for number in range(1000)]
    for number, packet in enumerate(sent):
        plain.offer(number, packet)
    arrived = plain.take(SECOND)
    assert arrived == sorted(arrived)
    assert plain.tally.duplicated > 20
    assert len(arrived) == 1000 - plain.tally.lost + plain.tally.duplicated


def test_some_overtake() -> None:
    hasty = wire(delay_ms=300, reorder=0.02)
    for number in range(1000):
        hasty.offer(number * MILLISECOND, number.to_bytes(2, "big"))
    arrived = hasty.take(10 * SECOND)
    assert arrived != sorted(arrived)
    assert len(set(arrived)) == 1000
    assert 5 < hasty.tally.reordered < 40


def test_jitter_stays_within_its_bounds() -> None:
    restless = wire(delay_ms=300, jitter_ms=40)
    times: set[int] = set()
    for _ in range(500):
        restless.offer(0, PACKET)
        assert restless.next_at is not None
        times.add(restless.next_at)
        restless.take(SECOND)
    assert 260 * MILLISECOND <= min(times) < 265 * MILLISECOND
    assert 335 * MILLISECOND < max(times) <= 340 * MILLISECOND


def test_one_bit_is_damaged() -> None:
    noisy = wire(corrupt=1)
    noisy.offer(0, PACKET)
    noisy.offer(0, b"")
    (damaged, empty) = noisy.take(0)
    assert sum(byte.bit_count() for byte in damaged) == 1
    assert empty == b""
    assert noisy.tally.corrupted == 1


def test_a_cut_lets_nothing_through() -> None:
    line = wire(delay_ms=300, rate=9600)
    line.offer(0, PACKET)
    line.cut()
    assert line.offer(1, PACKET) is Fate.CUT
    assert line.take(SECOND) == []
    line.heal()
    assert line.take(SECOND) == []
    assert line.offer(SECOND, PACKET) is Fate.PASSED
    assert line.take(2 * SECOND) == [PACKET]
    assert line.tally.cut == 2


@given(
    seed=st.integers(),
    steps=st.lists(st.tuples(st.integers(0, SECOND), st.binary(max_size=40)), max_size=60),
)
def test_the_same_seed_has_the_same_fate(seed: int, steps: list[tuple[int, bytes]]) -> None:
    told: list[list[object]] = []
    for _ in range(2):
        line = wire(
            seed, delay_ms=100, jitter_ms=50, loss=0.2, duplicate=0.1, corrupt=0.1, rate=8000
        )
        now, story = 0, []
        for pause, packet in steps:
            now += pause
            story += [line.offer(now, packet), line.take(now)]
        story.append(line.take(now + 1000 * SECOND))
        told.append(story)
    assert told[0] == told[1]


@given(st.lists(st.tuples(st.integers(0, SECOND), st.binary(min_size=1, max_size=40)), max_size=80))
def test_every_packet_is_accounted_for(steps: list[tuple[int, bytes]]) -> None:
    line = wire(loss=0.2, duplicate=0.2, rate=800, queue=4, delay_ms=100, jitter_ms=90)
    now = 0
    for number, (pause, packet) in enumerate(steps):
        now += pause
        if number == 40:
            line.cut()
        if number == 50:
            line.heal()
        line.offer(now, packet)
    line.take(now + 1000 * SECOND)
    tally = line.tally
    assert tally.packets == len(steps)
    came = tally.arrived_packets + tally.lost + tally.overflown + tally.cut
    assert came == tally.packets + tally.duplicated
