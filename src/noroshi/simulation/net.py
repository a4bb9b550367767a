"""The net between simulated nodes: loss, delay, doubling, damage, cuts one way or both."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Final, Protocol, TypeVar

import msgspec

from noroshi.core.delivery.item import Lane
from noroshi.core.directory.card import Card
from noroshi.core.errors import MalformedError, NoroshiError, NotFoundError, UnavailableError
from noroshi.flow import arrivals
from noroshi.flow.house import House
from noroshi.simulation.disk import PowerCut
from noroshi.simulation.virtual import VirtualLoop

T = TypeVar("T")

TIMEOUT_SECONDS: Final = 60.0
_SYN_PAUSES: Final = (0.0, 3.0, 12.0)
"""Seconds before each try to connect."""
_BYTES_A_SECOND: Final = 20_000.0


class Weather(msgspec.Struct):
    """How bad the net is now; shares from 0 to 1."""

    loss: float = 0.0
    doubling: float = 0.0
    damage: float = 0.0
    late: float = 0.0
    """Copies that come again up to an hour later."""


class Outcome(msgspec.Struct, frozen=True):
    """What a partner's node says of one envelope."""

    taken: bool
    code: str = ""
    message: str = ""


class Station(Protocol):
    """A node as the net sees it."""

    name: str
    incarnation: int
    is_up: bool
    is_deaf: bool
    house: House


class Net:
    """All links."""

    def __init__(self, loop: VirtualLoop, seed: str) -> None:
        self.loop = loop
        self.weather = Weather()
        self.cuts: set[tuple[str, str]] = set()
        self.nodes: dict[str, Station] = {}
        self.messages = 0
        self.on_wire: Callable[[str, str, Lane, Sequence[bytes]], None] = _nobody
        self.trace: Callable[[str], None] = lambda _what: None
        self.on_taken: Callable[[str, str, bytes], None] = lambda _sender, _to, _raw: None
        self.overhear: Callable[[bytes], None] = lambda _raw: None
        self._draw = random.Random(f"{seed} net")
        self._copies: set[asyncio.Task[None]] = set()
        self._warm: set[tuple[str, int, str, int, Lane]] = set()
        """Connections that are open, by the incarnations of both ends."""

    async def exchange(
        self,
        sender: Station,
        incarnation: int,
        to: str,
        lane: Lane,
        size: int,
        arrive: Callable[[Station], Coroutine[None, None, T]],
    ) -> T:
        """Carry a request there, let it arrive, and carry the answer back.

        Raises:
            UnavailableError: it got lost, on the way there or back.
        """
        self.messages += 1
        target = self.nodes[to]
        connection = await self._connect(sender, incarnation, target, lane)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS + size / _BYTES_A_SECOND):
                await self._travel(sender.name, to, size)
                if not target.is_up or target.is_deaf:
                    await asyncio.sleep(TIMEOUT_SECONDS * 2)
                if self._draw.random() < self.weather.doubling:
                    self._again(target, arrive, self._draw.uniform(0, 1))
                if self._draw.random() < self.weather.late:
                    self._again(target, arrive, self._draw.uniform(60, 3600))
                answered_by = target.incarnation
                answer = await arrive(target)
                self.trace(f"{sender.name}>{to} {size}")
                await self._travel(to, sender.name, 200)
                if target.incarnation != answered_by or sender.incarnation != incarnation:
                    await asyncio.sleep(TIMEOUT_SECONDS * 2)
                return answer
        except TimeoutError:
            self._warm.discard(connection)
            raise UnavailableError("unreachable", "no answer in time") from None

    async def _connect(
        self, sender: Station, incarnation: int, target: Station, lane: Lane
    ) -> tuple[str, int, str, int, Lane]:
        """Return the connection of a lane, opened if it is not yet.

        Raises:
            UnavailableError: nobody answers.
        """
        connection = (sender.name, incarnation, target.name, target.incarnation, lane)
        if connection in self._warm:
            return connection
        for pause in _SYN_PAUSES:
            await asyncio.sleep(pause + 0.04 + self._draw.expovariate(3))
            if (
                target.is_up
                and self._passes(sender.name, target.name)
                and self._passes(target.name, sender.name)
            ):
                self._warm.add(connection)
                return connection
        raise UnavailableError("unreachable", "no connection")

    def _passes(self, sender: str, to: str) -> bool:
        return (sender, to) not in self.cuts and self._draw.random() >= self.weather.loss

    def damaged(self, raw: bytes) -> bytes:
        """Return what arrives of `raw`."""
        if self._draw.random() >= self.weather.damage:
            return raw
        at = self._draw.randrange(len(raw))
        return raw[:at] + bytes([raw[at] ^ (1 << self._draw.randrange(8))]) + raw[at + 1 :]

    async def _travel(self, sender: str, to: str, size: int) -> None:
        await asyncio.sleep(0.02 + self._draw.expovariate(5) + size / _BYTES_A_SECOND)
        if not self._passes(sender, to):
            await asyncio.sleep(TIMEOUT_SECONDS * 2)

    def _again(
        self, target: Station, arrive: Callable[[Station], Coroutine[None, None, T]], after: float
    ) -> None:
        async def again() -> None:
            await asyncio.sleep(after)
            if target.is_up:
                try:
                    async with asyncio.timeout(TIMEOUT_SECONDS):
                        await arrive(target)
                except (NoroshiError, TimeoutError):
                    return

        task = self.loop.create_task(again())
        self._copies.add(task)
        task.add_done_callback(self._copies.discard)


