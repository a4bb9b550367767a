"""Filling in a form: by options, from a file, and at a terminal."""

import json
import os
import pty
import select
import subprocess
import time
from pathlib import Path

import pytest

from tests.program.conftest import Desk, befriend, command, make

TOML = """
summary = "Somebody is in."
sectors = ["energy"]
first_seen = "2026-11-21T01:40:00Z"
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Desk]:
    folder = tmp_path_factory.mktemp("compose")
    jp, nato = make(folder, "jp"), make(folder, "nato")
    befriend([jp, nato])
    return jp, nato


def test_a_form_is_filled_in_by_options(pair: tuple[Desk, Desk]) -> None:
    jp, _ = pair
    told = jp.ask(
        "new", "missile-event", "--to", "cyber@nato", "--precedence", "flash", "--status", "test",
        "--set", "detected_at=2026-11-21T06:12:00Z", "--set", "type=s", "--set", "number=2",
        "--set", "launch_place=39.5 125.2 West coast", "--set", "overflight=jp;kr",
    )  # fmt: skip
    shown = jp.ask("show", told["report"])
    assert (shown["kind"], shown["precedence"], shown["status"]) == (
        "missile-event", "FLASH", "TEST",
    )  # fmt: skip
    body = json.loads(shown["body"])
    assert body["type"] == "srbm"
    assert body["launch_place"] == {"name": "West coast", "latitude": 39.5, "longitude": 125.2}
    assert body["overflight"] == ["jp", "kr"]
    assert shown["subject"] == "Missile launch"


def test_a_form_is_filled_in_from_a_file(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    jp, _ = pair
    file = tmp_path / "incident.toml"
    file.write_text(TOML)
    told = jp.ask(
        "new", "cyber-incident", "--to", "cyber@nato", "--file", file, "--set", "sectors=water"
    )
    body = json.loads(jp.ask("show", told["report"])["body"])
    assert body["sectors"] == ["energy", "water"]
    given = json.dumps({"summary": "By a machine."}).encode()
    told = jp.ask("new", "cyber-incident", "--to", "cyber@nato", "--file", "-", given=given)
    assert "By a machine." in jp.ask("show", told["report"])["body"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gossip"], "cyber-incident"),
        (["missile-event", "--set", "depth=3"], "detected_at"),
        (["missile-event", "--set", "detected_at"], "detected_at"),
        (["missile-event", "--set", "detected_at=soon"], "06:12"),
        (["missile-event", "--set", "type=srbm"], "detected_at"),
        (["missile-event", "--file", "-"], "neither TOML nor JSON"),
    ],
)
def test_what_is_wrong_with_a_form_is_said(
    pair: tuple[Desk, Desk], arguments: list[str], said: str
) -> None:
    told = pair[0].fail("new", *arguments, "--to", "cyber@nato", given=b"{nothing")
    assert said in told["message"]


def test_answers_offers_and_commitments_go_to_who_asked(pair: tuple[Desk, Desk]) -> None:
    jp, nato = pair
    with jp.served(), nato.served():
        asked = jp.ask(
            "new", "disaster-relief", "--to", "cyber@nato", "--precedence", "immediate",
            "--set", "state=requested", "--set", "needs=Search and rescue team: 4 teams",
        )["report"]  # fmt: skip
        jp.ask("wait", asked, "--rung", "DELIVERED", "--timeout", "30")
        for command_name, state in (("offer", "offered"), ("commit", "committed")):
            told = nato.ask(command_name, asked, "--set", "needs=Search and rescue team: 2 teams")
            shown = nato.ask("show", told["report"])
            assert shown["to"] == ["cyber@jp"]
            assert shown["references"] == [asked]
            assert shown["precedence"] == "IMMEDIATE"
            assert json.loads(shown["body"])["state"] == state
        question = jp.ask(
            "new", "request-for-information", "--to", "cyber@nato", "--set", "question=Seen it?"
        )["report"]
        jp.ask("wait", question, "--rung", "DELIVERED", "--timeout", "30")
        told = nato.ask("answer", question, "--set", "text=Once.", "--set", "grading=a2")
        assert json.loads(nato.ask("show", told["report"])["body"])["grading"] == "A2"
        assert "our own" in jp.fail("answer", question, "--set", "text=x")["message"]


def test_a_person_is_asked_only_for_what_is_needed_first(pair: tuple[Desk, Desk]) -> None:
    """A FLASH on a terminal, in Japanese: every question once, a wrong answer again."""
    jp, _ = pair
    screen, inner = pty.openpty()
    process = subprocess.Popen(
        command("--home", jp.home, "--lang", "ja", "new", "missile-event", "--to", "cyber@nato"),
        stdin=inner,
        stdout=inner,
        stderr=inner,
        env={**os.environ, "TERM": "dumb"},
    )
    os.close(inner)
    shown = ""
    try:
        for question, answer in (
            ("探知時刻", "いつか"),
            ("探知時刻", "06:12"),
            ("発射地点", "39.5 125.2"),
            ("推定種別", "短"),
            ("飛翔の状況", ""),
            ("発射数", "1"),
            ("発信しますか", ""),
            ("発信しますか", "y"),
        ):
            shown += until(screen, f"{question}")
            os.write(screen, f"{answer}\n".encode())
        shown += until(screen, "SENT")
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(screen)
    assert "Passphrase" not in shown  # its keys are not wrapped, so the new ones are not either
    assert "短距離弾道ミサイル" in shown
    assert "39°30.0'N 125°12.0'E" in shown


def until(screen: int, words: str) -> str:
    """Read a terminal until it has said `words`, and asks."""
    shown, deadline = b"", time.monotonic() + 60
    while words not in shown.decode(errors="replace") or not shown.rstrip().endswith((b":", b"ID")):
        ready, _, _ = select.select([screen], [], [], max(0, deadline - time.monotonic()))
        assert ready, (words, shown.decode(errors="replace"))
        try:
            shown += os.read(screen, 4096)
        except OSError:  # the other end is closed
            break
        if words == "SENT" and b"SENT" in shown:
            break
    return shown.decode(errors="replace")
