"""Markings as STIX 2.1 marking definitions, and back.

TLP 2.0 has published ids (FIRST and OASIS, 2022); those of TLP 1.0 that STIX 2.1 builds in are
read and never written, and so is a definition of another id that says a label of TLP by its name,
its definition or its extension. All else of a marking goes as one statement in its written form,
with an id made from those words (UUIDv5), so that the same marking is the same object everywhere.

In a bundle a statement may also be a notice, such as a licence, that says nothing about who may
have the object. Whatever could be a marking and is not known here is refused, and so is a
definition that says another label than its published id.
"""

import re
import unicodedata
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

import msgspec

from noroshi.core.errors import InputError, MalformedError
from noroshi.core.marking.label import Marking, Pap, Tlp
from noroshi.core.marking.whole import MAX_MARKINGS, Part

TLP_EXTENSION: Final = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
TLP_IDS: Final = {
    Tlp.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    Tlp.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Tlp.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Tlp.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    Tlp.RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_TLP_1: Final = {
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": Tlp.CLEAR,
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": Tlp.GREEN,
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": Tlp.AMBER,
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": Tlp.RED,
}
_KNOWN: Final = {**{name: tlp for tlp, name in TLP_IDS.items()}, **_TLP_1}
_LABELS: Final = {
    **{tlp.value.removeprefix("TLP:").casefold(): tlp for tlp in Tlp}, "white": Tlp.CLEAR
}  # fmt: skip
_RESTRICTS: Final = re.compile(
    r"\b(?:tlp|pap|secret|confidential|restricted|classified|noforn)\b", re.IGNORECASE
)
"""Words that make a statement more than a notice."""
_TLP_NAMES: Final = frozenset({"tlp", "tlp_2_0"})
_TLP_CREATED: Final = "2022-10-01T00:00:00.000Z"
_STATEMENTS: Final = uuid.UUID("6a8ff163-7a89-497e-a842-11ad27283986")
"""The namespace of the ids of our statements; it never changes."""
_STATEMENT_CREATED: Final = "2026-01-01T00:00:00.000Z"
_OBJECT_MARKINGS: Final = "object_marking_refs"
_GRANULAR: Final = "granular_markings"
_NESTED: Final = (dict, list)
_LONGEST_ID: Final = 100


def marking_definitions(marking: Marking) -> list[dict[str, object]]:
    """Return the marking definitions that together say a marking."""
    found: list[dict[str, object]] = []
    if marking.tlp is not None:
        found.append(_tlp(marking.tlp))
    rest = msgspec.structs.replace(marking, tlp=None)
    if str(rest):
        found.append(_statement(str(rest)))
    return found


def read_marking(refs: Sequence[str], objects: Mapping[str, object]) -> Marking:
    """Return the marking that `object_marking_refs` say, with the bundle's objects by their ids.

    Raises:
        MalformedError: one is unknown, contradicts another, or is not what its id says.
        InputError: its words are no marking.
    """
    said = {ref: _label_of(ref, objects) for ref in refs}
    tlps = {tlp for tlp in said.values() if tlp is not None}
    words = {_words(ref, objects) for ref, tlp in said.items() if tlp is None}
    if len(tlps) > 1 or len(words) > 1:
        raise MalformedError("the object has markings that contradict each other")
    if not tlps and not words:
        raise MalformedError("the object has no marking")
    written = [*words, *(tlp.value for tlp in tlps)]
    if words and next(iter(words)).startswith("PAP:"):
        written.reverse()
    return Marking.parse("//".join(written))


def marked_parts(value: object) -> Iterator[Part]:
    """Yield each marking that STIX objects in JSON have, with the first object that has it.

    Asked are the markings of objects and of parts of them (granular), however deep they lie, in a
    bundle or not.

    Raises:
        InputError: there are too many, or one is not known here, is contradicted by another, or
            is not written as STIX writes markings.
    """
    inside = list(_objects(value))
    definitions = {
        cast("str", item.get("id")): cast("object", item)
        for item, _ in inside
        if item.get("type") == "marking-definition" and isinstance(item.get("id"), str)
    }
    seen: set[tuple[str, ...]] = set()
    for item, name in inside:
        if _OBJECT_MARKINGS not in item and _GRANULAR not in item:
            continue
        for refs in _references(item, name):
            if refs in seen:
                continue
            seen.add(refs)
            if len(seen) > MAX_MARKINGS:
                msg = f"it has more than {MAX_MARKINGS} different markings; take it apart"
                raise InputError("bad-marking", msg)
            asked = [ref for ref in refs if not is_notice(ref, definitions)]
            if not asked:
                continue
            try:
                yield Part(name, read_marking(asked, definitions))
            except (MalformedError, InputError) as error:
                raise InputError("bad-marking", f"{name}: {error.message}") from None


def _objects(value: object) -> Iterator[tuple[Mapping[str, object], str]]:
    """Yield every object in JSON, with a name for it: the one with an id that it lies in."""
    waiting = [(value, "an object without an id")]
    while waiting:
        value, name = waiting.pop()
        if isinstance(value, dict):
            item = cast("dict[str, object]", value)
            name = _name(item.get("id")) or name
            yield item, name
            waiting += [(below, name) for below in item.values() if isinstance(below, _NESTED)]
        elif isinstance(value, list):
            below = cast("list[object]", value)
            waiting += [(each, name) for each in reversed(below) if isinstance(each, _NESTED)]


def _references(item: Mapping[str, object], name: str) -> Iterator[tuple[str, ...]]:
    """Yield the marking references of an object, then those of parts of it, each by itself.

    Raises:
        InputError: they are not written as STIX writes them.
    """
    try:
        refs = msgspec.convert(item.get(_OBJECT_MARKINGS, ()), tuple[str, ...])
        granular = msgspec.convert(item.get(_GRANULAR, ()), tuple[_Granular, ...])
    except msgspec.ValidationError:
        raise InputError("bad-marking", f"the markings of {name} cannot be read") from None
    if refs:
        yield tuple(sorted(set(refs)))
    for each in granular:
        if each.marking_ref is not None:
            yield (each.marking_ref,)
        elif each.lang is None:
            raise InputError("bad-marking", f"a granular marking of {name} names no marking")


def is_notice(ref: str, definitions: Mapping[str, object]) -> bool:
    """Say whether a reference is to a statement that is no marking, such as a licence.

    Words in capitals alone, all that reads as a marking, and all that speaks of one may be a
    banner: they are none.
    """
    if ref in _KNOWN or _spoken(definitions.get(ref)):
        return False
    try:
        words = msgspec.convert(definitions.get(ref), _Statement).definition.statement
    except msgspec.ValidationError:
        return False
    words = unicodedata.normalize("NFKC", words)
    if words.upper() == words or _RESTRICTS.search(words):
        return False
    try:
        Marking.parse(words)
    except InputError:
        return True
    return False


def _name(told: object) -> str:
    """Return an object's id as a person may read it, "" for none."""
    if not isinstance(told, str) or not told.isprintable():
        return ""
    return f"the object {told[:_LONGEST_ID]}"


def _tlp(tlp: Tlp) -> dict[str, object]:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": TLP_IDS[tlp],
        "created": _TLP_CREATED,
        "name": tlp.value,
        "extensions": {
            TLP_EXTENSION: {
                "extension_type": "property-extension",
                "tlp_2_0": tlp.value.removeprefix("TLP:").lower(),
            }
        },
    }


