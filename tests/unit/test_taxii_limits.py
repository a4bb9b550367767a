"""What machines may occupy at the TAXII door at once: places, memory, and time."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest
from starlette.requests import Request
from starlette.types import Message

from noroshi.core.errors import InputError
from noroshi.entrypoints.taxii.limits import BATCHES_OF_ONE, Batches, Places
from noroshi.entrypoints.taxii.speech import Refusal
from noroshi.flow.objects import LARGEST_BATCH


def request(chunks: Sequence[bytes], length: str = "", pause: float = 0.0) -> Request:
    """Return a request whose body comes in chunks, and never ends if there is a pause."""
    left = [{"type": "http.request", "body": each, "more_body": True} for each in chunks]
    messages: Iterator[Message] = iter(left)

    async def receive() -> Message:
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await asyncio.Event().wait()
        return next(messages, {"type": "http.request", "body": b"", "more_body": False})

    headers = [(b"content-length", length.encode())] if length else []
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def test_a_machine_has_so_many_places_and_no_more() -> None:
    places = Places("streams", 3, 2)
    places.take("a")
    places.take("a")
    with pytest.raises(Refusal, match="this machine has 2 streams open") as mine:
        places.take("a")
    places.take("b")
    with pytest.raises(Refusal, match="all 3 streams are taken") as all_of_them:
        places.take("c")
    assert (mine.value.status, all_of_them.value.status) == (429, 503)
    assert mine.value.headers["Retry-After"] == all_of_them.value.headers["Retry-After"]
    places.give_back("a")
    places.take("c")


def test_a_batch_is_read_and_its_memory_given_back() -> None:
    batches = Batches(most=10)
    for _ in range(3):
        with batches.place("a") as room:
            assert asyncio.run(room.read(request([b"12345", b"67890"], "10"))) == b"1234567890"
            assert room.size == 10


def test_a_batch_for_which_there_is_no_room_is_refused_also_if_it_hides_its_length() -> None:
    batches = Batches(most=10)
    with batches.place("a") as first:
        asyncio.run(first.read(request([b"123456"])))
        for chunks, length in (([b"12345"], "5"), ([b"123", b"45"], ""), ([b"12345"], "2")):
            with batches.place("b") as room, pytest.raises(Refusal, match="later") as refused:
                asyncio.run(room.read(request(chunks, length)))
            assert refused.value.status == 503
        with batches.place("b") as room:
            assert asyncio.run(room.read(request([b"1234"]))) == b"1234"


def test_a_batch_beyond_the_largest_is_refused_by_its_length() -> None:
    with Batches().place("a") as room, pytest.raises(InputError, match="hand over several"):
        asyncio.run(room.read(request([], str(LARGEST_BATCH + 1))))


def test_so_many_batches_of_one_machine_and_no_more() -> None:
    batches = Batches()
    held = [batches.place("a") for _ in range(BATCHES_OF_ONE)]
    for each in held:
        each.__enter__()
    with pytest.raises(Refusal, match="end one first"), batches.place("a"):
        pass
    with batches.place("b"):
        pass


@pytest.mark.parametrize(("pause", "chunks"), [(0.2, [b"1"]), (0.03, [b"1"] * 20)])
def test_a_batch_that_comes_too_slowly_is_let_go(pause: float, chunks: list[bytes]) -> None:
    """Also one that never pauses for long, but says a byte at a time."""
    batches = Batches(pause=0.1)
    with batches.place("a") as room, pytest.raises(Refusal, match="too slowly") as refused:
        asyncio.run(room.read(request(chunks, pause=pause)))
    assert refused.value.status == 408
    assert refused.value.headers["Connection"] == "close"
