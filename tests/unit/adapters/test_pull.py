"""The pull bearer: one poll a lane, offers until their outcome, nobody else's outcomes."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import pytest

from noroshi.adapters.bearers import pull as pulls
from noroshi.adapters.bearers.pull import PullBearer
from noroshi.core.delivery.item import Lane
from noroshi.core.delivery.pull import VERSION, Kind, Offer, Outcome, Poll, Result
from noroshi.core.errors import MalformedError, UnavailableError
from tests.unit.core.nodes import NATO

CARD = NATO.card()
TAKEN = Outcome(taken=True, code="", message="")


class Desk:
    """A bearer, and who was heard."""

    def __init__(self) -> None:
        numbers = itertools.count(1)
        self.heard: list[str] = []
        self.bearer = PullBearer(
            lambda size: next(numbers).to_bytes(size, "big"), self.heard.append
        )

    async def poll(self, lane: Lane = Lane.FLASH, result: Result | None = None) -> Offer | None:
        return await self.bearer.poll("nato", Poll(VERSION, lane, result))


def run(test: Callable[[Desk, asyncio.TaskGroup], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncio.TaskGroup() as tasks:
            await test(Desk(), tasks)

    asyncio.run(whole())


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)  # noqa: TID251 - lets the others run


def taken(offer: Offer | None) -> Result:
    assert offer is not None
    return Result(offer.id, outcomes=(TAKEN,) * len(offer.items))


def test_a_poll_that_waits_is_given_the_offer_and_brings_the_outcome() -> None:
    async def test(desk: Desk, tasks: asyncio.TaskGroup) -> None:
        polling = tasks.create_task(desk.poll())
        await turn()
        sending = tasks.create_task(desk.bearer.transmit(Lane.FLASH, CARD, [b"one", b"two"]))
        offer = await polling
        assert offer is not None
        assert (offer.kind, offer.items) == (Kind.ENVELOPES, (b"one", b"two"))
        again = tasks.create_task(desk.poll(result=taken(offer)))
        assert await sending == [TAKEN, TAKEN]
        desk.bearer.close()
        assert await again is None
        assert desk.heard == ["nato"]
        assert desk.bearer.is_polling("nato")

    run(test)


def test_an_offer_whose_answer_was_lost_is_given_again() -> None:
    async def test(desk: Desk, tasks: asyncio.TaskGroup) -> None:
        sending = tasks.create_task(desk.bearer.transmit_piece(CARD, bytes(32), 7, b"piece"))
        await turn()
        first = await desk.poll(Lane.BULK)
        assert await desk.poll(Lane.BULK) == first
        assert first is not None
        assert (first.kind, first.start, first.items) == (Kind.PIECE, 7, (b"piece",))
        tasks.create_task(desk.poll(Lane.BULK, Result(first.id, held=12)))
        assert await sending == 12
        desk.bearer.close()

    run(test)


def test_one_poll_a_lane_is_open_and_the_newer_one_counts() -> None:
    async def test(desk: Desk, tasks: asyncio.TaskGroup) -> None:
        older, bulk = tasks.create_task(desk.poll()), tasks.create_task(desk.poll(Lane.BULK))
        await turn()
        newer = tasks.create_task(desk.poll())
        assert await older is None
        checking = tasks.create_task(desk.bearer.check(CARD, b"half"))
        offer = await newer
        assert offer is not None
        assert (offer.kind, offer.items) == (Kind.CHECK, (b"half",))
        tasks.create_task(desk.poll(result=Result(offer.id, answer=b"other half")))
        assert await checking == b"other half"
        assert not bulk.done()
        desk.bearer.close()

    run(test)


def test_outcomes_of_what_was_not_given_are_refused() -> None:
    async def test(desk: Desk, tasks: asyncio.TaskGroup) -> None:
        forged = Result(bytes(16), outcomes=(TAKEN,))
        with pytest.raises(MalformedError):
            await desk.poll(result=forged)
        sending = tasks.create_task(desk.bearer.transmit(Lane.FLASH, CARD, [b"one"]))
        await turn()
        guessed = Result((1).to_bytes(16, "big"), outcomes=(TAKEN,))
        with pytest.raises(MalformedError):
            await desk.poll(result=guessed)
        offer = await desk.poll()
        for lane, result in ((Lane.FLASH, forged), (Lane.BULK, taken(offer))):
            with pytest.raises(MalformedError):
                await desk.poll(lane, result)
        with pytest.raises(MalformedError):
            await desk.bearer.poll("au", Poll(VERSION, Lane.FLASH, taken(offer)))
        tasks.create_task(desk.poll(result=taken(offer)))
        assert await sending == [TAKEN]
        with pytest.raises(MalformedError):
            await desk.poll(result=taken(offer))
        desk.bearer.close()

    run(test)


def test_who_does_not_poll_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulls, "PATIENCE_SECONDS", 0.01)

    async def test(desk: Desk, tasks: asyncio.TaskGroup) -> None:
        del tasks
        with pytest.raises(UnavailableError) as caught:
            await desk.bearer.transmit(Lane.FLASH, CARD, [b"one"])
        assert caught.value.code == "unreachable"
        assert not desk.bearer.is_polling("nato")

    run(test)


def test_who_polls_and_never_answers_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulls, "TAKING_SECONDS", 0.01)

    async def test(desk: Desk, tasks: asyncio.TaskGroup) -> None:
        tasks.create_task(desk.poll())
        await turn()
        with pytest.raises(UnavailableError):
            await desk.bearer.check(CARD, b"half")
        desk.bearer.close()
        assert await desk.poll() is None

    run(test)


@pytest.mark.parametrize(
    "result",
    [
        Result(b"", failure="disk-full"),
        Result(b"", outcomes=()),
        Result(b"", outcomes=(TAKEN, TAKEN)),
    ],
)
def test_an_offer_that_was_not_taken_is_told(result: Result) -> None:
    async def test(desk: Desk, tasks: asyncio.TaskGroup) -> None:
        async def answer() -> None:
            offer = await desk.poll()
            assert offer is not None
            told = Result(offer.id, result.failure, result.outcomes)
            await desk.poll(result=told)

        tasks.create_task(answer())
        with pytest.raises(UnavailableError) as caught:
            await desk.bearer.transmit(Lane.FLASH, CARD, [b"one"])
        assert caught.value.code == "unreachable"
        desk.bearer.close()

    run(test)
