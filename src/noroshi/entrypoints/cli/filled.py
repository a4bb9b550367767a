"""What is filled in without asking: by options, and from files of TOML or JSON."""

import json
import math
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from noroshi.core.errors import InputError
from noroshi.entrypoints.cli.context import Context
from noroshi.entrypoints.cli.files import read_body

if TYPE_CHECKING:
    from noroshi.core.kinds.form import Field
    from noroshi.core.kinds.kind import Kind

_WORDS: Final = frozenset({"line", "text", "name"})
"""Types of fields in which a day is a word like others."""


def filled(context: Context, kind: "Kind", options: Mapping[str, object]) -> dict[str, object]:
    """Return what a file and --set say.

    Raises:
        InputError: a field is not one of the form, or cannot be read.
    """
    found = _from_file(kind, cast("Path | None", options["file"]))
    fields = {field.name: field for field in kind.fields}
    for each in cast("tuple[str, ...]", options["values"]):
        name, between, text = each.partition("=")
        field = fields.get(name.strip())
        if field is None or not between:
            msg = f"{each!r} fills in no field of {kind.name}; there are {', '.join(fields)}"
            raise InputError("bad-form", msg)
        value = read(context, field, text)
        if field.is_many:
            begun = found.get(field.name, [])
            several = cast("list[object]", begun if isinstance(begun, list) else [begun])
            value = [*several, *cast("list[object]", value)]
        found[field.name] = value
    return found


def read(context: Context, field: "Field", text: str) -> object:
    """Return the value that was typed for a field.

    Raises:
        InputError: it is none.
    """
    from noroshi.core.kinds.writing import read_value

    return read_value(field, text, context.reader, now())


def now() -> int:
    """Return the time."""
    from noroshi.adapters.clock import SystemClock

    return SystemClock().now()


def _from_file(kind: "Kind", path: Path | None) -> dict[str, object]:
    if path is None:
        return {}
    text = read_body(path).decode(errors="replace")
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("bad-form", f"{path} is neither TOML nor JSON: {error}") from None
    types = {field.name: field.type.value for field in kind.fields}
    return {
        name: _as_json(name, value, is_word=types.get(name, "line") in _WORDS)
        for name, value in found.items()
        if name not in {"noroshi", "kind"}
    }


def _as_json(name: str, value: object, *, is_word: bool) -> object:
    """Return a value of TOML as one of JSON.

    Raises:
        InputError: there is none that says the same.
    """
    match value:
        case dict():
            parts = cast("dict[str, object]", value).items()
            return {key: _as_json(name, each, is_word=is_word) for key, each in parts}
        case list():
            return [_as_json(name, each, is_word=is_word) for each in cast("list[object]", value)]
        case datetime() if value.tzinfo is not None:
            return value.isoformat().replace("+00:00", "Z")
        case datetime() | time():
            lacks = "day" if isinstance(value, time) else "time zone"
            msg = (
                f"{name}: {value} has no {lacks}; write it with both, such as "
                "2026-11-21T06:12:00Z or 2026-11-21T15:12:00+09:00"
            )
            raise InputError("bad-form", msg)
        case date() if is_word:
            return value.isoformat()
        case date():
            msg = f"{name}: {value} is a day; write the time too, such as {value}T06:12:00Z"
            raise InputError("bad-form", msg)
        case float() if not math.isfinite(value):
            raise InputError("bad-form", f"{name}: {value} is no number")
        case _:
            return value
