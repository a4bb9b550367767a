"""Serves a node as `noroshi serve` does, and kills its own process at a named point.

    python -m endure.killable HOME [--at POINT --nth N] [--plant ack-before-commit]

Points are what the store calls out: "<act>:acted" when an act has written but nothing is
committed, "committing", and "committed" when it is on disk but nobody has been told. Each is
named on standard output when it is first passed.

A planted fault makes the node untrue on purpose; the proof must notice.
"""

import argparse
import faulthandler
import json
import os
import signal
import sys
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Final

from noroshi import doors, settings
from noroshi.adapters.sqlite import store
from noroshi.adapters.sqlite.groups import GroupWriter, Submitted
from noroshi.core.directory.prekeys import Schedule
from noroshi.core.errors import UnavailableError
from noroshi.core.instant import SECOND
from noroshi.entrypoints.cli.context import Serving
from noroshi.flow import interests

ACK_BEFORE_COMMIT: Final = "ack-before-commit"
_SLOW_DISK_SECONDS: Final = 0.02
_FEW: Final = 10
"""Entries of the journal after which a node notes how far it has looked at what came; mostly many
more, so that it would seldom be killed there."""
_BRIEF: Final = Schedule(use=3 * SECOND, ahead=9 * SECOND, least=6 * SECOND)
"""Prekeys come as often as all else, so that a node is killed while it makes and tells them."""


class HastyWriter(GroupWriter):
    """A planted fault: tells the outcome of an act before its commit, which takes a while."""

    def _run(self, submitted: Submitted) -> object:
        outcome = super()._run(submitted)
        told, submitted.future = submitted.future, Future()
        if isinstance(outcome, BaseException):
            told.set_exception(outcome)
        else:
            told.set_result(outcome)
        time.sleep(_SLOW_DISK_SECONDS)
        return outcome


class Fuse:
    """Names points as they are passed, and kills the process at the one asked for."""

    def __init__(self, point: str | None, nth: int) -> None:
        self._point = point
        self._left = nth
        self._passed: set[str] = set()

    def pass_point(self, point: str) -> None:
        """Called on the writer's thread."""
        if point not in self._passed:
            self._passed.add(point)
            say({"point": point})
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def say(told: dict[str, str]) -> None:
    """Tell the parent, in one write."""
    os.write(sys.stdout.fileno(), json.dumps(told).encode() + b"\n")


def main() -> None:
    """Serve until killed or stopped."""
    parser = argparse.ArgumentParser(prog="endure.killable", allow_abbrev=False)
    parser.add_argument("home", type=Path)
    parser.add_argument("--at", metavar="POINT")
    parser.add_argument("--nth", type=int, default=1)
    parser.add_argument("--plant", choices=[ACK_BEFORE_COMMIT])
    asked = parser.parse_args()
    faulthandler.enable()
    interests.UNNOTED = _FEW  # type: ignore[misc]
    settings.Schedule = lambda **_: _BRIEF  # type: ignore[attr-defined, assignment]
    if asked.plant is not None:
        store.GroupWriter = HastyWriter  # type: ignore[attr-defined]  # the fault to be noticed
    serving = Serving(
        home=asked.home,
        listen="127.0.0.1:0",
        peer=None,
        certificate=None,
        certificate_key=None,
        ask_passphrase=lambda: None,
        on_ready=lambda url, peer_url: say({"url": url, "peer_url": peer_url}),
        on_phase=Fuse(asked.at, asked.nth).pass_point,
    )
    try:
        doors.serve(serving)
    except UnavailableError as error:
        say({"error": error.code})
        sys.exit(f"{error.code}: {error.message}")


if __name__ == "__main__":
    main()
