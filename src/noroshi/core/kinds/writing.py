"""A field as its writer types it, in one line: from words and short forms to the value that goes.

What is short at three in the morning: `now`, `06:12` for today in UTC, the label of a code or the
first letters of either, `39.5 125.2 West coast` for a place, `;` between several values.
"""

import re
from typing import Final

from noroshi.core.errors import InputError
from noroshi.core.instant import Instant, day_of, from_text, to_text
from noroshi.core.kinds.form import Field, FieldType
from noroshi.core.kinds.reading import Reader

_NOW: Final = "now"
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):?([0-5]\d)Z?")
_POINT: Final = re.compile(r"([-+]?\d+(?:\.\d+)?)[ ,]+([-+]?\d+(?:\.\d+)?)(?:\s+(.+))?")
_AMOUNT: Final = re.compile(r"(.+?):\s*(\d+(?:\.\d+)?)\s*(.*)")

_VERSION: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]*)\s+(equal|courtesy):\s*(.+)", re.DOTALL)


def read_value(field: Field, text: str, writer: Reader, now: Instant) -> object:
    """Return the value that `text` means for a field, as it stands in a report JSON.

    Raises:
        InputError: it means none; the message says what would.
    """
    if not field.is_many:
        return _one(field, text.strip(), writer, now)
    parts = [part.strip() for part in text.split(";")]
    return [_one(field, part, writer, now) for part in parts if part]


def _one(field: Field, text: str, writer: Reader, now: Instant) -> object:  # noqa: C901, PLR0911 - one a type
    match field.type:
        case FieldType.CODE:
            return _code(field, text, writer)
        case FieldType.TIME:
            return read_time(text, now)
        case FieldType.NUMBER:
            return _number(text)
        case FieldType.PLACE:
            return _place(text)
        case FieldType.WINDOW:
            return _window(text, now)
        case FieldType.INDICATOR:
            return _indicator(text)
        case FieldType.EVIDENCE:
            return {"url": text}
        case FieldType.NEED:
            return _need(text)
        case FieldType.VERSION:
            return _version(text)
        case FieldType.GRADE:
            return text.upper()
        case _:
            return text


def _code(field: Field, text: str, writer: Reader) -> str:
    vocabulary, typed = field.says.vocabulary, text.casefold()
    names = {
        value: (value.casefold(),
                writer.lexicon.label(f"{vocabulary}.{value}", writer.language).casefold())
        for value in writer.lexicon.values(vocabulary)
    }  # fmt: skip
    same = [value for value, said in names.items() if typed in said]
    begun = [value for value, said in names.items() if any(s.startswith(typed) for s in said)]
    found = same or begun
    if typed and len(found) == 1:
        return found[0]
    msg = f"{text!r} is not one of: {', '.join((typed and found) or names)}"
    raise InputError("bad-form", msg)


def read_time(text: str, now: Instant) -> str:
    """Return the time that `text` means, as RFC 3339 in UTC.

    Raises:
        InputError: it means none.
    """
    if text.casefold() == _NOW:
        return to_text(now)
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        return f"{day_of(now)}T{clock[1]}:{clock[2]}:00Z"
    try:
        return to_text(from_text(text))
    except InputError:
        msg = f"{text!r} is no time; write 06:12 (today, UTC), 2026-11-21T06:12:00Z, or now"
        raise InputError("bad-form", msg) from None


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        msg = f"{text!r} is no number; write 1234.5, with a point and no grouping"
        raise InputError("bad-form", msg) from None


def _place(text: str) -> object:
    point = _POINT.fullmatch(text)
    if point is None:
        return text
    place: dict[str, object] = {"latitude": float(point[1]), "longitude": float(point[2])}
    return {"name": point[3], **place} if point[3] else place


def _window(text: str, now: Instant) -> dict[str, str]:
    begins, between, ends = text.partition("/")
    if not between:
        msg = f"{text!r} is no window; write 06:00/09:30 or two whole times with / between"
        raise InputError("bad-form", msg)
    return {"begins_at": read_time(begins.strip(), now), "ends_at": read_time(ends.strip(), now)}


def _indicator(text: str) -> dict[str, str]:
    kind, between, value = text.partition(" ")
    if not between:
        msg = f"{text!r} is no indicator; write its type and value: ipv4-addr 192.0.2.44"
        raise InputError("bad-form", msg)
    return {"type": kind, "value": value.strip()}


def _version(text: str) -> dict[str, str]:
    found = _VERSION.fullmatch(text)
    if found is None:
        msg = f"{text!r} is no language version; write fr equal: and the text, or fr courtesy: ..."
        raise InputError("bad-form", msg)
    return {"language": found[1], "standing": found[2], "text": found[3]}


def _need(text: str) -> dict[str, object]:
    amount = _AMOUNT.fullmatch(text)
    if amount is None:
        return {"capability": text}
    need: dict[str, object] = {"capability": amount[1], "quantity": _number(amount[2])}
    return {**need, "unit": amount[3]} if amount[3] else need
