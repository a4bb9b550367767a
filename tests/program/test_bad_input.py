"""What cannot be done: a clear sentence, exit 1, and nothing half done."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program.conftest import Desk, Federation, befriend, make, run

pytestmark = pytest.mark.xdist_group("federation")


@pytest.fixture(scope="module")
def jp(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A node that nobody serves; nato is verified, au is not."""
    folder = tmp_path_factory.mktemp("bad-input")
    jp, nato, au = make(folder, "jp"), make(folder, "nato"), make(folder, "au")
    befriend([jp, nato])
    au.ask("partner", "card", "-o", au.home.with_suffix(".card"))
    jp.ask("partner", "add", au.home.with_suffix(".card"))
    return jp


@pytest.mark.parametrize(
    ("body", "arguments", "code", "hint"),
    [
        (b"text", ["--to", "cyber@xx"], "unknown-partner", "partner add"),
        (b"text", ["--to", "cyber@au"], "partner-unverified", "partner number au"),
        (b"text", ["--to", "cyber@jp"], "unknown-partner", "this node itself"),
        (b"text", ["--to", "space@nato"], "unknown-desk", "cyber"),
        (b"text", ["--to", "nato"], "bad-input", "desk@partner"),
        (b"text", [], "bad-input", "--to"),
        (b"", ["--to", "cyber@nato"], "body-empty", "empty"),
        (b" \n ", ["--to", "cyber@nato"], "body-empty", "empty"),
        (b"x" * (4 * 1024 * 1024 + 1), ["--to", "cyber@nato"], "body-too-large", "--attach"),
        (b"caf\xe9", ["--to", "cyber@nato"], "not-utf8", "UTF-8"),
        (b'{"type": "bundle",', ["--to", "cyber@nato"], "bad-json", "--text"),
        (b'{"a": 1, "a": 2}', ["--to", "cyber@nato"], "bad-json", "twice"),
        (b'{"noroshi": 2}', ["--to", "cyber@nato"], "bad-json", "version 1"),
        (b'{"noroshi": 1, "subject": 5}', ["--to", "cyber@nato"], "bad-json", "subject"),
        (b"text", ["--to", "cyber@nato", "--precedence", "now"], "bad-input", "flash"),
        (b"text", ["--to", "cyber@nato", "--status", "maybe"], "bad-input", "exercise"),
        (b"text", ["--to", "cyber@nato", "--kind", "gossip"], "bad-input", "cyber-incident"),
        (b"text", ["--to", "cyber@nato", "--marking", "SECRET"], "bad-marking", "TLP:AMBER"),
        (b"text", ["--to", "cyber@nato", "--marking", "NATO SECRET"], "not-releasable", "needs"),
        (b"text", ["--to", "cyber@nato", "--expires", "soon"], "bad-input", "time zone"),
        (b"text", ["--to", "cyber@nato", "--expires", "2026-01-01T00:00:00Z"], "expired", "over"),
        (b"text", ["--to", "cyber@nato", "--attach", "/tmp"], "attachment-unreadable", "folder"),
        (b"text", ["--to", "cyber@nato", "--attach", "/none"], "attachment-unreadable", "none"),
        (b"text", ["--to", "cyber@nato", "--from", "ops"], "unknown-desk", "cyber"),
        (b"text", ["--to", "cyber@nato", "--subject", "two\nlines"], "bad-input", "several lines"),
        (b"text", ["--to", "cyber@nato", "--by", ""], "bad-input", "name"),
    ],
)  # fmt: skip
def test_send_refuses_and_changes_nothing(
    jp: Desk, body: bytes, arguments: list[str], code: str, hint: str
) -> None:
    before = jp.ask("journal", "verify")["size"]
    refused = jp.fail("send", "-", *arguments, given=body)
    assert refused["error"] == code
    assert hint in refused["message"]
    assert jp.ask("journal", "verify")["size"] == before
    assert not list((jp.home / "blobs").iterdir())


def test_a_check_gives_every_reason_and_sends_nothing(jp: Desk) -> None:
    told = jp.ask(
        "send", "-", "--check", "--to", "cyber@au", "--to", "space@nato",
        "--marking", "NATO SECRET", given=b"text",
    )  # fmt: skip
    assert told["allowed"] is False
    assert len(told["reasons"]) == 5
    allowed = jp.ask("send", "-", "--check", "--to", "cyber@nato", given=b"text")
    assert allowed == {"allowed": True, "reasons": []}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["show", "0000"], "not-found"),
        (["show", "xyz!"], "bad-input"),
        (["ack", "0000"], "not-found"),
        (["status", "00000000-0000-4000-8000-000000000000"], "not-found"),
        (["journal", "proof", "0000", "-o", "proof"], "not-found"),
        (["partner", "number", "zz"], "unknown-partner"),
        (["partner", "verify", "nato", "--number", "1", "--by", "x"], "number-mismatch"),
        (["inbox", "--desk", "space"], "unknown-desk"),
        (["partner", "add", "/none"], "bad-card"),
        (["verify", "/none", "--card", "/none"], "bad-card"),
    ],
)
def test_other_commands_refuse(jp: Desk, arguments: list[str], code: str) -> None:
    assert jp.fail(*arguments)["error"] == code


