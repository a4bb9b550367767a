"""The pull bearer: hands over what is due when a partner that can only dial out polls.

Each partner has two lanes, and at most one poll of a lane is held open; a newer one takes the
place of the older. An offer stays until its outcome comes with the next poll: a poll without it
is given the same offer again, for the answer before was lost. Any copy that arrives is good.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from noroshi.core.delivery.item import Lane
from noroshi.core.delivery.pull import Kind, Offer, Outcome, Poll, Result
from noroshi.core.directory.card import Card
from noroshi.core.envelope.suite import ID_SIZE
from noroshi.core.errors import MalformedError, UnavailableError

IDLE_SECONDS: Final = 25.0
"""How long a poll is held open when there is nothing; routers forget connections that are quiet
for longer."""
PATIENCE_SECONDS: Final = 5.0
"""How long an offer waits for a poll: a node that polls is away for moments only."""
TAKING_SECONDS: Final = 20.0
"""How long a node may take over what it was given, beside the time that the bytes need: one that
was stopped with an offer in hand is known to be away after so long."""
SLOWEST_RATE: Final = 100
"""Bytes a second below which a line counts as broken."""


class _Slot:
    """One lane of one partner."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.polling: asyncio.Future[Offer | None] | None = None
        self.offer: Offer | None = None
        self.is_given = asyncio.Event()
        self.result: asyncio.Future[Result] | None = None


class PullBearer:
    """Offers envelopes, pieces and checks to partners that poll."""

    def __init__(self, draw: Callable[[int], bytes], on_heard: Callable[[str], None]) -> None:
        """Take a source of ids, and who hears that a partner polls that did not before."""
        self.name = "pull"
        self._draw = draw
        self._on_heard = on_heard
        self._slots: dict[tuple[str, Lane], _Slot] = {}
        self._last_polls: dict[str, float] = {}
        self._is_closed = False

    def close(self) -> None:
        """Answer every poll, and hold none open any more."""
        self._is_closed = True
        for slot in self._slots.values():
            if slot.polling is not None and not slot.polling.done():
                slot.polling.set_result(None)

    def is_polling(self, partner: str) -> bool:
        """Say whether a partner polls now, or did a moment ago."""
        last = self._last_polls.get(partner)
        if last is None:
            return False
        return asyncio.get_running_loop().time() - last < IDLE_SECONDS + PATIENCE_SECONDS

    async def poll(self, partner: str, poll: Poll) -> Offer | None:
        """Answer a poll of a partner; None: nothing came in the time that a poll is held open.

        Raises:
            MalformedError: it tells of an offer that is not awaited from it.
        """
        slot = self._slot(partner, poll.lane)
        if poll.result is not None:
            self._settle(slot, poll.result)
        was_away = not self.is_polling(partner)
        self._last_polls[partner] = asyncio.get_running_loop().time()
        if was_away:
            self._on_heard(partner)
        if slot.polling is not None and not slot.polling.done():
            slot.polling.set_result(None)
        if slot.offer is not None:
            slot.is_given.set()
            return slot.offer
        if self._is_closed:
            return None
        polling: asyncio.Future[Offer | None] = asyncio.get_running_loop().create_future()
        slot.polling = polling
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                return await polling
        except TimeoutError:
            return None
        finally:
            if slot.polling is polling:
                slot.polling = None

    async def transmit(self, lane: Lane, card: Card, envelopes: list[bytes]) -> list[Outcome]:
        """Offer envelopes in `lane`; return the outcome of each.

        Raises:
            UnavailableError: the partner does not poll, or could not take them.
        """
        result = await self._offer(card, lane, Kind.ENVELOPES, tuple(envelopes))
        if len(result.outcomes) != len(envelopes):
            raise UnavailableError("unreachable", f"{card.partner} answered out of turn")
        return list(result.outcomes)

    async def transmit_piece(self, card: Card, blob_id: bytes, offset: int, data: bytes) -> int:
        """Offer bytes of a blob; return how many bytes the partner holds.

        Raises:
            UnavailableError: the partner does not poll, or did not want them.
        """
        result = await self._offer(card, Lane.BULK, Kind.PIECE, (data,), blob_id, offset)
        return result.held

    async def check(self, card: Card, raw: bytes) -> bytes:
        """Hand over this side's half of a comms check; return the other's.

        Raises:
            UnavailableError: the partner does not poll.
        """
        return (await self._offer(card, Lane.FLASH, Kind.CHECK, (raw,))).answer

    async def _offer(
        self,
        card: Card,
        lane: Lane,
        kind: Kind,
        items: tuple[bytes, ...],
        blob_id: bytes = b"",
        start: int = 0,
    ) -> Result:
        slot = self._slot(card.partner, lane)
        async with slot.turn:
            offer = Offer(self._draw(ID_SIZE), kind, items, blob_id, start)
            slot.offer = offer
            slot.result = asyncio.get_running_loop().create_future()
            slot.is_given.clear()
            if slot.polling is not None and not slot.polling.done():
                slot.polling.set_result(offer)
                slot.is_given.set()
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await slot.is_given.wait()
                size = sum(map(len, items))
                async with asyncio.timeout(TAKING_SECONDS + size / SLOWEST_RATE):
                    result = await slot.result
            except TimeoutError as error:
                msg = f"{card.partner} can only dial out, and does not ask for what waits here"
                raise UnavailableError("unreachable", msg) from error
            finally:
                slot.offer = slot.result = None
        if result.failure:
            msg = f"{card.partner}'s node could not take it ({result.failure[:40]!r})"
            raise UnavailableError("unreachable", msg)
        return result

    def _settle(self, slot: _Slot, result: Result) -> None:
        is_given = slot.offer is not None and slot.is_given.is_set()
        if (
            not is_given
            or slot.offer is None
            or slot.result is None
            or slot.result.done()
            or result.id != slot.offer.id
        ):
            raise MalformedError("the poll tells of an offer that is not awaited")
        slot.result.set_result(result)
        # From here on a poll waits for the next offer, also before the sender has woken up.
        slot.offer = None

    def _slot(self, partner: str, lane: Lane) -> _Slot:
        return self._slots.setdefault((partner, lane), _Slot())
