"""What a body is, told from its bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.envelope.suite import MAX_BODY
from noroshi.core.errors import InputError
from noroshi.core.marking.label import Marking
from noroshi.core.marking.whole import Part
from noroshi.core.recognition import (
    JSON,
    MISP,
    NOROSHI,
    STIX,
    TEXT,
    Recognised,
    recognise,
)
from noroshi.core.strict_json import parse_json

BUNDLE = {"type": "bundle", "id": "bundle--1", "objects": []}
PLAIN_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=20,
)


def test_a_report_of_ours_fills_the_head() -> None:
    body = {
        "noroshi": 1,
        "kind": "cyber-incident",
        "subject": "Grid down",
        "precedence": "flash",
        "marking": "TLP:RED",
        "status": "exercise",
        "sectors": ["energy"],
    }
    assert recognise(json.dumps(body).encode()) == Recognised(
        NOROSHI,
        "cyber-incident",
        "Grid down",
        "flash",
        "TLP:RED",
        "exercise",
        parts=(Part("the file itself", Marking.parse("TLP:RED")),),
        fields={"sectors": ["energy"]},
    )


def test_a_report_of_ours_need_not_say_much() -> None:
    assert recognise(b'{"noroshi": 1}') == Recognised(NOROSHI)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"noroshi": 2}', "this release reads version 1"),
        ('{"noroshi": "1"}', "this release reads version 1"),
        ('{"noroshi": 1, "subject": 5}', "does not fit"),
        ('{"noroshi": 1, "kind": null}', "does not fit"),
    ],
)
def test_a_report_of_ours_that_does_not_fit(body: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        recognise(body.encode())
    assert caught.value.code == "bad-json"


@pytest.mark.parametrize(
    ("objects", "subject"),
    [
        ([], "STIX 2.1 bundle of 0 objects"),
        ([{"type": "indicator", "name": "x"}, 5], "STIX 2.1 bundle of 1 objects"),
        ([{"type": "indicator"}, {"type": "report", "name": "Grid  down\n"}], "Grid down"),
        ([{"type": "report"}, {"type": "report", "name": "second"}], "second"),
        ([{"type": "report", "name": 5}], "STIX 2.1 bundle of 1 objects"),
    ],
)
def test_stix(objects: object, subject: str) -> None:
    body = json.dumps({**BUNDLE, "objects": objects}).encode()
    assert recognise(body) == Recognised(STIX, "cyber-incident", subject)


def test_a_bundle_without_objects_is_a_bundle() -> None:
    assert recognise(b'{"type": "bundle"}').subject == "STIX 2.1 bundle of 0 objects"


def test_a_bundle_whose_objects_are_no_list() -> None:
    with pytest.raises(InputError, match="must be a list"):
        recognise(b'{"type": "bundle", "objects": {}}')


@pytest.mark.parametrize(
    ("event", "subject"),
    [
        ({"info": "Phishing \t wave"}, "Phishing wave"),
        ({}, "MISP event"),
        ({"info": 1}, "MISP event"),
    ],
)
def test_misp(event: object, subject: str) -> None:
    body = json.dumps({"Event": event}).encode()
    assert recognise(body) == Recognised(MISP, "cyber-incident", subject)


@pytest.mark.parametrize(
    "body", ["{}", "[]", '{"a": 1}', "[1, 2]", '{"Event": []}', '{"type": "report"}', " \n[null]\n"]
)
def test_other_json_is_kept_as_json(body: str) -> None:
    assert recognise(body.encode()) == Recognised(JSON)


@pytest.mark.parametrize(
    ("body", "subject"),
    [
        ("Smoke is seen.\nMore follows.", "Smoke is seen."),
        ("\n\n  Smoke\tis   seen.  \nMore.", "Smoke is seen."),
        ("[URGENT] Smoke is seen.", "[URGENT] Smoke is seen."),
        ("[ALERT: level 3]\n{ }", "[ALERT: level 3]"),
        ("{URGENT} smoke", "{URGENT} smoke"),
        ("5", "5"),
        ("null", "null"),
        ('"quoted"', '"quoted"'),
        ("\N{ZERO WIDTH NO-BREAK SPACE}煙が見える", "煙が見える"),
        ("a\x1b[31mb", "a [31mb"),
        ("x" * 500, "x" * 200),
    ],
)
def test_text(body: str, subject: str) -> None:
    assert recognise(body.encode()) == Recognised(TEXT, subject=subject)


BROKEN = [
    pytest.param('{"a": 1', id="not closed"),
    pytest.param("[1, 2", id="a list not closed"),
    pytest.param("{", id="just begun"),
    pytest.param('{"a": 1} more', id="more behind it"),
    pytest.param('{"a": 1, "b": 2, "a": 3}', id="a name twice"),
    pytest.param('{"": 1, "": 2}', id="the empty name twice"),
    pytest.param('[{"x": {"a": 1, "a": 1}}]', id="a name twice, deeper"),
    pytest.param("[[NaN]]", id="NaN"),
    pytest.param('{"a": Infinity}', id="Infinity"),
    pytest.param("[-Infinity]", id="-Infinity"),
    pytest.param('{"a": 1e400}', id="a number too large"),
    pytest.param('{"a": -1e400}', id="a number too small"),
    pytest.param('{"a": ' + "9" * 5000 + "}", id="a number too long"),
    pytest.param('["\\ud800"]', id="half a surrogate pair"),
    pytest.param('{"\\udfff": 1}', id="half a surrogate pair as a name"),
    pytest.param("[" * 100_000 + "]" * 100_000, id="100,000 levels"),
    pytest.param('{"a":' * 100_000 + "1" + "}" * 100_000, id="100,000 levels of objects"),
    pytest.param("[" * 65 + "]" * 65, id="65 levels"),
    pytest.param("\N{ZERO WIDTH NO-BREAK SPACE}[1,", id="broken behind a byte order mark"),
]


@pytest.mark.parametrize("body", BROKEN)
def test_broken_json_is_refused_and_can_be_sent_as_text(body: str) -> None:
    with pytest.raises(InputError, match="Mend the file, or send it as it stands") as caught:
        recognise(body.encode())
    assert caught.value.code == "bad-json"
    assert recognise(body.encode(), as_text=True).media_type == TEXT


def test_sixty_four_levels_are_read() -> None:
    assert recognise(b"[" * 64 + b"]" * 64) == Recognised(JSON)


def test_the_error_names_what_stands_twice() -> None:
    with pytest.raises(InputError, match="the name 'b' stands twice"):
        recognise(b'{"a": 1, "b": 2, "b": 3}')


def test_as_text_leaves_json_alone() -> None:
    assert recognise(b'{"noroshi": 1}', as_text=True) == Recognised(TEXT, subject='{"noroshi": 1}')


EMPTY = [
    b"",
    b" \r\n\t",
    "\N{IDEOGRAPHIC SPACE}".encode(),
    b"\xef\xbb\xbf",
    b"\xef\xbb\xbf\n",
    b"\x1c",
]


@pytest.mark.parametrize("body", EMPTY)
@pytest.mark.parametrize("as_text", [False, True])
def test_empty(body: bytes, as_text: bool) -> None:  # noqa: FBT001 - both ways
    with pytest.raises(InputError, match="write what there is to say") as caught:
        recognise(body, as_text=as_text)
    assert caught.value.code == "body-empty"


def test_size() -> None:
    assert recognise(b"a" * MAX_BODY).media_type == TEXT
    with pytest.raises(InputError, match="4,194,305 bytes") as caught:
        recognise(b"a" * (MAX_BODY + 1))
    assert caught.value.code == "body-too-large"


@pytest.mark.parametrize("body", [b"abc\xff", "煙".encode("shift_jis"), "煙".encode("utf-16")])
def test_what_is_not_utf8(body: bytes) -> None:
    with pytest.raises(InputError, match="save it as UTF-8") as caught:
        recognise(body)
    assert caught.value.code == "not-utf8"


@given(st.binary(max_size=200))
def test_any_bytes_are_something_or_refused(body: bytes) -> None:
    try:
        found = recognise(body)
    except InputError:
        return
    assert found.subject.isprintable()
    assert len(found.subject) <= 200


@given(st.text(st.sampled_from('{}[]",:0123 \nnulltrefalsNaI"type"bundle'), max_size=40))
def test_what_nearly_is_json_is_something_or_refused(text: str) -> None:
    try:
        found = recognise(text.encode())
    except InputError:
        return
    assert found.media_type in {TEXT, JSON}


@given(PLAIN_JSON)
def test_strict_json_means_what_it_means_elsewhere(value: object) -> None:
    assert parse_json(json.dumps(value)) == value


@pytest.mark.parametrize(
    "body",
    [
        b'{"response": [{"Event": {"info": "From the API"}}]}',
        b'{"response": {"Event": {"info": "From the API"}}}',
    ],
)
def test_a_misp_event_within_an_answer(body: bytes) -> None:
    found = recognise(body)
    assert (found.media_type, found.subject) == (MISP, "From the API")


def test_an_answer_without_an_event_is_json() -> None:
    assert recognise(b'{"response": []}').media_type == JSON
    assert recognise(b'{"response": [5]}').media_type == JSON
