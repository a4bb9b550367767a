"""Portions, tearlines and bundles between two houses: what covers what, what goes, what is said."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from noroshi.adapters.words import shipped_lexicon
from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import InputError, NotFoundError
from noroshi.core.exchange.stix import TLP_IDS
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.marking.label import Tlp
from noroshi.core.sheet.plain import plain
from noroshi.core.sheet.report import report_sheet
from noroshi.flow import arrivals, draft, exits, requests
from tests.unit.flow.pair import Pair, open_pair
from tests.unit.flow.test_agreements import DAY, MARK, agree, held

READER = Reader(shipped_lexicon(), Language.ENGLISH)

PORTIONS = [
    {"marking": MARK, "text": "The source says so."},
    {"marking": "TLP:GREEN", "text": "Ports are closed."},
]
TEARLINE = {"marking": "TLP:GREEN", "text": "Ports may close.\nMore follows."}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        agree(opened.nato)
        yield opened


def body(**fields: object) -> bytes:
    return json.dumps({"noroshi": 1, **fields}).encode()


def bundle(tlp: Tlp) -> bytes:
    sighted = {"type": "indicator", "id": "indicator--1", "object_marking_refs": [TLP_IDS[tlp]]}
    return json.dumps({"type": "bundle", "objects": [sighted]}).encode()


def event(tag: str) -> bytes:
    return json.dumps({"Event": {"uuid": "5f1c", "info": "x", "Tag": [{"name": tag}]}}).encode()


def read(pair: Pair, report: str) -> Any:
    pair.jp.take(pair.nato.waiting("jp"), "nato")
    return pair.jp.ask(requests.Show(report=report))


def test_portions_are_shown_with_their_markings(pair: Pair) -> None:
    told = {"portions": PORTIONS, "tearline": TEARLINE, "place": "Yokohama"}
    report = pair.nato.send("cyber@jp", body=body(**told), marking=MARK + "//TLP:GREEN")
    shown = read(pair, report)
    assert shown["portions"] == PORTIONS
    assert shown["tearline"] == {**TEARLINE, "subject": ""}
    screen = plain(report_sheet(shown, READER, {}), READER.language)
    assert f"({MARK})\n| The source says so.\n(TLP:GREEN)\n| Ports are closed." in screen
    assert "TEARLINE (TLP:GREEN)\n| Ports may close.\n| More follows." in screen
    assert "Yokohama" in screen
    assert screen.count("source says") == 1
    bare = read(pair, pair.nato.send("cyber@jp", body=body(portions=PORTIONS)))
    assert "(in portions)" in plain(report_sheet(bare, READER, {}), READER.language)


def test_a_report_of_portions_alone_is_marked_as_they_demand(pair: Pair) -> None:
    report = pair.nato.send("cyber@jp", body=body(portions=PORTIONS))
    assert read(pair, report)["marking"] == MARK + "//TLP:GREEN"
    bundled = pair.nato.send("cyber@jp", body=bundle(Tlp.AMBER))
    assert read(pair, bundled)["marking"] == "TLP:AMBER", "above the default of the node"
    tagged = pair.nato.send("cyber@jp", body=event("tlp:red"))
    assert read(pair, tagged)["marking"] == "TLP:RED"


def test_portions_of_two_policies_are_left_to_a_person(pair: Pair) -> None:
    both = [PORTIONS[0], {"marking": "JPN 秘", "text": "x"}]
    with pytest.raises(InputError, match=r"cannot be combined .*portion 2 JPN 秘.*--marking"):
        pair.nato.send("cyber@jp", body=body(portions=both))


@pytest.mark.parametrize(
    ("told", "marking", "reason"),
    [
        (body(portions=PORTIONS), "TLP:RED", "portion 1 is marked NATO RESTRICTED//REL TO JPN, wh"),
        (body(tearline={"marking": MARK, "text": "x"}), "TLP:RED", "the tearline is marked NATO"),
        (bundle(Tlp.RED), "TLP:AMBER", "the object indicator--1 is marked TLP:RED, which TLP:AMB"),
        (event("tlp:red"), "TLP:AMBER", "the MISP event 5f1c is marked TLP:RED, which TLP:AMBER"),
        (event("euci:SECRET"), "TLP:RED", "'euci:SECRET', which restricts it and is no marking"),
        (bundle(Tlp.RED).replace(b"828", b"829"), "TLP:RED", "object indicator--1: the marking"),
    ],
)
@pytest.mark.parametrize("as_text", [False, True])
def test_a_whole_that_covers_not_all_is_not_sent(
    pair: Pair, told: bytes, marking: str, reason: str, *, as_text: bool
) -> None:
    with pytest.raises(InputError) as caught:
        pair.nato.send("cyber@jp", body=told, marking=marking, as_text=as_text)
    assert reason in caught.value.message
    assert caught.value.code == "bad-marking"
    assert pair.nato.waiting("jp") == []
    checked = requests.SendReport(
        body=told, to=("cyber@jp",), marking=marking, as_text=as_text, check=True
    )
    assert pair.nato.ask(checked) == {"allowed": False, "reasons": [caught.value.message]}


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize(
    ("told", "name"), [(bundle(Tlp.RED), "object indicator--1"), (event("tlp:red"), "MISP event")]
)
def test_what_holds_something_marked_higher_is_never_shown(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, told: bytes, name: str, *, as_text: bool
) -> None:
    """A sender that does not look into what it sends is told by whoever does."""
    with monkeypatch.context() as careless:
        careless.setattr(draft, "check_whole", lambda *_: None)
        report = pair.nato.send("cyber@jp", body=told, marking="TLP:AMBER", as_text=as_text)
    good = pair.nato.send("cyber@jp")
    opened = arrivals.open_all(pair.jp.node.house, pair.nato.waiting("jp"))
    taken = [each.result() for each in arrivals.submit_all(pair.jp.node.house, opened, "nato")]
    assert [each.code if each else None for each in taken] == ["bad-marking", None]
    assert [row["report"] for row in pair.jp.ask(requests.Inbox())] == [good]
    with pytest.raises(NotFoundError):
        pair.jp.ask(requests.Show(report=report))
    pair.jp.issue_receipts("nato")
    pair.nato.take(pair.jp.waiting("nato"), "jp")
    status = pair.nato.ask(requests.Status(report=report))
    assert f"the {name}" in str(status["recipients"])
    assert "is marked TLP:RED" in str(status["recipients"])
    assert not pair.nato.ask(requests.Reached(report=report, rung=Rung.DELIVERED))["reached"]
    assert "REFUSED" in pair.nato.alarms()


def test_what_stands_below_the_line_goes_by_itself(pair: Pair) -> None:
    nato = pair.nato
    told = body(portions=PORTIONS, tearline=TEARLINE, subject="The source")
    first = nato.send("cyber@jp", body=told, kind="cyber-incident")
    answer = nato.ask(requests.SendTearline(report=first, to=("cyber@jp",), by="Lt Jansen"))
    shown = read(pair, answer["report"])
    assert shown["body"] == TEARLINE["text"]
    assert (shown["subject"], shown["marking"]) == ("Ports may close.", "TLP:GREEN")
    assert (shown["kind"], shown["references"]) == ("cyber-incident", [first])
    assert shown["drafter"] == "Lt Jansen"
    checked = nato.ask(requests.SendTearline(report=first, to=("cyber@nz",), check=True))
    assert "no partner 'nz' is known" in checked["reasons"][0]
    with pytest.raises(InputError, match="nato wrote that report and has it"):
        pair.jp.ask(requests.SendTearline(report=first, to=("cyber@nato",)))
    plain = nato.send("cyber@jp")
    with pytest.raises(NotFoundError, match="has no tearline"):
        nato.ask(requests.SendTearline(report=plain, to=("cyber@jp",)))


def test_below_the_line_the_release_check_and_the_two_persons_stand(pair: Pair) -> None:
    nato = pair.nato
    agree(nato, reference="other", level="CONFIDENTIAL")
    line = {"marking": "NATO CONFIDENTIAL//REL TO JPN", "text": "less"}
    whole = "NATO SECRET//REL TO JPN"
    told = body(portions=[{"marking": whole, "text": "all"}], tearline=line)
    first = nato.send("cyber@jp", body=told, by="Lt Jansen")
    nato.ask(requests.Release(report=first, by="Cdr Smit"))
    asked = requests.SendTearline(report=first, to=("cyber@jp",), by="Lt Jansen")
    assert nato.ask(asked)["state"] == "AWAITING_RELEASE"
    agree(nato, level="RESTRICTED")
    agree(nato, reference="other", level="RESTRICTED")
    with pytest.raises(InputError, match=r"jp: the agreement .* goes up to NATO RESTRICTED"):
        nato.ask(asked)


def test_a_report_that_is_referred_to_is_asked_for_too(pair: Pair) -> None:
    """The report of nato to jp refers to one that jp does not have, and may not have."""
    nato, told = pair.nato, body(portions=PORTIONS, subject="The source")
    kept = nato.send("cyber@jp", body=told)
    assert nato.ask(
        requests.SendReport(body=b"x", to=("cyber@jp",), references=(kept,), check=True)
    )["allowed"], "jp has that one"
    with nato.node.store.read() as tables:
        (part,) = exits.referred_to(tables, [bytes.fromhex(kept.replace("-", ""))] * 2, "au")
        assert exits.referred_to(tables, [bytes(16)], "au") == ()
    assert part.name == f"the report {kept} that it refers to"
    assert str(part.marking) == MARK + "//TLP:GREEN"
    superseding = requests.SendReport(body=b"x", to=(), supersedes=kept, references=(kept,))
    with pytest.raises(InputError, match="leave --reference out"):
        nato.ask(superseding)


def test_a_part_holds_the_whole_back_at_the_exit(pair: Pair) -> None:
    """An indicative equivalent answers for the whole alone; the part is asked for by itself."""
    nato = pair.nato
    report = nato.send("cyber@jp", body=body(portions=PORTIONS), marking=MARK + "//TLP:AMBER")
    with nato.node.store.read() as tables:
        dragged = tables.reports.dragged(bytes.fromhex(report.replace("-", "")), "jp")
    assert [(each.name, str(each.marking)) for each in dragged] == [("portion 1", MARK)]
    pair.clock.go_on(40 * DAY)
    assert nato.ask(requests.CourierOut(to="jp", volume=1_000_000))["envelopes"] == 0
    assert [each["report"] for each in held(nato)] == [report]
    reasons = str(nato.ask(requests.Status(report=report))["recipients"])
    assert "portion 1: the agreement" in reasons
    with pytest.raises(InputError, match="portion 1: the agreement"):
        nato.ask(requests.SendHeld(reports=(), by="Lt Sato"))
