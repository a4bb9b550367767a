"""The peer door's connections: strangers get little time and little room.

A connection is a stranger's until a partner's signature admits a request on it. There are at
most `STRANGERS` of them, each has `HEADER_SECONDS`; the oldest goes when another comes, and one
whose request was answered without being admitted is closed. So a thousand slow connections cost
a partner's FLASH nothing.
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

STRANGERS: Final = 256
HEADER_SECONDS: Final = 120
"""On the thinnest line the head of a request takes seconds; lost packets take minutes."""


class PeerProtocol(H11Protocol):
    """HTTP on the peer door."""

    _strangers: Final[dict["PeerProtocol", asyncio.TimerHandle]] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin the time of a stranger."""
        super().connection_made(transport)
        # What a request finds as its state: the door calls it once it knows the partner.
        self.app_state = {**self.app_state, "admitted": self._forget}
        if len(self._strangers) >= STRANGERS:
            next(iter(self._strangers)).dismiss()
        self._strangers[self] = self.loop.call_later(HEADER_SECONDS, self.dismiss)

    def on_response_complete(self) -> None:
        """Wait for another request, but not of a stranger."""
        if self in self._strangers:
            self.transport.close()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._forget()
        super().connection_lost(exc)

    def _forget(self) -> None:
        timer = self._strangers.pop(self, None)
        if timer is not None:
            timer.cancel()

    def dismiss(self) -> None:
        """End the connection at once."""
        self._forget()
        self.transport.abort()
