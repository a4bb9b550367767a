"""What machines hand over becomes reports by rule; sightings go back to whoever reported."""

import json
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from noroshi.core.errors import InputError, NotFoundError
from noroshi.core.exchange.stix import marking_definitions
from noroshi.core.marking.label import Marking
from noroshi.core.tlog.entry import EntryKind
from noroshi.flow import requests
from noroshi.flow.collecting import collect
from tests.unit.flow.pair import House, Pair, open_pair
from tests.unit.flow.test_accounts import entries
from tests.unit.flow.test_objects import (
    AT,
    LEVEL,
    OTHER,
    an_object,
    definition,
    grant,
    hand_over,
    ids,
    machine,
)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def rule(house: House, **told: Any) -> Any:
    known = {"collection": "c", "to": ("cyber@nato",), "by": "Capt Abe"}
    return house.ask(requests.SetRule(**{**known, **told}))


def test_what_is_handed_over_becomes_a_draft_or_a_report(pair: Pair) -> None:
    jp = pair.jp
    by = machine(jp, grant(jp, "sensor", write=True)["token"])
    said = rule(jp, info=("cyber@nato",), precedence="Priority", subject="Sensors")
    assert (said["precedence"], said["at_once"]) == ("PRIORITY", False)
    rule(jp)
    hand_over(jp, by, an_object(1), an_object(2, an_object(1)["id"], name="Port scans"))
    hand_over(jp, by, an_object(1), an_object(2, an_object(1)["id"], name="Port scans"))
    assert jp.ask(requests.Outbox()) == []
    (waiting,) = jp.ask(requests.ReleaseQueue())
    assert (waiting["subject"], waiting["drafter"]) == ("Port scans", "sensor")
    report = waiting["report"]
    jp.ask(requests.Release(report=report, by="Cdr Mori"))
    hand_over(jp, by, an_object(1), an_object(2, an_object(1)["id"], name="Port scans"))
    assert jp.ask(requests.ReleaseQueue()) == []
    assert [row["report"] for row in jp.ask(requests.Outbox())] == [report]
    pair.carry()
    (came,) = pair.nato.ask(requests.Inbox())
    assert came["report"] == report
    rule(jp, at_once=True)
    hand_over(jp, by, an_object(3))
    hand_over(jp, by, an_object(3))
    assert {row["subject"] for row in jp.ask(requests.Outbox())} == {
        "Port scans",
        "sensor: 1 object of STIX",
    }
    (listed,) = jp.ask(requests.Rules())
    assert (listed["collection"], listed["to"], listed["set_by"]) == (
        "c",
        ["cyber@nato"],
        "Capt Abe",
    )
    jp.ask(requests.EndRule(collection="c", by="Capt Abe"))
    hand_over(jp, by, an_object(4))
    assert len(jp.ask(requests.Outbox())) == 2
    assert jp.ask(requests.Rules()) == []
    with pytest.raises(NotFoundError, match="c has no rule"):
        jp.ask(requests.EndRule(collection="c", by="Capt Abe"))
    assert len(entries(jp, EntryKind.RULE_CHANGED, EntryKind.RULE_ENDED)) == 4


