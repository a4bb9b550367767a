"""Chains in lists, in a fixed order, and up to a size that nobody's memory has to fear."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from noroshi.adapters.words import shipped_lexicon
from noroshi.core.chains import MAX_FOLDED, MAX_SENT, MAX_SENT_BYTES, Statement, fold
from noroshi.core.errors import InputError
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.sheet.plain import plain
from noroshi.core.sheet.report import report_sheet
from noroshi.entrypoints.cli import listing
from noroshi.flow import requests
from noroshi.flow.records import StoredReport
from noroshi.flow.tables import Transaction
from tests.unit.flow.pair import House, Pair, open_pair

LEXICON = shipped_lexicon()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def body(**fields: Any) -> bytes:
    said = {"noroshi": 1, "kind": "cyber-incident", **fields}
    return json.dumps(said, ensure_ascii=False).encode()


def begin(house: House, *to: str, **fields: Any) -> str:
    return house.send(*to, body=body(summary="Somebody is in.", **fields))


def raw_id(report: str) -> bytes:
    return bytes.fromhex(report.replace("-", ""))


def fill(house: House, first: str, count: int, **fields: Any) -> None:
    """Store so many updates of a report as if they had been sent or had come in."""
    with house.node.store.read() as tables:
        begun = tables.reports.get(raw_id(first))
        addressees = tables.reports.addressees(raw_id(first))
    assert begun is not None
    add = partial(_add, first=first, begun=begun, count=count, fields=fields, to=addressees)
    house.node.store.perform(add)


def _add(
    tx: Transaction, first: str, begun: StoredReport, count: int, fields: dict[str, Any], to: Any
) -> None:
    replace = msgspec.structs.replace
    for number in range(1, count + 1):
        said = body(updates=first, contact=str(number), **fields)
        name = number.to_bytes(16)
        head = replace(begun.head, report_id=name, created_at=begun.head.created_at + number)
        content = replace(begun.content, body=said, references=(begun.id,))
        tx.reports.add(replace(begun, id=name, head=head, content=content), to)


def chain(house: House, report: str, **told: Any) -> dict[str, Any]:
    found: dict[str, Any] = house.ask(requests.Show(report=report, **told))["chain"]
    return found


@pytest.mark.parametrize("language", Language)
def test_the_inbox_says_what_updates_what(
    pair: Pair, capsys: pytest.CaptureFixture[str], language: Language
) -> None:
    first = begin(pair.jp, "cyber@nato")
    update = pair.jp.send(body=body(updates=first, criticality=70))
    pair.carry()
    rows = {row["report"]: row for row in pair.nato.ask(requests.Inbox())}
    assert {report: row["updates"] for report, row in rows.items()} == {first: None, update: first}
    reader = Reader(LEXICON, language)
    listing.inbox(list(rows.values()), reader)
    shown = capsys.readouterr().out
    told = LEXICON.sentence("list.updates", language, report=first[:8])
    assert " ".join(shown.split()).count(told) == 1
    for code in ("list.report", "sheet.from", "list.state", "list.received", "addr.subject"):
        assert LEXICON.label(code, language).upper() in "\n".join(shown.splitlines()[:2])
    listing.inbox([], reader)
    assert LEXICON.label("list.empty", language) in capsys.readouterr().out


def test_who_cannot_update_a_report_is_not_listed_as_updating_it(pair: Pair) -> None:
    first = begin(pair.jp, "cyber@nato")
    pair.carry()
    with pair.nato.node.store.read() as tables:
        begun = tables.reports.get(raw_id(first))
    assert begun is not None
    own = begin(pair.nato, "cyber@jp")
    pair.jp.take(pair.nato.waiting("jp"), "nato")
    fill(pair.jp, own, 1)
    assert [row["updates"] for row in pair.jp.ask(requests.Inbox())] == [None, own]
    foreign = msgspec.structs.replace(begun.content, body=body(updates=first, contact="x"))
    head = msgspec.structs.replace(begun.head, sender="au", report_id=bytes(16))
    told = msgspec.structs.replace(begun, id=bytes(16), head=head, content=foreign)
    with pair.nato.node.store.read() as tables:
        addressees = tables.reports.addressees(raw_id(first))
    pair.nato.node.store.perform(lambda tx: tx.reports.add(told, addressees))
    assert [row["updates"] for row in pair.nato.ask(requests.Inbox())] == [None, None]


def test_updates_of_one_instant_have_one_order() -> None:
    first = Statement(bytes(16), 5, 5, None, {"contact": "0"})
    same = [Statement(bytes([n]) * 16, 9, 99 - n, None, {"contact": str(n)}) for n in (3, 1, 2)]
    for told in ([first, *same], [*reversed(same), first]):
        found = fold(first.report, told)
        assert [each.report[0] for each in found.statements] == [0, 1, 2, 3]
        assert found.present == {"contact": "3"}


def test_a_chain_is_said_more_of_up_to_a_limit(pair: Pair) -> None:
    first = begin(pair.jp, "cyber@nato")
    fill(pair.jp, first, MAX_SENT - 2)
    pair.jp.send(body=body(updates=first, criticality=70))
    with pytest.raises(InputError, match="2,000 reports or 8 MiB") as refusal:
        pair.jp.send(body=body(updates=first, criticality=71))
    assert refusal.value.code == "chain-too-large"
    assert chain(pair.jp, first)["fields"]["criticality"] == 70
    assert len(chain(pair.jp, first)["updates"]) == MAX_SENT - 1


def test_a_chain_of_large_bodies_is_said_more_of_up_to_a_limit(pair: Pair) -> None:
    first = begin(pair.jp, "cyber@nato")
    large = {"x_dump": "x" * (MAX_SENT_BYTES // 3)}
    for _ in range(2):
        pair.jp.send(body=body(updates=first, **large))
    with pytest.raises(InputError) as refusal:
        pair.jp.send(body=body(updates=first, **large))
    assert refusal.value.code == "chain-too-large"
    pair.jp.send(body=body(updates=first, criticality=70))


def too_large(house: House, first: str, language: Language) -> None:
    """Check that a chain is not folded, and that its reports are read all the same."""
    for report in (first, (1).to_bytes(16).hex()):
        told = house.ask(requests.Show(report=report))
        found = told["chain"]
        assert (found["too_large"], found["updates"], told["referred_by"]) == (True, [], [])
        screen = plain(report_sheet(told, Reader(LEXICON, language), {}), language)
        assert LEXICON.label("sheet.too_large", language) in screen
    for asked in ({"history": True}, {"at": "2030-01-01T00:00:00Z"}):
        with pytest.raises(InputError) as refusal:
            chain(house, first, **asked)
        assert refusal.value.code == "chain-too-large"


def test_what_a_partner_sends_beyond_is_read_by_itself(pair: Pair) -> None:
    first = begin(pair.jp, "cyber@nato")
    pair.carry()
    fill(pair.nato, first, MAX_FOLDED - 1)
    assert len(chain(pair.nato, first)["updates"]) == MAX_FOLDED - 1
    with pair.nato.node.store.read() as tables:
        begun = tables.reports.get(raw_id(first))
        addressees = tables.reports.addressees(raw_id(first))
    assert begun is not None
    last = msgspec.structs.replace(begun, id=b"\xff" * 16, content=msgspec.structs.replace(
        begun.content, body=body(updates=first), references=(begun.id,)
    ))  # fmt: skip
    pair.nato.node.store.perform(lambda tx: tx.reports.add(last, addressees))
    too_large(pair.nato, first, Language.JAPANESE)
    assert len(pair.nato.ask(requests.Inbox())) == MAX_FOLDED + 1


def test_so_is_what_is_too_much_together(pair: Pair) -> None:
    first = begin(pair.jp, "cyber@nato", aware_at="2026-11-21T03:12:00Z", stage="early-warning")
    fill(pair.jp, first, 5, x_dump="x" * (4 * 1024 * 1024 - 200))
    too_large(pair.jp, first, Language.ENGLISH)
    with pytest.raises(InputError) as refusal:
        pair.jp.send(body=body(updates=first, criticality=71))
    assert refusal.value.code == "chain-too-large"
    pair.clock.at += 10**15
    pair.jp.fire()
    assert "REPORT_DUE" not in pair.jp.alarms()
