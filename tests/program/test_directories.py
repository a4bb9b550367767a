"""Directories between real nodes: over HTTPS, on files, beside cards; and the root's ceremony."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from noroshi.adapters.sealing.pyca import PycaPrimitives
from noroshi.core.directory.armour import armoured, read_armoured
from noroshi.core.directory.ceremony import fingerprint, read_keys
from noroshi.core.envelope.keys import Purpose
from tests.program.conftest import Desk, befriend, make, run
from tests.program.waiting import until

pytestmark = pytest.mark.xdist_group("directories")


def partner(desk: Desk, name: str) -> Any:
    (row,) = [each for each in desk.ask_lines("partner", "list") if each["partner"] == name]
    return row


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Desk, Desk]:
    jp, nato = make(tmp_path, "jp", profile="H5"), make(tmp_path, "nato")
    befriend([jp, nato])
    return jp, nato


def ceremony(folder: Path, jp: Desk) -> tuple[Path, list[Path], tuple[str, str]]:
    """Make three custodians and a root of two of them, away from the node.

    Returns the root, their keys, and the words by which they say what online keys they were told.
    """
    keys = [folder / f"{name}.key" for name in ("sato", "ito", "abe")]
    for key in keys:
        assert run("root", "create", "-o", key).status == 0
        assert key.stat().st_mode & 0o077 == 0
    told = jp.ask("root", "request", "-o", folder / "jp.request")["online_keys"]
    named = [word for key in keys for word in ("--custodian", str(key.with_suffix(".pub")))]
    proposed = folder / "jp.root"
    made = run("root", "rotate", folder / "jp.request", *named, "--threshold", "2", "-o", proposed)
    assert "Still to sign: 1 of the custodians so far, 2 of the custodians from then on" in (
        made.text
    )
    assert f"online keys {told}, as before" in made.text
    return proposed, keys, ("--online-keys", told)


def read_fingerprint(key: Path) -> str:
    (made,) = read_keys(key.with_suffix(".pub").read_bytes(), (Purpose.ROOT,), PycaPrimitives())
    return fingerprint(made)


def test_a_directory_goes_over_https_and_the_lines_say_so(pair: tuple[Desk, Desk]) -> None:
    jp, nato = pair
    assert partner(jp, "nato")["directory_by"] == "hand"
    with jp.served(), nato.served():
        until(lambda: partner(jp, "nato")["directory_by"] == "net")
        until(lambda: partner(nato, "jp")["directory_by"] == "net")
        (line,) = jp.ask_lines("lines")
        assert (line["directory"], line["root_threshold"]) == ("FRESH", [1, 1])
    assert "FRESH" in jp.run("partner", "list").text
    assert jp.ask("journal", "verify")["ok"] is True


def test_custodians_take_over_from_the_first_key(
    pair: tuple[Desk, Desk], tmp_path: Path, text: Path
) -> None:
    jp, nato = pair
    number = nato.ask("partner", "number", "jp")["number"]
    proposed, (sato, ito, abe), told = ceremony(tmp_path, jp)
    first = jp.home / "keys" / "root.key"
    assert run("root", "sign", proposed, "--key", first).status == 0
    unsure = run("root", "sign", proposed, "--key", sato)
    assert "new to this key" in unsure.errors
    other = run("root", "sign", proposed, "--key", sato, "--online-keys", "51c0 a7d2")
    assert "do not sign it" in other.errors
    assert run("root", "sign", proposed, "--key", sato, *told).status == 0
    refused = jp.fail("root", "take", proposed, "--by", "Capt Abe")
    assert refused["error"] == "root-changed"
    assert "still to sign: 1 of the custodians from then on" in refused["message"]
    assert read_fingerprint(abe) in refused["message"]
    assert read_fingerprint(sato) not in refused["message"]
    stranger = tmp_path / "stranger.key"
    run("root", "create", "-o", stranger)
    assert "of no custodian" in run("root", "sign", proposed, "--key", stranger, *told).errors
    assert "It is signed" in run("root", "sign", proposed, "--key", abe, *told).text
    assert jp.fail("root", "remove-key", "--by", "Capt Abe")["error"] == "last-custodian"
    with jp.served(), nato.served():
        taken = jp.ask("root", "take", proposed, "--by", "Capt Abe")
        assert (taken["version"], taken["threshold"], taken["custodians"]) == (2, 2, 3)
        again = jp.fail("root", "take", proposed, "--by", "Capt Abe")
        assert "goes by that root already" in again["message"]
        jp.ask("root", "remove-key", "--by", "Capt Abe")
        assert not first.exists()
        until(lambda: partner(nato, "jp")["root_version"] == 2)
        report = nato.ask("send", text, "--to", "cyber@jp")["report"]
        nato.ask("wait", report, "--rung", "DELIVERED", "--timeout", "120")
    assert partner(nato, "jp")["root_threshold"] == [2, 3]
    assert nato.ask("partner", "number", "jp")["number"] == number
    # The node goes on without the first key: another address, told by the directory alone.
    before = partner(nato, "jp")["peer_url"]
    with nato.served(), jp.served("--peer", "127.0.0.1:0"):
        assert jp.ask("partner", "card")["peer_url"] != before
        until(lambda: partner(nato, "jp")["peer_url"] != before)
    # A third partner takes card, chain and directory from one file, and verifies the digits once.
    au = make(tmp_path, "au")
    befriend([jp, au])
    assert partner(au, "jp")["root_version"] == 2
    assert ito.exists()


def test_a_stolen_node_comes_back_with_new_keys_by_its_custodians(
    pair: tuple[Desk, Desk], tmp_path: Path, text: Path
) -> None:
    jp, nato = pair
    proposed, keys, told = ceremony(tmp_path, jp)
    for key in (jp.home / "keys" / "root.key", *keys):
        run("root", "sign", proposed, "--key", key, *told)
    jp.ask("root", "take", proposed, "--by", "Capt Abe")
    jp.ask("root", "remove-key", "--by", "Capt Abe")
    jp.ask("backup", tmp_path / "jp.backup")
    nato.ask("partner", "revoke", "jp", "--since", "2026-01-01T00:00:00Z", "--by", "Maj Dupont")
    anew = Desk("jp", tmp_path / "anew")
    anew.ask("restore", tmp_path / "jp.backup", "--new-keys")
    told = anew.ask("root", "request", "-o", tmp_path / "anew.request")["online_keys"]
    following = tmp_path / "anew.root"
    shown = run("root", "rotate", tmp_path / "anew.request", "--threshold", "2", "-o", following)
    assert f"online keys {told}, NEW" in shown.text
    for key in keys[:2]:
        assert "new to this key" in run("root", "sign", following, "--key", key).errors
        run("root", "sign", following, "--key", key, "--online-keys", told)
    assert anew.ask("root", "take", following, "--by", "Capt Abe")["version"] == 3
    word, both = tmp_path / "jp.one", tmp_path / "jp.both"
    old_card, since = jp.home.with_suffix(".card"), "2026-01-01T00:00:00Z"
    jp.ask("partner", "card", "-o", old_card)
    run("root", "revoke", "--key", keys[0], "--card", old_card, "--since", since, "-o", word)
    run("root", "revoke", "--key", keys[1], "--card", old_card, "--onto", word, "-o", both)
    anew.ask("partner", "revoke", "jp", "--notice", both, "--by", "Capt Abe")
    with anew.served():
        until(
            lambda: (
                {"check": "directory", "ok": True, "message": "names the newest card"}
                in (anew.ask_lines("doctor"))
            )
        )
    befriend([nato, anew])
    with nato.served(), anew.served():
        report = nato.ask("send", text, "--to", "cyber@jp")["report"]
        nato.ask("wait", report, "--rung", "DELIVERED", "--timeout", "120")


def test_an_old_home_gets_a_directory_when_it_is_served(pair: tuple[Desk, Desk]) -> None:
    """As after an upgrade: no directory, no role keys."""
    jp, nato = pair
    database = sqlite3.connect(jp.home / "node.db")
    database.executescript("DELETE FROM own_directory; DELETE FROM directory_root;")
    database.commit()
    database.close()
    for name in ("targets", "snapshot", "timestamp"):
        (jp.home / "keys" / f"{name}.key").unlink()
    assert jp.ask("partner", "card")["root_version"] is None
    with jp.served():
        until(lambda: jp.ask("partner", "card")["root_version"] == 1)
    assert nato.ask_lines("partner", "list")


def test_a_card_with_a_damaged_directory_is_refused(
    pair: tuple[Desk, Desk], tmp_path: Path
) -> None:
    jp, _ = pair
    au = make(tmp_path, "au")
    whole = jp.home.with_suffix(".card").read_text()
    head, mark, rest = whole.partition("-----BEGIN NOROSHI DIRECTORY-----\n")
    raw = bytearray(read_armoured("DIRECTORY", whole.encode()) or b"")
    raw[len(raw) // 2] ^= 1
    broken = tmp_path / "broken.card"
    broken.write_text(head + armoured("DIRECTORY", bytes(raw)))
    assert au.fail("partner", "add", broken)["error"] in {"bad-directory", "root-changed"}
    torn = tmp_path / "torn.card"
    torn.write_text(head + mark + rest[:500])
    assert "is torn" in au.fail("partner", "add", torn)["message"]
    alone = tmp_path / "alone.card"
    alone.write_text(head)
    assert au.ask("partner", "add", alone)["directory"] == "UNTOLD"
    assert au.ask("partner", "add", jp.home.with_suffix(".card"))["directory"] == "FRESH"


def test_directories_go_on_courier_files(tmp_path: Path) -> None:
    jp, nato = make(tmp_path, "jp"), make(tmp_path, "nato")
    befriend([jp, nato])
    before = partner(nato, "jp")["directory_until"]
    proposed, keys, told = ceremony(tmp_path, jp)
    for key in (jp.home / "keys" / "root.key", *keys):
        run("root", "sign", proposed, "--key", key, *told)
    jp.ask("root", "take", proposed, "--by", "Capt Abe")
    file = tmp_path / "stick.courier"
    jp.ask("courier", "out", "--to", "nato", "-o", file)
    nato.ask("courier", "in", file)
    row = partner(nato, "jp")
    assert (row["directory_by"], row["root_version"]) == ("hand", 2)
    assert row["directory_until"] >= before


def test_what_people_type_wrong_is_told(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    jp, _ = pair
    assert "has to end in .key" in run("root", "create", "-o", tmp_path / "x.txt").errors
    run("root", "create", "-o", tmp_path / "x.key")
    assert "is there already" in run("root", "create", "-o", tmp_path / "x.key").errors
    jp.ask("root", "request", "-o", tmp_path / "jp.request")
    tried = run(
        "root", "rotate", tmp_path / "jp.request", "--custodian", tmp_path / "x.pub",
        "--threshold", "2", "-o", tmp_path / "jp.root",
    )  # fmt: skip
    assert "2 of 1 different custodians cannot sign" in tried.errors
    secret = run(
        "root", "rotate", tmp_path / "jp.request", "--custodian", tmp_path / "x.key",
        "--threshold", "1", "-o", tmp_path / "jp.root",
    )  # fmt: skip
    assert "is a private key" in secret.errors
    assert "x.pub" in secret.errors
    with (tmp_path / "large").open("wb") as large:
        large.truncate(7 * 1024 * 1024)
    tried = run("root", "sign", tmp_path / "large", "--key", tmp_path / "x.key")
    assert "too large to be a root that custodians sign" in tried.errors
    assert jp.fail("root", "take", tmp_path / "x.pub", "--by", "A")["error"] == "bad-input"
    tried = run(
        "root", "rotate", jp.home / "noroshi.toml", "--threshold", "1", "-o", tmp_path / "y"
    )
    assert tried.status == 1
