"""Finding reports: by what they say, by whoever may read them, until it is destroyed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from noroshi.adapters.sqlite.reports import SqliteReports
from noroshi.adapters.sqlite.word_index import MemoryIndex
from noroshi.core.errors import InputError
from noroshi.core.retention import Rule
from noroshi.core.search import read_query
from noroshi.flow import finding, requests
from noroshi.flow.records import StoredReport
from tests.unit.flow.pair import House, Pair, open_pair, under
from tests.unit.flow.test_retention import acknowledge, tidy


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def search(house: House, words: str, **more: Any) -> list[Any]:
    return list(house.ask(requests.Search(words=words, **more))["found"])


def ids(house: House, words: str, **more: Any) -> set[str]:
    return {row["report"] for row in search(house, words, **more)}


def sent(pair: Pair, body: bytes, *to: str, **told: Any) -> str:
    report = pair.jp.send(*(to or ("cyber@nato",)), body=body, **told)
    pair.carry()
    return report


def test_whatever_a_report_says_finds_it_at_both_sides(pair: Pair) -> None:
    text = sent(pair, "不正通信を遮断した。".encode(), subject="Harbour")
    form = sent(
        pair,
        json.dumps({
            "noroshi": 1, "kind": "cyber-incident", "summary": "Gateway down.",
            "indicators": [{"type": "domain-name", "value": "evil.example"}],
        }).encode(),
    )  # fmt: skip
    bundle = sent(
        pair, b'{"type": "bundle", "id": "bundle--1", "objects": [{"name": "Turla", "n": 4711}]}'
    )
    for house in (pair.jp, pair.nato):
        assert ids(house, "遮断") == ids(house, "harbour") == {text}
        assert ids(house, "gateway") == ids(house, "evil[.]example") == {form}
        assert ids(house, "turla 4711") == {bundle}
        assert ids(house, "kind:cyber-incident") == {form, bundle}
        assert ids(house, "kind:situation-report") == {text}
        assert ids(house, text[:8]) == {text}
        assert ids(house, "harbour gateway") == set()
        assert ids(house, "from:jp") == {text, form, bundle}
        assert ids(house, "from:nato") == set()
    (row,) = search(pair.nato, "遮断")
    assert (row["subject"], row["way"], row["from"], row["to"]) == (
        "Harbour", "in", "cyber@jp", ["cyber@nato"],
    )  # fmt: skip
    assert "遮断" in row["excerpt"]
    assert search(pair.jp, "遮断")[0]["way"] == "out"


def test_there_may_be_more_than_is_shown(pair: Pair) -> None:
    for number in range(5):
        sent(pair, f"intrusion {number}".encode())
    told = pair.nato.ask(requests.Search(words="intrusion", limit=3))
    assert (len(told["found"]), told["more"]) == (3, True)
    assert not pair.nato.ask(requests.Search(words="intrusion", limit=5))["more"]
    for limit in (0, 201):
        with pytest.raises(InputError, match="1 to 200"):
            pair.nato.ask(requests.Search(words="intrusion", limit=limit))


def test_days_and_desks_narrow_what_is_found(pair: Pair) -> None:
    first = sent(pair, b"intrusion one")
    pair.clock.go_on(3 * 24 * 60)
    second = sent(pair, b"intrusion two", "ops@nato")
    (row,) = search(pair.nato, "one")
    day = row["at"][:10]
    later = search(pair.nato, "two")[0]["at"][:10]
    assert ids(pair.nato, f"intrusion before:{later}") == {first}
    assert ids(pair.nato, f"intrusion after:{later}") == {second}
    assert ids(pair.nato, f"intrusion after:{day}") == {first, second}
    assert ids(pair.nato, "intrusion desk:ops") == {second}
    assert ids(pair.nato, "intrusion", desks=("ops",)) == {second}
    assert ids(pair.nato, "intrusion", desks=()) == set()
    pair.nato.ask(requests.Assign(report=first, from_desk="cyber", desk="ops", by="Lt Jansen"))
    assert ids(pair.nato, "intrusion", desks=("ops",)) == {first, second}
    (row,) = search(pair.jp, "one")
    assert row["desks"] == ["cyber"]


def test_what_is_destroyed_is_found_no_more(pair: Pair) -> None:
    nato = under(pair.nato, Rule(days=1))
    report = sent(pair, b"intrusion")
    assert ids(nato, "intrusion") == {report}
    acknowledge(nato, report)
    nato.clock.go_on(49 * 60)
    tidy(nato)
    assert ids(nato, "intrusion") == set()
    assert list(nato.node.house.index.find(read_query("intrusion"))) == []


def test_what_is_destroyed_leaves_the_memory_though_nobody_searches_again(pair: Pair) -> None:
    nato = under(pair.nato, Rule(days=1))
    report = sent(pair, b"unmistakableword")
    index = nato.node.house.index
    assert isinstance(index, MemoryIndex)
    finding.keep_current(nato.node.house)
    assert index.image() == b""  # nobody has searched yet
    assert ids(nato, "unmistakableword") == {report}
    assert b"unmistakableword" in index.image()
    acknowledge(nato, report)
    nato.clock.go_on(49 * 60)
    tidy(nato)
    assert not finding.keep_current(nato.node.house)
    assert b"unmistakableword" not in index.image()
    assert list(index.find(read_query("from:jp"))) == []


def test_nothing_of_the_index_lies_on_the_disk(pair: Pair) -> None:
    sent(pair, b"unmistakableword")
    assert ids(pair.nato, "unmistakableword")
    for file in pair.nato.node.home.rglob("*"):
        if file.is_file():
            assert b"unmistakableword" not in file.read_bytes()


def test_what_is_cancelled_is_found_and_says_so(pair: Pair) -> None:
    report = sent(pair, b"intrusion")
    pair.jp.ask(requests.Cancel(report=report, by="Lt Sato"))
    pair.carry()
    rows = {row["report"]: row for row in search(pair.nato, "intrusion")}
    assert rows[report]["cancelled_by"]


def test_partners_are_found_by_their_names(pair: Pair) -> None:
    report = sent(pair, b"intrusion")
    with pair.nato.node.store.read() as tables:
        known = tables.partners.get("jp")
    assert known is not None
    assert ids(pair.nato, f'intrusion "{known.signed_card.card.name}"') == {report}
    assert ids(pair.jp, "intrusion nato") == {report}
    assert search(pair.nato, "jp")[0]["excerpt"].startswith("intrusion")


def test_only_what_is_shown_is_opened(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        sent(pair, f"intrusion {number}".encode())
    assert len(ids(pair.nato, "intrusion")) == 4
    opened: list[bytes] = []
    get = SqliteReports.get

    def count(reports: SqliteReports, report_id: bytes) -> StoredReport | None:
        opened.append(report_id)
        return get(reports, report_id)

    monkeypatch.setattr(SqliteReports, "get", count)
    for words, more in (
        ("intrusion from:au", {}),
        ("intrusion kind:translation", {}),
        ("intrusion before:2001-01-01", {}),
        ("intrusion desk:ops", {}),
        ("intrusion", {"desks": ("ops",)}),
    ):
        assert ids(pair.nato, words, **more) == set()
    assert opened == []
