"""Chains between two nodes: the same form on both sides, at every point in time."""

import json
import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest

from noroshi.adapters.sealing.pyca import PycaPrimitives
from noroshi.core import gate
from noroshi.core.envelope import cose, suite
from noroshi.core.errors import ConflictError, InputError, NoroshiError, NotFoundError
from noroshi.core.instant import MINUTE, from_text, to_text
from noroshi.core.partner import DeskAddress
from noroshi.core.recognition import NOROSHI
from noroshi.core.report import SUPERSESSION, Content, report_id_text
from noroshi.flow import requests
from noroshi.flow.proofs import verify_proof
from noroshi.flow.records import Addressee, StoredReport
from noroshi.flow.tables import Transaction
from tests.unit.core.nodes import JP
from tests.unit.flow.pair import House, Pair, open_pair

CYBER = "cyber-incident"
TO = "cyber@nato"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def body(kind: str = CYBER, **fields: Any) -> bytes:
    return json.dumps({"noroshi": 1, "kind": kind, **fields}).encode()


def begin(house: House, *to: str, kind: str = CYBER, **fields: Any) -> str:
    return house.send(*(to or (TO,)), body=body(kind, **fields))


def update(house: House, first: str, kind: str = CYBER, **fields: Any) -> str:
    return house.send(body=body(kind, updates=first, **fields), precedence=None)


def cancel(house: House, report: str) -> str:
    return str(house.ask(requests.Cancel(report=report))["report"])


def show(house: House, report: str, **told: Any) -> Any:
    return house.ask(requests.Show(report=report, **told))


def chain(house: House, report: str, **told: Any) -> Any:
    return show(house, report, **told)["chain"]


def refused(house: House, code: str, **told: Any) -> str:
    """Return why a report JSON is not sent; nothing is."""
    with pytest.raises(NoroshiError) as caught:
        house.send(**told)
    assert caught.value.code == code
    return caught.value.message


