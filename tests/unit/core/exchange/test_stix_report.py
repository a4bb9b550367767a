"""Reports of every kind as STIX 2.1 bundles, and back with equal values."""

import importlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noroshi.adapters.words import example_of
from noroshi.core.errors import MalformedError
from noroshi.core.exchange.stix_reading import read_bundle
from noroshi.core.exchange.stix_report import EXTENSION, INCIDENT_CORE, Report, write_bundle
from noroshi.core.exchange.stix_values import OBJECTS
from noroshi.core.kinds.kind import Kind, all_kinds
from noroshi.core.marking.label import Marking
from noroshi.core.recognition import recognise
from tests.unit.core.exchange.drawn_forms import forms

DRAWN = 100
"""Forms of each kind; tests/proofs/test_forms.py goes through 20,000, a long proof through more."""
PARSED = 10
"""Of each kind by stix2, which takes 20 ms for one."""
ID = "3f1c09aa-0000-4000-8000-000000000001"
kinds = pytest.mark.parametrize("kind", all_kinds().values(), ids=lambda kind: kind.name)


def report(kind: str, fields: dict[str, Any], **told: Any) -> Report:
    head: dict[str, Any] = {
        "id": ID, "kind": kind, "subject": "Something", "created_at": 1_795_316_404_123_456,
        "sender": "jp", "desk": "cyber", "status": "exercise", "precedence": "flash",
        "marking": Marking.parse("NATO SECRET//REL TO JPN//TLP:AMBER"), "fields": fields,
    }  # fmt: skip
    return Report(**{**head, **told})


def example(kind: str = "cyber-incident", **more: Any) -> Report:
    found = recognise(example_of(all_kinds()[kind]))
    return report(kind, {**found.fields, **more}, subject=found.subject)


def objects(told: Report, kind: str) -> list[dict[str, Any]]:
    return [o for o in json.loads(write_bundle(told))["objects"] if o["type"] == kind]


def one(told: Report, kind: str) -> dict[str, Any]:
    (found,) = objects(told, kind)
    return found


def strict(raw: bytes) -> None:
    importlib.import_module("stix2").parse(raw.decode(), allow_custom=False)


@kinds
def test_an_example_goes_out_and_comes_back(kind: Kind) -> None:
    told = example(kind.name)
    raw = write_bundle(told)
    assert read_bundle(json.loads(raw)) == told
    assert write_bundle(read_bundle(json.loads(raw))) == raw
    strict(raw)
    for each in json.loads(raw)["objects"]:
        is_fixed = each["type"] in {"marking-definition", "extension-definition"}
        assert is_fixed or each.get("name") == "Noroshi" or len(each["object_marking_refs"]) == 2


@kinds
def test_every_form_comes_back(kind: Kind) -> None:
    @settings(max_examples=DRAWN)
    @given(forms(kind))
    def comes_back(fields: dict[str, Any]) -> None:
        again = read_bundle(json.loads(write_bundle(report(kind.name, fields))))
        assert json.dumps(again.fields, sort_keys=True) == json.dumps(fields, sort_keys=True)
        assert again == report(kind.name, fields)

    comes_back()


@kinds
def test_every_form_is_strict_stix(kind: Kind) -> None:
    @settings(max_examples=PARSED)
    @given(forms(kind))
    def is_strict(fields: dict[str, Any]) -> None:
        strict(write_bundle(report(kind.name, fields)))

    is_strict()


@kinds
def test_a_form_says_only_what_there_is(kind: Kind) -> None:
    for field in kind.fields:
        assert field.becomes is None or field.becomes.property or field.becomes.type in OBJECTS


