"""The collector: lets collections take in reports as they come, in a thread of its own.

What is taken in is decided by :mod:`noroshi.flow.collecting`; this wakes it when a report came, or
a machine was given access to a collection that is not filled yet. The index of words is kept so
too (:mod:`noroshi.flow.finding`).
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import structlog

from noroshi.core.errors import NoroshiError
from noroshi.flow.records import Committed

_WAKING: Final = frozenset({"received", "machine", "destroyed"})
INDEXED: Final = frozenset({"received", "sent", "destroyed"})
"""What the index of words is brought up to date for."""
_PAUSE_SECONDS: Final = 30.0
"""After a disk that was full or failed."""

_log = structlog.get_logger()


class Collector:
    """Fills collections (a :class:`noroshi.adapters.sqlite.groups.Listener`)."""

    def __init__(
        self,
        collect: Callable[[], bool],
        filled: Callable[[], None],
        waking: frozenset[str] = _WAKING,
    ) -> None:
        """Call `collect`, which says whether there is more, then `filled` on the event loop.

        Announcements of `waking` are what it looks again for.
        """
        self._collect = collect
        self._filled = filled
        self._waking = waking
        self._came = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Fill collections until `stop` is set."""
        self._loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            filling = tasks.create_task(self._fill())
            await stop.wait()
            filling.cancel()
        self._loop = None

    def on_commit(self, committed: Committed) -> None:
        """Look again, because something came; called on the writer's thread."""
        if self._loop is not None and any(a.event in self._waking for a in committed.announcements):
            with contextlib.suppress(RuntimeError):  # the loop has just closed
                self._loop.call_soon_threadsafe(self._came.set)

    async def _fill(self) -> None:
        while True:
            self._came.clear()
            pause = None
            try:
                while await asyncio.to_thread(self._collect):
                    self._filled()
            except NoroshiError as error:
                _log.error("collecting-failed", code=error.code)
                pause = _PAUSE_SECONDS
            self._filled()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._came.wait()


class Collectors:
    """Several that do not wait for one another."""

    def __init__(self, *collectors: Collector) -> None:
        """Join `collectors`."""
        self._collectors = collectors

    async def run(self, stop: asyncio.Event) -> None:
        """Let all of them fill until `stop` is set."""
        async with asyncio.TaskGroup() as tasks:
            for each in self._collectors:
                tasks.create_task(each.run(stop))

    def on_commit(self, committed: Committed) -> None:
        """Pass it on; called on the writer's thread."""
        for each in self._collectors:
            each.on_commit(committed)
