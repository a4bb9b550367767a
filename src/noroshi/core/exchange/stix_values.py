"""Single values of a form as objects of STIX 2.1.

Each of them makes the properties of an object, and says in which of them the value, or a part of
it, stands unchanged. What does not fit exactly makes none: no value is bent to suit the standard.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, cast

import msgspec

from noroshi.core.kinds.form import Field, FieldType

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)
_TECHNIQUE: Final = re.compile(r"(T\d{4}(?:\.\d{3})?)(?:@(\d+(?:\.\d+)*))?", re.ASCII)
_CVE: Final = re.compile(r"CVE-\d{4}-\d{4,}", re.ASCII)
_URL: Final = re.compile(r"https?://[\x21-\x7e]+")
_COUNTRY: Final = re.compile("[a-z]{2}")
_OBSERVED: Final = re.compile("ipv4-addr|ipv6-addr|domain-name|url|email-addr|mac-addr")
_HASHES: Final = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128}
"""Algorithms as STIX writes them, and how many hexadecimal digits each has."""
_HEX: Final = re.compile("[0-9A-Fa-f]+")
_FILE_HASH: Final = "file:hashes."
_NAMED: Final = frozenset({"file:name", "mutex:name", "windows-registry-key:key"})
"""Paths of names, which are equal or not."""
_METRES: Final = 1000


class Become(msgspec.Struct, frozen=True):
    """A value that is to become an object."""

    value: object
    source: str
    path: str
    """Of the value in its report."""
    at: str
    """When the report was made, as STIX writes it."""


class Made(msgspec.Struct, frozen=True):
    """The properties of an object, and where the value stands in them."""

    properties: dict[str, object]
    stands: Mapping[str, str]
    """By name of the part, the path below the object; "" is the value as a whole."""


def fits(field: Field, value: object) -> bool:
    """Say whether a value may be a property of a standard object as it is."""
    if field.is_many:
        many = cast("list[object]", value) if isinstance(value, list) else []
        return bool(many) and all(_is_words(each) for each in many)
    if field.type is FieldType.TIME:
        return isinstance(value, str) and _is_time(value)
    if field.type is FieldType.NUMBER:
        return type(value) is int and 0 <= value <= 100  # noqa: PLR2004 - percent
    return _is_words(value)


def pattern_of(kind: str, value: str) -> str | None:
    r"""Return the STIX pattern of an indicator; None: its type has none.

    >>> pattern_of("ipv4-addr", "192.0.2.44")
    "[ipv4-addr:value = '192.0.2.44']"
    """
    algorithm = kind.removeprefix(_FILE_HASH)
    if _OBSERVED.fullmatch(kind):
        path = f"{kind}:value"
    elif algorithm != kind and len(value) == _HASHES.get(algorithm) and _HEX.fullmatch(value):
        path = f"file:hashes.'{algorithm}'"
    elif kind in _NAMED:
        path = kind
    else:
        return None
    if not value.isprintable():
        return None
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"[{path} = '{quoted}']"


def _note(become: Become) -> Made | None:
    if not _is_words(become.value):
        return None
    return Made({"content": become.value, "abstract": become.path}, {"": "content"})


def _named(become: Become) -> Made | None:
    return Made({"name": become.value}, {"": "name"}) if _is_words(become.value) else None


def _identity(become: Become) -> Made | None:
    made = _named(become)
    if made is not None:
        made.properties["identity_class"] = "unspecified"
    return made


def _attack_pattern(become: Become) -> Made | None:
    made = _named(become)
    code = None if made is None else _TECHNIQUE.fullmatch(str(become.value))
    if made is not None and code is not None:
        reference = {"source_name": become.source, "external_id": code[1]}
        if code[2]:
            reference["description"] = f"v{code[2]}"
        made.properties["external_references"] = [reference]
    return made


def _vulnerability(become: Become) -> Made | None:
    made = _named(become)
    if made is not None and _CVE.fullmatch(str(become.value)):
        reference = {"source_name": become.source, "external_id": become.value}
        made.properties["external_references"] = [reference]
    return made


def _location(become: Become) -> Made | None:
    value = become.value
    if isinstance(value, str) and _COUNTRY.fullmatch(value):
        return Made({"name": value, "country": value.upper()}, {"": "name"})
    if not isinstance(value, dict):
        return None
    place = cast("dict[str, object]", value)
    names = ("latitude", "longitude")
    if not all(_is_within(place.get(n), most) for n, most in zip(names, (90, 180), strict=True)):
        return None
    made: dict[str, object] = {name: place[name] for name in names}
    if _is_words(place.get("name")):
        made["name"] = place["name"]
    stands = {name: name for name in made}
    radius = place.get("radius_km")
    if _is_within(radius, 20_038) and cast("float", radius) >= 0:
        made["precision"] = cast("float", radius) * _METRES
    return Made(made, stands)


def _indicator(become: Become) -> Made | None:
    if not isinstance(become.value, dict):
        return None
    told = cast("dict[str, object]", become.value)
    kind, value, note = told.get("type"), told.get("value"), told.get("note")
    if not isinstance(kind, str) or not isinstance(value, str) or not value:
        return None
    pattern = pattern_of(kind, value)
    if pattern is None:
        return None
    made: dict[str, object] = {
        "name": value, "pattern": pattern, "pattern_type": "stix", "valid_from": become.at
    }  # fmt: skip
    stands = {"value": "name"}
    if _is_words(note):
        made["description"] = note
        stands["note"] = "description"
    return Made(made, stands)


def _reference(become: Become) -> Made | None:
    """Return evidence, or an address where more is to be read, as an external reference."""
    value = become.value
    told = cast("dict[str, object]", value) if isinstance(value, dict) else {"": value}
    made: dict[str, object] = {"source_name": become.path.split("/", 1)[0]}
    stands: dict[str, str] = {}
    for name in ("", "url"):
        url = told.get(name)
        if isinstance(url, str) and _URL.fullmatch(url):
            made["url"], stands[name] = url, "url"
    if not stands:
        return None
    digest = told.get("sha256")
    if isinstance(digest, str) and len(digest) == _HASHES["SHA-256"] and _HEX.fullmatch(digest):
        made["hashes"], stands["sha256"] = {"SHA-256": digest}, "hashes/SHA-256"
    if _is_words(told.get("note")):
        made["description"], stands["note"] = told["note"], "description"
    return Made(made, stands)


OBJECTS: Final[Mapping[str, Callable[[Become], Made | None]]] = {
    "note": _note,
    "identity": _identity,
    "software": _named,
    "attack-pattern": _attack_pattern,
    "vulnerability": _vulnerability,
    "location": _location,
    "indicator": _indicator,
    "external-reference": _reference,
}
"""What makes an object of each type; None: the value does not fit."""


def _is_words(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return _TIME.fullmatch(text) is not None


def _is_within(value: object, most: float) -> bool:
    return type(value) in {int, float} and -most <= cast("float", value) <= most
