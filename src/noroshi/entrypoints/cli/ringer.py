"""The ringer: runs a command for each alarm, beside the watch and never in its way.

The command is split into words as a shell would (quotes count) and run without one: no
variable, no wildcard, no pipe means anything. It gets the alarm as one line of JSON on its
standard input; what it prints goes to standard error.
"""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from noroshi.core.errors import InputError

_AT_ONCE: Final = 8
"""So that one command that hangs holds up no other alarm."""


def split_command(text: str) -> list[str]:
    """Return the words of a command that can be run.

    Raises:
        InputError: its quotes do not match, or there is no such program.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        msg = f"the command of --exec cannot be read ({error}); mind its quotes"
        raise InputError("bad-input", msg) from error
    if not words or shutil.which(words[0]) is None:
        msg = f"there is no program {words[0] if words else ''!r} for --exec; give its whole path"
        raise InputError("bad-input", msg)
    return words


class Ringer:
    """Runs a command for each alarm."""

    def __init__(
        self, command: Sequence[str], seconds: float, complain: Callable[[str], None]
    ) -> None:
        """Take the command, the time it may last, and who hears that it failed."""
        self._command = list(command)
        self._seconds = seconds
        self._complain = complain
        self._pool = ThreadPoolExecutor(_AT_ONCE, "ringer")
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def ring(self, name: str, raw: bytes) -> None:
        """Run the command with `raw` on its standard input; do not wait for it."""
        self._pool.submit(self._run, name, raw)

    def close(self) -> None:
        """End what runs, and wait for it; what has not begun does not begin."""
        with self._lock:
            self._is_closed = True
            running = list(self._running)
        for process in running:
            _end(process)
        self._pool.shutdown(cancel_futures=True)

    def _run(self, name: str, raw: bytes) -> None:
        try:
            problem = self._run_once(raw)
        except OSError as error:
            problem = f"cannot be run: {error.strerror}"
        if problem and not self._is_closed:
            self._complain(f"the command of --exec for {name} {problem}; the watch goes on")

    def _run_once(self, raw: bytes) -> str:
        """Return what went wrong, "" for nothing."""
        with self._lock:
            if self._is_closed:
                return ""
            # A session of its own: Ctrl-C is for the watch, and all it started ends together.
            process = subprocess.Popen(  # noqa: S603 - the officer's own command, without a shell
                self._command, stdin=subprocess.PIPE, stdout=sys.stderr, start_new_session=True
            )
            self._running.add(process)
        try:
            process.communicate(raw, self._seconds)
        except subprocess.TimeoutExpired:
            return f"was ended after {self._seconds:g} s"
        finally:
            _end(process)
            with self._lock:
                self._running.discard(process)
        return f"ended with status {process.returncode}" if process.returncode else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process, and what it started, if it has not ended."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
