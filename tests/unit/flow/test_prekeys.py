"""Prekeys between two nodes: told, used, destroyed, lost; and what waits sealed to them."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from noroshi.core import gate
from noroshi.core.delivery.item import Cargo
from noroshi.core.envelope.keys import Purpose
from noroshi.core.instant import DAY, HOUR
from noroshi.flow import arrivals, deliver, requests
from noroshi.flow.epochs import hear_epoch
from noroshi.flow.renewal import renew
from tests.unit.flow.pair import House, Pair, open_pair


@pytest.fixture
def pair(tmp_path: Path) -> Generator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def tell(pair: Pair) -> None:
    """Make prekeys at both nodes, and carry the statements across."""
    for one, other in ((pair.jp, pair.nato), (pair.nato, pair.jp)):
        renew(one.node.house)
        hand(one, other)


def hand(one: House, other: House) -> list[str | None]:
    """Hand over all that waits; return why each was not taken."""
    me, partner = one.node.house.me, other.node.house.me
    with one.node.store.read() as tables:
        items = sorted(tables.outbox.items(partner), key=lambda item: item.number)
        raws = [tables.outbox.read(partner, item.id) for item in items]
    opened = arrivals.open_all(other.node.house, raws)
    refused = [taken.result() for taken in arrivals.submit_all(other.node.house, opened, me)]
    receipts = [item.id for item in items if item.cargo is Cargo.RECEIPT]
    one.node.store.perform(lambda tx: deliver.forget(tx, partner, receipts))
    return [None if each is None else each.code for each in refused]


def kids(raw: bytes) -> set[bytes]:
    """Return the key ids to which an envelope is sealed."""
    envelope: Any = gate.decode(raw, limit=len(raw), tag=96)
    headers: list[Any] = [gate.decode(block[0], limit=64) for block in envelope[3]]
    return {header[4] for header in headers}


def card_kid(house: House) -> bytes:
    return house.node.identity.card.card.key(Purpose.SEAL).kid


def files(house: House) -> set[str]:
    return {path.stem for path in (house.node.home / "prekeys").iterdir()}


def reseal_stale(house: House, partner: str) -> int:
    """Seal again what is stale, as a line does before it sends."""
    node = house.node
    with node.store.read() as tables:
        ids = [item.id for item in tables.outbox.items(partner)]
        stale = tables.outbox.stale(partner, ids, house.clock.now())
    node.store.perform(
        lambda tx: deliver.reseal(tx, partner, stale, node.identity, node.house.entropy)
    )
    return len(stale)


def test_a_report_is_sealed_to_a_prekey_once_it_is_told(pair: Pair) -> None:
    pair.jp.send("cyber@nato")
    assert kids(pair.jp.waiting("nato")[0]) == {card_kid(pair.nato)}
    pair.carry()
    tell(pair)
    report = pair.jp.send("cyber@nato", body=b"sealed to a prekey")
    (kid,) = kids(pair.jp.waiting("nato")[0])
    assert kid != card_kid(pair.nato)
    assert kid.hex() in files(pair.nato)
    pair.nato.take(pair.jp.waiting("nato"), "jp")
    pair.nato.issue_receipts("jp")
    assert kids(pair.nato.waiting("jp")[0]) < {bytes.fromhex(name) for name in files(pair.jp)}
    pair.jp.take(pair.nato.waiting("jp"), "nato")
    status: Any = pair.jp.ask(requests.Status(report=report))
    assert status["recipients"][0]["rung"] == "DELIVERED"


def test_each_day_has_its_own_key_and_ends(pair: Pair) -> None:
    tell(pair)
    used: list[bytes] = []
    for _ in range(4):
        pair.jp.send("cyber@nato")
        used += kids(pair.jp.waiting("nato")[-1])
        pair.clock.at += DAY
    assert len(set(used)) == 4
    pair.clock.at += 20 * DAY
    renew(pair.nato.node.house)
    assert not files(pair.nato) & {kid.hex() for kid in used}
    assert hand(pair.jp, pair.nato) == ["unreadable"] * 4


def test_what_waited_for_too_long_is_sealed_again_and_is_the_same_report(pair: Pair) -> None:
    tell(pair)
    report = pair.jp.send("cyber@nato", body=b"waits for a month")
    pair.clock.at += 30 * DAY
    renew(pair.nato.node.house)
    hand(pair.nato, pair.jp)
    assert reseal_stale(pair.jp, "nato") == 1
    assert reseal_stale(pair.jp, "nato") == 0
    before = pair.jp.waiting("nato")
    pair.carry()
    status: Any = pair.jp.ask(requests.Status(report=report))
    assert status["recipients"][0]["rung"] == "DELIVERED"
    shown: Any = pair.nato.ask(requests.Show(report=report))
    assert shown["report"] == report
    assert kids(before[0]) != {card_kid(pair.nato)}


def test_a_copy_of_either_sealing_is_one_report(pair: Pair) -> None:
    tell(pair)
    pair.jp.send("cyber@nato")
    first = pair.jp.waiting("nato")
    pair.jp.node.store.perform(lambda tx: tx.outbox.close("nato"))
    assert reseal_stale(pair.jp, "nato") == 1
    second = pair.jp.waiting("nato")
    assert first != second
    pair.nato.take([*first, *second], "jp")
    assert len(pair.nato.ask(requests.Inbox())) == 1


def test_a_partner_in_a_new_epoch_is_sealed_to_by_its_card(pair: Pair) -> None:
    tell(pair)
    pair.nato.send("cyber@jp")
    pair.jp.take(pair.nato.waiting("jp"), "nato")
    pair.jp.issue_receipts("nato")
    pair.jp.send("cyber@nato", body=b"on its way as the disk dies")
    house = pair.jp.node.house
    pair.jp.node.store.perform(lambda tx: hear_epoch(tx, "nato", 7, "jp", house.entropy))
    # The report is sealed again as it is; what the receipt told is owed again.
    assert reseal_stale(pair.jp, "nato") >= 2
    pair.jp.issue_receipts("nato")
    waiting = pair.jp.waiting("nato")
    assert waiting
    assert all(kids(raw) == {card_kid(pair.nato)} for raw in waiting)
    with pair.jp.node.store.read() as tables:
        assert tables.prekeys.untold() == ["nato"]


def test_lost_prekeys_are_noticed_and_begun_anew(pair: Pair) -> None:
    tell(pair)
    before = files(pair.nato)
    for kid in pair.nato.node.house.vault.kids():
        pair.nato.node.house.vault.destroy(kid)
    pair.jp.send("cyber@nato")
    assert hand(pair.jp, pair.nato) == ["unreadable"]
    with pair.jp.node.store.read() as tables:
        (item,) = tables.outbox.items("nato")
    failures = {item.id: ("unreadable", "the envelope could not be opened or verified")}
    pair.jp.node.store.perform(lambda tx: deliver.note_failures(tx, "nato", failures))
    assert reseal_stale(pair.jp, "nato") == 1
    assert hand(pair.jp, pair.nato) == [None]
    renew(pair.nato.node.house)
    assert files(pair.nato)
    assert not files(pair.nato) & before
    hand(pair.nato, pair.jp)
    pair.jp.send("cyber@nato")
    assert kids(pair.jp.waiting("nato")[-1]) != {card_kid(pair.nato)}


def test_prekeys_that_a_node_of_before_cannot_read_are_not_offered_for_ever(pair: Pair) -> None:
    renew(pair.jp.node.house)
    with pair.jp.node.store.read() as tables:
        ids = [item.id for item in tables.outbox.items("nato")]
    unreadable = ("unreadable", "the envelope could not be opened or verified")
    failures = dict.fromkeys(ids, unreadable)
    assert len(ids) == 2  # prekeys, and the directory
    pair.jp.node.store.perform(lambda tx: deliver.note_failures(tx, "nato", failures))
    assert pair.jp.waiting("nato") == []


def test_an_older_statement_changes_nothing(pair: Pair) -> None:
    renew(pair.nato.node.house)
    first = pair.nato.waiting("jp")[:1]
    pair.clock.at += 5 * DAY
    renew(pair.nato.node.house)
    second = pair.nato.waiting("jp")[1:2]  # before the newest directory
    pair.jp.take(second, "nato")
    pair.jp.send("cyber@nato")
    pair.jp.take(first, "nato")
    pair.jp.send("cyber@nato")
    before, after = pair.jp.waiting("nato")
    assert kids(before) == kids(after) != {card_kid(pair.nato)}


def test_what_was_made_and_never_recorded_is_destroyed(pair: Pair) -> None:
    house = pair.jp.node.house
    made = house.vault.make(pair.jp.node.identity.card.card.key(Purpose.SEAL).alg)
    renew(house)
    assert made.kid.hex() not in files(pair.jp)
    assert len(files(pair.jp)) == 8


def test_a_destroyed_file_is_overwritten_first(pair: Pair) -> None:
    renew(pair.jp.node.house)
    path = next((pair.jp.node.home / "prekeys").iterdir())
    seed = path.read_bytes()
    path.with_suffix(".copy").hardlink_to(path)
    pair.jp.node.house.vault.destroy(bytes.fromhex(path.stem))
    left = path.with_suffix(".copy").read_bytes()
    assert len(left) == len(seed)
    assert left != seed
    assert not path.exists()


def test_the_journal_tells_of_each_and_still_verifies(pair: Pair) -> None:
    tell(pair)
    pair.clock.at += 30 * DAY
    tell(pair)
    pair.clock.go_on(1)
    state: Any = pair.jp.ask(requests.VerifyJournal())
    assert state["ok"]
    with pair.jp.node.store.read() as tables:
        leaves = b"".join(tables.journal.leaf(n) for n in range(tables.journal.size))
    for kind in (b"PrekeyMade", b"PrekeyDestroyed", b"PrekeysTold", b"PrekeysTaken"):
        assert kind in leaves


def test_a_key_is_not_used_in_its_last_hour(pair: Pair) -> None:
    tell(pair)
    pair.jp.send("cyber@nato")
    with pair.jp.node.store.read() as tables:
        (item,) = tables.outbox.items("nato")
        now = pair.clock.now()
        assert not tables.outbox.stale("nato", [item.id], now + 15 * DAY - HOUR - 1)
        assert tables.outbox.stale("nato", [item.id], now + 15 * DAY - HOUR) == [item.id]


def test_the_last_resort_is_shown(pair: Pair) -> None:
    def has_it() -> bool:
        (line,) = pair.jp.ask(requests.LineStates())
        return bool(line["forward_secrecy"])

    assert not has_it()
    tell(pair)
    assert has_it()
    pair.clock.at += 9 * DAY
    assert not has_it()
