"""A form as its reader reads it: labels and codes in the reader's language, words as written.

One way for every screen and print: rows of a label and its values, which the terminal, HTML and
plain text each draw. What this release does not know is shown by its own name in quotes, and
said to be unknown; it is never left out.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import Final, cast

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.instant import from_text
from noroshi.core.kinds.form import Field, FieldType
from noroshi.core.kinds.kind import Kind
from noroshi.core.lexicon import figures
from noroshi.core.lexicon.lexicon import Language, Lexicon

_VERBATIM: Final = frozenset(
    {
        FieldType.LINE, FieldType.TEXT, FieldType.ORIGINAL, FieldType.VERSION,
        FieldType.TRANSLATION,
    }
)  # fmt: skip
_SPOKEN: Final = frozenset({FieldType.VERSION, FieldType.TRANSLATION})
_NAMED_PARTS: Final = frozenset({FieldType.PLACE, FieldType.EVIDENCE, FieldType.ORIGINAL})
"""Their parts may be all that there are."""
_LONGEST_ORIGINAL: Final = 4_000
"""Characters; of a longer one only the size is shown. `export --as original` gives all of it."""


class Row(msgspec.Struct, frozen=True):
    """A field as it is read."""

    label: str
    values: tuple[str, ...]
    is_verbatim: bool = False
    """Whether the values are the writer's own words, in the writer's language."""
    is_known: bool = True
    """Whether this release knows the field and all its codes."""
    spoken: tuple["Spoken", ...] = ()
    """Of values that are each in a language of their own."""
    field: str = ""
    """By its name."""


class Spoken(msgspec.Struct, frozen=True):
    """What a text is written in."""

    language: str
    """BCP 47; "": nobody said."""
    about: str
    """What the reader is told of it."""


class Reader(msgspec.Struct, frozen=True):
    """Who reads."""

    lexicon: Lexicon
    language: Language
    zone: tzinfo | None = None
    """Of the desk's own clock; None: UTC alone is shown."""


def read_form(kind: Kind | None, values: Mapping[str, object], reader: Reader) -> list[Row]:
    """Return the fields of a report in the order of its form, then those that are not known."""
    fields = kind.fields if kind is not None else ()
    rows = [_row(field, values[field.name], reader) for field in fields if field.name in values]
    known = {field.name for field in fields}
    rows += [
        Row(_unknown(name, reader), (_raw(value),), is_known=False, field=name)
        for name, value in values.items()
        if name not in known
    ]
    return rows


def _unknown(name: str, reader: Reader) -> str:
    """Return what a field is called that this release does not know: in words, its name quoted.

    So no name that a partner chose can pass for a label of a form.
    """
    return reader.lexicon.sentence("sheet.unknown_field", reader.language, name=_raw(name))


def _row(field: Field, value: object, reader: Reader) -> Row:
    lexicon, language = reader.lexicon, reader.language
    many = cast("list[object]", value) if isinstance(value, list) else [value]
    shown = [_value(field, each, reader) for each in many]
    return Row(
        label=lexicon.label(field.says.label, language),
        values=tuple(text for text, _ in shown),
        is_verbatim=field.type in _VERBATIM,
        is_known=all(is_known for _, is_known in shown),
        spoken=tuple(_spoken(field.type, each, reader) for each in many)
        if field.type in _SPOKEN
        else (),
        field=field.name,
    )


def _spoken(kind: FieldType, value: object, reader: Reader) -> Spoken:
    part = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    if kind is FieldType.TRANSLATION:
        return Spoken("", str(part.get("field", "")))
    language, code = str(part.get("language", "")), f"standing.{part.get('standing')}"
    known = code in reader.lexicon
    standing = reader.lexicon.label(code, reader.language) if known else str(part.get("standing"))
    return Spoken(language, f"{language} ({standing})")


def _value(field: Field, value: object, reader: Reader) -> tuple[str, bool]:
    """Return how a value is read, and whether it is what the form says."""
    match value:
        case str():
            return _text(field, value, reader)
        case bool():
            return _raw(value), False
        case int() | float():
            unit = field.says.unit
            if unit in reader.lexicon:
                unit = reader.lexicon.short(unit, reader.language)
            return f"{figures.number(value, reader.language)} {unit}".strip(), True
        case {"text": str(text)} if field.type in _SPOKEN:
            return text, True
        case dict():
            return _part(field.type, cast("dict[str, object]", value), reader)
        case _:
            return _raw(value), False


