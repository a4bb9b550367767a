"""One history: build a federation, let it live through bad weather, heal it, ask the checker."""

import asyncio
import gc
from typing import Any, Final

import msgspec

from noroshi.simulation.account import Account
from noroshi.simulation.checker import Checker
from noroshi.simulation.lapses import Lapses
from noroshi.simulation.ledger import Ledger, Violation
from noroshi.simulation.meddler import Meddler
from noroshi.simulation.net import Net, Weather
from noroshi.simulation.node import SimNode
from noroshi.simulation.onward import Passer
from noroshi.simulation.people import Drafters, Officer
from noroshi.simulation.rest import Rest
from noroshi.simulation.virtual import StandstillError, VirtualLoop
from noroshi.simulation.weather import HOUR, Faults

PARTNERS: Final = ("jp", "nato", "au")
HEALING_HOURS: Final = 2.0
"""Without faults at the end; every line must come to rest in it."""
_GARBAGE_AT: Final = 50_000
"""Objects; a history leaves few circles behind, and looking for them often takes a tenth of it."""
REPORTS_PER_HOUR: Final = 2.0


class History(msgspec.Struct, frozen=True):
    """What came of one seed."""

    seed: int
    hours: float
    events: int
    reports: int
    messages: int
    violations: tuple[Violation, ...]
    trace: str
    """SHA-256 of everything that happened, in order."""


def simulate(hours: float, seed: int) -> History:
    """Return what happens in `hours` of virtual time."""
    gc.set_threshold(_GARBAGE_AT)
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    ledger = Ledger()

    def failed(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        ledger.violate("I18", loop.time(), "-", f"{context['message']}: {context.get('exception')}")

    loop.set_exception_handler(failed)
    try:
        return loop.run_until_complete(_live(loop, hours, seed, ledger))
    except StandstillError:
        ledger.violate("I18", loop.time(), "-", "something spins without a pause")
        return History(seed, hours, ledger.events, 0, 0, tuple(ledger.violations), ledger.trace)
    finally:
        _end(loop)


async def _live(loop: VirtualLoop, hours: float, seed: int, ledger: Ledger) -> History:
    name = f"seed {seed}"
    net = Net(loop, name)
    nodes = [
        SimNode(partner, loop, net, f"{name} {partner}", skew=(number - 1) * 1_500_000)
        for number, partner in enumerate(PARTNERS)
    ]
    net.nodes = {node.name: node for node in nodes}
    net.trace = lambda what: ledger.note(loop.time(), what)
    for node in nodes:
        for other in nodes:
            if other is not node:
                node.meet(other)
    faults = Faults(loop, net, nodes, ledger, name)
    account = Account(loop, {node.name: node for node in nodes}, ledger)
    checker = Checker(account, net, faults)
    meddler = Meddler(account, faults, name)
    net.overhear = meddler.overhear
    passers = [
        Passer(loop, node, [n for n in PARTNERS if n != node.name], ledger, name) for node in nodes
    ]
    drafters = Drafters(loop, nodes, ledger, name, REPORTS_PER_HOUR)
    for node in nodes:
        node.boot()
    working = [
        loop.create_task(work)
        for work in (
            drafters.work(),
            faults.blow(),
            meddler.meddle(),
            Lapses(loop, nodes, faults, name, hours).happen(),
            *(Officer(loop, node, ledger, name).watch() for node in nodes),
            *(passer.work() for passer in passers),
        )
    ]
    ends_at = max(0.0, hours - HEALING_HOURS) * HOUR
    while loop.time() < ends_at and checker.is_calm():  # noqa: ASYNC110 - virtual time
        await asyncio.sleep(min(HOUR / 4, ends_at - loop.time()))
    drafters.is_quiet = faults.is_over = True
    net.weather = Weather()
    net.cuts.clear()
    for node in nodes:
        node.phases_to_cut = node.phase_error = None
        node.is_deaf = False
    if checker.is_calm():
        await asyncio.sleep(HEALING_HOURS * HOUR)
    for work in working:
        work.cancel()
    Rest(account, checker).check()
    return History(
        seed, hours, ledger.events, len(ledger.promises), net.messages,
        tuple(ledger.violations), ledger.trace,
    )  # fmt: skip


def _end(loop: VirtualLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.run_until_complete(loop.shutdown_asyncgens())
    asyncio.set_event_loop(None)
    loop.close()
