"""The form of a kind in a browser: what each field asks, and what was typed into it."""

from collections.abc import Mapping
from typing import Final, cast

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.instant import Instant
from noroshi.core.kinds.form import Field, FieldType
from noroshi.core.kinds.kind import Kind
from noroshi.core.kinds.reading import Reader
from noroshi.core.kinds.writing import read_value
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.report import MAX_SUBJECT
from noroshi.entrypoints.console.desk import Form

_LONG: Final = frozenset({FieldType.TEXT, FieldType.ORIGINAL})
_FEW: Final = 12
"""Codes of one field, so many that they may be chosen from by a button each."""
_EXAMPLES: Final = {
    "time": "2026-11-21 06:12", "window": "2026-11-21 06:00 / 2026-11-21 09:00", "number": "12",
    "place": "35.68, 139.76", "code": "",
}  # fmt: skip
"""Of types that have one way of writing, the same in every language."""
_PREAMBLE: Final = "the form is not filled in as it must be: "
_HINT: Final = " See: noroshi"
"""Where a message begins to speak of the command line."""
PREFIX: Final = "f."
"""Of a form's fields in what a browser sends."""


class Asked(msgspec.Struct, frozen=True):
    """A field of a form, as a page asks for it."""

    name: str
    label: str
    help: str
    control: str
    """`buttons` and `boxes` of codes, `select`, `text` for paragraphs or several lines, `line`."""
    is_required: bool
    is_first: bool
    is_many: bool
    typed: tuple[str, ...]
    codes: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    problem: str = ""
    present: str = ""
    """What the form says now, where it is updated."""


class Filled(msgspec.Struct, frozen=True):
    """What a form says, and which of its fields cannot be read."""

    values: Mapping[str, object]
    problems: Mapping[str, str]


def read_form(kind: Kind, form: Form, writer: Reader, now: Instant) -> Filled:
    """Return what was typed into a form; an empty field says nothing.

    The subject is no field of any kind, and has its problem beside theirs.
    """
    values: dict[str, object] = {}
    problems: dict[str, str] = {}
    for field in kind.fields:
        typed = [text for text in form.many(PREFIX + field.name) if text.strip()]
        if not typed:
            continue
        try:
            values[field.name] = _value(field, typed, writer, now)
        except InputError as error:
            problems[field.name] = _wrong(field, error, writer)
    subject = subject_problem(form, writer)
    return Filled(values, {"subject": subject, **problems} if subject else problems)


def _wrong(field: Field, error: InputError, writer: Reader) -> str:
    """Return what is wrong with a field, in the writer's language.

    In English the check's own words, which know more; the command that it names is for elsewhere.
    """
    if writer.language is Language.ENGLISH:
        return error.message.partition(_HINT)[0].removeprefix(_PREAMBLE)
    name = field.type.value if field.type.value in _EXAMPLES else "other"
    said = {"example": _EXAMPLES.get(name, "")}
    return writer.lexicon.sentence(f"ui.wrong_{name}", writer.language, **said)


def subject_problem(form: Form, writer: Reader) -> str:
    """Return why a subject cannot go; "": it can."""
    subject = form.one("subject").strip()
    if len(subject) > MAX_SUBJECT:
        told = {"count": len(subject), "most": MAX_SUBJECT}
        return writer.lexicon.sentence("ui.subject_long", writer.language, **told)
    is_shown = subject.isprintable()
    return "" if is_shown else writer.lexicon.sentence("ui.subject_signs", writer.language)


def missing(kind: Kind, filled: Filled) -> list[Field]:
    """Return the fields that a form must have and that say nothing yet."""
    said = {*filled.values, *filled.problems}
    return [field for field in kind.fields if field.is_required and field.name not in said]


def asked(
    kind: Kind, form: Form, problems: Mapping[str, str], present: Mapping[str, str], reader: Reader
) -> list[Asked]:
    """Return the fields of a kind as a page asks for them."""
    return [
        _asked(field, form, problems.get(field.name, ""), present.get(field.name, ""), reader)
        for field in kind.fields
        if field.type is not FieldType.ORIGINAL
    ]


def _asked(field: Field, form: Form, problem: str, present: str, reader: Reader) -> Asked:
    lexicon, language, says = reader.lexicon, reader.language, field.says
    codes = tuple(
        (value, lexicon.label(f"{says.vocabulary}.{value}", language))
        for value in (lexicon.values(says.vocabulary) if says.vocabulary else ())
    )
    unit = lexicon.label(says.unit, language) if "." in says.unit else says.unit
    return Asked(
        name=field.name,
        label=lexicon.label(says.label, language),
        help=lexicon.help(says.label, language),
        control=_control(field, len(codes)),
        is_required=field.is_required and not present,
        is_first=says.first,
        is_many=field.is_many,
        typed=form.many(PREFIX + field.name),
        codes=codes,
        unit=unit,
        problem=problem,
        present=present,
    )


def _control(field: Field, codes: int) -> str:
    if codes and field.is_many:
        return "boxes"
    if codes:
        return "buttons" if codes <= _FEW and field.says.first else "select"
    return "text" if field.is_many or field.type in _LONG else "line"


def _value(field: Field, typed: list[str], writer: Reader, now: Instant) -> object:
    if not field.is_many:
        return read_value(field, typed[-1], writer, now)
    lines = [line for text in typed for line in text.splitlines() if line.strip()]
    read = (cast("list[object]", read_value(field, line, writer, now)) for line in lines)
    return [value for values in read for value in values]
