"""A report as a STIX 2.1 bundle: what the standard has an object for, and one extension.

The report SDO is the root. Its extension names every field once and says where its value stands:
in a property of a standard object, or, where the standard has no place for it, right there. So a
stranger reads standard objects, and :mod:`noroshi.core.exchange.stix_reading` gets equal values
back whatever the kind, also one that it does not know (docs/formats/stix.md).

What a field becomes is said by its form (:class:`noroshi.core.kinds.form.Becomes`), else by its
type. Ids come from the report's id and the path of the value, so the same report is the same
bundle, byte for byte.
"""

import json
import re
import uuid
from collections.abc import Mapping
from typing import Final, cast

import msgspec

from noroshi.core.exchange.stix import marking_definitions
from noroshi.core.exchange.stix_values import OBJECTS, Become, fits
from noroshi.core.instant import Instant, from_text, to_text
from noroshi.core.kinds.form import Becomes, Field, FieldType
from noroshi.core.kinds.kind import Kind, all_kinds
from noroshi.core.marking.label import Marking

NAMESPACE: Final = uuid.UUID("d80df8aa-5cb1-42f7-8f0a-ed430778daf5")
"""Of all ids that are made here; it never changes."""
EXTENSION: Final = f"extension-definition--{uuid.uuid5(NAMESPACE, 'extension')}"
VERSION: Final = 1
FORMAT: Final = "stix-2.1"
INCIDENT_CORE: Final = "extension-definition--ef765651-680c-498d-9894-99799f2fa126"

_MAKER: Final = f"identity--{uuid.uuid5(NAMESPACE, 'maker')}"
_MILLISECOND: Final = 1000
"""The unit in which versions are written."""
_MADE: Final = "2026-01-01T00:00:00.000Z"
_CORE_NEEDS: Final = ("determination", "investigation_status")
"""Without both of them there is no Incident Core, and none is invented."""
_ROOT: Final = "report"
_DESCRIPTION: Final = "description"
_CONFIDENCE: Final = {"low": 15, "moderate": 50, "high": 85}
"""The values of STIX 2.1, appendix A, for low, medium and high."""
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,8}")
_BY_TYPE: Final = {
    FieldType.TEXT: Becomes("note"),
    FieldType.PLACE: Becomes("location"),
    FieldType.INDICATOR: Becomes("indicator"),
    FieldType.EVIDENCE: Becomes("external-reference"),
}
_RELATED: Final = {
    ("campaign", "attack-pattern"): "uses",
    ("campaign", "location"): "targets",
    ("campaign", "identity"): "targets",
    ("incident", "identity"): "targets",
    ("incident", "location"): "located-at",
}
_DEEPEST: Final = 2
"""How far values are taken apart: a list of parts of plain values."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A report, as far as it is exchanged."""

    id: str
    kind: str
    subject: str
    created_at: Instant
    sender: str
    desk: str
    marking: Marking
    status: str
    precedence: str
    references: tuple[str, ...] = ()
    """Ids of the reports that it answers or takes up."""
    fields: Mapping[str, object] = {}
    """Of its form; also those that this release does not know."""


def write_bundle(report: Report) -> bytes:
    """Return a report as a bundle: UTF-8, in canonical order."""
    bundle = _Bundle(report)
    bundle.fill()
    objects = [*marking_definitions(report.marking), *_DEFINITION, *bundle.objects]
    told = {"type": "bundle", "id": bundle.id("bundle", ""), "objects": objects}
    return _text(told).encode()


def revoked(made: bytes, at: Instant) -> bytes:
    """Return the last version of an object that was made here: taken back at `at`.

    It is later than the one before, whatever the clock says (STIX 2.1, section 3.6).
    """
    told = cast("dict[str, object]", json.loads(made))
    before = from_text(str(told["modified"]))
    modified = to_text(max(at, before + _MILLISECOND))[:23] + "Z"
    return _text({**told, "modified": modified, "revoked": True}).encode()


def literal(value: object, depth: int = 0) -> dict[str, object]:
    """Return where a value stands that no standard object has: right here."""
    if isinstance(value, (str, int, float)):
        return {"value": value}
    below, parts = _items(value), _parts(value)
    if below and depth < _DEEPEST:
        return {"each": [literal(each, depth + 1) for each in below]}
    if parts and depth < _DEEPEST:
        return {"parts": [{"name": n, **literal(v, depth + 1)} for n, v in parts.items()]}
    return {"json": _text(value)}  # STIX has neither null nor anything that is empty


