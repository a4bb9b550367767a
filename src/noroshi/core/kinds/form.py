"""Forms: what the fields of a report are made of, and what each is called.

A kind's form is a struct whose annotations say of each field its type and, by :class:`Says`, its
label in the lexicon. Fields that are first suffice for a FLASH; all others may follow.
"""

import typing
from enum import Enum
from functools import cache
from types import UnionType
from typing import Annotated, Final, Literal, cast

import msgspec

MAX_LINE: Final = 300
MAX_TEXT: Final = 50_000
MAX_MANY: Final = 1_000


class FieldType(Enum):
    """How a value is written, checked and shown."""

    LINE = "line"
    """One line in the writer's language."""
    TEXT = "text"
    """Paragraphs in the writer's language."""
    CODE = "code"
    """A value of a vocabulary, read by everybody in their own language."""
    NAME = "name"
    """What is the same in every language: a product, a number, an address, a technique's code."""
    TIME = "time"
    """RFC 3339, UTC."""
    NUMBER = "number"
    GRADE = "grade"
    """The Admiralty system: reliability of the source, A to F, credibility of what it says."""
    WINDOW = "window"
    PLACE = "place"
    INDICATOR = "indicator"
    EVIDENCE = "evidence"
    NEED = "need"
    ORIGINAL = "original"
    """What another system wrote, as it came."""
    VERSION = "version"
    """A text in one more language."""
    TRANSLATION = "translation"
    """What a field says, in another language."""
    BYTES = "bytes"
    """Base64, for machines."""


Line = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_LINE), FieldType.LINE]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT), FieldType.TEXT]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64), FieldType.CODE]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_LINE), FieldType.NAME]
Time = Annotated[str, msgspec.Meta(max_length=40), FieldType.TIME]
Number = Annotated[float, FieldType.NUMBER]
Count = Annotated[int, msgspec.Meta(ge=0), FieldType.NUMBER]
Percent = Annotated[int, msgspec.Meta(ge=0, le=100), FieldType.NUMBER]
Bearing = Annotated[float, msgspec.Meta(ge=0, lt=360), FieldType.NUMBER]
"""Degrees from true north, clockwise."""
Grade = Annotated[str, msgspec.Meta(pattern="^[A-F][1-6]$"), FieldType.GRADE]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
"""SHA-256, in hexadecimal digits."""
Bytes = Annotated[
    str, msgspec.Meta(pattern="^[A-Za-z0-9+/]+={0,2}$", max_length=64_000), FieldType.BYTES
]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A value that has fields of its own."""


class Window(Part, frozen=True):
    """From when until when."""

    begins_at: Time
    ends_at: Time


class Place(Part, frozen=True):
    """A point on the globe (WGS 84), a circle round it, or a name."""

    name: Line | None = None
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    """Degrees, north is positive."""
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    """Degrees, east is positive."""
    radius_km: Annotated[float, msgspec.Meta(ge=0, le=20_038)] | None = None


Where = Annotated[
    Place | Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_LINE)], FieldType.PLACE
]
"""A place, or only its name."""


class Indicator(Part, frozen=True):
    """An indicator of compromise."""

    type: Name
    """A STIX 2.1 cyber-observable type, such as ipv4-addr; for files file:hashes.SHA-256."""
    value: Name
    note: Line | None = None


class Evidence(Part, frozen=True):
    """Where something was seen; what was there is soon deleted."""

    url: Name | None = None
    archive: Name | None = None
    sha256: Digest | None = None
    note: Line | None = None


class Need(Part, frozen=True):
    """A capability, and how much of it; what is offered and committed leaves less open."""

    capability: Line
    quantity: Annotated[float, msgspec.Meta(gt=0)] | None = None
    unit: Line | None = None
    open: Annotated[float, msgspec.Meta(ge=0)] | None = None


class Original(Part, frozen=True):
    """What another system wrote, of which the form is a rendering; nothing in it is lost."""

    format: Name
    """Such as misp-event or cap-1.2."""
    content: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    """None: it goes along as an attachment."""
    sha256: Digest | None = None
    """Of the file that goes along."""


class Version(Part, frozen=True):
    """A text in one more language."""

    language: Name
    """BCP 47."""
    text: Text
    standing: Literal["equal", "courtesy"]
    """Whether it is as authentic as the text itself, or a courtesy translation."""


class Translation(Part, frozen=True):
    """What a field says, in another language."""

    field: Name
    """By its name; "body" where the report is no form."""
    of: Digest
    """Of the words that are translated, in UTF-8: of these, and of no later ones."""
    text: Text


_PARTS: Final = {
    Window: FieldType.WINDOW,
    Indicator: FieldType.INDICATOR,
    Evidence: FieldType.EVIDENCE,
    Need: FieldType.NEED,
    Original: FieldType.ORIGINAL,
    Version: FieldType.VERSION,
    Translation: FieldType.TRANSLATION,
}


class Tense(Enum):
    """When a time lies, seen from the writing: what a clock's time without a day means."""

    TODAY = "today"
    LATEST = "latest"
    """The latest such moment."""
    PAST = "past"
    """The latest such moment, and none that is still to come."""
    COMING = "coming"
    """The next such moment."""


