"""The comms check: what two nodes tell each other about their line, on schedule, both ways.

It is asked over the admitted, pinned connection and answered at once; nothing of it is a
report. `docs/formats/check.md`.
"""

from enum import Enum
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.errors import MalformedError
from noroshi.core.instant import Instant, is_instant
from noroshi.core.partner import is_name

VERSION: Final = 1
MAX_CHECK: Final = 32 * 1024
MAX_DICTIONARY: Final = 2**31
MAX_TOMBSTONES: Final = 256
NO_EPOCH: Final = 0
"""Among the settled serials: entries of this epoch settle nothing and tell something else. A node
that does not know what they tell passes them over."""
READS: Final = 3
"""The kind of an entry of no epoch that tells which dictionary of the compact form is read."""


class DeskState(Enum):
    """Whether somebody sits there."""

    STAFFED = "STAFFED"
    UNSTAFFED = "UNSTAFFED"
    SILENT = "SILENT"
    """Silent by order: it reads, and answers later."""


class DeskTold(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A desk's state, as its own node tells it."""

    desk: str
    state: DeskState
    since: Instant


class Tombstone(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A serial with which no report will come, and why."""

    precedence: int
    number: int
    code: str


class Tally(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The serials that a node has given its partner in one epoch."""

    epoch: int
    highest: tuple[tuple[int, int], ...]
    """Pairs of precedence number and highest serial."""
    tombstones: tuple[Tombstone, ...]


class CommsCheck(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One side's half of a check."""

    version: int
    at: Instant
    tally: Tally
    settled: tuple[tuple[int, int, int], ...]
    """Epoch, precedence and number up to which every serial of the other side is accounted for."""
    desks: tuple[DeskTold, ...]
    backup_at: Instant | None = None
    """When the backup was made from which the node opened this epoch; None: never restored."""
    seen: bytes = b""
    """The newest checkpoint of the other side's journal that this node holds; b"": none."""
    witness: bytes = b""
    """What an answer tells of journals (:mod:`noroshi.core.delivery.witness`); b"": nothing."""


def reads(version: int) -> tuple[int, int, int]:
    """Return what says among the settled serials that the teller reads a dictionary, and older."""
    return NO_EPOCH, READS, version


def told_dictionary(check: CommsCheck) -> int:
    """Return the newest dictionary of the compact form that the teller reads; 0: none."""
    told = [number for epoch, kind, number in check.settled if (epoch, kind) == (NO_EPOCH, READS)]
    return max((number for number in told if 0 < number < MAX_DICTIONARY), default=0)


def encode_check(check: CommsCheck) -> bytes:
    """Return the encoding of a check; without `witness` it is what every node reads."""
    fields = msgspec.to_builtins(check, builtin_types=(bytes,))
    return gate.encode(fields if check.witness else fields[:-1])


def decode_check(raw: bytes) -> CommsCheck:
    """Return the check that `raw` encodes.

    Raises:
        MalformedError: it encodes none.
    """
    check = gate.decode_struct(raw, CommsCheck, limit=MAX_CHECK)
    if check.version != VERSION or not is_instant(check.at):
        raise MalformedError("the comms check is of an unknown version or an impossible time")
    if not all(is_name(told.desk) and is_instant(told.since) for told in check.desks):
        raise MalformedError("the comms check names an impossible desk")
    if check.backup_at is not None and not is_instant(check.backup_at):
        raise MalformedError("the comms check names an impossible time of a backup")
    check_tally(check.tally)
    return check


def check_tally(tally: Tally) -> None:
    """Return if a tally can be true.

    Raises:
        MalformedError: it cannot.
    """
    pairs = [*tally.highest, *((stone.precedence, stone.number) for stone in tally.tombstones)]
    if (
        tally.epoch < 1
        or len(tally.tombstones) > MAX_TOMBSTONES
        or not all(1 <= precedence <= 5 and 1 <= number < 2**53 for precedence, number in pairs)  # noqa: PLR2004
    ):
        raise MalformedError("the tally names impossible serials")