@pytest.mark.parametrize(
    "arguments",
    [["send"], ["send", "-", "--nope"], ["show"], ["wait", "0000"], ["decline", "0000"], ["x"]],
)
def test_wrong_usage_exits_with_2(jp: Desk, arguments: list[str]) -> None:
    ran = jp.run(*arguments)
    assert ran.status == 2
    assert "Usage" in ran.errors


def test_a_card_that_was_changed_is_refused(jp: Desk, tmp_path: Path) -> None:
    card = jp.ask("partner", "card")["card"]
    changed = tmp_path / "changed.card"
    changed.write_text(card.replace(card[200:204], "AAAA"))
    assert jp.fail("partner", "add", changed)["error"] == "bad-card"
    changed.write_text("no card at all")
    assert jp.fail("partner", "add", changed)["error"] == "bad-card"


def test_a_card_of_another_root_is_refused(jp: Desk, tmp_path: Path) -> None:
    impostor = make(tmp_path, "nato")
    impostor.ask("partner", "card", "-o", tmp_path / "nato.card")
    refused = jp.fail("partner", "add", tmp_path / "nato.card")
    assert refused["error"] == "root-changed"
    states = {p["partner"]: p["state"] for p in jp.ask_lines("partner", "list")}
    assert states["nato"] == "VERIFIED"


def test_a_newer_card_needs_no_new_comparison(tmp_path: Path) -> None:
    jp, nato = make(tmp_path, "jp"), make(tmp_path, "nato")
    befriend([jp, nato])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with nato.served("--peer", f"127.0.0.1:{port}") as ready:
        assert ready["peer_url"] == f"https://127.0.0.1:{port}"
        newer = nato.ask("partner", "card", "-o", tmp_path / "newer.card")
        assert newer["number"] == 2
        told = jp.ask("partner", "add", tmp_path / "newer.card")
        assert (told["state"], told["peer_url"]) == ("VERIFIED", ready["peer_url"])
        older = jp.fail("partner", "add", nato.home.with_suffix(".card"))
        assert older["error"] == "card-older"
        with jp.served():
            report = jp.ask("send", "-", "--to", "cyber@nato", given=b"moved?")["report"]
            jp.ask("wait", report, "--rung", "DELIVERED", "--timeout", "120")


def test_a_second_init_changes_nothing(jp: Desk) -> None:
    card = jp.ask("partner", "card")
    refused = jp.fail("init", "--partner", "zz", "--name", "Z", "--desk", "cyber")
    assert refused["error"] == "already-initialised"
    assert jp.ask("partner", "card") == card


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--partner", "J P", "--name", "x", "--desk", "cyber"], "bad-input"),
        (["--partner", "jp", "--name", "x", "--desk", "CYBER"], "bad-input"),
        (["--partner", "jp", "--name", "", "--desk", "cyber"], "bad-input"),
        (["--partner", "jp", "--name", "x", "--desk", "c", "--peer", "nowhere"], "bad-input"),
        (["--partner", "jp", "--name", "x", "--desk", "c", "--default-marking", "X"],
         "bad-marking"),
    ],
)  # fmt: skip
def test_init_refuses_and_leaves_nothing(tmp_path: Path, arguments: list[str], code: str) -> None:
    desk = Desk("jp", tmp_path / "jp")
    assert desk.fail("init", *arguments)["error"] == code
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    desk = Desk("jp", tmp_path)
    refused = desk.fail("init", "--partner", "jp", "--name", "Japan", "--desk", "cyber")
    assert refused["error"] == "home-foreign"
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]
    assert desk.fail("inbox")["error"] == "not-initialised"


def test_a_home_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    desk = make(tmp_path, "jp")
    desk.home.chmod(0o755)
    assert "chmod 700" in desk.fail("inbox")["message"]
    desk.home.chmod(0o700)
    (desk.home / "keys" / "report.key").chmod(0o644)
    refused = desk.fail("send", "-", "--to", "cyber@nato", given=b"x")
    assert "chmod 600" in refused["message"]
    if os.getuid() == 0:
        os.chown(desk.home, 12345, 12345)
        assert "another user" in desk.fail("inbox")["message"]


def test_private_keys_are_private_and_never_printed(jp: Desk) -> None:
    for key in (jp.home / "keys").iterdir():
        assert key.stat().st_mode & 0o777 == 0o600
    assert (jp.home / "tls.key").stat().st_mode & 0o777 == 0o600
    assert jp.home.stat().st_mode & 0o777 == 0o700


