"""The line to a partner: a recording of what happens and what it asks for, then a simulation."""

import heapq
import itertools
import random
from collections.abc import Iterable
from typing import Final

import pytest

from noroshi.core.delivery.line import (
    BATCH_BYTES,
    BATCH_ITEMS,
    FIRST_DELAY,
    FLASH_RECEIPT_PATIENCE,
    LONGEST_DELAY,
    LONGEST_FLASH_DELAY,
    RECEIPT_PATIENCE,
    Cargo,
    Command,
    Event,
    Failed,
    Forget,
    Held,
    Item,
    Line,
    Settled,
    Submitted,
    Taken,
    Transmit,
    TransmitPiece,
    WakeAt,
    WokeUp,
    step,
)
from noroshi.core.instant import HOUR, MINUTE, SECOND
from noroshi.core.precedence import Precedence
from tests.unit.core.nodes import NOW

FLASH, ROUTINE = Precedence.FLASH, Precedence.ROUTINE

numbers = itertools.count(1)


def report(name: str, precedence: Precedence = ROUTINE, size: int = 6000) -> Item:
    return Item(name.encode(), next(numbers), Cargo.ENVELOPE, precedence, size)


def receipt(name: str, precedence: Precedence = ROUTINE) -> Item:
    return Item(name.encode(), next(numbers), Cargo.RECEIPT, precedence, 4000)


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


def send(*names: str) -> tuple[Command, ...]:
    return (Transmit(tuple(name.encode() for name in names)),)


def test_a_report_goes_and_stays_until_its_receipt_comes() -> None:
    play = Recording()
    assert play.submit(report("a")) == send("a")
    assert play.feed(Taken(ids("a")), SECOND) == (WakeAt(play.now + RECEIPT_PATIENCE),)
    assert play.feed(Settled(ids("a")), SECOND) == ()
    assert play.line.items == ()


def test_a_report_whose_receipt_does_not_come_is_offered_again() -> None:
    play = Recording()
    play.submit(report("a"))
    play.feed(Taken(ids("a")))
    assert play.feed(WokeUp(), RECEIPT_PATIENCE - 1) == (WakeAt(play.now + 1),)
    assert play.feed(WokeUp(), 1) == send("a")


def test_a_flash_whose_receipt_does_not_come_is_offered_again_sooner() -> None:
    play = Recording()
    play.submit(report("a", FLASH))
    assert play.feed(Taken(ids("a"))) == (WakeAt(play.now + FLASH_RECEIPT_PATIENCE),)
    assert play.feed(WokeUp(), FLASH_RECEIPT_PATIENCE) == send("a")


def test_a_receipt_is_done_when_it_is_taken() -> None:
    play = Recording()
    assert play.submit(receipt("r")) == send("r")
    assert play.feed(Taken(ids("r"))) == (Forget((b"r",)),)
    assert play.line == Line()


def test_nothing_goes_while_something_is_under_way() -> None:
    play = Recording()
    play.submit(report("a"))
    assert play.submit(report("b", FLASH)) == ()
    assert play.feed(WokeUp(), HOUR) == ()
    assert play.feed(Taken(ids("a"))) == send("b")


def test_what_was_not_taken_goes_again() -> None:
    play = Recording()
    assert play.submit(report("a"), report("b")) == send("a", "b")
    assert play.feed(Taken(ids("a"))) == send("b")


def test_the_higher_precedence_goes_first_then_the_earlier() -> None:
    play = Recording()
    first = [report("a"), receipt("b", Precedence.DEFERRED), report("c"), report("d", FLASH)]
    assert play.submit(*first, receipt("e", FLASH)) == send("d", "e", "a", "c", "b")


def test_a_batch_is_bounded_by_number_and_bytes() -> None:
    play = Recording()
    names = [f"{i:02}" for i in range(BATCH_ITEMS + 2)]
    assert play.submit(*map(report, names)) == send(*names[:BATCH_ITEMS])
    play = Recording()
    half = BATCH_BYTES // 2
    items = [report("a", size=half), report("b", size=half), report("c", size=1)]
    assert play.submit(*items) == send("a", "b")
    play = Recording()
    assert play.submit(report("a", size=4 * BATCH_BYTES), report("b")) == send("a")


