"""outage: after a cut the FLASHes come first, soon, and everything comes exactly once.

The link is cut. A thousand ROUTINE reports are queued, then twenty FLASHes; the cut is held for
a minute or as long as asked; the link is healed. The first FLASH is there within 30 s and before
any ROUTINE of the backlog; in the end each report is there once, and its sender knows.
"""

import time
from pathlib import Path
from typing import Final

import msgspec

from endure.link import Link, open_link
from endure.rounds import repeat
from endure.stations import Announced, Stations, two_stations
from endure.wire import Weather
from noroshi.core.precedence import Precedence

WEATHER: Final = Weather(delay_ms=150, jitter_ms=10, loss=0.001, rate=10_000_000, queue=200)
ROUTINES: Final = 1000
FLASHES: Final = 20
CUT_SECONDS: Final = 60.0
FIRST_FLASH_SECONDS: Final = 30.0
PATIENCE_SECONDS: Final = 300.0
_PAUSE_SECONDS: Final = 0.2


class Backlog(msgspec.Struct):
    """What was queued while the link was cut, and what came of it."""

    routines: set[str]
    flashes: set[str]
    shown_while_cut: int
    healed_at: float
    arrivals: list[Announced]
    """Of the backlog, in their order."""

    @property
    def first_flash_seconds(self) -> float | None:
        """From healing until the first FLASH was there."""
        times = self._flash_times()
        return round(times[0], 1) if times else None

    @property
    def last_flash_seconds(self) -> float | None:
        """From healing until all FLASHes were there."""
        times = self._flash_times()
        return round(times[-1], 1) if len(times) == len(self.flashes) else None

    @property
    def routines_first(self) -> int:
        """How many ROUTINE reports came before the first FLASH."""
        for place, arrival in enumerate(self.arrivals):
            if arrival.report in self.flashes:
                return place
        return len(self.arrivals)

    @property
    def all_seconds(self) -> float | None:
        """From healing until all of it was there."""
        if len(self.arrivals) < len(self.routines) + len(self.flashes):
            return None
        return round(self.arrivals[-1].at - self.healed_at, 1)

    @property
    def is_as_promised(self) -> bool:
        """Say whether the FLASHes came first and soon, and nothing came through the cut."""
        first = self.first_flash_seconds
        in_time = first is not None and first <= FIRST_FLASH_SECONDS
        return in_time and not self.routines_first and not self.shown_while_cut

    def _flash_times(self) -> list[float]:
        return [a.at - self.healed_at for a in self.arrivals if a.report in self.flashes]


def run_round(
    folder: Path, routines: int, seed: int, cut_seconds: float
) -> tuple[bool, dict[str, object]]:
    """Cut the link over a queue, and heal it; return verdict and figures."""
    began = time.monotonic()
    with open_link(WEATHER, seed=seed) as link, two_stations(folder, link) as stations:
        stations.warm(PATIENCE_SECONDS)
        backlog = _cut_and_heal(stations, link, routines, cut_seconds)
        is_quiet = stations.wait_until_quiet(PATIENCE_SECONDS)
        tallies = link.tallies()
        findings = stations.examine()
    for problem in (*findings.lost, *findings.twice, *findings.wrong):
        print("  ", problem)
    figures: dict[str, object] = {
        "seed": seed,
        "cut_seconds": cut_seconds,
        "routines": routines,
        "flashes": FLASHES,
        "routines_first": backlog.routines_first,
        "shown_while_cut": backlog.shown_while_cut,
        "lost": len(findings.lost),
        "twice": len(findings.twice),
        "wrong": len(findings.wrong),
        "first_flash_seconds": backlog.first_flash_seconds,
        "last_flash_seconds": backlog.last_flash_seconds,
        "all_seconds": backlog.all_seconds,
        "packets_cut": sum(tally.cut for tally in tallies),
        "seconds": round(time.monotonic() - began, 1),
    }
    was_cut = tallies[0].cut > 0
    return was_cut and is_quiet and findings.is_clean and backlog.is_as_promised, figures


def _cut_and_heal(stations: Stations, link: Link, routines: int, cut_seconds: float) -> Backlog:
    stations.wait_until_quiet(PATIENCE_SECONDS)
    before = len(stations.receiver.received)
    link.partition()
    cut_at = time.monotonic()
    send = stations.sender.send
    queued = {send(f"routine {number}", Precedence.ROUTINE) for number in range(routines)}
    alarms = {send(f"flash {number}", Precedence.FLASH) for number in range(FLASHES)}
    time.sleep(max(0.0, cut_at + cut_seconds - time.monotonic()))
    shown = len(stations.receiver.received) - before
    link.heal()
    healed_at = time.monotonic()
    backlog = Backlog(queued, alarms, shown, healed_at, [])
    while backlog.all_seconds is None and time.monotonic() - healed_at < PATIENCE_SECONDS:
        time.sleep(_PAUSE_SECONDS)
        backlog.arrivals = stations.receiver.received[before:]
    return backlog


def prove(
    minutes: float,
    seed: int,
    count: int | None,
    _plant: str | None,
    cut_seconds: float = CUT_SECONDS,
) -> bool:
    """Play a round with `count` ROUTINE reports, or rounds of a thousand while they fit."""

    def play(folder: Path, seed: int) -> tuple[bool, dict[str, object]]:
        return run_round(folder, count or ROUTINES, seed, cut_seconds)

    rounds = None if count is None else 1
    return repeat("outage", play, minutes=minutes, seed=seed, rounds=rounds)
