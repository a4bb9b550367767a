"""Epochs: what partners of a restored node do, and what it makes of what they still say."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from endure.federation import found
from noroshi.adapters.sqlite.outbox import MOST_KEPT
from noroshi.bootstrap import Node, embedded_node
from noroshi.core.delivery.alarm import AlarmKind
from noroshi.core.delivery.check import CommsCheck, Tally
from noroshi.core.delivery.item import Cargo, Item
from noroshi.core.delivery.receipt import ReceiptHead
from noroshi.core.instant import DAY, HOUR
from noroshi.core.precedence import Precedence
from noroshi.core.tlog.checkpoint import Checkpoint, origin_of, parse_note, sign_checkpoint
from noroshi.flow import answers, deliver, opening, receive, requests, watch
from noroshi.flow.epochs import KEPT, hear_epoch
from noroshi.flow.records import LineCheck, OpenedEpoch
from noroshi.flow.tables import Tables, Transaction
from noroshi.flow.witness import note_checkpoint, view_of


class Pair(msgspec.Struct, frozen=True):
    jp: Node
    nato: Node


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    homes = found(tmp_path, {"jp": "H3", "nato": "H3"})
    with ExitStack() as stack:
        jp = stack.enter_context(embedded_node(homes["jp"], lambda: None))
        nato = stack.enter_context(embedded_node(homes["nato"], lambda: None))
        assert jp is not None
        assert nato is not None
        yield Pair(jp, nato)


def send(node: Node, to: str, words: bytes = b"words") -> None:
    answers.handle(node.house, requests.SendReport(body=words, to=(to,), by="Lt Sato"))


def carry(source: Node, target: Node) -> None:
    """Take to a node what lies in the outbox for it."""
    me, there = source.house.me, target.house.me
    with source.store.read() as tables:
        raws = [tables.outbox.read(there, item.id) for item in tables.outbox.items(there)]
        receipts = [i.id for i in tables.outbox.items(there) if i.cargo is Cargo.RECEIPT]
    for raw in raws:
        with target.store.read() as tables:
            opened = opening.open_raw(tables, raw, target.identity, target.house.clock.now())

        def take(tx: Transaction, opened: opening.Incoming = opened) -> None:
            receive.take(tx, opened, me, target.identity, target.house.entropy)

        target.store.perform(take)
    source.store.perform(lambda tx: deliver.forget(tx, there, receipts))


def exchange(pair: Pair) -> None:
    """A report each way, with its receipt."""
    for sender, receiver in ((pair.jp, pair.nato), (pair.nato, pair.jp)):
        send(sender, f"cyber@{receiver.house.me}")
        carry(sender, receiver)
        issue(receiver, sender.house.me)
        carry(receiver, sender)


def issue(node: Node, partner: str) -> None:
    node.store.perform(
        lambda tx: deliver.issue_receipts(tx, partner, node.identity, node.house.entropy)
    )


def check(node: Node, partner: str, epoch: int, backup_at: int | None, seen: bytes = b"") -> None:
    """Let a node hear a comms check."""
    now = node.house.clock.now()
    told = CommsCheck(1, now, Tally(epoch, (), ()), (), (), backup_at, seen)
    went = LineCheck(outgoing=False, at=now, bearer="push", round_trip=None, code=None)
    node.store.perform(
        lambda tx: watch.note_check(tx, partner, went, told, node.identity, node.house.entropy)
    )


def alarms(node: Node) -> list[AlarmKind]:
    with node.store.read() as tables:
        return [open_alarm.alarm.kind for open_alarm in tables.watch.alarms(is_open=False)]


def waiting(node: Node, partner: str) -> list[Item]:
    with node.store.read() as tables:
        return tables.outbox.items(partner)


def test_what_a_restored_partner_may_have_lost_goes_again_once(pair: Pair) -> None:
    exchange(pair)
    nato, now = pair.nato, pair.nato.house.clock.now()
    assert waiting(nato, "jp") == []
    check(nato, "jp", 1, None)
    assert waiting(nato, "jp") == []
    check(nato, "jp", 7, now)
    assert sorted(i.cargo for i in waiting(nato, "jp")) == [Cargo.ENVELOPE, Cargo.RECEIPT]
    issue(nato, "jp")
    assert len(waiting(nato, "jp")) == 2  # the receipt that went before tells all
    carry(nato, pair.jp)  # which has all of it
    issue(pair.jp, "nato")
    carry(pair.jp, nato)
    assert waiting(nato, "jp") == []
    check(nato, "jp", 7, now)
    assert waiting(nato, "jp") == []
    assert alarms(nato) == [AlarmKind.NEW_EPOCH]
    check(nato, "jp", 8, now)
    assert Cargo.ENVELOPE in {item.cargo for item in waiting(nato, "jp")}
    assert alarms(nato) == [AlarmKind.NEW_EPOCH] * 2


def test_what_left_before_the_backup_stays(pair: Pair) -> None:
    exchange(pair)
    check(pair.nato, "jp", 7, pair.nato.house.clock.now() + 2 * HOUR)
    issue(pair.nato, "jp")
    assert waiting(pair.nato, "jp") == []


def test_a_backup_older_than_what_is_kept_is_said(pair: Pair) -> None:
    check(pair.nato, "jp", 7, pair.nato.house.clock.now() - KEPT)
    with pair.nato.store.read() as tables:
        (alarm,) = [each.alarm for each in tables.watch.alarms()]
    assert alarm.kind is AlarmKind.NEW_EPOCH
    assert "send anew" in alarm.detail


def test_an_epoch_that_is_over_is_an_old_copy(pair: Pair) -> None:
    check(pair.nato, "jp", 7, None)
    check(pair.nato, "jp", 1, None)
    assert alarms(pair.nato) == [AlarmKind.NEW_EPOCH, AlarmKind.OLD_COPY]


def test_a_partner_whom_no_check_reaches_is_given_all_that_is_kept(pair: Pair) -> None:
    exchange(pair)
    nato = pair.nato
    nato.store.perform(lambda tx: hear_epoch(tx, "jp", 7, "nato", nato.house.entropy))
    issue(nato, "jp")
    assert sorted(i.cargo for i in waiting(nato, "jp")) == [Cargo.ENVELOPE, Cargo.RECEIPT]


def test_what_is_kept_is_bounded_in_time_and_number(pair: Pair) -> None:
    exchange(pair)
    nato = pair.nato
    with nato.store.read() as tables:
        kept = set(tables.outbox._db.rows("SELECT id FROM outbox WHERE left_at IS NOT NULL"))

    def envelopes() -> set[Any]:
        with nato.store.read() as tables:
            return set(tables.outbox._db.rows("SELECT id FROM outbox"))

    now = nato.house.clock.now()
    assert len(kept) == 2  # a report and a receipt
    assert envelopes() == kept
    nato.store.perform(lambda tx: tx.outbox.purge(now - DAY))
    assert envelopes() == kept
    nato.store.perform(lambda tx: tx.outbox.purge(now + DAY))
    assert envelopes() == set()
    exchange(pair)
    later = 10 + MOST_KEPT
    statement = (
        "INSERT INTO outbox (number, partner, id, cargo, precedence, size, report, left_at)"
        " VALUES (?, 'jp', x'00', 1, 1, 1, x'00', ?)"
    )

    def fill(tx: Any) -> None:
        tx.outbox._db.run(statement, (later, now))
        tx.outbox.purge(now - KEPT)

    nato.store.perform(fill)
    assert envelopes() == {(b"\x00",)}


def test_what_expired_does_not_go_again_and_its_serial_is_void(pair: Pair) -> None:
    exchange(pair)
    nato = pair.nato
    with nato.store.read() as tables:
        (report,) = [r for _, r in tables.reports.pointers() if is_sent(tables, r)]

    def work(tx: Any) -> None:
        tx.outbox._db.run("UPDATE outbox SET expires_at = 1000 WHERE report IS NOT NULL")

    nato.store.perform(work)
    assert report
    check(nato, "jp", 7, nato.house.clock.now())
    assert [item.cargo for item in waiting(nato, "jp")] == [Cargo.RECEIPT]
    with nato.store.read() as tables:
        (stone,) = tables.serials.tombstones("jp", 9)
    assert (stone.number, stone.code) == (1, "expired")


def is_sent(tables: Tables, report_id: bytes) -> bool:
    report = tables.reports.get(report_id)
    return report is not None and report.outgoing


def test_a_void_serial_that_was_settled_is_told_to_a_restored_partner_again(pair: Pair) -> None:
    nato = pair.nato
    now = nato.house.clock.now()

    def stones() -> list[int]:
        with nato.store.read() as tables:
            return [stone.number for stone in tables.serials.tombstones("jp", 9)]

    nato.store.perform(lambda tx: tx.serials.bury("jp", Precedence.FLASH, 3, "expired"))
    assert stones() == [3]
    nato.store.perform(lambda tx: tx.serials.settle("jp", Precedence.FLASH, 2, now))
    assert stones() == [3]
    nato.store.perform(lambda tx: tx.serials.settle("jp", Precedence.FLASH, 3, now))
    assert stones() == []
    check(nato, "jp", 7, now + 2 * HOUR)  # a backup of after it was settled
    assert stones() == []
    check(nato, "jp", 8, now)
    assert stones() == [3]
    nato.store.perform(lambda tx: tx.serials.settle("jp", Precedence.FLASH, 3, now))
    nato.store.perform(lambda tx: tx.serials.purge(now + 1))
    check(nato, "jp", 9, now)
    assert stones() == []


def note_of(node: Node, epoch: int, size: int, root: bytes) -> bytes:
    checkpoint = Checkpoint(origin_of(node.house.me, epoch), size, root)
    return sign_checkpoint(checkpoint, node.identity.journal_signer)


def test_a_journal_that_goes_on_under_another_name_is_no_fork(pair: Pair) -> None:
    nato = pair.nato

    def note(epoch: int, size: int, filling: bytes, *, is_heard: bool = True) -> tuple[int, str]:
        raw = note_of(pair.jp, epoch, size, filling * 32)

        def act(tx: Transaction) -> None:
            if is_heard:
                hear_epoch(tx, "jp", epoch, "nato", nato.house.entropy)
            note_checkpoint(tx, "jp", raw, nato.identity, nato.house.entropy)

        nato.store.perform(act)
        with nato.store.read() as tables:
            held = parse_note(tables.witness.peer_note("jp"))
        return held.size, held.origin

    assert note(1, 20, b"a") == (20, "noroshi/jp/1")
    assert note(7, 12, b"b") == (12, "noroshi/jp/7")
    assert note(1, 21, b"c") == (12, "noroshi/jp/7")  # it was on its way
    assert note(1, 12, b"d") == (12, "noroshi/jp/7")
    assert alarms(nato) == [AlarmKind.NEW_EPOCH]
    assert note(7, 13, b"e") == (13, "noroshi/jp/7")
    assert note(7, 13, b"f") == (13, "noroshi/jp/7")
    assert alarms(nato) == [AlarmKind.NEW_EPOCH, AlarmKind.JOURNAL_CONFLICT]
    # Nothing else told of this epoch yet: it begins afresh all the same.
    assert note(8, 5, b"g", is_heard=False) == (5, "noroshi/jp/8")


def test_a_partner_in_a_new_epoch_is_told_nothing_of_its_old_journal(pair: Pair) -> None:
    nato = pair.nato
    raw = note_of(pair.jp, 1, 20, b"a" * 32)

    def note() -> bytes:
        nato.store.perform(
            lambda tx: note_checkpoint(tx, "jp", raw, nato.identity, nato.house.entropy)
        )
        with nato.store.read() as tables:
            return tables.witness.peer_note("jp")

    assert note() == raw
    check(nato, "jp", 7, None)
    with nato.store.read() as tables:
        assert tables.witness.peer_note("jp") == b""
    assert note() == b""  # it was on its way


def test_views_of_the_lost_end_count_until_the_new_one_was_seen(pair: Pair) -> None:
    def look(tx: Transaction) -> None:
        size = tx.journal.size
        tree = tx.journal.tree  # type: ignore[attr-defined]
        head = ReceiptHead(
            version=1, envelope_id=b"", sender="nato", created_at=100, expires_at=None, to=(),
            entries=(), issued=b"", checkpoint=b"", seen_size=size, seen_root=b"x" * 32,
        )  # fmt: skip

        def view(**changes: Any) -> tuple[int, bytes]:
            return view_of(tx, msgspec.structs.replace(head, **changes))

        assert view() == (size, b"x" * 32)  # never restored: a contradiction, as it stands
        tx.epochs.open(OpenedEpoch(2, 0, size - 1), 0)
        assert view() == (0, b"")
        assert view(seen_size=size + 9) == (0, b"")
        assert view(seen_size=size - 1) == (size - 1, b"x" * 32)  # of before the backup
        assert view(seen_root=tree.root) == (size, tree.root)
        assert view(created_at=99) == (0, b"")  # it was on its way
        assert view() == (size, b"x" * 32)

    pair.jp.store.perform(look)


def test_a_serial_of_before_the_restore_leaves_no_tombstone(pair: Pair) -> None:
    jp = pair.jp
    send(jp, "cyber@nato")
    (item,) = waiting(jp, "nato")

    def work(tx: Transaction) -> None:
        tx.epochs.open(OpenedEpoch(2, 0, tx.journal.size), 0)
        deliver.expire(tx, "nato", [item.id], "jp", jp.house.entropy)
        assert tx.serials.tombstones("nato", 9) == ()

    jp.store.perform(work)
    send(jp, "cyber@nato")
    (item,) = waiting(jp, "nato")
    jp.store.perform(lambda tx: deliver.expire(tx, "nato", [item.id], "jp", jp.house.entropy))
    with jp.store.read() as tables:
        assert len(tables.serials.tombstones("nato", 9)) == 1


def test_a_node_whose_journal_lost_its_end_learns_of_it_from_a_partner(pair: Pair) -> None:
    jp = pair.jp
    with jp.store.read() as tables:
        size, root = tables.journal.size, tables.journal.tree.root
    fitting = note_of(jp, 1, size, root)
    check(jp, "nato", 1, None, fitting)
    check(jp, "nato", 1, None, note_of(jp, 2, size + 5, root))  # of no epoch of this node
    check(jp, "nato", 1, None, note_of(pair.nato, 1, size + 5, root))  # a partner's own
    check(jp, "nato", 1, None, b"no checkpoint")
    assert alarms(jp) == []
    check(jp, "nato", 1, None, note_of(jp, 1, size + 5, root))
    assert alarms(jp) == [AlarmKind.LOST_TAIL]
    check(jp, "nato", 1, None, note_of(jp, 1, size + 5, root))
    assert alarms(jp) == [AlarmKind.LOST_TAIL]


def test_a_journal_that_went_on_differently_is_noticed_too(pair: Pair) -> None:
    exchange(pair)
    jp = pair.jp
    with jp.store.read() as tables:
        size = tables.journal.size
    check(jp, "nato", 1, None, note_of(jp, 1, size - 1, bytes(32)))
    assert alarms(jp) == [AlarmKind.LOST_TAIL]


def test_partners_tell_each_other_what_they_have_seen(pair: Pair) -> None:
    exchange(pair)
    with pair.nato.store.read() as tables:
        told = watch.make_check(tables, "jp", pair.nato.identity, 0)
        assert parse_note(told.seen).size <= parse_note(tables.witness.peer_note("jp")).size
    check(pair.jp, "nato", 1, None, told.seen)
    assert alarms(pair.jp) == []
