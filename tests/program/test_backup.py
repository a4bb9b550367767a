"""Backup, loss and restore of nodes that are served: nothing is lost unsaid, nothing said twice."""

import json
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Self

import apsw
import pytest

from tests.program.conftest import Desk, befriend, command, make
from tests.program.waiting import until


def alarms(desk: Desk) -> list[tuple[str, str, str]]:
    """Kind, partner and detail of all alarms that were ever raised."""
    database = apsw.Connection(str(desk.home / "node.db"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        rows = database.execute("SELECT kind, partner, detail FROM alarm ORDER BY number")
        return [(str(kind), str(partner), str(detail)) for kind, partner, detail in rows]
    finally:
        database.close()


def kinds(desk: Desk) -> list[str]:
    return [kind for kind, _, _ in alarms(desk)]


def send(desk: Desk, text: Path, to: str, *more: str) -> str:
    return str(desk.ask("send", text, "--to", to, "--precedence", "flash", *more)["report"])


def inbox(desk: Desk) -> list[str]:
    return [row["report"] for row in desk.ask_lines("inbox")]


def received(desk: Desk) -> list[str]:
    """What was ever announced: one journal entry each."""
    database = apsw.Connection(str(desk.home / "node.db"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        rows = database.execute("SELECT report, leaf FROM journal_entry WHERE report IS NOT NULL")
        return [bytes(report).hex() for report, leaf in rows if b"hReceived" in bytes(leaf)]
    finally:
        database.close()


def rung(desk: Desk, report: str) -> Any:
    return desk.ask("status", report)["recipients"][0]["rung"]


def restore(desk: Desk, file: Path, others: list[Desk]) -> Any:
    """Destroy a home and make it anew of a backup; everybody takes the new card."""
    shutil.rmtree(desk.home)
    told = desk.ask("restore", file)
    card = desk.home.with_suffix(".new-card")
    desk.ask("partner", "card", "-o", card)
    for other in others:
        assert other.ask("partner", "add", card)["state"] == "VERIFIED"
    return told


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Desk, Desk]:
    desks = (make(tmp_path, "jp"), make(tmp_path, "nato"))
    befriend(desks)
    return desks


class Load:
    """Reports for nato, one after another, until it ends."""

    def __init__(self, desk: Desk) -> None:
        self.sent: list[str] = []
        self._desk = desk
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Self:
        self._thread.start()
        self.goes_on(2)
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def goes_on(self, more: int) -> None:
        wanted = len(self.sent) + more
        until(lambda: len(self.sent) >= wanted, "the load stopped")

    def _work(self) -> None:
        while not self._ending.is_set():
            ran = self._desk.run("--json", "send", "-", "--to", "cyber@nato", given=b"under load")
            if ran.status == 0:
                self.sent.append(ran.told["report"])


class Lost:
    """What two nodes exchanged of which the backup of jp knows nothing, or not all."""

    def __init__(self, jp: Desk, nato: Desk, text: Path, file: Path) -> None:
        self.proof = nato.home.with_suffix(".proof")
        with jp.served():
            self.before = send(jp, text, "cyber@nato")
            jp.ask("wait", self.before, "--rung", "DELIVERED")
            with Load(jp) as load:
                self.made = jp.ask("backup", file)
                load.goes_on(2)
            # A report each way, and an answer to one that the backup has.
            self.lost = send(jp, text, "cyber@nato")
            for report in (*load.sent, self.lost):
                jp.ask("wait", report, "--rung", "DELIVERED")
            self.sent = [*load.sent, self.lost, self.before]
            nato.ask("ack", self.before, "--by", "Maj Dupont")
            self.back = send(nato, text, "cyber@jp")
            nato.ask("wait", self.back, "--rung", "DELIVERED")
            jp.ask("ack", self.back, "--by", "Lt Sato")
            nato.ask("wait", self.back, "--rung", "ACKNOWLEDGED")
            jp.ask("wait", self.before, "--rung", "ACKNOWLEDGED")
            nato.ask("journal", "proof", self.back, "-o", self.proof)


def test_a_lost_node_comes_back(pair: tuple[Desk, Desk], text: Path, tmp_path: Path) -> None:
    jp, nato = pair
    file = tmp_path / "jp.backup"
    with nato.served():
        lost = Lost(jp, nato, text, file)
        assert lost.made["file"] == str(file)
        assert lost.made["size"] == file.stat().st_size
        assert lost.made["reports"] >= 2
        assert file.stat().st_mode & 0o777 == 0o600
        restore(jp, file, [nato])
        with jp.served():
            until(lambda: lost.back in inbox(jp), "the report that came after the backup")
            until(lambda: rung(jp, lost.before) == "ACKNOWLEDGED", "the answer after the backup")
            until(lambda: not missing(jp, lost.sent), "what is neither here nor alarmed")
            assert lost.lost in named(jp)
            assert lost.before not in named(jp)
            new = jp.ask("send", text, "--to", "cyber@nato", "--precedence", "flash")
            assert new["recipients"][0]["serial"] == 1
            jp.ask("wait", new["report"], "--rung", "DELIVERED")
            newer = send(nato, text, "cyber@jp")
            nato.ask("wait", newer, "--rung", "DELIVERED")
            until(lambda: jp.ask("journal", "verify")["witnessed"] != {}, "nato has seen nothing")
            for desk in pair:
                assert desk.ask("journal", "verify")["ok"]
            until(lambda: jp.ask_lines("held") == [], "what partners have is not held")
        check_proofs(jp, nato, lost)
    for desk in pair:  # once each, at both ends
        assert len(received(desk)) == len(set(received(desk)))
    assert sorted(received(nato)) == sorted(
        report.replace("-", "") for report in [*lost.sent, new["report"]]
    )
    assert kinds(jp).count("RESTORED") == 1
    assert kinds(nato).count("NEW_EPOCH") == 1
    assert not {"JOURNAL_CONFLICT", "OLD_COPY"} & {*kinds(jp), *kinds(nato)}


def named(desk: Desk) -> str:
    """What a restored node says that it has lost."""
    return " ".join(detail for kind, _, detail in alarms(desk) if kind == "SENT_AFTER_BACKUP")


def missing(desk: Desk, reports: list[str]) -> list[str]:
    """What is neither here nor alarmed."""
    told = named(desk)
    return [r for r in reports if r not in told and desk.run("status", r).status != 0]


def check_proofs(jp: Desk, nato: Desk, lost: Lost) -> None:
    """A proof of before the restore holds, and none loses what a newer receipt does not tell."""
    again = nato.home.with_suffix(".proof2")
    nato.ask("journal", "proof", lost.back, "-o", again)
    cards = ("--card", jp.home.with_suffix(".new-card"), "--card", nato.home.with_suffix(".card"))
    for path in (lost.proof, again):
        claims = nato.ask("verify", path, *cards)["claims"]
        assert "ACKNOWLEDGED" in [claim["type"] for claim in claims]


def test_what_waited_is_held_until_an_officer_lets_it_go(
    pair: tuple[Desk, Desk], text: Path, tmp_path: Path
) -> None:
    jp, nato = pair
    one, other = (send(jp, text, "cyber@nato") for _ in range(2))
    file = tmp_path / "jp.backup"
    jp.ask("backup", file)
    with jp.served(), nato.served():
        jp.ask("wait", other, "--rung", "DELIVERED", "--timeout", "120")
        jp.ask("wait", one, "--rung", "DELIVERED", "--timeout", "120")
    assert restore(jp, file, [nato])["held"] == 2
    assert {row["report"] for row in jp.ask_lines("held")} == {one, other}
    with jp.served(), nato.served():
        # nato has both; its receipts come again by themselves, and nothing is held any more.
        until(lambda: jp.ask_lines("held") == [], "receipts settle what partners have")
        assert rung(jp, one) == rung(jp, other) == "DELIVERED"
    assert sorted(received(nato)) == sorted(r.replace("-", "") for r in (one, other))


def test_what_was_never_delivered_goes_when_an_officer_says_so(
    pair: tuple[Desk, Desk], text: Path, tmp_path: Path
) -> None:
    jp, nato = pair
    report = send(jp, text, "cyber@nato")
    file = tmp_path / "jp.backup"
    jp.ask("backup", file)
    restore(jp, file, [nato])
    with jp.served(), nato.served():
        new = send(jp, text, "cyber@nato")
        jp.ask("wait", new, "--rung", "DELIVERED", "--timeout", "120")
        assert inbox(nato) == [new]
        (row,) = [jp.ask("held")]
        assert (row["report"], row["partner"], row["precedence"]) == (report, "nato", "FLASH")
        assert jp.fail("held", "send", new)["error"] == "not-found"
        assert jp.fail("held", "send")["error"] == "bad-input"
        jp.ask("held", "send", report[:8], "--by", "Lt Sato")
        jp.ask("wait", report, "--rung", "DELIVERED", "--timeout", "120")
        assert jp.ask_lines("held") == []
        assert jp.ask("journal", "verify")["ok"]


def test_a_backup_can_be_restored_twice(
    pair: tuple[Desk, Desk], text: Path, tmp_path: Path
) -> None:
    jp, nato = pair
    file = tmp_path / "jp.backup"
    jp.ask("backup", file)
    epochs = set()
    with nato.served():
        for _ in range(2):
            time.sleep(1)  # an epoch is a second
            epochs.add(restore(jp, file, [nato])["epoch"])
            with jp.served():
                report = send(jp, text, "cyber@nato")
                jp.ask("wait", report, "--rung", "DELIVERED", "--timeout", "120")
            assert jp.ask("journal", "verify")["ok"]
    assert len(epochs) == 2
    assert kinds(nato).count("NEW_EPOCH") == 2
    assert not {"OLD_COPY", "JOURNAL_CONFLICT", "REFUSED"} & set(kinds(nato))


def test_a_copy_of_a_home_in_service_is_noticed(
    pair: tuple[Desk, Desk], text: Path, tmp_path: Path
) -> None:
    jp, nato = pair
    clone = Desk("jp", tmp_path / "clone")
    shutil.copytree(jp.home, clone.home)
    with nato.served():
        with jp.served():
            jp.ask("wait", send(jp, text, "cyber@nato"), "--rung", "DELIVERED")
        with clone.served():
            report = send(clone, text, "cyber@nato")
            until(lambda: "OLD_COPY" in kinds(nato), "the serial was used twice")
            until(lambda: rung(clone, report) == "REFUSED", "the clone is told")
    assert nato.ask("journal", "verify")["ok"]
    told = json.loads(clone.run("--json", "journal", "verify").output)
    assert told["ok"] or "nato has signed to have seen" in told["reason"]


def test_the_old_node_in_service_beside_the_restored_is_noticed(
    pair: tuple[Desk, Desk], tmp_path: Path
) -> None:
    jp, nato = pair
    file, old = tmp_path / "jp.backup", Desk("jp", tmp_path / "old")
    jp.ask("backup", file)
    shutil.copytree(jp.home, old.home)
    restore(jp, file, [nato])
    with nato.served():
        with jp.served():
            until(lambda: "NEW_EPOCH" in kinds(nato), "the card says it")
        with old.served():
            until(lambda: "OLD_COPY" in kinds(nato), "it speaks of an epoch that is over")


def test_a_restore_is_all_or_nothing(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    jp, _ = pair
    file = tmp_path / "jp.backup"
    jp.ask("backup", file)
    raw = file.read_bytes()
    new = Desk("jp", tmp_path / "restored" / "jp")
    bad = tmp_path / "bad.backup"
    for place in (0, 20, 60, 300, len(raw) // 2, len(raw) - 1):
        bad.write_bytes(raw[:place] + bytes((raw[place] ^ 1,)) + raw[place + 1 :])
        assert new.fail("restore", bad)["error"] == "bad-backup"
        bad.write_bytes(raw[:place])
        assert new.fail("restore", bad)["error"] == "bad-backup"
    bad.write_bytes(raw + b"x")
    assert new.fail("restore", bad)["error"] == "bad-backup"
    assert new.fail("restore", tmp_path)["error"] == "bad-backup"
    assert jp.fail("restore", file)["error"] == "home-foreign"
    assert list((tmp_path / "restored").iterdir()) == []
    assert jp.fail("backup", file)["error"] == "bad-input"
    assert jp.fail("backup", tmp_path / "no" / "file")["error"] == "bad-input"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_the_root_key_may_be_elsewhere(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    jp, nato = pair
    apart = tmp_path / "root.key"
    shutil.move(jp.home / "keys" / "root.key", apart)
    file = tmp_path / "jp.backup"
    jp.ask("backup", file)
    shutil.rmtree(jp.home)
    told = jp.fail("restore", file)
    assert told["error"] == "keys-locked"
    assert "--root-key" in told["message"]
    wrong = jp.fail("restore", file, "--root-key", nato.home / "keys" / "root.key")
    assert wrong["error"] == "keys-locked"
    assert not jp.home.exists()
    jp.ask("restore", file, "--root-key", apart)


def test_attachments_are_in_a_backup_or_come_again(
    pair: tuple[Desk, Desk], text: Path, tmp_path: Path
) -> None:
    jp, nato = pair
    sample, file, saved = tmp_path / "sample.bin", tmp_path / "nato.backup", tmp_path / "saved.bin"
    sample.write_bytes(bytes(range(256)) * 8000)

    def attached() -> str:
        report = send(jp, text, "cyber@nato", "--attach", str(sample))
        until(
            lambda: jp.ask("status", report)["recipients"][0]["attachments"]["held"] == 1,
            "the attachment arrived",
        )
        return report

    def is_held(report: str) -> bool:
        arguments = ("show", report, "--attachment", "sample.bin", "-o", saved)
        return nato.run(*arguments).status == 0 and saved.read_bytes() == sample.read_bytes()

    with jp.served():
        with nato.served():
            before = attached()
            nato.ask("backup", file)
            after = attached()
        restore(nato, file, [])
        assert is_held(before)
        assert not is_held(after)
        with nato.served():
            until(lambda: is_held(after), "jp sends it again, with no new card of nato")


def test_wrapped_keys_stay_wrapped(tmp_path: Path) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text("correct horse battery staple\n")
    with_it = {"NOROSHI_PASSPHRASE_FILE": str(secret)}
    jp, file = Desk("jp", tmp_path / "jp"), tmp_path / "jp.backup"
    named = ("--partner", "jp", "--name", "JP", "--desk", "cyber", "--profile", "H3")
    assert jp.run("init", *named, environment=with_it).status == 0
    assert jp.ask("backup", file)["keys_wrapped"] is True
    shutil.rmtree(jp.home)
    assert jp.fail("restore", file)["error"] == "keys-locked"
    assert jp.run("restore", file, environment=with_it).status == 0


def test_a_second_copy(pair: tuple[Desk, Desk], text: Path) -> None:
    jp, nato = pair
    with jp.served():
        told = jp.fail("send", text, "--to", "cyber@nato", "--second-copy", "--timeout", "0.2")
        assert told["error"] == "timed-out"
        assert "accepted" in told["message"]
        with nato.served():
            sent = jp.ask("send", text, "--to", "cyber@nato", "--second-copy")
            assert sent["state"] == "SENT"
            assert rung(jp, sent["report"]) == "DELIVERED"


def test_a_backup_that_is_ended_leaves_nothing_under_its_name(
    pair: tuple[Desk, Desk], tmp_path: Path
) -> None:
    jp, _ = pair
    file = tmp_path / "jp.backup"
    process = subprocess.Popen(command("--home", jp.home, "backup", file))
    time.sleep(0.3)
    process.kill()
    process.wait()
    if file.exists():
        Desk("jp", tmp_path / "again").ask("restore", file)
