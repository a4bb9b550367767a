"""Contents in the compact form: nothing is lost, and there is one form for each."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noroshi.adapters.words import example_of
from noroshi.core import gate
from noroshi.core.areas import with_areas
from noroshi.core.compact.content import (
    MAX_BODY,
    MAX_COMPACT,
    as_signed,
    compact,
    open_content,
)
from noroshi.core.compact.dictionary import newest
from noroshi.core.envelope.head import salted_digest
from noroshi.core.errors import MalformedError
from noroshi.core.kinds.kind import Kind, all_kinds
from noroshi.core.partner import DeskAddress
from noroshi.core.recognition import NOROSHI, TEXT
from noroshi.core.report import Attachment, Content, encode_content
from tests import second_compact
from tests.unit.core.exchange.drawn_forms import forms
from tests.unit.core.nodes import changed
from tests.vectors.plain import from_plain

NEWEST = newest()
ID = bytes(range(16))
VECTORS = json.loads(
    (Path(__file__).parents[4] / "docs" / "formats" / "vectors" / "compact.json").read_bytes()
)["forms"]
WARNING: dict[str, Any] = {
    "noroshi": 1,
    "kind": "cyber-incident",
    "precedence": "flash",
    "subject": "Cyber incident",
    "stage": "early-warning",
    "summary": "Somebody is active in the control network.",
    "incident_types": ["compromised-system", "ics"],
    "aware_at": "2026-11-21T03:12:00Z",
    "sectors": ["energy"],
}
LAYOUTS: list[dict[str, Any]] = [
    {"indent": 1},
    {"separators": (",", ":")},
    {},
    {"indent": 2},
]


def body_of(form: dict[str, Any], end: str = "", **layout: Any) -> bytes:
    layout = layout or {"indent": 1}
    return (json.dumps(form, ensure_ascii=False, **layout) + end).encode()


def content(body: bytes | None = None, **told: Any) -> Content:
    base = Content(
        kind="cyber-incident",
        subject="Cyber incident",
        from_desk="cyber",
        drafter="Cdr Ito",
        releaser=None,
        action=(DeskAddress("cyber", "nato"),),
        info=(),
        references=(),
        media_type=NOROSHI,
        body=body_of(WARNING) if body is None else body,
        attachments=(),
    )
    return changed(base, **told)


def crosses(one: Content) -> bytes:
    """Return the compact form of a content, which comes back from it, here and elsewhere."""
    raw = compact(one, NEWEST)
    assert raw is not None
    assert open_content(raw) == one
    assert second_compact.read(raw) == gate.decode(encode_content(one), limit=10**6)
    return raw


def told(**fields: Any) -> Any:
    """Return the fields of a compact form of a form with some other fields."""
    return gate.decode(crosses(content(body_of({**WARNING, **fields}))), limit=MAX_COMPACT)


def value(name: str, said: Any, kind: str = "cyber-incident") -> Any:
    """Return how a value of a field stands."""
    one = content(body_of({"noroshi": 1, name: said}), kind=kind)
    form: Any = gate.decode(crosses(one), limit=MAX_COMPACT)
    return form[11][1]


def test_a_flash_with_five_fields_has_at_most_300_bytes() -> None:
    assert len(crosses(content())) == 104
    assert len(encode_content(content())) == 408


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors(vector: dict[str, Any]) -> None:
    """They are frozen: what is written with dictionary 1 stays as it is in all later releases."""
    raw, one = bytes.fromhex(vector["compact"]), from_plain(Content, vector["content"])
    assert compact(one, vector["dictionary"]) == raw
    assert open_content(raw) == one
    assert encode_content(one) == bytes.fromhex(vector["plain"])
    assert second_compact.read(raw) == gate.decode(encode_content(one), limit=10**6)


@pytest.mark.parametrize("kind", all_kinds().values(), ids=lambda kind: kind.name)
def test_examples_of_every_kind(kind: Kind) -> None:
    body = example_of(kind)
    subject = json.loads(body)["subject"]
    raw = crosses(content(body, kind=kind.name, subject=subject))
    assert len(raw) < len(body)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("end", ["", "\n"])
def test_layouts(layout: dict[str, Any], end: str) -> None:
    place = {"name": "Küste", "latitude": 1.5, "longitude": 2}
    form = {**WARNING, "x": {"a": [], "b": {}, "c": [place]}, "sectors": []}
    crosses(content(body_of(form, end, **layout)))


@settings(max_examples=400)
@given(st.data())
def test_forms_that_are_drawn(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(all_kinds().values())))
    form = data.draw(forms(kind))
    said = {"noroshi": 1, "kind": data.draw(st.sampled_from([kind.name, "newer-kind"])), **form}
    layout = data.draw(st.sampled_from(LAYOUTS))
    body = body_of({**said, "noroshi": 1}, **layout)
    one = content(body, kind=kind.name)
    raw = compact(one, NEWEST)
    if raw is not None:
        assert open_content(raw) == one
        assert second_compact.read(raw)[9] == body
    assert raw is not None or "noroshi" in form


def test_values_that_have_numbers() -> None:
    assert value("stage", "final") == 4
    assert value("sectors", ["energy", "newer-code"]) == [9, "newer-code"]
    assert value("aware_at", "2026-11-21T03:12:00Z") == 1795230720
    assert value("aware_at", "2026-11-21T03:12:00.000001Z") == -1 - 1795230720000001
    assert value("criticality", 70) == 70
    assert value("indicators", [{"type": "ipv4-addr", "value": "192.0.2.1"}]) == [
        [0, 0, 1, "192.0.2.1"]
    ]
    assert value("techniques", ["T1566", "9f86d081884c7d65"]) == [
        "T1566",
        bytes.fromhex("9f86d081884c7d65"),
    ]
    assert value("cleared", ["stage", "language", "x_new"]) == [0, -8, "x_new"]
    assert value("updates", "00010203-0405-0607-0809-0a0b0c0d0e0f") == ID
    assert value("signature", "AAEC", "joint-signature") == b"\x00\x01\x02"
    assert value("launch_place", {"latitude": -39.5, "longitude": 0.05}, "missile-event") == [
        1, [1, -395], 2, [2, 5]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("stage", "Final"),
        ("summary", ""),
        ("aware_at", "2026-11-21 03:12Z"),
        ("aware_at", "2026-13-21T03:12:00Z"),
        ("aware_at", "1900-01-01T00:00:00Z"),
        ("techniques", ["9F86D081884C7D65", "9f86d081884c7d6", "9f86d081884c7d"]),
        ("updates", "3f1c09aa"),
        ("signature", "AAEC"),
        ("subject", "Another one"),
        ("kind", "newer-kind"),
    ],
)
def test_text_that_fits_no_type_stays_text(name: str, said: Any) -> None:
    assert value(name, said) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("stage", 5),
        ("stage", None),
        ("summary", 5),
        ("sectors", "energy"),
        ("sectors", None),
        ("aware_at", 5),
        ("criticality", True),
        ("criticality", 1e300),
        ("criticality", -0.0),
        ("criticality", 2**80),
        ("updates", 5),
        ("subject", 5),
        ("subject", None),
        ("kind", 5),
        ("kind", None),
        ("cleared", 5),
        ("portions", {"text": "x"}),
        ("x_new", {"a": [1, 2.5, None]}),
        ("x_new", 5),
    ],
)
def test_what_fits_no_type_stands_as_json(name: str, said: Any) -> None:
    carried = value(name, said)
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    assert carried == {0: text}


def test_items_that_fit_no_type() -> None:
    assert value("sectors", [5, None]) == [{0: "5"}, {0: "null"}]
    assert value("techniques", [5]) == [{0: "5"}]
    assert value("cleared", [5]) == [{0: "5"}]
    assert value("signature", 5, "joint-signature") == {0: "5"}
    assert value("signature", "A", "joint-signature") == "A"
    assert value("signature", "AB==", "joint-signature") == "AB=="
    assert value("launch_place", 5, "missile-event") == {0: "5"}
    assert value("launch_place", {"x": 5, "name": 5}, "missile-event") == [
        "x", {0: "5"}, 0, {0: "5"}
    ]  # fmt: skip


def test_the_body_need_not_say_again_what_the_content_says() -> None:
    fields = told()
    assert fields[11][:8] == [-1, None, -3, 0, -2, None, 0, 0]
    one = content(
        body_of({**WARNING, "updates": "00010203-0405-0607-0809-0a0b0c0d0e0f"}), references=(ID,)
    )
    form: Any = gate.decode(crosses(one), limit=MAX_COMPACT)
    assert form[8] == [ID]
    assert form[11][-2:] == [-6, None]
    assert told(kind="missile-event")[11][1] == 1
    assert told(subject="Another one")[11][5] == "Another one"


def test_heads() -> None:
    attachment = Attachment("a.pdf", "application/pdf", 5, bytes(32), bytes(32), bytes(12), ID * 2)
    crosses(
        content(
            kind="newer-kind", subject="", from_desk="night", drafter=None, releaser="Col Sato",
            action=(), info=(DeskAddress("watch", "xx"), DeskAddress("night", "nato")),
            references=(ID, bytes(16)), attachments=(attachment,),
            media_type=with_areas(NOROSHI, ("cyber", "newer-area")),
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b'{"kind": "cyber-incident", "noroshi": 1}',
        b'{"noroshi":1,"x": 1}',
        b'{"noroshi":2}',
        b'{"noroshi":1.0}',
        b'{"noroshi":12}',
        b'{"noroshi":1,"x":"\\u00e9"}',
        b'{"noroshi":1,"x":"\\ud800"}',
        b'{"noroshi":1,"x":1.50}',
        b'{"noroshi":1,"x":1,"x":1}',
        b'{"noroshi":1,"noroshi":1}',
        b'{"noroshi":1,"x":NaN}',
        b'{"noroshi":1\xff}',
        b'{"noroshi":1} ',
        b'{"noroshi":1',
        b'{"noroshi":1,"x":' + b"[" * 100_000,
        b'{"noroshi":1,"x":' + b"[" * 65 + b"]" * 65 + b"}",
        b'{"noroshi":1,"x":"' + b"x" * MAX_COMPACT + b'"}',
        b'{"noroshi":1,"x":"' + b"x" * MAX_BODY + b'"}',
        b'{"noroshi":1,"x_sectors":1,"techniques":[' + b'"x",' * 4090 + b'"x"]}',
    ],
)
def test_bodies_that_would_not_come_back(body: bytes) -> None:
    assert compact(content(body), NEWEST) is None


def test_other_bodies_go_as_they_stand() -> None:
    assert compact(content(media_type=TEXT), NEWEST) is None
    assert compact(content(media_type=NOROSHI + "; areas=b.a"), NEWEST) is None
    plain = encode_content(content())
    assert open_content(plain) == content()
    with pytest.raises(MalformedError):
        open_content(b"")


def test_a_dictionary_that_is_not_there() -> None:
    with pytest.raises(MalformedError):
        compact(content(), NEWEST + 1)


def test_what_was_signed_is_found_by_its_digest() -> None:
    one, salt = content(), bytes(32)
    raw, plain = crosses(one), encode_content(one)
    assert as_signed(one, salt, salted_digest(salt, raw)) == raw
    assert as_signed(one, salt, salted_digest(salt, plain)) == plain
    assert as_signed(one, salt, bytes(32)) == plain
    text = content(media_type=TEXT)
    assert as_signed(text, salt, bytes(32)) == encode_content(text)


RIGHT: dict[int, Any] = {
    0: 1, 1: 0, 3: 5, 4: "Cdr Ito", 6: [5, 1], 8: [ID], 11: [-3, 0, 3, 1795230720, 21, [[0, 0]]],
}  # fmt: skip


def test_a_form_made_by_hand_is_read() -> None:
    assert open_content(gate.encode(RIGHT)).references == (ID,)


@pytest.mark.parametrize(
    "change",
    [
        {0: 0}, {0: 99}, {0: "1"}, {0: True}, {0: None},
        {1: -1}, {1: 99}, {1: None}, {1: "cyber-incident"}, {1: b"x"},
        {2: 5}, {2: ""}, {3: 99}, {3: "cyber"}, {3: None}, {4: None}, {4: 5}, {4: ""}, {5: ""},
        {6: [5]}, {6: [5, 99]}, {6: [5, "nato"]}, {6: 5}, {6: []}, {7: []}, {7: [[5, 1]]},
        {8: []}, {8: [b"short"]}, {8: ["x"]}, {9: []}, {9: [99]}, {9: ["cyber"]}, {9: [1, 0]},
        {9: [f"area-{n}-that-has-a-long-name" for n in range(9)]}, {9: 5},
        {10: 0}, {10: 8}, {10: -1}, {10: "1"}, {11: {}}, {11: None}, {12: []}, {12: [[1]]}, {13: 1},
        {-1: 1}, {"x": 1},
    ],
)  # fmt: skip
def test_another_head_is_refused(change: dict[int, Any]) -> None:
    with pytest.raises(MalformedError):
        open_content(gate.encode({**RIGHT, **change}))


@pytest.mark.parametrize(
    "form",
    [
        [-3], [-99, 0], [99, 0], [None, 0], [True, 0], [[], 0], [b"x", 0],
        ["precedence", "flash"], ["noroshi", {0: "1"}], ["noroshi", {0: "2"}],
        [-3, 0, -3, 0], [-3, "flash"], [-3, 99], [-3, -1], [-3, None], [-3, True], [-3, b"x"],
        [-3, [0]], [-3, {}], [-3, {0: 5}], [-3, {0: "{"}], [-3, {1: "5"}], [-3, {0: '"flash"'}],
        [-3, {0: "5", 1: "5"}], [-3, {0: " 5"}], [-3, {0: '"x"'}], [-3, {0: '"\\ud800"'}],
        [-3, {0: "NaN"}], [-3, {0: "[" * 65 + "]" * 65}], [-3, {0: "[" * 9000}],
        [4, "energy"], [4, ["energy"]], [4, 9], [4, {0: "[9]"}], [4, {0: '["energy"]'}], [4, None],
        [3, "2026-11-21T03:12:00Z"], [3, 2**62], [3, -(2**62)], [3, [1]],
        [13, [1, 395, 1]], [13, [0, 395]], [13, [18, 1]], [13, [1]], [13, [1, "5"]],
        [13, [2, 3950]], [13, [1, 2**62]], [13, None], [13, b""],
        [20, ["9f86d081884c7d65"]], [20, [b"\x9f"]], [20, [5]], [20, [None]],
        [21, [[0]]], [21, [5]], [21, [[99, 0]]], [21, [[-1, 0]]], [21, [["type", 0]]],
        [21, [[0, 0, 0, 0]]], [21, [[0, "ipv4-addr"]]], [21, [[None, 0]]],
        [-6, None, -6, None], [-6, ID], [-6, b"short"], [-6, 5], [-2, 5], [-2, ""],
        [-1, "cyber-incident"], [-1, 0], [-1, 99], [-1, b"x"], [-1, None, -1, None],
        [-7, ["stage"]], [-7, [99]], [-7, [b"x"]], [-7, 0],
        [0, b"x"], [1, 5], [1, b"x"], [1, None], ["x", 5], ["x", None], ["x", b"x"], ["x", [1]],
    ],
)  # fmt: skip
def test_another_form_is_refused(form: list[Any]) -> None:
    with pytest.raises(MalformedError):
        open_content(gate.encode({**RIGHT, 11: form}))


def test_ids_and_bytes_that_are_none() -> None:
    without = {field: each for field, each in RIGHT.items() if field != 8}
    without_references: list[list[Any]] = [[-6, None], [-9, [b"short"]], [-9, [5]]]
    for form in without_references:
        with pytest.raises(MalformedError):
            open_content(gate.encode({**without, 11: form}))
    signatures: list[list[Any]] = [[3, 5], [3, "AAEC"], [3, b""]]
    for form in signatures:
        with pytest.raises(MalformedError):
            open_content(gate.encode({**RIGHT, 1: 15, 11: form}))


def test_what_is_too_long_is_refused() -> None:
    raw = gate.encode({**RIGHT, 11: ["x", "x" * MAX_COMPACT]})
    with pytest.raises(MalformedError):
        open_content(raw)


@given(st.binary(max_size=60))
def test_other_bytes_are_no_content(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        open_content(b"\xa4" + raw)
