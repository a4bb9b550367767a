"""The line to one partner, as a pure state machine.

It decides what goes next and when to try again; it owns no socket, no clock and no disk. The
outbox it orders is durable elsewhere: after a start, all of it is submitted again.

    Submitted          -> Transmit or nothing (a FLASH is tried at once, even after failures)
    Taken              -> the partner's node has it; reports stay until their receipt comes
    Held               -> a piece of a blob arrived; the next is due
    Failed             -> WakeAt, later each time, never later than 15 s while a FLASH waits
    Settled            -> out of the outbox
    WokeUp             -> Transmit what is due
    at most one transmission is under way; the higher precedence always goes first

`docs/delivery.md` has the picture.
"""

from enum import IntEnum
from typing import Final, assert_never

import msgspec

from noroshi.core.instant import MINUTE, SECOND, Instant
from noroshi.core.precedence import Precedence

BATCH_ITEMS: Final = 32
BATCH_BYTES: Final = 1024 * 1024

FIRST_DELAY: Final = SECOND // 2
LONGEST_DELAY: Final = MINUTE
LONGEST_FLASH_DELAY: Final = 15 * SECOND
"""However often it failed: no FLASH waits longer for the next try."""
RECEIPT_PATIENCE: Final = MINUTE
"""How long a taken report may lack its receipt before it is offered again."""
FLASH_RECEIPT_PATIENCE: Final = 15 * SECOND


class Cargo(IntEnum):
    """What an item is; among equals of precedence the smaller goes first."""

    ENVELOPE = 1
    """A report: stays until its receipt comes."""
    RECEIPT = 2
    """Done as soon as the partner's node has it."""
    BLOB = 3
    """An attachment: after every envelope, in pieces."""


class Item(msgspec.Struct, frozen=True):
    """Something in the outbox for this partner."""

    id: bytes
    """Envelope id or blob id."""
    number: int
    """Its place in the outbox."""
    cargo: Cargo
    precedence: Precedence
    size: int
    due_at: Instant = 0

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Sorts what goes first to the front."""
        return (self.cargo is Cargo.BLOB, -self.precedence, self.number)


class Line(msgspec.Struct, frozen=True):
    """All that the machine remembers."""

    items: tuple[Item, ...] = ()
    under_way: frozenset[bytes] = frozenset()
    failures: int = 0
    retry_at: Instant = 0


class Submitted(msgspec.Struct, frozen=True):
    """Items were committed to the outbox."""

    items: tuple[Item, ...]


class WokeUp(msgspec.Struct, frozen=True):
    """The time asked for has come."""


class Taken(msgspec.Struct, frozen=True):
    """The partner's node has made these durable."""

    ids: frozenset[bytes]


class Held(msgspec.Struct, frozen=True):
    """The partner's node holds more of a blob, or by `whole` all of it."""

    id: bytes
    whole: bool


class Failed(msgspec.Struct, frozen=True):
    """The transmission did not get through; `jitter` is a draw from 0 up to 1."""

    jitter: float


class Settled(msgspec.Struct, frozen=True):
    """A receipt or an end of life has taken these out of the outbox."""

    ids: frozenset[bytes]


Event = Submitted | WokeUp | Taken | Held | Failed | Settled


class Transmit(msgspec.Struct, frozen=True):
    """Send these envelopes in one request, in this order."""

    ids: tuple[bytes, ...]


class TransmitPiece(msgspec.Struct, frozen=True):
    """Send the next piece of this blob."""

    id: bytes


class WakeAt(msgspec.Struct, frozen=True):
    """Feed `WokeUp` at this time; a later command replaces it."""

    at: Instant


class Forget(msgspec.Struct, frozen=True):
    """These are done: take them out of the durable outbox."""

    ids: tuple[bytes, ...]


Command = Transmit | TransmitPiece | WakeAt | Forget


def step(line: Line, event: Event, now: Instant) -> tuple[Line, tuple[Command, ...]]:
    """Return the next state and what to do about it."""
    done: tuple[Command, ...] = ()
    match event:
        case Submitted(items):
            line = _submit(line, items, now)
        case WokeUp():
            pass
        case Taken(ids):
            line, done = _taken(line, ids, now)
        case Held(blob, whole):
            line, done = _held(line, blob, whole=whole)
        case Failed(jitter):
            line = _failed(line, jitter, now)
        case Settled(ids):
            line = _without(line, ids)
        case _:  # pragma: no cover
            assert_never(event)
    line, next_commands = _next(line, now)
    return line, done + next_commands


def _submit(line: Line, items: tuple[Item, ...], now: Instant) -> Line:
    known = {item.id for item in line.items}
    fresh = [item for item in items if item.id not in known]
    retry_at = line.retry_at
    if any(item.precedence is Precedence.FLASH for item in fresh):
        retry_at = min(retry_at, now)
    merged = tuple(sorted((*line.items, *fresh), key=lambda item: item.rank))
    return msgspec.structs.replace(line, items=merged, retry_at=retry_at)


def _taken(line: Line, ids: frozenset[bytes], now: Instant) -> tuple[Line, tuple[Command, ...]]:
    finished = tuple(i.id for i in line.items if i.id in ids and i.cargo is Cargo.RECEIPT)
    waiting = tuple(
        msgspec.structs.replace(item, due_at=now + _patience(item)) if item.id in ids else item
        for item in line.items
        if item.id not in finished
    )
    line = Line(waiting)
    return line, (Forget(finished),) if finished else ()


def _held(line: Line, blob: bytes, *, whole: bool) -> tuple[Line, tuple[Command, ...]]:
    line = Line(line.items)
    if not whole:
        return line, ()
    return _without(line, frozenset((blob,))), (Forget((blob,)),)


def _failed(line: Line, jitter: float, now: Instant) -> Line:
    flash = any(item.precedence is Precedence.FLASH for item in line.items)
    longest = LONGEST_FLASH_DELAY if flash else LONGEST_DELAY
    # Between half and the whole of the doubled delay, so that partners do not march in step.
    delay = min(FIRST_DELAY << min(line.failures, 16), longest)
    retry_at = now + int(delay * (1 + jitter) / 2)
    return Line(line.items, frozenset(), line.failures + 1, retry_at)


def _next(line: Line, now: Instant) -> tuple[Line, tuple[Command, ...]]:
    """Choose what goes now; nothing while something is under way or the line rests."""
    if line.under_way or not line.items:
        return line, ()
    if now < line.retry_at:
        return line, (WakeAt(line.retry_at),)
    due = [item for item in line.items if item.due_at <= now]
    if not due:
        return line, (WakeAt(min(item.due_at for item in line.items)),)
    batch = _batch(due)
    ids = tuple(item.id for item in batch)
    line = msgspec.structs.replace(line, under_way=frozenset(ids))
    if batch[0].cargo is Cargo.BLOB:
        return line, (TransmitPiece(ids[0]),)
    return line, (Transmit(ids),)


def _batch(due: list[Item]) -> list[Item]:
    """Return the first items that fit one request; a blob always goes alone."""
    batch, size = due[:1], due[0].size
    for item in due[1:BATCH_ITEMS]:
        size += item.size
        if size > BATCH_BYTES or item.cargo is Cargo.BLOB or batch[0].cargo is Cargo.BLOB:
            break
        batch.append(item)
    return batch


def _without(line: Line, ids: frozenset[bytes]) -> Line:
    kept = tuple(item for item in line.items if item.id not in ids)
    return msgspec.structs.replace(line, items=kept)


def _patience(item: Item) -> int:
    return FLASH_RECEIPT_PATIENCE if item.precedence is Precedence.FLASH else RECEIPT_PATIENCE
