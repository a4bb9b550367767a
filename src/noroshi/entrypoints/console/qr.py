"""QR codes, for what a camera reads better than a person types."""

import itertools
from typing import Final

import segno

QUIET: Final = 4
"""Modules around a code that stay light (ISO/IEC 18004)."""


def side(text: str) -> int:
    """Return how many modules a code is wide, with what stays light around it."""
    return len(_matrix(text)) + 2 * QUIET


def path(text: str) -> str:
    """Return the dark modules of a code as the path of a drawing: a strip for each run of them."""
    drawn: list[str] = []
    for y, row in enumerate(_matrix(text)):
        x = 0
        for is_dark, run in itertools.groupby(row):
            width = len(list(run))
            if is_dark:
                drawn.append(f"M{x + QUIET} {y + QUIET}h{width}v1h-{width}z")
            x += width
    return "".join(drawn)


def _matrix(text: str) -> tuple[bytearray, ...]:
    return segno.make(text, error="m", micro=False).matrix
