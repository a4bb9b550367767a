"""The weather: what goes wrong, when, and for how long, all drawn from the seed."""

import asyncio
import random
from collections.abc import Callable

from noroshi.core.instant import Instant
from noroshi.simulation.disk import failing_disk, full_disk
from noroshi.simulation.ledger import Ledger
from noroshi.simulation.net import Net, Weather
from noroshi.simulation.node import SimNode
from noroshi.simulation.virtual import VirtualLoop

HOUR = 3600.0


class Faults:
    """Makes trouble until told to stop."""

    def __init__(
        self, loop: VirtualLoop, net: Net, nodes: list[SimNode], ledger: Ledger, seed: str
    ) -> None:
        self._loop = loop
        self._net = net
        self._nodes = nodes
        self._ledger = ledger
        self._draw = random.Random(f"{seed} weather")
        self._down: set[str] = set()
        self.is_over = False

    async def blow(self) -> None:
        """Bad days for the net, power cuts, cut links, full and failing disks, deaf processes."""
        draw = self._draw
        self._net.weather = Weather(
            loss=draw.choice((0.0, 0.02, 0.1, 0.3)),
            doubling=draw.choice((0.0, 0.03, 0.1)),
            damage=draw.choice((0.0, 0.005, 0.05)),
            late=draw.choice((0.0, 0.01)),
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._often(1.0, self._cut_power))
            tasks.create_task(self._often(2.5, self._cut_links))
            tasks.create_task(self._often(12.0, self._trouble_disk))
            tasks.create_task(self._often(15.0, self._deafen))
            tasks.create_task(self._often(60.0, self._cut_long))

    def wake(self, node: SimNode) -> None:
        """Start a node again some time after its power failed."""
        if node.name in self._down:
            return
        self._down.add(node.name)
        lost = node.crash()
        if lost:
            self._ledger.forgetful.add(node.name)
        self._ledger.note(self._loop.time(), f"{node.name} down {lost}")
        self._loop.call_later(self._draw.uniform(1, 900), self._boot, node, lost)

    def replace(self, node: SimNode, image: bytes, backup_at: Instant) -> None:
        """Let a person restore a backup of a node that is up."""
        self._down.add(node.name)
        node.crash()
        self._ledger.forgetful.add(node.name)
        self._ledger.restored.add(node.name)
        self._ledger.note(self._loop.time(), f"{node.name} replaced")
        node.restore(image, backup_at)
        self._loop.call_later(self._draw.uniform(1, 900), self._boot, node, False)  # noqa: FBT003

    def _boot(self, node: SimNode, lost: bool) -> None:  # noqa: FBT001 - a timer calls it
        self._down.discard(node.name)
        node.boot()
        self._ledger.note(self._loop.time(), f"{node.name} up")
        if lost and node.guardian is not None:
            node.guardian.on_loss(node)

    async def _often(self, every_hours: float, trouble: Callable[[], None]) -> None:
        while not self.is_over:
            await asyncio.sleep(self._draw.expovariate(1 / (every_hours * HOUR)))
            if not self.is_over:
                trouble()

    def _cut_power(self) -> None:
        node = self._draw.choice(self._nodes)
        if not node.is_up:
            return
        if self._draw.random() < 0.2:  # noqa: PLR2004 - at any moment
            self.wake(node)
        else:
            node.phases_to_cut = self._draw.randrange(1, 12)

    def _cut_links(self) -> None:
        draw = self._draw
        one, other = draw.sample([node.name for node in self._nodes], 2)
        cuts = {(one, other)}
        if draw.random() < 0.7:  # noqa: PLR2004 - most cuts are in both directions
            cuts.add((other, one))
        self._cut(cuts, draw.uniform(60, 3 * HOUR))

    def _cut_long(self) -> None:
        one = self._draw.choice(self._nodes).name
        others = [node.name for node in self._nodes if node.name != one]
        cuts = {pair for other in others for pair in ((one, other), (other, one))}
        self._cut(cuts, 72 * HOUR)

    def _cut(self, cuts: set[tuple[str, str]], seconds: float) -> None:
        self._net.cuts |= cuts
        self._ledger.note(self._loop.time(), f"cut {sorted(cuts)}")
        self._loop.call_later(seconds, self._net.cuts.difference_update, cuts)

    def _trouble_disk(self) -> None:
        node = self._draw.choice(self._nodes)
        if not node.is_up:
            return
        if self._draw.random() < 0.7:  # noqa: PLR2004 - full more often than broken
            node.phase_error = full_disk()
        else:
            node.phase_error = failing_disk()
            # It takes nothing more until somebody starts it again.
            self._loop.call_later(self._draw.uniform(60, 1800), self.wake, node)

    def _deafen(self) -> None:
        node = self._draw.choice(self._nodes)
        node.is_deaf = True
        self._loop.call_later(self._draw.uniform(1, 1800), setattr, node, "is_deaf", False)  # noqa: FBT003
