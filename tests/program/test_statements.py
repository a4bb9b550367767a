"""A joint statement and a translation, between two nodes and on paper."""

import json
from pathlib import Path

import pytest

from tests.program.conftest import Desk, befriend, make, run
from tests.program.waiting import until


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Desk]:
    folder = tmp_path_factory.mktemp("statements")
    jp, nato = make(folder, "jp", profile="H5"), make(folder, "nato")
    befriend([jp, nato])
    return jp, nato


def test_two_partners_sign_one_text_and_anybody_verifies_it(
    pair: tuple[Desk, Desk], tmp_path: Path
) -> None:
    jp, nato = pair
    with jp.served(), nato.served():
        report = jp.ask(
            "new", "joint-statement", "--to", "cyber@nato", "--set", "text=We condemn it.",
            "--set", "language=en", "--set", "signatories=jp; nato",
            "--set", "versions=fr courtesy: Nous le condamnons.",
        )["report"]  # fmt: skip
        jp.ask("wait", report, "--rung", "DELIVERED")
        digest = nato.ask("show", report)["statement"]["digest"]
        nato.ask("statement", "sign", report, "--digest", digest, "--by", "Lt Jansen")
        assert nato.fail("statement", "publish", report, "-o", tmp_path / "x.json")["error"] == (
            "not-signed"
        )
        jp.ask("statement", "sign", report, "--digest", digest[:32], "--by", "Cdr Ito")
        until(lambda: jp.ask("show", report)["statement"]["missing"] == [])
        screen = jp.run("--lang", "ja", "show", report).text
        assert "全署名者がこの文面そのものに署名済みです。" in screen
        told = jp.ask("statement", "publish", report, "-o", tmp_path / "statement.json")
    assert told["size"] == (tmp_path / "statement.json").stat().st_size
    cards = [word for desk in pair for word in ("--card", desk.home.with_suffix(".card"))]
    verified = run("--json", "verify", tmp_path / "statement.json", *cards)
    assert verified.status == 0, verified.errors
    assert verified.told["text"] == "We condemn it."
    assert [(each["signatory"], each["by"]) for each in verified.told["signatures"]] == [
        ("jp", "Cdr Ito"),
        ("nato", "Lt Jansen"),
    ]
    assert "VERIFIED" in run("verify", tmp_path / "statement.json", *cards).text
    changed = json.loads((tmp_path / "statement.json").read_text()) | {"text": "We regret it."}
    (tmp_path / "changed.json").write_text(json.dumps(changed))
    refused = run("--json", "verify", tmp_path / "changed.json", *cards)
    assert refused.told["error"] == "bad-proof"


def test_a_reader_adds_a_translation_for_all_who_have_the_report(
    pair: tuple[Desk, Desk],
) -> None:
    jp, nato = pair
    with jp.served(), nato.served():
        report = jp.ask(
            "new", "cyber-incident", "--to", "cyber@nato", "--set", "summary=侵入を確認。",
            "--set", "language=ja",
        )["report"]  # fmt: skip
        jp.ask("wait", report, "--rung", "DELIVERED")
        given = ("translate", report, "--into", "en", "--set", "summary=An intrusion is confirmed.")
        assert "who translated it" in nato.fail(*given)["message"]
        wrong = nato.fail("translate", report, "--into", "en", "--set", "x=y", "--machine", "MT")
        assert "there are summary (Summary)" in wrong["message"]
        wrong = nato.fail("translate", report, "--into", "en", "--machine", "MT")
        assert "--set FIELD=TEXT; there are summary (Summary)" in wrong["message"]
        sent = nato.ask(*given, "--translator", "Sgt Kim")
        assert [each["desk"] for each in sent["recipients"]] == ["cyber@jp"]
        screen = _shown(jp, report)
    assert "| 侵入を確認。\nTranslation (a person, Sgt Kim; cyber@nato, " in screen
    assert "| An intrusion is confirmed." in screen


def _shown(desk: Desk, report: str) -> str:
    """Return a report on the screen, once its translation is there."""
    until(lambda: desk.ask("show", report)["translations"])
    return desk.run("show", report).text