def test_what_may_not_go_is_refused_to_the_machine_and_not_kept(pair: Pair) -> None:
    jp = pair.jp
    by = machine(jp, grant(jp, "sensor", write=True)["token"])
    rule(jp)
    own = definition(OTHER)
    with pytest.raises(InputError, match="would become a report that may not go"):
        hand_over(jp, by, own, an_object(1, markings=[own["id"]]))
    assert ids(jp, by) == []
    red = definition(Marking.parse("TLP:RED"))["id"]
    green = definition(Marking.parse("TLP:GREEN"))["id"]
    hand_over(jp, by, an_object(1, markings=[green]), an_object(2, markings=[red]))
    (waiting,) = jp.ask(requests.ReleaseQueue())
    assert waiting["marking"] == "TLP:RED"
    both = marking_definitions(Marking.parse("TLP:GREEN//PAP:AMBER"))
    hand_over(jp, by, *both)  # what a later batch names is known from here
    hand_over(jp, by, an_object(3, markings=[str(each["id"]) for each in both]))
    assert any("PAP:AMBER" in each["marking"] for each in jp.ask(requests.ReleaseQueue()))
    with pytest.raises(InputError, match="4 MiB"):
        hand_over(jp, by, *(an_object(n, description="x" * 500_000) for n in range(10, 20)))


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"to": ()}, "--to"),
        ({"to": (), "info": ("cyber@nato",), "sightings": True}, "--to"),
        ({"to": ("nato",)}, "desk@partner"),
        ({"to": ("cyber@jp",)}, "a desk of this node itself"),
        ({"to": ("cyber@nato", "nowhere@nato")}, "nato has no desk 'nowhere'; its card lists"),
        ({"info": ("cyber@xx",)}, "no partner 'xx'"),
        ({"precedence": "soon"}, "soon"),
        ({"areas": ("nowhere",)}, "nowhere"),
        ({"collection": "reports"}, "filled by reports"),
        ({"collection": "../x"}, "cannot be the name"),
        ({"by": ""}, "a name"),
    ],
)
def test_a_rule_that_cannot_be_is_told(pair: Pair, told: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        rule(pair.jp, **told)


def a_sighting(of: str, number: int = 7, *seen_by: str, markings: Sequence[str] = ()) -> Any:
    own = uuid.UUID(int=number, version=4)
    told = {
        "type": "sighting", "spec_version": "2.1", "id": f"sighting--{own}", "created": AT,
        "modified": AT, "sighting_of_ref": of, "count": 3,
    }  # fmt: skip
    if seen_by:
        told["where_sighted_refs"] = list(seen_by)
    return {**told, "object_marking_refs": list(markings)} if markings else told


def reported(pair: Pair, *told: dict[str, Any]) -> str:
    """Let jp report objects to nato, where machines may read them."""
    bundle = {"type": "bundle", "id": f"bundle--{uuid.UUID(int=1, version=4)}", "objects": told}
    sent = pair.jp.ask(
        requests.SendReport(
            body=json.dumps(bundle).encode(), to=("cyber@nato",), subject="Scanners", by="Lt Sato"
        )
    )
    pair.carry()
    collect(pair.nato.node.house)
    return str(sent["report"])


def test_sightings_go_back_to_the_desk_that_reported_what_was_sighted(pair: Pair) -> None:
    nato = pair.nato
    by = machine(nato, grant(nato, "siem", write=True)["token"])
    said = rule(nato, to=(), sightings=True, at_once=True)
    assert (said["to"], said["sightings"]) == ([], True)
    report = reported(pair, an_object(1))
    place = {
        "type": "identity", "spec_version": "2.1", "id": f"identity--{uuid.UUID(int=5, version=4)}",
        "created": AT, "modified": AT, "name": "Mons", "identity_class": "organization",
    }  # fmt: skip
    seen = a_sighting(an_object(1)["id"], 7, place["id"])
    batch = (an_object(2), place, a_sighting(an_object(2)["id"], 8), seen)
    hand_over(nato, by, *batch)
    hand_over(nato, by, *batch)
    (sent,) = nato.ask(requests.Outbox())
    assert (sent["subject"], sent["precedence"]) == ("Re: Scanners", "ROUTINE")
    pair.carry()
    (came,) = pair.jp.ask(requests.Inbox())
    assert came["report"] == sent["report"]
    shown = pair.jp.ask(requests.Show(report=came["report"], by="Lt Sato"))
    assert shown["references"] == [report]
    assert {each["id"] for each in json.loads(shown["body"])["objects"]} == {
        place["id"],
        seen["id"],
    }
    reader = machine(pair.jp, grant(pair.jp, "siem", "reports")["token"])
    collect(pair.jp.node.house)
    assert seen["id"] in ids(pair.jp, reader, "reports")


def test_a_sighting_waits_for_release_and_is_marked_as_its_own(pair: Pair) -> None:
    nato = pair.nato
    by = machine(nato, grant(nato, "siem", write=True)["token"])
    rule(nato, to=("cyber@jp",), sightings=True, subject="All of it")
    reported(pair, an_object(1))
    red = definition(Marking.parse("TLP:RED"))["id"]
    hand_over(nato, by, a_sighting(an_object(1)["id"], 7, markings=[red]))
    waiting = {each["subject"]: each["marking"] for each in nato.ask(requests.ReleaseQueue())}
    assert waiting == {"All of it": "TLP:RED", "Re: Scanners": "TLP:RED"}


def test_a_sighting_of_what_no_report_said_stays_an_object(pair: Pair) -> None:
    jp = pair.jp
    by = machine(jp, grant(jp, "siem", write=True)["token"])
    rule(jp, to=(), sightings=True, at_once=True)
    reported(pair, an_object(1))  # by jp itself: it did not come in here
    hand_over(jp, by, a_sighting(an_object(1)["id"]), a_sighting(an_object(3)["id"], 9))
    assert len(jp.ask(requests.Outbox())) == 1
    assert len(ids(jp, by)) == 2


def test_a_sighting_that_may_not_go_back_is_refused(pair: Pair) -> None:
    nato = pair.nato
    by = machine(nato, grant(nato, "siem", write=True)["token"])
    rule(nato, to=(), sightings=True)
    reported(pair, an_object(1))
    own = definition(LEVEL)
    with pytest.raises(InputError, match="would become a report that may not go"):
        hand_over(nato, by, own, a_sighting(an_object(1)["id"], 7, markings=[own["id"]]))
    assert ids(nato, by) == []