def test_an_update_goes_where_the_first_report_went_and_as_it(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    first = jp.send(
        TO, info=("ops@nato",), body=body(summary="x", subject="Intrusion"), precedence="flash",
        marking="TLP:RED", status="exercise", info_precedence="priority",
    )  # fmt: skip
    pair.carry()
    newer = update(jp, first, stage="early-warning")
    pair.carry()
    told = show(nato, newer, desk="cyber")
    assert (told["to"], told["info"], told["subject"]) == ([TO], ["ops@nato"], "Intrusion")
    assert (told["precedence"], told["info_precedence"]) == ("FLASH", "PRIORITY")
    assert (told["marking"], told["status"]) == ("TLP:RED", "EXERCISE")
    assert (told["kind"], told["references"]) == (CYBER, [first])
    assert json.loads(told["body"])["updates"] == first
    for house in (jp, nato):
        for report in (first, newer):
            found = chain(house, report)
            assert found["first"] == first
            assert [each["report"] for each in found["updates"]] == [newer]
            assert found["fields"] == {"summary": "x", "stage": "early-warning"}
            assert found["changed"] == ["stage"]
    given = jp.send(
        "ops@nato", body=body(updates=first, criticality=9, subject="Worse"), precedence="routine"
    )
    told = show(jp, given)
    assert (told["to"], told["precedence"], told["subject"]) == (["ops@nato"], "ROUTINE", "Worse")
    assert told["info_precedence"] == "ROUTINE"


def test_what_is_wrong_with_an_update_is_said_before_it_goes(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    first = begin(jp, summary="x", first_seen="2026-11-21T01:00:00Z")
    newer = update(jp, first, stage="final")
    pair.carry()
    waiting = len(jp.waiting("nato"))
    unknown = "00000000-0000-4000-8000-000000000000"
    for code, hint, fields in (
        ("bad-form", f"name its first report, {first}", {"updates": newer, "stage": "final"}),
        ("not-found", "no report", {"updates": unknown, "stage": "final"}),
        ("bad-form", "whole id", {"updates": first[:8], "stage": "final"}),
        ("bad-form", "whole id", {"cleared": ["stage"], "summary": "y"}),
        ("bad-json", "write it as 'updates'", {"Update": first, "stage": "final"}),
        ("bad-form", "sooner", {"updates": first, "stage": "sooner"}),
        ("bad-form", "last_seen is before", {"updates": first, "last_seen": "2026-11-20T00:00Z"}),
        ("bad-form", "summary", {"updates": first, "cleared": ["summary"]}),
        ("bad-form", "take back contact", {"updates": first, "cleared": ["contact"]}),
        ("bad-form", "take back stage", {"updates": first, "cleared": ["stage"], "stage": "final"}),
        ("bad-form", "says nothing", {"updates": first}),
    ):
        assert hint in refused(jp, code, body=body(**fields))
    told = body("missile-event", updates=first, state="impacted")
    assert "is a cyber-incident" in refused(jp, "bad-form", body=told)
    words = jp.send(TO, body=b"words")
    assert "begins no chain" in refused(jp, "bad-form", body=body(updates=words, stage="final"))
    foreign = body(updates=first, stage="final")
    message = refused(nato, "bad-form", body=foreign)
    assert "which alone updates it" in message
    assert "--reference" in message
    asked = requests.SendReport(body=foreign, to=("cyber@jp",), check=True)
    with pytest.raises(InputError):
        nato.ask(asked)
    by = cancel(jp, first)
    assert "anew" in refused(jp, "already-changed", body=body(updates=first, stage="final"))
    told = body(updates=by, stage="final")
    assert "begins no chain" in refused(jp, "bad-form", body=told)
    assert len(jp.waiting("nato")) == waiting + 2  # the words and the cancellation


def test_the_desk_that_wrote_the_first_writes_the_updates(pair: Pair) -> None:
    nato = pair.nato
    first = nato.send("cyber@jp", body=body(summary="x"), from_desk="ops")
    told = body(updates=first, stage="final")
    assert "--from" in refused(nato, "unknown-desk", body=told)
    assert nato.send(body=told, from_desk="ops")


def incident(pair: Pair) -> tuple[str, list[tuple[int, str, dict[str, object]]]]:
    """Tell of an incident, minute after minute; return it, and what holds from each minute on.

    Twenty updates, two of them cancelled, one superseded; nato has each a minute later.
    """
    jp = pair.jp
    first = begin(jp, summary="x", criticality=0, stage="early-warning")
    holds: list[tuple[int, str, dict[str, object]]] = []
    form: dict[str, object] = {"summary": "x", "criticality": 0, "stage": "early-warning"}
    updates: dict[int, str] = {}

    def tick(report: str) -> None:
        holds.append((pair.clock.at, report, dict(form)))
        pair.clock.go_on(1)
        pair.carry()
        pair.clock.go_on(1)

    tick(first)
    for number in range(1, 21):
        changed: dict[str, Any] = {"criticality": number}
        if number % 5 == 0:
            changed["mitigation"] = f"step {number}"
        cleared = ["mitigation"] if number == 12 else []
        told = {**changed, **({"cleared": cleared} if cleared else {})}
        updates[number] = update(jp, first, **told)
        form |= changed
        for name in cleared:
            del form[name]
        tick(updates[number])
        if number == 8:
            form["criticality"] = 7
            tick(cancel(jp, updates[8]))
        if number == 16:  # taken back when a later one stands: nothing else holds
            tick(cancel(jp, updates[12]))
            assert form["mitigation"] == "step 15"
    by = jp.send(supersedes=updates[20], body=body(updates=first, criticality=50))
    form["criticality"] = 50
    form["mitigation"] = "step 15"
    tick(by)
    return first, holds


def test_twenty_updates_two_cancels_and_a_supersession(pair: Pair) -> None:
    """What was known at every point in time, at both nodes."""
    first, holds = incident(pair)
    assert len(holds) == 24
    for house, later in ((pair.jp, 0), (pair.nato, MINUTE)):
        for at, report, form in holds:
            known = chain(house, first, at=to_text(at + later))
            assert known["fields"] == form, to_text(at)
            assert known["proofs"][-1] == report or report in known["proofs"]
            before = chain(house, first, at=to_text(at + later - 1))
            assert report not in before["proofs"]
        assert chain(house, first)["fields"] == holds[-1][2]
        history = chain(house, first, history=True)["history"]
        assert [said["value"] for said in history["criticality"]] == [*range(21), 50]
        taken = [said["value"] for said in history["criticality"] if said["cancelled_by"]]
        assert taken == [8, 12]
        assert [said["value"] for said in history["criticality"] if said["superseded_by"]] == [20]
        assert house.ask(requests.VerifyJournal())["ok"] is True


def test_what_was_known_at_noon_is_proven(pair: Pair) -> None:
    """Each report that told of it has a proof, which holds offline, with its entry before noon."""
    first, holds = incident(pair)
    noon = holds[12][0] + MINUTE
    cards = {}
    for house in (pair.jp, pair.nato):
        with house.node.store.read() as tables:
            card = tables.partners.own_card()
        assert card is not None
        cards[card.card.partner] = card.card
    ids = chain(pair.nato, first, at=to_text(noon))["proofs"]
    assert ids == sorted(ids, key=[report for _, report, _ in holds].index) or set(ids) == {
        report for _, report, _ in holds[:13]
    }  # fmt: skip
    for report in ids:
        raw = pair.nato.ask(requests.MakeProof(report=report))["proof"]
        claims = verify_proof(raw, cards, PycaPrimitives())
        (entry,) = [claim for claim in claims if claim.type == "JOURNALLED_RECEIVED"]
        assert entry.report == report
        assert entry.at <= noon
    later = holds[13][1]
    claims = verify_proof(
        pair.nato.ask(requests.MakeProof(report=later))["proof"], cards, PycaPrimitives()
    )
    assert [c.at > noon for c in claims if c.type == "JOURNALLED_RECEIVED"] == [True]


def test_updates_that_overtake_the_first_report_fall_into_place(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    first = begin(jp, summary="x")
    newer = []
    for number in range(3):
        pair.clock.go_on(1)
        newer.append(update(jp, first, criticality=number))
    waiting = jp.waiting("nato")
    for envelope, form in (
        (waiting[2], {"criticality": 1}),
        (waiting[1], {"criticality": 1}),
        (waiting[3], {"criticality": 2}),
        (waiting[0], {"summary": "x", "criticality": 2}),
    ):
        nato.take([envelope], "jp")
        assert chain(nato, newer[1])["fields"] == form
        pair.clock.go_on(1)
    assert [each["report"] for each in chain(nato, first)["updates"]] == newer
    at = to_text(pair.clock.at - 2 * MINUTE)
    assert chain(nato, first, at=at)["fields"] == {"criticality": 2}


def test_a_superseded_first_report_stands_in_its_place(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    first = begin(jp, summary="x", contact="A")
    pair.clock.go_on(1)
    update(jp, first, criticality=5)
    pair.clock.go_on(1)
    instead = jp.send(supersedes=first, body=body(summary="y"))
    pair.clock.go_on(1)
    last = update(jp, first, stage="final")
    pair.carry()
    for house in (jp, nato):
        for report in (first, instead, last):
            found = chain(house, report)
            assert found["first"] == first
            assert found["fields"] == {"summary": "y", "criticality": 5, "stage": "final"}
            assert (found["cancelled_by"], found["superseded_by"]) == (None, None)
    told = body(updates=instead, stage="final")
    assert first in refused(jp, "bad-form", body=told)
    assert "stage" in refused(jp, "bad-form", supersedes=last, body=body(summary="z", stage="q"))
    by = cancel(jp, instead)
    assert "cancelled" in refused(jp, "already-changed", body=body(updates=first, stage="final"))
    assert chain(jp, first)["cancelled_by"] == by
    other = begin(jp, summary="x")
    jp.send(supersedes=other, body=b"words")
    assert chain(jp, other)["fields"] == {"summary": "x"}
    third = begin(jp, summary="x")
    changed = jp.send(supersedes=third, body=body("missile-event", detected_at="2026-11-21T06:00Z"))
    assert chain(jp, changed)["first"] == changed
    assert chain(jp, third)["superseded_by"] == changed


def arrive(
    house: House,
    fields: dict[str, Any],
    *,
    sender: str = "jp",
    kind: str = CYBER,
    references: tuple[bytes, ...] = (),
    report_id: bytes | None = None,
) -> str:
    """Let a report be stored as it came, without asking what its sender would have been asked."""
    with house.node.store.read() as tables:
        (like,) = tables.reports.find(AT[house.node.settings.partner])
        stored = tables.reports.get(like)
    assert stored is not None
    name = report_id or os.urandom(16)
    desk = DeskAddress("cyber", house.node.settings.partner)
    content = Content(
        kind=kind, subject="x", from_desk="cyber", drafter=None, releaser=None, action=(desk,),
        info=(), references=references, media_type=NOROSHI, attachments=(),
        body=json.dumps({"noroshi": 1, "kind": kind, **fields}).encode(),
    )  # fmt: skip
    head = msgspec.structs.replace(
        stored.head, report_id=name, sender=sender, created_at=house.clock.now()
    )
    signed = cose.sign(gate.encode_struct(head), suite.REPORT, JP.profile.number, JP.report_signers)
    arrived = StoredReport(
        id=name, outgoing=False, head=head, signed_head=signed, head_digest=name * 2,
        salt=bytes(32), content=content, stored_at=house.clock.now(), entry_index=0,
    )  # fmt: skip
    addressee = Addressee(desk, is_action=True, precedence=head.precedence, serial=1)

    def add(tx: Transaction) -> None:
        tx.reports.add(arrived, [addressee])

    house.node.store.perform(add)
    house.clock.go_on(1)
    return report_id_text(name)


AT: dict[str, str] = {}
"""A report that came in at each node, whose head others are made after."""


@pytest.fixture
def nato(pair: Pair) -> House:
    AT["nato"] = pair.jp.send(TO, body=b"words")
    pair.carry()
    return pair.nato


def raw(report: str) -> bytes:
    return bytes.fromhex(report.replace("-", ""))


def test_nobody_updates_the_report_of_another(nato: House) -> None:
    first = arrive(nato, {"summary": "x"})
    forged = arrive(nato, {"updates": first, "summary": "all clear"}, sender="zz")
    assert chain(nato, first)["fields"] == {"summary": "x"}
    assert chain(nato, first)["updates"] == []
    told = show(nato, forged)
    assert (told["from"], told["chain"]["stray"]) == ("cyber@zz", True)
    assert told["chain"]["first"] == forged
    assert told["chain"]["fields"] == {"summary": "all clear"}
    # It is not hidden either: who reads the first one sees that it was taken up.
    assert [each["report"] for each in show(nato, first)["referred_by"]] == [forged]


def test_what_comes_before_the_report_that_it_names_is_not_anothers_either(nato: House) -> None:
    name = os.urandom(16)
    early = arrive(nato, {"updates": report_id_text(name), "summary": "all clear"}, sender="zz")
    assert chain(nato, early)["stray"] is False
    first = arrive(nato, {"summary": "x"}, report_id=name)
    assert chain(nato, early)["stray"] is True
    assert chain(nato, first)["fields"] == {"summary": "x"}


def test_an_update_of_itself_of_an_update_and_in_circles_stands_for_itself(nato: House) -> None:
    one, other, own = os.urandom(16), os.urandom(16), os.urandom(16)
    for name, updates in ((one, other), (other, one), (own, own)):
        arrive(nato, {"updates": report_id_text(updates), "summary": "x"}, report_id=name)
    for name in (one, other, own):
        told = chain(nato, report_id_text(name))
        assert told["first"] == report_id_text(name)
        assert told["fields"] == {"summary": "x"}
    assert chain(nato, report_id_text(one))["stray"] is True


def test_supersessions_in_a_circle_are_shown(nato: House) -> None:
    one, other = os.urandom(16), os.urandom(16)
    for name, refers in ((one, other), (other, one)):
        arrive(
            nato, {"kind": CYBER, "summary": "x"}, kind=SUPERSESSION, references=(refers,),
            report_id=name,
        )  # fmt: skip
    assert chain(nato, report_id_text(one))["fields"] == {"summary": "x"}


def test_an_update_of_another_kind_stands_for_itself(nato: House) -> None:
    first = arrive(nato, {"summary": "x"})
    other = arrive(nato, {"updates": first, "state": "impacted"}, kind="missile-event")
    assert chain(nato, first)["fields"] == {"summary": "x"}
    assert chain(nato, other)["stray"] is True


def test_what_a_newer_release_says_is_kept_and_shown(nato: House) -> None:
    first = arrive(nato, {"summary": "x", "x_weight": 1})
    arrive(nato, {"updates": first, "stage": "epilogue", "x_weight": {"kg": [10**30, 5, True]}})
    arrive(nato, {"updates": first, "cleared": ["x_weight", "never said"]})
    told = chain(nato, first, history=True)
    assert told["fields"] == {"summary": "x", "stage": "epilogue"}
    assert [said["value"] for said in told["history"]["x_weight"]] == [
        1,
        {"kg": [str(10**30), 5, True]},
        None,
    ]
    assert told["history"]["never said"][0]["cleared"] is True
    unknown = arrive(nato, {"depth": 3}, kind="seabed-event")
    arrive(nato, {"updates": unknown, "depth": 4}, kind="seabed-event")
    assert chain(nato, unknown)["fields"] == {"depth": 4}


def test_a_thousand_updates_are_folded_fast(nato: House) -> None:
    first = arrive(nato, {"summary": "x"})
    like = raw(first)
    with nato.node.store.read() as tables:
        stored = tables.reports.get(like)
    assert stored is not None
    base, desk = stored, stored.content.action[0]

    def add(tx: Transaction, numbers: range) -> None:
        for n in numbers:
            told = body(updates=first, criticality=n % 100, contact=f"desk {n}")
            name = n.to_bytes(16)
            arrived = msgspec.structs.replace(
                base, id=name, content=msgspec.structs.replace(base.content, body=told),
                head=msgspec.structs.replace(base.head, report_id=name, created_at=tx.now + n),
            )  # fmt: skip
            addressee = Addressee(
                desk, is_action=True, precedence=base.head.precedence, serial=n + 5
            )
            tx.reports.add(arrived, [addressee])

    nato.node.store.perform(partial(add, numbers=range(1, 1001)))
    began = time.perf_counter()
    told = show(nato, first)
    took = time.perf_counter() - began
    assert len(told["chain"]["updates"]) == 1000
    assert told["chain"]["fields"]["contact"] == "desk 1000"
    assert told["referred_by"] == []
    assert took < 2, "./dev bench chains has the figure; this only tells that it is not quadratic"


def test_reports_of_an_earlier_release_have_their_times_in_their_heads(nato: House) -> None:
    first = arrive(nato, {"summary": "x"})
    arrive(nato, {"updates": first, "stage": "final"})
    before = chain(nato, first)
    connection = apsw.Connection(str(nato.node.home / "node.db"))
    connection.execute("UPDATE report SET created_at = NULL")
    connection.close()
    assert chain(nato, first) == before


def test_what_was_destroyed_is_named_and_not_updated(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    first = begin(jp, summary="x")
    pair.carry()
    pair.clock.go_on(2 * 24 * 60)
    newer = update(jp, first, stage="final")
    pair.carry()
    for house in (jp, nato):
        archive = house.node.house.archive
        archive.destroy(min(archive.names()))
    told = chain(nato, newer)
    assert (told["destroyed"], told["fields"]) == ([first], {"stage": "final"})
    assert chain(nato, first) is None
    assert refused(jp, "content-destroyed", body=body(updates=first, stage="final"))


def test_only_desks_that_a_reader_has_tell_of_a_chain(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    first = begin(jp, summary="x")
    pair.clock.go_on(1)
    jp.send("ops@nato", body=body(updates=first, contact="for ops alone"), marking="TLP:RED")
    jp.send("ops@nato", references=(first,), body=b"for ops alone")
    pair.carry()
    both = show(nato, first)
    assert both["chain"]["fields"]["contact"] == "for ops alone"
    assert (both["marking"], both["chain"]["marking"]) == ("TLP:GREEN", "TLP:RED")
    assert len(both["referred_by"]) == 1
    narrow = show(nato, first, desks=("cyber",))
    assert narrow["chain"]["fields"] == {"summary": "x"}
    assert narrow["chain"]["marking"] == "TLP:GREEN"
    assert narrow["referred_by"] == []


def test_what_answers_a_request_and_what_stays_open(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    kind = "disaster-relief"
    needs = [{"capability": "Rescue team", "quantity": 4, "unit": "teams"}]
    asked = begin(jp, kind=kind, state="requested", needs=needs)
    pair.carry()
    given = [{"capability": "rescue team", "quantity": 2, "unit": "teams"}]
    referring = {"references": (asked,)}
    offer = nato.send("cyber@jp", body=body(kind, state="offered", needs=given), **referring)
    commit = nato.send("cyber@jp", body=body(kind, state="committed", needs=given), **referring)
    nato.send("cyber@jp", body=b"words", **referring)
    pair.clock.go_on(1)
    jp.take(nato.waiting("jp"), "nato")
    told = show(jp, asked)
    assert [each["report"] for each in told["referred_by"]][:2] == [offer, commit]
    assert [each["kind"] for each in told["referred_by"]] == [kind, kind, "situation-report"]
    (left,) = told["left_open"]
    assert (left["needed"], left["offered"], left["committed"], left["open"]) == (4, 2, 2, 2)
    pair.clock.go_on(1)
    update(nato, commit, kind, needs=[{**given[0], "quantity": 3}])
    jp.take(nato.waiting("jp")[-1:], "nato")
    assert show(jp, asked)["left_open"][0]["open"] == 1
    assert show(jp, asked, at=to_text(pair.clock.at - 1))["left_open"][0]["open"] == 2
    cancel(nato, commit)
    jp.take(nato.waiting("jp")[-1:], "nato")
    assert show(jp, asked)["left_open"][0]["open"] == 4
    assert show(nato, offer)["left_open"] == []


def test_words_have_no_fields_and_no_history(pair: Pair) -> None:
    report = pair.jp.send(TO, body=b"words")
    assert chain(pair.jp, report) is None
    for told in ({"history": True}, {"at": "2026-11-22T12:00:00Z"}):
        with pytest.raises(InputError, match="no form"):
            show(pair.jp, report, **told)
    with pytest.raises(InputError):
        show(pair.jp, report, at="noon")


def test_what_was_known_then_is_shown_to_nobody(pair: Pair) -> None:
    first = begin(pair.jp, summary="x")
    pair.carry()
    show(pair.nato, first, at=to_text(pair.clock.at))
    (recipient,) = show(pair.nato, first, at=to_text(pair.clock.at))["recipients"]
    assert "SHOWN" not in recipient["rungs"]
    (recipient,) = show(pair.nato, first)["recipients"]
    assert "SHOWN" in recipient["rungs"]


def test_a_draft_is_looked_at_again_when_it_goes(pair: Pair) -> None:
    """What is released later is still an update of a report that stands."""
    jp = pair.jp
    first = begin(jp, summary="x")
    house = jp.node.house
    from noroshi.flow import draft, send  # noqa: PLC0415

    order = draft.Order(
        body=body(updates=first, stage="final"), action=(TO,), references=(raw(first),)
    )
    planned = draft.plan(
        order, [], own_desks=house.desks, default_marking="TLP:GREEN", rules=house.rules,
        lexicon=house.lexicon, now=pair.clock.now(), entropy=house.entropy,
    )  # fmt: skip
    cancel(jp, first)
    with jp.node.store.read() as tables:
        found = send.check_release(tables, planned, "jp", pair.clock.now(), house.rules)
    assert "cancelled" in found.reasons[0]
    with pytest.raises(ConflictError):
        jp.node.store.perform(
            lambda tx: send.send(tx, planned, jp.node.identity, house.entropy, house.rules)
        )


def late(house: House) -> list[str]:
    house.fire()
    return [
        alarm["message"].partition(": ")[2].partition(";")[0]
        for alarm in house.ask(requests.Alarms())
        if alarm["alarm"] == "REPORT_DUE"
    ]


def rung(house: House) -> int:
    """Return how often somebody was called for a report."""
    return house.alarms(is_open=False).count("REPORT_DUE")


def test_a_report_that_is_owed_calls_once_until_it_has_gone_out(pair: Pair) -> None:
    jp, clock = pair.jp, pair.clock
    aware = to_text(clock.at - 60 * MINUTE)
    first = begin(jp, summary="x", aware_at=aware)
    assert late(jp) == []
    owed = chain(jp, first)["due"]
    assert [each["wanted"] for each in owed] == ["early-warning", "notification"]
    clock.at = from_text(owed[0]["at"]) - 1
    assert late(jp) == []
    clock.at += 1
    for _ in range(3):
        (said,) = late(jp)
        assert said.startswith("early-warning by ")
    assert rung(jp) == 1
    update(jp, first, stage="early-warning")
    assert late(jp) == []
    clock.at = from_text(owed[1]["at"]) + MINUTE
    assert [said.partition(" by")[0] for said in late(jp)] == ["notification"]
    update(jp, first, contact="nothing to do with it")
    assert len(late(jp)) == 1
    assert rung(jp) == 2
    update(jp, first, stage="notification")
    assert late(jp) == []
    clock.go_on(32 * 24 * 60)
    for _ in range(3):
        assert [said.partition(" by")[0] for said in late(jp)] == ["final"]
    assert rung(jp) == 3
    assert jp.ask(requests.VerifyJournal())["ok"] is True
    assert pair.nato.alarms(is_open=False).count("REPORT_DUE") == 0


def test_awareness_that_is_corrected_moves_the_call(pair: Pair) -> None:
    jp, clock = pair.jp, pair.clock
    first = begin(jp, summary="x", aware_at=to_text(clock.at))
    clock.go_on(25 * 60)
    assert len(late(jp)) == 1
    newer = update(jp, first, aware_at=to_text(clock.at - 60 * MINUTE))
    assert late(jp) == []
    clock.go_on(22 * 60)
    assert late(jp) == []
    clock.go_on(2 * 60)
    assert len(late(jp)) == 1
    update(jp, first, aware_at=to_text(clock.at))
    assert late(jp) == []
    cancel(jp, newer)  # what stands is the last one still
    assert late(jp) == []


def test_what_is_cancelled_owes_nothing(pair: Pair) -> None:
    jp, clock = pair.jp, pair.clock
    first = begin(jp, summary="x", aware_at=to_text(clock.at))
    clock.go_on(25 * 60)
    assert len(late(jp)) == 1
    cancel(jp, first)
    assert late(jp) == []
    clock.go_on(99 * 24 * 60)
    assert late(jp) == []


def test_a_stage_that_is_taken_back_is_owed_again(pair: Pair) -> None:
    jp, clock = pair.jp, pair.clock
    first = begin(jp, summary="x", aware_at=to_text(clock.at))
    newer = update(jp, first, stage="notification")
    clock.go_on(80 * 60)
    assert late(jp) == []
    cancel(jp, newer)
    (said,) = late(jp)
    assert said.startswith("early-warning by")
    assert ", notification by" in said


def test_a_clock_that_is_set_moves_no_time_of_day(pair: Pair) -> None:
    jp, clock = pair.jp, pair.clock
    begin(jp, summary="x", aware_at=to_text(clock.at))
    assert late(jp) == []

    def follow(tx: Transaction, drift: int) -> None:
        tx.watch.move_deadlines(drift)

    jp.node.store.perform(partial(follow, drift=600 * MINUTE))
    clock.go_on(600)
    assert late(jp) == []
    clock.go_on(14 * 60)
    assert len(late(jp)) == 1


def test_other_kinds_owe_nothing(pair: Pair) -> None:
    jp = pair.jp
    begin(jp, kind="missile-event", detected_at="2026-11-21T06:00:00Z")
    jp.send(TO, body=b"words")
    pair.clock.go_on(99 * 24 * 60)
    assert late(jp) == []
    with pytest.raises(NotFoundError):
        show(jp, "00000000")
