"""Witnesses: what partners prove to each other of their journals, and what they find out."""

import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from endure.federation import found
from noroshi.adapters.sealing.archive import Archive
from noroshi.adapters.sqlite.connection import Database, open_memory
from noroshi.adapters.sqlite.groups import Effects, SqliteTables
from noroshi.bootstrap import Node, embedded_node
from noroshi.core.delivery.alarm import AlarmKind
from noroshi.core.delivery.check import CommsCheck, decode_check, encode_check
from noroshi.core.delivery.witness import (
    WitnessPart,
    ask,
    asked_sizes,
    decode_part,
    encode_part,
    tag_of,
)
from noroshi.core.envelope.keys import Purpose
from noroshi.core.errors import InputError, NotFoundError
from noroshi.core.tlog.checkpoint import Checkpoint, origin_of, parse_note, sign_checkpoint
from noroshi.core.tlog.cosignature import cosign, note_in, verify_cosigned
from noroshi.core.tlog.entry import EntryKind, new_entry
from noroshi.flow import answers, arrivals, requests, watch
from noroshi.flow import cosign as acts
from noroshi.flow.proofs import verify_proof
from noroshi.flow.records import LineCheck
from noroshi.flow.tables import Tables, Transaction
from noroshi.flow.witness import note_checkpoint
from noroshi.flow.witness_tables import Conflict, Proven
from noroshi.simulation.standin import StandInPrimitives, StandInRetentionKeys
from tests.unit.flow.test_epochs import alarms, carry, check, issue, note_of, send

Change = Callable[[CommsCheck], CommsCheck]


class Trio(msgspec.Struct, frozen=True):
    """Three nodes that know each other."""

    folder: Path
    jp: Node
    nato: Node
    au: Node


@pytest.fixture
def trio(tmp_path: Path) -> Iterator[Trio]:
    homes = found(tmp_path, {"jp": "H3", "nato": "H3", "au": "H3"})
    with ExitStack() as stack:
        nodes = {name: stack.enter_context(opened(home)) for name, home in homes.items()}
        yield Trio(tmp_path, **nodes)


@contextmanager
def opened(home: Path) -> Generator[Node]:
    with embedded_node(home, lambda: None) as node:
        assert node is not None
        yield node


@contextmanager
def twin(trio: Trio, name: str) -> Generator[Node]:
    """Give a second copy of jp's node, as it is now."""
    with trio.jp.store.read():
        copy = trio.folder / name
        shutil.copytree(trio.jp.home, copy, ignore=shutil.ignore_patterns("*.lock", "*.sock"))
    with opened(copy) as node:
        yield node


def ask_check(
    asker: Node,
    answerer: Node,
    *,
    asked: Change = lambda told: told,
    answered: Change = lambda told: told,
) -> CommsCheck:
    """Let one node ask another a comms check; return the answer as it was judged."""
    me, there, now = asker.house.me, answerer.house.me, asker.house.clock.now()
    with asker.store.read() as tables:
        mine = asked(watch.make_check(tables, there, asker.identity, now))
    raw = arrivals.answer_check(answerer.house, me, encode_check(mine), "push")
    told = answered(decode_check(raw))
    went = LineCheck(outgoing=True, at=now, bearer="push", round_trip=1, code=None)

    def note(tx: Transaction) -> None:
        watch.note_check(tx, there, went, told, asker.identity, asker.house.entropy, asked=mine)

    asker.store.perform(note)
    return told


def both_ways(one: Node, other: Node) -> None:
    """Check a line until each has the other's cosignature."""
    for asker, answerer in ((one, other), (other, one), (one, other)):
        ask_check(asker, answerer)


def report(source: Node, target: Node, words: bytes = b"words") -> None:
    """A report, and its receipt back."""
    send(source, f"cyber@{target.house.me}", words)
    carry(source, target)
    issue(target, source.house.me)
    carry(target, source)


def part_of(told: CommsCheck) -> WitnessPart:
    return decode_part(told.witness)


def with_part(**changes: Any) -> Change:
    """Change what an answer tells of journals."""

    def change(told: CommsCheck) -> CommsCheck:
        part = msgspec.structs.replace(part_of(told), **changes)
        return msgspec.structs.replace(told, witness=encode_part(part))

    return change


def without_part(told: CommsCheck) -> CommsCheck:
    return msgspec.structs.replace(told, witness=b"")


def proven(node: Node, partner: str) -> Proven:
    with node.store.read() as tables:
        held = tables.witness.proven(partner)
    assert held is not None
    return held


