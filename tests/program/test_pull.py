"""A node that can only dial out: it has no peer door, polls, and all goes both ways."""

import os
from pathlib import Path

import pytest

from tests.program.conftest import Desk, befriend
from tests.program.test_watch import serving, tune
from tests.program.waiting import until

pytestmark = pytest.mark.xdist_group("pull")


def make_hidden(folder: Path, partner: str) -> Desk:
    desk = Desk(partner, folder / partner)
    told = desk.ask(
        "init", "--partner", partner, "--name", partner.upper(), "--profile", "H3",
        "--desk", "cyber", "--peer", "none",
    )  # fmt: skip
    assert told["peer_url"] == ""
    return desk


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Desk, Desk]:
    jp = Desk("jp", tmp_path / "jp")
    jp.ask("init", "--partner", "jp", "--name", "Japan", "--desk", "cyber")
    nato = make_hidden(tmp_path, "nato")
    befriend([jp, nato])
    return jp, nato


def test_a_report_goes_to_a_node_without_a_door_and_back_with_attachments(
    pair: tuple[Desk, Desk], text: Path, tmp_path: Path
) -> None:
    jp, nato = pair
    tune(jp, check_minutes="0.02")
    sample = tmp_path / "sample.bin"
    sample.write_bytes(os.urandom(2_000_000))
    with serving(jp):
        arguments = ("--to", "cyber@nato", "--precedence", "flash", "--attach", str(sample))
        early = jp.ask("send", text, *arguments)["report"]
        until(lambda: jp.ask("status", early)["recipients"][0]["failure"])
        with serving(nato):
            jp.ask("wait", early, "--rung", "DELIVERED", "--timeout", "120")
            nato.ask("ack", early, "--by", "Maj Dupont")
            jp.ask("wait", early, "--rung", "ACKNOWLEDGED", "--timeout", "120")

            def held(desk: Desk, report: str) -> bool:
                (seen,) = desk.ask("status", report)["recipients"]
                return bool(seen["attachments"]["held"] == seen["attachments"]["of"])

            until(lambda: held(jp, early))
            saved = tmp_path / "saved.bin"
            nato.ask("show", early, "--attachment", "sample.bin", "-o", saved)
            assert saved.read_bytes() == sample.read_bytes()

            back = nato.ask("send", text, "--to", "cyber@jp", "--attach", str(sample))["report"]
            nato.ask("wait", back, "--rung", "DELIVERED", "--timeout", "120")
            jp.ask("ack", back, "--by", "Lt Sato")
            nato.ask("wait", back, "--rung", "ACKNOWLEDGED", "--timeout", "120")
            until(lambda: held(nato, back))

            until(lambda: jp.ask("lines")["state"] == "UP")
            line = jp.ask("lines")
            assert line["bearer"] == "pull"
            until(lambda: nato.ask("lines")["last_check_in"])
            assert nato.ask("lines")["bearer"] == "push"
            several = [jp.ask("send", text, "--to", "cyber@nato")["report"] for _ in range(5)]
            for report in several:
                jp.ask("wait", report, "--rung", "DELIVERED", "--timeout", "120")
        until(lambda: jp.ask("lines")["state"] == "DOWN")
    assert jp.ask("partner", "list")["peer_url"] == ""