def _text(field: Field, value: str, reader: Reader) -> tuple[str, bool]:  # noqa: PLR0911 - one a type
    lexicon, language = reader.lexicon, reader.language
    match field.type:
        case FieldType.CODE:
            code = f"{field.says.vocabulary}.{value}"
            if code not in lexicon:
                return lexicon.sentence("s.unknown_code", language, code=value), False
            label = lexicon.label(code, language)
            return f"{value} {label}" if field.says.coded else label, True
        case FieldType.GRADE:
            codes = [f"admiralty.{sign}" for sign in value]
            if not all(code in lexicon for code in codes):
                return value, False
            said = ", ".join(lexicon.label(code, language) for code in codes)
            return f"{value} ({said})", True
        case FieldType.TIME:
            return _time(value, reader)
        case FieldType.BYTES:
            size = figures.number(len(value) * 3 // 4 - value[-2:].count("="), language)
            return lexicon.sentence("sheet.bytes", language, n=size), True
        case _:
            return _with_successors(field.says.framework, value, lexicon), True


def _with_successors(framework: str, value: str, lexicon: Lexicon) -> str:
    """Return a code as it was written, with those in its place where it was retired."""
    known = lexicon.framework(framework)
    retired = None if known is None else known.retirement(value)
    if known is None or retired is None:
        return value
    sign = "→" if retired.stated else "≈"
    return f"{value} {sign} {', '.join(retired.now)} ({framework} {known.version})"


def _time(value: object, reader: Reader) -> tuple[str, bool]:
    try:
        return figures.moment(from_text(str(value)), reader.zone), True
    except InputError:
        return str(value), False


def _part(kind: FieldType, part: dict[str, object], reader: Reader) -> tuple[str, bool]:
    """Return a value that has fields of its own, on one line."""
    match kind, part:
        case FieldType.WINDOW, {"begins_at": begins, "ends_at": ends, **rest} if not rest:
            (first, is_first), (last, is_last) = _time(begins, reader), _time(ends, reader)
            return f"{first} \N{EN DASH} {last}", is_first and is_last
        case FieldType.PLACE, {"latitude": float() | int(), "longitude": float() | int()}:
            return _place(part, reader), part.keys() <= {
                "name", "latitude", "longitude", "radius_km"
            }  # fmt: skip
        case FieldType.INDICATOR, {"type": kind_of, "value": value}:
            return _joined(f"{kind_of}  {value}", part, {"type", "value"}), True
        case FieldType.NEED, {"capability": capability}:
            return _need(str(capability), part, reader), True
        case FieldType.ORIGINAL, {"format": format_of, "content": str(content), **rest} if not rest:
            return _original(str(format_of), content, reader), True
        case _:
            return _joined("", part, ()), kind in _NAMED_PARTS


def _place(part: dict[str, object], reader: Reader) -> str:
    latitude, longitude = cast("float", part["latitude"]), cast("float", part["longitude"])
    point = figures.coordinates(latitude, longitude)
    radius = part.get("radius_km")
    if isinstance(radius, int | float):
        kilometre = reader.lexicon.short("unit.km", reader.language)
        point += f", {figures.number(radius, reader.language)} {kilometre}"
    return f"{part['name']} ({point})" if "name" in part else point


def _need(capability: str, part: dict[str, object], reader: Reader) -> str:
    language = reader.language
    text, unit = capability, str(part.get("unit", ""))
    if isinstance(quantity := part.get("quantity"), int | float):
        text += f": {figures.number(quantity, language)} {unit}".rstrip()
    if isinstance(left := part.get("open"), int | float):
        label = reader.lexicon.label("rl.open", language)
        text += f" ({label}: {figures.number(left, language)} {unit}".rstrip() + ")"
    return text


def _original(format_of: str, content: str, reader: Reader) -> str:
    """Return what another system wrote: its form and size, and itself where it is short."""
    size = len(content.encode())
    head = f"{format_of}, {reader.lexicon.sentence('sheet.bytes', reader.language, n=size)}"
    return f"{head}\n{content}" if len(content) <= _LONGEST_ORIGINAL else head


def _joined(begin: str, part: Mapping[str, object], shown: Iterable[str]) -> str:
    rest = [value if isinstance(value, str) else _raw(value)
            for name, value in part.items() if name not in shown]  # fmt: skip
    return "  ".join(filter(None, (begin, *rest)))


def _raw(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
