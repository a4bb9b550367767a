"""The line to one partner, as a pure state machine.

It decides what goes next, in what portions and when to try again; it owns no socket, no clock
and no disk. The outbox it orders is durable elsewhere: after a start, all of it is submitted
again.

    Submitted   -> Transmit or nothing (a FLASH is tried at once, even after failures)
    Taken       -> the partner's node has it; reports stay until their receipt comes
    Held        -> a piece of a blob arrived; the next is due
    Failed      -> WakeAt, later each time, never later than 15 s while a FLASH waits
    Reachable   -> the partner was heard: whatever rests after failures is tried now
    Settled     -> out of the outbox
    WokeUp      -> Transmit what is due; Expire what is past its time

There are two lanes. FLASH has one of its own; all else shares the other and starts nothing new
while a FLASH waits or is under way. What the bulk lane sends at a time is what the line carries
in two seconds, or in two round trips if these are longer; what would occupy the line for more
than two seconds when a FLASH comes is aborted. `docs/delivery.md` has the picture.
"""

from bisect import insort
from typing import Final, assert_never

import msgspec

from noroshi.core.delivery.item import Cargo, Item, Lane
from noroshi.core.instant import MINUTE, SECOND, Instant
from noroshi.core.precedence import Precedence

BATCH_ITEMS: Final = 32

PORTION_TIME: Final = 2 * SECOND
"""How long the bulk lane may occupy the line at a time."""
FIRST_PORTION: Final = 4 * 1024
"""Bytes of a portion before the line's rate has been measured."""
SMALLEST_PORTION: Final = 2048
"""Less, and most of a request were its head."""
LARGEST_PORTION: Final = 1024 * 1024
_MEASURABLE: Final = 512
"""Fewer bytes tell more of the round trip than of the rate."""

FIRST_DELAY: Final = SECOND // 2
LONGEST_DELAY: Final = MINUTE
LONGEST_FLASH_DELAY: Final = 15 * SECOND
"""However often it failed: no FLASH waits longer for the next try."""
RECEIPT_PATIENCE: Final = MINUTE
"""How long a taken report may lack its receipt before it is offered again."""
FLASH_RECEIPT_PATIENCE: Final = 15 * SECOND


class UnderWay(msgspec.Struct, frozen=True):
    """A transmission that has not ended."""

    ids: frozenset[bytes]
    size: int
    since: Instant


