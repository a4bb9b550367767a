"""The watch: alarms that ring, desks that change hands, lines that say what is wrong."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.program.conftest import Desk, befriend, command, make
from tests.program.waiting import until

pytestmark = pytest.mark.xdist_group("watch")

Alarm = dict[str, Any]


def tune(desk: Desk, **told: str) -> None:
    """Write settings of the watch, as an administrator does with an editor."""
    path = desk.home / "noroshi.toml"
    text = path.read_text()
    for name, value in told.items():
        text, count = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
        assert count == 1, name
    path.write_text(text)


class Served:
    """A serving process that can be killed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.start()

    def start(self) -> None:
        log = self._desk.home.with_suffix(".log")
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                command("--home", self._desk.home, "--json", "serve"),
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        assert self._process.stdout is not None
        assert self._process.stdout.readline()

    def end(self, how: signal.Signals) -> None:
        self._process.send_signal(how)
        self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def serving(*desks: Desk) -> Generator[list[Served]]:
    served = [Served(desk) for desk in desks]
    try:
        yield served
    finally:
        for one in served:
            one.end(signal.SIGTERM)


class Watch:
    """A watch that runs."""

    def __init__(self, desk: Desk, folder: Path, *arguments: str) -> None:
        self.output = folder / f"{desk.partner}.alarms"
        self.errors = folder / f"{desk.partner}.errors"
        with self.output.open("wb") as output, self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                command("--home", desk.home, "--json", "watch", *arguments),
                stdout=output,
                stderr=errors,
            )
        until(lambda: "watching" in self.errors.read_text())

    @property
    def alarms(self) -> list[Alarm]:
        return [json.loads(line) for line in self.output.read_text().splitlines()]

    def of(self, kind: str) -> list[Alarm]:
        return [alarm for alarm in self.alarms if alarm["alarm"] == kind]

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        assert self.process.wait(20) == 0
        assert "Traceback" not in self.errors.read_text()


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Desk, Desk]:
    jp = make(tmp_path, "jp")
    nato = make(tmp_path, "nato", desks=("cyber", "ops"))
    befriend([jp, nato])
    return jp, nato


def test_an_unanswered_flash_rings_desk_officer_and_sender_once_each_over_kills(
    pair: tuple[Desk, Desk], text: Path, tmp_path: Path
) -> None:
    jp, nato = pair
    tune(jp, clocks="{ flash = 0.1 }")
    tune(nato, clocks="{ flash = 0.05 }", officer='"Col Weber"')
    with serving(jp, nato) as (at_jp, at_nato):
        ringing, calling = Watch(nato, tmp_path), Watch(jp, tmp_path)
        arguments = ("--to", "cyber@nato", "--precedence", "flash", "--status", "exercise")
        report = jp.ask("send", text, *arguments)["report"]
        until(lambda: ringing.of("NEXT_DESK"))
        for node in (at_nato, at_jp):
            node.end(signal.SIGKILL)
            node.start()
        until(lambda: ringing.of("NEXT_OFFICER"))
        until(lambda: calling.of("UNACKNOWLEDGED"))
        at_nato.end(signal.SIGKILL)
        at_nato.start()
        until(lambda: ringing.errors.read_text().count("watching") == 3)
        (called,), (officer,) = ringing.of("NEXT_DESK"), ringing.of("NEXT_OFFICER")
        (sender,) = calling.of("UNACKNOWLEDGED")
        assert "the desk ops is called" in called["message"]
        assert "Col Weber" in officer["message"]
        assert "nobody at cyber@nato" in sender["message"]
        for alarm in (called, officer, sender):
            assert alarm["report"] == report
            assert (alarm["partner"], alarm["desk"]) == ("nato", "cyber")
            assert (alarm["precedence"], alarm["status"]) == ("FLASH", "EXERCISE")
        assert [r["report"] for r in nato.ask_lines("inbox", "--desk", "ops")] == [report]
        assert "until the node is served again" in ringing.errors.read_text()

        taken = nato.ask("alarms", "take", str(officer["number"]), "--by", "Col Weber")
        assert taken["taken_by"] == "Col Weber"
        again = nato.ask("alarms", "take", str(officer["number"]), "--by", "Sgt Else")
        assert again["taken_by"] == "Col Weber"
        assert nato.ask("ack", report, "--desk", "ops", "--by", "Sgt Vos")["desk"] == "cyber"
        jp.ask("wait", report, "--rung", "ACKNOWLEDGED", "--timeout", "120")
        assert nato.ask_lines("alarms") == []
        ended = {alarm["alarm"] for alarm in nato.ask_lines("alarms", "--all")}
        assert {"NEXT_DESK", "NEXT_OFFICER"} <= ended
        assert nato.fail("alarms", "take", "999", "--by", "X")["error"] == "not-found"
        ringing.end()
        calling.end()


