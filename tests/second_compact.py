"""A second reader of the compact form, written from `docs/formats/compact.md` alone.

It shares no code with the package. What it is given is right; it refuses nothing.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import cbor2

VERSIONS = Path(__file__).parents[1] / "src" / "noroshi" / "core" / "compact" / "versions"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAYOUTS = [
    {"indent": 1},
    {"separators": (",", ":")},
    {"separators": (", ", ": ")},
    {"indent": 2},
]


class Known(NamedTuple):
    """A dictionary."""

    words: dict[str, list[str]]
    fields: dict[str, list[list[str]]]
    parts: dict[str, list[list[str]]]


def read(raw: bytes) -> list[Any]:
    """Return the fields of the content that `raw` is, as they stand in an array."""
    told = cbor2.loads(raw)
    known = dictionary(told[0])
    kind = word(known, "kind", told[1])
    said = {"kind": kind, "subject": told.get(2, ""), "references": told.get(8, [])}
    names = [word(known, "name", each) for each in told.get(6, []) + told.get(7, [])]
    desks = [list(pair) for pair in zip(names[::2], names[1::2], strict=True)]
    acting = len(told.get(6, [])) // 2
    areas = [word(known, "area", each) for each in told.get(9, [])]
    media_type = "application/vnd.noroshi.report+json"
    return [
        kind,
        said["subject"],
        word(known, "name", told[3]),
        told.get(4),
        told.get(5),
        desks[:acting],
        desks[acting:],
        said["references"],
        media_type + ("; areas=" + ".".join(areas) if areas else ""),
        body(known, told.get(10, 0), told[11], said),
        told.get(12, []),
    ]


def dictionary(version: int) -> Known:
    """Return all that is known at a version."""
    known = Known({}, {}, {})
    for number in range(1, version + 1):
        file = json.loads((VERSIONS / f"{number}.json").read_text(encoding="utf-8"))
        for name in Known._fields:
            for key, rows in file.get(name, {}).items():
                getattr(known, name).setdefault(key, []).extend(rows)
    return known


def word(known: Known, of: str, told: Any) -> Any:
    """Return a word."""
    return told if isinstance(told, str) else known.words[of][told]


def body(known: Known, layout: int, form: list[Any], said: dict[str, Any]) -> bytes:
    """Return a report JSON."""
    kind = said["kind"]
    for key, value in zip(form[::2], form[1::2], strict=True):
        if key == -1 and value is not None:
            kind = other(value) if isinstance(value, dict) else word(known, "kind", value)
    found: dict[str, Any] = {"noroshi": 1}
    for key, value in zip(form[::2], form[1::2], strict=True):
        name, *how = field(known, kind, key)
        many = how[0].endswith("*") and isinstance(value, list)
        each = [one(known, kind, how, item, said) for item in (value if many else [value])]
        found[name] = each if many else each[0]
    text = json.dumps(found, ensure_ascii=False, **LAYOUTS[layout // 2])  # type: ignore[arg-type]
    return (text + "\n" * (layout % 2)).encode()


def field(known: Known, kind: Any, key: Any) -> list[str]:
    """Return name and type of a field."""
    if isinstance(key, str):
        return [key, "json"]
    return known.fields[""][-1 - key] if key < 0 else known.fields[kind][key]


def other(told: dict[int, str]) -> Any:
    """Return what stands as JSON."""
    return json.loads(told[0])


def one(  # noqa: C901, PLR0911, PLR0912 - a case for each line of the table
    known: Known, kind: Any, how: list[str], told: Any, said: dict[str, Any]
) -> Any:
    """Return the JSON value that one CBOR value is."""
    if isinstance(told, str):
        return told
    if isinstance(told, dict):
        return other(told)
    match how[0].removesuffix("*"):
        case "kind":
            return said["kind"] if told is None else known.words["kind"][told]
        case "subject":
            return said["subject"]
        case "word":
            return known.words[how[1]][told]
        case "time":
            seconds = timedelta(seconds=told) if told >= 0 else timedelta(microseconds=-1 - told)
            text = (EPOCH + seconds).replace(tzinfo=None)
            return text.isoformat(timespec="seconds" if told >= 0 else "microseconds") + "Z"
        case "number":
            return told if isinstance(told, int) else float(f"{told[1]}e-{told[0]}")
        case "name":
            return told.hex()
        case "bytes":
            return base64.b64encode(told).decode()
        case "report":
            return str(UUID(bytes=said["references"][0] if told is None else told))
        case "field":
            return field(known, kind, told)[0]
        case _:
            parts: dict[str, Any] = {}
            for key, value in zip(told[::2], told[1::2], strict=True):
                name, *within = [key, "json"] if isinstance(key, str) else known.parts[how[1]][key]
                parts[name] = one(known, kind, within, value, said)
            return parts
