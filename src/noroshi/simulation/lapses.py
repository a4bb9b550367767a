"""Lapses: disks that lied, backups that were restored, clocks that were set.

In most histories none of these happens, for a node that forgot what it had confirmed may break
promises, and then less is asked of everybody. What is still asked: that somebody is told.
"""

import asyncio
import random
from typing import Final

from noroshi.core.instant import SECOND
from noroshi.simulation.node import SimNode
from noroshi.simulation.virtual import VirtualLoop
from noroshi.simulation.weather import HOUR, Faults

LYING: Final = 0.15
RESTORED: Final = 0.3
SET_CLOCKS: Final = 0.55
"""Below which draw a history has these; beyond the last it has none of them."""
_WHOLE_HOURS: Final = 72.0
_FARTHEST_OFF: Final = 8 * 3600 * SECOND


class Lapses:
    """Makes one kind of trouble, or none, until the weather is over."""

    def __init__(
        self, loop: VirtualLoop, nodes: list[SimNode], faults: Faults, seed: str, hours: float
    ) -> None:
        """Join the parts; in a short history of `hours` everything happens sooner."""
        self._loop = loop
        self._nodes = nodes
        self._faults = faults
        self._draw = random.Random(f"{seed} lapses")
        self._pace = min(1.0, hours / _WHOLE_HOURS)

    async def happen(self) -> None:
        """Let happen what the seed has in store."""
        kind = self._draw.random()
        if kind < LYING:
            await self._lie()
        elif kind < RESTORED:
            await self._restore()
        elif kind < SET_CLOCKS:
            await self._set_clocks()

    async def _lie(self) -> None:
        """Let a disk call durable what is not, and cut its power; then a person puts it right."""
        await self._pass(2, 40)
        node = await self._somebody()
        node.disk.begin_lying()
        lied_at = node.clock.now()
        await self._pass(0.1, 4)
        if self._faults.is_over or self._draw.random() < 0.2:  # noqa: PLR2004 - nothing came of it
            node.disk.end_lying()
            return
        if node.disk.is_lying and node.is_up:  # else the weather was faster
            self._faults.wake(node)
        await self._pass(0.5, 3)
        await self._renew(node, node.disk.image(), lied_at)

    async def _restore(self) -> None:
        """Replace a node by a backup of it that is some hours old."""
        await self._pass(1, 20)
        node = await self._somebody()
        image, backup_at = node.disk.image(), node.clock.now()
        await self._pass(0.2, 24)
        await self._renew(node, image, backup_at)

    async def _set_clocks(self) -> None:
        """Set the clock of one machine or another."""
        while not self._faults.is_over:
            await self._pass(0.5, 12)
            if not self._faults.is_over:
                by = self._draw.choice((2, 30, 600, 3600, 21_600)) * self._draw.choice((-1, 1))
                clock = self._draw.choice(self._nodes).clock
                # A day apart they would refuse each other's words, and rightly, until put right.
                is_far = abs(clock.error + by * SECOND) > _FARTHEST_OFF
                clock.step((-by if is_far else by) * SECOND)

    async def _renew(self, node: SimNode, image: bytes, backup_at: int) -> None:
        while not node.is_up and not self._faults.is_over:  # noqa: ASYNC110 - virtual time
            await asyncio.sleep(60)
        if not self._faults.is_over:
            self._faults.replace(node, image, backup_at)

    async def _somebody(self) -> SimNode:
        """Return a node that is up."""
        while not (up := [n for n in self._nodes if n.is_up]):  # noqa: ASYNC110 - virtual time
            await asyncio.sleep(60)
        return self._draw.choice(up)

    async def _pass(self, least: float, most: float) -> None:
        await asyncio.sleep(self._draw.uniform(least, most) * HOUR * self._pace)
