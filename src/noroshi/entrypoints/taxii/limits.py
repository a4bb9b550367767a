"""What machines may occupy at once: streams, and memory for batches that are being read.

A machine that asks for too much is told 429; one that others keep out is told 503. Both are told
when to come again.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from typing import Final

from starlette.requests import Request

from noroshi.core.errors import InputError
from noroshi.entrypoints.taxii.speech import Refusal
from noroshi.flow.objects import LARGEST_BATCH

MOST_STREAMS: Final = 256
"""Open at once, of all machines."""
STREAMS_OF_ONE: Final = 16
"""Open at once, of one machine."""
MOST_READ: Final = 256 * 1024 * 1024
"""Bytes of batches that are being read or taken in at once: two of the largest, and small ones."""
BATCHES_OF_ONE: Final = 4
"""Batches of one machine that are being read or taken in at once."""
_BATCHES: Final = 64
PAUSE_SECONDS: Final = 20.0
"""The longest pause in a batch that is being read."""
SLOWEST: Final = 4096
"""Bytes a second: a batch that comes more slowly keeps others out, and is let go."""
_AGAIN: Final = {"Retry-After": "10"}


class Places:
    """Places that machines take and give back."""

    def __init__(self, what: str, most: int, most_of_one: int) -> None:
        self._what = what
        self._most = most
        self._most_of_one = most_of_one
        self._taken: Counter[str] = Counter()

    def take(self, machine: str) -> None:
        """Take a place for a machine.

        Raises:
            Refusal: it has too many, or all are taken.
        """
        if self._taken[machine] >= self._most_of_one:
            title = f"this machine has {self._most_of_one} {self._what} open; end one first"
            raise Refusal(429, title, _AGAIN)
        if self._taken.total() >= self._most:
            title = f"all {self._most} {self._what} are taken; try again in a little while"
            raise Refusal(503, title, _AGAIN)
        self._taken[machine] += 1

    def give_back(self, machine: str) -> None:
        """Give a place back."""
        self._taken[machine] -= 1
        if not self._taken[machine]:
            del self._taken[machine]


class Batches:
    """Batches that are being read: bounded in number, in bytes and in time."""

    def __init__(self, *, most: int = MOST_READ, pause: float = PAUSE_SECONDS) -> None:
        self._places = Places("batches", _BATCHES, BATCHES_OF_ONE)
        self._left = most
        self._pause = pause

    @contextmanager
    def place(self, machine: str) -> Generator["Room"]:
        """Give a machine room for a batch, until it was taken in."""
        self._places.take(machine)
        room = Room(self)
        try:
            yield room
        finally:
            self._left += room.size
            self._places.give_back(machine)

    def reserve(self, count: int) -> None:
        """Set bytes aside.

        Raises:
            Refusal: so many are not left.
        """
        if count > self._left:
            title = "too much is being handed over at once; hand this batch over again later"
            raise Refusal(503, title, _AGAIN)
        self._left -= count

    async def chunks(self, http: Request) -> AsyncIterator[bytes]:
        """Yield what comes.

        Raises:
            Refusal: it comes too slowly.
        """
        now = asyncio.get_running_loop().time
        began, size, stream = now(), 0, aiter(http.stream())
        while True:
            latest = began + self._pause + size / SLOWEST
            try:
                async with asyncio.timeout_at(min(now() + self._pause, latest)):
                    chunk = await anext(stream, None)
            except TimeoutError:
                title = "the batch came too slowly; hand it over again, or in smaller parts"
                raise Refusal(408, title, {"Connection": "close"}) from None
            if chunk is None:
                return
            size += len(chunk)
            yield chunk


class Room:
    """Memory for one batch."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self.size = 0
        """Bytes that are set aside."""

    async def read(self, http: Request) -> bytearray:
        """Return what is handed over.

        What says its length is refused before it comes, if there is no room for it.

        Raises:
            InputError: it is too much.
            Refusal: there is no room for it now, or it comes too slowly.
        """
        said = http.headers.get("content-length", "")
        self._grow(int(said) if said.isascii() and said.isdigit() else 0)
        body = bytearray()
        async for chunk in self._batches.chunks(http):
            self._grow(len(body) + len(chunk))
            body += chunk
        return body

    def _grow(self, size: int) -> None:
        if size > LARGEST_BATCH:
            msg = f"an envelope has at most {LARGEST_BATCH:,} bytes; hand over several"
            raise InputError("body-too-large", msg)
        if size > self.size:
            self._batches.reserve(size - self.size)
            self.size = size
