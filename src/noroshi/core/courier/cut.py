"""Cutting what waits for a partner into volumes, and joining what came in several.

The order is that of the line: FLASH first, then by precedence, blobs last. An envelope goes
whole into one volume where it can, so that a lost volume costs no more than what is in it; a
blob is cut wherever a volume ends.

    >>> parse_size("700M")
    734003200
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from noroshi.core.courier.volume import (
    MAX_FILE,
    MAX_FRAGMENT_HEAD,
    MAX_FRAGMENTS,
    MAX_VOLUMES,
    Fragment,
    Placed,
)
from noroshi.core.delivery.item import Cargo, Item
from noroshi.core.errors import InputError

SMALLEST_SIZE: Final = 64 * 1024
HEAD_ROOM: Final = 16 * 1024
"""Kept of each volume for magic line, head and signatures."""

_WRITTEN: Final = re.compile(r"([1-9][0-9]{0,12})([KMG]?)(?:i?B)?", re.IGNORECASE)
_UNITS: Final = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


def parse_size(text: str) -> int:
    """Return the bytes that a volume may have; K, M and G are powers of 1024.

    Raises:
        InputError: it is not written so, or no volume may have that size.
    """
    match = _WRITTEN.fullmatch(text)
    size = int(match[1]) * _UNITS[match[2].upper()] if match else 0
    if not SMALLEST_SIZE <= size <= MAX_FILE:
        msg = f"{text!r} is no size of a volume; write it like 700M, from 64K to 4G"
        raise InputError("bad-input", msg)
    return size


def cut(items: Iterable[Item], size: int) -> tuple[tuple[Fragment, ...], ...]:
    """Return the fragments of each volume; one volume without any where there are no items.

    Raises:
        InputError: the items do not fit as many volumes as a set may have.
    """
    room = size - HEAD_ROOM
    volumes: list[list[Fragment]] = [[]]
    left = room
    for item in sorted(items, key=lambda item: item.rank):
        whole = MAX_FRAGMENT_HEAD + item.size
        starts_anew = item.cargo is not Cargo.BLOB and left < whole <= room
        done = 0
        while done < item.size:
            if starts_anew or left <= MAX_FRAGMENT_HEAD or len(volumes[-1]) == MAX_FRAGMENTS:
                volumes.append([])
                left, starts_anew = room, False
            part = min(item.size - done, left - MAX_FRAGMENT_HEAD)
            volumes[-1].append(Fragment(item.cargo, item.id, item.size, done, part))
            left -= MAX_FRAGMENT_HEAD + part
            done += part
    if len(volumes) > MAX_VOLUMES:
        msg = f"that takes more than {MAX_VOLUMES:,} volumes; choose larger ones: --volume 64M"
        raise InputError("bad-input", msg)
    return tuple(map(tuple, volumes))


def join(found: Iterable[Placed]) -> Sequence[Placed] | None:
    """Return the fragments of one item in order if together they are all of it, else None."""
    pieces = sorted(found, key=lambda placed: placed.fragment.start)
    end = 0
    for placed in pieces:
        if placed.fragment.start != end:
            return None
        end = placed.fragment.end
    return pieces if {placed.fragment.total for placed in pieces} == {end} else None


def find(found: Iterable[Placed], position: int, total: int) -> Placed | None:
    """Return a fragment that holds the byte at `position` of an item of `total` bytes."""
    for placed in found:
        fragment = placed.fragment
        if fragment.total == total and fragment.start <= position < fragment.end:
            return placed
    return None