def test_wrapped_keys_need_their_passphrase(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("a long passphrase\n")
    wrong.write_text("another one\n")
    desk = Desk("jp", tmp_path / "jp")
    made = desk.run(
        "init", "--partner", "jp", "--name", "Japan", "--desk", "cyber",
        environment={"NOROSHI_PASSPHRASE_FILE": str(right)},
    )  # fmt: skip
    assert made.status == 0, made.errors
    assert desk.run("inbox").status == 0
    card = ["--json", "partner", "add", str(tmp_path / "nato.card")]
    nato = make(tmp_path, "nato")
    nato.ask("partner", "card", "-o", tmp_path / "nato.card")
    locked = desk.run(*card)
    assert json.loads(locked.text)["error"] == "keys-locked"
    mistaken = desk.run(*card, environment={"NOROSHI_PASSPHRASE_FILE": str(wrong)})
    assert "wrong" in json.loads(mistaken.text)["message"]
    opened = desk.run(*card, environment={"NOROSHI_PASSPHRASE_FILE": str(right)})
    assert opened.status == 0, opened.errors
    for key in (desk.home / "keys").iterdir():
        assert b"a long passphrase" not in key.read_bytes()


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    desk = make(tmp_path, "jp")
    host, port = desk.ask("partner", "card")["peer_url"].removeprefix("https://").split(":")
    with socket.socket() as other:
        other.bind((host, int(port)))
        other.listen()
        assert desk.fail("serve")["error"] == "port-in-use"
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        refused = desk.fail("serve", "--listen", f"127.0.0.1:{taken}")
        assert refused["error"] == "port-in-use"
    outside = desk.fail("serve", "--listen", "0.0.0.0:0")
    assert "--tls-cert" in outside["message"]


def test_a_home_is_served_once(federation: Federation) -> None:
    assert federation.jp.fail("serve")["error"] == "home-busy"


def test_a_wait_in_vain_exits_with_1(federation: Federation, text: Path) -> None:
    report = federation.jp.ask("send", text, "--to", "ops@nato")["report"]
    ran = federation.jp.run("--json", "wait", report, "--rung", "ACTIONED", "--timeout", "0.2")
    assert ran.status == 1
    assert ran.told["report"] == report


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m,mode=700", "tmpfs", str(disk)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_refuses_and_recovers(small_disk: Path, tmp_path: Path) -> None:
    jp = make(small_disk, "jp")
    nato = make(tmp_path, "nato")
    befriend([jp, nato])
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    before = nato.ask("journal", "verify")["size"]
    refused = jp.fail("send", "-", "--to", "cyber@nato", given=b"x" * 200_000)
    assert refused["error"] == "disk-full"
    big = tmp_path / "big"
    big.write_bytes(bytes(9_000_000))
    refused = jp.fail("send", "-", "--to", "cyber@nato", "--attach", big, given=b"text")
    assert refused["error"] == "disk-full"
    filler.unlink()
    sent = jp.ask("send", "-", "--to", "cyber@nato", given=b"room again")
    assert sent["recipients"][0]["serial"] == 1
    assert jp.ask("journal", "verify")["ok"] is True
    assert nato.ask("journal", "verify")["size"] == before


def test_what_a_partner_wrote_cannot_rewrite_the_screen(federation: Federation) -> None:
    nasty = "harmless \x1b[2J\x1b[31m red \u202e gnp.exe \u200b end".encode()
    report = federation.jp.ask("send", "-", "--to", "cyber@nato", "--text", given=nasty)["report"]
    federation.jp.ask("wait", report, "--rung", "DELIVERED")
    shown = federation.nato.run("show", report).text
    assert "\x1b[2J" not in shown
    assert "\u202e" not in shown
    assert "‹U+001B›" in shown
    assert "‹U+202E›" in shown
    assert federation.nato.run("show", report, "--raw").output == nasty


def test_help_has_an_example_for_every_group() -> None:
    assert "noroshi init --partner jp" in run("--help").text
    assert "noroshi send warning.txt" in run("send", "--help").text
    assert "noroshi partner verify" in run("partner", "--help").text


def test_the_doctor_says_what_is_wrong(jp: Desk, tmp_path: Path) -> None:
    ran = jp.run("--json", "doctor")
    found = {check["check"]: check for check in ran.lines}
    assert ran.status == 1
    assert list(found) == [
        "clock",
        "disk",
        "keys",
        "directory",
        "reports",
        "retention",
        "passphrases",
        "scanner",
        "partners",
        "outbox",
    ]
    assert [name for name, check in found.items() if not check["ok"]] == ["partners"]
    assert "noroshi partner number" in found["partners"]["message"]
    alone = make(tmp_path, "kr")
    assert all(check["ok"] for check in alone.ask_lines("doctor"))
    key = alone.home / "keys" / "root.key"
    key.chmod(0o644)
    found = {check["check"]: check for check in alone.run("--json", "doctor").lines}
    assert not found["keys"]["ok"]
    assert "root.key" in found["keys"]["message"]
