"""kill: no report that was answered SENT is lost and none is announced twice, whatever is killed.

Two nodes are under load in both directions while each is killed (SIGKILL) over and over: first
once at every named point that it passes, then at random moments, sometimes before it is ready.
It is started again at once. At the end of a round both are left alone until nothing is under
way, are ended, and all that they hold is compared with all that they had answered.
"""

import math
import random
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from endure import evidence
from endure.aftermath import Findings, examine, is_quiet
from endure.federation import ServedNode, found, make_home
from endure.load import Ledger, Load
from noroshi.settings import FILE_NAME, ClockMinutes, read_settings, to_toml

PROFILES: Final = {"jp": "H3", "nato": "H5"}
KILLS_A_ROUND: Final = 250
READY_SECONDS: Final = 5.0
"""Within this a killed node must be ready again."""
QUIET_SECONDS: Final = 150
"""Longer than the longest pause between two tries."""
WARM_UP_SECONDS: Final = 2.0
POINT_SECONDS: Final = 2.0
LONGEST_POINT_SECONDS: Final = 8.0
"""How long a named point is waited for, at first (longer at each further try) and when the other
node was down meanwhile."""
ACTS: Final = ("send", "take", "answer", "issue_receipts", "forget", "hold_blob", "call_attention")
NEEDED: Final = frozenset({"committing", "committed", *(f"{act}:acted" for act in ACTS)})
"""Points that each node must be killed at, beside all others that it was seen to pass."""
CLOCKS: Final = ClockMinutes(flash=0.02, immediate=0.02, priority=0.02, routine=0.02, deferred=0.02)
POINT_TRIES: Final = 6
"""How often each is tried; on a busy machine a node comes to some of them late."""
PORT_TRIES: Final = 5
MEAN_LIFE_SECONDS: Final = 0.3
LONGEST_LIFE_SECONDS: Final = 1.5
EARLY_SHARE: Final = 0.15
"""How many are killed before they are ready."""
POINT_SHARE: Final = 0.35
"""How many are killed at a named point, at a random one of its passages."""


class Round(msgspec.Struct):
    """What one round showed."""

    findings: Findings
    kills: int
    points: set[tuple[str, str]]
    missed: set[tuple[str, str]]
    ready: list[float]
    ledger: Ledger
    seconds: float

    @property
    def is_proved(self) -> bool:
        """Say whether the round shows what it should."""
        in_time = max(self.ready, default=0.0) <= READY_SECONDS
        return self.findings.is_clean and in_time and not self.missed

    def figures(self, seed: int) -> dict[str, object]:
        """Return what goes on record."""
        return {
            "seed": seed,
            "kills": self.kills,
            "points": len(self.points),
            "reports": self.findings.reports,
            "known": len(self.ledger.known),
            "unknown": len(self.ledger.unknown),
            "acknowledged": len(self.ledger.acknowledged),
            "lost": len(self.findings.lost),
            "twice": len(self.findings.twice),
            "wrong": len(self.findings.wrong) + len(self.missed),
            "ready_seconds": evidence.spread(self.ready),
            "seconds": round(self.seconds, 1),
        }


