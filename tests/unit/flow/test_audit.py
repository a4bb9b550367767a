"""The journal's check also finds what was done to the reports that it stands for."""

import shutil
import uuid
from pathlib import Path
from typing import cast

import apsw
import msgspec
import pytest

from endure.federation import found
from noroshi.adapters.sqlite.store import SqliteStore
from noroshi.bootstrap import archive_of, embedded_node
from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.delivery.ladder import Rung
from noroshi.core.tlog.checkpoint import Checkpoint, sign_checkpoint
from noroshi.core.tlog.entry import EntryKind, new_entry
from noroshi.flow import answers, audit, opening, proofs, receive, requests
from noroshi.flow.alarms import raise_alarm
from noroshi.flow.tables import Transaction


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of nato, which took three reports of jp and acknowledged one."""
    homes = found(tmp_path_factory.mktemp("audit"), {"jp": "H3", "nato": "H3"})
    with (
        embedded_node(homes["jp"], lambda: None) as jp,
        embedded_node(homes["nato"], lambda: None) as nato,
    ):
        assert jp is not None
        assert nato is not None
        for words in (b"one", b"two", b"three"):
            asked = requests.SendReport(body=words, to=("cyber@nato",), by="Lt Sato")
            answers.handle(jp.house, asked)
        with jp.store.read() as tables:
            envelopes = [
                tables.outbox.read("nato", item.id) for item in tables.outbox.items("nato")
            ]
        for raw in envelopes:
            with nato.store.read() as tables:
                opened = opening.open_raw(tables, raw, nato.identity, nato.house.clock.now())
            assert isinstance(opened, opening.VerifiedReport)

            def take(tx: Transaction, opened: opening.Incoming = opened) -> None:
                receive.take(tx, opened, "jp", nato.identity, nato.house.entropy)

            nato.store.perform(take)
        inbox = answers.handle(nato.house, requests.Inbox())
        assert isinstance(inbox, list)
        acknowledging = requests.Answering(
            report=str(inbox[0]["report"]), rung=Rung.ACKNOWLEDGED, by="Maj Dupont"
        )
        answers.handle(nato.house, acknowledging)
    return homes["nato"]


def verify(home: Path) -> dict[str, object]:
    with embedded_node(home, lambda: None) as node:
        assert node is not None
        told = answers.handle(node.house, requests.VerifyJournal())
        assert isinstance(told, dict)
        return told


def test_alarms_about_a_report_leave_its_proof_whole(home: Path) -> None:
    with embedded_node(home, lambda: None) as node:
        assert node is not None
        house = node.house
        inbox = answers.handle(house, requests.Inbox())
        assert isinstance(inbox, list)
        report = str(inbox[0]["report"])
        alarm = Alarm(
            AlarmKind.NEXT_DESK, "nato", house.clock.now(), uuid.UUID(report).bytes, "cyber"
        )
        node.store.perform(lambda tx: raise_alarm(tx, alarm, "nato", house.entropy))
        told = answers.handle(house, requests.MakeProof(report=report))
        assert isinstance(told, dict)
        with node.store.read() as tables:
            own, known = tables.partners.own_card(), tables.partners.get("jp")
        assert own is not None
        assert known is not None
        cards = {"nato": own.card, "jp": known.signed_card.card}
        proof = cast("bytes", told["proof"])
        claims = proofs.verify_proof(proof, cards, house.primitives)
        assert {claim.type for claim in claims} >= {"JOURNALLED_RECEIVED"}


def test_an_untouched_node_passes(home: Path) -> None:
    assert verify(home)["ok"] is True


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE report SET sealed_content = substr(sealed_content, 2)",
        "UPDATE report SET sealed_content = zeroblob(200), slip = zeroblob(60)",
        "UPDATE report SET retention_key = '2026-11-22.00000000'",
        "UPDATE report SET retention_key = NULL, doomed_by = 'a rule', destroyed_at = 1",
        "UPDATE report SET salt = zeroblob(32) WHERE number = 1",
        "UPDATE report SET signed_head = x'00' WHERE number = 1",
        "UPDATE report SET head_digest = zeroblob(32) WHERE number = 2",
        "UPDATE report SET entry_index = entry_index + 1 WHERE number = 1",
        "DELETE FROM addressee; DELETE FROM report",
        "DELETE FROM addressee WHERE report = 3; DELETE FROM report WHERE number = 3",
        "UPDATE rung SET by = 'Gen Fake' WHERE rung = 'ACKNOWLEDGED'",
        "DELETE FROM rung WHERE rung = 'SHOWN'",
    ],
)
def test_an_edited_report_or_ladder_is_found(home: Path, edit: str) -> None:
    path = home / "node.db"
    kept = path.read_bytes()
    connection = apsw.Connection(str(path))
    connection.execute(edit)
    connection.close()
    try:
        told = verify(home)
        assert told["ok"] is False
        assert told["bad_between"] is not None
    finally:
        path.write_bytes(kept)
    assert verify(home)["ok"] is True


def test_an_alarm_about_a_report_changes_nothing_of_it(home: Path) -> None:
    with embedded_node(home, lambda: None) as node:
        assert node is not None
        with node.store.read() as tables:
            report = tables.reports.find("")[0]
        alarm = Alarm(AlarmKind.NEXT_DESK, "nato", node.house.clock.now(), report, "cyber")
        node.store.perform(lambda tx: raise_alarm(tx, alarm, "nato", node.house.entropy))
    assert verify(home)["ok"] is True


@pytest.mark.parametrize("is_restored", [True, False])
def test_an_epoch_begins_where_a_restore_is_recorded(
    home: Path, tmp_path: Path, *, is_restored: bool
) -> None:
    copy = tmp_path / "nato"
    shutil.copytree(home, copy)
    with embedded_node(copy, lambda: None) as node:
        assert node is not None
        identity, clock, entropy = node.identity, node.house.clock, node.house.entropy
    card = msgspec.structs.replace(identity.card.card, epoch=9)

    def sign(size: int, root: bytes) -> bytes:
        return sign_checkpoint(Checkpoint("noroshi/nato/9", size, root), identity.journal_signer)

    kind = EntryKind.RESTORED if is_restored else EntryKind.ALARM_TAKEN
    entry = new_entry(kind, clock.now(), entropy.draw(16), "nato")
    store = SqliteStore(copy / "node.db", clock, sign, archive_of(copy, lambda: None))
    try:
        store.perform(lambda tx: tx.journal.append(entry))
        with store.read() as tables:
            good = audit.verify_journal(tables, card, identity.primitives)
            other = audit.verify_journal(tables, identity.card.card, identity.primitives)
    finally:
        store.close()
    assert (good.bad_between is None) is is_restored
    assert other.bad_between is not None
