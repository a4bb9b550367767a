"""A node under radio silence: it takes in, and sends nothing until it may."""

from pathlib import Path

import pytest

from tests.program.conftest import Desk, befriend
from tests.program.test_watch import serving, tune
from tests.program.waiting import until

pytestmark = pytest.mark.xdist_group("silence")


def test_a_silent_node_takes_in_and_answers_when_it_may(tmp_path: Path, text: Path) -> None:
    jp, nato = Desk("jp", tmp_path / "jp"), Desk("nato", tmp_path / "nato")
    for desk in (jp, nato):
        desk.ask("init", "--partner", desk.partner, "--name", "X", "--desk", "cyber")
    befriend([jp, nato])
    tune(nato, receive_only="true", check_minutes="0.02")
    with serving(jp):
        with serving(nato):
            report = jp.ask("send", text, "--to", "cyber@nato", "--precedence", "flash")["report"]
            until(lambda: nato.ask("inbox"))
            nato.ask("ack", report, "--by", "Maj Dupont")
            back = nato.ask("send", text, "--to", "cyber@jp")["report"]
            assert nato.ask("lines")["state"] == "RECEIVE-ONLY"
            assert nato.ask("lines")["last_check_out"] is None
            assert jp.ask("status", report)["recipients"][0]["rung"] is None
            assert jp.ask_lines("inbox") == []
        tune(nato, receive_only="false")
        with serving(nato):
            jp.ask("wait", report, "--rung", "ACKNOWLEDGED", "--timeout", "120")
            nato.ask("wait", back, "--rung", "DELIVERED", "--timeout", "120")
