"""MISP events among what a report drags along: their tags say how far it may go."""

import json
from typing import Any

import pytest

from noroshi.core.errors import InputError
from noroshi.core.exchange.misp_marking import tagged_parts
from noroshi.core.marking.whole import Part
from noroshi.core.recognition import JSON, MISP, TEXT, parts_attached, parts_received, recognise

RED: dict[str, Any] = {"uuid": "5f1c", "info": "x", "Tag": [{"name": "tlp:red"}]}


def dumped(value: object) -> bytes:
    return json.dumps(value).encode()


def named(*parts: Part) -> list[tuple[str, str]]:
    return [(part.name, str(part.marking)) for part in parts]


@pytest.mark.parametrize(
    "value",
    [
        {"Event": RED},
        {"response": [{"Event": {"info": "first"}}, {"Event": RED}]},
        [{"Event": RED}],
        {"saved": {"by": [{"Event": RED}]}},
        {"Event": {"uuid": "5f1c", "Attribute": [{"type": "url", "Tag": [{"name": "TLP : Red"}]}]}},
        {"Event": {"uuid": "5f1c", "Object": [{"Attribute": [{"Tag": {"name": "tlp:red"}}]}]}},
        {"Event": {"uuid": "5f1c", "Event": RED}},
        {"noroshi": 1, "saved": {"Event": RED}},
    ],
)
def test_tags_count_wherever_the_event_lies(value: object) -> None:
    body = dumped(value)
    ((name, marking),) = named(*recognise(body, as_text=False).parts)
    assert name.startswith("the MISP event")
    assert marking == "TLP:RED"
    assert named(*recognise(body, as_text=True).parts) == [(name, marking)]
    assert named(*parts_received(body, TEXT)) == [(name, "TLP:RED")]
    assert named(*parts_attached("x.json", body)) == [(f"x.json: {name}", "TLP:RED")]


@pytest.mark.parametrize("value", ["Event", 5, None, [], {}, [[5]], {"Event": "x"}])
def test_json_without_events_has_no_tags(value: object) -> None:
    assert list(tagged_parts(value)) == []


def test_an_event_is_named_by_its_id_and_never_by_its_words() -> None:
    assert named(*recognise(dumped({"Event": RED})).parts) == [("the MISP event 5f1c", "TLP:RED")]
    for uuid in (None, 5, ["x"]):
        (part,) = recognise(dumped({"Event": {**RED, "uuid": uuid}})).parts
        assert part.name == "the MISP event"


def test_a_name_that_is_hidden_hides_nothing() -> None:
    body = dumped({"Event": RED}).replace(b"Event", b"\\u0045vent")
    assert named(*parts_received(body, JSON)) == [("the MISP event 5f1c", "TLP:RED")]


@pytest.mark.parametrize("distribution", ["0", 1, "4"])
def test_how_far_a_server_hands_it_on_holds_no_person(distribution: object) -> None:
    found = recognise(dumped({"Event": {"info": "x", "distribution": distribution}}))
    assert (found.media_type, found.parts) == (MISP, ())


@pytest.mark.parametrize(
    "value", [{"Event": "tlp:red"}, {"Event": {"Tag": 5}}, {"event": RED}, {"response": 5}]
)
def test_what_is_no_event_has_no_tags(value: object) -> None:
    assert recognise(dumped(value)).parts == ()


def test_events_of_several_markings_are_each_a_part() -> None:
    levels = [RED, {"Tag": [{"name": 'nato:classification="NS"'}]}, {"Tag": "tlp:green"}, RED]
    found = recognise(dumped([{"Event": one} for one in levels]))
    assert {marking for _, marking in named(*found.parts)} == {
        "TLP:RED", "NATO SECRET", "TLP:GREEN"
    }  # fmt: skip


def test_a_tag_that_restricts_in_words_of_others_is_refused() -> None:
    body = dumped({"Event": {"Tag": [{"name": 'de-vs:einstufung="VS-NfD"'}]}})
    with pytest.raises(InputError, match="restricts it and is no marking known here"):
        recognise(body)
    with pytest.raises(InputError, match="restricts it and is no marking known here"):
        parts_received(body, MISP)
    with pytest.raises(InputError, match="restricts it and is no marking known here"):
        parts_attached("x.json", body)


def test_events_within_events_are_looked_at_once() -> None:
    value: dict[str, Any] = {"uuid": "inmost", "Tag": [{"name": "tlp:green"}]}
    for name in ("second", "first"):
        value = {"Event": value, "uuid": name}
    assert named(*tagged_parts(value)) == [("the MISP event second", "TLP:GREEN")]
