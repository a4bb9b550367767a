"""The listeners: streams of what becomes true with each commit, for those who wait at a desk."""

import asyncio
import contextlib
import weakref
from typing import Final

from noroshi.flow.records import Announcement, Committed

_BACKLOG: Final = 10_000
_TOLD: Final = frozenset(
    {"received", "sent", "risen", "refused", "expired", "cancelled", "changed", "alarm", "desk"}
)


class Listeners:
    """Hands announcements from the writer's thread to whoever listens on the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # A queue lives as long as the stream that reads it.
        self._queues: weakref.WeakSet[asyncio.Queue[Announcement | None]] = weakref.WeakSet()
        self._is_closed = False

    def subscribe(self) -> "asyncio.Queue[Announcement | None]":
        """Return a queue of what is announced from now on; one that is not emptied is ended."""
        queue: asyncio.Queue[Announcement | None] = asyncio.Queue()
        self._queues.add(queue)
        if self._is_closed:
            queue.put_nowait(None)
        return queue

    def on_commit(self, committed: Committed) -> None:
        """Pass on what desks care about; called on the writer's thread."""
        told = [a for a in committed.announcements if a.event in _TOLD]
        if self._queues and told:
            with contextlib.suppress(RuntimeError):  # the loop has just closed
                self._loop.call_soon_threadsafe(self._put, told)

    def close(self) -> None:
        """End every stream, also those that begin while the doors close."""
        self._is_closed = True
        for queue in list(self._queues):
            queue.put_nowait(None)

    def _put(self, announcements: list[Announcement]) -> None:
        for queue in list(self._queues):
            if queue.qsize() > _BACKLOG:
                # Whoever reads it hears that it ended, and begins anew; nothing is left out.
                queue.put_nowait(None)
                self._queues.discard(queue)
                continue
            for announcement in announcements:
                queue.put_nowait(announcement)
