"""Two nodes that never connect: reports, receipts and attachments by courier files alone."""

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from noroshi.adapters.clock import SystemClock
from noroshi.core.instant import SECOND, to_text
from tests.program.conftest import Desk, Ran, befriend, make

pytestmark = pytest.mark.xdist_group("courier")


class Pair:
    """Two nodes, and the stick between them."""

    def __init__(self, folder: Path) -> None:
        self.jp, self.nato = make(folder, "jp"), make(folder, "nato")
        befriend([self.jp, self.nato])
        self.stick = folder / "stick"
        self.stick.mkdir()
        self._numbers = itertools.count(1)

    def out(self, desk: Desk, volume: str = "64M") -> list[Path]:
        """Write what waits at `desk` for the other node; return the files."""
        other = self.nato if desk is self.jp else self.jp
        file = self.stick / f"{next(self._numbers)}.courier"
        told = desk.ask("courier", "out", "--to", other.partner, "-o", file, "--volume", volume)
        assert told["missing"] == []
        return [Path(path) for path in told["files"]]

    def carry(self, desk: Desk, volume: str = "64M") -> Any:
        """Carry what waits at `desk` to the other node; return what came of it."""
        other = self.nato if desk is self.jp else self.jp
        return other.ask("courier", "in", *self.out(desk, volume))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return Pair(tmp_path_factory.mktemp("courier"))


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """An attachment that takes several of the smallest volumes."""
    path = tmp_path / "sample.bin"
    path.write_bytes(os.urandom(150_000))
    return path


def send(desk: Desk, file: Path, *arguments: str | Path) -> str:
    other = "nato" if desk.partner == "jp" else "jp"
    return str(desk.ask("send", file, "--to", f"cyber@{other}", *arguments)["report"])


def recipient(desk: Desk, report: str) -> Any:
    (seen,) = desk.ask("status", report)["recipients"]
    return seen


def outbox(desk: Desk) -> str:
    (told,) = [line for line in desk.ask_lines("doctor") if line["check"] == "outbox"]
    return str(told["message"])


def arrived(desk: Desk, report: str) -> int:
    """Return how often a report is in the inbox."""
    return sum(row["report"] == report for row in desk.ask_lines("inbox"))


def assert_attached(desk: Desk, report: str, sample: Path, folder: Path) -> None:
    saved = folder / "saved.bin"
    desk.ask("show", report, "--attachment", sample.name, "-o", saved)
    assert saved.read_bytes() == sample.read_bytes()


def test_a_report_with_its_attachment_is_acknowledged_by_files_alone(
    pair: Pair, text: Path, sample: Path, tmp_path: Path
) -> None:
    jp, nato = pair.jp, pair.nato
    report = send(jp, text, "--precedence", "flash", "--attach", sample)
    told = pair.carry(jp)
    assert (told["envelopes"], told["receipts"], told["missing"]) == (1, 0, [])
    assert told["attachments"] == 1
    assert nato.run("show", report, "--raw").output == text.read_bytes()
    assert_attached(nato, report, sample, tmp_path)
    nato.ask("ack", report, "--by", "Maj Dupont")
    assert recipient(jp, report)["rung"] is None
    assert outbox(jp) == "4 for nato"  # the report, its attachment, prekeys, the directory

    told = pair.carry(nato)
    assert (told["envelopes"], told["missing"]) == (0, [])
    assert told["receipts"] > 0
    at_jp, at_nato = recipient(jp, report), recipient(nato, report)
    assert at_jp["rungs"] == at_nato["rungs"]
    assert at_jp["rung"] == "ACKNOWLEDGED"
    assert at_jp["rungs"]["ACKNOWLEDGED"]["by"] == "Maj Dupont"
    assert at_jp["attachments"] == {"held": 1, "of": 1}
    assert outbox(jp) == "empty"

    assert outbox(nato) != "empty"
    told = pair.carry(jp)
    assert (told["envelopes"], told["receipts"]) == (0, 0)
    assert outbox(nato) == "empty"
    for desk in (jp, nato):
        assert desk.ask("journal", "verify")["ok"] is True
        assert not list((desk.home / "spool").iterdir())