class Harassment:
    """Kills and starts the nodes until enough were killed."""

    def __init__(
        self,
        homes: Mapping[str, Path],
        kills: int,
        seed: int,
        plant: str | None,
        only: str | None,
        load: Load,
    ) -> None:
        self._homes = homes
        self._load = load
        self._only = only
        self._wanted = kills
        self._seed = seed
        self._arguments = ("--plant", plant) if plant else ()
        self._lock = threading.Lock()
        self._alive: dict[str, ServedNode] = {}
        self.kills = 0
        self.ready: list[float] = []
        self.passed = {(partner, point) for partner in homes for point in self._of(NEEDED)}
        self.hit: set[tuple[str, str]] = set()
        self.crashes: list[str] = []

    def run(self) -> None:
        """Harass the nodes; all are alive and ready afterwards."""
        for partner in self._homes:
            self._start(partner)
        time.sleep(WARM_UP_SECONDS)
        for partner in self._homes:  # the other learns what it does when nobody is there
            self._kill(partner)
            time.sleep(WARM_UP_SECONDS / 2)
            self._start(partner)
        for partner in self._homes:
            self._kill_at_points(partner)
        with ThreadPoolExecutor(len(self._homes)) as pool:
            list(pool.map(self._kill_at_random, self._homes))

    def stop(self) -> list[int]:
        """End all nodes in good order; return their exit codes."""
        return [node.stop() for node in self._alive.values()]

    def end(self) -> None:
        """End whatever is still running."""
        for node in self._alive.values():
            node.kill()

    def _of(self, points: Iterable[str]) -> list[str]:
        """Return which of some points are to be killed at."""
        return [point for point in points if self._only in {None, point}]

    def _kill_at_points(self, partner: str) -> None:
        """Kill a node once at every point that it has to pass or was seen to pass."""
        (other,) = self._homes.keys() - {partner}
        self._kill(partner)
        for attempt in range(POINT_TRIES):
            # Attachments come last, and on a busy machine not at all before senders rest.
            self._load.rest(wanted=attempt % 2 == 1)
            for point in sorted(p for name, p in self.passed - self.hit if name == partner):
                node = self._start(partner, "--at", point)
                if not node.wait_end((attempt + 1) * POINT_SECONDS):
                    # Some points are passed only when the other node could not be reached.
                    self._kill(other)
                    self._start(other)
                    node.wait_end(LONGEST_POINT_SECONDS)
                self._kill(partner, point)
        self._load.rest(wanted=False)
        self._start(partner)

    def _kill_at_random(self, partner: str) -> None:
        """Kill a node wherever it happens to be: starting, at work, somewhere in a commit."""
        draw = random.Random(f"{self._seed} {partner} is killed")
        points = sorted(point for name, point in self.passed if name == partner)
        while self.kills < self._wanted:
            self._kill(partner)
            kind = draw.random()
            seconds = min(-MEAN_LIFE_SECONDS * math.log(1 - draw.random()), LONGEST_LIFE_SECONDS)
            if kind < EARLY_SHARE:
                self._start(partner, wait=False)
                time.sleep(seconds)
            elif kind < EARLY_SHARE + POINT_SHARE:
                nth = str(draw.randint(1, 40))
                self._start(partner, "--at", draw.choice(points), "--nth", nth)
                self._alive[partner].wait_end(LONGEST_LIFE_SECONDS)
            else:
                self._start(partner)
                time.sleep(seconds)
        self._kill(partner)
        self._start(partner)

    def _start(self, partner: str, *arguments: str, wait: bool = True) -> ServedNode:
        """Start a node; it may end at its point before it is ready, but not otherwise."""
        node = ServedNode(self._homes[partner], *self._arguments, *arguments)
        self._alive[partner] = node
        if wait:
            for _ in range(PORT_TRIES):
                if node.wait_ready() or node.error != "port-in-use":
                    break
                time.sleep(WARM_UP_SECONDS)  # an outgoing connection of somebody has it
                node = ServedNode(self._homes[partner], *self._arguments, *arguments)
                self._alive[partner] = node
            if node.wait_ready() and node.ready_after is not None:
                self.ready.append(node.ready_after)
            elif not arguments:
                msg = f"the node of {partner} does not start any more"
                raise RuntimeError(msg)
        return node

    def _kill(self, partner: str, point: str | None = None) -> None:
        """End a node at once, if it did not end itself at `point`."""
        node = self._alive[partner]
        by_itself = node.wait_end(0)
        code = node.kill()
        with self._lock:
            self.kills += 1
            self.passed |= {(partner, point) for point in self._of(node.points)}
            if point and by_itself:
                self.hit.add((partner, point))
            if code != -signal.SIGKILL:
                self.crashes.append(f"the node of {partner} ended with exit code {code}")


def run_round(
    folder: Path, kills: int, seed: int, plant: str | None = None, only: str | None = None
) -> Round:
    """Found a federation in `folder`, kill its nodes so often, and look what is there.

    `only` names the one point to kill at, beside random moments.
    """
    homes = found(folder, PROFILES)
    for home in homes.values():
        _hurry(home)
    third_card = make_home(folder / "au", "au", "H3")
    ledger = Ledger()
    load = Load(homes, third_card, ledger, seed)
    harassment = Harassment(homes, kills, seed, plant, only, load)
    began = time.monotonic()
    with load.running():
        try:
            harassment.run()
            load.stop_sending()
            _wait_until_quiet(homes)
            load.finish()
            _wait_until_quiet(homes)
            codes = harassment.stop()
        finally:
            load.stop()
            harassment.end()
    findings = examine(homes, ledger)
    findings.wrong += harassment.crashes
    findings.wrong += [f"a node stopped with exit code {code}" for code in codes if code]
    return Round(
        findings=findings,
        kills=harassment.kills,
        points=harassment.hit,
        missed=harassment.passed - harassment.hit,
        ready=harassment.ready,
        ledger=ledger,
        seconds=time.monotonic() - began,
    )


def _hurry(home: Path) -> None:
    """Let deadlines of people pass while the proof runs."""
    path = home / FILE_NAME
    settings = msgspec.structs.replace(read_settings(home), clocks=CLOCKS)
    path.write_text(to_toml(settings))


def _wait_until_quiet(homes: Mapping[str, Path]) -> None:
    """Wait until nothing is under way; what still is after long is found as lost."""
    until = time.monotonic() + QUIET_SECONDS
    while not is_quiet(homes) and time.monotonic() < until:
        time.sleep(0.2)


def prove(minutes: float, seed: int, count: int | None, plant: str | None) -> bool:
    """Run rounds until the time is over or `count` were killed; say whether all is proved."""
    until = time.monotonic() + minutes * 60
    killed, proved = 0, True
    while time.monotonic() < until and (count is None or killed < count):
        kills = KILLS_A_ROUND if count is None else min(KILLS_A_ROUND, count - killed)
        folder = Path(tempfile.mkdtemp(prefix="noroshi-kill-"))
        shown = run_round(folder, kills, seed, plant)
        killed += shown.kills
        proved = proved and shown.is_proved
        print(shown.figures(seed))
        for problem in (*shown.findings.lost, *shown.findings.twice, *shown.findings.wrong):
            print("  ", problem)
        for partner, point in sorted(shown.missed):
            print(f"   {partner} was not killed at {point}")
        if shown.is_proved or plant:
            shutil.rmtree(folder)
        else:
            print(f"   kept for a look: {folder}")
        if plant is None:
            evidence.record("kill", shown.figures(seed))
        seed += 1
    if plant is None:
        print("total", evidence.totals("kill"))
        return proved
    print(f"the planted fault ({plant}) was", "missed" if proved else "noticed")
    return not proved
