"""The people: drafters who send, officers who look at their desk and acknowledge, or sleep."""

import asyncio
import random
from typing import Final

from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import NoroshiError
from noroshi.core.instant import to_text
from noroshi.core.precedence import Precedence
from noroshi.flow import answers, requests
from noroshi.simulation.disk import PowerCut
from noroshi.simulation.ledger import Ledger, Promise
from noroshi.simulation.node import DESKS, SimNode
from noroshi.simulation.virtual import VirtualLoop

_PRECEDENCES: Final = (
    *(Precedence.FLASH,) * 2,
    *(Precedence.IMMEDIATE,) * 3,
    *(Precedence.PRIORITY,) * 5,
    *(Precedence.ROUTINE,) * 8,
    *(Precedence.DEFERRED,) * 2,
)


class Drafters:
    """Send reports from any node that is up."""

    def __init__(
        self, loop: VirtualLoop, nodes: list[SimNode], ledger: Ledger, seed: str, per_hour: float
    ) -> None:
        self._loop = loop
        self._nodes = nodes
        self._ledger = ledger
        self._draw = random.Random(f"{seed} drafters")
        self._per_second = per_hour / 3600
        self.is_quiet = False

    async def work(self) -> None:
        """Send until told to be quiet."""
        while not self.is_quiet:
            await asyncio.sleep(self._draw.expovariate(self._per_second))
            node = self._draw.choice(self._nodes)
            if node.is_up and not node.is_deaf and not self.is_quiet:
                self._send(node)

    def _send(self, node: SimNode) -> None:
        draw = self._draw
        others = [other.name for other in self._nodes if other is not node]
        partners = draw.sample(others, draw.choice((1, 1, 1, 2)) if len(others) > 1 else 1)
        to = tuple((draw.choice(DESKS), partner) for partner in partners)
        precedence = draw.choice(_PRECEDENCES)
        now = node.clock.now()
        expires = None
        if draw.random() < 0.2:  # noqa: PLR2004 - a fifth is stale in some hours, or in minutes
            expires = now + int(draw.choice((1_200, 14_400)) * draw.uniform(0.1, 1) * 1_000_000)
        canary = f"canary-{draw.getrandbits(64):016x}".encode()
        report_id = draw.randbytes(16)
        tokens: tuple[str, ...] = ()
        if draw.random() < 0.05:  # noqa: PLR2004 - one in twenty has a file
            tokens = (answers.stage(node.house, "map.bin", [draw.randbytes(40_000)]),)
        promise = Promise(report_id, node.name, to, precedence, now, expires, canary)
        request = requests.SendReport(
            body=canary + b" " * draw.randrange(2000),
            to=tuple(f"{desk}@{partner}" for desk, partner in to),
            precedence=precedence.name,
            expires=None if expires is None else to_text(expires),
            attachments=tokens,
            report_id=report_id,
        )
        try:
            answers.handle(node.house, request)
        except PowerCut:
            promise.is_known = False
        except NoroshiError:
            return
        self._ledger.promises[report_id] = promise
        self._ledger.note(self._loop.time(), f"{node.name} sent {report_id.hex()}")


class Officer:
    """Looks at one node's desks now and then, and acknowledges most of what is there."""

    def __init__(self, loop: VirtualLoop, node: SimNode, ledger: Ledger, seed: str) -> None:
        self._loop = loop
        self._node = node
        self._ledger = ledger
        self._draw = random.Random(f"{seed} officer {node.name}")
        self.is_awake = True

    async def watch(self) -> None:
        """Look at the desks for ever; the longest sleep is three hours."""
        while True:
            pause = self._draw.choice((120, 300, 600, 600, 1200, 10_800))
            await asyncio.sleep(pause * self._draw.uniform(0.5, 1))
            node = self._node
            if node.is_up and not node.is_deaf and self.is_awake:
                try:
                    self._look(node)
                except PowerCut:
                    continue
                except NoroshiError:
                    continue

    def _look(self, node: SimNode) -> None:
        with node.store.read() as tables:
            is_holding = tables.epochs.opened() is not None and bool(tables.outbox.held())
        if is_holding:
            answers.handle(node.house, requests.SendHeld(by=f"Lt {node.name}"))
        for desk in DESKS:
            with node.store.read() as tables:
                rows = [row for row in tables.reports.inbox((desk,), answered=False)
                        if row.desk == desk]  # fmt: skip
            for row in rows:
                if self._draw.random() < 0.2:  # noqa: PLR2004 - some are left for later
                    continue
                key = (row.report_id, node.name, desk)
                by = f"Lt {node.name}"
                self._ledger.acknowledged.setdefault(key, by)
                answers.handle(
                    node.house,
                    requests.Answering(
                        report=row.report_id.hex(), rung=Rung.ACKNOWLEDGED, desk=desk, by=by
                    ),
                )
                self._ledger.note(self._loop.time(), f"{node.name} {desk} {row.report_id.hex()}")