def size_of(node: Node) -> int:
    with node.store.read() as tables:
        return tables.journal.size


def conflicts(node: Node) -> list[Conflict]:
    with node.store.read() as tables:
        return tables.witness.conflicts()


def witnessed(node: Node) -> Any:
    told: Any = answers.handle(node.house, requests.VerifyJournal())
    assert told["ok"] is True, told["reason"]
    return told["witnessed"]


def rewrite(node: Node, keep: int) -> None:
    """Cut the journal's end off in a node's database, as somebody with write access does."""

    def cut(tx: Transaction) -> None:
        database = tx.journal._db  # type: ignore[attr-defined]
        database.run("DELETE FROM journal_entry WHERE idx >= ?", (keep,))
        database.run("DELETE FROM journal_checkpoint WHERE size > ?", (keep,))
        database.run("DELETE FROM journal_node WHERE ((idx + 1) << level) > ?", (keep,))
        database.run("DELETE FROM cosignature")
        database.run("DELETE FROM receipt")
        tx.journal.rewind(None)  # type: ignore[attr-defined]

    node.store.perform(cut)


def last_note(node: Node, size: int) -> int:
    """Return the largest size below which a checkpoint was signed."""
    with node.store.read() as tables:
        return max(at for at, _ in tables.journal.notes() if at <= size)


def test_each_verifies_and_cosigns_the_other(trio: Trio) -> None:
    jp, nato = trio.jp, trio.nato
    both_ways(jp, nato)
    before = size_of(jp)
    report(jp, nato)
    both_ways(jp, nato)
    assert size_of(jp) > before
    cosigned = proven(nato, "jp").cosigned
    keys = [node.identity.card.card.key(Purpose.JOURNAL) for node in (jp, nato)]
    seen = verify_cosigned(
        cosigned, origin_of("jp", 1), keys[0], "nato", keys[1], nato.house.primitives
    )
    with jp.store.read() as tables:
        assert note_in(cosigned) == tables.journal.newest_note()
    told = witnessed(jp)["nato"]
    assert told["cosigned"] == told["size"] == seen.checkpoint.size == size_of(jp)
    assert told["cosigned_at"] is not None
    assert alarms(jp) == alarms(nato) == []


def test_a_quiet_line_writes_nothing_new(trio: Trio) -> None:
    jp, nato = trio.jp, trio.nato
    report(jp, nato)
    both_ways(jp, nato)
    before = (size_of(jp), size_of(nato), proven(nato, "jp"))
    for _ in range(3):
        both_ways(jp, nato)
    assert (size_of(jp), size_of(nato), proven(nato, "jp")) == before


def test_an_old_node_neither_asks_nor_is_told(trio: Trio) -> None:
    jp, nato = trio.jp, trio.nato
    told = ask_check(
        jp, nato, asked=lambda mine: msgspec.structs.replace(mine, settled=()),
    )  # fmt: skip
    assert told.witness == b""
    for _ in range(acts.PATIENCE + 1):
        report(nato, jp)
        ask_check(jp, nato, answered=without_part)  # it answers as v0.1.0 does
    assert alarms(jp) == []
    with jp.store.read() as tables:
        assert tables.witness.proven("nato") is None


def test_only_partners_that_both_know_are_told_of(trio: Trio) -> None:
    jp, nato, au = trio.jp, trio.nato, trio.au
    report(jp, nato)
    report(au, nato)
    told = ask_check(jp, nato)
    with nato.store.read() as tables:
        assert part_of(told).others == (tables.witness.peer_note("au"),)

    def names_nobody(mine: CommsCheck) -> CommsCheck:
        return msgspec.structs.replace(mine, settled=ask((0,), ()))

    assert part_of(ask_check(jp, nato, asked=names_nobody)).others == ()
    with jp.store.read() as tables:
        own = tables.partners.get("au")
    assert own is not None
    for tag in (1, tag_of(own.signed_card.card.root_digest, "nato", "jp")):

        def names_another(mine: CommsCheck, tag: int = tag) -> CommsCheck:
            return msgspec.structs.replace(mine, settled=ask((0,), (tag,)))

        assert part_of(ask_check(jp, nato, asked=names_another)).others == ()