def test_volumes_come_in_any_order_doubled_and_under_any_name(
    pair: Pair, text: Path, sample: Path, tmp_path: Path
) -> None:
    jp, nato = pair.jp, pair.nato
    report = send(jp, text, "--attach", sample)
    files = pair.out(jp, "64K")
    count = len(files)
    assert count >= 4
    assert files[0].name.endswith(f".1-of-{count}")
    renamed = [tmp_path / f"{'x' * n} odd;name" for n in range(1, count + 1)]
    for file, other in zip(reversed(files), renamed, strict=True):
        file.rename(other)
    *first, last = renamed  # the last is volume 1, with the report
    told: Any = None
    for number, file in enumerate(first):
        told = nato.ask("courier", "in", file, file)
        assert [v["state"] for v in told["volumes"]] == ["IMPORTED", "KNOWN"]
        assert told["envelopes"] == 0
        assert len(told["missing"]) == count - 1 - number
        assert told["missing"][0].endswith(f": volume 1 of {count}")
    assert not arrived(nato, report)
    told = nato.ask("courier", "in", last)
    assert (told["envelopes"], told["attachments"], told["missing"]) == (1, 1, [])
    assert_attached(nato, report, sample, tmp_path)
    size = nato.ask("journal", "verify")["size"]
    told = nato.ask("courier", "in", *renamed)
    assert {v["state"] for v in told["volumes"]} == {"KNOWN"}
    assert (told["envelopes"], told["receipts"], told["missing"]) == (0, 0, [])
    assert nato.ask("journal", "verify")["size"] == size
    assert arrived(nato, report) == 1


def test_what_was_lost_is_carried_again_without_duplicates(
    pair: Pair, text: Path, sample: Path, tmp_path: Path
) -> None:
    jp, nato = pair.jp, pair.nato
    report = send(jp, text, "--attach", sample)
    first = pair.out(jp, "64K")
    told = nato.ask("courier", "in", first[0], first[2])
    assert told["envelopes"] >= 1
    assert [name.partition(": ")[2] for name in told["missing"]] == [
        f"volume {n} of {len(first)}" for n in range(1, len(first) + 1) if n not in {1, 3}
    ]
    assert len(list((nato.home / "spool").iterdir())) == 2
    told = pair.carry(jp, "128K")  # the lost ones never come
    assert told["missing"] == []
    assert arrived(nato, report) == 1
    assert_attached(nato, report, sample, tmp_path)
    assert not list((nato.home / "spool").iterdir()), "the older set was not given up"
    nato.ask("ack", report)
    pair.out(nato)  # lost as well
    pair.carry(nato)
    assert recipient(jp, report)["rung"] == "ACKNOWLEDGED"
    assert outbox(jp) == "empty"
    pair.carry(jp)
    assert outbox(nato) == "empty"


def test_a_large_body_is_cut_over_volumes(pair: Pair, tmp_path: Path) -> None:
    body = tmp_path / "long.txt"
    body.write_text("侵入を確認。 " * 20_000)
    report = send(pair.jp, body)
    files = pair.out(pair.jp, "64K")
    assert len(files) > 5
    for file in reversed(files):
        pair.nato.ask("courier", "in", file)
    assert pair.nato.run("show", report, "--raw").output == body.read_bytes()


def test_a_flash_is_in_the_first_volume(pair: Pair, text: Path, sample: Path) -> None:
    jp, nato = pair.jp, pair.nato
    routine = [send(jp, text, "--attach", sample) for _ in range(3)]
    flash = send(jp, text, "--precedence", "flash", "--attach", sample)
    files = pair.out(jp, "64K")
    nato.ask("courier", "in", files[0])
    assert arrived(nato, flash) == 1
    nato.ask("courier", "in", *files[1:])
    assert [arrived(nato, report) for report in routine] == [1, 1, 1]
    pair.carry(nato)
    assert outbox(jp) == "empty"


def test_it_works_while_both_nodes_are_served(tmp_path: Path, text: Path, sample: Path) -> None:
    pair = Pair(tmp_path)
    jp, nato = pair.jp, pair.nato
    with jp.served():
        report = send(jp, text, "--attach", sample)
        files = pair.out(jp, "64K")
    with nato.served():
        told = nato.ask("courier", "in", *files)
        assert (told["envelopes"], told["attachments"]) == (1, 1)
        nato.ask("ack", report)
        assert_attached(nato, report, sample, tmp_path)
        refused = nato.fail("courier", "in", text)
        assert refused["error"] == "bad-volume"
        back = pair.out(nato)
    with jp.served():
        jp.ask("courier", "in", *back)
        assert recipient(jp, report)["rung"] == "ACKNOWLEDGED"
        assert outbox(jp) == "empty"


