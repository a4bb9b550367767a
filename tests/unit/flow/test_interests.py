"""Interests at a node: who is called about what, once; what several partners report."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from noroshi.adapters.warninglists import WarningLists
from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.retention import Rule
from noroshi.core.tlog.entry import EntryKind
from noroshi.flow import interests, requests
from noroshi.flow.interests import Attention
from tests.unit.flow.pair import House, open_houses, under
from tests.unit.flow.test_accounts import entries
from tests.unit.flow.test_consent import Trio
from tests.unit.flow.test_retention import acknowledge, tidy


@pytest.fixture
def trio(tmp_path: Path) -> Iterator[Trio]:
    with open_houses(tmp_path, jp=("cyber",), nato=("cyber", "ops"), au=("cyber",)) as houses:
        yield Trio(houses["jp"], houses["nato"], houses["au"], set())


def add(house: House, kind: str, value: str, desk: str = "cyber") -> Any:
    request = requests.AddInterest(desk=desk, kind=kind, value=value, by="Lt Sato")
    return house.ask(request)


def bundle(*objects: dict[str, Any]) -> bytes:
    return json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects}).encode()


def indicators(*values: str) -> bytes:
    at = "2026-01-01T00:00:00.000Z"
    return bundle(*(
        {"type": "indicator", "spec_version": "2.1", "created": at, "modified": at,
         "id": f"indicator--00000000-0000-4000-8000-{number:012}", "valid_from": at,
         "pattern_type": "stix", "pattern": f"[domain-name:value = '{value}']"}
        for number, value in enumerate(values)
    ))  # fmt: skip


def form(**fields: Any) -> bytes:
    told = {"noroshi": 1, "kind": "cyber-incident", "summary": "Intrusion.", **fields}
    return json.dumps(told).encode()


def send(trio: Trio, body: bytes, *to: str, sender: str = "jp", **told: Any) -> str:
    house: House = getattr(trio, sender)
    report = house.send(*(to or ("cyber@nato",)), body=body, **told)
    assert trio.carry(sender, "nato") == [None]
    return report


def calls(house: House) -> list[tuple[str, str | None, str]]:
    """Return the alarms about interests: kind, desk, and what they say."""
    rows = house.ask(requests.Alarms())
    return [
        (row["alarm"], row["desk"], row["message"].partition(": ")[2])
        for row in rows
        if row["alarm"] in {"INTEREST", "SHARED"}
    ]


def attend(look: Attention) -> None:
    while look():
        pass


def test_interests_are_stated_listed_and_taken_back(trio: Trio) -> None:
    nato = trio.nato
    first = add(nato, "technique", "t1566")
    assert (first["desk"], first["kind"], first["value"]) == ("cyber", "technique", "T1566")
    with pytest.raises(ConflictError, match="interested in technique T1566 already"):
        add(nato, "technique", "T1566")
    add(nato, "technique", "T1566", "ops")
    for wrong in (
        ("smell", "x", "cyber"),
        ("country", "Japan", "cyber"),
        ("country", "JP", "media"),
    ):
        with pytest.raises(InputError):
            add(nato, *wrong)
    assert [each["desk"] for each in nato.ask(requests.Interests())] == ["cyber", "ops"]
    taking = requests.RemoveInterest(desk="ops", number=first["number"], by="Lt Sato")
    with pytest.raises(NotFoundError, match="not ops's"):
        nato.ask(taking)
    nato.ask(msgspec.structs.replace(taking, desk="cyber"))
    with pytest.raises(NotFoundError, match="no interest"):
        nato.ask(msgspec.structs.replace(taking, desk="cyber"))
    told = entries(nato, EntryKind.INTEREST_SET, EntryKind.INTEREST_ENDED)
    assert [(e.kind.value, e.desk, e.by) for e in told] == [
        ("InterestSet", "cyber", "Lt Sato"),
        ("InterestSet", "ops", "Lt Sato"),
        ("InterestEnded", "cyber", "Lt Sato"),
    ]


def test_a_desk_has_so_many_interests_and_no_more(
    trio: Trio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interests, "MOST", 2)
    add(trio.nato, "country", "JP")
    add(trio.nato, "country", "KR")
    add(trio.nato, "country", "AU", "ops")
    with pytest.raises(InputError, match="remove some first"):
        add(trio.nato, "country", "NZ")


def test_a_desk_is_called_once_about_what_it_reads(trio: Trio) -> None:
    nato = trio.nato
    look = Attention(nato.node.house)
    for kind, value in (("technique", "T1566"), ("product", "Example Gateway"), ("country", "NZ")):
        add(nato, kind, value)
    add(nato, "sector", "energy", "ops")
    body = form(techniques=["T1566.001"], products=["Example Gateway 4.2"], sectors=["energy"])
    report = send(trio, body, precedence="immediate")
    send(trio, form(summary="Nothing of the kind."))
    send(trio, body, status="exercise")
    attend(look)
    attend(Attention(nato.node.house))
    ((kind, desk, told),) = calls(nato)
    assert (kind, desk) == ("INTEREST", "cyber")
    assert told == "product Example Gateway; technique T1566; ops: sector energy"
    (row,) = (r for r in nato.ask(requests.Alarms()) if r["alarm"] == "INTEREST")
    assert (row["report"], row["precedence"]) == (report, "IMMEDIATE")
    nato.ask(requests.TakeAlarm(number=row["number"], by="Lt Sato"))
    attend(Attention(nato.node.house))
    assert calls(nato) == []


def test_each_desk_that_has_a_report_is_called_by_its_own_interests(trio: Trio) -> None:
    nato = trio.nato
    add(nato, "narrative", "intrusion")
    add(nato, "narrative", "intrusion", "ops")
    send(trio, b"An intrusion is seen.", "cyber@nato", "ops@nato")
    attend(Attention(nato.node.house))
    assert {(desk, told) for _, desk, told in calls(nato)} == {
        ("cyber", "narrative intrusion"),
        ("ops", "narrative intrusion"),
    }


def test_what_came_before_an_interest_or_long_ago_calls_nobody(trio: Trio) -> None:
    nato = trio.nato
    send(trio, b"An intrusion is seen.")
    nato.clock.go_on(1)
    add(nato, "narrative", "intrusion")
    send(trio, b"Another intrusion.")
    nato.clock.go_on(25 * 60)
    attend(Attention(nato.node.house))
    assert calls(nato) == []
    send(trio, b"One more intrusion.")
    attend(Attention(nato.node.house))
    assert len(calls(nato)) == 1


def test_what_several_partners_report_is_found_at_arrival(trio: Trio) -> None:
    nato = trio.nato
    first = send(trio, indicators("a.example", "b.example", "Evil.example", "8.8.8.8"))
    send(trio, indicators("a.example"))
    look = Attention(nato.node.house)
    attend(look)
    assert calls(nato) == [], "one partner alone"
    second = send(trio, indicators("A.EXAMPLE.", "evil.example", "8.8.8.8"), sender="au")
    attend(look)
    ((kind, desk, told),) = calls(nato)
    assert (kind, desk) == ("SHARED", None)
    assert told.startswith(f"{first[:8]} (jp, 2), ")
    assert told.endswith(" (jp, 1)")
    (row,) = (r for r in nato.ask(requests.Alarms()) if r["alarm"] == "SHARED")
    assert (row["report"], row["partner"]) == (second, "au")
    attend(Attention(nato.node.house))
    assert len(calls(nato)) == 1


def test_values_that_many_name_are_not_told(trio: Trio) -> None:
    nato = trio.nato
    for _ in range(20):
        send(trio, indicators("common.example"))
    attend(Attention(nato.node.house))
    send(trio, indicators("common.example"), sender="au")
    attend(Attention(nato.node.house))
    assert calls(nato) == []


def test_what_is_destroyed_is_not_compared_with(trio: Trio) -> None:
    nato = under(trio.nato, Rule(days=1))
    report = send(trio, indicators("a.example"))
    attend(Attention(nato.node.house))
    acknowledge(nato, report)
    nato.clock.go_on(49 * 60)
    tidy(nato)
    look = Attention(nato.node.house)
    attend(look)
    send(trio, indicators("a.example"), sender="au")
    attend(look)
    assert calls(nato) == []


def test_whatever_a_partner_sends_is_looked_at(trio: Trio) -> None:
    nato = trio.nato
    add(nato, "narrative", "words")
    for body in (
        b'{"type": "bundle", "objects": []}',
        b'{"type": "bundle", "objects": [5, null, {"type": 5}, {"value": "words"}]}',
        b'{"Event": {"info": "words", "Attribute": [{"type": "domain", "value": "x.example"}]}}',
        "言葉 words".encode(),
    ):
        send(trio, body)
    attend(Attention(nato.node.house))
    assert len(calls(nato)) == 3


def test_how_far_it_has_looked_is_noted_now_and_then(
    trio: Trio, monkeypatch: pytest.MonkeyPatch
) -> None:
    nato = trio.nato
    monkeypatch.setattr(interests, "UNNOTED", 3)
    for _ in range(8):
        send(trio, b"words")
    attend(Attention(nato.node.house))
    with nato.node.store.read() as tables:
        assert tables.interests.seen() > 0


def test_common_values_are_known_by_the_lists() -> None:
    is_common = WarningLists()
    for value in ("8.8.8.8", "google.com", "192.168.1.4", "d41d8cd98f00b204e9800998ecf8427e"):
        assert is_common(value), value
    for value in ("evil.example", "x.duckdns.org", "x.s3.amazonaws.com", "203.0.114.77", ""):
        assert not is_common(value), value
