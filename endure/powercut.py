"""powercut: on a disk that loses what was not synced, nothing that was committed is lost.

A node's store lives on a :class:`endure.crashdisk.CrashDisk`; real acts (send, take, answer,
issue receipts) run in groups until the power fails at a random write or sync, in a commit, in
a checkpoint of the WAL or while the store closes. Then the store is opened on what is left:
the database is sound, the journal verifies, every act that was answered is there.

The proof is worth something only if the disk is cruel enough: with synchronous=OFF, and with
NORMAL, the same rounds must lose data.
"""

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from endure import evidence
from endure.book import serialize
from endure.disklife import Bench, Figures, Life
from endure.exchange import open_pair
from noroshi.adapters.home import DATABASE

CUTS_A_LIFE: Final = 15
"""After so many cuts a disk is replaced by a new one, so that journals stay short."""
CUTS_A_ROUND: Final = 250
SELF_TEST_CUTS: Final = 50
ENVELOPES: Final = 60


@contextmanager
def set_up(folder: Path) -> Iterator[Bench]:
    """Make the node whose disk is to fail, and reports on their way to it."""
    with open_pair(folder, {"jp": "H3", "nato": "H3"}) as pair:
        jp, nato = pair.nodes
        for number in range(ENVELOPES):
            pair.send(nato, f"smoke over hill {number}")
        database = serialize(jp.home / DATABASE)
        yield Bench(jp, database, tuple(pair.waiting(nato)))


def cut(bench: Bench, folder: Path, synchronous: str, cuts: int, seed: int) -> Figures:
    """Cut the power `cuts` times under one setting of SQLite."""
    figures = Figures()
    draw = random.Random(f"{seed} {synchronous}")
    life = 0
    while figures.cuts < cuts:
        life += 1
        disks = folder / f"{synchronous}-{life}"
        disks.mkdir()
        Life(bench, disks, synchronous, draw).run(min(CUTS_A_LIFE, cuts - figures.cuts), figures)
    return figures


def run_round(folder: Path, cuts: int, seed: int) -> tuple[bool, dict[str, object]]:
    """Cut the power `cuts` times, then show that the disk is cruel; return verdict and figures."""
    began = time.monotonic()
    with set_up(folder / "nodes") as bench:
        full = cut(bench, folder, "FULL", cuts, seed)
        weaker = {
            setting: cut(bench, folder, setting, SELF_TEST_CUTS, seed)
            for setting in ("NORMAL", "OFF")
        }
    for problem in full.problems:
        print("  ", problem)
    figures: dict[str, object] = {
        "seed": seed,
        "cuts": full.cuts,
        "answered": full.answered,
        "lost": full.lost,
        "damaged": full.damaged,
    }
    for setting, shown in weaker.items():
        name = setting.lower()
        figures |= {
            f"{name}_cuts": shown.cuts,
            f"{name}_answered": shown.answered,
            f"{name}_lost": shown.lost,
            f"{name}_damaged": shown.damaged,
        }
    figures["seconds"] = round(time.monotonic() - began, 1)
    is_safe = full.lost == full.damaged == 0
    is_cruel = all(shown.lost > 0 for shown in weaker.values())
    return is_safe and is_cruel, figures


def prove(minutes: float, seed: int, count: int | None, _plant: str | None) -> bool:
    """Run rounds until the time is over or the power was cut `count` times."""
    until = time.monotonic() + minutes * 60
    done, proved = 0, True
    while time.monotonic() < until and (count is None or done < count):
        cuts = CUTS_A_ROUND if count is None else min(CUTS_A_ROUND, count - done)
        with tempfile.TemporaryDirectory(prefix="noroshi-powercut-") as folder:
            is_proved, figures = run_round(Path(folder), cuts, seed)
        print(figures)
        evidence.record("powercut", figures)
        proved = proved and is_proved
        done += cuts
        seed += 1
    print("total", evidence.totals("powercut"))
    return proved
