"""Whether a form is filled in as it must be, before it is sent.

What comes in from a partner is never checked here: a newer release may say more than this one
knows, and everything that it says is kept and shown.
"""

import difflib
from collections.abc import Mapping
from typing import Final, cast

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.instant import from_text
from noroshi.core.kinds.form import MAX_MANY, Evidence, Field, FieldType, Original, Place, Window
from noroshi.core.kinds.kind import Kind
from noroshi.core.lexicon.lexicon import Lexicon

_IN_ORDER: Final = (("first_seen", "last_seen"), ("detected_at", "impact_at"))
"""Of these the first cannot be after the second."""


def check_form(kind: Kind, values: Mapping[str, object], lexicon: Lexicon) -> None:
    """Return if `values` is a form of `kind` that may be sent, or has no field of it at all.

    Raises:
        InputError: a field is missing or says what cannot be; the message names it.
    """
    fields = {field.name: field for field in kind.fields}
    if not fields.keys() & values.keys():
        return  # somebody else's fields: kept as they are
    try:
        form = msgspec.convert(values, kind.form)
    except msgspec.ValidationError as error:
        raise _unusable(kind, str(error)) from None
    for name, field in fields.items():
        value: object = getattr(form, name)
        many = cast("tuple[object, ...]", value) if field.is_many else (value,)
        if len(many) > MAX_MANY:
            raise _unusable(kind, f"{name} has more than {MAX_MANY:,} values")
        for each in many:
            if each is not None:
                _check_value(kind, field, each, lexicon)
    for earlier, later in _IN_ORDER:
        begins, ends = getattr(form, earlier, None), getattr(form, later, None)
        if begins is not None and ends is not None and from_text(begins) > from_text(ends):
            raise _unusable(kind, f"{later} is before {earlier}")


def _check_value(kind: Kind, field: Field, value: object, lexicon: Lexicon) -> None:
    match value:
        case str() if field.type is FieldType.CODE:
            _check_code(kind, field, value, lexicon)
        case str() if field.type is FieldType.TIME:
            _time(kind, field.name, value)
        case Window():
            begins = _time(kind, field.name, value.begins_at)
            if begins > _time(kind, field.name, value.ends_at):
                raise _unusable(kind, f"{field.name} ends before it begins")
        case Place():
            _check_place(kind, field.name, value)
        case Evidence() if not (value.url or value.archive or value.note):
            raise _unusable(kind, f"{field.name} needs a url, an archive or a note")
        case Original() if not (value.content or value.sha256):
            raise _unusable(kind, f"{field.name} needs its content, or the sha256 of its file")
        case _:
            pass


def _check_place(kind: Kind, name: str, place: Place) -> None:
    if (place.latitude is None) is not (place.longitude is None):
        raise _unusable(kind, f"{name} needs both latitude and longitude")
    if place.name is None and place.latitude is None:
        raise _unusable(kind, f"{name} needs a name, or latitude and longitude")


def _check_code(kind: Kind, field: Field, value: str, lexicon: Lexicon) -> None:
    known = lexicon.values(field.says.vocabulary)
    if value in known:
        return
    near = difflib.get_close_matches(value, known, 3, 0.5) or known
    msg = f"{field.name} has no value {value!r}; there are {', '.join(near)}"
    raise _unusable(kind, msg)


def _time(kind: Kind, name: str, text: str) -> int:
    try:
        return from_text(text)
    except InputError as error:
        raise _unusable(kind, f"{name}: {error.message}") from None


def _unusable(kind: Kind, what: str) -> InputError:
    msg = f"the form is not filled in as it must be: {what}. See: noroshi kinds {kind.name}"
    return InputError("bad-form", msg)
