"""The puller: follows each feed when it is due, in threads, however long that takes."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from noroshi.core.errors import NoroshiError
from noroshi.core.instant import SECOND, Instant
from noroshi.flow.records import Committed

AT_ONCE: Final = 2
"""Feeds that are followed at the same time."""
_LONGEST: Final = 3600.0
"""Seconds after which it looks again, whatever it knows."""

_log = structlog.get_logger()


class Puller:
    """Follows feeds (a :class:`noroshi.adapters.sqlite.groups.Listener`)."""

    def __init__(
        self,
        due: Callable[[], Sequence[tuple[str, Instant]]],
        now: Callable[[], Instant],
        follow: Callable[[str], object],
        filled: Callable[[], None],
        end: Callable[[], None],
    ) -> None:
        """Ask `due` which feeds there are and when, `follow` each, then call `filled`.

        `end` lets those that are followed then end, when the node stops.
        """
        self._due = due
        self._now = now
        self._follow = follow
        self._filled = filled
        self._end = end
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._followed: set[str] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Follow feeds until `stop` is set; of what is under way then, each step is durable."""
        self._loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            planning = tasks.create_task(self._plan())
            await stop.wait()
            self._end()
            planning.cancel()
        self._loop = None

    def on_commit(self, committed: Committed) -> None:
        """Look again, because a feed was added or ended; called on the writer's thread."""
        if self._loop is not None and any(a.event == "feed" for a in committed.announcements):
            with contextlib.suppress(RuntimeError):  # the loop has just closed
                self._loop.call_soon_threadsafe(self._changed.set)

    async def _plan(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._changed.clear()
                waiting = [each for each in await self._feeds() if each[0] not in self._followed]
                now = self._now()
                for name, at in waiting:
                    if at <= now:
                        self._followed.add(name)
                        tasks.create_task(self._one(name))
                later = [at - now for _, at in waiting if at > now]
                pause = min([_LONGEST, *(each / SECOND for each in later)])
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._changed.wait()

    async def _feeds(self) -> Sequence[tuple[str, Instant]]:
        try:
            return await asyncio.to_thread(self._due)
        except NoroshiError as error:
            _log.error("feeds-failed", code=error.code)
            return []

    async def _one(self, name: str) -> None:
        async with self._at_once:
            try:
                await asyncio.to_thread(self._follow, name)
            except NoroshiError as error:
                _log.warning("feed-failed", feed=name, code=error.code)
        self._filled()
        self._followed.discard(name)
        self._changed.set()