class Line(msgspec.Struct, frozen=True):
    """All that the machine remembers."""

    items: tuple[Item, ...] = ()
    flash: UnderWay | None = None
    bulk: UnderWay | None = None
    failures: int = 0
    retry_at: Instant = 0
    rate: int = 0
    """Bytes a second as measured; 0: not yet."""
    round_trip: int = 0
    """Microseconds of an exchange that carries next to nothing."""
    is_silent: bool = False
    """Nothing may be sent: this node only receives."""
    is_blobs_turn: bool = False
    """An envelope went last: the next turn is an attachment's, unless something urgent waits."""

    @property
    def portion(self) -> int:
        """How many bytes the bulk lane sends at a time."""
        if not self.rate:
            return FIRST_PORTION
        # Less than two round trips' worth, and a far line would rest most of the time.
        time = max(PORTION_TIME, 2 * self.round_trip)
        return max(SMALLEST_PORTION, min(LARGEST_PORTION, self.rate * time // SECOND))


class Submitted(msgspec.Struct, frozen=True):
    """Items were committed to the outbox."""

    items: tuple[Item, ...]


class WokeUp(msgspec.Struct, frozen=True):
    """The time asked for has come."""


class Reachable(msgspec.Struct, frozen=True):
    """The partner was heard, by its own request or an answer; `round_trip` in us, 0: unknown."""

    round_trip: int = 0


class Taken(msgspec.Struct, frozen=True):
    """The partner's node has seen these, `took` us after they were begun.

    They are durable there, but for those that it `refused`: these are offered again, until a
    signed receipt says why not.
    """

    lane: Lane
    ids: frozenset[bytes]
    took: int = 0
    refused: frozenset[bytes] = frozenset()


class Held(msgspec.Struct, frozen=True):
    """The partner's node holds more of a blob, or by `is_whole` all of it."""

    id: bytes
    is_whole: bool
    took: int = 0


class Failed(msgspec.Struct, frozen=True):
    """The transmission did not get through; `jitter` is a draw from 0 up to 1."""

    lane: Lane
    jitter: float


class Settled(msgspec.Struct, frozen=True):
    """A receipt or an end of life has taken these out of the outbox."""

    ids: frozenset[bytes]


class Silenced(msgspec.Struct, frozen=True):
    """From now on nothing may be sent, or everything again."""

    is_silent: bool


Event = Submitted | WokeUp | Reachable | Taken | Held | Failed | Settled | Silenced


class Transmit(msgspec.Struct, frozen=True):
    """Send these envelopes in one request, in this order."""

    lane: Lane
    ids: tuple[bytes, ...]


class TransmitPiece(msgspec.Struct, frozen=True):
    """Send the next piece of this blob, at most `size` bytes."""

    id: bytes
    size: int


class Abort(msgspec.Struct, frozen=True):
    """Break off the bulk lane's transmission; nothing more is told of it."""


class WakeAt(msgspec.Struct, frozen=True):
    """Feed `WokeUp` at this time; a later command replaces it."""

    at: Instant


class Forget(msgspec.Struct, frozen=True):
    """These are done: take them out of the durable outbox."""

    ids: tuple[bytes, ...]


class Expire(msgspec.Struct, frozen=True):
    """The time of these is past: take them out of the durable outbox and tell the sender."""

    ids: tuple[bytes, ...]


Command = Transmit | TransmitPiece | Abort | WakeAt | Forget | Expire


def step(line: Line, event: Event, now: Instant) -> tuple[Line, tuple[Command, ...]]:
    """Return the next state and what to do about it."""
    done: tuple[Command, ...] = ()
    match event:
        case Submitted(items):
            line = _submit(line, items, now)
        case WokeUp():
            line = _bounded(line, now)
        case Reachable(round_trip):
            line = _reachable(line, round_trip, now)
        case Taken(lane, ids, took, refused):
            line, done = _taken(_measured(line, lane, took), lane, ids, refused, now)
        case Held(blob, is_whole, took):
            line, done = _held(_measured(line, Lane.BULK, took), blob, is_whole=is_whole)
        case Failed(lane, jitter):
            line = _failed(line, lane, jitter, now)
        case Settled(ids):
            line = _without(line, ids)
        case Silenced(is_silent):
            line = msgspec.structs.replace(line, is_silent=is_silent)
        case _:  # pragma: no cover
            assert_never(event)
    line, expired = _expire(line, now)
    line, next_commands = _next(line, now)
    return line, done + expired + next_commands


def _bounded(line: Line, now: Instant) -> Line:
    """Return the line without rests that only a clock which was set back can have made so long."""
    retry_at = min(line.retry_at, now + LONGEST_DELAY)
    items = tuple(
        item
        if item.due_at <= (latest := now + _patience(line, item))
        else msgspec.structs.replace(item, due_at=latest)
        for item in line.items
    )
    return msgspec.structs.replace(line, items=items, retry_at=retry_at)


def _submit(line: Line, items: tuple[Item, ...], now: Instant) -> Line:
    known = {item.id for item in line.items}
    fresh = [item for item in items if item.id not in known]
    retry_at = line.retry_at
    if any(item.precedence is Precedence.FLASH for item in fresh):
        retry_at = min(retry_at, now)
    merged = list(line.items)
    for item in fresh:
        insort(merged, item, key=lambda item: item.rank)
    return msgspec.structs.replace(line, items=tuple(merged), retry_at=retry_at)


def _reachable(line: Line, round_trip: int, now: Instant) -> Line:
    return msgspec.structs.replace(
        line,
        retry_at=min(line.retry_at, now),
        round_trip=round_trip or line.round_trip,
    )


def _taken(
    line: Line, lane: Lane, ids: frozenset[bytes], refused: frozenset[bytes], now: Instant
) -> tuple[Line, tuple[Command, ...]]:
    taken = ids - refused
    finished = tuple(i.id for i in line.items if i.id in taken and i.cargo is Cargo.RECEIPT)
    waiting = tuple(
        _offered(line, item, now, is_refused=item.id in refused) if item.id in ids else item
        for item in line.items
        if item.id not in finished
    )
    line = msgspec.structs.replace(_ended(line, lane), items=waiting, failures=0, retry_at=0)
    return line, (Forget(finished),) if finished else ()


def _held(line: Line, blob: bytes, *, is_whole: bool) -> tuple[Line, tuple[Command, ...]]:
    line = msgspec.structs.replace(_ended(line, Lane.BULK), failures=0, retry_at=0)
    if not is_whole:
        return line, ()
    return _without(line, frozenset((blob,))), (Forget((blob,)),)


def _failed(line: Line, lane: Lane, jitter: float, now: Instant) -> Line:
    flash = any(item.precedence is Precedence.FLASH for item in line.items)
    longest = LONGEST_FLASH_DELAY if flash else LONGEST_DELAY
    # Between half and the whole of the doubled delay, so that partners do not march in step.
    delay = min(FIRST_DELAY << min(line.failures, 16), longest)
    return msgspec.structs.replace(
        _ended(line, lane),
        failures=line.failures + 1,
        retry_at=now + int(delay * (1 + jitter) / 2),
        # It may have failed for being more than the line carries in the time allowed.
        rate=line.rate // 2,
    )


def _measured(line: Line, lane: Lane, took: int) -> Line:
    """Return the line with the rate that a transmission of `took` us showed."""
    ended = line.flash if lane is Lane.FLASH else line.bulk
    if ended is None or took <= 0 or ended.size < _MEASURABLE:
        return line
    # Where most of the time was the round trip the rest says little: a tenth counts at least.
    seen = ended.size * SECOND // max(took - line.round_trip, took // 10, 1)
    # A line that became slow must be believed at once, one that became fast by and by.
    rate = seen if not line.rate or seen < line.rate // 2 else (3 * line.rate + seen) // 4
    return msgspec.structs.replace(line, rate=max(rate, 1))


def _expire(line: Line, now: Instant) -> tuple[Line, tuple[Command, ...]]:
    # What is under way may have arrived in time: its end decides.
    under_way = frozenset[bytes]().union(*(u.ids for u in (line.flash, line.bulk) if u))
    past = tuple(
        item.id
        for item in line.items
        if item.expires_at is not None and item.expires_at <= now and item.id not in under_way
    )
    if not past:
        return line, ()
    return _without(line, frozenset(past)), (Expire(past),)


def _next(line: Line, now: Instant) -> tuple[Line, tuple[Command, ...]]:
    """Choose what goes now in each lane; nothing while the line rests."""
    if line.is_silent or not line.items:
        return line, _wake(_expiries(line))
    if now < line.retry_at:
        return line, _wake([line.retry_at, *_expiries(line)])
    if line.flash is not None and line.bulk is not None:
        return line, ()  # the first end decides
    due = [item for item in line.items if item.due_at <= now]
    flashes = [item for item in due if item.lane is Lane.FLASH]
    commands: tuple[Command, ...] = ()
    if flashes and line.flash is None:
        line, commands = _begin_flash(line, flashes, now)
    others = [item for item in due if item.lane is Lane.BULK]
    if others and line.bulk is None and line.flash is None:
        return _begin_bulk(line, others, now)
    if line.flash is None and line.bulk is None:
        return line, _wake([min(item.due_at for item in line.items), *_expiries(line)])
    return line, commands


def _begin_flash(line: Line, due: list[Item], now: Instant) -> tuple[Line, tuple[Command, ...]]:
    batch = _batch(due, line.portion)
    ids = tuple(item.id for item in batch)
    abort: tuple[Command, ...] = ()
    if line.bulk is not None and _lasts_too_long(line, line.bulk, now):
        abort = (Abort(),)
        line = _ended(line, Lane.BULK)
    under_way = UnderWay(frozenset(ids), sum(item.size for item in batch), now)
    line = msgspec.structs.replace(line, flash=under_way)
    return line, (*abort, Transmit(Lane.FLASH, ids))


def _begin_bulk(line: Line, due: list[Item], now: Instant) -> tuple[Line, tuple[Command, ...]]:
    blobs = [item for item in due if item.cargo is Cargo.BLOB]
    is_urgent = due[0].precedence >= Precedence.IMMEDIATE
    if blobs and (due[0].cargo is Cargo.BLOB or (line.is_blobs_turn and not is_urgent)):
        blob = blobs[0]
        under_way = UnderWay(frozenset((blob.id,)), min(blob.size, line.portion), now)
        line = msgspec.structs.replace(line, bulk=under_way, is_blobs_turn=False)
        return line, (TransmitPiece(blob.id, line.portion),)
    batch = _batch([item for item in due if item.cargo is not Cargo.BLOB], line.portion)
    ids = tuple(item.id for item in batch)
    under_way = UnderWay(frozenset(ids), sum(item.size for item in batch), now)
    line = msgspec.structs.replace(line, bulk=under_way, is_blobs_turn=bool(blobs))
    return line, (Transmit(Lane.BULK, ids),)


def _batch(due: list[Item], portion: int) -> list[Item]:
    """Return the first items that fit one portion; at least one, however large."""
    batch, size = due[:1], due[0].size
    for item in due[1:BATCH_ITEMS]:
        size += item.size
        if size > portion:
            break
        batch.append(item)
    return batch


def _lasts_too_long(line: Line, under_way: UnderWay, now: Instant) -> bool:
    """Say whether a transmission will occupy the line for long yet, or is stuck in it."""
    rate = line.rate or FIRST_PORTION * SECOND // PORTION_TIME
    ends_at = under_way.since + line.round_trip + under_way.size * SECOND // rate
    return abs(ends_at - now) > PORTION_TIME


def _expiries(line: Line) -> list[Instant]:
    return [item.expires_at for item in line.items if item.expires_at is not None]


def _wake(times: list[Instant]) -> tuple[Command, ...]:
    return (WakeAt(min(times)),) if times else ()


def _ended(line: Line, lane: Lane) -> Line:
    under_way = "flash" if lane is Lane.FLASH else "bulk"
    return msgspec.structs.replace(line, **{under_way: None})


def _without(line: Line, ids: frozenset[bytes]) -> Line:
    return msgspec.structs.replace(line, items=tuple(i for i in line.items if i.id not in ids))


def _offered(line: Line, item: Item, now: Instant, *, is_refused: bool) -> Item:
    """Return an item that the partner's node has seen, with the time to offer it again."""
    if not is_refused:
        return msgspec.structs.replace(item, due_at=now + _patience(line, item), refusals=0)
    # The node may just not be ready for it, or the way have damaged it.
    wait = min(FIRST_DELAY << min(item.refusals, 16), _patience(line, item))
    return msgspec.structs.replace(item, due_at=now + wait, refusals=item.refusals + 1)


def _patience(line: Line, item: Item) -> int:
    """Return how long a receipt may take; on a thin line it needs as long as the report did."""
    is_flash = item.precedence is Precedence.FLASH
    least = FLASH_RECEIPT_PATIENCE if is_flash else RECEIPT_PATIENCE
    on_line = line.round_trip + item.size * SECOND // line.rate if line.rate else 0
    return max(least, 4 * on_line)
