"""Agreements by the public commands: what they let go, what they keep, and what is said."""

import json
from pathlib import Path

import pytest

from tests.program.conftest import Desk, befriend, make

pytestmark = pytest.mark.xdist_group("agreements")

FORM = {
    "agreement": 1, "reference": "JP-NATO 2010", "sender": "jp", "receiver": "nato",
    "is_mutual": True, "policy": "NATO", "level": "RESTRICTED", "accepts_indicative": True,
    "valid_from": "2010-06-25", "valid_until": "2199-12-31",
}  # fmt: skip


@pytest.fixture(scope="module")
def jp(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A node that nobody serves, and one verified partner."""
    folder = tmp_path_factory.mktemp("agreements")
    jp, nato = make(folder, "jp"), make(folder, "nato")
    befriend([jp, nato])
    return jp


def check(jp: Desk, marking: str) -> list[str]:
    told = jp.ask("send", "-", "--to", "cyber@nato", "--marking", marking, "--check", given=b"x")
    assert told["allowed"] == (not told["reasons"])
    return list(told["reasons"])


def test_an_agreement_lets_go_what_it_covers(jp: Desk, tmp_path: Path) -> None:
    assert jp.ask_lines("agreement", "list") == []
    assert "No agreements yet" in jp.run("agreement", "list").text
    assert "needs an agreement" in check(jp, "NATO RESTRICTED")[0]
    file = tmp_path / "jp-nato.json"
    file.write_text(json.dumps(FORM))
    told = jp.ask("agreement", "add", file, "--by", "Lt Sato")
    assert (told["level"], told["state"], told["added_by"]) == (
        "NATO RESTRICTED", "VALID", "Lt Sato",
    )  # fmt: skip
    assert jp.ask_lines("agreement", "list") == [told]
    assert "JP-NATO 2010" in jp.run("agreement", "list").text
    terms = {"areas": ["cyber"], "caveats": ["ATOMAL"], "accepts_indicative": True}
    file.write_text(json.dumps(FORM | terms))
    jp.ask("agreement", "add", file, "--by", "Lt Sato")
    shown = jp.run("agreement", "list").text
    for words in ("is about cyber alone", "receiver for ATOMAL", "that are indicative alone"):
        assert words in shown
    file.write_text(json.dumps(FORM))
    jp.ask("agreement", "add", file, "--by", "Lt Sato")
    assert check(jp, "NATO RESTRICTED") == []
    assert "it goes up to NATO RESTRICTED" in check(jp, "NATO SECRET")[0]
    assert "answers to" not in check(jp, "JPN 秘//REL TO NATO")[0]
    sent = jp.ask("send", "-", "--to", "cyber@nato", "--marking", "NATO RESTRICTED", given=b"x")
    assert sent["state"] == "SENT"
    label = tmp_path / "label.xml"
    label.write_text(jp.run("label", "write", sent["report"]).text)
    assert jp.ask("label", "read", label)["marking"] == "NATO RESTRICTED"
    assert "marking-definition--" in jp.run("label", "write", sent["report"], "--stix").text
    plain = jp.ask("send", "-", "--to", "cyber@nato", "--marking", "TLP:RED", given=b"x")
    assert jp.ask("label", "write", plain["report"])["label"] is None
    assert jp.ask("journal", "verify")["ok"] is True


def test_two_persons_let_a_report_go(jp: Desk, tmp_path: Path) -> None:
    file = tmp_path / "second.json"
    file.write_text(json.dumps(FORM | {"reference": "second", "level": "SECRET"}))
    jp.ask("agreement", "add", file, "--by", "Lt Sato")
    arguments = ["send", "-", "--to", "cyber@nato", "--marking", "NATO SECRET"]
    assert jp.fail(*arguments, given=b"a plan")["error"] == "two-persons"
    written = jp.run(*arguments, "--by", "Lt Sato", given=b"a plan").text
    assert "A second person lets it go: noroshi release" in written
    (row,) = jp.ask_lines("release", "queue")
    assert row["partners"] == ["nato"]
    shown = jp.run("release", "queue").text
    for words in ("NATO SECRET", "goes to   nato: cyber@nato", "by Lt Sato", "| a plan"):
        assert words in shown
    assert jp.fail("release", row["report"])["error"] == "bad-input"
    assert jp.fail("release", row["report"], "--by", "Lt Sato")["error"] == "two-persons"
    sent = jp.ask("release", row["report"], "--by", "Cdr Ito")
    assert sent["state"] == "SENT"
    assert "Nothing waits" in jp.run("release", "queue").text
    again = jp.ask(*arguments, "--by", "Lt Sato", given=b"another")
    assert again["state"] == "AWAITING_RELEASE"
    assert jp.ask("release", again["report"], "--by", "Lt Sato", "--drop")["state"] == "DROPPED"


def test_what_stands_below_the_line_goes_by_itself(jp: Desk, tmp_path: Path) -> None:
    if check(jp, "NATO RESTRICTED"):  # none of the tests above has been here
        file = tmp_path / "jp-nato.json"
        file.write_text(json.dumps(FORM))
        jp.ask("agreement", "add", file, "--by", "Lt Sato")
    portions = [{"marking": "NATO RESTRICTED", "text": "A source says so."}]
    line = {"marking": "TLP:GREEN", "text": "Ports may close.", "subject": "Ports"}
    written = json.dumps({"noroshi": 1, "portions": portions, "tearline": line}).encode()
    low = jp.fail("send", "-", "--to", "cyber@nato", "--marking", "TLP:RED", given=written)
    assert low["error"] == "bad-marking"
    assert "the whole would have to be marked NATO RESTRICTED//TLP:RED" in low["message"]
    whole = jp.ask("send", "-", "--to", "cyber@nato", given=written)
    shown = jp.run("show", whole["report"]).text
    assert "(NATO RESTRICTED)\n| A source says so." in shown
    assert "TEARLINE (TLP:GREEN)\n| Ports may close." in shown
    checked = jp.run("tearline", whole["report"], "--to", "cyber@nato", "--check").text
    assert checked == "It may go.\n"
    sent = jp.ask("tearline", whole["report"], "--to", "cyber@nato", "--by", "Lt Sato")
    told = jp.ask("show", sent["report"])
    assert (told["body"], told["marking"], told["subject"]) == (
        "Ports may close.", "TLP:GREEN", "Ports",
    )  # fmt: skip
    assert told["references"] == [whole["report"]]
    referring = ["send", "-", "--to", "cyber@nato", "--reference", whole["report"]]
    assert jp.ask(*referring, given=b"more")["state"] == "SENT"
    assert jp.fail("tearline", sent["report"], "--to", "cyber@nato")["error"] == "not-found"


@pytest.mark.parametrize(
    ("changed", "hint"),
    [
        ({"sender": "kr"}, "between kr and nato; this node is jp"),
        ({"level": "HUSH"}, "NATO has no level 'HUSH'"),
        ({"valid_until": "soon"}, "no agreement"),
        ({"colour": "red"}, "unknown field"),
    ],
)
def test_a_file_that_is_no_agreement_is_refused(
    jp: Desk, changed: dict[str, str], hint: str
) -> None:
    before = jp.ask_lines("agreement", "list")
    raw = json.dumps(FORM | changed).encode()
    told = jp.fail("agreement", "add", "-", "--by", "Lt Sato", given=raw)
    assert told["error"] in {"bad-agreement", "bad-marking"}
    assert hint in told["message"]
    assert jp.ask_lines("agreement", "list") == before


def test_a_policy_file_that_cannot_be_used_is_named(jp: Desk) -> None:
    folder = jp.home / "policies"
    folder.mkdir()
    (folder / "fire.json").write_text("{")
    told = jp.fail("inbox")
    assert told["error"] == "home-foreign"
    assert "fire.json cannot be used" in told["message"]
    (folder / "fire.json").unlink()
    jp.ask_lines("inbox")
