"""Equivalence: which level of one policy answers to which of another, and who says so.

What is not in the table has no equivalent: none is made up. `confirmed` cells have a published
source; the others are `indicative`: shown, and good for a release only under an agreement that
accepts them.
"""

from enum import Enum
from typing import Final

import msgspec

from noroshi.core.errors import InputError

_LARGEST: Final = 1024 * 1024


class Confidence(Enum):
    """How sure an equivalence is."""

    CONFIRMED = "confirmed"
    INDICATIVE = "indicative"


class Cell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two levels that answer to each other, both ways."""

    one: tuple[str, str]
    """Policy and level."""
    other: tuple[str, str]
    confidence: Confidence
    source: str


def parse_equivalence(raw: bytes) -> tuple[Cell, ...]:
    """Return the cells that a data file holds.

    Raises:
        InputError: it holds none, or contradicts itself.
    """
    if len(raw) > _LARGEST:
        raise InputError("bad-input", f"an equivalence table has at most {_LARGEST:,} bytes")
    try:
        cells = msgspec.json.decode(raw, type=tuple[Cell, ...])
    except msgspec.MsgspecError as error:
        raise InputError("bad-input", f"it is no equivalence table: {error}") from None
    pairs = [frozenset((cell.one, cell.other)) for cell in cells]
    if len(set(pairs)) < len(pairs):
        raise InputError("bad-input", "the equivalence table names two levels together twice")
    if any(cell.one[0] == cell.other[0] for cell in cells):
        raise InputError("bad-input", "the equivalence table compares a policy with itself")
    return cells