def test_a_stopped_partner_is_a_line_that_is_down(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    jp, nato = pair
    tune(jp, check_minutes="0.02")
    (before,) = jp.ask_lines("lines")
    assert (before["partner"], before["state"], before["bearer"]) == ("nato", "UNTESTED", None)
    with serving(nato, jp) as (at_nato, _):
        watch = Watch(jp, tmp_path)
        until(lambda: jp.ask("lines")["state"] == "UP")
        line = jp.ask("lines")
        assert line["bearer"] == "push"
        assert line["round_trip_ms"] > 0
        until(lambda: nato.ask("lines")["last_check_in"])
        at_nato.end(signal.SIGTERM)
        until(lambda: watch.of("LINE_DOWN"))
        assert jp.ask("lines")["state"] == "DOWN"
        (alarm,) = watch.of("LINE_DOWN")
        assert alarm["partner"] == "nato"
        assert (alarm["report"], alarm["desk"]) == (None, None)
        late = Watch(jp, tmp_path / "..", "--exec", "true")
        assert [a["number"] for a in late.alarms] == [alarm["number"]]
        late.end()
        at_nato.start()
        until(lambda: jp.ask("lines")["state"] == "UP")
        until(lambda: not jp.ask_lines("alarms"))
        watch.end()
    history = jp.ask_lines("lines", "--history", "nato")
    assert {row["code"] for row in history} == {None, "unreachable"}
    assert [row["at"] for row in history] == sorted(row["at"] for row in history)
    shown = jp.run("lines", "--history", "nato").text
    assert "MISSED: unreachable" in shown
    assert "x" in shown.splitlines()[1]
    assert jp.fail("lines", "--history", "xx")["error"] == "unknown-partner"


def test_a_partner_that_is_heard_again_is_up_at_once(pair: tuple[Desk, Desk]) -> None:
    """Whoever starts first finds nobody; that is not told for a minute after the others came."""
    jp, nato = pair

    def state() -> str:
        return str(jp.ask_lines("lines")[0]["state"])

    with serving(jp):
        until(lambda: state() == "DOWN")
        with serving(nato):
            until(lambda: state() == "UP", "it waits for the next check of its own", 20)


def test_lines_tell_link_down_desk_unstaffed_and_not_answering_apart(
    pair: tuple[Desk, Desk], text: Path
) -> None:
    jp, nato = pair
    tune(jp, clocks="{ flash = 0.03 }", check_minutes="0.02")
    nato.ask("desk", "state", "cyber", "staffed", "--by", "Maj Dupont")
    nato.ask("desk", "state", "ops", "unstaffed", "--by", "Sgt Vos")
    with serving(jp):
        with serving(nato):
            jp.ask("send", text, "--to", "cyber@nato", "--to", "ops@nato", "--precedence", "flash")

            def problems() -> dict[str, Any]:
                return {desk["desk"]: desk["problem"] for desk in jp.ask("lines")["desks"]}

            until(lambda: problems() == {"cyber": "NOT_ANSWERING", "ops": "DESK_UNSTAFFED"})
            line = jp.ask("lines")
            assert line["state"] == "UP"
            assert {d["desk"]: d["state"] for d in line["desks"]} == {
                "cyber": "STAFFED",
                "ops": "UNSTAFFED",
            }
            shown = jp.run("lines").text
            assert "NOT ANSWERING" in shown
            assert "UNSTAFFED" in shown
            assert "DOWN" not in shown
        until(lambda: jp.ask("lines")["state"] == "DOWN")
        shown = jp.run("lines").text
        assert "link to nato DOWN: unreachable" in shown
        assert max(map(len, shown.splitlines())) <= 80


def test_the_command_of_exec_gets_each_alarm_and_never_stops_the_watch(
    pair: tuple[Desk, Desk], tmp_path: Path
) -> None:
    jp, _ = pair
    tune(jp, check_minutes="0.02")
    script = tmp_path / "ring it.py"
    script.write_text(
        "import pathlib, sys\n"
        "print('printed')\n"
        "pathlib.Path(sys.argv[1]).write_text(sys.stdin.read() + ' '.join(sys.argv[2:]))\n"
    )
    rung = tmp_path / "rung"
    ring = f"{sys.executable} '{script}' {rung} '$HOME' *"
    with serving(jp):
        good = Watch(jp, tmp_path, "--exec", ring)
        until(lambda: rung.exists() and rung.read_text().endswith("*"))
        told, words = rung.read_text().splitlines()
        assert [json.loads(told)] == good.alarms
        assert words == "$HOME *"
        assert "printed" in good.errors.read_text()
        good.end()
        slow = Watch(jp, tmp_path, "--exec", "sleep 3600", "--exec-timeout", "0.3")
        until(lambda: "was ended after 0.3 s" in slow.errors.read_text())
        children = Path(f"/proc/{slow.process.pid}/task/{slow.process.pid}/children")
        if children.exists():
            assert children.read_text() == ""
        assert slow.process.poll() is None
        slow.end()
        failing = Watch(jp, tmp_path, "--exec", "sh -c 'exit 7'")
        until(lambda: "ended with status 7" in failing.errors.read_text())
        failing.end()
        began = time.monotonic()
        hanging = Watch(jp, tmp_path, "--exec", "sleep 3600")
        until(lambda: hanging.alarms)
        hanging.end()
        assert time.monotonic() - began < 60


def test_watch_says_what_it_needs(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    jp, _ = pair
    assert jp.fail("watch")["error"] == "not-served"
    assert "noroshi serve" in jp.fail("watch")["message"]
    assert jp.fail("watch", "--exec", "no-such-program")["error"] == "bad-input"
    assert jp.fail("watch", "--exec", "sh 'open")["error"] == "bad-input"
    assert jp.fail("watch", "--exec", "")["error"] == "bad-input"
    assert Desk("xx", tmp_path / "none").fail("watch")["error"] == "not-initialised"


def test_a_desk_changes_hands_with_what_is_open(pair: tuple[Desk, Desk], text: Path) -> None:
    jp, nato = pair
    report = jp.ask("send", text, "--to", "cyber@nato")["report"]
    with serving(jp, nato):
        jp.ask("wait", report, "--rung", "DELIVERED", "--timeout", "120")
    assert nato.ask("desk", "list")[0]["state"] is None
    nato.ask("desk", "state", "cyber", "staffed", "--by", "Maj Dupont")
    told = nato.ask(
        "desk", "handover", "cyber", "--from", "Maj Dupont", "--to", "Cpt Rossi", "--note", "calm"
    )
    assert (told["desk"], told["state"], told["from"], told["by"]) == (
        "cyber", "STAFFED", "Maj Dupont", "Cpt Rossi",
    )  # fmt: skip
    assert [row["report"] for row in told["open"]] == [report]
    wrong = nato.fail("desk", "handover", "cyber", "--from", "Maj Dupont", "--to", "X")
    assert wrong["error"] == "desk-held"
    assert "Cpt Rossi" in wrong["message"]
    log = nato.ask_lines("desk", "log", "cyber")
    assert [(row["from"], row["by"], row["note"], row["open"]) for row in log] == [
        (None, "Maj Dupont", None, 1),
        ("Maj Dupont", "Cpt Rossi", "calm", 1),
    ]
    shown = nato.run("desk", "handover", "cyber", "--from", "Cpt Rossi", "--to", "Lt Moe").text
    assert "taken over from Cpt Rossi" in shown
    assert "Open at this desk: reports 1, alarms 0" in shown
    assert nato.fail("desk", "state", "space", "silent", "--by", "X")["error"] == "unknown-desk"
    silent = nato.ask("desk", "state", "ops", "silent", "--by", "Sgt Vos")
    assert silent["state"] == "SILENT"
    assert nato.ask("desk", "list")[0]["by"] == "Lt Moe"


def test_a_setting_that_cannot_be_used_is_told(pair: tuple[Desk, Desk]) -> None:
    jp, _ = pair
    tune(jp, check_minutes="0")
    told = jp.fail("inbox")
    assert told["error"] == "home-foreign"
    assert "check_minutes" in told["message"]


def test_a_home_of_an_earlier_release_keeps_its_settings(pair: tuple[Desk, Desk]) -> None:
    jp, _ = pair
    path = jp.home / "noroshi.toml"
    kept = [
        line
        for line in path.read_text().splitlines()
        if not line.startswith(("clocks", "officer", "check_minutes"))
    ]
    path.write_text("\n".join(kept) + "\n")
    jp.ask("lines")