class _Bundle:
    """The objects of one report as they are made; the root first."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._kind: Kind | None = all_kinds().get(report.kind)
        self._at = to_text(report.created_at)[:23] + "Z"
        self._marked = [each["id"] for each in marking_definitions(report.marking)]
        language = report.fields.get("language")
        self._language = language if _is_language(language) else None
        self.objects: list[dict[str, object]] = []
        self._ones: dict[str, dict[str, object]] = {}
        self._references: list[dict[str, object]] = []
        self._core: dict[str, object] = {}

    def id(self, kind: str, path: str) -> str:
        """Return the id of the object of a type that a path of this report has."""
        return f"{kind}--{uuid.uuid5(NAMESPACE, f'{self._report.id}/{kind}/{path}')}"

    def fill(self) -> None:
        """Make all objects."""
        report = self._report
        self._sender = self.id("identity", "sender")
        name = report.subject or report.kind
        root = self._add(_ROOT, "", name=name, published=self._at)
        self._ones[_ROOT] = root
        self._add("identity", "sender", name=report.sender, identity_class="organization")
        del self.objects[-1]["created_by_ref"]
        fields = {} if self._kind is None else {each.name: each for each in self._kind.fields}
        for each in fields.values():
            if each.becomes and each.becomes.property and each.becomes.type not in self._ones:
                self._ones[each.becomes.type] = self._add(each.becomes.type, "", name=name)
        has_core = all(self._has_core(each) for each in _CORE_NEEDS)
        if has_core:
            self._core["extension_type"] = "property-extension"
            self._ones["incident"]["extensions"] = {INCIDENT_CORE: self._core}
        told = [
            {"name": name, **self._field(fields.get(name), value, name)}
            for name, value in report.fields.items()
        ]
        self._relate()
        if self._references:
            root["external_references"] = self._references
        if "campaign" in self._ones:
            root["report_types"] = ["campaign"]
        if report.status != "actual":
            root["labels"] = [report.status]
        root["object_refs"] = [each["id"] for each in self.objects[1:]]
        root["extensions"] = {EXTENSION: self._extension(told)}

    def _extension(self, fields: list[dict[str, object]]) -> dict[str, object]:
        report = self._report
        told: dict[str, object] = {
            "extension_type": "property-extension",
            "version": VERSION,
            "report": report.id,
            "kind": report.kind,
            "subject": report.subject,
            "created_at": to_text(report.created_at),
            "sender": report.sender,
            "desk": report.desk,
            "status": report.status,
            "precedence": report.precedence,
        }
        if report.references:
            told["references"] = list(report.references)
        return {**told, "fields": fields} if fields else told

    def _add(self, kind: str, path: str, **properties: object) -> dict[str, object]:
        made: dict[str, object] = {
            "type": kind,
            "spec_version": "2.1",
            "id": self.id(kind, path),
            "object_marking_refs": self._marked,
            **properties,
        }
        if kind != "software":  # an observable, which nobody has made
            made |= {"created": self._at, "modified": self._at, "created_by_ref": self._sender}
            if self._language is not None:
                made["lang"] = self._language
        self.objects.append(made)
        return made

    def _has_core(self, name: str) -> bool:
        """Say whether the form has a text for a property of Incident Core."""
        return any(
            each.becomes == Becomes("incident", name) and self._is_text(each.name)
            for each in (self._kind.fields if self._kind else ())
        )

    def _is_text(self, name: str) -> bool:
        value = self._report.fields.get(name)
        return isinstance(value, str) and value != ""

    def _field(self, field: Field | None, value: object, path: str) -> dict[str, object]:
        """Return where the value of a field stands, having made what it becomes."""
        become = None if field is None else field.becomes or _BY_TYPE.get(field.type)
        if field is None or become is None:
            return literal(value)
        if become.property:
            return self._property(become, field, value)
        below = _items(value)
        if field.is_many and below:
            return {"each": [self._one(become, v, f"{path}/{i}") for i, v in enumerate(below)]}
        return self._one(become, value, path)

    def _property(self, become: Becomes, field: Field, value: object) -> dict[str, object]:
        """Return where a value stands that is a property of the one object of a type."""
        one = self._ones[become.type]
        pointer = f"{one['id']}/{become.property}"
        if become.property == "confidence":
            if isinstance(value, str) and value in _CONFIDENCE:
                one["confidence"] = _CONFIDENCE[value]
            return literal(value)
        if become.property == "lang":
            return {"at": pointer} if self._language is not None else literal(value)
        if not fits(field, value):
            return literal(value)
        if become.type == "incident" and become.property != _DESCRIPTION:
            if not self._core:
                return literal(value)
            one, pointer = self._core, f"{one['id']}/extensions/{INCIDENT_CORE}/{become.property}"
        one[become.property] = value
        return {"at": pointer}

    def _one(self, become: Becomes, value: object, path: str) -> dict[str, object]:
        """Return where a value stands that is an object by itself."""
        made = OBJECTS[become.type](Become(value, become.source, path, self._at))
        if made is None:
            return literal(value)
        if become.type == "external-reference":
            holder = f"{self._ones[_ROOT]['id']}/external_references/{len(self._references)}"
            self._references.append(made.properties)
        else:
            if become.type == "note":
                made.properties["object_refs"] = [self._ones[_ROOT]["id"]]
            holder = str(self._add(become.type, path, **made.properties)["id"])
        parts = _parts(value)
        if parts:
            return {"parts": [
                {"name": name, "at": f"{holder}/{made.stands[name]}"}
                if name in made.stands
                else {"name": name, **literal(part)}
                for name, part in parts.items()
            ]}  # fmt: skip
        return {"at": f"{holder}/{made.stands['']}"}

    def _relate(self) -> None:
        """Add what the standard calls the relation of a campaign or an incident to the others."""
        for source in list(self._ones.values()):
            for target in list(self.objects):
                name = _RELATED.get((str(source["type"]), str(target["type"])))
                if name is None or target["id"] == self._sender:
                    continue
                self._add(
                    "relationship", f"{source['id']}/{target['id']}", relationship_type=name,
                    source_ref=source["id"], target_ref=target["id"],
                )  # fmt: skip


def _items(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _parts(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _is_language(value: object) -> bool:
    return isinstance(value, str) and _LANGUAGE.fullmatch(value) is not None


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


_DEFINITION: Final[tuple[dict[str, object], ...]] = (
    {
        "type": "identity",
        "spec_version": "2.1",
        "id": _MAKER,
        "created": _MADE,
        "modified": _MADE,
        "name": "Noroshi",
        "identity_class": "organization",
    },
    {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": EXTENSION,
        "created": _MADE,
        "modified": _MADE,
        "created_by_ref": _MAKER,
        "name": "Noroshi report",
        "description": "Where each field of a report's form stands, and what has no other place.",
        "schema": "docs/formats/stix.md",
        "version": "1.0.0",
        "extension_types": ["property-extension"],
    },
)
"""Of our extension, and whose it is."""
