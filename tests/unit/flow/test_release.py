"""Two persons: above a level one writes and another releases, and nothing goes before."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from endure.clock import NOW, SetClock
from noroshi.bootstrap import embedded_node
from noroshi.core.delivery.quota import Disk
from noroshi.core.errors import ConflictError, InputError, NotFoundError, UnavailableError
from noroshi.core.marking.label import Marking
from noroshi.core.precedence import Precedence
from noroshi.flow import answers, requests, send
from tests.unit.flow.pair import House, Pair, open_pair
from tests.unit.flow.test_agreements import agree, kinds

MARK = "NATO SECRET//REL TO JPN"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        agree(opened.nato)
        yield opened


def draft(house: House, **told: Any) -> Any:
    request = requests.SendReport(
        **{"body": b"words", "to": ("cyber@jp",), "marking": MARK, "by": "Lt Writer"} | told
    )
    return house.ask(request)


def queue(house: House) -> Any:
    return house.ask(requests.ReleaseQueue())


def release(house: House, report: str, by: str = "Cdr Ito") -> Any:
    return house.ask(requests.Release(report=report, by=by))


def test_a_second_person_lets_it_go(pair: Pair) -> None:
    nato = pair.nato
    told = draft(nato, precedence="flash", subject="a plan")
    assert told["state"] == "AWAITING_RELEASE"
    assert told["recipients"] == [{"desk": "cyber@jp", "serial": None}]
    assert nato.waiting("jp") == []
    (row,) = queue(nato)
    assert (row["partners"], row["drafter"], row["reasons"]) == (["jp"], "Lt Writer", [])
    assert (row["precedence"], row["body"], row["allowed"]) == ("FLASH", "words", True)
    assert release(nato, told["report"][:8]) == {
        "report": told["report"], "state": "SENT",
        "recipients": [{"desk": "cyber@jp", "serial": 1}],
    }  # fmt: skip
    assert queue(nato) == []
    pair.jp.take(nato.waiting("jp"), "nato")
    shown = pair.jp.ask(requests.Show(report=told["report"]))
    assert (shown["drafter"], shown["releaser"]) == ("Lt Writer", "Cdr Ito")
    assert [kind for kind in kinds(nato) if kind in {"Drafted", "Released", "Sealed"}] == [
        "Drafted", "Released", "Sealed",
    ]  # fmt: skip
    assert nato.ask(requests.VerifyJournal())["ok"] is True


@pytest.mark.parametrize(
    "by",
    ["Lt Writer", "lt  writer", "Ｌt Writer ", "Lt Wr\u0456ter", "Lt Wríter", "Lt. Wrıter"],
)
def test_who_wrote_it_cannot_release_it(pair: Pair, by: str) -> None:
    told = draft(pair.nato)
    with pytest.raises(InputError, match="another person releases it") as caught:
        release(pair.nato, told["report"], by)
    assert caught.value.code == "two-persons"
    assert len(queue(pair.nato)) == 1
    assert pair.nato.waiting("jp") == []


def test_a_drafter_is_named(pair: Pair) -> None:
    with pytest.raises(InputError, match="say who writes it"):
        draft(pair.nato, by=None)
    assert queue(pair.nato) == []


def test_below_that_level_one_person_is_enough(pair: Pair) -> None:
    assert draft(pair.nato, marking="NATO RESTRICTED//REL TO JPN", by=None)["state"] == "SENT"


def test_what_may_not_go_is_refused_at_once_and_asked_again_at_the_release(pair: Pair) -> None:
    nato = pair.nato
    with pytest.raises(InputError, match="it goes up to NATO SECRET"):
        draft(nato, marking="NATO TOP SECRET//REL TO JPN")
    told = draft(nato)
    agree(nato, level="RESTRICTED")
    (row,) = queue(nato)
    assert row["allowed"] is False
    assert "it goes up to NATO RESTRICTED" in row["reasons"][0]
    with pytest.raises(InputError, match="it goes up to NATO RESTRICTED"):
        release(nato, told["report"])
    assert len(queue(nato)) == 1, "it waits on"
    assert "Released" not in kinds(nato)


def test_a_draft_is_dropped_with_its_attachments(pair: Pair) -> None:
    nato = pair.nato
    token = answers.stage(nato.node.house, "map.bin", [b"x" * 1000])
    told = draft(nato, attachments=(token,))
    with nato.node.store.read() as tables:
        (blob_id,) = tables.drafts.blob_ids()
    assert nato.node.house.blobs.read_piece(blob_id, 0, 9) != b""
    assert nato.ask(requests.DropDraft(report=told["report"], by="Cdr Ito")) == {
        "report": told["report"], "state": "DROPPED",
    }  # fmt: skip
    assert queue(nato) == []
    with pytest.raises(OSError, match="No such file"):
        nato.node.house.blobs.read_piece(blob_id, 0, 9)
    with pytest.raises(NotFoundError):
        release(nato, told["report"])
    assert "DraftDropped" in kinds(nato)


def test_attachments_of_a_draft_outlive_a_restart(tmp_path: Path) -> None:
    with open_pair(tmp_path) as pair:
        agree(pair.nato)
        token = answers.stage(pair.nato.node.house, "map.bin", [b"x" * 1000])
        told = draft(pair.nato, attachments=(token,))
        with pair.nato.node.store.read() as tables:
            (blob_id,) = tables.drafts.blob_ids()
    with embedded_node(tmp_path / "nato", lambda: None, clock=SetClock()) as node:
        assert node is not None
        assert node.house.blobs.read_piece(blob_id, 0, 9) != b""
        assert release(House(node, SetClock()), told["report"])["state"] == "SENT"


def test_asking_twice_keeps_one_draft(pair: Pair) -> None:
    told = [draft(pair.nato, report_id=bytes(16)) for _ in range(2)]
    assert told[0] == told[1]
    assert len(queue(pair.nato)) == 1
    with pytest.raises(ConflictError, match="already has that id"):
        draft(pair.nato, report_id=bytes(16), body=b"other words")


def test_people_are_called_when_nobody_releases_it(pair: Pair) -> None:
    nato = pair.nato
    told = draft(nato, precedence="flash")
    pair.clock.go_on(1.9)
    nato.fire()
    assert nato.alarms() == []
    pair.clock.go_on(0.2)
    nato.fire()
    nato.fire()
    (alarm,) = nato.ask(requests.Alarms())
    assert alarm["alarm"] == "UNRELEASED"
    assert alarm["message"] == (
        "a report of cyber@nato waits for somebody to release it: Lt Writer wrote it; "
        "see: noroshi release queue"
    )
    release(nato, told["report"])
    assert nato.alarms() == []


def test_a_draft_that_was_released_in_time_calls_nobody(pair: Pair) -> None:
    told = draft(pair.nato, precedence="flash")
    release(pair.nato, told["report"])
    pair.clock.go_on(3)
    pair.nato.fire()
    assert "UNRELEASED" not in pair.nato.alarms(is_open=False)


def test_a_draft_whose_time_is_over_is_not_sent(pair: Pair) -> None:
    told = draft(pair.nato, expires="2026-11-22T04:00:00Z")
    pair.clock.go_on(24 * 60)
    with pytest.raises(InputError, match="the time of the report is over"):
        release(pair.nato, told["report"])
    assert len(queue(pair.nato)) == 1


def test_a_release_takes_its_turn_and_its_room_by_precedence(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    nato = pair.nato
    flash, routine = draft(nato, precedence="flash"), draft(nato, body=b"other")
    turns: list[Precedence] = []
    perform = nato.node.store.perform

    def note(act: Any, precedence: Precedence = Precedence.ROUTINE) -> Any:
        turns.append(precedence)
        return perform(act, precedence)

    monkeypatch.setattr(nato.node.store, "perform", note)
    full = msgspec.structs.replace(nato.node.house, disk=lambda: Disk(0, 10**12))
    with pytest.raises(UnavailableError, match="full but for FLASH"):
        answers.handle(full, requests.Release(report=routine["report"], by="Cdr Ito"))
    assert len(queue(nato)) == 2
    sent = answers.handle(full, requests.Release(report=flash["report"], by="Cdr Ito"))
    assert sent == {**flash, "state": "SENT", "recipients": [{"desk": "cyber@jp", "serial": 1}]}
    assert turns == [Precedence.FLASH]


def test_looking_for_a_draft_says_where_it_is(pair: Pair) -> None:
    told = draft(pair.nato)
    with pytest.raises(NotFoundError, match="waits to be released"):
        pair.nato.ask(requests.Status(report=told["report"]))


def test_no_act_sends_it_without_a_releaser(pair: Pair) -> None:
    nato = pair.nato
    draft(nato)
    node = nato.node
    with node.store.read() as tables:
        (kept,) = tables.drafts.all()
    assert kept.plan.marking == Marking.parse(MARK)
    assert kept.drafted_at == NOW

    def bypass(tx: Any) -> object:
        return send.send(tx, kept.plan, node.identity, node.house.entropy, node.house.rules)

    with pytest.raises(InputError, match="needs two persons"):
        node.store.perform(bypass)


def test_a_house_sets_its_own_level(tmp_path: Path) -> None:
    with open_pair(tmp_path) as pair:
        home = pair.nato.node.home
    policy = json.loads(
        (Path(answers.__file__).parents[2] / "core/marking/policies/nato.json").read_text()
    )
    (home / "policies").mkdir()
    (home / "policies" / "nato.json").write_text(json.dumps(policy | {"two_persons_from": ""}))
    from noroshi.adapters.policies import read_rules  # noqa: PLC0415 - beside its use

    assert not read_rules(home).needs_two_persons(Marking.parse(MARK))
