"""simulate: federations in virtual time keep every promise.

Histories of 72 hours, a seed each, on both cores. A round is one batch of seeds; its line in
`docs/evidence/simulate.jsonl` has the hours, the violations and the digest of all traces. A minute
of a core is a minute of its time, whatever else the machine does.
"""

import hashlib
import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Final

from endure import evidence
from noroshi.adapters.telemetry import silence_logs
from noroshi.simulation.world import History, simulate

HOURS: Final = 72.0
SEEDS_A_ROUND: Final = 40


def live(seed: int, hours: float = HOURS) -> History:
    """Return one history; runs in a process of its own."""
    silence_logs()
    return simulate(hours, seed)


def run_round(seed: int, seeds: int) -> tuple[bool, dict[str, object]]:
    """Live through `seeds` histories; return verdict and figures."""
    began = time.monotonic()
    worked = _seconds_of_cores()
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        histories = list(pool.map(live, range(seed, seed + seeds)))
    seconds, worked = time.monotonic() - began, _seconds_of_cores() - worked
    for history in histories:
        for violation in history.violations[:5]:
            print(f"   seed {history.seed}: {violation}")
    hours = sum(int(history.hours) for history in histories)
    figures: dict[str, object] = {
        "seed": seed,
        "seeds": seeds,
        "hours": hours,
        "events": sum(history.events for history in histories),
        "reports": sum(history.reports for history in histories),
        "violations": sum(len(history.violations) for history in histories),
        "traces": hashlib.sha256("".join(h.trace for h in histories).encode()).hexdigest()[:16],
        "hours_per_minute_and_core": float(round(60 * hours / worked)),
        "seconds": round(seconds, 1),
    }
    return figures["violations"] == 0, figures


def _seconds_of_cores() -> float:
    """Return how long cores have worked for processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def prove(minutes: float, seed: int, count: int | None, _plant: str | None) -> bool:
    """Live until the time is over, or `count` hours are lived."""
    until = time.monotonic() + minutes * 60
    lived, proved = 0, True
    while time.monotonic() < until and (count is None or lived < count):
        is_proved, figures = run_round(seed, SEEDS_A_ROUND)
        print(figures, flush=True)
        evidence.record("simulate", figures)
        proved = proved and is_proved
        lived += int(SEEDS_A_ROUND * HOURS)
        seed += SEEDS_A_ROUND
    print("total", evidence.totals("simulate"))
    return proved