def test_what_a_courier_began_the_net_completes_and_the_other_way(
    tmp_path: Path, text: Path
) -> None:
    pair = Pair(tmp_path)
    jp, nato = pair.jp, pair.nato
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(4_000_000))
    report = send(jp, text, "--attach", large)
    files = pair.out(jp, "1M")
    nato.ask("courier", "in", *files[:2])
    assert recipient(nato, report)["rung"] == "DELIVERED"
    (part,) = (nato.home / "blobs").iterdir()
    assert 0 < part.stat().st_size < 2 * 1024 * 1024
    with nato.served(), jp.served():
        for _ in range(300):
            seen = recipient(jp, report)
            if seen.get("attachments") == {"held": 1, "of": 1}:
                break
        else:
            pytest.fail("the net did not complete the attachment")
    assert_attached(nato, report, large, tmp_path)
    assert nato.ask("courier", "in", *files[2:])["missing"] == []
    assert arrived(nato, report) == 1


def test_a_courier_goes_on_where_the_net_broke_off(
    pair: Pair, text: Path, sample: Path, tmp_path: Path
) -> None:
    jp, nato = pair.jp, pair.nato
    report = send(jp, text, "--attach", sample)
    files = pair.out(jp, "64K")
    carried = 0
    while not (parts := list((nato.home / "blobs").glob("*.part"))):
        nato.ask("courier", "in", files[carried])
        carried += 1
    (part,) = parts
    # What the peer door would have left, ending within the volume after the next.
    reached = part.stat().st_size + 80_000
    part.write_bytes((jp.home / "blobs" / part.stem).read_bytes()[:reached])
    told = nato.ask("courier", "in", *reversed(files[carried + 1 :]))
    assert (told["attachments"], len(told["missing"])) == (1, 1)
    assert_attached(nato, report, sample, tmp_path)
    assert nato.ask("courier", "in", files[carried])["missing"] == []


def test_why_a_report_was_refused_travels_back(pair: Pair, text: Path) -> None:
    expires_at = SystemClock().now() + 5 * SECOND
    report = send(pair.jp, text, "--expires", to_text(expires_at))
    files = pair.out(pair.jp)
    while SystemClock().now() <= expires_at:
        time.sleep(0.1)
    told = pair.nato.ask("courier", "in", *files)
    assert told["refused"] == 1
    assert told["reasons"][0].startswith("expired: ")
    pair.carry(pair.nato)
    assert recipient(pair.jp, report)["failure"]["code"] == "expired"
    assert outbox(pair.jp) == "empty"


def hush(desk: Desk, *, silent: bool) -> None:
    """Let a node send nothing, no comms check either, or everything again."""
    path = desk.home / "noroshi.toml"
    then, now = ("false", "true") if silent else ("true", "false")
    settings = path.read_text()
    assert f"receive_only = {then}" in settings
    path.write_text(settings.replace(f"receive_only = {then}", f"receive_only = {now}"))


POINTS = ("import_volume", "take", "hold_blob", "finish_volume")


@pytest.mark.parametrize("point", [*(f"{act}:acted" for act in POINTS), "committing", "committed"])
def test_killed_at_any_point_it_completes_when_run_again(
    pair: Pair, text: Path, sample: Path, tmp_path: Path, point: str
) -> None:
    jp, nato = pair.jp, pair.nato
    report = send(jp, text, "--attach", sample)
    files = pair.out(jp, "64K")
    pair.out(nato)  # issues the receipts owed, so that all that is committed below is the import
    hush(nato, silent=True)
    nth = 3 if point.startswith("commit") else 1
    with killable(nato, point, nth) as process:
        ran = nato.run("--json", "courier", "in", *files)
        assert process.wait(20) == -9
    assert ran.status == 1
    assert "Traceback" not in ran.errors
    hush(nato, silent=False)
    told = nato.ask("courier", "in", *files)
    assert told["missing"] == []
    assert arrived(nato, report) == 1
    assert_attached(nato, report, sample, tmp_path)
    assert not list((nato.home / "spool").iterdir())
    assert nato.ask("journal", "verify")["ok"] is True
    pair.carry(nato)
    assert recipient(jp, report)["attachments"] == {"held": 1, "of": 1}


class killable:  # noqa: N801 - reads as a context
    """Serves a node that kills itself at a named point."""

    def __init__(self, desk: Desk, point: str, nth: int) -> None:
        arguments = ["endure.killable", str(desk.home), "--at", point, "--nth", str(nth)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[2],
        )

    def __enter__(self) -> subprocess.Popen[bytes]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "url" in json.loads(line):
                break
        return self._process

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


# What cannot be done.


