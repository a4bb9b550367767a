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
        jp.ask("wait", asked, "--rung", "DELIVERED", "--timeout", "120")
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
        jp.ask("wait", question, "--rung", "DELIVERED", "--timeout", "120")
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
            ("発信しない", ""),
            ("発信しない", "はい"),
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
    assert "探知時刻 (必須): " in shown
    assert "読み取れません" in shown
    assert "短距離弾道ミサイル" in shown
    for said in (
        "区分表示：TLP:AMBER",
        "優先順位：ROUTINE 普通",
        "措置：cyber@nato",
        "ACTUAL 実際",
    ):
        assert said in shown
    assert "39°30.0'N 125°12.0'E" in shown


def talk(jp: Desk, *arguments: str, folder: Path, answers: list[str]) -> tuple[int, str]:
    """Give a command on a terminal, and one answer to each question; return what it shows."""
    screen, inner = pty.openpty()
    process = subprocess.Popen(
        command("--home", jp.home, *arguments),
        stdin=inner, stdout=inner, stderr=inner, env={**os.environ, "TERM": "dumb"}, cwd=folder,
    )  # fmt: skip
    os.close(inner)
    shown = ""
    try:
        for answer in answers:
            shown += until(screen, "")
            os.write(screen, f"{answer}\n".encode())
        shown += until(screen, "\0")
        status = process.wait(30)
    finally:
        process.kill()
        process.wait()
        os.close(screen)
    return status, shown.replace("\r", "")


