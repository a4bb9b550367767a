"""What another system wrote, recognised and turned into a report JSON."""

import hashlib
import json
from typing import Any

import pytest

from noroshi.adapters.policies import shipped_rules
from noroshi.adapters.words import example_of, shipped_lexicon
from noroshi.core.envelope.suite import MAX_BODY
from noroshi.core.errors import InputError, NoroshiError
from noroshi.core.exchange.drafts import Draft, one_line, report_json
from noroshi.core.exchange.importing import LARGEST, draft_of, encode_form, form_of
from noroshi.core.exchange.stix import TLP_EXTENSION, TLP_IDS, marking_definitions
from noroshi.core.exchange.stix_reading import read_bundle
from noroshi.core.exchange.stix_report import Report, write_bundle
from noroshi.core.kinds.check import check_form
from noroshi.core.kinds.kind import Kind, all_kinds
from noroshi.core.kinds.reading import Reader, read_form
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.marking.label import Marking, Tlp
from noroshi.core.recognition import recognise
from noroshi.core.sheet.chain import form_blocks
from noroshi.core.sheet.plain import plain

CYBER = all_kinds()["cyber-incident"]


def bundle_of(kind: Kind) -> tuple[bytes, dict[str, Any]]:
    example = example_of(kind)
    found = recognise(example)
    report = Report(
        id="3f1c09aa-0000-4000-8000-000000000001", kind=kind.name, subject=found.subject,
        created_at=5, sender="jp", desk="cyber", marking=Marking.parse("NATO SECRET//TLP:AMBER"),
        status="exercise", precedence="flash", fields=found.fields,
    )  # fmt: skip
    head = {"marking": "NATO SECRET//TLP:AMBER", "precedence": "flash", "status": "exercise"}
    return write_bundle(report), {**json.loads(example), **head}


@pytest.mark.parametrize("kind", all_kinds().values(), ids=lambda kind: kind.name)
def test_a_bundle_that_was_exported_is_the_same_form_again(kind: Kind) -> None:
    raw, told = bundle_of(kind)
    form = form_of(draft_of(raw), raw)
    assert form == told
    assert json.loads(encode_form(form)) == told


def test_a_bundle_has_no_word_in_its_own_head() -> None:
    bundle = json.loads(bundle_of(CYBER)[0])
    (root,) = [each for each in bundle["objects"] if each["type"] == "report"]
    (extension,) = root["extensions"].values()
    extension["fields"].append({"name": "marking", "value": "TLP:CLEAR"})
    raw = json.dumps(bundle).encode()
    with pytest.raises(InputError, match="called marking"):
        form_of(draft_of(raw), raw)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "bad-json"),
        (b"words", "bad-json"),
        (b"\xff", "not-utf8"),
        (b"[]", "bad-import"),
        (b'{"type": "indicator"}', "bad-import"),
        (b'{"type": "bundle"}', "malformed"),
        (b'{"noroshi": 1}', "bad-import"),
        (b'{"Event": {}, "Event": {}}', "bad-json"),
        (b" " * (LARGEST + 1), "bad-import"),
    ],
    ids=range(9),
)
def test_what_cannot_be_imported(raw: bytes, code: str) -> None:
    with pytest.raises(NoroshiError) as refusal:
        draft_of(raw)
    assert refusal.value.code == code


def test_an_original_may_go_along_as_a_file() -> None:
    raw = json.dumps({"Event": {"info": "x" * MAX_BODY}}).encode()
    draft = draft_of(raw)
    with pytest.raises(InputError) as refusal:
        form_of(draft, raw)
    assert refusal.value.code == "body-too-large"
    assert "--apart" in refusal.value.message
    form = form_of(draft, raw, without_original=True)
    digest = hashlib.sha256(raw).hexdigest()
    assert form["original"] == {"format": "misp-event", "sha256": digest}
    check_form(CYBER, recognise(encode_form(form)).fields, shipped_lexicon())
    bundle, told = bundle_of(CYBER)
    assert form_of(draft_of(bundle), bundle, without_original=True) == told


def test_a_draft_says_only_what_it_knows() -> None:
    draft = Draft(kind="comms-check", subject="x", fields={"text": "y"})
    told = {"noroshi": 1, "kind": "comms-check", "subject": "x", "text": "y"}
    assert report_json(draft) == told


def test_a_line() -> None:
    assert one_line(" a\x00b\n c ") == "a b c"
    assert one_line("x" * 201) == "x" * 199 + "…"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"format": "misp-event", "content": "{}"}, "misp-event, 2 bytes\n{}"),
        ({"format": "misp-event", "content": "é" * 4_001}, "misp-event, 8002 bytes"),
        ({"format": "misp-event", "sha256": "ab"}, "misp-event  ab"),
        ({"format": "misp-event", "content": "{}", "new": "1"}, "misp-event  {}  1"),
    ],
    ids=range(4),
)
def test_an_original_is_shown_whole_or_by_its_size(value: Any, shown: str) -> None:
    reader = Reader(shipped_lexicon(), Language.ENGLISH)
    rows = read_form(CYBER, {"original": value}, reader)
    (row,) = rows
    assert (row.values, row.is_verbatim, row.is_known) == ((shown,), True, True)
    text = plain(form_blocks(rows, "", reader), Language.ENGLISH)
    assert text.startswith("As it came from another system\n| misp-event")


