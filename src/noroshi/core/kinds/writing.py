"""A field as its writer types it, in one line: from words and short forms to the value that goes.

What is short at three in the morning: `now`, `06:12` in UTC, the label of a code or the first
letters of either, `39.5 125.2 West coast` for a place, `;` between several values. What a sheet
shows of a value means that value when it is typed back.
"""

import re
import unicodedata
from typing import Final

from noroshi.core.errors import InputError
from noroshi.core.instant import Instant
from noroshi.core.kinds.form import Field, FieldType
from noroshi.core.kinds.places import read_place
from noroshi.core.kinds.quantities import read_need, read_number
from noroshi.core.kinds.reading import Reader
from noroshi.core.kinds.times import read_time, read_window

_VERSION: Final = re.compile(
    r"([A-Za-z][A-Za-z0-9-]*)\s+(equal|courtesy)\s*[:\N{FULLWIDTH COLON}]\s*(.+)", re.DOTALL
)
_GRADE: Final = re.compile(r"([A-Fa-f][1-6])(?:\s+\(.*\))?")
_WORDS: Final = frozenset(
    {FieldType.LINE, FieldType.TEXT, FieldType.NAME, FieldType.VERSION, FieldType.EVIDENCE}
)
"""In these a semicolon of East Asian keyboards is one of the writer's own."""


def help_of(field: Field, writer: Reader) -> str:
    """Return what helps to type a field in one line, "" where its label says all."""
    told = [writer.lexicon.help(field.says.label, writer.language)]
    if field.is_many:
        told.append(writer.lexicon.label("sheet.several", writer.language))
    return " ".join(filter(None, told))


def read_value(field: Field, text: str, writer: Reader, now: Instant) -> object:
    """Return the value that `text` means for a field, as it stands in a report JSON.

    Raises:
        InputError: it means none; the message says what would.
    """
    if not field.is_many:
        return _one(field, text.strip(), writer, now)
    between = ";" if field.type in _WORDS else "[;\N{FULLWIDTH SEMICOLON}]"
    parts = [part.strip() for part in re.split(between, text)]
    return [_one(field, part, writer, now) for part in parts if part]


def _one(field: Field, text: str, writer: Reader, now: Instant) -> object:  # noqa: C901, PLR0911 - one a type
    match field.type:
        case FieldType.CODE:
            return _code(field, text, writer)
        case FieldType.TIME:
            return read_time(text, now, field.says.tense)
        case FieldType.NUMBER:
            return read_number(text, writer, field.says.unit)
        case FieldType.PLACE:
            return read_place(text, writer)
        case FieldType.WINDOW:
            return read_window(text, now)
        case FieldType.INDICATOR:
            return _indicator(text)
        case FieldType.EVIDENCE:
            return {"url": text}
        case FieldType.NEED:
            return read_need(text, writer)
        case FieldType.VERSION:
            return _version(text)
        case FieldType.GRADE:
            return _grade(text)
        case _:
            return text


def _code(field: Field, text: str, writer: Reader) -> str:
    vocabulary, typed = field.says.vocabulary, _plain(text)
    names: dict[str, tuple[str, ...]] = {}
    for value in writer.lexicon.values(vocabulary):
        label = writer.lexicon.label(f"{vocabulary}.{value}", writer.language)
        names[value] = tuple(map(_plain, (value, label, f"{value} {label}")))
    same = [value for value, said in names.items() if typed in said]
    begun = [value for value, said in names.items() if any(s.startswith(typed) for s in said)]
    found = same or begun
    if typed and len(found) == 1:
        return found[0]
    msg = f"{text!r} is not one of: {', '.join((typed and found) or names)}"
    raise InputError("bad-form", msg)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _grade(text: str) -> str:
    found = _GRADE.fullmatch(unicodedata.normalize("NFKC", text))
    return text.upper() if found is None else found[1].upper()


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
