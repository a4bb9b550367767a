"""Chains as people see them: two served nodes, the installed program, every language."""

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program.conftest import Desk, befriend, command, make
from tests.program.test_compose import until

LANGUAGES = ("ja", "en", "fr", "ko", "id")

pytestmark = pytest.mark.xdist_group("chains")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Desk]]:
    folder = tmp_path_factory.mktemp("chains")
    jp, nato = make(folder, "jp"), make(folder, "nato")
    befriend([jp, nato])
    with jp.served(), nato.served():
        yield jp, nato


@pytest.fixture(scope="module")
def incident(pair: tuple[Desk, Desk]) -> str:
    jp, _ = pair
    first: str = jp.ask(
        "new", "cyber-incident", "--to", "cyber@nato", "--set", "summary=Somebody is in.",
        "--set", "stage=early-warning", "--set", "aware_at=now", "--by", "Lt Sato",
        "--precedence", "flash", "--subject", "Intrusion",
    )["report"]  # fmt: skip
    return first


def delivered(desk: Desk, report: str) -> str:
    desk.ask("wait", report, "--rung", "DELIVERED", "--timeout", "120")
    return report


def test_an_update_says_what_has_changed_and_the_whole_is_shown(
    pair: tuple[Desk, Desk], incident: str, tmp_path: Path
) -> None:
    jp, nato = pair
    noon = nato.ask("show", delivered(jp, incident))["stored_at"]
    file = tmp_path / "changes.toml"
    file.write_text('stage = "notification"\ncontact = "Cyber desk"\n')
    told = jp.ask("update", incident[:8], "--file", file, "--set", "criticality=80", "--by", "Ito")
    last = jp.ask("update", told["report"], "--clear", "contact", "--precedence", "routine")
    delivered(jp, last["report"])
    for desk in pair:
        shown = desk.ask("show", last["report"])
        assert shown["references"] == [incident]
        assert json.loads(shown["body"])["cleared"] == ["contact"]
        chain = shown["chain"]
        assert chain["first"] == incident
        assert [each["by"] for each in chain["updates"]] == ["Ito", None]
        assert (chain["fields"]["stage"], chain["fields"]["criticality"]) == ("notification", 80)
        assert "contact" not in chain["fields"]
        told = desk.ask("show", incident, "--history")["chain"]["history"]
        assert [said["value"] for said in told["stage"]] == ["early-warning", "notification"]
    assert jp.ask("show", incident)["precedence"] == "FLASH"
    screens = {name: nato.run("--lang", name, "show", incident).text for name in LANGUAGES}
    assert len(set(screens.values())) == len(LANGUAGES)
    screen = screens["en"]
    assert screen.index("2 updates, the newest of") < screen.index("What this report says")
    assert "* Stage: Incident notification (72 h)" in screen
    assert "Stage: Early warning" in screen  # what this one said stands below
    assert "Time of awareness" in screen
    taken = nato.run("show", last["report"]).text
    assert "24-hour contact: taken back" in taken
    history = nato.run("show", incident, "--history").text
    assert "Ito, report" in history
    assert "| taken back" in history
    then = nato.ask("show", incident, "--at", noon)["chain"]
    assert then["fields"]["stage"] == "early-warning"
    assert then["proofs"] == [incident]
    early = nato.run("show", incident, "--at", "2026-01-01T12:00Z").text
    assert "Nothing of it was here yet." in early
    assert "Next report due: Final report" in jp.run("show", incident).text


def test_what_was_known_is_proven_without_a_node(
    pair: tuple[Desk, Desk], incident: str, tmp_path: Path
) -> None:
    _, nato = pair
    known = nato.ask("show", incident, "--at", "now")["chain"]
    screen = nato.run("show", incident, "--at", "now").text
    cards = [word for desk in pair for word in ("--card", desk.home.with_suffix(".card"))]
    for report in known["proofs"]:
        assert report in screen
        proof = tmp_path / f"{report}.proof"
        nato.ask("journal", "proof", report, "-o", proof)
        claims = nato.ask("verify", proof, *cards)["claims"]
        (entry,) = [claim for claim in claims if claim["type"] == "JOURNALLED_RECEIVED"]
        assert entry["at"] <= known["at"]


