"""Virtual time: an asyncio loop that never waits, and the clocks of nodes."""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar, TypeVarTuple

from noroshi.core.instant import SECOND, Instant

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

START: Instant = 1_800_000_000 * SECOND
"""Where every history begins."""


_STANDSTILL = 100_000
"""Turns of the loop without a moment passing: something spins."""


class StandstillError(Exception):
    """Time does not pass any more: something does one thing again and again, without a pause."""


class _Selector(selectors.SelectSelector):
    """Instead of waiting it moves the clock on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self._still = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let `timeout` seconds pass at once."""
        if timeout is None:
            raise RuntimeError("the world has nothing left to do and waits for ever")
        self._still = 0 if timeout > 0 else self._still + 1
        if self._still > _STANDSTILL:
            raise StandstillError
        self.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop of one thread in which waiting costs nothing."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Return virtual seconds since the start."""
        return self._virtual.now

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: object = None
    ) -> asyncio.Handle:
        """Call soon: nobody else is there."""
        del context
        return self.call_soon(callback, *args)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Call at once, on this thread."""
        del executor
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits
            future.set_exception(error)
        return future


class NodeClock:
    """A node's clock, which may be wrong (:class:`noroshi.flow.ports.Clock`)."""

    def __init__(self, loop: VirtualLoop, skew: int) -> None:
        """Run `skew` microseconds ahead."""
        self._loop = loop
        self._unseen = 0
        self.skew = skew
        self.steps: list[tuple[float, int]] = []
        """When the running node followed a clock that was set, in virtual seconds, and how far."""
        self.unsure: list[tuple[float, int]] = []
        """Steps that a node met when it started: it may have followed just before it went down."""
        self.moved = 0
        """By how much the clock was set, on and back, all in all."""

    def now(self) -> Instant:
        """Return what the node takes for the time."""
        return START + int(self._loop.time() * SECOND) + self.skew

    def drift(self) -> int:
        """Return by how much the machine's clock was set since the node followed it."""
        return self._unseen

    @property
    def error(self) -> int:
        """By how much the machine's clock is ahead."""
        return self.skew + self._unseen

    def follow(self, drift: int) -> None:
        """Step by `drift` microseconds."""
        self.skew += drift
        self._unseen -= drift
        if drift:
            self.steps.append((self._loop.time(), drift))

    def step(self, by: int) -> None:
        """Set the machine's clock on or back by so many microseconds."""
        self._unseen += by
        self.moved += abs(by)

    def restart(self) -> None:
        """Begin anew with the machine's clock: a process has started."""
        if self._unseen:
            self.unsure.append((self._loop.time(), self._unseen))
        self.skew += self._unseen
        self._unseen = 0
