"""Machines at a node: who is given access, what each may read, what reports become for them."""

import json
import random
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.exchange.objects.query import Query, Version, read_query
from noroshi.core.exchange.stix import TLP_IDS, marking_definitions
from noroshi.core.machine import Machine
from noroshi.core.marking.label import Marking, Tlp
from noroshi.core.tlog.entry import EntryKind
from noroshi.flow import objects, requests
from noroshi.flow.answers import handed_over
from noroshi.flow.collecting import belongs_in, collect
from noroshi.flow.machine_tables import Collection
from noroshi.flow.machines import machine_of
from noroshi.flow.misp_events import reports_of
from tests.unit.flow.pair import House, Pair, open_pair
from tests.unit.flow.test_accounts import entries
from tests.unit.flow.test_agreements import agree

AT = "2026-01-01T00:00:00.000Z"
LEVEL = Marking.parse("NATO RESTRICTED//REL TO JPN")
OTHER = Marking.parse("JPN 秘//REL TO NATO")
BOTH = "NATO RESTRICTED//TLP:GREEN"
EVERYTHING = frozenset({Version.ALL})


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def grant(house: House, name: str = "siem", collection: str = "c", **told: Any) -> Any:
    told = {"read": True, "by": "Lt Sato", **told}
    return house.ask(requests.GrantAccess(name=name, collection=collection, **told))


def machine(house: House, token: str) -> Machine:
    with house.node.store.read() as tables:
        found = machine_of(tables, token)
    assert found is not None
    return found


def place(house: House, alias: str = "c") -> Collection:
    with house.node.store.read() as tables:
        found = tables.machines.collection(alias)
    assert found is not None
    return found


