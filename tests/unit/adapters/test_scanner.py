"""The house's scanner: what it lets through, and that all else is refused."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from noroshi.adapters.scanner import CommandScanner, check_scanner
from noroshi.core.errors import InputError, UnavailableError

PIECES = [b"a harmless ", b"file\n"]
LOOKS = "grep -q EICAR && exit 1; exit 0"
"""A scanner: it finds one word."""


def shell(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def through(script: str, pieces: list[bytes], seconds: float = 20) -> bytes:
    return b"".join(CommandScanner(shell(script), seconds).scan("map.bin", pieces))


def refusal(command: list[str], pieces: list[bytes], seconds: float = 20) -> str:
    """Return why nothing was let through; all was taken all the same."""
    left = iter(pieces)
    with pytest.raises(UnavailableError) as caught:
        list(CommandScanner(command, seconds).scan("map.bin", left))
    assert caught.value.code == "attachment-unscanned"
    assert "map.bin" in caught.value.message
    assert "noroshi doctor" in caught.value.message
    assert list(left) == []
    return caught.value.message


def test_what_is_clean_goes_through_as_it_is(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    assert through(f"cat > {seen}", PIECES) == b"".join(PIECES) == seen.read_bytes()
    large = [os.urandom(1_000_000) for _ in range(20)]
    assert through(f"cat > {seen}", large) == b"".join(large) == seen.read_bytes()


def test_what_is_found_is_refused_behind_the_last_piece() -> None:
    left = iter([b"EI", b"CAR\n", bytes(3_000_000)])
    scanned = CommandScanner(shell(LOOKS)).scan("a\u202eb", left)
    with pytest.raises(InputError) as caught:
        list(scanned)
    assert caught.value.code == "attachment-infected"
    assert "found something in a" in caught.value.message
    assert "\u202e" not in caught.value.message
    assert list(left) == []
    assert through(LOOKS, PIECES) == b"".join(PIECES)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("cat > /dev/null; exit 2", "ended with status 2"),
        ("cat > /dev/null; kill -9 $$", "ended with signal 9"),
        ("exec 0<&-; exit 0", "ended before it had read the whole file"),
        ("no-such-program-anywhere", "ended with status 127"),
    ],
)
def test_a_scanner_that_fails_lets_nothing_through(script: str, why: str) -> None:
    assert why in refusal(shell(script), [bytes(1_000_000)] * 3)


def test_a_scanner_that_is_not_there_lets_nothing_through(tmp_path: Path) -> None:
    assert "cannot be run (No such file" in refusal([str(tmp_path / "none")], PIECES)
    (tmp_path / "data").write_text("no program")
    assert "cannot be run (Permission denied)" in refusal([str(tmp_path / "data")], PIECES)


@pytest.mark.parametrize("script", ["sleep 60", "cat > /dev/null; sleep 60; exit 0"])
def test_a_scanner_that_hangs_is_ended_with_what_it_started(tmp_path: Path, script: str) -> None:
    pid, began = tmp_path / "pid", time.monotonic()
    command = shell(f"sh -c 'echo $$ > {pid}; {script}'; exit 0")
    assert "did not end within 0.5 s" in refusal(command, [bytes(1_000_000)] * 3, 0.5)
    assert time.monotonic() - began < 10
    started = int(pid.read_text())
    while _lives(started):
        assert time.monotonic() - began < 10
        time.sleep(0.02)


def test_waiting_for_the_file_does_not_count() -> None:
    def slowly() -> Iterator[bytes]:
        yield b"one"
        time.sleep(0.6)
        yield b"two"

    scanned = CommandScanner(shell("cat > /dev/null"), 0.5).scan("map.bin", slowly())
    assert b"".join(scanned) == b"onetwo"


def test_scanners_leave_threads_to_others() -> None:
    scanner = CommandScanner(shell("cat > /dev/null"))
    with ExitStack() as stack:
        for _ in range(8):
            under_way = scanner.scan("map.bin", PIECES)
            stack.callback(under_way.close)
            next(under_way)
        with pytest.raises(UnavailableError, match="looks at 8 files already"):
            list(scanner.scan("map.bin", PIECES))
    assert b"".join(scanner.scan("map.bin", PIECES)) == b"".join(PIECES)


def test_the_doctor_looks_for_the_program(tmp_path: Path) -> None:
    assert check_scanner(()).ok
    assert "sh looks at each attachment" in check_scanner(("sh", "-c", LOOKS)).message
    gone = check_scanner((str(tmp_path / "none"), "-"))
    assert (gone.ok, "there is no program" in gone.message) == (False, True)


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
