"""A house with a scanner of malware: a script here, run by the real program."""

from pathlib import Path

import pytest

from tests.program.conftest import Desk, befriend, make
from tests.program.console import come_in

pytestmark = pytest.mark.xdist_group("files")

SCRIPT = """#!/bin/sh
[ -e "{folder}/broken" ] && exit 2
grep -q EICAR && exit 1
exit 0
"""


def give_scanner(desk: Desk, folder: Path) -> None:
    script = folder / "scan"
    script.write_text(SCRIPT.format(folder=folder))
    script.chmod(0o700)
    settings = desk.home / "noroshi.toml"
    settings.write_text(f'{settings.read_text()}[attachments]\nscanner = ["{script}"]\n')


def scanner_of(desk: Desk) -> dict[str, object]:
    (told,) = [c for c in desk.run("--json", "doctor").lines if c["check"] == "scanner"]
    return dict(told)


def test_what_the_scanner_finds_goes_neither_in_nor_out(tmp_path: Path) -> None:
    jp, nato = make(tmp_path, "jp"), make(tmp_path, "nato")
    befriend([jp, nato])
    text, bad, good, saved = (tmp_path / n for n in ("text.txt", "bad.bin", "good.bin", "saved"))
    text.write_text("Two files of the intruder.\n")
    bad.write_bytes(b"x" * 3_000_000 + b"EICAR")
    good.write_bytes(b"y" * 3_000_000)
    assert scanner_of(nato)["ok"]
    give_scanner(nato, tmp_path)
    with jp.served(), nato.served() as ready:
        files = ("--attach", bad, "--attach", good)
        report = str(jp.ask("send", text, "--to", "cyber@nato", *files)["report"])
        jp.ask("wait", report, "--rung", "DELIVERED")
        told = nato.fail("show", report, "--attachment", bad.name, "-o", saved)
        assert told["error"] == "attachment-infected"
        assert "node without a scanner" in told["message"]
        assert not saved.exists()
        nato.ask("show", report, "--attachment", good.name, "-o", saved)
        assert saved.read_bytes() == good.read_bytes()
        assert nato.ask("show", report)["body"] == text.read_text()

        door = come_in(nato, ready["url"])
        status, page, _ = door.ask("GET", f"/report/{report}/attachment/1")
        assert (status, "something in bad.bin" in page, "EICAR" in page) == (400, True, False)
        assert door.fetch("GET", f"/report/{report}/attachment/2")[1] == good.read_bytes()
        assert '"attachment-infected"' in nato.home.with_suffix(".log").read_text()

        before = set((nato.home / "blobs").iterdir())
        told = nato.fail("send", text, "--to", "cyber@jp", "--attach", bad)
        assert told["error"] == "attachment-infected"
        nato.ask("send", text, "--to", "cyber@jp", "--attach", good)
        (tmp_path / "broken").touch()
        told = nato.fail("send", text, "--to", "cyber@jp", "--attach", good)
        assert told["error"] == "attachment-unscanned"
        assert "ended with status 2" in told["message"]
        assert len(set((nato.home / "blobs").iterdir()) - before) == 1
        assert door.ask("GET", f"/report/{report}/attachment/2")[0] == 400

    # Not served, the same; and a scanner that is gone is told by the doctor.
    assert nato.fail("show", report, "--attachment", "2", "-o", tmp_path / "again")["error"] == (
        "attachment-unscanned"
    )
    (tmp_path / "broken").unlink()
    told = nato.fail("send", text, "--to", "cyber@jp", "--attach", bad)
    assert told["error"] == "attachment-infected"
    assert scanner_of(nato)["ok"]
    (tmp_path / "scan").unlink()
    assert "there is no program" in str(scanner_of(nato)["message"])
    told = nato.fail("show", report, "--attachment", "2", "-o", tmp_path / "again")
    assert "cannot be run" in told["message"]
