"""A report JSON in few bytes: numbers for names and codes, and the order and layout kept.

    value   = number | text | null | {0: JSON text} | as its type says
    fields  = [* (number of the field | its name), value]     in the writer's order

What the dictionary does not know stands as text, whatever it is; what cannot be carried at all, is
not carried in the compact form: the writer compares what would come out with what went in.
"""

import base64
import contextlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Final, cast

import msgspec

from noroshi.core.compact.dictionary import COMMON, Dictionary, Entry, Names
from noroshi.core.errors import InputError, MalformedError
from noroshi.core.instant import SECOND, from_text, is_instant, to_text
from noroshi.core.report import report_id_in, report_id_text
from noroshi.core.strict_json import parse_json

_BEGIN: Final = "noroshi"
_KIND: Final = "kind"
_LAYOUTS: Final = (
    (b'{\n "noroshi": 1', 1),
    (b'{"noroshi":1', -1),
    (b'{"noroshi": 1', 0),
    (b'{\n  "noroshi": 1', 2),
)
"""How a body begins, and how far each level is set in; 0: all on one line, -1: without blanks."""
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
_DECIMAL: Final = re.compile(r"(-?)(\d+)\.(\d{1,17})")
_HEX: Final = re.compile("(?:[0-9a-f]{2}){8,}")
_LONGEST: Final = 63
"""Of a number, in bits."""
_OTHER: Final = 0


class Around(msgspec.Struct, frozen=True):
    """What the content says beside its body, so that the body need not say it again."""

    kind: str
    subject: str
    references: tuple[bytes, ...]


class _Book(msgspec.Struct, frozen=True):
    """What the numbers of one form mean."""

    words: Dictionary
    around: Around
    own: Names
    """Of the form's kind."""

    @property
    def common(self) -> Names:
        return self.words.fields(COMMON)


def write_form(body: bytes, around: Around, words: Dictionary) -> tuple[int, list[object]] | None:
    """Return the layout of a report JSON and its fields; None: they would not come back exactly."""
    layout = _layout_of(body)
    if layout is None:
        return None
    try:
        form = cast("dict[str, object]", json.loads(body))
        is_exact = _laid_out(form, layout) == body and form[_BEGIN] == 1
    except (ValueError, RecursionError):
        return None
    if not is_exact:
        return None
    book = _Book(words, around, words.fields(_kind_of(form.get(_KIND), around)))
    written: list[object] = []
    for name, value in form.items():
        if name != _BEGIN:
            number, entry = _numbered(name, book)
            written += (name if number is None else number, _write(entry, value, book))
    return layout, written


def read_form(layout: int, pairs: list[object], around: Around, words: Dictionary) -> bytes:
    """Return the report JSON that `pairs` are, byte for byte.

    Raises:
        MalformedError: they are none.
    """
    if not 0 <= layout < 2 * len(_LAYOUTS) or len(pairs) % 2:
        raise MalformedError("fields that are none")
    named = list(zip(pairs[::2], pairs[1::2], strict=True))
    common = _Book(words, around, words.fields(COMMON))
    kind = next((_read(_KIND_ENTRY, value, common) for key, value in named if key == -1), None)
    book = _Book(words, around, words.fields(_kind_of(kind, around)))
    form: dict[str, object] = {_BEGIN: 1}
    for key, value in named:
        entry = _entry(key, book)
        form[entry.name] = _read(entry, value, book)
    return _laid_out(form, layout)


_KIND_ENTRY: Final = Entry(_KIND, _KIND)


def _layout_of(body: bytes) -> int | None:
    for number, (begin, _) in enumerate(_LAYOUTS):
        if body.startswith(begin):
            return 2 * number + body.endswith(b"\n")
    return None