def test_a_rewritten_tail_is_found_at_the_next_contact(trio: Trio) -> None:
    jp, nato = trio.jp, trio.nato
    report(jp, nato)
    both_ways(jp, nato)
    size = size_of(jp)
    rewrite(jp, last_note(jp, size - 1))
    for number in range(3):
        send(jp, "cyber@nato", b"another history %d" % number)
    assert size_of(jp) > size
    ask_check(nato, jp)
    assert alarms(nato) == [AlarmKind.JOURNAL_CONFLICT]
    (conflict,) = conflicts(nato)
    assert parse_note(conflict.one).size == size
    assert parse_note(conflict.other).size == size_of(jp)
    assert AlarmKind.LOST_TAIL in alarms(jp)  # the node itself was told by the checkpoint it saw
    before = proven(nato, "jp").cosigned
    for _ in range(3):
        both_ways(jp, nato)
    assert alarms(nato) == [AlarmKind.JOURNAL_CONFLICT]
    assert proven(nato, "jp").cosigned == before  # it is not cosigned any more
    assert len(conflicts(nato)) == 1


def test_a_tail_that_was_cut_off_with_its_checkpoint_is_found(trio: Trio) -> None:
    jp, nato = trio.jp, trio.nato
    report(jp, nato)
    both_ways(jp, nato)
    cut = last_note(jp, size_of(jp) - 1)
    rewrite(jp, cut)
    ask_check(nato, jp)
    assert alarms(nato) == [AlarmKind.JOURNAL_CONFLICT]
    assert AlarmKind.LOST_TAIL in alarms(jp)


def test_a_larger_checkpoint_without_proof_is_a_claim(trio: Trio) -> None:
    """What a report or receipt brought is believed once the partner has proven it."""
    jp, nato = trio.jp, trio.nato
    both_ways(jp, nato)
    bold = note_of(jp, 1, size_of(jp) + 1, b"x" * 32)
    nato.store.perform(
        lambda tx: note_checkpoint(tx, "jp", bold, nato.identity, nato.house.entropy)
    )
    assert alarms(nato) == []
    report(jp, nato)
    ask_check(nato, jp)
    assert alarms(nato) == [AlarmKind.JOURNAL_CONFLICT]
    assert conflicts(nato)[0].one == bold


def test_a_late_checkpoint_is_put_to_the_test_too(trio: Trio) -> None:
    jp, nato = trio.jp, trio.nato
    report(jp, nato)
    late = note_of(jp, 1, size_of(jp) - 3, b"y" * 32)
    nato.store.perform(
        lambda tx: note_checkpoint(tx, "jp", late, nato.identity, nato.house.entropy)
    )
    report(jp, nato, b"more")
    ask_check(nato, jp)
    assert alarms(nato) == [AlarmKind.JOURNAL_CONFLICT]


@pytest.mark.parametrize("lengths", [(2, 2), (1, 3), (3, 1)])
def test_a_fork_shown_to_two_partners_is_found_by_both(
    trio: Trio, lengths: tuple[int, int]
) -> None:
    jp, nato, au = trio.jp, trio.nato, trio.au
    for other in (nato, au):
        report(jp, other)
        both_ways(jp, other)
    with twin(trio, "to-nato") as one, twin(trio, "to-au") as other:
        for node, partner, count in ((one, nato, lengths[0]), (other, au, lengths[1])):
            for number in range(count):
                report(node, partner, b"for %s %d" % (partner.house.me.encode(), number))
            both_ways(node, partner)
        assert alarms(nato) == alarms(au) == []
        for asker, answerer in ((nato, au), (au, nato)):  # the two speak
            ask_check(asker, answerer)
        for node, partner in ((one, nato), (other, au)):  # and each asks the signer
            ask_check(partner, node)
    for partner in (nato, au):
        assert AlarmKind.JOURNAL_CONFLICT in alarms(partner)
        assert conflicts(partner)
        assert proven(partner, "jp").is_broken
        assert answers.handle(partner.house, requests.VerifyJournal())["ok"] is True  # type: ignore[call-overload]


def test_two_roots_in_reports_end_the_cosigning(trio: Trio) -> None:
    jp, nato = trio.jp, trio.nato
    both_ways(jp, nato)
    before = proven(nato, "jp")
    for root in (b"a", b"b"):
        note = note_of(jp, 1, 900, root * 32)

        def take(tx: Transaction, note: bytes = note) -> None:
            note_checkpoint(tx, "jp", note, nato.identity, nato.house.entropy)

        nato.store.perform(take)
    assert alarms(nato) == [AlarmKind.JOURNAL_CONFLICT]
    report(jp, nato)
    both_ways(jp, nato)
    assert proven(nato, "jp") == msgspec.structs.replace(before, is_broken=True)
    assert len(conflicts(nato)) == 1


