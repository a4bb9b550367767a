"""distance: a FLASH is acknowledged within ten seconds over a line that is far away and bad.

The line takes 300 ms each way, gives or takes 40, loses 5 % of all packets and lets 2 % overtake.
It is warm. FLASH reports go over one after another; the script at the other end acknowledges each
as soon as it is shown; what counts is the time from the sending to ACKNOWLEDGED at the sender.
"""

import time
from pathlib import Path
from typing import Final

from endure import evidence
from endure.link import open_link
from endure.rounds import repeat
from endure.stations import two_stations
from endure.wire import Weather
from noroshi.core.delivery.ladder import Rung
from noroshi.core.precedence import Precedence

WEATHER: Final = Weather(delay_ms=300, jitter_ms=40, loss=0.05, reorder=0.02)
REPORTS: Final = 100
P99_SECONDS: Final = 10.0
LONGEST_SECONDS: Final = 120.0
QUIET_SECONDS: Final = 120.0


def run_round(folder: Path, reports: int, seed: int) -> tuple[bool, dict[str, object]]:
    """Send so many FLASHes; return verdict and figures."""
    began = time.monotonic()
    with open_link(WEATHER, seed=seed) as link, two_stations(folder, link) as stations:
        stations.warm(LONGEST_SECONDS)
        before = link.tallies()
        taken: list[float] = []
        missed = 0
        for number in range(reports):
            sent_at = time.monotonic()
            report = stations.sender.send(f"flash {number}", Precedence.FLASH)
            at = stations.sender.wait_for_rung(report, Rung.ACKNOWLEDGED, LONGEST_SECONDS)
            missed += at is None
            taken.append(LONGEST_SECONDS if at is None else at - sent_at)
        after = link.tallies()
        is_quiet = stations.wait_until_quiet(QUIET_SECONDS)
        findings = stations.examine()
    for problem in (*findings.lost, *findings.twice, *findings.wrong):
        print("  ", problem)
    spread = evidence.spread(taken)
    is_bad_line = all(tally.lost for tally in after)
    figures: dict[str, object] = {
        "seed": seed,
        "reports": reports,
        "missed": missed,
        "lost": len(findings.lost),
        "twice": len(findings.twice),
        "wrong": len(findings.wrong),
        "acknowledged_seconds": spread,
        "line_packets": [tally.packets for tally in after],
        "line_lost": [tally.lost for tally in after],
        "bytes_a_report": [
            (late.bytes - early.bytes) // max(1, reports)
            for early, late in zip(before, after, strict=True)
        ],
        "seconds": round(time.monotonic() - began, 1),
    }
    proved = findings.is_clean and is_quiet and is_bad_line and not missed
    return proved and spread["p99"] <= P99_SECONDS, figures


def prove(minutes: float, seed: int, count: int | None, _plant: str | None) -> bool:
    """Play a round of `count` reports, or rounds of a hundred while they fit into the time."""

    def play(folder: Path, seed: int) -> tuple[bool, dict[str, object]]:
        return run_round(folder, count or REPORTS, seed)

    rounds = None if count is None else 1
    return repeat("distance", play, minutes=minutes, seed=seed, rounds=rounds)
