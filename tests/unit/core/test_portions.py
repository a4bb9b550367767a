"""Portions and tearlines in the JSON of a report; markings of what lies in a bundle."""

import json
import time
import uuid
from typing import Any

import pytest

from endure.drawing import Draw
from noroshi.core.errors import InputError
from noroshi.core.exchange.stix import TLP_IDS, marked_parts, marking_definitions
from noroshi.core.marking.label import Marking, Tlp
from noroshi.core.marking.whole import MAX_MARKINGS, Part, distinct
from noroshi.core.portions import Portion, Tearline
from noroshi.core.recognition import (
    JSON,
    NOROSHI,
    STIX,
    TEXT,
    check_names,
    parts_attached,
    parts_received,
    recognise,
)

REPORT: dict[str, Any] = {
    "noroshi": 1,
    "portions": [
        {"marking": "NATO SECRET//REL TO JPN", "text": "The source says so."},
        {"marking": "NATO RESTRICTED", "text": "Ports are closed."},
        {"marking": "NATO RESTRICTED", "text": "Ships wait."},
    ],
    "tearline": {"marking": "TLP:GREEN", "text": "Ports may close.", "subject": "Ports"},
}


def dumped(value: object) -> bytes:
    return json.dumps(value).encode()


def named(*parts: Part) -> list[tuple[str, str]]:
    return [(part.name, str(part.marking)) for part in parts]


def test_portions_and_tearline_are_told_with_their_markings() -> None:
    found = recognise(dumped(REPORT))
    assert found.media_type == NOROSHI
    assert found.portions[1] == Portion("NATO RESTRICTED", "Ports are closed.")
    assert found.tearline == Tearline("TLP:GREEN", "Ports may close.", "Ports")
    assert named(*found.parts) == [
        ("portion 1", "NATO SECRET//REL TO JPN"),
        ("portion 2", "NATO RESTRICTED"),
        ("the tearline", "TLP:GREEN"),
    ]


@pytest.mark.parametrize(
    ("changed", "reason", "code"),
    [
        ({"portions": [{"text": "x"}]}, "does not fit", "bad-json"),
        ({"portions": {"marking": "TLP:RED"}}, "does not fit", "bad-json"),
        ({"portions": [{"marking": "HUSH", "text": "x"}]}, "portion 1: 'HUSH' is", "bad-marking"),
        ({"portions": [{"marking": "TLP:RED", "text": " "}]}, "portion 1 has no", "bad-json"),
        ({"tearline": {"marking": "TLP:PINK", "text": "x"}}, "the tearline: 'TLP", "bad-marking"),
        ({"portions": [REPORT["portions"][0]] * 1001}, "at most 1,000", "bad-json"),
    ],
)
def test_portions_that_cannot_be_read_are_refused(
    changed: dict[str, object], reason: str, code: str
) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        recognise(dumped(REPORT | changed))
    assert caught.value.code == code


def test_a_report_has_so_many_markings() -> None:
    draw = Draw(1)
    parts = [Part(f"portion {n}", Marking.parse(draw.marking())) for n in range(500)]
    with pytest.raises(InputError, match=f"more than {MAX_MARKINGS} different"):
        distinct(parts)
    assert len(distinct(parts[:20] * 100)) <= 20


def bundle(*objects: object) -> bytes:
    return dumped({"type": "bundle", "id": "bundle--1", "objects": objects})


def marked(name: str, *refs: str, **more: object) -> dict[str, object]:
    return {"type": "indicator", "id": name, "object_marking_refs": [*refs], **more}


RED, GREEN = TLP_IDS[Tlp.RED], TLP_IDS[Tlp.GREEN]
(SECRET,) = marking_definitions(Marking.parse("NATO SECRET//REL TO JPN"))
LICENCE = {
    "type": "marking-definition",
    "id": f"marking-definition--{uuid.UUID(int=7)}",
    "definition_type": "statement",
    "definition": {"statement": "Copyright 2026, the hill watch"},
}
LICENCE_ID = str(LICENCE["id"])


def test_the_markings_of_a_bundle() -> None:
    nested = {"type": "observed-data", "id": "o", "objects": {"0": marked("inner", GREEN)}}
    granular = marked("g", LICENCE_ID, granular_markings=[
        {"marking_ref": str(SECRET["id"]), "selectors": ["name"]},
        {"lang": "ja", "selectors": ["name"]},
    ])  # fmt: skip
    bare = [5, {"type": "x"}, [], {"type": "marking-definition", "id": 5}]
    body = bundle(
        SECRET, LICENCE, marked("a", RED), marked("b", RED), marked("c"), granular, nested, *bare
    )
    found = recognise(body)
    assert found.media_type == STIX
    assert named(*found.parts) == [
        ("the object a", "TLP:RED"),
        ("the object g", "NATO SECRET//REL TO JPN"),
        ("the object inner", "TLP:GREEN"),
    ]


