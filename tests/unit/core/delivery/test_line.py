"""The line to a partner: a recording of what happens and what it asks for."""

import itertools
from typing import Final

import pytest

from noroshi.core.delivery.item import Cargo, Item, Lane
from noroshi.core.delivery.line import (
    BATCH_ITEMS,
    FIRST_DELAY,
    FIRST_PORTION,
    FLASH_RECEIPT_PATIENCE,
    LARGEST_PORTION,
    LONGEST_DELAY,
    LONGEST_FLASH_DELAY,
    RECEIPT_PATIENCE,
    SMALLEST_PORTION,
    Abort,
    Command,
    Event,
    Expire,
    Failed,
    Forget,
    Held,
    Line,
    Reachable,
    Settled,
    Silenced,
    Submitted,
    Taken,
    Transmit,
    TransmitPiece,
    WakeAt,
    WokeUp,
    step,
)
from noroshi.core.instant import HOUR, SECOND, Instant
from noroshi.core.precedence import Precedence
from tests.unit.core.nodes import NOW

FLASH, ROUTINE = Precedence.FLASH, Precedence.ROUTINE
MIB: Final = 1024 * 1024

numbers = itertools.count(1)


def report(
    name: str, precedence: Precedence = ROUTINE, size: int = 2000, expires_at: Instant | None = None
) -> Item:
    return Item(name.encode(), next(numbers), Cargo.ENVELOPE, precedence, size, expires_at)


def receipt(name: str, precedence: Precedence = ROUTINE) -> Item:
    return Item(name.encode(), next(numbers), Cargo.RECEIPT, precedence, 2000)


def blob(name: str, precedence: Precedence = ROUTINE) -> Item:
    return Item(name.encode(), next(numbers), Cargo.BLOB, precedence, 5_000_000)


def ids(*names: str) -> frozenset[bytes]:
    return frozenset(name.encode() for name in names)


class Recording:
    """Feeds a line and holds what it asked for."""

    def __init__(self) -> None:
        self.line = Line()
        self.now = NOW

    def feed(self, event: Event, after: int = 0) -> tuple[Command, ...]:
        self.now += after
        self.line, commands = step(self.line, event, self.now)
        return commands

    def submit(self, *items: Item) -> tuple[Command, ...]:
        return self.feed(Submitted(items))

    def taken(self, *names: str, lane: Lane = Lane.BULK, took: int = 0) -> tuple[Command, ...]:
        return self.feed(Taken(lane, ids(*names), took))


def bulk(*names: str) -> tuple[Command, ...]:
    return (Transmit(Lane.BULK, tuple(name.encode() for name in names)),)


def flash(*names: str) -> tuple[Command, ...]:
    return (Transmit(Lane.FLASH, tuple(name.encode() for name in names)),)


def test_a_report_goes_and_stays_until_its_receipt_comes() -> None:
    line = Recording()
    assert line.submit(report("a")) == bulk("a")
    assert line.taken("a") == (WakeAt(line.now + RECEIPT_PATIENCE),)
    assert line.feed(Settled(ids("a"))) == ()
    assert line.line == Line()


def test_a_report_whose_receipt_does_not_come_is_offered_again() -> None:
    line = Recording()
    line.submit(report("a"))
    line.taken("a")
    assert line.feed(WokeUp(), after=RECEIPT_PATIENCE) == bulk("a")


def test_a_flash_whose_receipt_does_not_come_is_offered_again_sooner() -> None:
    line = Recording()
    line.submit(report("a", FLASH))
    line.taken("a", lane=Lane.FLASH)
    assert line.feed(WokeUp(), after=FLASH_RECEIPT_PATIENCE) == flash("a")


def test_a_receipt_is_done_when_it_is_taken() -> None:
    line = Recording()
    assert line.submit(receipt("r")) == bulk("r")
    assert line.taken("r") == (Forget((b"r",)),)
    assert line.line == Line()


