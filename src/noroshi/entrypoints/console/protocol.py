"""The desk door's connections: whoever is slow, or says too much before asking, is let go.

A connection has `HEAD_SECONDS` for the head of its first request, and `LARGEST_HEAD` bytes; of
more than `WAITING` that have asked nothing yet, the oldest goes.
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

WAITING: Final = 256
HEAD_SECONDS: Final = 20
LARGEST_HEAD: Final = 64 * 1024
"""Of a head and of what came with it."""


class DeskProtocol(HttpToolsProtocol):
    """HTTP on the desk door."""

    _waiting: Final[dict["DeskProtocol", asyncio.TimerHandle]] = {}
    _size = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin the time of a connection."""
        super().connection_made(transport)
        if len(self._waiting) >= WAITING:
            next(iter(self._waiting)).dismiss()
        self._waiting[self] = self.loop.call_later(HEAD_SECONDS, self.dismiss)

    def data_received(self, data: bytes) -> None:
        """Take what came, unless a head has no end."""
        self._size += len(data)
        super().data_received(data)
        if self in self._waiting and self._size > LARGEST_HEAD:
            self.dismiss()

    def on_headers_complete(self) -> None:
        """Answer; it has asked something."""
        self._forget()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._forget()
        super().connection_lost(exc)

    def dismiss(self) -> None:
        """End the connection at once."""
        self._forget()
        self.transport.abort()

    def _forget(self) -> None:
        timer = self._waiting.pop(self, None)
        if timer is not None:
            timer.cancel()
