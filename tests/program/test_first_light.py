"""One report, from the first desk to the second and back, by the public commands alone."""

import lzma
import os
from pathlib import Path

import pytest

from tests.program.conftest import Desk, Federation, befriend, make
from tests.program.waiting import until

pytestmark = pytest.mark.xdist_group("federation")


def send(desk: Desk, file: Path, *arguments: str) -> str:
    return str(desk.ask("send", file, *arguments)["report"])


def test_a_report_is_delivered_shown_and_acknowledged(federation: Federation, text: Path) -> None:
    jp, nato = federation.jp, federation.nato
    sent = jp.ask("send", text, "--to", "cyber@nato", "--precedence", "flash", "--by", "Lt Sato")
    report = sent["report"]
    assert sent["state"] == "SENT"
    assert [r["desk"] for r in sent["recipients"]] == ["cyber@nato"]
    jp.ask("wait", report, "--rung", "DELIVERED", "--timeout", "120")

    (line,) = [r for r in nato.ask_lines("inbox", "--desk", "cyber") if r["report"] == report]
    assert line["from"] == "cyber@jp"
    assert line["to"] == "cyber@nato"
    assert line["precedence"] == "FLASH"
    assert line["status"] == "ACTUAL"
    assert line["marking"] == "TLP:AMBER"
    assert line["subject"] == "Intrusion at two ports. 侵入を確認。"
    assert line["state"] == "DELIVERED"

    assert nato.run("show", report, "--raw").output == text.read_bytes()
    jp.ask("wait", report, "--rung", "SHOWN", "--timeout", "120")
    assert nato.ask("ack", report, "--by", "Maj Dupont")["state"] == "ACKNOWLEDGED"
    jp.ask("wait", report, "--rung", "ACKNOWLEDGED", "--timeout", "120")

    (at_jp,) = jp.ask("status", report)["recipients"]
    (at_nato,) = nato.ask("status", report)["recipients"]
    assert at_jp["rungs"] == at_nato["rungs"]
    assert list(at_jp["rungs"]) == ["DELIVERED", "OPENED", "SHOWN", "ACKNOWLEDGED"]
    assert at_jp["rungs"]["ACKNOWLEDGED"]["by"] == "Maj Dupont"
    assert at_jp["rungs"]["ACKNOWLEDGED"]["by_proven"] is False
    assert at_jp["serial"] == at_nato["serial"]
    assert at_jp["failure"] is None
    unanswered = [r["report"] for r in nato.ask_lines("inbox", "--unacknowledged")]
    assert report not in unanswered


def test_acknowledging_presents_a_report_not_yet_shown(federation: Federation, text: Path) -> None:
    report = send(federation.jp, text, "--to", "cyber@nato")
    federation.jp.ask("wait", report, "--rung", "DELIVERED")
    ran = federation.nato.run("ack", report, "--by", "Maj Dupont")
    assert "侵入を確認" in ran.text
    assert "ACKNOWLEDGED by Maj Dupont" in ran.text
    (seen,) = federation.nato.ask("status", report)["recipients"]
    assert list(seen["rungs"]) == ["DELIVERED", "OPENED", "SHOWN", "ACKNOWLEDGED"]


def test_a_list_shows_nothing(federation: Federation, text: Path) -> None:
    report = send(federation.jp, text, "--to", "cyber@nato")
    federation.jp.ask("wait", report, "--rung", "DELIVERED")
    federation.nato.ask_lines("inbox")
    (seen,) = federation.nato.ask("status", report)["recipients"]
    assert list(seen["rungs"]) == ["DELIVERED"]


def test_the_first_who_acknowledges_stays(federation: Federation, text: Path) -> None:
    report = send(federation.jp, text, "--to", "cyber@nato")
    federation.jp.ask("wait", report, "--rung", "DELIVERED")
    federation.nato.ask("ack", report, "--by", "Maj Dupont")
    federation.nato.ask("ack", report, "--by", "Sgt Else")
    (seen,) = federation.nato.ask("status", report)["recipients"]
    assert seen["rungs"]["ACKNOWLEDGED"]["by"] == "Maj Dupont"


