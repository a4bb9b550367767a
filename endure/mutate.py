"""Mutations of bytes for hostile-input tests: seeded, so that what is found is found again.

Each mutation is one to four small changes of the kinds that decoders fall over: flipped bits,
other bytes, pieces cut out, doubled, moved or put in from elsewhere, torn ends, and the heads of
CBOR items made to lie about type, length or depth.
"""

import random
from collections.abc import Callable, Iterator, Sequence

LIES: Sequence[bytes] = (
    b"\x00",
    b"\x17",
    b"\x18\x00",
    b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x20",
    b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x40",
    b"\x5b\x00\x00\x01\x00\x00\x00\x00\x00",
    b"\x5f",
    b"\x60",
    b"\x62\xc3\x28",
    b"\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x80",
    b"\x81" * 20,
    b"\x9a\x00\x10\x00\x00",
    b"\x9f",
    b"\xa0",
    b"\xa2\x01\x00\x01\x00",
    b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xc1\x00",
    b"\xd8\x1c",
    b"\xd8\x23\x61\x28",
    b"\xd9\x01\x02",
    b"\xf4",
    b"\xf5",
    b"\xf6",
    b"\xf7",
    b"\xf9\x7e\x00",
    b"\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00",
    b"\xff",
)
"""Items of CBOR, or their beginnings, that are seldom meant well."""

LONGEST_PIECE = 64

Change = Callable[[bytearray, random.Random], None]


def mutations(raw: bytes, *, seed: int, count: int) -> Iterator[bytes]:
    """Yield `count` mutations of `raw`; the same ones for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        yield mutate(raw, chance)


def mutate(raw: bytes, chance: random.Random) -> bytes:
    """Return `raw` with one to four changes."""
    data = bytearray(raw)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        chance.choice(_CHANGES)(data, chance)
    return bytes(data)


def _flip_bit(data: bytearray, chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _set_byte(data: bytearray, chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.randrange(256)


def _cut_out(data: bytearray, chance: random.Random) -> None:
    start, end = _piece(data, chance)
    del data[start:end]


def _double(data: bytearray, chance: random.Random) -> None:
    start, end = _piece(data, chance)
    data[end:end] = data[start:end]


def _move(data: bytearray, chance: random.Random) -> None:
    start, end = _piece(data, chance)
    piece = data[start:end]
    del data[start:end]
    at = chance.randint(0, len(data))
    data[at:at] = piece


def _copy_over(data: bytearray, chance: random.Random) -> None:
    start, end = _piece(data, chance)
    at = chance.randint(0, len(data))
    data[at : at + end - start] = data[start:end]


def _put_in(data: bytearray, chance: random.Random) -> None:
    at = chance.randint(0, len(data))
    data[at:at] = chance.randbytes(chance.randint(1, 8))


def _lie(data: bytearray, chance: random.Random) -> None:
    at = chance.randint(0, len(data))
    data[at : at + chance.randint(0, 2)] = chance.choice(LIES)


def _lie_early(data: bytearray, chance: random.Random) -> None:
    """Most heads of an envelope's parts stand near its beginning."""
    at = chance.randint(0, min(len(data), LONGEST_PIECE))
    data[at : at + 1] = chance.choice(LIES)


def _tear(data: bytearray, chance: random.Random) -> None:
    del data[chance.randint(0, len(data)) :]


def _append(data: bytearray, chance: random.Random) -> None:
    data += chance.choice(LIES)


def _piece(data: bytearray, chance: random.Random) -> tuple[int, int]:
    start = chance.randint(0, len(data))
    return start, min(len(data), start + chance.randint(1, LONGEST_PIECE))


_CHANGES: Sequence[Change] = (
    _flip_bit,
    _flip_bit,
    _set_byte,
    _cut_out,
    _double,
    _move,
    _copy_over,
    _put_in,
    _lie,
    _lie,
    _lie_early,
    _tear,
    _append,
)


def with_one_changed(value: object, draw: random.Random) -> object:
    """Return nested lists and bytes with one leaf of bytes or text changed."""
    if isinstance(value, list) and value:
        index = draw.randrange(len(value))
        return [
            with_one_changed(item, draw) if place == index else item
            for place, item in enumerate(value)
        ]
    if isinstance(value, bytes):
        return mutate(value, draw)
    if isinstance(value, str):
        return draw.choice(("jp", "nato", "", "\N{EM DASH}", value + "x"))
    return draw.choice((0, 1, -1, 2**62, None, b"", []))
