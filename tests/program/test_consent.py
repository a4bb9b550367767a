"""Three real nodes: a report of jp goes by way of nato to au, with consent asked over the line."""

import itertools
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.program.conftest import Desk, befriend, make
from tests.program.waiting import until

pytestmark = pytest.mark.xdist_group("consent")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Desk, Desk]]:
    """Three nodes that know one another, each a process of its own; jp with the larger profile."""
    folder = tmp_path_factory.mktemp("consent")
    jp, nato, au = make(folder, "jp", profile="H5"), make(folder, "nato"), make(folder, "au")
    befriend([jp, nato, au])
    with ExitStack() as stack:
        for desk in (jp, nato, au):
            stack.enter_context(desk.served())
        yield jp, nato, au


def test_a_report_goes_further_with_its_originators_consent(
    served: tuple[Desk, Desk, Desk], tmp_path: Path
) -> None:
    jp, nato, au = served
    attached = tmp_path / "map.csv"
    attached.write_bytes(b"hill,minute\nnorth,12\n" * 1000)
    report = jp.ask(
        "send", "-", "--to", "cyber@nato", "--precedence", "immediate", "--by", "Lt Sato",
        "--subject", "Smoke", "--attach", attached, given="煙が見える".encode(),
    )["report"]  # fmt: skip
    held = {"held": 1, "of": 1}
    until(lambda: jp.ask("status", report)["recipients"][0].get("attachments") == held)
    passing = ["pass-on", report, "--to", "cyber@au", "--by", "Lt Jansen", "--reason", "theirs too"]
    checked = nato.ask(*passing, "--check")
    assert checked == {
        "allowed": False,
        "reasons": ["jp has not consented; without --check it is asked"],
    }
    asked = nato.run(*passing).text
    assert "AWAITING CONSENT" in asked
    assert "jp is asked" in asked
    (row,) = until(lambda: jp.ask_lines("consent", "list"))
    assert (row["state"], row["asker"], row["audience"]) == ("ASKED", "nato", ["au"])
    listed = jp.run("consent", "list").text
    for words in ("ASKED", "jp > nato > au", "Lt Jansen: theirs too", "TLP:AMBER  Smoke"):
        assert words in listed
    assert "asked for consent" in jp.run("alarms").text
    shown = jp.run("show", row["request"]).text
    assert "consent-request" in shown
    assert "theirs too" in shown
    granted = jp.run("consent", "grant", row["request"], "--by", "Cdr Ito").text
    assert granted.startswith(f"GRANTED  {report} may go to au until ")
    late = jp.fail("consent", "decline", row["request"], "--by", "Cdr Ito", "--note", "no")
    assert late["message"].startswith("that request was granted or answered already")
    until(lambda: nato.ask_lines("consent", "list")[0]["state"] == "GRANTED")
    assert "granted  by Cdr Ito" in nato.run("consent", "list").text

    passed = nato.ask(*passing)
    assert passed["state"] == "SENT"
    (row,) = until(lambda: au.ask_lines("inbox"))
    assert (row["from"], row["by_way_of"], row["subject"]) == ("cyber@jp", "nato", "Smoke")
    assert au.run("show", report, "--raw").output == "煙が見える".encode()
    assert "cyber@nato, with the consent of Cdr Ito (" in au.run("show", report).text
    until(lambda: nato.ask("status", passed["report"])["recipients"][0].get("attachments") == held)
    copy = tmp_path / "copy.csv"
    au.ask("show", report, "--attachment", "map.csv", "-o", copy)
    assert copy.read_bytes() == attached.read_bytes()
    au.ask("ack", report, "--by", "Sgt Hill")
    nato.ask("wait", passed["report"], "--rung", "ACKNOWLEDGED", "--timeout", "120")
    for desk in (jp, nato, au):
        assert desk.ask("journal", "verify")["ok"] is True
    proof = tmp_path / "p.proof"
    au.ask("journal", "proof", row["report"], "-o", proof)