def test_two_roots_of_one_size_are_found_when_two_speak(trio: Trio) -> None:
    nato, au = trio.nato, trio.au
    notes = [note_of(trio.jp, 1, 900, root * 32) for root in (b"a", b"b")]
    for node, note in zip((nato, au), notes, strict=True):

        def take(tx: Transaction, node: Node = node, note: bytes = note) -> None:
            note_checkpoint(tx, "jp", note, node.identity, node.house.entropy)

        node.store.perform(take)
    for asker, answerer in ((nato, au), (au, nato)):
        ask_check(asker, answerer)
        assert alarms(asker) == [AlarmKind.JOURNAL_CONFLICT]
        assert {conflicts(asker)[0].one, conflicts(asker)[0].other} == set(notes)
        ask_check(asker, answerer)
        assert len(conflicts(asker)) == 1


def test_a_signer_that_keeps_silent_is_called(trio: Trio) -> None:
    jp, nato, au = trio.jp, trio.nato, trio.au
    both_ways(jp, nato)
    for _ in range(2):
        report(jp, au)
    ask_check(nato, au)
    kept_back = [with_part(proofs=()), without_part, with_part(note=b"")]
    for number, silence in enumerate(kept_back, 1):
        ask_check(nato, jp, answered=silence)
        assert alarms(nato) == ([AlarmKind.UNPROVEN] if number == acts.PATIENCE else [])
    ask_check(nato, jp, answered=without_part)
    assert len(alarms(nato)) == 1
    ask_check(nato, jp)
    with nato.store.read() as tables:
        assert [a.ended_at is not None for a in tables.watch.alarms(is_open=False)] == [True]
        assert tables.witness.told("jp") == []
    assert proven(nato, "jp").missed == 0


def test_who_claims_and_proves_nothing_is_called(trio: Trio) -> None:
    jp, nato = trio.jp, trio.nato
    for number in range(acts.PATIENCE):
        assert alarms(nato) == []
        report(jp, nato, b"%d" % number)
        ask_check(nato, jp, answered=with_part(proofs=()))
    assert alarms(nato) == [AlarmKind.UNPROVEN]
    ask_check(nato, jp)
    assert witnesses(nato)["jp"]["state"] == "PROVEN"


def test_a_node_that_is_silent_by_order_is_not_called(trio: Trio) -> None:
    jp, nato = trio.jp, trio.nato
    both_ways(jp, nato)
    for _ in range(acts.PATIENCE + 1):
        ask_check(nato, jp, answered=without_part)
    assert alarms(nato) == []


def garbage(trio: Trio) -> list[tuple[str, Change]]:
    """Return answers that a hostile partner may give; none proves anything against it."""
    jp, nato, au = trio.jp, trio.nato, trio.au
    foreign = note_of(au, 1, 500, bytes(32))
    wrong_key = sign_checkpoint(
        Checkpoint(origin_of("jp", 1), 500, bytes(32)), au.identity.journal_signer
    )
    other_epoch = note_of(jp, 9, 500, bytes(32))
    mine = note_of(nato, 1, 1, bytes(32))
    own_words = cosign(note_of(nato, 9, 1, bytes(32)), "jp", 1, jp.identity.journal_signer)
    raw: list[tuple[str, bytes]] = [
        ("no cbor", b"\xff" * 40),
        ("another value", b"\x80"),
        ("too much", bytes(30_000)),
    ]
    parts: list[tuple[str, dict[str, Any]]] = [
        ("no note", {"note": b"\x00"}),
        ("another's note", {"note": foreign}),
        ("signed by another", {"note": wrong_key}),
        ("another epoch", {"note": other_epoch}),
        ("no tree", {"note": note_of(jp, 1, 0, bytes(32)), "proofs": ()}),
        ("a stranger", {"others": (b"noroshi/xx/1\n", note_of(jp, 1, 5, bytes(32)), b"\xff")}),
        ("of the asker itself", {"others": (mine,)}),
        ("of another, forged", {"others": (wrong_key, foreign.replace(b"500", b"501"))}),
        ("of another epoch", {"others": (note_of(au, 4, 6, bytes(32)),)}),
        ("no cosignature", {"cosigned": b"noroshi/nato/1\n"}),
        ("a cosignature of nothing", {"cosigned": own_words}),
        ("cosigned by itself alone", {"cosigned": mine.replace(b"nato", b"jp")}),
    ]  # fmt: skip

    def given(witness: bytes) -> Change:
        return lambda told: msgspec.structs.replace(told, witness=witness)

    return [(name, given(witness)) for name, witness in raw] + [
        (name, with_part(**changes)) for name, changes in parts
    ]


