"""The poller: a node that can only dial out asks each partner for what waits there.

One poll per lane is kept open to the peer door of every verified partner. What comes is taken
in as if it had been pushed (:mod:`noroshi.flow.arrivals`); what became of it goes with the next
poll.
"""

import asyncio
import contextlib
from typing import Final

import structlog

from noroshi.adapters.bearers.push import PushBearer
from noroshi.core.delivery.item import Lane
from noroshi.core.delivery.pull import (
    VERSION,
    Kind,
    Offer,
    Outcome,
    Poll,
    Result,
    decode_offer,
    encode_poll,
)
from noroshi.core.directory.card import Card
from noroshi.core.errors import NoroshiError
from noroshi.core.partner import PartnerState
from noroshi.flow import arrivals
from noroshi.flow.house import House
from noroshi.flow.records import Committed

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 15.0
"""Seconds after a failure; twice as long each time."""
_HELD_OPEN: Final = 1.0
"""Seconds; a poll that is answered with nothing sooner is no reason to poll at once."""

_log = structlog.get_logger()


class Poller:
    """Polls all partners (a :class:`noroshi.adapters.sqlite.groups.Listener`)."""

    def __init__(self, house: House, push: PushBearer) -> None:
        """Take the house, and connections of its own: a poll occupies one."""
        self._house = house
        self._push = push
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set."""
        self._loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            polling: dict[str, list[asyncio.Task[None]]] = {}
            looking = tasks.create_task(self._look(tasks, polling))
            await stop.wait()
            looking.cancel()
            for task in [task for both in polling.values() for task in both]:
                task.cancel()
        self._loop = None

    def on_commit(self, committed: Committed) -> None:
        """Look for new partners; called on the writer's thread."""
        if self._loop is not None and any(a.event == "partner" for a in committed.announcements):
            with contextlib.suppress(RuntimeError):  # the loop has just closed
                self._loop.call_soon_threadsafe(self._changed.set)

    async def _look(
        self, tasks: asyncio.TaskGroup, polling: dict[str, list[asyncio.Task[None]]]
    ) -> None:
        while True:
            self._changed.clear()
            with self._house.store.read() as tables:
                partners = [known.signed_card.card.partner for known in tables.partners.all()]
            for partner in partners:
                if partner not in polling:
                    polling[partner] = [
                        tasks.create_task(self._poll(partner, lane)) for lane in Lane
                    ]
            await self._changed.wait()

    async def _poll(self, partner: str, lane: Lane) -> None:
        result: Result | None = None
        pause = _FIRST_PAUSE
        while True:
            card = self._card(partner)
            try:
                if card is not None:
                    began = asyncio.get_running_loop().time()
                    poll = encode_poll(Poll(VERSION, lane, result))
                    raw = await self._push.poll(card, lane, poll)
                    result = None
                    if raw:
                        result = await self._take(partner, decode_offer(raw))
                    pause = _FIRST_PAUSE
                    if raw or asyncio.get_running_loop().time() - began > _HELD_OPEN:
                        continue
            except NoroshiError as error:
                if error.code == "timed-out":
                    result = None  # nobody waits for it any more
                _log.info("poll-failed", partner=partner, code=error.code)
            except Exception as error:  # noqa: BLE001 - one line's fault must not end the others
                result = None
                _log.error("poll-failed", partner=partner, kind=type(error).__name__)
            await asyncio.sleep(pause)  # noqa: TID251 - it may be well again
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _card(self, partner: str) -> Card | None:
        """Return the card of a partner that can be polled."""
        with self._house.store.read() as tables:
            known = tables.partners.get(partner)
        if known is None or known.state is not PartnerState.VERIFIED:
            return None
        card = known.signed_card.card
        return card if card.peer_url else None

    async def _take(self, partner: str, offer: Offer) -> Result:
        try:
            match offer.kind:
                case Kind.ENVELOPES:
                    return Result(offer.id, outcomes=await self._take_envelopes(partner, offer))
                case Kind.PIECE:
                    held = await asyncio.to_thread(
                        arrivals.take_piece,
                        self._house, partner, offer.blob_id, offer.start, offer.items[0],
                    )  # fmt: skip
                    return Result(offer.id, held=held)
                case Kind.CHECK:
                    answer = await asyncio.to_thread(
                        arrivals.answer_check, self._house, partner, offer.items[0], "pull"
                    )
                    return Result(offer.id, answer=answer)
        except NoroshiError as error:
            _log.error("not-taken", partner=partner, code=error.code)
            return Result(offer.id, failure=error.code)

    async def _take_envelopes(self, partner: str, offer: Offer) -> tuple[Outcome, ...]:
        opened = await asyncio.to_thread(arrivals.open_all, self._house, offer.items)
        taking = arrivals.submit_all(self._house, opened, partner)
        refusals = [await asyncio.wrap_future(taken) for taken in taking]
        return tuple(
            Outcome(taken=True, code="", message="")
            if refused is None
            else Outcome(taken=False, code=refused.code, message=refused.message)
            for refused in refusals
        )
