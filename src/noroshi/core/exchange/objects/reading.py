"""Reading objects: what the store has to know of each, beside bytes that stay as they came.

    envelope, bundle    {"objects": [...]}: taken apart without reading what is in them
    object              strict JSON (:mod:`noroshi.core.strict_json`); id, type, version, what it
                        refers to, and the markings that it names

Whoever reads them later gets the bytes that were handed over, so that a signature over them holds.
"""

import re
from collections.abc import Iterable, Sequence
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
_VERSIONED: Final = ("modified", "created")
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

    Raises:
        MalformedError: it is neither.
    """
    try:
        told = msgspec.json.decode(raw, type=_Envelope)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise MalformedError(f"it is no envelope of STIX objects: {error}") from None
    return [bytes(each) for each in told.objects]


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
    found = StixObject(name, kind, _version(told), _spec(told), refs, _markings(told), raw)
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
    found.discard(own)
    if len(found) > MOST_REFERENCES:
        raise MalformedError(f"it refers to more than {MOST_REFERENCES:,} objects")
    return tuple(sorted(each for each in found if not each.startswith(_NO_REFERENCE)))


def _markings(told: dict[str, object]) -> tuple[str, ...]:
    if "object_marking_refs" not in told and "granular_markings" not in told:
        return ()
    try:
        marked = msgspec.convert(told, _Marked)
    except msgspec.ValidationError as error:
        raise MalformedError(f"its markings cannot be read: {error}") from None
    parts: Iterable[_Granular] = marked.granular_markings
    if any(each.marking_ref is None and each.lang is None for each in parts):
        raise MalformedError("a granular marking of it names no marking")
    named = [each.marking_ref for each in parts if each.marking_ref is not None]
    return tuple(sorted({*marked.object_marking_refs, *named}))


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
