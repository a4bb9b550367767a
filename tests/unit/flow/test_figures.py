"""Figures of traffic: how soon reports are acknowledged, and what they are about."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from noroshi.core.delivery.ladder import Rung
from noroshi.core.instant import DAY, SECOND
from noroshi.core.tlog.checkpoint import parse_note
from noroshi.flow import requests
from tests.unit.flow.pair import House, Pair, open_pair


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def figures(house: House) -> Any:
    return house.ask(requests.Figures())


def acknowledged_after(pair: Pair, seconds: int, **told: Any) -> None:
    report = pair.jp.send("cyber@nato", **told)
    pair.carry()
    pair.clock.at += seconds * SECOND
    pair.nato.ask(requests.Answering(report=report, rung=Rung.ACKNOWLEDGED, by="Lt Jansen"))
    pair.nato.issue_receipts("jp")
    pair.jp.take(pair.nato.waiting("jp"), "nato")


def test_without_traffic_there_are_no_figures(pair: Pair) -> None:
    assert figures(pair.jp) == {"days": 30, "acknowledged": [], "areas": []}


def test_how_soon_each_partner_acknowledges_at_each_precedence(pair: Pair) -> None:
    for seconds in (10, 30, 20):
        acknowledged_after(pair, seconds, precedence="flash")
    acknowledged_after(pair, 400)
    pair.jp.send("cyber@nato")
    acknowledged_after(pair, 5, precedence="flash", status="exercise")
    for house in (pair.jp, pair.nato):
        flash, *rest = figures(house)["acknowledged"]
        assert flash == {
            "partner": "nato", "precedence": "FLASH", "addressed": 3, "acknowledged": 3,
            "median_s": 20.0, "tenth_s": 30.0,
        }, "an exercise is no figure of actual traffic"  # fmt: skip
        (routine,) = rest
        assert (routine["addressed"], routine["acknowledged"], routine["median_s"]) == (2, 1, 400)


def test_what_is_not_acknowledged_has_no_time(pair: Pair) -> None:
    pair.jp.send("cyber@nato")
    (row,) = figures(pair.jp)["acknowledged"]
    assert (row["addressed"], row["acknowledged"], row["median_s"]) == (1, 0, None)


def test_what_traffic_is_about(pair: Pair) -> None:
    code = pair.jp.ask(requests.Areas())[0]["code"]
    pair.jp.send("cyber@nato", areas=(code,))
    pair.jp.send("cyber@nato", areas=(code,))
    pair.jp.send("cyber@nato")
    pair.carry()
    told = [(code, 2), (None, 1)]
    assert [(e["area"], e["sent"]) for e in figures(pair.jp)["areas"]] == told
    assert [(e["area"], e["received"]) for e in figures(pair.nato)["areas"]] == told
    pair.clock.at += 31 * DAY
    assert figures(pair.jp)["areas"] == []


def test_the_head_of_the_journal_is_its_newest_checkpoint(pair: Pair) -> None:
    pair.jp.send("cyber@nato")
    head: Any = pair.jp.ask(requests.JournalHead())
    verified: Any = pair.jp.ask(requests.VerifyJournal())
    assert (head["size"], head["root"]) == (verified["size"], verified["root"])
    assert parse_note(head["checkpoint"].encode()).size == head["checkpoint_size"] == head["size"]