def test_a_receipt_that_was_refused_is_offered_again() -> None:
    line = Recording()
    line.submit(receipt("r"))
    refused = Taken(Lane.BULK, ids("r"), refused=ids("r"))
    pauses = []
    for _ in range(10):
        (wake,) = line.feed(refused)
        assert isinstance(wake, WakeAt)
        pauses.append(wake.at - line.now)
        assert line.feed(WokeUp(), after=wake.at - line.now) == bulk("r")
    assert pauses[:3] == [FIRST_DELAY, 2 * FIRST_DELAY, 4 * FIRST_DELAY]
    assert pauses[-1] == RECEIPT_PATIENCE


def test_a_flash_goes_at_once_beside_what_is_under_way() -> None:
    line = Recording()
    line.submit(report("a"))
    assert line.submit(report("b", FLASH)) == flash("b")
    assert line.submit(report("c", FLASH), report("d")) == ()
    assert line.taken("b", lane=Lane.FLASH) == flash("c")


def test_nothing_else_begins_while_a_flash_waits_or_is_under_way() -> None:
    line = Recording()
    assert line.submit(report("a"), report("f", FLASH), blob("b")) == flash("f")
    assert line.feed(WokeUp(), after=HOUR) == ()
    assert line.taken("f", lane=Lane.FLASH) == bulk("a")
    assert line.submit(report("g", FLASH)) == flash("g")
    assert line.taken("a") == ()
    assert line.taken("g", lane=Lane.FLASH) == (TransmitPiece(b"b", FIRST_PORTION),)


def test_the_receipt_of_a_flash_goes_like_a_flash_and_its_attachment_does_not() -> None:
    line = Recording()
    assert line.submit(receipt("r", FLASH), blob("b", FLASH)) == flash("r")


def test_what_was_not_taken_goes_again() -> None:
    line = Recording()
    line.submit(report("a"), report("b"))
    assert line.feed(Failed(Lane.BULK, 1.0)) == (WakeAt(line.now + FIRST_DELAY),)
    assert line.feed(WokeUp(), after=FIRST_DELAY) == bulk("a", "b")


def test_the_higher_precedence_goes_first_then_the_earlier() -> None:
    line = Recording()
    line.submit(report("x"))
    line.submit(
        report("a", size=9),
        report("b", Precedence.PRIORITY, size=9),
        report("c", Precedence.PRIORITY, size=9),
    )
    assert line.taken("x") == bulk("b", "c", "a")


def test_a_batch_is_bounded_by_number() -> None:
    line = Recording()
    names = [str(number) for number in range(BATCH_ITEMS + 1)]
    line.submit(*(report(name, size=10) for name in names))
    assert line.line.bulk is not None
    assert line.line.bulk.ids == ids(*names[:BATCH_ITEMS])


def test_a_batch_is_bounded_by_what_the_line_carries_in_two_seconds() -> None:
    line = Recording()
    assert line.submit(report("a", size=FIRST_PORTION), report("b")) == bulk("a")
    # 4 KiB took 4 s: the line carries 2 KiB in two seconds, one small report at a time.
    line.submit(report("c", size=2000), report("d", size=48), report("e"))
    assert line.taken("a", took=4 * SECOND) == bulk("b")
    assert line.line.portion == 2048
    assert line.taken("b") == bulk("c", "d")