def test_a_cyber_incident_in_standard_objects() -> None:
    told = example(references=["https://example.org/advisory", "A-17/26"])
    incident = one(told, "incident")
    assert incident["description"].startswith("Somebody is active")
    assert incident["extensions"][INCIDENT_CORE] == {
        "extension_type": "property-extension", "determination": "confirmed",
        "investigation_status": "open", "criticality": 70, "recoverability": "extended",
        "incident_types": ["compromised-system", "ics"], "detection_methods": ["human-review"],
    }  # fmt: skip
    digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    assert [each["pattern"] for each in objects(told, "indicator")] == [
        "[ipv4-addr:value = '192.0.2.44']",
        f"[file:hashes.'SHA-256' = '{digest}']",
    ]
    assert one(told, "vulnerability")["external_references"] == [
        {"source_name": "cve", "external_id": "CVE-2026-0001"}
    ]
    assert one(told, "software")["name"] == "Example Gateway 4.2"
    root = one(told, "report")
    assert (root["labels"], root["lang"], root["confidence"]) == (["exercise"], "en", 50)
    assert root["external_references"] == [
        {"source_name": "references", "url": "https://example.org/advisory"}
    ]
    assert read_bundle(json.loads(write_bundle(told))) == told


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("cyber-incident", {"indicators": [
            5, {}, {"type": 5, "value": "x"}, {"type": "file:name", "value": "x\ny"},
            {"type": "file:hashes.MD5", "value": "zz"}, {"type": "x", "value": "y"},
            {"type": "file:hashes.MD5", "value": "z" * 32}, {"type": "url", "value": ""},
        ]}),
        ("cyber-incident", {"criticality": 101, "determination": "x", "investigation": "new",
                            "incident_types": ["", 5], "detection": "x", "recoverability": 5}),
        ("cyber-incident", {"criticality": 70, "determination": 5, "confidence": "very"}),
        ("cyber-incident", {"entity": 5, "techniques": ["", None], "vulnerabilities": [{}],
                            "products": [""], "language": "none at all", "summary": ""}),
        ("disinformation-campaign", {"targets": ["nato", 5], "first_seen": "2026-02-31T00:00:00Z",
                                     "evidence": [{"url": "x"}, 5, {"url": "https://x", "sha256":
                                                  "zz", "note": ""}, {"archive": "https://x"},
                                                  {"url": "https://x", "note": "y"}]}),
        ("disinformation-campaign", {"first_seen": "2026-02-01T00:00:00+09:00", "narrative": 5}),
        ("disinformation-campaign", {"first_seen": 5, "why_false": ""}),
        ("missile-event", {"launch_place": {"latitude": True, "longitude": 0},
                           "impact_place": {"latitude": 1, "longitude": 2, "radius_km": -1}}),
        ("missile-event", {"launch_place": {"latitude": 91, "longitude": 0}, "impact_place": {}}),
        ("missile-event", {"launch_place": {"latitude": 1.5, "longitude": 2, "name": ""}}),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_fits_no_standard_object_is_kept_as_it_is(kind: str, fields: dict[str, Any]) -> None:
    told = report(kind, fields)
    names = ("indicator", "identity", "attack-pattern", "vulnerability", "software", "note")
    assert [len(objects(told, name)) for name in names] == [0, 2, 0, 0, 0, 0]
    assert read_bundle(json.loads(write_bundle(told))) == told
    strict(write_bundle(told))


def test_without_what_incident_core_needs_there_is_none() -> None:
    told = example(determination="")
    assert "extensions" not in one(told, "incident")
    assert read_bundle(json.loads(write_bundle(told))) == told


def test_a_campaign_in_standard_objects() -> None:
    told = example("disinformation-campaign")
    assert one(told, "report")["report_types"] == ["campaign"]
    (disarm,) = one(told, "attack-pattern")["external_references"]
    assert disarm == {"source_name": "DISARM", "external_id": "T0023", "description": "v1.5"}
    assert [each["country"] for each in objects(told, "location")] == ["JP", "KR"]
    names = [each["relationship_type"] for each in objects(told, "relationship")]
    assert sorted(names) == ["targets", "targets", "targets", "uses"]


def test_a_kind_of_a_newer_release_comes_back() -> None:
    fields = {"what": ["new", {"deep": {"er": [1, None]}}], "none": None, "yes": True, "": []}
    told = report("volcano-event", fields, subject="", status="actual", references=(ID,))
    assert read_bundle(json.loads(write_bundle(told))) == told
    assert read_bundle(json.loads(write_bundle(report("volcano-event", {})))).fields == {}
    strict(write_bundle(told))


def test_other_objects_and_extensions_may_stand_beside_ours() -> None:
    told = example()
    bundle = json.loads(write_bundle(told))
    foreign = {"type": "report", "id": "report--1", "extensions": {"x": {}}}
    tool = {"type": "tool", "id": "tool--1"}
    bundle["objects"] += [foreign, tool, dict(bundle["objects"][0])]
    bundle["objects"].reverse()
    assert read_bundle(bundle) == told


def changed(**extension: Any) -> dict[str, Any]:
    bundle: dict[str, Any] = json.loads(write_bundle(example()))
    (root,) = [each for each in bundle["objects"] if each["type"] == "report"]
    root["extensions"][EXTENSION] |= extension
    return bundle


def root_of(bundle: dict[str, Any]) -> str:
    return next(str(each["id"]) for each in bundle["objects"] if each["type"] == "report")