def test_a_blob_goes_in_pieces_after_every_envelope() -> None:
    play = Recording()
    assert play.submit(blob("x", FLASH), blob("y"), report("a")) == send("a")
    assert play.feed(Settled(ids("a"))) == ()
    assert play.feed(Taken(ids("a"))) == (TransmitPiece(b"x"),)
    assert play.feed(Held(b"x", whole=False)) == (TransmitPiece(b"x"),)
    assert play.submit(report("b")) == ()
    assert play.feed(Held(b"x", whole=False)) == send("b")
    assert play.feed(Taken(ids("b"))) == (TransmitPiece(b"x"),)
    assert play.feed(Held(b"x", whole=True)) == (Forget((b"x",)), TransmitPiece(b"y"))
    play.feed(Settled(ids("b")))
    assert play.feed(Held(b"y", whole=True)) == (Forget((b"y",)),)
    assert play.line == Line()


def test_failures_make_the_pause_longer_up_to_a_minute() -> None:
    play = Recording()
    play.submit(report("a"))
    pauses = []
    for _ in range(12):
        (command,) = play.feed(Failed(jitter=1.0))
        assert isinstance(command, WakeAt)
        pauses.append(command.at - play.now)
        assert play.feed(WokeUp(), command.at - play.now - 1) == (command,)
        assert play.feed(WokeUp(), 1) == send("a")
    assert pauses[:4] == [FIRST_DELAY, 2 * FIRST_DELAY, 4 * FIRST_DELAY, 8 * FIRST_DELAY]
    assert pauses[-1] == LONGEST_DELAY == MINUTE


@pytest.mark.parametrize("jitter", [0.0, 0.25, 0.999])
def test_jitter_takes_away_up_to_half(jitter: float) -> None:
    play = Recording()
    play.submit(report("a"))
    assert play.feed(Failed(jitter)) == (WakeAt(play.now + int(FIRST_DELAY * (1 + jitter) / 2)),)


def test_no_flash_waits_longer_than_fifteen_seconds_however_often_it_failed() -> None:
    play = Recording()
    play.submit(report("a", FLASH))
    for _ in range(100):
        (command,) = play.feed(Failed(jitter=1.0))
        assert isinstance(command, WakeAt)
        assert command.at - play.now <= LONGEST_FLASH_DELAY == 15 * SECOND
        play.feed(WokeUp(), command.at - play.now)


def test_a_new_flash_is_tried_at_once_even_after_failures() -> None:
    play = Recording()
    play.submit(report("a"))
    for _ in range(10):
        play.feed(Failed(jitter=1.0))
        play.feed(WokeUp(), HOUR)
    play.feed(Failed(jitter=1.0))
    assert play.submit(report("b")) == (WakeAt(play.line.retry_at),)
    assert play.submit(report("c", FLASH)) == send("c", "a", "b")


def test_success_makes_the_pause_short_again() -> None:
    play = Recording()
    play.submit(report("a"))
    for _ in range(5):
        play.feed(Failed(jitter=1.0))
        play.feed(WokeUp(), HOUR)
    play.feed(Taken(ids("a")))
    play.submit(report("b"))
    assert play.feed(Failed(jitter=1.0)) == (WakeAt(play.now + FIRST_DELAY),)


def test_what_is_submitted_twice_goes_once() -> None:
    play = Recording()
    item = report("a")
    assert play.submit(item) == send("a")
    assert play.submit(item) == ()
    assert play.line.items == (item,)


def test_a_report_settled_while_it_is_under_way_is_gone() -> None:
    play = Recording()
    play.submit(report("a"))
    assert play.feed(Settled(ids("a"))) == ()
    assert play.feed(Failed(jitter=0.5)) == ()
    assert play.line.items == ()


def test_an_empty_line_asks_for_nothing() -> None:
    play = Recording()
    for event in (WokeUp(), Submitted(()), Settled(ids("x")), Taken(frozenset()), Failed(0.0)):
        assert play.feed(event) == ()


# A simulated world: the network loses, delays and repeats; receipts get lost as well.

ITEMS: Final = 30