def test_garbage_stops_nothing_and_proves_nothing(trio: Trio) -> None:
    jp, nato = trio.jp, trio.nato
    for name, change in garbage(trio):
        ask_check(nato, jp, answered=change)
        with nato.store.read() as tables:
            last = tables.watch.last_check("jp", outgoing=True, good=True)
        assert last is not None, name
        assert alarms(nato) == [], name
        assert conflicts(nato) == [], name
    both_ways(jp, nato)
    assert witnessed(jp)["nato"]["cosigned"] == size_of(jp)


def test_a_cosignature_of_another_journal_than_this_is_a_lost_tail(trio: Trio) -> None:
    jp, nato = trio.jp, trio.nato
    more = note_of(nato, 1, size_of(nato) + 7, bytes(32))
    cosigned = cosign(more, "jp", nato.house.clock.now(), jp.identity.journal_signer)
    ask_check(nato, jp, answered=with_part(cosigned=cosigned))
    assert alarms(nato) == [AlarmKind.LOST_TAIL]
    with nato.store.read() as tables:
        assert tables.witness.cosignatures() == []


def test_an_answer_that_was_overtaken_says_nothing(trio: Trio) -> None:
    """Two ways to a partner: what one of them brings may be older than what the other brought."""
    jp, nato = trio.jp, trio.nato
    both_ways(jp, nato)
    with nato.store.read() as tables:
        mine = watch.make_check(tables, "jp", nato.identity, 1)
    slow = decode_check(arrivals.answer_check(jp.house, "nato", encode_check(mine), "push"))
    report(jp, nato)
    both_ways(jp, nato)
    before = proven(nato, "jp")

    def judge(tx: Transaction) -> None:
        acts.judge(tx, "jp", mine, slow, nato.identity, nato.house.entropy)

    nato.store.perform(judge)
    assert alarms(nato) == []
    assert proven(nato, "jp") == before


def test_what_is_asked_is_bounded(trio: Trio) -> None:
    jp, nato = trio.jp, trio.nato
    many = tuple(range(1, 200))
    told = ask_check(
        nato, jp, asked=lambda mine: msgspec.structs.replace(mine, settled=ask(many, many))
    )
    assert len(part_of(told).proofs) <= 8
    with nato.store.read() as tables:
        for number in range(100):
            assert len(asked_sizes(watch.make_check(tables, "jp", nato.identity, 0))) <= 8, number


def test_a_restored_partner_begins_afresh(trio: Trio) -> None:
    jp, nato = trio.jp, trio.nato
    report(jp, nato)
    both_ways(jp, nato)
    check(nato, "jp", 7, None)
    with nato.store.read() as tables:
        assert tables.witness.proven("jp") is None
        assert asked_sizes(watch.make_check(tables, "jp", nato.identity, 0)) == (0,)


def witnesses(node: Node) -> dict[str, Any]:
    told: Any = answers.handle(node.house, requests.Witnesses())
    return {one["partner"]: one for one in told}


def test_what_a_person_is_told(trio: Trio) -> None:
    jp, nato, au = trio.jp, trio.nato, trio.au
    nothing = {"state": "NOT_YET", "proven": None, "cosigned": None, "conflicts": 0}
    assert witnesses(nato) == {name: {"partner": name, **nothing} for name in ("au", "jp")}
    with pytest.raises(NotFoundError, match="no checkpoint of jp is verified"):
        answers.handle(nato.house, requests.HeldCheckpoint(partner="jp"))
    both_ways(jp, nato)
    told = witnesses(nato)["jp"]
    assert (told["state"], told["proven"]["size"]) == ("PROVEN", size_of(jp))
    assert told["cosigned"]["size"] == size_of(nato)
    held: Any = answers.handle(nato.house, requests.HeldCheckpoint(partner="jp"))
    against = requests.VerifyJournal(proofs=(held["checkpoint"].encode(),))
    assert answers.handle(jp.house, against)["ok"] is True  # type: ignore[call-overload]
    with pytest.raises(InputError, match="no checkpoint of au"):
        answers.handle(au.house, against)
    rewrite(jp, last_note(jp, size_of(jp) - 1))
    ask_check(nato, jp)
    assert witnesses(nato)["jp"]["state"] == "CONFLICT"
    evidence: Any = answers.handle(nato.house, requests.Conflicts())
    assert len(evidence) == 1
    assert evidence[0]["one"].startswith("noroshi/jp/1\n")
    found_out: Any = answers.handle(jp.house, against)
    assert found_out["ok"] is False
    assert found_out["bad_between"][1] >= size_of(jp)


