"""soak: under steady load for half an hour memory, open files and the WAL stay where they are.

Two nodes exchange and acknowledge a few reports a second, one in fifty with an attachment. Before
that, as fast as one sender can for some minutes: the page caches of all connections fill with the
database, up to a bound, and would look like a leak while they do. Then the memory of each node is
sampled; what counts is the slope of a straight line through it.
"""

import statistics
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.nodes import Served, resident_mib, served
from endure import evidence
from endure.federation import Door, found
from noroshi.adapters.home import DATABASE
from noroshi.core.delivery.ladder import Rung
from noroshi.flow import requests

WARM_UP_SECONDS: Final = 360.0
WARM_UP_REPORTS_A_SECOND: Final = 60.0
SAMPLE_SECONDS: Final = 5.0
REPORTS_A_SECOND: Final = 4.0
MOST_MIB_AN_HOUR: Final = 1.0
MOST_WAL: Final = 80 * 1024 * 1024
_BODY: Final = b"Soak test of a report of ordinary length. " * 12


class Sample:
    """What one node used at one moment."""

    def __init__(self, node: Served, at: float) -> None:
        self.hours = at / 3600
        self.mib = round(resident_mib(node.pid), 2)
        self.files = len(list(Path(f"/proc/{node.pid}/fd").iterdir()))
        self.wal = (node.home / f"{DATABASE}-wal").stat().st_size


def slope(samples: Sequence[Sample]) -> float:
    """Return MiB an hour of the line that fits best."""
    hours, mib = [s.hours for s in samples], [s.mib for s in samples]
    return statistics.linear_regression(hours, mib).slope


def _send(home: Path, stop: threading.Event) -> None:
    door, number = Door(home), 0
    warm_at = time.monotonic() + WARM_UP_SECONDS
    pace = WARM_UP_REPORTS_A_SECOND
    while not stop.wait(1 / pace):
        pace = REPORTS_A_SECOND if time.monotonic() > warm_at else WARM_UP_REPORTS_A_SECOND
        number += 1
        tokens = (door.stage("map.bin", _BODY * 200),) if number % 50 == 0 else ()
        body = _BODY + str(number).encode()
        precedence = "flash" if number % 20 == 0 else "routine"
        door.ask(requests.SendReport(
            body=body, to=("cyber@nato",), precedence=precedence, attachments=tokens
        ))  # fmt: skip


def _acknowledge(home: Path, stop: threading.Event) -> None:
    door = Door(home)
    while not stop.wait(1.0):
        for row in door.ask_list(requests.Inbox(desk="cyber", unacknowledged=True)):
            report = str(row["report"])
            door.ask(requests.Answering(report=report, rung=Rung.ACKNOWLEDGED, by="Lt Soak"))


def _soak(homes: Mapping[str, Path], nodes: Sequence[Served], seconds: float) -> dict[str, object]:
    stop = threading.Event()
    workers = [
        threading.Thread(target=_send, args=(homes["jp"], stop)),
        threading.Thread(target=_acknowledge, args=(homes["nato"], stop)),
    ]
    for worker in workers:
        worker.start()
    time.sleep(WARM_UP_SECONDS)
    began = time.monotonic()
    samples: dict[str, list[Sample]] = {node.partner: [] for node in nodes}
    while (now := time.monotonic() - began) < seconds:
        for node in nodes:
            samples[node.partner].append(Sample(node, now))
        time.sleep(SAMPLE_SECONDS)
    stop.set()
    for worker in workers:
        worker.join()
    return {
        "seconds": round(seconds),
        "warm_up_seconds": round(WARM_UP_SECONDS),
        "mib_an_hour": {name: round(slope(kept), 2) for name, kept in samples.items()},
        "mib": {name: [kept[0].mib, kept[-1].mib] for name, kept in samples.items()},
        "files": {name: [kept[0].files, kept[-1].files] for name, kept in samples.items()},
        "wal_mib": {n: round(max(s.wal for s in kept) / 2**20, 1) for n, kept in samples.items()},
        "is_flat": all(
            slope(kept) < MOST_MIB_AN_HOUR
            and kept[-1].files <= kept[0].files + 4
            and max(sample.wal for sample in kept) <= MOST_WAL
            for kept in samples.values()
        ),
    }


def prove(minutes: float, _seed: int, _count: int | None, _plant: str | None) -> bool:
    """Soak two nodes for `minutes` (at most half an hour) after their warm-up."""
    with tempfile.TemporaryDirectory(prefix="noroshi-soak-") as folder:
        homes = found(Path(folder), {"jp": "H3", "nato": "H3"})
        with served(homes) as nodes:
            figures = _soak(homes, nodes, min(minutes, 30.0) * 60)
    print(figures)
    evidence.record("soak", figures)
    return bool(figures["is_flat"])
