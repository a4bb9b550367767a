"""The house's own scanner of malware, as a command (:class:`noroshi.flow.ports.Scanner`).

It is run without a shell, gets the plaintext of an attachment on its standard input, and says
by its status what it found: 0 nothing, 1 something. Whatever else happens, nothing was found
clean: a scanner that fails, hangs or stops before it has read everything lets nothing through.
What it prints goes nowhere, for it may hold what a partner wrote.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Generator, Iterable, Sequence
from typing import IO, Final, cast

from noroshi.core.errors import InputError, UnavailableError
from noroshi.core.sheet.visible import visible
from noroshi.flow.house import Check

SECONDS: Final = 60.0
"""So long it is waited for, in all; time in which the file itself is waited for does not count."""
_AT_ONCE: Final = 8
"""So that scanners that hang leave threads to others."""
_CLEAN: Final = 0
_FOUND: Final = 1


class CommandScanner:
    """Runs a command for each attachment."""

    def __init__(self, command: Sequence[str], seconds: float = SECONDS) -> None:
        """Take the words of the command, and how long it is waited for."""
        self._command = list(command)
        self._seconds = seconds
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def scan(self, name: str, chunks: Iterable[bytes]) -> Generator[bytes]:
        """Yield `chunks`, and raise behind the last of them unless they were found clean.

        All are taken in any case: whoever sends a file listens only afterwards.

        Raises:
            InputError: something was found in it.
            UnavailableError: it could not be scanned.
        """
        if not self._places.acquire(blocking=False):
            yield from chunks
            raise _unscanned(name, f"looks at {_AT_ONCE} files already")
        try:
            problem = yield from self._scan(chunks)
        finally:
            self._places.release()
        if problem is None:
            msg = (
                f"the malware scanner of this node found something in {visible(name)}, so nothing "
                "of that file was given out or taken in. What reports say can be read all the "
                "same; whoever needs the sample takes it from a node without a scanner "
                "(docs/operate.md)"
            )
            raise InputError("attachment-infected", msg)
        if problem:
            raise _unscanned(name, problem)

    def _scan(self, chunks: Iterable[bytes]) -> Generator[bytes, None, str | None]:
        """Yield `chunks`; return what went wrong, "" for nothing, None if something was found."""
        try:
            # A session of its own: all that it started ends together.
            process = subprocess.Popen(  # noqa: S603 - the house's own command, without a shell
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            yield from chunks
            return f"cannot be run ({error.strerror})"
        run = _Run(process, self._seconds)
        try:
            for chunk in chunks:
                run.feed(chunk)
                yield chunk
            return run.finish()
        finally:
            run.end()


class _Run:
    """One run of the command."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process = process
        self._input = cast("IO[bytes]", process.stdin)
        self._seconds = self._left = seconds
        self._is_deaf = False
        os.set_blocking(self._input.fileno(), False)
        self._poll = select.poll()
        self._poll.register(self._input.fileno(), select.POLLOUT)

    def feed(self, data: bytes) -> None:
        """Give it the next piece, unless it reads no more or its time is over."""
        rest = memoryview(data)
        while rest and self._left > 0 and not self._is_deaf:
            began = time.monotonic()
            self._poll.poll(self._left * 1000)
            self._left -= time.monotonic() - began
            try:
                rest = rest[os.write(self._input.fileno(), rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                self._is_deaf = True

    def finish(self) -> str | None:
        """Tell it that this was all, and wait; return as :meth:`CommandScanner._scan` does."""
        late = f"did not end within {self._seconds:g} s"
        if self._left <= 0:
            return late
        self._input.close()
        try:
            status = self._process.wait(self._left)
        except subprocess.TimeoutExpired:
            return late
        if status == _FOUND:
            return None
        if status != _CLEAN:
            ended = f"status {status}" if status > 0 else f"signal {-status}"
            return f"ended with {ended}"
        return "ended before it had read the whole file" if self._is_deaf else ""

    def end(self) -> None:
        """End it, and what it started, if it has not ended."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        with contextlib.suppress(OSError):
            self._input.close()


def check_scanner(command: Sequence[str]) -> Check:
    """Return whether the command of a house is there; a house may do without."""
    if not command:
        told = "none is named; attachments are given out as they came"
        return Check("scanner", ok=True, message=told)
    if shutil.which(command[0]) is None:
        problem = (
            f"there is no program {command[0]!r}, so no attachment is given out or taken in; "
            "install it, or mend [attachments] in noroshi.toml and serve again"
        )
        return Check("scanner", ok=False, message=problem)
    return Check("scanner", ok=True, message=f"{command[0]} looks at each attachment")


def _unscanned(name: str, problem: str) -> UnavailableError:
    msg = (
        f"the malware scanner of this node {problem}, so nothing of {visible(name)} was given out "
        "or taken in. Try again; if it stays so, its administrator runs the command of "
        "[attachments] in noroshi.toml by hand, and 'noroshi doctor'"
    )
    return UnavailableError("attachment-unscanned", msg)
