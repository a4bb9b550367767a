"""Areas on reports: asked for by agreements, seen by readers, inherited by what follows."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from noroshi.core.errors import InputError
from noroshi.flow import exits, requests
from tests.unit.flow.pair import House, Pair, open_pair

LEVEL = "NATO RESTRICTED//REL TO JPN"


@pytest.fixture
def pair(tmp_path: Path) -> Generator[Pair]:
    with open_pair(tmp_path) as opened:
        agree(opened.nato, "cyber", "space")
        yield opened


def agree(house: House, *areas: str) -> None:
    form = {
        "agreement": 1, "reference": "NATO-JP", "sender": "nato", "receiver": "jp",
        "is_mutual": True, "policy": "NATO", "level": "SECRET", "valid_from": "2026-01-01",
        "valid_until": "2029-12-31", "areas": areas,
    }  # fmt: skip
    house.ask(requests.AddAgreement(agreement=json.dumps(form).encode(), by="Capt Abe"))


def check(house: House, *areas: str) -> list[str]:
    asked: Any = house.ask(
        requests.SendReport(body=b"x", to=("cyber@jp",), marking=LEVEL, areas=areas, check=True)
    )
    assert asked["allowed"] is not bool(asked["reasons"])
    return list(asked["reasons"])


def test_an_agreement_for_areas_covers_reports_about_them_alone(pair: Pair) -> None:
    nato = pair.nato
    assert check(nato, "cyber") == check(nato, "space", "cyber") == []
    (nothing,) = check(nato)
    assert "it is about cyber, space alone, and the report names no area: --area CODE" in nothing
    (other,) = check(nato, "cyber", "hadr")
    assert "the report also about hadr" in other
    with pytest.raises(InputError, match="names no area") as caught:
        nato.send("cyber@jp", marking=LEVEL)
    assert caught.value.code == "not-releasable"
    agree(nato)
    assert check(nato) == []  # an agreement without areas covers all


def test_it_is_asked_again_at_the_exit(pair: Pair) -> None:
    nato = pair.nato
    nato.send("cyber@jp", marking=LEVEL, areas=("cyber",))
    agree(nato, "hadr")
    house = nato.node.house
    with nato.node.store.read() as tables:
        ids = [item.id for item in tables.outbox.items("jp")]
        barred = exits.barred(tables, "jp", ids, "nato", house.clock.now(), house.rules)
    ((reason,),) = barred.values()
    assert "it is about hadr alone, the report also about cyber" in reason


def test_the_reader_sees_them_and_a_reply_inherits_them(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    agree(jp, "cyber")
    report = nato.send("cyber@jp", marking=LEVEL, areas=("cyber",), body=b"Smoke.")
    jp.take(nato.waiting("jp"), "nato")
    shown: Any = jp.ask(requests.Show(report=report))
    assert (shown["areas"], shown["media_type"]) == (["cyber"], "text/plain; charset=utf-8")
    assert shown["body"] == "Smoke."
    answer: Any = jp.ask(requests.Reply(report=report, body=b"Seen."))
    assert jp.ask(requests.Show(report=answer["report"]))["areas"] == ["cyber"]
    cancelled: Any = nato.ask(requests.Cancel(report=report))
    assert nato.ask(requests.Show(report=cancelled["report"]))["areas"] == ["cyber"]


def test_an_area_that_is_not_known_here_is_not_sent(pair: Pair) -> None:
    with pytest.raises(InputError, match="there is no area 'sport'"):
        pair.jp.send("cyber@nato", areas=("sport",))
    codes = {row["code"] for row in pair.jp.ask(requests.Areas())}
    assert len(codes) == 16
