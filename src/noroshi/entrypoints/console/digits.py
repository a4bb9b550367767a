"""The sixty digits that two officers compare: in groups, and as a QR code for their cameras."""

import itertools
from typing import Final

import segno

QUIET: Final = 4
"""Modules around a code that stay light (ISO/IEC 18004)."""


def groups(number: str) -> list[str]:
    """Return the groups of a number, as they are read out."""
    return number.split()


def side(number: str) -> int:
    """Return how many modules a code is wide, with what stays light around it."""
    return len(_matrix(number)) + 2 * QUIET


def path(number: str) -> str:
    """Return the dark modules of a code as the path of a drawing: a strip for each run of them."""
    drawn: list[str] = []
    for y, row in enumerate(_matrix(number)):
        x = 0
        for is_dark, run in itertools.groupby(row):
            width = len(list(run))
            if is_dark:
                drawn.append(f"M{x + QUIET} {y + QUIET}h{width}v1h-{width}z")
            x += width
    return "".join(drawn)


def _matrix(number: str) -> tuple[bytearray, ...]:
    return segno.make("".join(number.split()), error="m", micro=False).matrix