def _statement(words: str) -> dict[str, object]:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{uuid.uuid5(_STATEMENTS, words)}",
        "created": _STATEMENT_CREATED,
        "definition_type": "statement",
        "definition": {"statement": words},
    }


def _label_of(ref: str, objects: Mapping[str, object]) -> Tlp | None:
    """Return the label of TLP that a definition says; None: it says something else.

    Raises:
        MalformedError: it says several, another than its id, or one that there is not.
    """
    words = _spoken(objects.get(ref))
    said = {_LABELS.get(each) for each in words}
    if ref in _KNOWN:
        said.add(_KNOWN[ref])
    if len(said) > 1 or None in said:
        raise MalformedError(f"the marking {ref} is not the label of TLP that it says")
    return next(iter(said), None)


def _spoken(told: object) -> set[str]:
    """Return the words of TLP that a definition says: by its name, its body, its extension."""
    item = _parts(told)
    bodies = [_parts(item.get("definition")), *map(_parts, _parts(item.get("extensions")).values())]
    written = [value for body in bodies for name, value in body.items() if name in _TLP_NAMES]
    space, between, name = _plain(item.get("name", "")).partition(":")
    named = {name.strip()} if between and space.strip() == "tlp" else set[str]()
    return named.union(map(_plain, written))


def _parts(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _plain(value: object) -> str:
    return unicodedata.normalize("NFKC", str(value)).casefold().strip()


def read_pap(ref: str, objects: Mapping[str, object]) -> Pap | None:
    """Return what a definition of ours permits, if that is all that it says."""
    try:
        return Pap(_words(ref, objects))
    except (MalformedError, ValueError):
        return None


def _words(ref: str, objects: Mapping[str, object]) -> str:
    """Return the words of a statement of ours."""
    try:
        told = msgspec.convert(objects.get(ref), _Statement)
    except msgspec.ValidationError:
        raise MalformedError(f"the marking {ref[:100]} is not known here") from None
    words = told.definition.statement
    if _statement(words)["id"] != ref:
        raise MalformedError(f"the marking {ref[:100]} is no marking of this line")
    return words


class _Words(msgspec.Struct):
    statement: str


class _Statement(msgspec.Struct):
    definition: _Words


class _Granular(msgspec.Struct):
    marking_ref: str | None = None
    lang: str | None = None
