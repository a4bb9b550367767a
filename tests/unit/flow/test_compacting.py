"""Reports go in the compact form where every node that they go to reads it, and nowhere else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from noroshi.core.compact.content import compact
from noroshi.core.compact.dictionary import newest
from noroshi.core.delivery.check import CommsCheck, reads, told_dictionary
from noroshi.core.envelope.head import salted_digest
from noroshi.core.instant import DAY
from noroshi.core.report import Content, encode_content
from noroshi.flow import requests, watch
from noroshi.flow.compacting import signed_content
from noroshi.flow.records import LineCheck
from noroshi.flow.renewal import renew
from tests.unit.flow.pair import House, Pair, open_pair
from tests.unit.flow.test_consent import Trio, trio
from tests.unit.flow.test_letters import to_and_fro
from tests.unit.flow.test_prekeys import hand, reseal_stale, tell

__all__ = ["trio"]

FORM: dict[str, Any] = {
    "noroshi": 1,
    "kind": "cyber-incident",
    "subject": "Intrusion",
    "stage": "early-warning",
    "summary": "Somebody is active in the control network. 不正侵入",
    "sectors": ["energy"],
    "x_ticket": {"number": 5},
}
BODY = json.dumps(FORM, ensure_ascii=False, indent=1).encode()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def told_by(teller: House, hearer: House) -> CommsCheck:
    """Return what a node tells another in a comms check."""
    with teller.node.store.read() as tables:
        return watch.make_check(tables, hearer.node.house.me, teller.node.identity, 1)


def check(asker: House, answerer: House, *, dictionary: int | None = None) -> None:
    """Make a comms check, in which the asker reads `dictionary`; None: as it does."""
    mine = told_by(asker, answerer)
    if dictionary is not None:
        kept = tuple(each for each in mine.settled if each[:2] != (0, 3))
        mine = msgspec.structs.replace(mine, settled=(*kept, reads(dictionary)))
    went = LineCheck(outgoing=False, at=1, bearer="push", round_trip=None, code=None)
    node = answerer.node
    node.store.perform(
        lambda tx: watch.note_check(
            tx, asker.node.house.me, went, mine, node.identity, node.house.entropy
        )
    )


def content_of(house: House, report: str) -> tuple[Content, bytes]:
    """Return the content of a report, and the bytes of it that were signed."""
    with house.node.store.read() as tables:
        stored = tables.reports.get(bytes.fromhex(report.replace("-", "")))
    assert stored is not None
    raw = signed_content(stored)
    assert salted_digest(stored.salt, raw) == stored.head.content_digest
    return stored.content, raw


def is_compact(house: House, report: str) -> bool:
    content, raw = content_of(house, report)
    assert content.body == BODY
    assert raw in {encode_content(content), compact(content, newest())}
    return raw != encode_content(content)


def test_whoever_has_told_is_sent_the_compact_form(pair: Pair) -> None:
    before = pair.jp.send("cyber@nato", body=BODY)
    check(pair.nato, pair.jp)
    after = pair.jp.send("cyber@nato", body=BODY)
    text = pair.jp.send("cyber@nato", body=b"words")
    back = pair.nato.send("cyber@jp", body=BODY)
    (line,) = pair.jp.ask(requests.LineStates())
    assert line["dictionary"] == newest()
    assert pair.nato.ask(requests.LineStates())[0]["dictionary"] is None
    assert not is_compact(pair.jp, before)
    assert is_compact(pair.jp, after)
    assert not is_compact(pair.nato, back)
    assert content_of(pair.jp, text)[1] == encode_content(content_of(pair.jp, text)[0])
    sizes = [len(raw) for raw in pair.jp.waiting("nato")]
    assert sizes[0] - sizes[1] > 200
    pair.carry()
    for report in (before, after):
        assert pair.nato.ask(requests.Show(report=report))["body"] == BODY.decode()
        assert is_compact(pair.nato, report) is (report == after)
        status = pair.jp.ask(requests.Status(report=report))
        assert status["recipients"][0]["rung"] == "DELIVERED"
    for house in (pair.jp, pair.nato):
        assert house.ask(requests.VerifyJournal())["ok"]


def test_one_who_has_not_told_is_enough_for_all(trio: Trio) -> None:
    check(trio.nato, trio.jp)
    assert is_compact(trio.jp, trio.jp.send("cyber@nato", body=BODY))
    assert not is_compact(trio.jp, trio.jp.send("cyber@nato", "cyber@au", body=BODY))
    check(trio.au, trio.jp)
    both = trio.jp.send("cyber@nato", "cyber@au", body=BODY)
    assert is_compact(trio.jp, both)
    trio.carry("jp", "au")
    assert is_compact(trio.au, both)


def test_a_node_that_goes_back_to_an_earlier_release(pair: Pair) -> None:
    check(pair.nato, pair.jp)
    check(pair.nato, pair.jp, dictionary=0)
    assert not is_compact(pair.jp, pair.jp.send("cyber@nato", body=BODY))
    check(pair.nato, pair.jp, dictionary=newest() + 1)
    assert is_compact(pair.jp, pair.jp.send("cyber@nato", body=BODY))


def test_what_is_told(pair: Pair) -> None:
    told = told_by(pair.jp, pair.nato)
    assert told_dictionary(told) == newest()
    for settled, version in (
        ((), 0),
        (((1, 3, 9),), 0),
        (((0, 2, 9),), 0),
        (((0, 3, -9),), 0),
        (((0, 3, 2**40),), 0),
        (((0, 3, 2), (0, 3, 1)), 2),
    ):
        assert told_dictionary(msgspec.structs.replace(told, settled=settled)) == version


def test_courier_files_tell_too(pair: Pair) -> None:
    to_and_fro(pair, 3)
    for house, partner in ((pair.jp, "nato"), (pair.nato, "jp")):
        with house.node.store.read() as tables:
            assert tables.partners.dictionary(partner) == newest()


def test_what_is_sealed_again_stays_as_it_was_signed(pair: Pair) -> None:
    tell(pair)
    check(pair.nato, pair.jp)
    report = pair.jp.send("cyber@nato", body=BODY)
    check(pair.nato, pair.jp, dictionary=0)
    pair.clock.at += 30 * DAY
    renew(pair.nato.node.house)
    hand(pair.nato, pair.jp)
    assert reseal_stale(pair.jp, "nato") == 1
    pair.carry()
    assert is_compact(pair.nato, report)


def test_a_compact_report_is_passed_on_as_its_originator_signed_it(trio: Trio) -> None:
    check(trio.nato, trio.jp)
    report = trio.sent(body=BODY)
    assert is_compact(trio.nato, report)
    trio.consented(report)
    passed = trio.passed(report)
    assert trio.carry("nato", "au") == [None]
    shown = trio.au.ask(requests.Show(report=report))
    assert (shown["report"], shown["from"]) == (passed, "cyber@jp")
    assert shown["body"] == BODY.decode()