def test_the_rate_falls_at_once_and_rises_by_and_by() -> None:
    line = Recording()
    rates = []
    for took in (SECOND, SECOND // 4, 10 * SECOND):
        line.submit(report("a", size=10_000))
        line.taken("a", took=took)
        line.feed(Settled(ids("a")))
        rates.append(line.line.rate)
    assert rates == [10_000, (3 * 10_000 + 40_000) // 4, 1_000]


def test_the_round_trip_is_not_held_against_the_rate() -> None:
    line = Recording()
    line.feed(Reachable(round_trip=2 * SECOND))
    line.submit(report("a", size=10_000))
    line.taken("a", took=3 * SECOND)
    assert line.line.rate == 10_000


def test_a_failure_halves_the_rate() -> None:
    line = Recording()
    line.submit(report("a", size=10_000))
    line.taken("a", took=SECOND)
    line.submit(report("b"))
    line.feed(Failed(Lane.BULK, 0.0))
    assert line.line.rate == 5_000


@pytest.mark.parametrize(
    ("size", "took"), [(100, SECOND), (10_000, 0)], ids=["too little", "not measured"]
)
def test_what_tells_nothing_of_the_rate_leaves_it_alone(size: int, took: int) -> None:
    line = Recording()
    line.submit(report("a", size=size))
    line.taken("a", took=took)
    line.taken("a", took=SECOND)
    assert line.line.rate == 0


def test_on_a_far_line_a_portion_is_two_round_trips() -> None:
    assert Line(rate=10_000, round_trip=SECOND // 2).portion == 20_000
    assert Line(rate=10_000, round_trip=3 * SECOND).portion == 60_000


def test_portions_have_bounds() -> None:
    assert Line(rate=1).portion == SMALLEST_PORTION
    assert Line(rate=10**9).portion == LARGEST_PORTION


def test_what_would_hold_the_line_is_broken_off_for_a_flash_and_goes_again() -> None:
    line = Recording()
    line.submit(report("big", size=4 * MIB))
    assert line.submit(report("f", FLASH)) == (Abort(), *flash("f"))
    assert line.taken("f", lane=Lane.FLASH) == bulk("big")


def test_what_is_stuck_in_the_line_is_broken_off_for_a_flash() -> None:
    line = Recording()
    line.submit(report("a"))
    assert line.feed(Submitted((report("f", FLASH),)), after=10 * SECOND) == (
        Abort(),
        *flash("f"),
    )


def test_on_a_thin_line_a_receipt_may_take_longer() -> None:
    line = Recording()
    line.submit(report("a", size=12_000))
    line.taken("a", took=10 * SECOND)
    line.feed(Settled(ids("a")))
    line.submit(report("f", FLASH, size=6_000))
    (wake,) = line.taken("f", lane=Lane.FLASH, took=5 * SECOND)
    assert wake == WakeAt(line.now + 4 * 5 * SECOND)


def test_what_ends_soon_is_not_broken_off() -> None:
    line = Recording()
    line.submit(report("a", size=10_000))
    line.taken("a", took=SECOND)
    line.submit(report("big", size=40_000))
    assert line.feed(Submitted((report("f", FLASH),)), after=3 * SECOND) == flash("f")


def test_a_blob_goes_in_pieces_by_turns_with_what_is_not_urgent() -> None:
    line = Recording()
    piece = TransmitPiece(b"b", FIRST_PORTION)
    assert line.submit(blob("b")) == (piece,)
    line.submit(*(report(name, size=FIRST_PORTION) for name in ("a", "c")), report("f", FLASH))
    assert line.feed(Held(b"b", is_whole=False)) == ()
    assert line.taken("f", lane=Lane.FLASH) == bulk("a")
    assert line.taken("a") == (piece,)
    assert line.feed(Held(b"b", is_whole=False)) == bulk("c")
    line.submit(report("i", Precedence.IMMEDIATE, size=FIRST_PORTION))
    assert line.taken("c") == bulk("i")
    assert line.taken("i") == (piece,)
    assert line.feed(Held(b"b", is_whole=True))[0] == Forget((b"b",))


def test_a_batch_holds_no_blob() -> None:
    line = Recording()
    assert line.submit(report("a"), blob("b")) == bulk("a")


def test_what_expires_is_given_up_unless_it_is_under_way() -> None:
    line = Recording()
    soon = line.now + SECOND
    assert line.submit(report("a", expires_at=soon), report("f", FLASH)) == flash("f")
    assert line.feed(WokeUp(), after=SECOND) == (Expire((b"a",)),)
    line.submit(report("g", expires_at=line.now + SECOND))
    line.taken("f", lane=Lane.FLASH)
    assert line.line.bulk is not None
    assert line.feed(WokeUp(), after=SECOND) == ()
    assert line.taken("g")[0] == Expire((b"g",))


def test_a_line_that_rests_wakes_to_give_up_what_expires() -> None:
    line = Recording()
    line.submit(report("a", expires_at=line.now + 1), report("b"))
    assert line.feed(Failed(Lane.BULK, 1.0)) == (WakeAt(line.now + 1),)


def test_a_silent_node_sends_nothing_and_still_gives_up_what_expires() -> None:
    line = Recording()
    assert line.feed(Silenced(is_silent=True)) == ()
    assert line.submit(report("f", FLASH, expires_at=line.now + 5)) == (WakeAt(line.now + 5),)
    assert line.feed(Silenced(is_silent=False)) == flash("f")


def test_failures_make_the_pause_longer_up_to_a_minute() -> None:
    line = Recording()
    line.submit(report("a"))
    pauses = []
    for _ in range(12):
        (wake,) = line.feed(Failed(Lane.BULK, 1.0))
        assert isinstance(wake, WakeAt)
        pauses.append(wake.at - line.now)
        line.feed(WokeUp(), after=wake.at - line.now)
    assert pauses[:3] == [FIRST_DELAY, 2 * FIRST_DELAY, 4 * FIRST_DELAY]
    assert pauses[-1] == LONGEST_DELAY


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
def test_jitter_takes_away_up_to_half(jitter: float) -> None:
    line = Recording()
    line.submit(report("a"))
    (wake,) = line.feed(Failed(Lane.BULK, jitter))
    assert wake == WakeAt(line.now + int(FIRST_DELAY * (1 + jitter) / 2))


def test_no_flash_waits_longer_than_fifteen_seconds_however_often_it_failed() -> None:
    line = Recording()
    line.submit(report("a", FLASH))
    for _ in range(30):
        (wake,) = line.feed(Failed(Lane.FLASH, 1.0))
        assert isinstance(wake, WakeAt)
        assert wake.at - line.now <= LONGEST_FLASH_DELAY
        line.feed(WokeUp(), after=wake.at - line.now)


def test_a_new_flash_is_tried_at_once_even_after_failures() -> None:
    line = Recording()
    line.submit(report("a"))
    line.feed(Failed(Lane.BULK, 1.0))
    assert line.submit(report("b")) == (WakeAt(line.now + FIRST_DELAY),)
    assert line.submit(report("f", FLASH)) == flash("f")


def test_a_partner_that_was_heard_is_tried_at_once() -> None:
    line = Recording()
    line.submit(report("a"))
    for _ in range(5):
        line.feed(Failed(Lane.BULK, 1.0))
        line.feed(WokeUp(), after=LONGEST_DELAY)
    line.feed(Failed(Lane.BULK, 1.0))
    assert line.feed(Reachable()) == bulk("a")


def test_success_makes_the_pause_short_again() -> None:
    line = Recording()
    line.submit(report("a"))
    for _ in range(5):
        line.feed(Failed(Lane.BULK, 1.0))
        line.feed(WokeUp(), after=LONGEST_DELAY)
    line.taken("a")
    line.submit(report("b"))
    assert line.feed(Failed(Lane.BULK, 1.0)) == (WakeAt(line.now + FIRST_DELAY),)


def test_what_is_submitted_twice_goes_once() -> None:
    line = Recording()
    a = report("a")
    line.submit(a)
    line.submit(a)
    assert line.line.items == (a,)


def test_a_report_settled_while_it_is_under_way_is_gone() -> None:
    line = Recording()
    line.submit(report("a"))
    line.feed(Settled(ids("a")))
    assert line.taken("a") == ()


def test_an_empty_line_asks_for_nothing() -> None:
    assert step(Line(), WokeUp(), NOW) == (Line(), ())


def test_a_clock_that_was_set_back_makes_no_line_rest() -> None:
    line = Recording()
    line.submit(report("a"))
    line.feed(Failed(Lane.BULK, 1.0))
    assert line.feed(WokeUp(), after=-HOUR) == (WakeAt(line.now + LONGEST_DELAY),)
    assert line.feed(WokeUp(), after=LONGEST_DELAY) == bulk("a")
    line.taken("a")
    assert line.feed(WokeUp(), after=-HOUR) == (WakeAt(line.now + RECEIPT_PATIENCE),)