def test_nothing_is_asked_for_what_may_not_go(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    for wrong, said in (
        (("--to", "cyber@mars"), "no partner 'mars'"),
        (("--to", "cyber@nato", "--marking", "AMBER"), "is no marking"),
        (("--to", "cyber@nato", "--precedence", "soon"), "is no precedence"),
        (("--to", "cyber@nato", "--status", "real"), "is no status"),
    ):
        status, shown = talk(pair[0], "new", "comms-check", *wrong, folder=tmp_path, answers=[])
        assert status == 1
        assert said in shown
        assert "Type ?" not in shown


def test_a_value_is_looked_at_where_it_is_given_and_nothing_typed_is_lost(
    pair: tuple[Desk, Desk], tmp_path: Path
) -> None:
    jp, _ = pair
    given = ("--to", "cyber@nato", "--status", "exercise")
    status, shown = talk(
        jp, "new", "missile-event", *given, folder=tmp_path,
        answers=["06:12", "39.5S", "39,5 125,2 20 km", "", "", "-3", "2", "azimuth", "400", "n"],
    )  # fmt: skip
    assert status == 1
    for said in ("begins like a point", "= 39°30.0'N 125°12.0'E, 20 km", "number must be at least"):
        assert said in shown
    assert "azimuth must be less than 360" in shown
    assert "srbm     Short-range" in shown
    (kept,) = tmp_path.glob("noroshi-missile-event-*.json")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert f"new missile-event {' '.join(given)} --file {kept}" in shown.replace("\n", "")
    told = jp.ask("new", "missile-event", *given, "--file", kept)
    body = json.loads(jp.ask("show", told["report"])["body"])
    assert (body["number"], body["launch_place"]["radius_km"]) == (2, 20)


def test_the_field_at_fault_is_asked_for_again(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    jp, _ = pair
    status, shown = talk(
        jp, "new", "request-for-information", "--to", "cyber@nato", "--set", "question=Seen it?",
        "--set", "respond_by=2020-01-01 06:00", folder=tmp_path,
        answers=["y", "respond_by", "2020-01-02 06:00", "respond_by", "06:00", "oui"],
    )  # fmt: skip
    assert (status, "SENT" in shown) == (0, True)
    assert "respond_by is over already" in shown
    assert "was over when this was written" in shown


def test_an_update_is_looked_at_too(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    jp, _ = pair
    first = jp.ask(
        "new", "cyber-incident", "--to", "cyber@nato", "--set", "summary=x", "--marking", "TLP:RED"
    )["report"]
    status, shown = talk(
        jp, "update", first, folder=tmp_path, answers=["criticality", "101", "criticality", "70",
                                                       "", "y"],
    )  # fmt: skip
    assert (status, "SENT" in shown) == (0, True)
    assert "at most 100" in shown
    assert "Marking: TLP:RED" in shown


def test_options_win_over_a_file_and_two_markings_are_refused(
    pair: tuple[Desk, Desk], tmp_path: Path
) -> None:
    jp, _ = pair
    file = tmp_path / "told.toml"
    file.write_text(
        'text = "x"\nsubject = "S"\nprecedence = "flash"\nstatus = "test"\nmarking = "TLP:RED"\n'
    )
    given = ("new", "comms-check", "--to", "cyber@nato", "--file", str(file))
    told = jp.ask(
        *given, "--precedence", "routine", "--status", "exercise", "--subject", "Other",
        "--marking", "TLP:RED",
    )  # fmt: skip
    shown = jp.ask("show", told["report"])
    assert [shown[name] for name in ("precedence", "status", "subject", "marking")] == [
        "ROUTINE", "EXERCISE", "Other", "TLP:RED",
    ]  # fmt: skip
    shown = jp.ask("show", jp.ask(*given)["report"])
    assert (shown["precedence"], shown["status"], shown["subject"]) == ("FLASH", "TEST", "S")
    assert jp.fail(*given, "--marking", "TLP:GREEN")["error"] == "bad-marking"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("aware_at = 2026-11-21T06:12:00", "no time zone; write it with both"),
        ("aware_at = 06:12:00", "has no day"),
        ("aware_at = 2026-11-21", "is a day; write the time too"),
        ("criticality = nan", "is no number"),
        ('sectors = "energy"', "sectors must be a list, not text"),
    ],
)
def test_what_toml_cannot_say_here_is_refused(
    pair: tuple[Desk, Desk], tmp_path: Path, written: str, said: str
) -> None:
    file = tmp_path / "incident.toml"
    file.write_text(f'summary = "x"\n{written}\n')
    told = pair[0].fail("new", "cyber-incident", "--to", "cyber@nato", "--file", file)
    assert (told["error"], said in told["message"]) == ("bad-form", True)


def test_times_of_toml_are_taken(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    jp, _ = pair
    file = tmp_path / "incident.toml"
    file.write_text(
        'summary = "x"\naware_at = 2026-11-21T15:12:00+09:00\nfirst_seen = 2026-11-20 06:12:00Z\n'
        'references = [2026-11-20]\nlanguage = "en"\nsectors = "energy"\n'
    )
    told = jp.ask(
        "new", "cyber-incident", "--to", "cyber@nato", "--file", file, "--set", "sectors=water",
        "--status", "exercise",
    )  # fmt: skip
    body = json.loads(jp.ask("show", told["report"])["body"])
    assert (body["aware_at"], body["first_seen"]) == (
        "2026-11-21T15:12:00+09:00", "2026-11-20T06:12:00Z",
    )  # fmt: skip
    assert (body["references"], body["sectors"]) == (["2026-11-20"], ["energy", "water"])


def test_an_answer_is_like_the_request(pair: tuple[Desk, Desk]) -> None:
    jp, nato = pair
    with jp.served(), nato.served():
        given = ("--to", "cyber@nato", "--status", "exercise", "--marking", "TLP:AMBER+STRICT")
        asked = jp.ask(
            "new", "request-for-information", *given, "--precedence", "priority",
            "--set", "question=Seen it?",
        )["report"]  # fmt: skip
        other = jp.ask("new", "comms-check", *given, "--set", "text=x")["report"]
        jp.ask("wait", asked, "--rung", "DELIVERED", "--timeout", "120")
        jp.ask("wait", other, "--rung", "DELIVERED", "--timeout", "120")
        text = ("--set", "text=Once.")
        told = nato.fail("answer", asked, *text, "--marking", "TLP:GREEN")
        assert told["error"] == "bad-marking"
        assert "marked TLP:AMBER+STRICT, and TLP:GREEN is milder" in told["message"]
        shown = nato.ask("show", nato.ask("answer", asked, *text)["report"])
        assert (shown["marking"], shown["status"]) == ("TLP:AMBER+STRICT", "EXERCISE")
        assert shown["precedence"] == "PRIORITY"
        stricter = ("--marking", "TLP:RED", "--precedence", "flash")
        shown = nato.ask("show", nato.ask("answer", asked, *text, *stricter)["report"])
        assert (shown["marking"], shown["precedence"]) == ("TLP:RED", "FLASH")
        told = nato.fail("answer", other, *text)
        assert "no request for information but a comms-check" in told["message"]
        assert "noroshi reply" in told["message"]
        assert "no request for relief" in nato.fail("offer", other)["message"]


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
