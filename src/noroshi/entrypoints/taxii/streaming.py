"""Streams of objects as they come (Server-Sent Events): each once, in order, also after a break.

An event is an object, as it was handed over, and its id is a cursor: whoever comes back with it in
Last-Event-ID, as every client of such streams does, goes on behind it. What a reader may have is
asked anew for each page, and so is whether it still has access.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

import msgspec
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from noroshi.core.exchange.objects.query import Query, write_cursor
from noroshi.entrypoints.taxii.limits import MOST_STREAMS, STREAMS_OF_ONE, Places
from noroshi.entrypoints.taxii.speech import SSE_TYPE
from noroshi.flow import objects
from noroshi.flow.house import House
from noroshi.flow.machine_tables import Collection
from noroshi.flow.machines import machine_of
from noroshi.flow.object_ports import Page

QUIET_SECONDS: Final = 15
"""Then a comment goes out, which shows that the line lives, and access is asked anew."""
_PAGE: Final = 200


class Streams:
    """Whoever listens, and wakes when something came."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()
        self._is_closing = False
        self._places = Places("streams", MOST_STREAMS, STREAMS_OF_ONE)

    def wake(self) -> None:
        """Let all streams look for what came."""
        for each in self._waiting:
            each.set()

    def close(self) -> None:
        """End all streams."""
        self._is_closing = True
        self.wake()

    def answer(
        self,
        house: House,
        machine: str,
        token: tuple[str | None, str],
        collection: Collection,
        query: Query,
    ) -> StreamingResponse:
        """Return the stream of what a query asks for, from behind where it says on.

        Raises:
            Refusal: too many streams are open.
        """
        self._places.take(machine)
        return _Stream(
            self._events(house, token, collection, query),
            lambda: self._places.give_back(machine),
        )

    async def _events(
        self, house: House, token: tuple[str | None, str], collection: Collection, query: Query
    ) -> AsyncIterator[bytes]:
        query = msgspec.structs.replace(query, limit=_PAGE)
        came = asyncio.Event()
        self._waiting.add(came)
        try:
            yield b": objects as they come\n\n"
            while not self._is_closing:
                came.clear()
                found = await asyncio.to_thread(_look, house, token, collection, query)
                if found is None:
                    return
                for each in found.objects:
                    yield b"id: %b\ndata: %b\n\n" % (
                        write_cursor(each.added).encode(),
                        _line(each.raw),
                    )
                if found.objects:
                    query = msgspec.structs.replace(query, after=found.objects[-1].added)
                if not found.more:
                    try:
                        async with asyncio.timeout(QUIET_SECONDS):
                            await came.wait()
                    except TimeoutError:
                        yield b": still here\n\n"
        finally:
            self._waiting.discard(came)


class _Stream(StreamingResponse):
    """A stream that gives its place back, also if its reader went before it began."""

    def __init__(self, events: AsyncIterator[bytes], give_back: Callable[[], None]) -> None:
        super().__init__(events, media_type=SSE_TYPE)
        self._give_back = give_back

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._give_back()


def _look(
    house: House, token: tuple[str | None, str], collection: Collection, query: Query
) -> Page | None:
    """Return what came; None: the reader has no access any more."""
    name, secret = token
    with house.store.read() as tables:
        machine = machine_of(tables, secret, name)
    right = None if machine is None else machine.rights.get(collection.alias)
    if machine is None or right is None or not right.read:
        return None
    return objects.page(house, machine, collection, query)


def _line(raw: bytes) -> bytes:
    """Return an object without the ends of lines that it may have between its parts.

    In JSON they stand nowhere else, so the values stay what they are.
    """
    return raw.replace(b"\r", b" ").replace(b"\n", b" ")
