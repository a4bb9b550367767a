"""Agreements in a house: taken, listed, asked at every exit, and people warned before their end."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from noroshi.core.delivery.clocks import Step
from noroshi.core.directory.card import Card
from noroshi.core.errors import InputError, NotFoundError
from noroshi.core.marking.label import Marking
from noroshi.core.marking.rules import Rules
from noroshi.core.tlog.entry import decode_entry
from noroshi.flow import answers, arrivals, exits, requests, send
from tests.unit.adapters.test_lines import Taking, drive
from tests.unit.flow.pair import House, Pair, open_pair

DAY = 24 * 60
MARK = "NATO RESTRICTED//REL TO JPN"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def agree(house: House, **changed: Any) -> Any:
    form = {
        "agreement": 1, "reference": "JP-NATO 2010", "sender": "jp", "receiver": "nato",
        "is_mutual": True, "policy": "NATO", "level": "SECRET",
        "valid_from": "2026-01-01", "valid_until": "2026-12-24",
    }  # fmt: skip
    raw = json.dumps(form | changed).encode()
    return house.ask(requests.AddAgreement(agreement=raw, by="Lt Sato"))


def kinds(house: House) -> list[str]:
    with house.node.store.read() as tables:
        leaves = [tables.journal.leaf(number) for number in range(tables.journal.size)]
    return [decode_entry(leaf).kind.value for leaf in leaves]


def held(house: House) -> Any:
    return house.ask(requests.Held())


def test_a_level_goes_once_there_is_an_agreement(pair: Pair) -> None:
    nato = pair.nato
    check = requests.SendReport(body=b"x", to=("cyber@jp",), marking=MARK, check=True)
    refused = nato.ask(check)
    assert refused["allowed"] is False
    (reason,) = refused["reasons"]
    assert reason.startswith("jp: NATO RESTRICTED needs an agreement between nato and jp")
    with pytest.raises(InputError, match="needs an agreement") as caught:
        nato.send("cyber@jp", marking=MARK)
    assert caught.value.code == "not-releasable"
    assert agree(nato)["state"] == "VALID"
    assert nato.ask(check) == {"allowed": True, "reasons": []}
    nato.send("cyber@jp", marking=MARK)
    pair.jp.take(nato.waiting("jp"), "nato")
    (row,) = pair.jp.ask(requests.Inbox())
    assert row["marking"] == MARK


def test_a_reader_sees_the_level_in_its_own_words_beside_the_originators(pair: Pair) -> None:
    agree(pair.nato)
    pair.nato.send("cyber@jp", marking=MARK)
    pair.jp.take(pair.nato.waiting("jp"), "nato")
    (row,) = pair.jp.ask(requests.Inbox())
    shown = pair.jp.ask(requests.Show(report=row["report"]))
    assert shown["marking"] == MARK
    assert shown["equivalents"] == []
    confidential = pair.jp.node.house.rules.shown_to(Marking.parse("NATO CONFIDENTIAL"), "jp")
    assert [each.level.name for each in confidential] == ["秘", "重要経済安保情報"]
    own = pair.nato.ask(requests.Show(report=row["report"]))
    assert own["equivalents"] == []


@pytest.mark.parametrize(
    ("name", "reason"), [("XYZ", "XYZ is no marking policy"), ("NATO", "no caveat 'SAUCE'")]
)
def test_a_marking_that_means_nothing_here_is_refused_and_its_sender_told(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    monkeypatch.setattr(exits, "reasons_against", lambda *_: ())
    monkeypatch.setattr(send, "reasons_against", lambda *_: ())
    monkeypatch.setattr(Rules, "needs_two_persons", lambda *_: False)
    report = pair.nato.send("cyber@jp", marking=f"{name} RESTRICTED//SAUCE//REL TO JPN")
    opened = arrivals.open_all(pair.jp.node.house, pair.nato.waiting("jp"))
    (taken,) = arrivals.submit_all(pair.jp.node.house, opened, "nato")
    refused = taken.result()
    assert refused is not None
    assert (refused.code, reason in refused.message) == ("bad-marking", True)
    assert pair.jp.ask(requests.Inbox()) == []
    pair.jp.issue_receipts("nato")
    pair.nato.take(pair.jp.waiting("nato"), "jp")
    assert reason in str(pair.nato.ask(requests.Status(report=report)))
    assert "REFUSED" in pair.nato.alarms()


def test_one_partner_without_an_agreement_keeps_the_report_from_all(pair: Pair) -> None:
    with pytest.raises(InputError, match="jp: JPN 秘 needs an agreement"):
        pair.nato.send("cyber@jp", marking="JPN 秘", by="Lt Sato")
    with pytest.raises(InputError, match="XYZ is no marking policy"):
        pair.nato.send("cyber@jp", marking="XYZ SECRET")
    assert pair.nato.waiting("jp") == []


def test_an_agreement_is_replaced_listed_and_journalled(pair: Pair) -> None:
    nato = pair.nato
    agree(nato)
    told = agree(nato, level="RESTRICTED", valid_until="2026-11-30")
    assert told == {
        "reference": "JP-NATO 2010", "from": "jp", "to": "nato", "mutual": True,
        "level": "NATO RESTRICTED", "areas": [], "caveats": [], "accepts_indicative": False,
        "valid_from": "2026-01-01", "valid_until": "2026-11-30", "state": "ENDING",
        "added_at": told["added_at"], "declared_by_partner": False, "added_by": "Lt Sato",
    }  # fmt: skip
    assert nato.ask(requests.Agreements()) == [told]
    assert kinds(nato).count("AgreementKept") == 2
    with pytest.raises(InputError, match="it goes up to NATO RESTRICTED"):
        nato.send("cyber@jp", marking="NATO CONFIDENTIAL//REL TO JPN")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"level": "HUSH"}, "no level 'HUSH'"),
        ({"receiver": "au"}, "between au and jp; this node is nato"),
        ({"valid_until": "2025-01-01"}, "ends before it begins"),
    ],
)
def test_an_agreement_that_cannot_be_used_changes_nothing(
    pair: Pair, changed: dict[str, str], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        agree(pair.nato, **changed)
    assert pair.nato.ask(requests.Agreements()) == []


def test_people_are_warned_two_weeks_before_the_end_and_again_of_each(pair: Pair) -> None:
    nato = pair.nato
    nato.node.store.perform(
        lambda tx: tx.watch.drop_deadlines(b"", "jp", "AMBER", (Step.DIRECTORY,))
    )
    agree(nato)
    agree(nato, reference="second", valid_until="2026-12-30")
    nato.fire()
    assert nato.alarms() == []
    pair.clock.go_on(18 * DAY)  # 10 December: the first ends in a fortnight
    nato.fire()
    (alarm,) = nato.ask(requests.Alarms())
    assert alarm["alarm"] == "AGREEMENT_ENDS"
    assert alarm["message"] == (
        "an agreement with jp comes to its end: 'JP-NATO 2010' on 2026-12-24"
    )
    pair.clock.go_on(6 * DAY)
    nato.fire()
    (alarm,) = nato.ask(requests.Alarms())
    assert alarm["message"].endswith("'JP-NATO 2010' on 2026-12-24; 'second' on 2026-12-30")
    agree(nato, valid_until="2028-12-24")
    nato.fire()
    (alarm,) = nato.ask(requests.Alarms())
    assert alarm["message"].endswith("to its end: 'second' on 2026-12-30")
    agree(nato, reference="second", valid_until="2028-12-24")
    nato.fire()
    assert nato.alarms() == []


def test_an_agreement_that_ends_tonight_stops_what_waits_tomorrow(pair: Pair) -> None:
    nato = pair.nato
    agree(nato)
    report = nato.send("cyber@jp", marking=MARK, precedence="flash")
    nato.send("cyber@jp", marking="TLP:AMBER", body=b"plain")
    pair.clock.go_on(40 * DAY)
    bearer = Taking()
    asyncio.run(drive(nato, bearer, lambda: bool(bearer.carried and held(nato))))
    assert len(bearer.carried) == 1, "the plain one alone"
    assert "WITHHELD" in nato.alarms()
    assert kinds(nato).count("Withheld") == 1
    assert [each["report"] for each in held(nato)] == [report]
    status = nato.ask(requests.Status(report=report))
    assert "ended on 2026-12-24" in str(status["recipients"])
    with pytest.raises(InputError, match="ended on 2026-12-24"):
        nato.ask(requests.SendHeld(reports=(), by="Lt Sato"))
    agree(nato, valid_until="2028-01-01")
    assert [each["report"] for each in nato.ask(requests.SendHeld(reports=(), by="Lt Sato"))] == [
        report
    ]
    pair.jp.take(nato.waiting("jp")[:1], "nato")
    assert report in {row["report"] for row in pair.jp.ask(requests.Inbox())}


def test_a_courier_file_does_not_take_it_either(pair: Pair) -> None:
    nato = pair.nato
    agree(nato)
    nato.send("cyber@jp", marking=MARK)
    pair.clock.go_on(40 * DAY)
    told = nato.ask(requests.CourierOut(to="jp", volume=1_000_000))
    assert told["envelopes"] == 0
    assert len(held(nato)) == 1


def test_an_attachment_stops_in_the_middle(pair: Pair) -> None:
    nato = pair.nato
    agree(nato)
    token = answers.stage(nato.node.house, "map.bin", [b"x" * 6_000_000])
    nato.send("cyber@jp", marking=MARK, attachments=(token,))

    class Slow(Taking):
        async def transmit_piece(self, card: Card, blob_id: bytes, offset: int, data: bytes) -> int:
            pair.clock.go_on(40 * DAY)
            return await super().transmit_piece(card, blob_id, offset, data)

    bearer = Slow()
    asyncio.run(drive(nato, bearer, lambda: bool(held(nato))))
    assert 0 < bearer.bytes_carried < 6_000_000
    assert len(held(nato)) == 1


def test_what_is_not_held_is_told(pair: Pair) -> None:
    report = pair.nato.send("cyber@jp")
    with pytest.raises(NotFoundError, match="is not held"):
        pair.nato.ask(requests.SendHeld(reports=(report,), by="Lt Sato"))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"reference": "jp-nato 2010"}, "another agreement here, 'JP-NATO 2010'"),
        ({"reference": "JP-N\u0410TO 2010"}, "another agreement here"),
        ({"reference": "JP\u2013NATO 2010"}, "another agreement here"),
        ({"reference": "JP-NATO 2010 "}, "blanks around it"),
        ({"areas": ["cyber", "cybr"]}, "there is no area 'cybr'"),
        ({"caveats": ["ATOMALL"]}, "no caveat 'ATOMALL'"),
    ],
)
def test_what_would_cover_nothing_or_another_is_refused(
    pair: Pair, changed: dict[str, object], reason: str
) -> None:
    nato = pair.nato
    agree(nato)
    with pytest.raises(InputError, match=reason):
        agree(nato, **changed)
    assert len(nato.ask(requests.Agreements())) == 1
    agree(nato, areas=["cyber"], caveats=["ATOMAL"])  # in its place
    (row,) = nato.ask(requests.Agreements())
    assert (row["areas"], row["caveats"]) == (["cyber"], ["ATOMAL"])
