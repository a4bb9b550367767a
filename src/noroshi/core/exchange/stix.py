"""Markings as STIX 2.1 marking definitions, and back.

TLP 2.0 has published ids (FIRST and OASIS, 2022); those of TLP 1.0 that STIX 2.1 builds in are
read and never written. All else of a marking goes as one statement in its written form, with an
id made from those words (UUIDv5), so that the same marking is the same object everywhere.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from noroshi.core.errors import MalformedError
from noroshi.core.marking.label import Marking, Tlp

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
_TLP_CREATED: Final = "2022-10-01T00:00:00.000Z"
_STATEMENTS: Final = uuid.UUID("6a8ff163-7a89-497e-a842-11ad27283986")
"""The namespace of the ids of our statements; it never changes."""
_STATEMENT_CREATED: Final = "2026-01-01T00:00:00.000Z"


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
    tlps = {_KNOWN[ref] for ref in refs if ref in _KNOWN}
    words = {_words(ref, objects) for ref in refs if ref not in _KNOWN}
    if len(tlps) > 1 or len(words) > 1:
        raise MalformedError("the object has markings that contradict each other")
    if not tlps and not words:
        raise MalformedError("the object has no marking")
    written = [*words, *(tlp.value for tlp in tlps)]
    if words and next(iter(words)).startswith("PAP:"):
        written.reverse()
    return Marking.parse("//".join(written))


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


def _words(ref: str, objects: Mapping[str, object]) -> str:
    """Return the words of a statement of ours."""
    try:
        told = msgspec.convert(objects.get(ref), _Statement)
    except msgspec.ValidationError:
        raise MalformedError(f"the marking {ref} is not known here") from None
    words = told.definition.statement
    if _statement(words)["id"] != ref:
        raise MalformedError(f"the marking {ref} is no marking of this line")
    return words


class _Words(msgspec.Struct):
    statement: str


class _Statement(msgspec.Struct):
    definition: _Words
