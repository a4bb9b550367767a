"""Retention and areas by the command line: what people see of them, and what they are told."""

from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.program.conftest import Desk, befriend, make

RULES = '[[retention]]\nmarking = "TLP:RED"\narea = "cyber"\ndays = 30\n'


@pytest.fixture
def desks(tmp_path: Path) -> Generator[tuple[Desk, Desk]]:
    jp, nato = (make(tmp_path, name) for name in ("jp", "nato"))
    befriend([jp, nato])
    settings = nato.home / "noroshi.toml"
    settings.write_text(settings.read_text() + RULES)
    with ExitStack() as stack:
        for desk in (jp, nato):
            stack.enter_context(desk.served())
        yield jp, nato


def test_what_is_kept_until_when_is_listed_and_held(desks: tuple[Desk, Desk]) -> None:
    jp, nato = desks
    report = jp.ask(
        "send", "-", "--to", "cyber@nato", "--marking", "TLP:RED", "--area", "cyber",
        given=b"Smoke over the harbour.",
    )["report"]  # fmt: skip
    jp.ask("wait", report, "--rung", "DELIVERED", "--timeout", "120")
    (row,) = nato.ask_lines("retention", "list")
    assert (row["open"], row["destroyed_at"]) == (True, None)
    assert row["rule"] == "TLP:RED, area cyber, 30 days"
    nato.ask("ack", report, "--by", "Maj Dupont")
    (row,) = nato.ask_lines("retention", "list")
    assert row["destroyed_at"].endswith("T00:00:00.000000Z")
    assert report[:8] in nato.run("retention", "list").text
    assert "No report here has an end" in jp.run("retention", "list").text
    held = nato.ask("retention", "hold", report, "--by", "Capt Abe", "--reason", "case 114")
    assert held["state"] == "HELD"
    listed = nato.run("retention", "list").text
    assert f"{str(report)[:8]} is held by Capt Abe since 20" in listed
    assert "case 114" in listed
    assert nato.ask("retention", "release", report, "--by", "Capt Abe")["state"] == "RELEASED"
    assert nato.fail("retention", "release", report, "--by", "X")["error"] == "not-held"
    assert "Area of cooperation" in nato.run("show", report).text


def test_areas_are_listed_and_a_wrong_one_is_told(desks: tuple[Desk, Desk]) -> None:
    jp, _ = desks
    assert {row["code"] for row in jp.ask_lines("areas")} >= {"cyber", "space", "hadr"}
    assert "unconfirmed" in jp.run("areas").text
    told = jp.fail("send", "-", "--to", "cyber@nato", "--area", "sport", given=b"x")
    assert "there is no area 'sport'; there are arms-control, " in told["message"]
