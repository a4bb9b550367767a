"""siege: a line is cut for 72 simulated hours while 10,000 reports are written; then it heals.

One in a hundred is a FLASH. After healing a FLASH must be there first, within 30 s, and in the end
every report exactly once. What a real line does with 1,000 is `outage`.
"""

import asyncio
import random
import time
from typing import Final

from endure import evidence
from noroshi.adapters.telemetry import silence_logs
from noroshi.core.precedence import Precedence
from noroshi.flow import answers, requests
from noroshi.flow.records import Committed
from noroshi.simulation.net import Net
from noroshi.simulation.node import SimNode
from noroshi.simulation.virtual import VirtualLoop

REPORTS: Final = 10_000
CUT_SECONDS: Final = 72 * 3600.0
FLASH_SECONDS: Final = 30.0
_HEALING_SECONDS: Final = 4 * 3600.0
_ONE_FLASH_IN: Final = 100


class Arrivals:
    """What a node announces, in order (:class:`noroshi.simulation.node.Guardian`)."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.came: list[tuple[float, bytes, Precedence]] = []

    def on_commit(self, node: SimNode, committed: Committed) -> None:
        """Note reports that came in at the besieged partner."""
        for told in committed.announcements:
            is_first = told.desk == "cyber"  # another desk may be called later
            if told.event == "received" and node.name == "nato" and told.report_id and is_first:
                self.came.append((self._loop.time(), told.report_id, told.precedence))

    def on_cut(self, node: SimNode) -> None:
        """No power fails here."""

    def on_loss(self, node: SimNode) -> None:
        """No disk forgets here."""


def besiege(
    seed: int, reports: int = REPORTS, cut_seconds: float = CUT_SECONDS
) -> dict[str, object]:
    """Return what came through, and when, after the cut."""
    silence_logs()
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(_live(loop, seed, reports, cut_seconds))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        asyncio.set_event_loop(None)
        loop.close()


async def _live(
    loop: VirtualLoop, seed: int, reports: int, cut_seconds: float
) -> dict[str, object]:
    began = time.monotonic()
    net, draw = Net(loop, f"siege {seed}"), random.Random(f"siege {seed}")
    jp, nato = (SimNode(name, loop, net, f"siege {seed} {name}", 0) for name in ("jp", "nato"))
    net.nodes = {"jp": jp, "nato": nato}
    jp.meet(nato)
    nato.meet(jp)
    arrivals = Arrivals(loop)
    jp.guardian = nato.guardian = arrivals
    jp.boot()
    nato.boot()
    await asyncio.sleep(60)
    net.cuts |= {("jp", "nato"), ("nato", "jp")}
    sent: list[bytes] = []
    for number in range(reports):
        await asyncio.sleep(cut_seconds / reports)
        report_id = draw.randbytes(16)
        answers.handle(
            jp.house,
            requests.SendReport(
                body=b"siege %d" % number,
                to=("cyber@nato",),
                precedence="flash" if number % _ONE_FLASH_IN == 0 else "routine",
                report_id=report_id,
            ),
        )
        sent.append(report_id)
    through_the_cut = len(arrivals.came)
    healed_at = loop.time()
    net.cuts.clear()
    while (  # noqa: ASYNC110 - virtual time
        len(arrivals.came) < reports and loop.time() - healed_at < _HEALING_SECONDS
    ):
        await asyncio.sleep(1)
    await asyncio.sleep(600)
    with jp.store.read() as tables:
        waiting = sum(tables.outbox.counts().values())
    came = [report_id for _, report_id, _ in arrivals.came]
    flashes = [n for n, (_, _, precedence) in enumerate(arrivals.came)
               if precedence is Precedence.FLASH]  # fmt: skip
    return {
        "seed": seed,
        "reports": reports,
        "cut_hours": round(cut_seconds / 3600),
        "through_the_cut": through_the_cut,
        "first_flash_seconds": round(arrivals.came[flashes[0]][0] - healed_at, 2)
        if flashes
        else None,
        "last_flash_seconds": round(arrivals.came[flashes[-1]][0] - healed_at, 1)
        if flashes
        else None,
        "others_before_the_first_flash": flashes[0] if flashes else len(came),
        "all_there_seconds": round(arrivals.came[-1][0] - healed_at, 1) if came else None,
        "lost": len(set(sent) - set(came)),
        "twice": len(came) - len(set(came)),
        "still_waiting": waiting,
        "real_seconds": round(time.monotonic() - began, 1),
    }


def holds(figures: dict[str, object]) -> bool:
    """Say whether a siege ended as it must."""
    first = figures["first_flash_seconds"]
    faults = ("through_the_cut", "others_before_the_first_flash", "lost", "twice", "still_waiting")
    return (
        isinstance(first, float)
        and first <= FLASH_SECONDS
        and not any(figures[fault] for fault in faults)
    )


def prove(_minutes: float, seed: int, count: int | None, _plant: str | None) -> bool:
    """Besiege once; `count` is the number of reports."""
    figures = besiege(seed, count or REPORTS)
    print(figures)
    evidence.record("siege", figures)
    return holds(figures)
