"""planted: every planted bug is noticed by the simulator within 200 seeds not chosen for it.

Each bug (:mod:`endure.plants`) is put into a copy of the sources, which then lives through
simulated days until an invariant breaks. The table of which invariant noticed which bug, and after
how many seeds, is written to `docs/planted-bugs.md` when all are run.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from endure import evidence
from endure.plants import PLANTS, Plant

SEEDS: Final = 200
HOURS: Final = 72.0
_SOURCE: Final = evidence.ROOT / "src" / "noroshi"
_PAGE: Final = evidence.ROOT / "docs" / "planted-bugs.md"
_PATIENCE_SECONDS: Final = 3600

_PROGRAM: Final = """
import json, sys
from noroshi.adapters.telemetry import silence_logs
from noroshi.simulation.world import simulate
silence_logs()
hours, first, last = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
for seed in range(first, last):
    try:
        broken = sorted({violation.invariant for violation in simulate(hours, seed).violations})
    except Exception as error:
        broken = [type(error).__name__]
    if broken:
        print(json.dumps({"seed": seed, "broken": broken}))
        break
"""


class Noticed(msgspec.Struct, frozen=True):
    """Which seed noticed a bug, and by which invariants."""

    plant: Plant
    seeds: int | None
    """How many seeds it took; None: it survived."""
    broken: tuple[str, ...]


def notice(plant: Plant, first_seed: int, seeds: int = SEEDS, hours: float = HOURS) -> Noticed:
    """Return how a planted bug is noticed.

    Raises:
        ValueError: the text of the patch is not in the sources.
    """
    with tempfile.TemporaryDirectory(prefix="noroshi-planted-") as folder:
        copy = Path(folder) / "noroshi"
        shutil.copytree(_SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        apply(plant, copy)
        arguments = [str(hours), str(first_seed), str(first_seed + seeds)]
        try:
            done = subprocess.run(
                [sys.executable, "-c", _PROGRAM, *arguments],
                env={**os.environ, "PYTHONPATH": folder},
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                timeout=_PATIENCE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Noticed(plant, None, ())
    if not done.stdout:
        return Noticed(plant, None, ())
    told = json.loads(done.stdout)
    return Noticed(plant, told["seed"] - first_seed + 1, tuple(told["broken"]))


def apply(plant: Plant, sources: Path) -> None:
    """Put a bug into a copy of the sources.

    Raises:
        ValueError: a text is not there exactly once.
    """
    for name, text, instead in plant.edits:
        path = sources / name
        before = path.read_text()
        if before.count(text) != 1:
            msg = f"{plant.name}: {name} holds {text[:60]!r} {before.count(text)} times"
            raise ValueError(msg)
        path.write_text(before.replace(text, instead))


def write_page(noticed: Sequence[Noticed], page: Path = _PAGE) -> None:
    """Write the table for people."""
    lines = [
        "# Planted bugs",
        "",
        "Small patches to the shipped code (`endure/plants.py`), each put into a copy and run by",
        "the simulator, 72 hours a seed, until an invariant broke. `./dev endure planted` makes",
        "this page anew. The invariants are listed in [delivery](delivery.md).",
        "",
        "| bug | noticed by | after seeds |",
        "|---|---|---|",
        *(
            f"| {n.plant.name} | {', '.join(n.broken) or 'nothing'} | {n.seeds or 'survived'} |"
            for n in noticed
        ),
    ]
    page.write_text("\n".join(lines) + "\n")


def prove(minutes: float, seed: int, count: int | None, _plant: str | None) -> bool:
    """Plant every bug (or the first `count`); return whether all were noticed."""
    began = time.monotonic()
    plants = PLANTS[:count]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        noticed = []
        for found in pool.map(lambda plant: notice(plant, seed), plants):
            print(
                f"{found.seeds or 'SURVIVED':>8}  {found.plant.name}: {', '.join(found.broken)}",
                flush=True,
            )
            noticed.append(found)
            if count is None:
                write_page(noticed)
            if time.monotonic() - began > minutes * 60:
                print("time is over")
                return False
    survived = [found.plant.name for found in noticed if found.seeds is None]
    figures = {
        "seed": seed,
        "planted": len(plants),
        "noticed": len(plants) - len(survived),
        "most_seeds": max((found.seeds or 0) for found in noticed),
        "seconds": round(time.monotonic() - began, 1),
    }
    evidence.record("planted", figures)
    print(figures)
    return not survived