def test_two_desks_have_two_ladders(federation: Federation, text: Path) -> None:
    jp, nato = federation.jp, federation.nato
    report = send(jp, text, "--to", "cyber@nato", "--info", "ops@nato")
    jp.ask("wait", report, "--rung", "DELIVERED")
    assert nato.fail("ack", report)["error"] == "unknown-desk"
    nato.ask("ack", report, "--desk", "ops")
    nato.ask("decline", report, "--desk", "cyber", "--note", "not ours")
    jp.ask("wait", report, "--rung", "DECLINED", "--timeout", "120")
    rungs = {r["desk"]: r["rungs"] for r in jp.ask("status", report)["recipients"]}
    assert "ACKNOWLEDGED" in rungs["ops@nato"]
    assert rungs["cyber@nato"]["DECLINED"]["note"] == "not ours"
    refused = nato.fail("actioned", report, "--desk", "cyber")
    assert refused["error"] == "rung-conflict"


def test_a_reply_goes_back_with_status_and_precedence(federation: Federation, text: Path) -> None:
    jp, nato = federation.jp, federation.nato
    report = send(jp, text, "--to", "ops@nato", "--precedence", "immediate", "--status", "exercise")
    jp.ask("wait", report, "--rung", "DELIVERED")
    reply = nato.ask("reply", report, "-", given=b"Understood, on our way.\n")["report"]
    nato.ask("wait", reply, "--rung", "DELIVERED")
    told = jp.ask("show", reply)
    assert told["references"] == [report]
    assert (told["precedence"], told["status"]) == ("IMMEDIATE", "EXERCISE")
    assert (told["from"], told["to"]) == ("ops@nato", ["cyber@jp"])
    assert "*** EXERCISE ***" in jp.run("show", reply).text


def test_serials_count_by_precedence(federation: Federation, text: Path) -> None:
    numbers = [
        federation.jp.ask("send", text, "--to", "ops@nato", "--precedence", "deferred")[
            "recipients"
        ][0]["serial"]
        for _ in range(3)
    ]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]


def test_an_attachment_arrives_after_the_text(
    federation: Federation, text: Path, tmp_path: Path
) -> None:
    jp, nato = federation.jp, federation.nato
    sample = tmp_path / "sample.bin"
    sample.write_bytes(os.urandom(3_000_000))
    report = send(jp, text, "--to", "cyber@nato", "--attach", str(sample))
    jp.ask("wait", report, "--rung", "DELIVERED")
    wait_for_attachments(jp, report)
    saved = tmp_path / "saved.bin"
    nato.ask("show", report, "--attachment", "sample.bin", "-o", saved)
    assert saved.read_bytes() == sample.read_bytes()
    again = nato.fail("show", report, "--attachment", "other.bin", "-o", saved)
    assert "sample.bin" in again["message"]


def wait_for_attachments(desk: Desk, report: str) -> None:
    def is_there() -> bool:
        (seen,) = desk.ask("status", report)["recipients"]
        return bool(seen["attachments"]["held"] == seen["attachments"]["of"])

    until(is_there, "the attachment did not arrive")


def test_real_material_crosses_byte_for_byte(
    federation: Federation, material: Path, tmp_path: Path
) -> None:
    jp, nato = federation.jp, federation.nato
    files = sorted((material / "misp").glob("*.json")) + sorted(
        (material / "articles").glob("*.txt")
    )
    assert len(files) == 42 + 5
    bundle = tmp_path / "enterprise-attack.json"
    packed = material / "attack" / "enterprise-attack-bundle.json.xz"
    bundle.write_bytes(lzma.decompress(packed.read_bytes()))
    sent = {file: send(jp, file, "--to", "cyber@nato") for file in files}
    jp.ask("wait", sent[files[-1]], "--rung", "DELIVERED", "--timeout", "120")
    large = send(jp, files[0], "--to", "cyber@nato", "--attach", str(bundle))
    for file, report in sent.items():
        assert nato.run("show", report, "--raw").output == file.read_bytes()
        nato.ask("ack", report, "--by", "Maj Dupont")
    jp.ask("wait", large, "--rung", "DELIVERED", "--timeout", "120")
    wait_for_attachments(jp, large)
    saved = tmp_path / "saved.json"
    nato.ask("show", large, "--attachment", bundle.name, "-o", saved)
    assert saved.read_bytes() == bundle.read_bytes()
    for report in sent.values():
        waited = jp.ask("wait", report, "--rung", "ACKNOWLEDGED", "--timeout", "120")
        (at_jp,) = waited["recipients"]
        (at_nato,) = nato.ask("status", report)["recipients"]
        assert at_jp["rungs"] == at_nato["rungs"]
    kinds = {r["kind"] for r in nato.ask_lines("inbox") if r["report"] in sent.values()}
    assert kinds == {"cyber-incident", "situation-report"}


