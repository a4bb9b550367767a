"""A STIX 2.1 bundle as a report again: the way back of :mod:`noroshi.core.exchange.stix_report`.

The extension of the report SDO says where each value stands; the marking is what the references of
the root say. What others have added is no part of the report: whoever imports it asks for that too
(:func:`is_added_to`). No kind is asked, so a newer release's kinds, fields and codes come back as
they are. Each property is taken once, which bounds what a small bundle can grow into.
"""

import json
from collections.abc import Mapping
from typing import Final, NoReturn, cast

import msgspec

from noroshi.core.errors import InputError, MalformedError
from noroshi.core.exchange.stix import read_marking
from noroshi.core.exchange.stix_report import EXTENSION, VERSION, Report, write_bundle
from noroshi.core.instant import from_text

_DEEPEST: Final = 8
_LONGEST_PATH: Final = 8


class _Source(msgspec.Struct, forbid_unknown_fields=True):
    """Where a value stands: one of the five."""

    name: str = ""
    value: str | int | float | bool | msgspec.UnsetType = msgspec.UNSET
    json: str | msgspec.UnsetType = msgspec.UNSET
    at: str | msgspec.UnsetType = msgspec.UNSET
    each: list["_Source"] | msgspec.UnsetType = msgspec.UNSET
    parts: list["_Source"] | msgspec.UnsetType = msgspec.UNSET


class _Extension(msgspec.Struct):
    version: int
    report: str
    kind: str
    subject: str
    created_at: str
    sender: str
    desk: str
    status: str
    precedence: str
    references: tuple[str, ...] = ()
    fields: list[_Source] = []


def read_bundle(bundle: object) -> Report:
    """Return the report that a bundle, as JSON values, was made from.

    Raises:
        MalformedError: it has no report of ours, or several, or a part of it is missing or wrong.
        InputError: its marking is not known here.
    """
    try:
        return _read(bundle)
    except msgspec.ValidationError as error:
        raise MalformedError(f"the extension of the bundle does not fit: {error}") from None
    except (RecursionError, ValueError):
        raise MalformedError("the bundle holds what is no JSON, or is nested too deeply") from None


def is_added_to(bundle: Mapping[str, object], report: Report) -> bool:
    """Say whether a bundle holds what this release does not write of the report read from it."""
    written = cast("dict[str, object]", json.loads(write_bundle(report)))
    ours = {_text(each) for each in cast("list[object]", written["objects"])}
    held = cast("list[object]", bundle["objects"])
    return not bundle.keys() <= written.keys() or not ours.issuperset(map(_text, held))


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _read(bundle: object) -> Report:
    objects = _objects(bundle)
    (root, told) = _ours(objects)
    extension = msgspec.convert(told, _Extension)
    if extension.version != VERSION:
        raise MalformedError(f"the bundle is of version {extension.version}, which is not known")
    refs = msgspec.convert(root.get("object_marking_refs", []), list[str])
    reader = _Reader(objects)
    fields: dict[str, object] = {}
    for source in extension.fields:
        if source.name in fields:
            raise MalformedError("the bundle names a field twice")
        fields[source.name] = reader.value(source)
    try:
        created_at = from_text(extension.created_at)
    except InputError as error:
        raise MalformedError(error.message) from None
    report = Report(
        id=extension.report,
        kind=extension.kind,
        subject=extension.subject,
        created_at=created_at,
        sender=extension.sender,
        desk=extension.desk,
        marking=read_marking(refs, objects),
        status=extension.status,
        precedence=extension.precedence,
        references=extension.references,
        fields=fields,
    )
    json.dumps([told, fields], ensure_ascii=False, allow_nan=False).encode()
    return report


def _objects(bundle: object) -> dict[str, Mapping[str, object]]:
    """Return the objects of a bundle by their ids."""
    told = cast("dict[str, object]", bundle) if isinstance(bundle, dict) else {}
    listed = told.get("objects")
    if told.get("type") != "bundle" or not isinstance(listed, list):
        raise MalformedError("it is no STIX bundle")
    found: dict[str, Mapping[str, object]] = {}
    for each in cast("list[object]", listed):
        item = cast("dict[str, object]", each) if isinstance(each, dict) else {}
        name = item.get("id")
        if not isinstance(name, str):
            raise MalformedError("an object of the bundle has no id")
        if found.setdefault(name, item) != item:
            raise MalformedError("two objects of the bundle have the same id")
    return found


def _ours(objects: Mapping[str, Mapping[str, object]]) -> tuple[Mapping[str, object], object]:
    """Return the one report SDO that has our extension, and the extension."""
    found: list[tuple[Mapping[str, object], object]] = []
    for item in objects.values():
        extensions = item.get("extensions")
        if item.get("type") == "report" and isinstance(extensions, dict):
            told = cast("dict[str, object]", extensions)
            found += [(item, told[EXTENSION])] if EXTENSION in told else []
    if len(found) != 1:
        raise MalformedError(f"the bundle has {len(found)} reports of this line; one is wanted")
    return found[0]


class _Reader:
    """Follows sources into the objects of a bundle."""

    def __init__(self, objects: Mapping[str, object]) -> None:
        self._objects = objects
        self._taken: set[str] = set()

    def value(self, source: _Source, depth: int = 0) -> object:
        """Return the value that stands where a source says."""
        told = (source.value, source.json, source.at, source.each, source.parts)
        if sum(each is not msgspec.UNSET for each in told) != 1 or depth > _DEEPEST:
            raise MalformedError("the bundle does not say in one way where a value stands")
        if isinstance(source.json, str):
            return json.loads(source.json, parse_constant=_refuse)
        if isinstance(source.at, str):
            return self._at(source.at)
        if isinstance(source.each, list):
            return [self.value(each, depth + 1) for each in source.each]
        if isinstance(source.parts, list):
            parts = {each.name: self.value(each, depth + 1) for each in source.parts}
            if len(parts) != len(source.parts):
                raise MalformedError("the bundle names a part twice")
            return parts
        return source.value

    def _at(self, path: str) -> object:
        """Return the value at a path, the first time that it is asked for."""
        steps = path.split("/", _LONGEST_PATH)
        if path in self._taken or not 1 < len(steps) <= _LONGEST_PATH:
            raise MalformedError("the bundle takes a property twice, or from too deep")
        self._taken.add(path)
        value: object = self._objects
        for step in steps:
            value = _below(value, step)
        return value


def _below(value: object, step: str) -> object:
    """Return what a value has at one step of a path: a name, or a number in a list."""
    if isinstance(value, dict):
        told = cast("dict[str, object]", value)
        if step in told:
            return told[step]
    elif isinstance(value, list) and step.isascii() and step.isdigit() and len(step) < _DEEPEST:
        many = cast("list[object]", value)
        if int(step) < len(many):
            return many[int(step)]
    raise MalformedError("the bundle says that a value stands where none is")


def _refuse(name: str) -> NoReturn:
    msg = f"{name} is no JSON number"
    raise ValueError(msg)