def test_an_original_has_its_content_or_its_digest() -> None:
    with pytest.raises(InputError, match="sha256"):
        check_form(CYBER, {"summary": "x", "original": {"format": "cap-1.2"}}, shipped_lexicon())


RED_2, RED_1 = TLP_IDS[Tlp.RED], "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"
NOTE = {"type": "note", "id": "note--1", "content": "Not for the press"}
SAYS_RED: list[dict[str, Any]] = [
    {"name": "TLP:RED"},
    {"name": "\N{FULLWIDTH LATIN SMALL LETTER T}lp: Red", "extensions": 5},
    {"definition_type": "tlp", "definition": {"tlp": "red"}},
    {"extensions": {TLP_EXTENSION: {"tlp_2_0": "red"}, "x": 5}},
]


def added(*objects: dict[str, Any], **of_root: Any) -> bytes:
    bundle = json.loads(bundle_of(CYBER)[0])
    (root,) = [each for each in bundle["objects"] if each["type"] == "report"]
    root |= of_root
    bundle["objects"] += objects
    return json.dumps(bundle).encode()


def definition(words: dict[str, Any]) -> dict[str, Any]:
    return {"type": "marking-definition", "id": "marking-definition--1", **words}


@pytest.mark.parametrize(
    "raw",
    [
        added({**NOTE, "object_marking_refs": [RED_2]}),
        added({**NOTE, "object_marking_refs": [RED_1]}),
        added(granular_markings=[{"marking_ref": RED_2, "selectors": ["name"]}]),
        *(added(definition(words), {**NOTE, "object_marking_refs": ["marking-definition--1"]})
          for words in SAYS_RED),
    ],
    ids=range(7),
)  # fmt: skip
def test_the_strictest_marking_of_a_bundle_holds_and_what_was_added_is_kept(raw: bytes) -> None:
    form = form_of(draft_of(raw, shipped_rules()), raw)
    assert form["marking"] == "NATO SECRET//TLP:RED"
    kept: Any = form["original"]
    assert kept["format"] == "stix-2.1"
    assert json.loads(kept["content"]) == json.loads(raw)
    check_form(CYBER, recognise(encode_form(form)).fields, shipped_lexicon())
    digest = hashlib.sha256(raw).hexdigest()
    apart = form_of(draft_of(raw, shipped_rules()), raw, without_original=True)
    assert apart["original"] == {"format": "stix-2.1", "sha256": digest}


def test_statements_of_several_levels_in_a_bundle() -> None:
    (restricted,) = marking_definitions(Marking.parse("NATO RESTRICTED"))
    (unknown,) = marking_definitions(Marking.parse("NATO HUSH"))
    raw = added(restricted, {**NOTE, "object_marking_refs": [restricted["id"]]})
    assert str(draft_of(raw, shipped_rules()).marking) == "NATO SECRET//TLP:AMBER"
    with pytest.raises(InputError, match="no marking policy known"):
        draft_of(raw)
    with pytest.raises(InputError, match="no level"):
        draft_of(added(unknown, {**NOTE, "object_marking_refs": [unknown["id"]]}), shipped_rules())


@pytest.mark.parametrize(
    "words",
    [
        {"id": TLP_IDS[Tlp.CLEAR], "name": "TLP:RED"},
        {"name": "TLP:CLEAR", "definition": {"tlp": "red"}},
        {"name": "TLP:PURPLE"},
        {"definition": {"statement": "This note is TLP:RED."}},
        {"definition": {"statement": "handle as confidential"}},
    ],
    ids=range(5),
)
def test_a_marking_that_could_be_more_than_it_says_is_refused(words: dict[str, Any]) -> None:
    told = definition(words)
    marked = {**NOTE, "object_marking_refs": [told["id"]]}
    bundle = json.loads(added(marked))
    others = [each for each in bundle["objects"] if each["id"] != told["id"]]
    raw = json.dumps({**bundle, "objects": [*others, told]}).encode()
    with pytest.raises(InputError, match="the object note--1: the marking"):
        draft_of(raw, shipped_rules())


def test_a_notice_is_kept_and_a_second_original_is_refused() -> None:
    licence = definition({"definition": {"statement": "Copyright 2026, the hill watch"}})
    raw = added(licence, {**NOTE, "object_marking_refs": [licence["id"]]})
    draft = draft_of(raw)
    assert (str(draft.marking), draft.keeps_file) == ("NATO SECRET//TLP:AMBER", True)
    bundle = json.loads(raw)
    (root,) = [each for each in bundle["objects"] if each["type"] == "report"]
    fields = next(iter(root["extensions"].values()))["fields"]
    fields.append({"name": "original", "json": '{"format": "x", "content": "y"}'})
    with pytest.raises(InputError, match="an original already"):
        draft_of(json.dumps(bundle).encode())
    own = write_bundle(read_bundle(bundle))
    form = form_of(draft_of(own), own, without_original=True)
    assert form["original"] == {"format": "x", "content": "y"}


def test_what_stands_beside_the_objects_of_a_bundle_is_kept() -> None:
    raw = json.dumps({**json.loads(bundle_of(CYBER)[0]), "x_new": 1}).encode()
    assert "original" in draft_of(raw).fields