def statement(words: str) -> dict[str, object]:
    return {**LICENCE, "definition": {"statement": words}}


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        ([marked("a", "marking-definition--x")], "the object a: the marking .* is not known here"),
        ([marked("a", RED, GREEN)], "contradict each other"),
        ([{"id": "a", "object_marking_refs": RED}], "markings of the object a cannot be read"),
        ([{"object_marking_refs": [5]}], "markings of the object bundle--1 cannot be read"),
        ([{"id": "a\n", "granular_markings": [{}]}], "the object bundle--1 names no marking"),
        ([{"id": "a", "granular_markings": {}}], "cannot be read"),
        ([statement("NATO SECRET"), marked("a", LICENCE_ID)], "is no marking of this line"),
        ([statement("TLP:RED and more"), marked("a", LICENCE_ID)], "is no marking of this line"),
        ([statement("SECRET//NOFORN"), marked("a", LICENCE_ID)], "is no marking of this line"),
        ([statement("NATO Hush"), marked("a", LICENCE_ID)], "is no marking of this line"),
        ([{**LICENCE, "definition": {}}, marked("a", LICENCE_ID)], "is not known here"),
        ([marked(str(n), f"marking-definition--{n}") for n in range(99)], "is not known here"),
    ],
)
def test_a_bundle_whose_markings_are_not_understood(objects: list[Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        recognise(bundle(*objects))
    assert caught.value.code == "bad-marking"


def test_a_bundle_has_so_many_markings() -> None:
    notices = [{**LICENCE, "id": f"marking-definition--{n}"} for n in range(MAX_MARKINGS + 1)]
    objects = [*notices, *(marked(str(n), str(notice["id"])) for n, notice in enumerate(notices))]
    with pytest.raises(InputError, match="different markings; take it apart"):
        list(marked_parts(objects))


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (bundle(marked("a", RED)), [("the object a", "TLP:RED")]),
        (dumped({"noroshi": 2}), []),
        (dumped({"a": 1}), []),
        (b"{broken", []),
    ],
)
def test_plain_text_drags_along_what_it_holds(body: bytes, parts: list[tuple[str, str]]) -> None:
    found = recognise(body, as_text=True)
    assert (found.media_type, named(*found.parts)) == (TEXT, parts)


def test_plain_text_with_a_marking_that_is_not_understood_is_refused() -> None:
    with pytest.raises(InputError, match="is not known here"):
        recognise(bundle(marked("a", "marking-definition--x")), as_text=True)
    with pytest.raises(InputError, match="is no marking"):
        recognise(dumped({"noroshi": 1, "marking": "nonsense"}), as_text=True)


def test_a_value_that_is_no_object_has_no_marking() -> None:
    assert list(marked_parts(5)) == []


def test_what_came_in_is_told_by_its_bytes() -> None:
    assert named(*parts_received(bundle(marked("a", RED)), TEXT)) == [("the object a", "TLP:RED")]
    assert parts_received(b'{"type": broken', TEXT) == ()
    assert parts_received(b"smoke", TEXT) == ()
    assert parts_received(b'{"a": 1}', JSON) == ()
    hidden = b'{"type":"bundle","objects":[{"\\u006fbject_marking_refs":["%s"]}]}' % RED.encode()
    assert named(*parts_received(hidden, JSON)) == [("an object without an id", "TLP:RED")]
    assert parts_received(b'{"noroshi": broken', TEXT) == ()
    for media_type in (JSON, STIX, NOROSHI):
        with pytest.raises(InputError, match="cannot be read"):
            parts_received(b'{"noroshi": broken', media_type)
    for body in (b"\xff", b'{"noroshi": "\xff"}'):
        with pytest.raises(InputError, match="not UTF-8"):
            parts_received(body, TEXT)


def test_a_bundle_of_a_hundred_thousand_objects_is_read_in_bounded_time() -> None:
    small = b'{"object_marking_refs":["%s"]}' % RED.encode()
    empty = b'{"id":"x","a":[{}]}'
    objects = b",".join([small] * 20_000 + [empty] * 100_000)
    body = b'{"type":"bundle","objects":[' + objects + b"]}"
    assert 3_500_000 < len(body) < 4 * 1024 * 1024
    began = time.process_time()
    assert named(*recognise(body).parts) == [("an object without an id", "TLP:RED")]
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (dumped(marked("a", RED)), "the object a"),
        (dumped([marked("a", RED)]), "the object a"),
        (dumped({"Type": "bundle", "Objects": [marked("a", RED)]}), "the object a"),
        (dumped({"noroshi": 1, "more": {"x": [marked("a", RED)]}}), "the object a"),
        (dumped({"Event": {"info": "x", "o": marked("a", RED)}}), "the object a"),
        (
            dumped({"type": "bundle", "id": "b", "object_marking_refs": [RED], "objects": []}),
            "the object b",
        ),
        (dumped({"noroshi": 1, "marking": "TLP:RED"}), "the file itself"),
    ],
)
def test_markings_count_wherever_they_lie(body: bytes, name: str) -> None:
    for as_text in (False, True):
        assert named(*recognise(body, as_text=as_text).parts) == [(name, "TLP:RED")]
    assert named(*parts_received(body, TEXT)) == [(name, "TLP:RED")]
    assert named(*parts_attached("x.json", body)) == [(f"x.json: {name}", "TLP:RED")]


def test_a_file_that_goes_along_and_speaks_of_markings_is_whole() -> None:
    for data in (b"", b"\xff\xfe{", b'{"a": 1', b'see "noroshi" there', b'[{"a":"\\u0061"} {}]'):
        assert parts_attached("x", data) == ()
    with pytest.raises(InputError, match=r"x holds markings and cannot be read as JSON"):
        parts_attached("x", b'{"object_marking_refs": [')
    with pytest.raises(InputError, match="is not known here"):
        parts_attached("x", dumped(marked("a", "marking-definition--x")))


@pytest.mark.parametrize("name", ["Marking", " marking ", "MARKING", "portion", "Portions"])
def test_a_field_that_is_nearly_one_of_the_head_is_no_field(name: str) -> None:
    check_names(recognise(dumped({"noroshi": 1, "marked": "x", "state": "x"})))
    found = recognise(dumped({"noroshi": 1, name: "NATO SECRET"}))
    with pytest.raises(InputError, match=r"write it as '(marking|portions)'"):
        check_names(found)