def test_what_is_declined_goes_nowhere(served: tuple[Desk, Desk, Desk]) -> None:
    jp, nato, au = served
    before = au.ask_lines("inbox")
    report = jp.ask("send", "-", "--to", "cyber@nato", given=b"for nato alone")["report"]
    until(lambda: [r for r in nato.ask_lines("inbox") if r["report"] == report])
    passing = ["pass-on", report, "--to", "cyber@au", "--by", "Lt Jansen"]
    request = nato.ask(*passing)["request"]
    until(lambda: [r for r in jp.ask_lines("consent", "list") if r["request"] == request])
    said = jp.run("consent", "decline", request, "--by", "Cdr Ito", "--note", "a source").text
    assert said.startswith("DECLINED")
    until(
        lambda: [r for r in nato.ask_lines("consent", "list")
                 if r["request"] == request and r["state"] == "DECLINED"]
    )  # fmt: skip
    told = nato.fail(*passing)
    assert told["error"] == "no-consent"
    assert "jp has declined that" in told["message"]
    assert "Cdr Ito declined: a source" in nato.run("alarms").text
    assert au.ask_lines("inbox") == before


def test_what_stands_below_the_line_of_a_partner(served: tuple[Desk, Desk, Desk]) -> None:
    jp, nato, au = served
    body = {"noroshi": 1, "portions": [{"marking": "TLP:RED", "text": "A source says so."}],
            "tearline": {"marking": "TLP:GREEN", "text": "Ports may close."}}  # fmt: skip
    given = json.dumps(body).encode()
    report = jp.ask("send", "-", "--to", "cyber@nato", given=given)["report"]
    until(lambda: [r for r in nato.ask_lines("inbox") if r["report"] == report])
    line = ["tearline", report, "--to", "cyber@au", "--by", "Lt Jansen"]
    request = nato.ask(*line)["request"]
    until(lambda: [r for r in jp.ask_lines("consent", "list") if r["request"] == request])
    assert "(below the tearline alone)" in jp.run("consent", "list").text
    jp.ask("consent", "grant", request, "--by", "Cdr Ito")
    until(
        lambda: [r for r in nato.ask_lines("consent", "list")
                 if r["request"] == request and r["state"] == "GRANTED"]
    )  # fmt: skip
    sent = nato.ask(*line)
    (row,) = until(lambda: [r for r in au.ask_lines("inbox") if r["report"] == sent["report"]])
    assert (row["from"], row["marking"], row["subject"]) == (
        "cyber@nato", "TLP:GREEN", "Ports may close.",
    )  # fmt: skip


def test_consent_over_courier_files_alone(tmp_path: Path) -> None:
    jp, nato, au = (make(tmp_path, name) for name in ("jp", "nato", "au"))
    befriend([jp, nato, au])
    numbers = itertools.count()

    def carry(sender: Desk, receiver: Desk) -> None:
        volume = tmp_path / f"{next(numbers)}.volume"
        sender.ask("courier", "out", "--to", receiver.partner, "-o", volume)
        receiver.ask("courier", "in", volume)

    token = tmp_path / "map.csv"
    token.write_bytes(b"hill,minute")
    sending: list[str | Path] = ["send", "-", "--to", "cyber@nato", "--attach", token]
    report = jp.ask(*sending, given=b"Smoke.")["report"]
    carry(jp, nato)
    passing = ["pass-on", report, "--to", "cyber@au", "--by", "Lt Jansen"]
    request = nato.ask(*passing)["request"]
    carry(nato, jp)
    assert jp.ask("consent", "grant", request, "--by", "Cdr Ito")["state"] == "GRANTED"
    carry(jp, nato)
    assert nato.ask(*passing)["state"] == "SENT"
    carry(nato, au)
    (row,) = au.ask_lines("inbox")
    assert (row["from"], row["by_way_of"]) == ("cyber@jp", "nato")
    copy = tmp_path / "copy.csv"
    au.ask("show", report, "--attachment", "map.csv", "-o", copy)
    assert copy.read_bytes() == b"hill,minute"


def test_nothing_to_list_and_nothing_to_grant(tmp_path: Path) -> None:
    kr = make(tmp_path, "kr")
    assert kr.ask_lines("consent", "list") == []
    assert "No consent was asked for" in kr.run("consent", "list").text
    assert kr.fail("consent", "grant", "abcd", "--by", "x")["error"] == "not-found"
    assert kr.run("consent", "decline", "abcd", "--by", "x").status == 2
