"""The meddler: a hostile station that overhears the lines, and offers what it likes to anybody.

It replays, alters, splices and invents envelopes, under the name of any partner whose admission
it has stolen. It has no keys: what is taken must be what a partner wrote (the checker looks at
everything that arrives), each refusal must be on record (I12), and no promise may suffer.
"""

import asyncio
import random
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import Final

from noroshi.adapters.sqlite.connection import Database
from noroshi.core.errors import NoroshiError
from noroshi.flow import arrivals
from noroshi.flow.opening import Refused
from noroshi.simulation.account import Account
from noroshi.simulation.node import SimNode
from noroshi.simulation.weather import HOUR, Faults

IN_HISTORIES: Final = 0.3
"""The share of histories in which it is at work."""
_REMEMBERED: Final = 200
_MOST_AT_ONCE: Final = 30


class Meddler:
    """Offers envelopes until the weather is over."""

    def __init__(self, account: Account, faults: Faults, seed: str) -> None:
        self._account = account
        self._faults = faults
        self._draw = random.Random(f"{seed} meddler")
        self._overheard: deque[bytes] = deque(maxlen=_REMEMBERED)
        self._is_there = self._draw.random() < IN_HISTORIES

    def overhear(self, raw: bytes) -> None:
        """Remember an envelope."""
        if self._is_there:
            self._overheard.append(raw)

    async def meddle(self) -> None:
        """Make trouble, now and then a flood of it."""
        while self._is_there and not self._faults.is_over:
            await asyncio.sleep(self._draw.expovariate(1 / HOUR))
            node = self._draw.choice([*self._account.nodes.values()])
            count = self._draw.choice((1, 1, 3, _MOST_AT_ONCE))
            if node.is_up and not node.is_deaf and self._overheard and not self._faults.is_over:
                self._offer(node, [self._made() for _ in range(count)])

    def _offer(self, node: SimNode, envelopes: list[bytes]) -> None:
        peer = self._draw.choice([name for name in self._account.nodes if name != node.name])
        try:
            opened = arrivals.open_all(node.house, envelopes)
            outcomes = arrivals.submit_all(node.house, opened, peer)
        except NoroshiError:
            return
        for outcome in outcomes:
            outcome.add_done_callback(partial(self._check, node))

    def _check(self, node: SimNode, outcome: Future[Refused | None]) -> None:
        """Check that a refusal is on record."""
        if outcome.cancelled() or outcome.exception() is not None:
            return
        refused = outcome.result()
        if refused is None:
            return
        row = Database(node.disk.connection).value(
            "SELECT 1 FROM refusal WHERE digest = ?", (refused.digest,)
        )
        if row is None:
            self._account.violate("I12", node, "refused without putting it on record")

    def _made(self) -> bytes:
        draw = self._draw
        raw, other = draw.choice(self._overheard), draw.choice(self._overheard)
        at = draw.randrange(len(raw))
        return draw.choice(
            (
                raw,
                raw[:at] + bytes([raw[at] ^ (1 << draw.randrange(8))]) + raw[at + 1 :],
                raw[:at],
                raw[:at] + other[at:],
                raw + other,
                draw.randbytes(draw.randrange(1, 4000)),
            )
        )
