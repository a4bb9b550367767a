"""The decode gate: the one way from outside bytes to values, and back.

Every format of Noroshi is deterministic CBOR (RFC 8949 section 4.2.1) made of integers of at
most 64 bits with their sign, byte and text strings, arrays, maps, booleans and null. The gate
checks size, then walks the bytes (no tags, no floats, no indefinite lengths, bounded depth and
count) before any parser sees them, and afterwards encodes the value again and compares. So one
value has one encoding, and what a library tolerates does not matter.

The library sorts the keys of a map by length first (RFC 8949 section 4.2.3); for the labels in
use both orders are the same.

    >>> encode([1, b"x"]).hex()
    '82014178'
    >>> decode(encode([1, b"x"]), limit=100)
    [1, b'x']
"""

from typing import Final, TypeVar

import cbor2
import msgspec

from noroshi.core.errors import MalformedError

MAX_DEPTH: Final = 12
MAX_ITEMS: Final = 4096

_UINT, _NEGINT, BYTES, TEXT, _ARRAY, _MAP, _TAG = range(7)
_FIRST_STRING: Final = BYTES << 5
_FIRST_ARRAY: Final = _ARRAY << 5
_FIRST_MAP: Final = _MAP << 5
_FIRST_TAG: Final = _TAG << 5
_FALSE_TRUE_NULL: Final = (20, 21, 22)

T = TypeVar("T")

_UNFIT: Final = object()


def encode(value: object, *, tag: int | None = None) -> bytes:
    """Return the one encoding of `value`, behind CBOR tag `tag` if one is given."""
    return _tag_head(tag) + cbor2.dumps(value, canonical=True)


def encode_struct(struct: msgspec.Struct) -> bytes:
    """Return the encoding of a positional struct: an array of its fields in order."""
    return encode(msgspec.to_builtins(struct, builtin_types=(bytes,)))


def decode(raw: bytes, *, limit: int, tag: int | None = None) -> object:
    """Return the value of `raw`.

    Raises:
        MalformedError: `raw` is longer than `limit` bytes, lacks the leading `tag`, or is
            anything but the one encoding of its value.
    """
    if len(raw) > limit:
        msg = f"{len(raw)} bytes where at most {limit} are allowed"
        raise MalformedError(msg)
    head = _tag_head(tag)
    if not raw.startswith(head):
        raise MalformedError("the leading CBOR tag is missing")
    content = raw[len(head) :]
    value = _parse(content)
    if value is _UNFIT:
        raise MalformedError("not deterministic CBOR")
    if cbor2.dumps(value, canonical=True) != content:
        raise MalformedError("not the canonical encoding of its value")
    return value


def decode_struct(raw: bytes, struct: type[T], *, limit: int, tag: int | None = None) -> T:
    """Return `raw` as a positional `struct`, every field of its exact type.

    Raises:
        MalformedError: as for :func:`decode`, or a field is missing, extra or of another type.
    """
    return convert(decode(raw, limit=limit, tag=tag), struct)


def convert(value: object, kind: type[T]) -> T:
    """Return a decoded `value` as a typed `kind`.

    Raises:
        MalformedError: it does not fit.
    """
    converted, place = _convert(value, kind)
    if converted is None:
        msg = f"a field is missing, extra or of another kind{place}"
        raise MalformedError(msg)
    return converted


# A library's error may hold the bytes that it choked on, and with them what a report says. So ours
# are raised outside the handlers: they have no cause and no context that somebody could print.


def _parse(raw: bytes) -> object:
    try:
        _scan(raw)
        value: object = cbor2.loads(raw)
    except (IndexError, cbor2.CBORDecodeError, ValueError):
        return _UNFIT
    return value


def _convert(value: object, kind: type[T]) -> tuple[T | None, str]:
    """Return the typed value, or None and the place that does not fit."""
    try:
        return msgspec.convert(value, kind, builtin_types=(bytes,)), ""
    except msgspec.ValidationError as error:
        _, at, place = str(error).rpartition(" - at ")
        return None, at and at + place


def _tag_head(tag: int | None) -> bytes:
    return b"" if tag is None else bytes((0xD8, tag))


def _scan(raw: bytes) -> None:  # noqa: C901, PLR0912 - one walk
    """Walk the bytes without building anything; raise ValueError or IndexError when unfit."""
    position, items, missing = 0, 0, 1
    open_containers: list[int] = []
    while True:
        while missing == 0:
            if not open_containers:
                if position != len(raw):
                    raise ValueError
                return
            missing = open_containers.pop()
        missing -= 1
        items += 1
        if items > MAX_ITEMS:
            raise ValueError
        head = raw[position]
        info = head & 31
        if head >= _FIRST_TAG or info > 24:  # noqa: PLR2004 - most heads are of one or two bytes
            head, argument, position = read_head(raw, position)
            head <<= 5
        elif info < 24:  # noqa: PLR2004
            argument, position = info, position + 1
        else:
            argument, position = raw[position + 1], position + 2
        if head < _FIRST_STRING:
            continue
        if head < _FIRST_ARRAY:
            position += argument
            if position > len(raw):
                raise ValueError
        elif head < _FIRST_TAG:
            open_containers.append(missing)
            missing = argument if head < _FIRST_MAP else 2 * argument
            if len(open_containers) > MAX_DEPTH:
                raise ValueError


def read_head(raw: bytes, position: int) -> tuple[int, int, int]:
    """Return major type, argument and the position behind the head of one item.

    Raises:
        ValueError, IndexError: there is no head that the formats allow.
    """
    major, info = raw[position] >> 5, raw[position] & 31
    position += 1
    if major > _TAG:
        if info not in _FALSE_TRUE_NULL:
            raise ValueError
        return major, 0, position
    if major == _TAG:
        raise ValueError
    if info < 24:  # noqa: PLR2004 - RFC 8949 section 3: the argument itself
        return major, info, position
    width = {24: 1, 25: 2, 26: 4, 27: 8}.get(info)
    if width is None or position + width > len(raw):
        raise ValueError
    argument = int.from_bytes(raw[position : position + width])
    if argument >> 63:  # what no signed 64-bit integer holds, no table and no other language does
        raise ValueError
    return major, argument, position + width