class NodeBearer:
    """The way out of one incarnation of a node."""

    def __init__(self, net: Net, node: Station, incarnation: int) -> None:
        self.name = "simulated"
        self._net = net
        self._node = node
        self._incarnation = incarnation

    async def transmit(self, lane: Lane, card: Card, envelopes: list[bytes]) -> list[Outcome]:
        """Offer envelopes; return the outcome of each."""
        sender = self._node.name
        self._net.on_wire(sender, card.partner, lane, envelopes)
        arriving = [self._net.damaged(raw) for raw in envelopes]
        for raw in envelopes:
            self._net.overhear(raw)

        async def arrive(target: Station) -> list[Outcome]:
            outcomes: list[Outcome] = []
            opened = arrivals.open_all(target.house, arriving)
            for taken in arrivals.submit_all(target.house, opened, sender):
                refused = await asyncio.wrap_future(taken)
                outcomes.append(
                    Outcome(taken=True)
                    if refused is None
                    else Outcome(taken=False, code=refused.code, message=refused.message)
                )
            return outcomes

        outcomes = await self._exchange(card, lane, sum(map(len, envelopes)), arrive)
        for raw, outcome in zip(envelopes, outcomes, strict=True):
            if outcome.taken:
                self._net.on_taken(sender, card.partner, raw)
        return outcomes

    async def transmit_piece(self, card: Card, blob_id: bytes, offset: int, data: bytes) -> int:
        """Offer bytes of a blob; return how many bytes the partner holds."""
        sender = self._node.name
        self._net.on_wire(sender, card.partner, Lane.BULK, ())
        arriving = self._net.damaged(data) if data else data

        async def arrive(target: Station) -> int:
            try:
                return arrivals.take_piece(target.house, sender, blob_id, offset, arriving)
            except (NotFoundError, MalformedError) as error:
                raise UnavailableError("unreachable", error.message) from error

        return await self._exchange(card, Lane.BULK, len(data), arrive)

    async def check(self, card: Card, raw: bytes) -> bytes:
        """Hand over this side's half of a comms check; return the other's."""
        sender = self._node.name

        async def arrive(target: Station) -> bytes:
            return arrivals.answer_check(target.house, sender, raw, "simulated")

        return await self._exchange(card, Lane.FLASH, len(raw), arrive)

    async def _exchange(
        self,
        card: Card,
        lane: Lane,
        size: int,
        arrive: Callable[[Station], Coroutine[None, None, T]],
    ) -> T:
        return await self._net.exchange(
            self._node, self._incarnation, card.partner, lane, size, _surviving(arrive)
        )


def _surviving(
    arrive: Callable[[Station], Coroutine[None, None, T]],
) -> Callable[[Station], Coroutine[None, None, T]]:
    """Return `arrive` so that a power cut there is silence here."""

    async def arriving(target: Station) -> T:
        try:
            return await arrive(target)
        except PowerCut:
            await asyncio.sleep(TIMEOUT_SECONDS * 2)
            raise UnavailableError("unreachable", "no answer in time") from None

    return arriving


def _nobody(_sender: str, _to: str, _lane: Lane, _envelopes: Sequence[bytes]) -> None:
    """Nobody watches the wire."""
