"""What commands write: never over a file that is there."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.program.conftest import Desk, befriend, command, make, run

pytestmark = pytest.mark.xdist_group("files")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Desk]:
    folder = tmp_path_factory.mktemp("files")
    jp, nato = make(folder, "jp"), make(folder, "nato")
    befriend([jp, nato])
    return jp, nato


def test_no_command_writes_over_another_file(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    jp, nato = pair
    there, key = tmp_path / "ito.key", tmp_path / "sato.key"
    run("root", "create", "-o", there)
    run("root", "create", "-o", key)
    secret = there.read_bytes()
    text = tmp_path / "text.txt"
    text.write_text("Intrusion at two ports.\n")
    report = jp.ask("send", text, "--to", "cyber@nato", "--attach", text)["report"]
    jp.ask("root", "request", "-o", tmp_path / "jp.request")
    revoke = ("--card", jp.home.with_suffix(".card"), "--since", "2026-01-01T00:00:00Z")
    proposed = ("--custodian", key.with_suffix(".pub"), "--threshold", "1")
    for words in (
        ("root", "create"),
        ("root", "public", "--key", there),
        ("root", "request"),
        ("root", "rotate", tmp_path / "jp.request", *proposed),
        ("root", "revoke", "--key", jp.home / "keys" / "root.key", *revoke),
        ("partner", "card"),
        ("journal", "proof", report),
        ("show", report),
        ("show", report, "--attachment", text.name),
        ("courier", "out", "--to", "nato"),
    ):
        refused = jp.fail(*words, "-o", there)
        assert (refused["error"], "is there already" in refused["message"]) == ("bad-input", True)
        assert there.read_bytes() == secret, words
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "ito.key", "ito.pub", "jp.request", "sato.key", "sato.pub", "text.txt",
    ]  # fmt: skip
    # The private key is not made either where its public half would replace another file.
    (tmp_path / "abe.pub").write_text("somebody else's")
    assert "is there already" in run("root", "create", "-o", tmp_path / "abe.key").errors
    assert not (tmp_path / "abe.key").exists()
    assert nato.fail("partner", "card", "-o", jp.home.with_suffix(".card"))["error"] == "bad-input"


def test_the_same_again_and_a_newer_card_are_no_loss(
    pair: tuple[Desk, Desk], tmp_path: Path
) -> None:
    jp, _ = pair
    text, saved, card = tmp_path / "text.txt", tmp_path / "saved.txt", tmp_path / "jp.card"
    text.write_text("Intrusion at two ports.\n")
    report = jp.ask("send", text, "--to", "cyber@nato", "--attach", text)["report"]
    for _ in range(2):
        jp.ask("show", report, "--attachment", text.name, "-o", saved)
        assert saved.read_bytes() == text.read_bytes()
    jp.ask("partner", "card", "-o", card)
    with jp.served("--peer", "127.0.0.1:0"):
        pass
    before = card.read_bytes()
    jp.ask("partner", "card", "-o", card)
    assert card.read_bytes() != before
    link = tmp_path / "link.card"
    link.symlink_to(card)
    assert "is there already" in jp.fail("partner", "card", "-o", link)["message"]


def test_a_device_is_no_file_to_replace(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    jp, _ = pair
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: jp.fail("partner", "card", "-o", pipe))
    writer.start()
    writer.join(20)
    assert not writer.is_alive(), "it waits for somebody who reads"
    assert jp.fail("partner", "card", "-o", tmp_path)["error"] == "bad-input"
    assert jp.fail("partner", "card", "-o", tmp_path / "no" / "card")["error"] == "bad-input"


def test_what_has_no_end_is_no_passphrase_and_no_key(
    pair: tuple[Desk, Desk], tmp_path: Path
) -> None:
    jp, _ = pair
    endless = Path("/dev/zero")
    arguments = ("account", "add", "Lt Sato", "--role", "administrator")
    refused = jp.fail(*arguments, "--passphrase-file", endless)
    assert "too long to be a passphrase" in refused["message"]
    ran = jp.run("inbox", environment={"NOROSHI_ACCOUNT_PASSPHRASE_FILE": str(endless)})
    assert "too long to be a passphrase" in ran.errors
    other = Desk("nz", tmp_path / "nz")
    ran = other.run(
        "init", "--partner", "nz", "--name", "NZ", "--desk", "cyber",
        environment={"NOROSHI_PASSPHRASE_FILE": str(endless)},
    )  # fmt: skip
    assert "too long to be a passphrase" in ran.errors
    link = tmp_path / "endless.key"
    link.symlink_to(endless)
    ran = run("root", "public", "--key", link, "-o", tmp_path / "endless.pub")
    assert ran.status == 1
    assert "Traceback" not in ran.errors


def test_who_changes_their_mind_at_once_sees_no_traceback() -> None:
    for milliseconds in range(0, 200, 20):
        process = subprocess.Popen(command("--help"), stdout=-1, stderr=-1, start_new_session=True)
        time.sleep(milliseconds / 1000)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        told = [line for line in errors.decode().splitlines() if "noroshi/" in line]
        # Before its first line is done, Python speaks for itself.
        assert not [line for line in told if "in <module>" not in line], milliseconds


def test_a_newer_proof_takes_the_place_of_an_older_one(pair: tuple[Desk, Desk]) -> None:
    jp, _ = pair
    one, other = (jp.ask("send", "-", "--to", "cyber@nato", given=b"x")["report"] for _ in "12")
    file = jp.home.parent / "of-one.proof"
    file.touch()
    jp.ask("journal", "proof", one, "-o", file)
    first = file.read_bytes()
    jp.ask("send", "-", "--to", "cyber@nato", given=b"more")
    jp.ask("journal", "proof", one, "-o", file)
    newest = file.read_bytes()
    assert newest != first
    assert "is there already" in jp.fail("journal", "proof", other, "-o", file)["message"]
    assert file.read_bytes() == newest
