"""Objects as machines hand them over: what is read of them, and what is refused."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.errors import InputError, MalformedError
from noroshi.core.exchange.objects.handling import (
    handling_of,
    read_handling,
    write_handling,
)
from noroshi.core.exchange.objects.query import (
    MAX_PAGE,
    MOST_ALTERNATIVES,
    Query,
    Version,
    read_cursor,
    read_query,
    write_cursor,
)
from noroshi.core.exchange.objects.reading import (
    LARGEST_OBJECT,
    LARGEST_UNSOUND,
    MOST_REFERENCES,
    name_of,
    read_object,
    take_apart,
    wrap,
)
from noroshi.core.exchange.stix import TLP_IDS, marking_definitions
from noroshi.core.exchange.stix import _statement as statement_of
from noroshi.core.instant import LATEST
from noroshi.core.marking.label import Marking, Pap, Tlp

OWN = "indicator--11111111-1111-4111-8111-111111111111"
OTHER = "malware--22222222-2222-4222-8222-222222222222"
THIRD = "identity--33333333-3333-4333-8333-333333333333"
AT = "2026-01-01T00:00:00.000Z"
AMBER = Marking.parse("TLP:AMBER")


def an_object(**more: Any) -> dict[str, Any]:
    told = {"type": "indicator", "spec_version": "2.1", "id": OWN, "created": AT, "modified": AT}
    return {**told, **more}


def raw_of(**more: Any) -> bytes:
    return json.dumps(an_object(**more)).encode()


def test_an_envelope_and_a_bundle_are_taken_apart_byte_for_byte() -> None:
    objects = [b'{ "a" : 1.0 }', b'{"b":"\\u00e9"}']
    for head in (b"", b'"type":"bundle","id":"x",'):
        assert take_apart(b'{%b"objects":[%b]}' % (head, b" , ".join(objects))) == objects
    assert take_apart(b"{}") == []
    assert wrap([]) == b"{}"
    assert json.loads(wrap(objects, "abc")) == {
        "more": True, "next": "abc", "objects": [{"a": 1.0}, {"b": "\xe9"}],
    }  # fmt: skip
    assert take_apart(wrap(objects)) == objects


def test_an_envelope_that_says_objects_twice_is_refused() -> None:
    with pytest.raises(MalformedError, match="twice"):
        take_apart(b'{"objects":[{"a":1}],"objects":[{"b":2}]}')
    inner = b'{"type":"observed-data","objects":{"0":{"objects":[]}}}'
    assert take_apart(b'{"objects":[%b]}' % inner) == [inner]


def test_a_uuid_has_one_way_of_writing() -> None:
    for told in ({"id": OWN.upper().replace("INDICATOR", "indicator")}, {"created_by_ref": None}):
        ref = THIRD.replace("3333-3333", "ABCD-3333")
        with pytest.raises(MalformedError, match="capital"):
            read_object(raw_of(**{"created_by_ref": ref, **{k: v for k, v in told.items() if v}}))


@pytest.mark.parametrize(
    "unsound",
    [
        b'{"name": "half \\ud800 a pair"}', b'{"x": NaN}', b'{"x": "\xff\xfe"}', b"-Infinity",
        b'"\\udfff"', b"[[NaN]]",
    ],
)  # fmt: skip
def test_an_element_that_is_no_sound_json_keeps_itself_out_and_no_other(unsound: bytes) -> None:
    sound = [raw_of(), raw_of(id=OTHER, type="malware")]
    for head in (b"", b' "type" : "bundle" , "more":false,'):
        raw = b' {%b "objects" : [ %b , %b,%b ] , "x_y": [1] }\n' % (
            head, sound[0], unsound, sound[1]
        )  # fmt: skip
        assert take_apart(raw) == [sound[0], unsound, sound[1]]
    with pytest.raises(MalformedError):
        read_object(unsound)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"objects":[NaN,]}', b'{"objects":[NaN],}', b'{"objects":[NaN]} x', b'{"objects":[NaN]',
        b'{"objects":[NaN}', b'{"objects" [NaN]}', b'{1:2,"objects":[NaN]}', b'{"x":NaN}', b"NaN",
        b'{"objects":NaN}', b'{"objects":[NaN],"objects":[NaN', b'{"objects":[NaN NaN]}', b"\xff",
        b'{"objects":[NaN,' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
        b'{"objects":[NaN, "%b"]}' % (b"x" * LARGEST_UNSOUND),
    ],
    ids=range(15),
)  # fmt: skip
def test_what_is_no_envelope_with_unsound_elements_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError, match="no envelope"):
        take_apart(raw)


@given(
    st.lists(st.sampled_from([b"NaN", b'{"a":"]}"}', b'"\\ud800"', b"[1, 2]", b"{}"]), max_size=6)
)
def test_elements_are_found_whatever_they_are(elements: list[bytes]) -> None:
    raw = b'{"objects":[' + b" ,\n".join([b"NaN", *elements]) + b"]}"
    assert take_apart(raw) == [b"NaN", *elements]


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"objects":{}}', b"\xff", b"{" * 100_000])
def test_what_is_no_envelope_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError, match="no envelope"):
        take_apart(raw)


def test_what_the_store_knows_of_an_object() -> None:
    red, definition = TLP_IDS[Tlp.RED], "extension-definition--" + OWN[11:]
    raw = json.dumps(
        an_object(
            modified="2026-01-02T00:00:00.123456Z",
            created_by_ref=THIRD,
            object_refs=[OTHER, OWN, OTHER],
            object_marking_refs=[red],
            granular_markings=[
                {"marking_ref": TLP_IDS[Tlp.AMBER], "selectors": ["name"]},
                {"lang": "ja", "selectors": ["name"]},
            ],
            extensions={definition: {"deep": [{"where": THIRD}]}},
        ),
        indent=2,
    ).encode()
    found, told = read_object(raw)
    assert (found.id, found.type, found.raw) == (OWN, "indicator", raw)
    assert found.version == 1_767_312_000_123_456
    assert found.refs == (THIRD, OTHER)
    assert found.markings == tuple(sorted([red, TLP_IDS[Tlp.AMBER]]))
    assert told["created_by_ref"] == THIRD


def test_markings_count_wherever_in_an_object_they_lie() -> None:
    red, amber, green = (TLP_IDS[tlp] for tlp in (Tlp.RED, Tlp.AMBER, Tlp.GREEN))
    parts = [{"name": "x", "granular_markings": [{"marking_ref": amber, "selectors": ["name"]}]}]
    held = {"deep": {"object_marking_refs": [red]}, "parts": parts}
    for own in ({}, {"object_marking_refs": [green]}):
        found, _ = read_object(raw_of(x_held=held, **own))
        assert found.markings == tuple(sorted([red, amber, *([green] if own else [])]))
    words = 'see "object_marking_refs": there'
    assert read_object(raw_of(name=words, x_held=[words]))[0].markings == ()
    with pytest.raises(MalformedError, match="markings cannot be read"):
        read_object(raw_of(x_held=[{"object_marking_refs": 7}]))


def test_references_are_found_however_they_are_written() -> None:
    raw = raw_of(created_by_ref="?").replace(b'"?"', b'"\\u0069' + THIRD[1:].encode() + b'"')
    assert read_object(raw)[0].refs == (THIRD,)


def test_versions_of_stix() -> None:
    assert read_object(raw_of())[0].spec == "2.1"
    without = json.dumps({**an_object(), "spec_version": None}).replace(
        ' "spec_version": null,', ""
    )
    assert read_object(without.encode())[0].spec == "2.0"
    observable = {"type": "url", "id": "url--" + OWN[11:], "value": "x"}
    found, _ = read_object(json.dumps(observable).encode())
    assert (found.spec, found.version) == ("2.1", None)
    with pytest.raises(MalformedError, match="spec_version"):
        read_object(raw_of(spec_version="3.0"))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"[]", "no JSON object"),
        (b"{}", "no id and type"),
        (raw_of(id=7), "no id and type"),
        (raw_of(type="malware"), "no id and type"),
        (raw_of(id="indicator--1"), "no id and type"),
        (raw_of(id="Indicator--" + OWN[11:], type="Indicator"), "no id and type"),
        (raw_of().replace(b'"type"', b'"type": "x", "type"'), "stands twice"),
        (raw_of(x=float("nan")), "cannot be read|relied on"),
        (raw_of(x=1).replace(b": 1", b": 1e400"), "relied on"),
        (raw_of(x="?").replace(b"?", b"\\ud800"), "relied on"),
        (raw_of(x="?").replace(b"?", b"\xff"), "relied on"),
        (raw_of(x=json.loads("[" * 70 + "]" * 70)), "deep"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "deep|relied"),
        (raw_of(created="2026-02-31T00:00:00Z"), "created is no time"),
        (raw_of(created="2026-01-01T00:00:00"), "created is no time"),
        (raw_of(modified=7), "modified is no time"),
        (raw_of(modified="2025-01-01T00:00:00Z"), "modified is not later than created"),
        (raw_of(valid_from=AT, valid_until=AT), "valid_until is not later"),
        (raw_of(first_seen=AT, last_seen="2025-12-31T23:59:59Z"), "last_seen is not later"),
        (raw_of(object_marking_refs="x"), "markings cannot be read"),
        (raw_of(granular_markings=[{"selectors": ["name"]}]), "names no marking"),
        (b" " * (LARGEST_OBJECT + 1), "more than 8 MiB"),
    ],
)
def test_what_two_readers_could_take_for_two_things_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        read_object(raw)


def test_times_that_may_be_the_same_and_of_long_ago() -> None:
    for first in (AT, "1914-07-28T00:00:00Z"):
        assert read_object(raw_of(first_seen=first, last_seen=AT))[0].id == OWN


def test_references_are_bounded() -> None:
    many = [f"url--{number:08x}{OWN[19:]}" for number in range(MOST_REFERENCES + 1)]
    with pytest.raises(MalformedError, match="refers to more than"):
        read_object(raw_of(object_refs=many))


def test_what_cannot_be_read_whole_may_still_say_its_name() -> None:
    assert name_of(raw_of(created="?")) == OWN
    for raw in (b"[]", b"{}", b'{"id":"x"}', b"{"):
        assert name_of(raw) is None


NOTICE = json.dumps({
    "type": "marking-definition", "spec_version": "2.1", "definition_type": "statement",
    "id": "marking-definition--" + OWN[11:], "created": AT,
    "definition": {"statement": "Copyright 2026, Somebody."},
}).encode()  # fmt: skip


def definitions(raws: Sequence[bytes]) -> dict[str, bytes]:
    return {json.loads(raw)["id"]: raw for raw in raws}


def test_each_marking_of_an_object_counts() -> None:
    level = Marking.parse("NATO RESTRICTED//REL TO JPN")
    (told,) = marking_definitions(level)
    known = definitions([json.dumps(told).encode(), NOTICE])
    found = handling_of(
        [TLP_IDS[Tlp.RED], TLP_IDS[Tlp.AMBER], *known], known.get, Marking.parse("TLP:GREEN")
    )
    assert found == (level, AMBER, Marking.parse("TLP:RED"))
    assert read_handling(write_handling(found)) == found
    notice = next(iter(definitions([NOTICE])))
    assert handling_of([notice], known.get, AMBER) == (AMBER,)
    assert handling_of([], known.get, AMBER) == (AMBER,)


def test_what_is_permitted_goes_with_each_marking_the_strictest_first() -> None:
    (_, mild), (_, strict) = (
        marking_definitions(Marking(Tlp.GREEN, pap=p)) for p in (Pap.GREEN, Pap.RED)
    )
    known = definitions([json.dumps(each).encode() for each in (mild, strict)])
    whole = handling_of([TLP_IDS[Tlp.GREEN], *known], known.get, AMBER)
    assert whole == (Marking(Tlp.GREEN, pap=Pap.RED),)
    assert read_handling(write_handling(whole)) == whole
    told = Marking(Tlp.AMBER, pap=Pap.AMBER)
    assert handling_of([str(mild["id"])], known.get, told) == (told,)
    assert handling_of([str(strict["id"])], known.get, AMBER) == (Marking(Tlp.AMBER, pap=Pap.RED),)


def test_a_marking_that_nobody_knows_is_refused() -> None:
    unknown = "marking-definition--" + OTHER[9:]
    with pytest.raises(MalformedError, match="hand over its definition first"):
        handling_of([unknown], lambda _: None, AMBER)
    (told,) = marking_definitions(Marking.parse("NATO SECRET//REL TO JPN"))
    bad = json.dumps({**told, "definition": {"statement": "NATO SECRET//REL TO"}}).encode()
    with pytest.raises(MalformedError, match="no marking of this line"):
        handling_of([str(told["id"])], lambda _: bad, AMBER)
    told = statement_of("TLP:NOBODY")
    with pytest.raises(MalformedError, match=f"the marking {told['id']}: "):
        handling_of([str(told["id"])], lambda _: json.dumps(told).encode(), AMBER)


def test_a_query_of_a_url() -> None:
    assert read_query([]) == Query()
    told = read_query([
        ("added_after", "2026-01-01T00:00:00Z"), ("limit", "7"), ("match[id]", f"{OWN},{OTHER}"),
        ("match[type]", "indicator,malware,indicator"), ("match[spec_version]", "2.0,2.1"),
        ("match[version]", f"first,last,{AT}"), ("match[nothing]", "x"), ("other", "y"),
    ])  # fmt: skip
    assert told == Query(
        after=1_767_225_600_000_000,
        limit=7,
        ids=(OWN, OTHER),
        types=("indicator", "malware"),
        versions=frozenset({Version.FIRST, Version.LAST}),
        instants=(1_767_225_600_000_000,),
        specs=("2.0", "2.1"),
    )
    assert read_query([("match[type]", "x")], ("version",)) == Query()
    assert read_query([("limit", "9" * 100)]).limit == MAX_PAGE
    later = [("added_after", "2026-01-01T00:00:00Z"), ("next", write_cursor(5))]
    assert read_query(later).after == 1_767_225_600_000_000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("added_after", "yesterday"), ("added_after", ""), ("limit", "0"), ("limit", "-1"),
        ("limit", "x"), ("limit", "\u0663"), ("next", "x"), ("next", "_" * 11), ("next", ""),
        ("match[version]", "newest"), ("match[type]", ""), ("match[id]", "a,,b"),
        ("match[id]", ",".join(map(str, range(MOST_ALTERNATIVES + 1)))),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_refused(name: str, value: str) -> None:
    with pytest.raises(InputError):
        read_query([(name, value)])


def test_a_parameter_stands_once() -> None:
    with pytest.raises(InputError, match="stands twice"):
        read_query([("limit", "1"), ("limit", "2")])


@given(st.integers(0, LATEST))
def test_a_cursor_says_where_a_page_ended(added: int) -> None:
    assert read_cursor(write_cursor(added)) == added
