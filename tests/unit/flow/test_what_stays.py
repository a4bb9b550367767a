"""What stays: words that are marked higher than what carries them, by every way there is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import InputError
from noroshi.core.exchange.stix import TLP_IDS
from noroshi.core.marking.label import Tlp
from noroshi.flow import answers, attached, requests
from tests.unit.flow.pair import Pair, open_pair
from tests.unit.flow.test_agreements import MARK, agree

SECRET = {"noroshi": 1, "text": "the tide turns", "marking": "NATO SECRET//REL TO JPN"}
RED = {"type": "indicator", "id": "indicator--1", "object_marking_refs": [TLP_IDS[Tlp.RED]]}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def dumped(value: object) -> bytes:
    return json.dumps(value).encode()


def refused(pair: Pair, code: str, **order: Any) -> str:
    with pytest.raises(InputError) as caught:
        pair.nato.ask(requests.SendReport(to=("cyber@jp",), **order))
    assert caught.value.code == code
    assert not pair.nato.waiting("jp")
    return caught.value.message


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("marking", ["TLP:CLEAR", "NATO RESTRICTED//REL TO JPN"])
def test_a_marking_does_not_take_away_what_the_file_says(
    pair: Pair, marking: str, *, as_text: bool
) -> None:
    agree(pair.nato)
    said = refused(pair, "bad-marking", body=dumped(SECRET), marking=marking, as_text=as_text)
    assert said.startswith("the file itself is marked NATO SECRET//REL TO JPN")


def test_called_text_it_is_marked_as_it_says(pair: Pair) -> None:
    said = refused(pair, "not-releasable", body=dumped(SECRET), as_text=True)
    assert "NATO SECRET" in said


def test_a_marking_of_no_words_is_none(pair: Pair) -> None:
    assert "is no marking" in refused(pair, "bad-marking", body=b"x", marking="")


def test_a_field_that_is_nearly_the_marking_is_asked_about(pair: Pair) -> None:
    said = refused(pair, "bad-json", body=dumped({"noroshi": 1, "Marking": "NATO SECRET"}))
    assert said == "the report JSON has a field 'Marking'; write it as 'marking'"


@pytest.mark.parametrize("pieces", [1, 7])
def test_a_file_that_goes_along_is_looked_into(pair: Pair, pieces: int) -> None:
    house, data = pair.nato.node.house, b" \n" + dumped([RED])
    size = len(data) // pieces + 1
    for marking, is_well in (("TLP:GREEN", False), ("TLP:RED", True)):
        chunks = [data[at : at + size] for at in range(0, len(data), size)]
        token = answers.stage(house, "seen.json", chunks)
        if is_well:
            pair.nato.send("cyber@jp", marking=marking, attachments=(token,))
        else:
            said = refused(pair, "bad-marking", body=b"see", marking=marking, attachments=(token,))
            assert said.startswith("seen.json: the object indicator--1 is marked TLP:RED")
    assert len(list((pair.nato.node.home / "blobs").iterdir())) == 1


def test_a_file_whose_markings_cannot_be_read_is_not_taken_in(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = pair.nato.node.house
    monkeypatch.setattr(attached, "MOST_LOOKED_AT", 1000)
    large = dumped([{"x": "y" * 2000}])
    for data, said in (
        (dumped(RED)[:-1], "cannot be read as JSON"),
        (dumped([{"object_marking_refs": ["marking-definition--x"]}]), "is not known here"),
        (large[:-1] + b"," + dumped(RED) + b"]", "too large to look into"),
    ):
        with pytest.raises(InputError, match=said):
            answers.stage(house, "seen.json", [data])
    answers.stage(house, "large.json", [large[:50], large[50:]])
    answers.stage(house, "text.txt", [b"see ", dumped(RED)])
    assert len(house.staged) == 2
    assert len(list((pair.nato.node.home / "blobs").iterdir())) == 2


def came_in(pair: Pair) -> str:
    agree(pair.nato)
    pair.nato.send("cyber@jp", marking=MARK)
    pair.jp.take(pair.nato.waiting("jp"), "nato")
    (row,) = pair.jp.ask(requests.Inbox())
    return str(row["report"])


def test_a_note_goes_no_further_than_a_reply(pair: Pair) -> None:
    report = came_in(pair)
    for rung in (Rung.ACKNOWLEDGED, Rung.ACTIONED, Rung.DECLINED):
        with pytest.raises(
            InputError, match=r"may not go back to nato: .* Answer without one"
        ) as no:
            pair.jp.ask(requests.Answering(report=report, rung=rung, by="Lt Abe", note="as we saw"))
        assert no.value.code == "not-releasable"
    told = pair.jp.ask(requests.Answering(report=report, rung=Rung.DECLINED, by="Lt Abe"))
    assert told["state"] == "DECLINED"


def test_where_a_note_may_go_a_desk_that_declines_says_why(pair: Pair) -> None:
    report = came_in(pair)
    agree(pair.jp)
    with pytest.raises(InputError, match="say why"):
        pair.jp.ask(requests.Answering(report=report, rung=Rung.DECLINED, by="Lt Abe"))
    asked = requests.Answering(report=report, rung=Rung.DECLINED, by="Lt Abe", note="not ours")
    assert pair.jp.ask(asked)["state"] == "DECLINED"


def test_what_went_under_an_agreement_can_be_cancelled_after_its_end(pair: Pair) -> None:
    report = came_in(pair)
    agree(pair.nato, valid_until="2026-11-20")
    with pytest.raises(InputError, match="Without --note a bare cancellation goes"):
        pair.nato.ask(requests.Cancel(report=report, note="it was wrong"))
    told = pair.nato.ask(requests.Cancel(report=report))
    assert told["state"] == "SENT"
    shown = pair.nato.ask(requests.Show(report=told["report"]))
    assert shown["marking"] == "TLP:RED"
    assert shown["body"] == f"CANCELLED: the report {report}.\n"
    pair.jp.take(pair.nato.waiting("jp")[-1:], "nato")
    assert pair.jp.ask(requests.Show(report=report))["cancelled_by"] == told["report"]
