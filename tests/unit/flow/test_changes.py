"""Cancel and supersede: who is told, how urgently, and what goes no further."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from noroshi.core.delivery.check import CommsCheck
from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.precedence import Precedence
from noroshi.flow import draft, requests, send, watch
from noroshi.flow.tables import Transaction
from noroshi.flow.tallies import note_tally
from tests.unit.flow.pair import House, Pair, open_pair


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def cancel(house: House, report: str, **told: Any) -> str:
    return str(house.ask(requests.Cancel(report=report, **told))["report"])


def precedences(house: House, report: str) -> dict[str, str]:
    shown = house.ask(requests.Show(report=report))
    return {"action": shown["precedence"], "info": shown["info_precedence"]}


def test_a_delivered_report_is_cancelled_visibly_and_stays(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    report = jp.send("cyber@nato", precedence="flash", status="exercise", subject="Wrong")
    pair.carry()
    by = cancel(jp, report, note="it was a drill card", by="Lt Sato")
    pair.carry()

    rows = {row["report"]: row for row in nato.ask(requests.Inbox())}
    assert rows[report]["cancelled_by"] == by
    assert rows[report]["superseded_by"] is None
    assert rows[by]["cancelled_by"] is None
    told = nato.ask(requests.Show(report=by))
    assert (told["kind"], told["references"]) == ("cancellation", [report])
    assert (told["precedence"], told["status"]) == ("FLASH", "EXERCISE")
    assert "it was a drill card" in told["body"]
    assert told["subject"] == "Cancelled: Wrong"
    for house in (jp, nato):
        shown = house.ask(requests.Show(report=report))
        assert shown["body"] == "words"
        assert shown["cancelled_by"] == by
        assert house.ask(requests.Status(report=report))["cancelled_by"] == by


def test_an_undelivered_report_is_taken_out_with_a_tombstone(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    report = jp.send("cyber@nato", "ops@nato", precedence="flash")
    (withdrawn,) = jp.waiting("nato")
    by = cancel(jp, report)
    assert withdrawn not in jp.waiting("nato")
    assert len(jp.waiting("nato")) == 1
    for recipient in jp.ask(requests.Status(report=report))["recipients"]:
        assert recipient["failure"]["code"] == "cancelled"
    with jp.node.store.read() as tables:
        (stone,) = tables.serials.tombstones("nato", 10)
    assert (stone.precedence, stone.number, stone.code) == (Precedence.FLASH, 1, "cancelled")

    pair.carry()
    assert [row["report"] for row in nato.ask(requests.Inbox(desk="ops"))] == [by]
    with nato.node.store.read() as tables:
        assert tables.serials.gaps("jp")[0].missing == (1,)
    with jp.node.store.read() as tables:
        half = watch.make_check(tables, "nato", jp.node.identity, pair.clock.now())
    hear(nato, half)
    with nato.node.store.read() as tables:
        assert tables.serials.gaps("jp") == []
    assert jp.ask(requests.VerifyJournal())["ok"] is True

    # A copy that was under way arrives all the same: it is taken, and shown as cancelled.
    nato.take([withdrawn], "jp")
    rows = {row["report"]: row for row in nato.ask(requests.Inbox(desk="cyber"))}
    assert rows[report]["cancelled_by"] == by
    pair.clock.go_on(60)
    nato.fire()
    reports = {alarm["report"] for alarm in nato.ask(requests.Alarms())}
    assert reports == {by}
    jp.fire()
    assert {alarm["report"] for alarm in jp.ask(requests.Alarms())} == {by}


def hear(house: House, half: CommsCheck) -> None:
    def note(tx: Transaction) -> None:
        note_tally(tx, "jp", half.tally)

    house.node.store.perform(note)


def test_a_cancelled_report_calls_nobody_any_more(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    report = jp.send("cyber@nato", precedence="flash")
    pair.carry()
    pair.clock.go_on(11)
    nato.fire()
    assert nato.alarms() == ["NEXT_DESK"]
    by = cancel(jp, report)
    pair.carry()
    assert nato.alarms() == []
    nato.ask(requests.Answering(report=by, rung=Rung.ACKNOWLEDGED, by="Maj Dupont"))
    nato.issue_receipts("jp")
    jp.take(nato.waiting("jp")[-1:], "nato")
    pair.clock.go_on(600)
    nato.fire()
    jp.fire()
    assert (nato.alarms(), jp.alarms()) == ([], [])


def test_superseding_goes_to_the_same_desks_at_no_lower_precedence(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    report = jp.send("cyber@nato", info=("ops@nato",), precedence="immediate", marking="TLP:AMBER")
    pair.carry()
    by = jp.send(supersedes=report, precedence="deferred", body=b"better words")
    pair.carry()
    told = nato.ask(requests.Show(report=by, desk="ops"))
    assert (told["kind"], told["references"]) == ("supersession", [report])
    assert (told["to"], told["info"]) == (["cyber@nato"], ["ops@nato"])
    assert (told["precedence"], told["marking"]) == ("IMMEDIATE", "TLP:AMBER")
    rows = {row["report"]: row for row in nato.ask(requests.Inbox(desk="cyber"))}
    assert rows[report]["superseded_by"] == by
    assert rows[report]["cancelled_by"] is None
    assert len(jp.waiting("nato")) == 0


def test_a_lower_precedence_is_raised_by_the_act_itself(pair: Pair) -> None:
    jp = pair.jp
    report = jp.send("cyber@nato", precedence="flash")
    earlier = bytes.fromhex(report.replace("-", ""))
    order = draft.Order(
        body=b"never mind", action=("cyber@nato",), precedence="deferred",
        change="cancellation", references=(earlier,),
    )  # fmt: skip
    house = jp.node.house
    planned = draft.plan(
        order, [], own_desks=house.desks, default_marking="TLP:GREEN", rules=house.rules,
        lexicon=house.lexicon,
        now=pair.clock.now(), entropy=house.entropy,
    )  # fmt: skip
    assert planned.precedence is Precedence.DEFERRED

    def act(tx: Transaction) -> send.Sent:
        return send.send(tx, planned, jp.node.identity, house.entropy, house.rules)

    jp.node.store.perform(act)
    shown = jp.ask(requests.Show(report=str(planned.report_id.hex())))
    assert shown["precedence"] == "FLASH"
    with jp.node.store.read() as tables:
        (waiting,) = tables.outbox.items("nato")
    assert waiting.precedence is Precedence.FLASH


def test_who_moves_to_info_still_hears_of_it_as_urgently(pair: Pair) -> None:
    report = pair.jp.send("cyber@nato", precedence="flash")
    by = pair.jp.send(
        supersedes=report, info=("cyber@nato",), precedence="routine", info_precedence="routine"
    )
    assert precedences(pair.jp, by) == {"action": "ROUTINE", "info": "FLASH"}


def test_what_cannot_be_changed(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    report = jp.send("cyber@nato", "ops@nato")
    pair.carry()
    with pytest.raises(InputError, match="not sent from here"):
        cancel(nato, report)
    with pytest.raises(InputError, match="ops@nato too"):
        jp.send("cyber@nato", supersedes=report)
    with pytest.raises(InputError, match="leave --kind out"):
        jp.send(supersedes=report, kind="answer")
    with pytest.raises(NotFoundError):
        cancel(jp, "00000000")
    with pytest.raises(InputError, match="no kind of report"):
        jp.send("cyber@nato", kind="cancellation")
    asked = requests.SendReport(body=b"x", to=("cyber@nato",), supersedes=report, check=True)
    told = jp.ask(asked)
    assert told["allowed"] is False
    assert "ops@nato too" in told["reasons"][0]
    by = cancel(jp, report)
    with pytest.raises(ConflictError, match="cancelled before") as caught:
        cancel(jp, report)
    assert caught.value.code == "already-changed"
    with pytest.raises(ConflictError, match="cancelled before"):
        jp.send(supersedes=report)
    with pytest.raises(InputError, match="stands"):
        cancel(jp, by)


def test_nobody_cancels_the_report_of_another(pair: Pair) -> None:
    """A reference in a received report changes reports of its own sender alone."""
    jp, nato = pair.jp, pair.nato
    report = nato.send("cyber@jp")
    jp.take(nato.waiting("jp"), "nato")
    forged = draft.Order(
        body=b"never mind", action=("cyber@nato",), precedence="flash", change="cancellation",
        references=(bytes.fromhex(report.replace("-", "")),),
    )  # fmt: skip
    house = jp.node.house
    planned = draft.plan(
        forged, [], own_desks=house.desks, default_marking="TLP:GREEN", rules=house.rules,
        lexicon=house.lexicon,
        now=pair.clock.now(), entropy=house.entropy,
    )  # fmt: skip
    with pytest.raises(InputError, match="only its sender"):
        jp.node.store.perform(
            lambda tx: send.send(tx, planned, jp.node.identity, house.entropy, house.rules)
        )
    with nato.node.store.read() as tables:
        assert tables.reports.changes("nato", forged.references[0]) == ()