class World:
    """One line and the partner's node behind a bad network, on a virtual clock."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = NOW
        self.line = Line()
        self.order = itertools.count()
        self.agenda: list[tuple[int, int, Event]] = []
        self.taken: set[bytes] = set()
        self.settled: set[bytes] = set()
        self.pieces: dict[bytes, int] = {}
        self.items = {item.id: item for item in map(self.an_item, range(ITEMS))}
        self.is_transmitting = False
        self.alarm: int | None = None
        self.loss = 0.4
        self.trace: list[tuple[int, Command]] = []

    def an_item(self, number: int) -> Item:
        cargo = self.chance.choice([Cargo.ENVELOPE, Cargo.ENVELOPE, Cargo.RECEIPT, Cargo.BLOB])
        precedence = self.chance.choice(list(Precedence))
        size = self.chance.choice([500, 6000, 400_000])
        return Item(b"%d" % number, number, cargo, precedence, size)

    def later(self, delay: int, event: Event) -> None:
        heapq.heappush(self.agenda, (self.now + delay, next(self.order), event))

    def run(self) -> None:
        for item in self.items.values():
            self.later(self.chance.randrange(10 * MINUTE), Submitted((item,)))
            if self.chance.random() < 0.2:  # a start submits all that is durable again
                self.later(self.chance.randrange(MINUTE, 20 * MINUTE), Submitted((item,)))
        end = NOW + 6 * HOUR
        while self.agenda or self.alarm is not None:
            at = self.agenda[0][0] if self.agenda else None
            event: Event
            if self.alarm is not None and (at is None or self.alarm <= at):
                self.now, self.alarm, event = max(self.now, self.alarm), None, WokeUp()
            else:
                self.now, _, event = heapq.heappop(self.agenda)
            if isinstance(event, Submitted) and event.items[0].id in self.settled:
                continue
            assert self.now < end, "some items are never through"
            if self.now > NOW + HOUR:
                self.loss = 0.0
            self.feed(event)

    def feed(self, event: Event) -> None:
        if isinstance(event, Taken | Held | Failed):
            self.is_transmitting = False
        self.line, commands = step(self.line, event, self.now)
        for command in commands:
            self.trace.append((self.now, command))
            self.obey(command)

    def obey(self, command: Command) -> None:
        match command:
            case Transmit(sent):
                self.check_transmission(sent)
                self.transmit(sent)
            case TransmitPiece(sent_id):
                self.check_transmission((sent_id,))
                self.transmit_piece(sent_id)
            case WakeAt(at):
                assert at > self.now
                if self.waits_flash():
                    assert at - self.now <= LONGEST_FLASH_DELAY
                self.alarm = at
            case Forget(gone):
                self.settled |= set(gone)

    def waits_flash(self) -> bool:
        return any(item.precedence is FLASH for item in self.line.items)

    def check_transmission(self, sent: tuple[bytes, ...]) -> None:
        assert not self.is_transmitting, "two transmissions at once"
        self.is_transmitting = True
        due = [item for item in self.line.items if item.due_at <= self.now]
        envelopes = [item for item in due if item.cargo is not Cargo.BLOB]
        first = self.items[sent[0]]
        if envelopes:
            assert first.precedence is max(item.precedence for item in envelopes), "FLASH first"
            assert first.cargo is not Cargo.BLOB
        assert len(sent) == len(set(sent)) <= BATCH_ITEMS
        ranks = [self.items[i].rank for i in sent]
        assert ranks == sorted(ranks)

    def transmit(self, sent: tuple[bytes, ...]) -> None:
        delay = self.chance.randrange(5 * SECOND)
        if self.chance.random() < self.loss:  # lost on the way there
            self.later(delay, Failed(self.chance.random()))
            return
        self.taken |= set(sent)
        for i in sent:
            if self.items[i].cargo is Cargo.ENVELOPE and self.chance.random() >= self.loss:
                self.later(delay + self.chance.randrange(2 * MINUTE), Settled(frozenset((i,))))
                self.settled.add(i)
        if self.chance.random() < self.loss:  # lost on the way back: it will go twice
            self.later(delay, Failed(self.chance.random()))
        else:
            self.later(delay, Taken(frozenset(sent)))

    def transmit_piece(self, sent: bytes) -> None:
        delay = self.chance.randrange(5 * SECOND)
        if self.chance.random() < self.loss:
            self.later(delay, Failed(self.chance.random()))
            return
        self.pieces[sent] = self.pieces.get(sent, 0) + 1
        whole = self.pieces[sent] >= 3
        if whole:
            self.taken.add(sent)
        self.later(delay, Held(sent, whole))


@pytest.mark.parametrize("seeds", [range(i, i + 25) for i in range(0, 200, 25)], ids=str)
def test_everything_is_taken_in_the_end_and_flash_first(seeds: Iterable[int]) -> None:
    for seed in seeds:
        world = World(seed)
        world.run()
        assert world.taken == set(world.items), seed
        assert world.line.items == (), seed


def test_one_seed_is_one_history() -> None:
    one, other = World(7), World(7)
    one.run()
    other.run()
    assert one.trace == other.trace
    assert len(one.trace) > ITEMS