def an_object(number: int, *refs: str, markings: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    own = uuid.UUID(int=number, version=4)
    told = {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{own}",
        "created": AT, "modified": AT, "pattern": "[url:value = 'x']", "pattern_type": "stix",
        "valid_from": AT, **more,
    }  # fmt: skip
    if refs:
        told = {
            "type": "report", "spec_version": "2.1", "id": f"report--{own}",
            "created": AT, "modified": AT, "name": "x", "published": AT, "object_refs": list(refs),
            **more,
        }  # fmt: skip
    return {**told, "object_marking_refs": list(markings)} if markings else told


def definition(marking: Marking) -> dict[str, Any]:
    return marking_definitions(marking)[0]


def hand_over(house: House, by: Machine, *told: Any, alias: str = "c") -> Any:
    raw = bytearray(json.dumps({"objects": told}).encode())
    return json.loads(handed_over.hand_over(house.node.house, by, place(house, alias), raw))


def ids(house: House, by: Machine, alias: str = "c", **query: Any) -> list[str]:
    page = objects.page(house.node.house, by, place(house, alias), Query(**query))
    return [each.id for each in page.objects]


def test_access_is_granted_added_to_and_taken_away(pair: Pair) -> None:
    jp = pair.jp
    first = grant(jp)
    second = grant(jp, collection="d", read=False, write=True)
    assert second["rights"] == {"c": "read", "d": "write"}
    third = grant(jp, write=True, read=False, ceiling="TLP:GREEN")
    assert (third["rights"]["c"], third["up_to"], third["tokens"]) == ("read+write", "TLP:GREEN", 3)
    for told in (first, second, third):
        assert machine(jp, told["token"]).name == "siem"
    with jp.node.store.read() as tables:
        assert machine_of(tables, first["token"], "other") is None
        assert machine_of(tables, first["token"] + "x") is None
    assert jp.ask(requests.RevokeAccess(name="siem", by="Lt Sato"))["ended_at"]
    with jp.node.store.read() as tables:
        assert machine_of(tables, first["token"]) is None
    with pytest.raises(NotFoundError, match="no machine 'siem' has access"):
        jp.ask(requests.RevokeAccess(name="siem", by="Lt Sato"))
    again = grant(jp, collection="d")
    assert (again["rights"], again["up_to"], again["tokens"]) == (
        {"d": "read"}, "TLP:AMBER+STRICT", 1,
    )  # fmt: skip
    kinds = [e.kind for e in entries(jp, EntryKind.MACHINE_CHANGED, EntryKind.MACHINE_ENDED)]
    assert [kind.value for kind in kinds] == [
        *["MachineChanged"] * 3,
        "MachineEnded",
        "MachineChanged",
    ]
    (listed,) = jp.ask(requests.Machines())
    assert "token" not in listed
    assert [c["collection"] for c in jp.ask(requests.Collections())] == ["c", "d"]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"read": False}, "say what it may do"),
        ({"name": "a b"}, "cannot be the name of a machine"),
        ({"collection": "a/b"}, "cannot be the name of a collection"),
        ({"partner": "zz"}, "there is no partner 'zz'"),
        ({"ceiling": "NATO NOTHING"}, "NATO"),
        ({"collection": "reports", "write": True}, "is filled by reports"),
        ({"collection": "reports", "partner": "nato"}, "go to a partner as reports alone"),
        ({"collection": "desk-nowhere"}, "no desk 'nowhere'; it has cyber"),
        ({"collection": "area-nowhere"}, "nowhere"),
    ],
)
def test_what_is_not_granted(pair: Pair, told: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        grant(pair.jp, **told)
    assert pair.jp.ask(requests.Machines()) == pair.jp.ask(requests.Collections()) == []


def test_a_machine_stays_whose_it_is(pair: Pair) -> None:
    grant(pair.jp, partner="nato")
    with pytest.raises(ConflictError, match="siem belongs to nato"):
        grant(pair.jp, partner="jp")
    assert grant(pair.jp, collection="d")["partner"] == "nato"


def test_what_cannot_be_taken_is_told_and_the_rest_goes_on(pair: Pair) -> None:
    jp = pair.jp
    by = machine(jp, grant(jp, write=True)["token"])
    bad = [
        {"type": "indicator"}, an_object(2, created="2026-02-31T00:00:00Z"), 7,
        {**an_object(3), "pattern": 7}, an_object(4, markings=["marking-definition--" + "0" * 8]),
        an_object(5, markings=[f"marking-definition--{uuid.UUID(int=5, version=4)}"]),
    ]  # fmt: skip
    told = hand_over(jp, by, an_object(1), *bad, an_object(6))
    assert (told["total_count"], told["success_count"], told["failure_count"]) == (8, 2, 6)
    assert told["status"] == "complete"
    messages = [each["message"] for each in told["failures"]]
    assert "no id and type" in messages[0]
    assert told["failures"][1]["id"] == an_object(2)["id"]
    assert "created is no time" in messages[1]
    assert [each["id"] for each in told["successes"]] == [an_object(1)["id"], an_object(6)["id"]]
    assert any("pattern" in message for message in messages)
    assert any("hand over its definition first" in message for message in messages)
    assert ids(jp, by) == [an_object(1)["id"], an_object(6)["id"]]
    assert json.loads(objects.status_of(jp.node.house, by, told["id"])) == told
    other = machine(jp, grant(jp, "other")["token"])
    with pytest.raises(NotFoundError, match="no such status"):
        objects.status_of(jp.node.house, other, told["id"])


def test_of_a_large_batch_the_status_tells_the_number(pair: Pair) -> None:
    jp = pair.jp
    by = machine(jp, grant(jp, write=True)["token"])
    told = hand_over(jp, by, *(an_object(n + 1) for n in range(objects.MOST_TOLD + 1)))
    assert told["success_count"] == objects.MOST_TOLD + 1
    assert "successes" not in told


def test_a_definition_stays_what_it_said_first(pair: Pair) -> None:
    jp = pair.jp
    by = machine(jp, grant(jp, write=True, ceiling="TLP:GREEN")["token"])
    notice: dict[str, Any] = {
        "type": "marking-definition", "spec_version": "2.1", "created": AT,
        "id": f"marking-definition--{uuid.UUID(int=9, version=4)}", "definition_type": "statement",
        "definition": {"statement": "TLP:RED, for two persons alone"},
    }  # fmt: skip
    milder = {**notice, "definition": {"statement": "Copyright 2026, Somebody."}}
    told = hand_over(jp, by, notice, milder, an_object(1, markings=[notice["id"]]))
    assert [each["id"] for each in told["failures"]] == [milder["id"], an_object(1)["id"]]
    assert "says something else" in told["failures"][0]["message"]


def test_the_strictest_of_several_markings_decides(pair: Pair) -> None:
    jp = pair.jp
    writer = machine(jp, grant(jp, "w", write=True, ceiling="TLP:RED")["token"])
    reader = machine(jp, grant(jp, "r")["token"])
    amber, red = TLP_IDS[Tlp.AMBER], TLP_IDS[Tlp.RED]
    part = an_object(2, granular_markings=[{"marking_ref": red, "selectors": ["pattern"]}])
    told = hand_over(jp, writer, an_object(1, markings=[amber, red]), part, an_object(3))
    assert told["failure_count"] == 0
    assert ids(jp, writer) == [an_object(n)["id"] for n in (1, 2, 3)]
    assert ids(jp, reader) == [an_object(3)["id"]]
    for name in (an_object(1)["id"], an_object(2)["id"]):
        with pytest.raises(NotFoundError, match="no such object"):
            objects.page_of_one(jp.node.house, reader, place(jp), name, Query())
        with pytest.raises(NotFoundError, match="no such object"):
            objects.remove(jp.node.house, reader, place(jp), name, Query(versions=EVERYTHING))
    assert objects.page_of_one(
        jp.node.house, writer, place(jp), an_object(1)["id"], read_query([("match[version]", AT)])
    ).objects
    objects.remove(jp.node.house, writer, place(jp), an_object(1)["id"], Query(versions=EVERYTHING))
    late = Query(after=1 << 60)
    found = objects.page_of_one(jp.node.house, writer, place(jp), an_object(2)["id"], late)
    assert found.objects == ()


def test_a_machine_of_a_partner_reads_what_is_released_to_it(pair: Pair) -> None:
    nato = pair.nato
    writer = machine(nato, grant(nato, "w", write=True, ceiling="NATO SECRET")["token"])
    theirs = grant(nato, "jp-siem", partner="jp", ceiling="NATO SECRET")
    reader = machine(nato, theirs["token"])
    level = definition(LEVEL)
    hand_over(nato, writer, level, an_object(1, markings=[level["id"]]))
    assert an_object(1)["id"] not in ids(nato, reader)
    agree(nato)
    assert an_object(1)["id"] in ids(nato, reader)


def test_nobody_reads_what_the_rule_refuses(pair: Pair) -> None:
    """100,000 decisions and more, against a rule that is written down here once more."""
    nato, draw = pair.nato, random.Random(4)
    agree(nato)
    labels = [
        Marking.parse(f"TLP:{each}") for each in ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
    ]
    known = [*labels, LEVEL, OTHER]
    writer = machine(nato, grant(nato, "w", write=True)["token"])
    readers = [
        machine(nato, grant(nato, f"r{n}", partner=partner, ceiling=str(ceiling))["token"])
        for n, (partner, ceiling) in enumerate(
            (partner, ceiling) for partner in ("nato", "jp") for ceiling in (*known, BOTH)
        )
    ]
    hand_over(nato, writer, *map(definition, known))
    of: dict[str, tuple[list[Marking], list[str]]] = {}
    decisions = 0
    for round_ in range(6):
        batch = []
        for n in range(200):
            number = round_ * 1000 + n + 100
            refs = draw.sample(sorted(of), min(len(of), draw.choice((0, 0, 1, 2))))
            markings = draw.sample(known, draw.choice((0, 1, 1, 1, 2)))
            told = an_object(
                number, *refs, markings=[str(definition(each)["id"]) for each in markings]
            )
            of[told["id"]] = (markings or [labels[1]], refs)
            batch.append(told)
        assert hand_over(nato, writer, *batch)["failure_count"] == 0
        for reader in readers:
            expected = [name for name in of if _may(reader, name, of, labels)]
            for query in (
                {}, {"types": ("indicator", "report")}, {"versions": EVERYTHING},
                {"ids": tuple(draw.sample(sorted(of), 50))}, {"specs": ("2.1",)},
            ):  # fmt: skip
                wanted = [n for n in expected if n in query.get("ids", expected)]
                found = _all(nato, reader, query)
                assert [n for n in found if n in of] == wanted, (reader.partner, reader.ceiling)
                decisions += len(query.get("ids", of))
    assert decisions > 100_000


def _all(house: House, reader: Machine, query: Any) -> list[str]:
    found: list[str] = []
    after, more = -1, True
    while more:
        page = objects.page(
            house.node.house, reader, place(house), Query(after=after, **query), bodies=False
        )
        found += [each.id for each in page.objects]
        after, more = (page.objects[-1].added if page.objects else after), page.more
    return found


def _may(reader: Machine, name: str, of: Any, labels: list[Marking]) -> bool:
    """NATO RESTRICTED is covered by an agreement of nato with jp, JPN 秘 by none."""
    markings, refs = of[name]
    if not all(_may(reader, ref, of, labels) for ref in refs):
        return False
    for marking in markings:
        if marking in labels:
            if labels.index(marking) > labels.index(Marking(reader.ceiling.tlp)):
                return False
        elif marking.level != reader.ceiling.level or (reader.partner == "jp" and marking == OTHER):
            return False
    return True


FORM = {
    "noroshi": 1, "kind": "cyber-incident", "subject": "A worm", "summary": "It spreads.",
    "occurred_at": "2026-11-22T01:00Z", "systems_affected": "mail", "impact": "high",
}  # fmt: skip


def send(pair: Pair, body: bytes, **told: Any) -> str:
    report = pair.jp.send("cyber@nato", body=body, **told)
    pair.carry()
    return report


@pytest.mark.parametrize(
    "told",
    [
        {"Tag": [{"name": "tlp:red"}]}, {"distribution": "0"}, {"distribution": "4"},
        {"Attribute": [{"type": "domain", "value": "a.example", "Tag": [{"name": "tlp:red"}]}]},
    ],
)  # fmt: skip
def test_what_an_event_says_of_itself_holds_beside_the_marking_of_its_report(
    pair: Pair, told: dict[str, Any]
) -> None:
    nato = pair.nato
    reader = machine(nato, grant(nato, "r", "reports")["token"])
    event = {"uuid": str(uuid.UUID(int=7, version=4)), "info": "Quiet", "timestamp": "1"}
    attribute = {"type": "domain", "value": "b.example", "to_ids": True}
    send(pair, json.dumps({"Event": {"Attribute": [attribute], **event}}).encode())
    collect(nato.node.house)
    open_ones = ids(nato, reader, "reports")
    assert open_ones
    send(pair, json.dumps({"Event": {"Attribute": [attribute], **event, **told}}).encode())
    collect(nato.node.house)
    assert ids(nato, reader, "reports") == open_ones
    assert len(reports_of(nato.node.house, reader)) == 1


def test_reports_fill_collections_once_and_from_the_beginning(pair: Pair) -> None:
    nato = pair.nato
    red = TLP_IDS[Tlp.GREEN]
    bundle = {
        "type": "bundle", "id": f"bundle--{uuid.UUID(int=1, version=4)}",
        "objects": [an_object(1, markings=[red]), an_object(2)],
    }  # fmt: skip
    raw = json.dumps(bundle, indent=3).encode()
    send(pair, raw)
    send(pair, b"only words", status="exercise")
    aliases = ("reports", "exercises", "desk-cyber", "desk-ops", "from-jp", "from-au")
    by = [machine(nato, grant(nato, alias, alias)["token"]) for alias in aliases]
    while collect(nato.node.house):
        pass
    send(pair, b"more words")
    collect(nato.node.house)
    collect(nato.node.house)
    found = {alias: ids(nato, one, alias) for alias, one in zip(aliases, by, strict=True)}
    assert found["reports"][:2] == [an_object(1)["id"], an_object(2)["id"]]
    assert found["reports"] == found["desk-cyber"] == found["from-jp"]
    assert sum(name.startswith("report--") for name in found["reports"]) == 1
    assert sum(name.startswith("report--") for name in found["exercises"]) == 1
    assert found["desk-ops"] == found["from-au"] == []
    page = objects.page(nato.node.house, by[0], place(nato, "reports"), Query(limit=2))
    assert [each.raw in raw for each in page.objects] == [True, True]


def test_an_object_is_handled_by_the_marking_of_its_report(pair: Pair) -> None:
    nato = pair.nato
    told = {**an_object(1), "type": "indicator"}
    bundle = {"type": "bundle", "id": f"bundle--{uuid.UUID(int=1, version=4)}", "objects": [told]}
    send(pair, json.dumps(bundle).encode(), marking="TLP:RED")
    send(pair, b"words", marking="TLP:GREEN")
    usual = machine(nato, grant(nato, "usual", "reports")["token"])
    every = machine(nato, grant(nato, "every", "reports", ceiling="TLP:RED")["token"])
    collect(nato.node.house)
    assert an_object(1)["id"] in ids(nato, every, "reports")
    assert an_object(1)["id"] not in ids(nato, usual, "reports")
    assert any(name.startswith("report--") for name in ids(nato, usual, "reports"))


def test_what_was_destroyed_is_not_read_any_more(pair: Pair) -> None:
    nato = pair.nato
    bundle = {
        "type": "bundle",
        "id": f"bundle--{uuid.UUID(int=1, version=4)}",
        "objects": [an_object(1)],
    }
    send(pair, json.dumps(bundle).encode())
    one = machine(nato, grant(nato, "one", "reports")["token"])
    collect(nato.node.house)
    (kept,) = objects.page(
        nato.node.house, one, place(nato, "reports"), Query(), bodies=False
    ).objects
    assert kept.source
    assert ids(nato, one, "reports") == [an_object(1)["id"]]
    for name in nato.node.house.archive.names():
        nato.node.house.archive.destroy(name)
    assert ids(nato, one, "reports") == []


def test_which_collections_reports_fill() -> None:
    for alias in ("reports", "exercises", "desk-cyber", "from-jp", "area-space"):
        assert belongs_in(alias) is not None
    for alias in ("cyber", "desk-", "report", "desk", "exercise"):
        assert belongs_in(alias) is None