class Says(msgspec.Struct, frozen=True):
    """What a form says of a field beside its type."""

    label: str
    """Its code in the lexicon."""
    vocabulary: str = ""
    """Of a code: where its values are."""
    unit: str = ""
    """Of a number: a code of the lexicon, or a sign that is the same in every language."""
    coded: bool = False
    """Whether readers know the code itself, which stands before its rendering then."""
    framework: str = ""
    """Of a code that is the same in every language: whose it is, if some of them were retired."""
    first: bool = False
    """Whether it is asked for at once; the others may follow."""
    tense: Tense = Tense.TODAY
    """Of a time."""


class Becomes(msgspec.Struct, frozen=True):
    """What a field becomes in STIX 2.1, where its type alone does not say it."""

    type: str
    """Of the object."""
    property: str = ""
    """Of the one object of that type which a report has; "": each value is an object by itself."""
    source: str = ""
    """Of an object that stands for a code: whose code it is."""


class InAlert(msgspec.Struct, frozen=True):
    """Which element of a CAP 1.2 alert says a field; "window": both `onset` and `expires`."""

    element: str


class Field(msgspec.Struct, frozen=True):
    """A field of a form."""

    name: str
    says: Says
    type: FieldType
    is_many: bool
    is_required: bool
    becomes: Becomes | None = None
    """None: what its type becomes, or a value of our extension (docs/formats/stix.md)."""
    in_alert: InAlert | None = None
    """None: a parameter of the alert (docs/formats/cap.md)."""


class Form(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fields of a kind; those that a newer release adds are kept and shown by their names."""

    references: Annotated[
        tuple[Name, ...], Says("f.sources"), Becomes("external-reference"), InAlert("web")
    ] = ()
    """Where more is to be read: addresses, numbers of documents, ids of reports."""
    language: Annotated[
        Name | None, Says("f.language"), Becomes("report", "lang"), InAlert("language")
    ] = None
    """Of the writer's words, which alone are authoritative (BCP 47)."""
    original: Annotated[Original | None, Says("f.original")] = None
    """Of a form that was made from what another system wrote: that, as it came."""


@cache
def fields_of(form: type[Form]) -> tuple[Field, ...]:
    """Return the fields of a form: those asked first, its own, then what it shares with others."""
    hints = typing.get_type_hints(form, include_extras=True)
    found = [
        _field(field.name, hints[field.name], is_required=field.required)
        for field in msgspec.structs.fields(form)
    ]
    sharing = [base.__annotations__ for base in form.__mro__ if issubclass(base, Form)]

    def distance(field: Field) -> int:
        return next(i for i, names in enumerate(sharing) if field.name in names)

    return tuple(sorted(found, key=lambda field: (not field.says.first, distance(field))))


def _field(name: str, hint: object, *, is_required: bool) -> Field:
    said = [each for each in _annotations(hint) if isinstance(each, Says)]
    types = [each for each in _annotations(hint) if isinstance(each, FieldType)]
    becomes = next((each for each in _annotations(hint) if isinstance(each, Becomes)), None)
    in_alert = next((each for each in _annotations(hint) if isinstance(each, InAlert)), None)
    (says,) = said
    return Field(name, says, types[0], _is_many(hint), is_required, becomes, in_alert)


def _annotations(hint: object) -> list[object]:
    """Return all that is annotated anywhere in a type, and the types of parts."""
    if isinstance(hint, type) and hint in _PARTS:
        return [_PARTS[hint]]
    found: list[object] = list(getattr(hint, "__metadata__", ()))
    inner = getattr(hint, "__origin__", None) if found else None
    for each in (inner,) if inner is not None else typing.get_args(hint):
        found += _annotations(each)
    return found


def _is_many(hint: object) -> bool:
    origin = typing.get_origin(hint)
    if origin is tuple:
        return True
    inner = [hint.__origin__] if origin is Annotated else []  # type: ignore[attr-defined]
    if origin in {typing.Union, UnionType}:
        inner = list(typing.get_args(hint))
    return any(_is_many(each) for each in cast("list[object]", inner))
