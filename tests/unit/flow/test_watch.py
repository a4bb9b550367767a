"""The watch of a house: deadlines, desks that are given reports, alarms as a stream."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from noroshi.adapters.listeners import Listeners
from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.delivery.check import CommsCheck, DeskState
from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.instant import MINUTE, to_text
from noroshi.entrypoints.local import door
from noroshi.flow import alarms, arrivals, deliver, requests, tallies, watch
from noroshi.flow.records import Identity, LineCheck
from noroshi.flow.tables import Transaction
from tests.unit.flow.pair import House, Pair, open_pair


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def test_who_is_called_when_and_once(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    jp.send("cyber@nato", precedence="flash")
    pair.carry()
    told: list[tuple[float, list[str], list[str]]] = []
    for minute in range(0, 26, 5):
        for house in (jp, nato, jp, nato):
            house.fire()
        told.append((minute, nato.alarms(is_open=False), jp.alarms(is_open=False)))
        pair.clock.go_on(5)
    assert told == [
        (0, [], []),
        (5, [], []),
        (10, ["NEXT_DESK"], []),
        (15, ["NEXT_DESK", "NEXT_OFFICER"], []),
        (20, ["NEXT_DESK", "NEXT_OFFICER"], ["UNACKNOWLEDGED"]),
        (25, ["NEXT_DESK", "NEXT_OFFICER"], ["UNACKNOWLEDGED"]),
    ]
    for house in (jp, nato):
        assert house.ask(requests.VerifyJournal())["ok"] is True


@pytest.mark.parametrize("minutes", [-180, 180])
def test_people_keep_the_time_they_were_given_when_the_clock_is_set(
    pair: Pair, minutes: int
) -> None:
    nato = pair.nato
    pair.jp.send("cyber@nato", precedence="flash")
    pair.carry()
    drift = minutes * MINUTE

    def follow(tx: Transaction) -> None:
        watch.follow_clock(tx, drift, "nato", nato.node.house.entropy)

    nato.node.store.perform(follow)
    pair.clock.go_on(minutes)
    nato.fire()
    assert nato.alarms() == ["CLOCK_STEP"]
    pair.clock.go_on(9.9)
    nato.fire()
    assert nato.alarms() == ["CLOCK_STEP"]
    pair.clock.go_on(0.2)
    nato.fire()
    assert sorted(nato.alarms()) == ["CLOCK_STEP", "NEXT_DESK"]
    nato.node.store.perform(follow)  # set once more: the older alarm gives way
    assert sorted(nato.alarms()) == ["CLOCK_STEP", "NEXT_DESK"]


def test_a_desk_that_was_given_a_report_answers_for_the_one_it_came_to(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    report = jp.send("cyber@nato")
    pair.carry()
    assert nato.ask(requests.Inbox(desk="ops")) == []
    acknowledging = requests.Answering(
        report=report, rung=Rung.ACKNOWLEDGED, desk="ops", by="Sgt Vos"
    )
    with pytest.raises(InputError, match="did not come to the desk 'ops'"):
        nato.ask(acknowledging)
    told = nato.ask(requests.Assign(report=report, desk="ops", by="Maj Dupont"))
    assert told == {"report": report, "desk": "ops", "from": "cyber", "state": "DELIVERED"}
    nato.ask(requests.Assign(report=report, desk="ops"))
    (row,) = nato.ask(requests.Inbox(desk="ops"))
    assert (row["to"], row["assigned_to"]) == ("cyber@nato", ["ops"])
    answered = nato.ask(acknowledging)
    assert (answered["desk"], answered["answered_by_desk"]) == ("cyber", "ops")
    assert nato.ask(requests.Inbox(desk="ops", unacknowledged=True)) == []
    nato.issue_receipts("jp")
    jp.take(nato.waiting("jp")[-1:], "nato")
    (recipient,) = jp.ask(requests.Status(report=report))["recipients"]
    assert recipient["rungs"]["ACKNOWLEDGED"]["by"] == "Sgt Vos"
    assert nato.ask(requests.VerifyJournal())["ok"] is True


def test_what_cannot_be_assigned(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    report = jp.send("cyber@nato", "ops@nato")
    pair.carry()
    with pytest.raises(InputError, match="--from cyber"):
        nato.ask(requests.Assign(report=report, desk="ops"))
    with pytest.raises(InputError, match="has that report already"):
        nato.ask(requests.Assign(report=report, desk="ops", from_desk="cyber"))
    with pytest.raises(InputError, match="no desk 'space'"):
        nato.ask(requests.Assign(report=report, desk="space"))
    with pytest.raises(InputError, match="sent from here"):
        jp.ask(requests.Assign(report=report, desk="cyber"))


def test_a_desk_is_handed_over_by_who_holds_it(pair: Pair) -> None:
    nato = pair.nato
    report = pair.jp.send("ops@nato", precedence="flash")
    pair.carry()
    pair.clock.go_on(11)
    nato.fire()
    first = requests.SetDesk(
        desk="ops", state=DeskState.STAFFED, by="B", handed_by="A", note="all quiet"
    )
    told = nato.ask(first)
    assert [row["report"] for row in told["open"]] == [report]
    assert [alarm["alarm"] for alarm in told["alarms"]] == ["NEXT_DESK"]
    with pytest.raises(ConflictError) as caught:
        nato.ask(first)
    assert caught.value.code == "desk-held"
    assert len(nato.ask(requests.DeskLog(desk="ops"))) == 1


def test_an_alarm_is_taken_once_and_only_while_open(pair: Pair) -> None:
    nato = pair.nato
    report = pair.jp.send("cyber@nato", precedence="flash")
    pair.carry()
    pair.clock.go_on(11)
    nato.fire()
    (alarm,) = nato.ask(requests.Alarms())
    for by in ("Maj Dupont", "Sgt Vos"):
        assert nato.ask(requests.TakeAlarm(number=alarm["number"], by=by))["taken_by"] == (
            "Maj Dupont"
        )
    nato.ask(requests.Answering(report=report, rung=Rung.ACKNOWLEDGED, by="Sgt Vos"))
    with pytest.raises(NotFoundError):
        nato.ask(requests.TakeAlarm(number=alarm["number"], by="Sgt Vos"))


def check_line(house: House, partner: str, code: str | None, told: CommsCheck | None) -> None:
    line_check = LineCheck(
        outgoing=True, at=house.clock.now(), bearer="push",
        round_trip=None if code else 42_000, code=code,
    )  # fmt: skip

    def note(tx: Transaction) -> None:
        identity, entropy = house.node.identity, house.node.house.entropy
        watch.note_check(tx, partner, line_check, told, identity, entropy)

    house.node.store.perform(note)


def test_a_line_shows_what_is_wrong_where(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato

    def line() -> Any:
        (told,) = jp.ask(requests.LineStates())
        return told

    def problems() -> dict[str, str | None]:
        return {desk["desk"]: desk["problem"] for desk in line()["desks"]}

    assert (line()["state"], line()["queue"]) == ("UNTESTED", 0)
    nato.ask(requests.SetDesk(desk="cyber", state=DeskState.STAFFED, by="A"))
    nato.ask(requests.SetDesk(desk="ops", state=DeskState.UNSTAFFED, by="B"))
    with nato.node.store.read() as tables:
        half = watch.make_check(tables, "jp", nato.node.identity, pair.clock.now())
    report = jp.send("cyber@nato", "ops@nato", precedence="flash")
    assert line()["queue"] == 1
    check_line(jp, "nato", None, half)
    assert (line()["state"], line()["round_trip_ms"]) == ("UP", 42.0)
    pair.clock.go_on(11)
    assert problems() == {"cyber": None, "ops": "DESK_UNSTAFFED"}, "it is not delivered"
    pair.carry()
    assert problems() == {"cyber": "NOT_ANSWERING", "ops": "DESK_UNSTAFFED"}
    pair.clock.go_on(15)
    jp.fire()
    assert "UNACKNOWLEDGED" in jp.alarms()
    assert problems() == {"cyber": "NOT_ANSWERING", "ops": "DESK_UNSTAFFED"}
    nato.ask(
        requests.Answering(report=report, desk="cyber", rung=Rung.ACKNOWLEDGED, by="Maj Dupont")
    )
    nato.issue_receipts("jp")
    jp.take(nato.waiting("jp")[-1:], "nato")
    assert problems() == {"cyber": None, "ops": "DESK_UNSTAFFED"}
    check_line(jp, "nato", "unreachable", None)
    assert (line()["state"], line()["reason"]) == ("DOWN", "unreachable")
    assert line()["round_trip_ms"] == 42.0
    assert [row["code"] for row in jp.ask(requests.LineHistory(partner="nato"))] == [
        None,
        "unreachable",
    ]


def test_the_check_of_people_is_a_report_that_a_person_answered(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    check = jp.send("cyber@nato", kind="comms-check", status="test")
    pair.carry()
    assert jp.ask(requests.LineStates())[0]["people_check"] is None
    nato.ask(requests.Answering(report=check, rung=Rung.ACKNOWLEDGED, by="Maj Dupont"))
    nato.issue_receipts("jp")
    jp.take(nato.waiting("jp")[-1:], "nato")
    for house in (jp, nato):
        told = house.ask(requests.LineStates())[0]["people_check"]
        assert (told["report"], told["by"], told["desk"]) == (check, "Maj Dupont", "cyber@nato")


def raise_alarm(house: House, desk: str) -> None:
    def act(tx: Transaction) -> None:
        alarm = Alarm(AlarmKind.REFUSED, "nato", tx.now, None, desk, "words")
        alarms.raise_alarm(tx, alarm, "jp", house.node.house.entropy)

    house.node.store.perform(act)


async def read_alarms(
    stream: AsyncIterator[bytes], count: int
) -> tuple[list[tuple[int, str]], int | None]:
    """Read until `count` alarms came; also return what `listening` said."""
    found: list[tuple[int, str]] = []
    newest = None
    async for line in stream:
        event = json.loads(line)
        if event["event"] == "alarm":
            found.append((event["number"], event["desk"]))
        elif event["event"] == "listening":
            newest = event["number"]
        if len(found) == count and newest is not None:
            break
    return found, newest


def test_the_stream_tells_open_alarms_and_new_ones_without_gap_or_double(pair: Pair) -> None:
    house = pair.jp

    async def listen() -> None:
        listeners = Listeners(asyncio.get_running_loop())
        house.node.store.listen(listeners)
        raise_alarm(house, "before")
        queue = listeners.subscribe()
        # Committed after the queue was opened and before the alarms are read: in both.
        await asyncio.to_thread(raise_alarm, house, "between")
        stream = door._with_alarms(house.node.house, queue, None)
        first, newest = await read_alarms(stream, 2)
        assert (first, newest) == ([(1, "before"), (2, "between")], 2)
        await asyncio.to_thread(raise_alarm, house, "after")
        told = json.loads(await anext(stream))
        assert (told["number"], told["desk"], told["alarm"]) == (3, "after", "REFUSED")
        again = door._with_alarms(house.node.house, listeners.subscribe(), 1)
        assert await read_alarms(again, 2) == ([(2, "between"), (3, "after")], 3)
        listeners.close()
        assert [line async for line in stream] == []

    asyncio.run(listen())


def test_a_stream_that_nobody_reads_is_ended_and_not_thinned(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("noroshi.adapters.listeners._BACKLOG", 2)
    house = pair.jp

    async def listen() -> None:
        listeners = Listeners(asyncio.get_running_loop())
        house.node.store.listen(listeners)
        stream = door._with_alarms(house.node.house, listeners.subscribe(), None)
        await anext(stream)
        for number in range(5):
            await asyncio.to_thread(raise_alarm, house, f"d{number}")
        told = [json.loads(line)["number"] async for line in stream]
        assert told == [1, 2, 3]

    asyncio.run(listen())


def test_news_ends_when_it_is_taken_and_rings_again(pair: Pair) -> None:
    jp = pair.jp

    def tell(detail: str) -> None:
        alarm = Alarm(AlarmKind.LOST_TAIL, "nato", 1, detail=detail)
        jp.node.store.perform(lambda tx: alarms.raise_alarm(tx, alarm, "jp", jp.node.house.entropy))

    tell("one")
    tell("one")
    assert jp.alarms(is_open=False) == ["LOST_TAIL"]
    tell("another")
    assert jp.alarms() == ["LOST_TAIL"]
    assert jp.alarms(is_open=False) == ["LOST_TAIL"] * 2
    (row,) = jp.ask(requests.Alarms())
    jp.ask(requests.TakeAlarm(number=row["number"], by="Lt Sato"))
    assert jp.alarms() == []
    tell("another")
    assert jp.alarms() == ["LOST_TAIL"]


def test_gaps_of_two_precedences_are_both_named(pair: Pair) -> None:
    nato = pair.nato

    def tell(tx: Transaction) -> None:
        tx.serials.is_told("jp", 1, [(3, 2), (5, 1)])
        tallies.expect_missing(tx, "jp")

    nato.node.store.perform(tell)
    pair.clock.go_on(2)
    nato.fire()
    (flash,) = nato.ask(requests.Alarms())
    assert "FLASH serial 1" in flash["message"]
    pair.clock.go_on(20)
    nato.fire()
    (both,) = nato.ask(requests.Alarms())
    assert "PRIORITY serial 1, 2" in both["message"]
    assert "FLASH serial 1" in both["message"]
    nato.node.store.perform(tell)
    pair.clock.go_on(60)
    nato.fire()
    assert [row["number"] for row in nato.ask(requests.Alarms())] == [both["number"]]


def test_a_line_that_no_person_tests_for_a_shift_calls_one(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    identity = jp.node.identity
    duty = msgspec.structs.replace(identity.duty, shift_seconds=3600)
    on_duty = msgspec.structs.replace(identity, duty=duty)

    def check(identity: Identity = on_duty, code: str | None = None) -> None:
        now = pair.clock.now()
        line_check = LineCheck(outgoing=True, at=now, bearer="push", round_trip=1, code=code)
        jp.node.store.perform(
            lambda tx: watch.note_check(
                tx, "nato", line_check, None, identity, jp.node.house.entropy
            )
        )

    check()
    pair.clock.go_on(61)
    check(identity)  # nobody asks for it
    check(code="unreachable")  # the line is down, which is another matter
    assert jp.alarms() == []
    check()
    check()
    assert jp.alarms() == ["NO_PEOPLE_CHECK"]
    report = jp.send("cyber@nato", kind="comms-check")
    pair.carry()
    check()
    assert jp.alarms() == ["NO_PEOPLE_CHECK"]
    nato.ask(requests.Answering(report=report, rung=Rung.ACKNOWLEDGED, desk="cyber", by="Sgt Vos"))
    nato.issue_receipts("jp")
    jp.take(nato.waiting("jp")[-1:], "nato")
    check()
    assert jp.alarms() == []


def test_of_many_missed_checks_the_first_and_the_last_stand(pair: Pair) -> None:
    jp = pair.jp
    codes = [None, "unreachable", "unreachable", "unreachable", "unreachable", "clock-off", None]
    for code in codes:
        pair.clock.go_on(1)
        now = pair.clock.now()
        check = LineCheck(outgoing=True, at=now, bearer="push", round_trip=None, code=code)
        jp.node.store.perform(lambda tx, check=check: tx.watch.add_check("nato", check))  # type: ignore[misc]
    with jp.node.store.read() as tables:
        kept = tables.watch.checks("nato", 20)
    assert [check.code for check in reversed(kept)] == [
        None, "unreachable", "unreachable", "clock-off", None
    ]  # fmt: skip
    minutes = [(check.at - kept[-1].at) // MINUTE for check in reversed(kept)]
    assert minutes == [0, 1, 4, 5, 6]


def test_that_a_report_came_too_late_is_no_news_once_it_was_given_up(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    expires = to_text(pair.clock.now() + MINUTE)
    jp.send("cyber@nato", expires=expires)
    raw = jp.waiting("nato")
    with jp.node.store.read() as tables:
        ids = [item.id for item in tables.outbox.items("nato")]
    pair.clock.go_on(2)
    entropy = jp.node.house.entropy
    jp.node.store.perform(lambda tx: deliver.expire(tx, "nato", ids, "jp", entropy))
    opened = arrivals.open_all(nato.node.house, raw)
    (late,) = arrivals.submit_all(nato.node.house, opened, "jp")
    refused = late.result()
    assert refused is not None
    assert refused.code == "expired"
    nato.issue_receipts("jp")
    jp.take(nato.waiting("jp")[-1:], "nato")
    assert jp.alarms(is_open=False) == ["EXPIRED"]