def test_what_cannot_be_updated_says_what_to_do(pair: tuple[Desk, Desk], incident: str) -> None:
    jp, nato = pair
    told = nato.fail("update", incident, "--set", "stage=final")
    assert told["error"] == "bad-form"
    assert "noroshi answer" in told["message"]
    assert "says nothing" in jp.fail("update", incident)["message"]
    assert "no value" in jp.fail("send", "-", given=json.dumps(
        {"noroshi": 1, "kind": "cyber-incident", "updates": incident, "stage": "sooner"}
    ).encode())["message"]  # fmt: skip
    words = jp.ask("send", "-", "--to", "cyber@nato", given=b"words")["report"]
    assert "no form" in jp.fail("update", words, "--set", "stage=final")["message"]
    assert "no form" in jp.fail("show", words, "--history")["message"]
    assert jp.fail("show", incident, "--at", "noon")["error"] == "bad-form"
    checked = jp.ask("update", incident, "--set", "criticality=9", "--check")
    assert checked == {"allowed": True, "reasons": []}


def test_quantities_left_open_are_told(pair: tuple[Desk, Desk]) -> None:
    jp, nato = pair
    asked = jp.ask(
        "new", "disaster-relief", "--to", "cyber@nato", "--set", "state=requested",
        "--set", "needs=Water: 20000 l",
    )["report"]  # fmt: skip
    delivered(jp, asked)
    delivered(nato, nato.ask("offer", asked, "--set", "needs=water: 9000 l")["report"])
    delivered(nato, nato.ask("commit", asked, "--set", "needs=water: 5000 l")["report"])
    (left,) = jp.ask("show", asked)["left_open"]
    assert (left["offered"], left["committed"], left["open"]) == (9000, 5000, 15_000)
    screen = jp.run("show", asked).text
    assert "Water: needed 20,000 l, offered 9,000 l, committed 5,000 l" in screen
    assert "; open, by what was committed: 15,000 l" in screen
    assert screen.count("disaster-relief  cyber@nato") == 2


def test_at_a_terminal_it_asks_only_where_nothing_was_said(
    pair: tuple[Desk, Desk], incident: str
) -> None:
    jp, _ = pair
    screen, inner = pty.openpty()
    process = subprocess.Popen(
        command("--home", jp.home, "update", incident),
        stdin=inner, stdout=inner, stderr=inner, env={**os.environ, "TERM": "dumb"},
    )  # fmt: skip
    os.close(inner)
    try:
        for question, answer in (
            ("no more)", "root_cause"),
            ("Root cause", "A default password."),
            ("no more)", "no such field"),
            ("no more)", "likelihood"),
            ("Likelihood", ""),
            ("no more)", ""),
            ("Send", "y"),
        ):
            until(screen, question)
            os.write(screen, f"{answer}\n".encode())
        assert "SENT" in until(screen, "SENT")
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(screen)
    assert jp.ask("show", incident)["chain"]["fields"]["root_cause"] == "A default password."


def test_what_a_house_owes_rings_at_its_desk(tmp_path: Path) -> None:
    jp, nato = make(tmp_path, "jp"), make(tmp_path, "nato")
    befriend([jp, nato])
    settings = jp.home / "noroshi.toml"
    text = settings.read_text()
    settings.write_text(
        text + '[[deadlines]]\nkind = "cyber-incident"\nwanted = ["soon"]\nhours = 1\n'
    )
    assert "deadline 1" in jp.fail("inbox")["message"]
    settings.write_text(
        text + '[[deadlines]]\nkind = "cyber-incident"\nwanted = ["final"]\nsince = "aware_at"\n'
        "hours = 1\n"
    )
    with jp.served():
        first = jp.ask(
            "new", "cyber-incident", "--to", "cyber@nato", "--set", "summary=x",
            "--set", "aware_at=2026-01-01T00:00Z",
        )["report"]  # fmt: skip
        watching = jp.run("--json", "alarms")
        for _ in range(50):
            watching = jp.run("--json", "alarms")
            if b"REPORT_DUE" in watching.output:
                break
        (alarm,) = [line for line in watching.lines if line["alarm"] == "REPORT_DUE"]
        assert (alarm["report"], alarm["desk"]) == (first, "cyber")
        assert "final by 2026-01-01 01:00Z" in alarm["message"]
        jp.ask("update", first, "--set", "stage=final")
        for _ in range(50):
            if b"REPORT_DUE" not in jp.run("--json", "alarms").output:
                break
        assert b"REPORT_DUE" not in jp.run("--json", "alarms").output
        assert jp.ask("show", first)["chain"]["due"] == []