def test_out_refuses_and_leaves_no_file_behind(pair: Pair, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    for arguments, code, hint in (
        (("--to", "zz", "-o", tmp_path / "new"), "unknown-partner", "partner add"),
        (("--to", "nato", "-o", there), "bad-input", "there already"),
        (("--to", "nato", "-o", tmp_path / "no" / "new"), "bad-input", "no folder"),
        (("--to", "nato", "-o", tmp_path / "new", "--volume", "1K"), "bad-input", "64K"),
    ):
        refused = pair.jp.fail("courier", "out", *arguments)
        assert refused["error"] == code
        assert hint in refused["message"]
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    assert there.read_text() == "mine"
    (tmp_path / ".new.part").symlink_to(there)  # put there by somebody else
    pair.jp.ask("courier", "out", "--to", "nato", "-o", tmp_path / "new")
    assert there.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "there"]
    refused = pair.jp.fail("courier", "out", "--to", "nato", "-o", tmp_path / "new")
    assert "there already" in refused["message"]


def test_nothing_goes_to_a_partner_who_is_not_verified(tmp_path: Path) -> None:
    jp, nato, au = (make(tmp_path, name) for name in ("jp", "nato", "au"))
    befriend([jp, nato])
    au.ask("partner", "card", "-o", au.home.with_suffix(".card"))
    jp.ask("partner", "add", au.home.with_suffix(".card"))
    refused = jp.fail("courier", "out", "--to", "au", "-o", tmp_path / "file")
    assert refused["error"] == "partner-unverified"
    file = tmp_path / "nato.courier"
    jp.ask("courier", "out", "--to", "nato", "-o", file)
    for desk, code, hint in (
        (au, "unknown-partner", "partner add"),
        (jp, "not-addressed", "carry it there"),
    ):
        refused = desk.fail("courier", "in", file)
        assert refused["error"] == code
        assert hint in refused["message"]
    befriend([nato, au])
    au.ask("partner", "add", jp.home.with_suffix(".card"))
    assert au.fail("courier", "in", file)["error"] == "partner-unverified"
    number = au.ask("partner", "number", "jp")["number"]
    au.ask("partner", "verify", "jp", "--number", number, "--by", "X")
    refused = au.fail("courier", "in", file)
    assert refused["error"] == "not-addressed"
    assert "nato" in refused["message"]


@pytest.fixture
def special(tmp_path: Path, pair: Pair) -> dict[str, Path]:
    """Files that are none."""
    (good,) = pair.out(pair.jp)
    paths = {name: tmp_path / name for name in ("link", "pipe", "folder", "empty", "text", "short")}
    paths["link"].symlink_to(good)
    (tmp_path / "to-device").symlink_to("/dev/zero")
    os.mkfifo(paths["pipe"])
    paths["folder"].mkdir()
    paths["empty"].touch()
    paths["text"].write_text("PK\x03\x04 no archive is read")
    paths["short"].write_bytes(good.read_bytes()[:-1])
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(5 * 1024**3)
    return paths | {
        "device": Path("/dev/zero"),
        "to-device": tmp_path / "to-device",
        "large": large,
        "none": tmp_path / "none",
        "good": good,
    }


def test_one_bad_file_does_not_stop_the_others(pair: Pair, special: dict[str, Path]) -> None:
    good = special.pop("good")
    ran: Ran = pair.nato.run("--json", "courier", "in", *special.values(), good)
    assert ran.status == 1
    assert "Traceback" not in ran.errors
    told = ran.told
    assert told["error"] == "bad-volume"
    assert told["message"] in ran.errors
    assert {failed["error"] for failed in told["failed"]} == {"bad-volume"}
    assert len(told["failed"]) == len(special)
    assert [v["state"] for v in told["volumes"]] == ["IMPORTED"]
    messages = {Path(f["file"]).name: f["message"] for f in told["failed"]}
    assert "a link" in messages["link"]
    assert "a link" in messages["to-device"]
    assert "a device" in messages["zero"]
    assert "a pipe" in messages["pipe"]
    assert "a folder" in messages["folder"]
    assert "4 GiB" in messages["large"]
    assert "does not begin" in messages["text"]


def test_people_are_told_in_sentences(pair: Pair, text: Path, tmp_path: Path) -> None:
    send(pair.jp, text)
    file = pair.stick / "told.courier"
    ran = pair.jp.run("courier", "out", "--to", "nato", "-o", file)
    assert ran.status == 0
    assert "1 envelope" in ran.text or "envelopes" in ran.text
    ran = pair.nato.run("courier", "in", file)
    assert "from jp" in ran.text
    assert "Taken: " in ran.text
    ran = pair.nato.run("courier", "in", file)
    assert "here already" in ran.text
    odd = tmp_path / "\x1b[31mred"
    odd.write_text("x")
    ran = pair.nato.run("courier", "in", odd)
    assert "\x1b[31mred" not in ran.errors