NAMED = f"{root_of(changed())}/name"
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]
WRONG: list[dict[str, Any]] = [
    {"version": 2}, {"version": "1"}, {"kind": 5}, {"created_at": "soon"}, {"fields": {}},
    {"fields": [{"name": "x"}]},
    {"fields": [{"name": "x", "value": 1, "json": "2"}]},
    {"fields": [{"name": "x", "value": [1]}]},
    {"fields": [{"name": "x", "value": 1}] * 2},
    {"fields": [{"name": "x", "stands": 1}]},
    {"fields": [{"name": "x", "json": "NaN"}]},
    {"fields": [{"name": "x", "json": "1e999"}]},
    {"fields": [{"name": "x", "json": "{"}]},
    {"fields": [{"name": "x", "json": "[" * 100_000}]},
    {"fields": [{"name": "x", "json": '"\\ud800"'}]},
    {"fields": [{"name": "x", "at": NAMED}, {"name": "y", "at": NAMED}]},
    {"fields": [{"name": "x", "at": "report"}]},
    {"fields": [{"name": "x", "at": "/" * 100}]},
    {"fields": [{"name": "x", "at": f"{NAMED}/0"}]},
    {"fields": [{"name": "x", "at": f"{NAMED}less"}]},
    {"fields": [{"name": "x", "at": f"{NAMED[:-5]}/object_refs/99999"}]},
    {"fields": [{"name": "x", "at": f"{NAMED[:-5]}/object_refs/-1"}]},
    {"fields": [{"name": "x", "at": f"{NAMED[:-5]}/object_refs/²"}]},
    {"fields": [{"name": "x", "parts": [{"name": "a", "value": 1}] * 2}]},
    {"fields": [{"name": "x", "each": DEEP}]},
]  # fmt: skip


@pytest.mark.parametrize("extension", WRONG, ids=range(len(WRONG)))
def test_an_extension_that_is_not_as_it_must_be(extension: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        read_bundle(changed(**extension))


def test_sources_nested_too_deeply() -> None:
    source: dict[str, Any] = {"value": 1}
    for _ in range(20):
        source = {"each": [source]}
    with pytest.raises(MalformedError, match="one way"):
        read_bundle(changed(fields=[{"name": "x", **source}]))


def test_a_value_that_goes_in_a_circle() -> None:
    bundle = changed(fields=[{"name": "x", "at": f"{NAMED[:-5]}/x"}])
    (root,) = [each for each in bundle["objects"] if each["type"] == "report"]
    root["x"] = root
    with pytest.raises(MalformedError):
        read_bundle(bundle)


@pytest.mark.parametrize(
    "bundle",
    [
        None, 5, [], {}, {"type": "bundle"}, {"type": "bundle", "objects": {}},
        {"type": "bundle", "objects": []}, {"type": "bundle", "objects": [5]},
        {"type": "bundle", "objects": [{"id": 5}]},
        {"type": "bundle", "objects": [{"id": "a"}, {"id": "a", "x": 1}]},
        {"type": "bundle", "objects": [{"id": f"tool--{n}"} for n in range(100_000)]},
    ],
    ids=range(11),
)  # fmt: skip
def test_foreign_bundles_are_not_taken_for_ours(bundle: Any) -> None:
    with pytest.raises(MalformedError):
        read_bundle(bundle)


@pytest.mark.parametrize("refs", [None, [5], [], ["marking-definition--1"]])
def test_a_marking_that_cannot_be_read(refs: Any) -> None:
    bundle = changed()
    (root,) = [each for each in bundle["objects"] if each["type"] == "report"]
    root["object_marking_refs"] = refs
    with pytest.raises(MalformedError):
        read_bundle(bundle)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in JSON: what holds it, and its name or number there."""
    keys: list[Any] = list(value) if isinstance(value, dict) else []
    keys += range(len(value)) if isinstance(value, list) else ()
    return [(value, key) for key in keys] + [p for key in keys for p in places(value[key])]


@given(st.data())
def test_a_bundle_with_a_part_put_out_of_place(data: st.DataObject) -> None:
    bundle = json.loads(write_bundle(example("disinformation-campaign")))
    holder, key = data.draw(st.sampled_from(places(bundle)))
    if data.draw(st.booleans()):
        del holder[key]
    else:
        holder[key] = data.draw(st.sampled_from([None, 0, "", [], {}, "report--1/name", bundle]))
    try:
        again = read_bundle(bundle)
    except MalformedError:
        return
    assert msgspec.json.encode(again)