def _laid_out(form: object, layout: int) -> bytes:
    text = json.dumps(form, ensure_ascii=False, separators=(",", ":"))
    _, indent = _LAYOUTS[layout // 2]
    return msgspec.json.format(text.encode(), indent=indent) + b"\n" * (layout % 2)


def _kind_of(told: object, around: Around) -> str:
    return told if isinstance(told, str) else around.kind


def _numbered(name: str, book: _Book) -> tuple[int | None, Entry]:
    """Return number and entry of a field; those of its kind come before those that all have."""
    number = book.own.number(name)
    if number is not None:
        return number, book.own.at(number)
    number = book.common.number(name)
    return (None, Entry(name, "json")) if number is None else (-1 - number, book.common.at(number))


def _entry(key: object, book: _Book) -> Entry:
    if isinstance(key, str):
        return Entry(key, "json")
    if type(key) is not int:
        raise MalformedError("a field without a name")
    return book.own.at(key) if key >= 0 else book.common.at(-1 - key)


def _write(entry: Entry, value: object, book: _Book) -> object:
    """Return how a value of a field stands, which may be in a list."""
    if not entry.is_many:
        return _write_one(entry, value, book)
    if not isinstance(value, list):
        return _other(value)
    return [_write_one(entry, each, book) for each in cast("list[object]", value)]


def _read(entry: Entry, told: object, book: _Book) -> object:
    if not entry.is_many:
        return _read_one(entry, told, book)
    if isinstance(told, list):
        return [_read_one(entry, each, book) for each in cast("list[object]", told)]
    if isinstance(told, dict):
        return _read_other(cast("dict[object, object]", told))
    raise MalformedError("one value where there are several")


def _write_one(entry: Entry, value: object, book: _Book) -> object:
    writer = _WRITERS.get(entry.type)
    told = None if writer is None else writer(entry, value, book)
    if told is not None:
        return _NULL if told is _SAME else told
    return value if isinstance(value, str) else _other(value)


def _read_one(entry: Entry, told: object, book: _Book) -> object:
    if isinstance(told, str):
        return told
    if isinstance(told, dict):
        return _read_other(cast("dict[object, object]", told))
    reader = _READERS.get(entry.type)
    if reader is None:
        raise MalformedError("a value of another kind than its field")
    return reader(entry, told, book)


def _other(value: object) -> dict[int, str]:
    return {_OTHER: json.dumps(value, ensure_ascii=False, separators=(",", ":"))}


def _read_other(told: Mapping[object, object]) -> object:
    text = told.get(_OTHER)
    if isinstance(text, str):
        with contextlib.suppress(ValueError):  # it holds what is said; ours holds nothing of it
            return parse_json(text)
    raise MalformedError("a value that cannot be read")


# A writer returns None where its type cannot carry a value; a reader gets neither text nor a map.

_SAME: Final = object()
"""What a writer returns for what the content says beside the body."""
_NULL: Final = None


def _write_word(entry: Entry, value: object, book: _Book) -> object:
    return book.words.words(entry.of).number(value) if isinstance(value, str) else None


def _read_word(entry: Entry, told: object, book: _Book) -> object:
    return book.words.words(entry.of).at(_integer(told)).name


def _write_kind(_: Entry, value: object, book: _Book) -> object:
    if value == book.around.kind:
        return _SAME
    return book.words.words(_KIND).number(value) if isinstance(value, str) else None


def _read_kind(_: Entry, told: object, book: _Book) -> object:
    return book.around.kind if told is None else book.words.words(_KIND).at(_integer(told)).name


def _write_subject(_: Entry, value: object, book: _Book) -> object:
    return _SAME if value == book.around.subject else None


def _read_subject(_: Entry, told: object, book: _Book) -> object:
    if told is not None:
        raise MalformedError("a subject that is none")
    return book.around.subject


def _write_report(_: Entry, value: object, book: _Book) -> object:
    found = report_id_in(value)
    return _SAME if found is not None and found in book.around.references[:1] else found


def _read_report(_: Entry, told: object, book: _Book) -> object:
    found = book.around.references[0] if told is None and book.around.references else told
    if not isinstance(found, bytes):
        raise MalformedError("an id that is none")
    return report_id_text(found)


def _write_name(_: Entry, value: object, __: _Book) -> object:
    is_hex = isinstance(value, str) and _HEX.fullmatch(value)
    return bytes.fromhex(cast("str", value)) if is_hex else None


def _read_name(_: Entry, told: object, __: _Book) -> object:
    if not isinstance(told, bytes):
        raise MalformedError("a name that is none")
    return told.hex()


def _write_bytes(_: Entry, value: object, __: _Book) -> object:
    with contextlib.suppress(ValueError):
        told = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
        return told if told and _base64(told) == value else None
    return None


def _read_bytes(_: Entry, told: object, __: _Book) -> object:
    if not isinstance(told, bytes):
        raise MalformedError("bytes that are none")
    return _base64(told)


def _base64(told: bytes) -> str:
    return base64.b64encode(told).decode()


def _write_time(_: Entry, value: object, __: _Book) -> object:
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    try:
        at = from_text(match[0])
    except InputError:
        return None
    return at // SECOND if match[1] is None else -1 - at


def _read_time(_: Entry, told: object, __: _Book) -> object:
    number = _integer(told)
    at = number * SECOND if number >= 0 else -1 - number
    if not is_instant(at):
        raise MalformedError("a time that cannot be")
    return to_text(at) if number < 0 else f"{to_text(at)[:19]}Z"


def _write_number(_: Entry, value: object, __: _Book) -> object:
    if type(value) is int:
        return value if value.bit_length() <= _LONGEST else None
    decimal = _DECIMAL.fullmatch(repr(value)) if type(value) is float else None
    if decimal is None:
        return None
    places, mantissa = len(decimal[3]), int("".join(decimal.groups()))
    is_told = mantissa.bit_length() <= _LONGEST and _decimal(places, mantissa) == decimal[0]
    return [places, mantissa] if is_told else None


def _read_number(_: Entry, told: object, __: _Book) -> object:
    if not isinstance(told, list):
        return _integer(told)
    match [*map(_integer, cast("list[object]", told))]:
        case [places, mantissa] if 0 < places <= 17:  # noqa: PLR2004 - digits that a float has
            return float(_decimal(places, mantissa))
        case _:
            raise MalformedError("a number that is none")


def _decimal(places: int, mantissa: int) -> str:
    digits = str(abs(mantissa)).zfill(places + 1)
    return f"{'-' * (mantissa < 0)}{digits[:-places]}.{digits[-places:]}"


def _write_part(entry: Entry, value: object, book: _Book) -> object:
    if not isinstance(value, dict):
        return None
    parts, written = book.words.parts(entry.of), list[object]()
    for name, each in cast("dict[str, object]", value).items():
        number = parts.number(name)
        part = Entry(name, "json") if number is None else parts.at(number)
        written += (name if number is None else number, _write_one(part, each, book))
    return written


def _read_part(entry: Entry, told: object, book: _Book) -> object:
    pairs = cast("list[object]", told) if isinstance(told, list) else [None]
    if len(pairs) % 2:
        raise MalformedError("parts that are none")
    parts, value = book.words.parts(entry.of), dict[str, object]()
    for key, each in zip(pairs[::2], pairs[1::2], strict=True):
        part = Entry(key, "json") if isinstance(key, str) else parts.at(_integer(key))
        value[part.name] = _read_one(part, each, book)
    return value


def _write_field(_: Entry, value: object, book: _Book) -> object:
    return _numbered(value, book)[0] if isinstance(value, str) else None


def _read_field(_: Entry, told: object, book: _Book) -> object:
    return _entry(_integer(told), book).name


def _integer(told: object) -> int:
    if type(told) is not int:
        raise MalformedError("a number that is none")
    return told


_Turn = Callable[[Entry, object, _Book], object]
_WRITERS: Final[Mapping[str, _Turn]] = {
    "word": _write_word,
    "kind": _write_kind,
    "subject": _write_subject,
    "report": _write_report,
    "name": _write_name,
    "bytes": _write_bytes,
    "time": _write_time,
    "number": _write_number,
    "part": _write_part,
    "field": _write_field,
}
_READERS: Final[Mapping[str, _Turn]] = {
    "word": _read_word,
    "kind": _read_kind,
    "subject": _read_subject,
    "report": _read_report,
    "name": _read_name,
    "bytes": _read_bytes,
    "time": _read_time,
    "number": _read_number,
    "part": _read_part,
    "field": _read_field,
}