def test_the_place_lies_between_what_witnesses_have_seen(trio: Trio) -> None:
    """Somebody with the key writes the end anew: everything at hand agrees but the witnesses."""
    jp, nato, au = trio.jp, trio.nato, trio.au
    both_ways(jp, nato)
    first = size_of(jp)
    report(jp, nato)
    both_ways(jp, au)
    second = size_of(jp)
    texts = [
        str(answers.handle(node.house, requests.HeldCheckpoint(partner="jp"))["checkpoint"])  # type: ignore[call-overload]
        for node in (nato, au)
    ]
    rewrite(jp, last_note(jp, second - 1))
    for number in range(3):
        send(jp, "cyber@nato", b"another history %d" % number)

    alone: Any = answers.handle(jp.house, requests.VerifyJournal())
    told: Any = answers.handle(
        jp.house, requests.VerifyJournal(proofs=tuple(text.encode() for text in texts))
    )
    assert told["ok"] is False
    if alone["ok"]:
        assert told["bad_between"] == [first, second]
        assert "au" in told["reason"]


def test_a_proof_says_who_has_witnessed_it(trio: Trio) -> None:
    jp, nato, au = trio.jp, trio.nato, trio.au
    report(jp, nato)
    both_ways(jp, nato)
    both_ways(jp, au)
    with jp.store.read() as tables:
        (report_id,) = {report.hex() for _, report in tables.reports.pointers()}
    told: Any = answers.handle(jp.house, requests.MakeProof(report=report_id))
    cards = {node.house.me: node.identity.card.card for node in (jp, nato, au)}

    def claims(proof: bytes, *names: str) -> set[tuple[str, str]]:
        known = {name: cards[name] for name in names}
        found_out = verify_proof(proof, known, jp.house.primitives)
        return {(claim.type, claim.partner) for claim in found_out}

    both = {("WITNESSED", "nato"), ("WITNESSED", "au")}
    assert both <= claims(told["proof"], "jp", "nato", "au")
    assert ("WITNESSED", "au") not in claims(told["proof"], "jp", "nato")


class Leaves(msgspec.Struct, frozen=True):
    """A journal of which only the tree matters."""

    tables: SqliteTables

    def grow(self, leaves: Sequence[bytes]) -> None:
        for leaf in leaves:
            self.tables.journal.append(new_entry(EntryKind.REFUSED, 1, leaf.ljust(16, b"."), "jp"))


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(0, 40),
    st.lists(st.integers(1, 80), max_size=8),
    st.none() | st.integers(0, 39),
    st.integers(0, 39),
)
def test_over_random_trees_every_asked_size_is_proven_or_contradicted(
    first: int, more: int, asked: list[int], forked_at: int | None, cut: int
) -> None:
    """What the shipped signer answers goes on from a checkpoint exactly if its tree does.

    `forked_at` is the entry that was written anew; `cut` entries were cut off then.
    """
    connection = open_memory(None)
    archive = Archive(StandInRetentionKeys(), StandInPrimitives(), bytes)
    tables = SqliteTables(Database(connection), Effects(), archive)
    leaves = [b"%d" % number for number in range(first)]
    Leaves(tables).grow(leaves)
    old = Checkpoint("noroshi/jp/1", tables.journal.size, tables.journal.tree.root)
    if forked_at is not None:
        tables.journal._db.run("DELETE FROM journal_entry")
        tables.journal._db.run("DELETE FROM journal_node")
        tables.journal.rewind(None)
        forked_at %= first
        leaves[forked_at] = b"written anew"
        Leaves(tables).grow(leaves[: max(1, first - cut)])
    Leaves(tables).grow([b"more %d" % number for number in range(more)])
    tree = tables.journal.tree
    newest = Checkpoint("noroshi/jp/1", tree.size, tree.root)
    sizes = tuple(dict.fromkeys([old.size, *asked]))
    proofs = dict(acts._proofs(_as_tables(tables), sizes, tree.size))
    answer = acts._Answer(b"", newest, proofs)
    assert proofs.keys() == {size for size in sizes if size < tree.size}
    assert answer.tells_of(old.size)
    assert answer.goes_on_from(old) is (forked_at is None)
    connection.close()


def _as_tables(tables: SqliteTables) -> Tables:
    return tables
