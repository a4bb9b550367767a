"""Reading objects: what the store has to know of each, beside bytes that stay as they came.

    envelope, bundle    {"objects": [...]}: taken apart without reading what is in them
    object              strict JSON (:mod:`noroshi.core.strict_json`); id, type, version, what it
                        refers to, and the markings that it names

Whoever reads them later gets the bytes that were handed over, so that a signature over them holds.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

import msgspec

from noroshi.core.errors import MalformedError
from noroshi.core.exchange.objects.checks import check_times, time_of
from noroshi.core.instant import Instant
from noroshi.core.strict_json import MAX_JSON_DEPTH, parse_json

LARGEST_OBJECT: Final = 8 * 1024 * 1024
"""Bytes of one object."""
MOST_REFERENCES: Final = 20_000
"""Of one object to others."""
_ID: Final = re.compile(
    rb'"([a-z][a-z0-9-]{0,249}--[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})"(?!:)'
)
SPECS: Final = ("2.0", "2.1")
"""The versions of STIX that are read, oldest first."""
_NO_REFERENCE: Final = ("marking-definition--", "extension-definition--")
_MARKING: Final = ("object_marking_refs", "granular_markings")
_VERSIONED: Final = ("modified", "created")
LARGEST_UNSOUND: Final = 16 * 1024 * 1024
"""Bytes of an envelope that is looked through a second time, slowly."""
_SPACE: Final = re.compile(r"[ \t\n\r]+")
_LENIENT: Final = json.JSONDecoder()
_DECODER: Final = msgspec.json.Decoder()
_ENCODER: Final = msgspec.json.Encoder()


class StixObject(msgspec.Struct, frozen=True, gc=False):
    """An object, and what the store has to know of it."""

    id: str
    type: str
    version: Instant | None
    """When it was modified, else created; None: its type has neither."""
    spec: str
    """The version of STIX that it is written in."""
    refs: tuple[str, ...]
    """Ids of the objects that it refers to, anywhere in it."""
    markings: tuple[str, ...]
    """Ids of the marking definitions that it names, for the whole or for a part."""
    raw: bytes


class _Envelope(msgspec.Struct):
    objects: list[msgspec.Raw] = []


class _Named(msgspec.Struct):
    id: str


class _Granular(msgspec.Struct):
    marking_ref: str | None = None
    lang: str | None = None


class _Marked(msgspec.Struct):
    object_marking_refs: tuple[str, ...] = ()
    granular_markings: tuple[_Granular, ...] = ()


def take_apart(raw: bytes | bytearray) -> list[bytes]:
    """Return the objects of an envelope or a bundle, each as its own bytes.

    What is no JSON within one of them (half a surrogate pair, NaN, bytes that are no UTF-8) keeps
    that one out when it is read, and not the rest.

    Raises:
        MalformedError: it is neither.
    """
    try:
        told = msgspec.json.decode(raw, type=_Envelope)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        apart = _one_by_one(raw) if len(raw) <= LARGEST_UNSOUND else None
        if apart is None:
            raise MalformedError(f"it is no envelope of STIX objects: {error}") from None
        return apart
    # The quick reader takes the last of two arrays for both.
    if raw.count(b'"objects"') > 1 and len(raw) <= LARGEST_UNSOUND and _one_by_one(raw) is None:
        raise MalformedError("it is no envelope of STIX objects: it says objects twice")
    return [bytes(each) for each in told.objects]


def _one_by_one(raw: bytes | bytearray) -> list[bytes] | None:
    """Return the objects of an envelope that is not all sound JSON; None: it cannot be told."""
    text = raw.decode(errors="surrogateescape")
    found: list[bytes] | None = None
    try:
        at = _expected(text, 0, "{")
        while text[at] != "}":
            name, at = _LENIENT.raw_decode(text, at)
            if not isinstance(name, str) or (name == "objects" and found is not None):
                return None
            at = _expected(text, at, ":")
            if name == "objects":
                found, at = _elements(text, at)
            else:
                _, at = _LENIENT.raw_decode(text, at)
            at = _behind(text, at, "}")
        is_whole = _SPACE.sub("", text[at + 1 :]) == ""
    except (ValueError, IndexError, RecursionError):
        return None
    return found if is_whole else None


def _elements(text: str, at: int) -> tuple[list[bytes], int]:
    """Return the bytes of each element of the array that begins at `at`, and where it ends."""
    found: list[bytes] = []
    at = _expected(text, at, "[")
    while text[at] != "]":
        _, end = _LENIENT.raw_decode(text, at)
        found.append(text[at:end].encode(errors="surrogateescape"))
        at = _behind(text, end, "]")
    return found, at + 1


def _behind(text: str, at: int, end: str) -> int:
    """Return where the next element begins behind one, or where its container ends."""
    at = _skipped(text, at)
    if text[at] == end:
        return at
    at = _expected(text, at, ",")
    if text[at] == end:
        raise ValueError
    return at


def _expected(text: str, at: int, sign: str) -> int:
    """Return the place behind a sign that has to come next, and behind the space after it."""
    at = _skipped(text, at)
    if text[at] != sign:
        raise ValueError
    return _skipped(text, at + 1)


def _skipped(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def read_object(raw: bytes) -> tuple[StixObject, dict[str, object]]:
    """Return an object, and its values for whoever checks them further.

    Raises:
        MalformedError: two readers could take it for two things, or it is no object of STIX.
    """
    if len(raw) > LARGEST_OBJECT:
        raise MalformedError(f"it has more than {LARGEST_OBJECT >> 20} MiB")
    value, compact = _value(raw)
    if not isinstance(value, dict):
        raise MalformedError("it is no JSON object")
    told = cast("dict[str, object]", value)
    name, kind = told.get("id"), told.get("type")
    if not isinstance(name, str) or not isinstance(kind, str) or _prefix(name) != kind:
        raise MalformedError("it has no id and type of STIX that fit each other")
    check_times(told)
    refs = _references(compact, name)
    markings = _markings(told, compact)
    found = StixObject(name, kind, _version(told), _spec(told), refs, markings, raw)
    return found, told


def name_of(raw: bytes) -> str | None:
    """Return the id that an object says which cannot be read whole; None: it says none."""
    try:
        name = msgspec.json.decode(raw, type=_Named).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return name if _prefix(name) else None


def _prefix(name: str) -> str | None:
    return name.partition("--")[0] if _ID.fullmatch(b'"%b"' % name.encode()) else None


def _value(raw: bytes) -> tuple[object, bytes]:
    """Return what an object says, and that in one way of writing it.

    The quick reader takes the last of two equal names for both: what it does not write again as
    it stood is read by the strict one.
    """
    try:
        value: object = _DECODER.decode(raw)
        compact = _ENCODER.encode(value)
        is_as_it_stood = compact == raw or compact == msgspec.json.format(raw, indent=-1)
        deepest = compact.count(b"[") + compact.count(b"{")
        if not is_as_it_stood or deepest > MAX_JSON_DEPTH:
            value = parse_json(raw.decode())
    except RecursionError:
        raise MalformedError("it is nested too deeply") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise MalformedError(f"it is no JSON that can be relied on: {error}") from None
    return value, compact


def _version(told: dict[str, object]) -> Instant | None:
    for name in _VERSIONED:
        if name in told:
            return time_of(told[name], name)
    return None


def _spec(told: dict[str, object]) -> str:
    """Return the version of STIX of an object: 2.0 does not say it, nor do observables of 2.1."""
    said = told.get("spec_version", "2.0" if "created" in told else "2.1")
    if said not in SPECS:
        raise MalformedError(f"its spec_version is none of {', '.join(SPECS)}")
    return str(said)


def _references(compact: bytes, own: str) -> tuple[str, ...]:
    found = {match.decode() for match in _ID.findall(compact)}
    if any(each != each.lower() for each in (own, *found)):
        raise MalformedError("an id in it has capital letters; a UUID is written in small ones")
    found.discard(own)
    if len(found) > MOST_REFERENCES:
        raise MalformedError(f"it refers to more than {MOST_REFERENCES:,} objects")
    return tuple(sorted(each for each in found if not each.startswith(_NO_REFERENCE)))


def _markings(told: dict[str, object], compact: bytes) -> tuple[str, ...]:
    """Return what an object names as markings, of itself and of whatever lies in it."""
    said = sum(compact.count(b'"%b":' % name.encode()) for name in _MARKING)
    if not said:
        return ()
    is_flat = said == sum(name in told for name in _MARKING)
    named: set[str] = set()
    for each in (told,) if is_flat else _below(told):
        named |= _named(each)
    return tuple(sorted(named))


def _named(told: dict[str, object]) -> set[str]:
    try:
        marked = msgspec.convert(told, _Marked)
    except msgspec.ValidationError as error:
        raise MalformedError(f"its markings cannot be read: {error}") from None
    parts: Iterable[_Granular] = marked.granular_markings
    if any(each.marking_ref is None and each.lang is None for each in parts):
        raise MalformedError("a granular marking of it names no marking")
    named = {each.marking_ref for each in parts if each.marking_ref is not None}
    return named.union(marked.object_marking_refs)


def _below(value: object) -> Iterator[dict[str, object]]:
    """Yield every object in a value, itself among them."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            told = cast("dict[str, object]", each)
            yield told
            waiting += told.values()
        elif isinstance(each, list):
            waiting += cast("list[object]", each)


def wrap_bundle(objects: Sequence[bytes], name: str) -> bytes:
    """Return a bundle of objects, each as it came; `name` is a UUID."""
    head = b'{"type":"bundle","id":"bundle--%b",' % name.encode()
    return b'%b"objects":[%b]}' % (head, b",".join(objects))


def wrap(objects: Sequence[bytes], more: str | None = None) -> bytes:
    """Return an envelope of objects, each as it came; `more`: where what follows begins.

    TAXII 2.1, section 3.7: what is empty has neither.
    """
    if not objects:
        return b"{}"
    head = b'{"more":true,"next":"%b",' % more.encode() if more else b'{"more":false,'
    return b'%b"objects":[%b]}' % (head, b",".join(objects))