def test_an_auditor_needs_two_cards_and_no_node(
    federation: Federation, text: Path, tmp_path: Path
) -> None:
    jp, nato = federation.jp, federation.nato
    report = send(jp, text, "--to", "cyber@nato", "--subject", "Canary subject")
    jp.ask("wait", report, "--rung", "DELIVERED")
    nato.ask("ack", report, "--by", "Maj Dupont")
    jp.ask("wait", report, "--rung", "ACKNOWLEDGED", "--timeout", "120")
    cards = [jp.home.with_suffix(".card"), nato.home.with_suffix(".card")]
    auditor = Desk("auditor", tmp_path / "no-node-here")
    for maker in (jp, nato):
        proof = tmp_path / f"{maker.partner}.proof"
        maker.ask("journal", "proof", report, "-o", proof)
        told = auditor.ask("verify", proof, "--card", cards[0], "--card", cards[1])
        assert told["ok"] is True
        claims = {(c["type"], c["partner"]): c for c in told["claims"]}
        assert claims["SENT", "jp"]["report"] == report
        assert claims["DELIVERED", "nato"]["at"]
        acknowledged = claims["ACKNOWLEDGED", "nato"]
        assert acknowledged["by"] == "Maj Dupont"
        (seen,) = jp.ask("status", report)["recipients"]
        assert acknowledged["at"] == seen["rungs"]["ACKNOWLEDGED"]["at"]
        raw = proof.read_bytes()
        for secret in (b"Canary subject", "侵入".encode(), b"warning.txt", b"Intrusion"):
            assert secret not in raw
        missing = auditor.fail("verify", proof, "--card", cards[0])
        assert "nato" in missing["message"]
        for position in range(0, len(raw), max(1, len(raw) // 8)):
            broken = tmp_path / "broken.proof"
            broken.write_bytes(raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :])
            refused = auditor.fail("verify", broken, "--card", cards[0], "--card", cards[1])
            assert refused["error"] in {"bad-proof", "unknown-partner"}


def test_both_journals_verify(federation: Federation) -> None:
    for desk in (federation.jp, federation.nato):
        told = desk.ask("journal", "verify")
        assert told["ok"] is True
        assert told["size"] > 0
        assert told["bad_between"] is None


def test_what_is_queued_goes_when_the_partner_comes_back(tmp_path: Path, text: Path) -> None:
    jp, nato = make(tmp_path, "jp"), make(tmp_path, "nato")
    befriend([jp, nato])
    unserved = send(jp, text, "--to", "cyber@nato")
    with jp.served():
        report = send(jp, text, "--to", "cyber@nato", "--precedence", "flash")
        (seen,) = jp.ask("status", report)["recipients"]
        for _ in range(100):
            if seen["failure"]:
                break
            (seen,) = jp.ask("status", report)["recipients"]
        assert seen["rung"] is None
        assert seen["failure"]["code"] == "unreachable"
        with nato.served():
            jp.ask("wait", report, "--rung", "DELIVERED", "--timeout", "120")
            jp.ask("wait", unserved, "--rung", "DELIVERED", "--timeout", "120")
            (seen,) = jp.ask("status", report)["recipients"]
            assert seen["failure"] is None
    assert [r["precedence"] for r in nato.ask_lines("inbox")] == ["FLASH", "ROUTINE"]
    nato.ask("ack", report)
    with jp.served(), nato.served():
        jp.ask("wait", report, "--rung", "ACKNOWLEDGED", "--timeout", "120")
