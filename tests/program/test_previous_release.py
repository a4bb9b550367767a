"""Nodes of this source tree and of the previous release talk to each other, and a home goes on.

The release is named by its commit in `previous_release.txt`, so that a clone without tags finds
it. The first one there is the state from which on formats are kept; nothing was published before.
"""

import io
import subprocess
import zipfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from endure.evidence import ROOT
from tests.program.conftest import Desk, befriend_by_commands, make

pytestmark = pytest.mark.xdist_group("previous_release")

NAME, COMMIT = Path(__file__).with_name("previous_release.txt").read_text().split()


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules of the previous release."""
    packed = subprocess.run(
        ["git", "-C", str(ROOT), "archive", "--format=zip", COMMIT, "src"],
        capture_output=True,
        check=False,
    )
    if packed.returncode:
        pytest.skip(f"the commit of {NAME} is not in this clone: {packed.stderr.decode().strip()}")
    folder = tmp_path_factory.mktemp(NAME)
    zipfile.ZipFile(io.BytesIO(packed.stdout)).extractall(folder)
    return folder / "src"


def exchange(one: Desk, other: Desk, text: Path) -> None:
    """A FLASH and a report with an attachment, each acknowledged."""
    flash = one.ask("send", text, "--to", f"cyber@{other.partner}", "--precedence", "flash")
    attached = one.ask("send", text, "--to", f"cyber@{other.partner}", "--attach", text)
    for report in (str(flash["report"]), str(attached["report"])):
        one.ask("wait", report, "--rung", "DELIVERED", "--timeout", "120")
        assert other.run("show", report, "--raw").output == text.read_bytes()
        other.ask("ack", report, "--by", "Maj Dupont")
        one.ask("wait", report, "--rung", "ACKNOWLEDGED", "--timeout", "120")


@pytest.mark.parametrize("old", ["jp", "nato"])
def test_an_old_and_a_new_node_talk(tmp_path: Path, text: Path, earlier: Path, old: str) -> None:
    jp, nato = (
        make(tmp_path, partner, source=earlier if partner == old else None)
        for partner in ("jp", "nato")
    )
    befriend_by_commands([jp, nato])
    with ExitStack() as stack:
        for desk in (nato, jp):
            stack.enter_context(desk.served())
        (line,) = jp.ask_lines("lines")  # its comms check met a node that was up
        assert line["state"] == "UP"
        exchange(jp, nato, text)
        exchange(nato, jp, text)
    for desk in (jp, nato):
        assert desk.ask("journal", "verify")["ok"] is True


def test_an_old_node_is_sent_forms_as_they_stand(tmp_path: Path, earlier: Path) -> None:
    """It reads no dictionary; so nobody who is addressed with it gets the compact form."""
    jp, nato, au = (
        make(tmp_path, "jp"),
        make(tmp_path, "nato", source=earlier),
        make(tmp_path, "au"),
    )
    befriend_by_commands([jp, nato, au])
    with ExitStack() as stack:
        for desk in (au, nato, jp):
            stack.enter_context(desk.served())
        told: dict[str, object] = {}
        while told.keys() != {"au", "nato"}:
            told = {
                str(line["partner"]): line["dictionary"]
                for line in jp.ask_lines("lines")
                if line["last_good_check_out"]
            }
        assert told == {"au": 1, "nato": None}
        fill_in = ("--set", "summary=Somebody is active.", "--set", "sectors=energy")
        both = str(jp.ask("new", "cyber-incident", "--to", "cyber@nato", "--to", "cyber@au",
                          "--precedence", "flash", *fill_in)["report"])  # fmt: skip
        alone = str(jp.ask("new", "cyber-incident", "--to", "cyber@au", *fill_in)["report"])
        for report, desks in ((both, (nato, au)), (alone, (au,))):
            jp.ask("wait", report, "--rung", "DELIVERED", "--timeout", "120")
            for desk in desks:
                shown = desk.run("show", report, "--raw").output
                assert shown == jp.run("show", report, "--raw").output
                assert b"Somebody is active." in shown
        nato.ask("ack", both, "--by", "Maj Dupont")
        au.ask("ack", both, "--by", "Flt Lt Reed")
        jp.ask("wait", both, "--rung", "ACKNOWLEDGED", "--timeout", "120")
    for desk in (jp, nato, au):
        assert desk.ask("journal", "verify")["ok"] is True


def test_an_old_home_goes_on_with_the_new_program(
    tmp_path: Path, text: Path, earlier: Path
) -> None:
    jp, nato = (make(tmp_path, partner, source=earlier) for partner in ("jp", "nato"))
    befriend_by_commands([jp, nato])
    with jp.served(), nato.served():
        exchange(jp, nato, text)
    waiting = str(jp.ask("send", text, "--to", "cyber@nato")["report"])
    new = Desk("jp", jp.home)
    with new.served(), nato.served():
        new.ask("wait", waiting, "--rung", "DELIVERED", "--timeout", "120")
        exchange(new, nato, text)
        exchange(nato, new, text)
    assert new.ask("journal", "verify")["ok"] is True
    assert len(new.ask_lines("inbox")) == 2
    # What the old program had stored in the clear is sealed, and nothing of it is left.
    assert text.read_bytes() in (nato.home / "node.db").read_bytes()
    assert text.read_bytes() not in (new.home / "node.db").read_bytes()


def test_an_old_node_reads_a_report_about_an_area(
    tmp_path: Path, text: Path, earlier: Path
) -> None:
    jp, nato = make(tmp_path, "jp"), make(tmp_path, "nato", source=earlier)
    befriend_by_commands([jp, nato])
    with jp.served(), nato.served():
        report = jp.ask("send", text, "--to", "cyber@nato", "--area", "cyber", "--area", "space")
        jp.ask("wait", report["report"], "--rung", "DELIVERED", "--timeout", "120")
        assert nato.run("show", report["report"], "--raw").output == text.read_bytes()
        nato.ask("ack", report["report"], "--by", "Maj Dupont")
        jp.ask("wait", report["report"], "--rung", "ACKNOWLEDGED", "--timeout", "120")
    assert jp.ask("show", report["report"])["areas"] == ["cyber", "space"]


def test_an_old_originator_is_asked_and_declines(tmp_path: Path, earlier: Path) -> None:
    """An older node shows a request for consent as text; what its desk answers is understood."""
    jp = make(tmp_path, "jp", source=earlier)
    nato, au = make(tmp_path, "nato"), make(tmp_path, "au")
    befriend_by_commands([jp, nato, au])
    with ExitStack() as stack:
        for desk in (nato, jp):
            stack.enter_context(desk.served())
        report = jp.ask("send", "-", "--to", "cyber@nato", given=b"Smoke.")["report"]
        jp.ask("wait", report, "--rung", "DELIVERED", "--timeout", "120")
        request = nato.ask("pass-on", report, "--to", "cyber@au", "--by", "Lt Jansen")["request"]
        nato.ask("wait", request, "--rung", "DELIVERED", "--timeout", "120")
        assert b'"consent-request"' in jp.run("show", request, "--raw").output
        jp.ask("decline", request, "--by", "Cdr Ito", "--note", "for nato alone")
        nato.ask("wait", request, "--rung", "DECLINED", "--timeout", "120")
        (row,) = nato.ask_lines("consent", "list")
        assert row["state"] == "DECLINED"
