"""The keykeeper: has keys made and destroyed, directories renewed when due, and partners told.

What is done is decided by :mod:`noroshi.flow.renewal`; this sleeps until then, and wakes when a
partner is new, or was restored.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import structlog

from noroshi.core.errors import NoroshiError
from noroshi.core.instant import SECOND, Instant
from noroshi.flow.ports import Clock
from noroshi.flow.records import Committed

LOOK_SECONDS: Final = 600.0
"""Until a clock that was set is noticed."""
_GATHER_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 30.0
"""After a disk that was full or failed."""
_WAKING: Final = frozenset({"partner", "prekeys", "directory"})

_log = structlog.get_logger()


class Keykeeper:
    """Renews a node's prekeys (a :class:`noroshi.adapters.sqlite.groups.Listener`)."""

    def __init__(
        self,
        renew: Callable[[], Instant],
        clock: Clock,
        *,
        in_thread: bool = False,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """Call `renew`, on a thread of its own if it may block; it says when it is due again."""
        self._renew = renew
        self._clock = clock
        self._in_thread = in_thread
        self._look_seconds = look_seconds
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Renew until `stop` is set."""
        self._loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            renewing = tasks.create_task(self._keep())
            await stop.wait()
            renewing.cancel()
        self._loop = None

    def on_commit(self, committed: Committed) -> None:
        """Look again, because somebody is to be told; called on the writer's thread."""
        if self._loop is not None and any(a.event in _WAKING for a in committed.announcements):
            with contextlib.suppress(RuntimeError):  # the loop has just closed
                self._loop.call_soon_threadsafe(self._changed.set)

    async def _keep(self) -> None:
        while True:
            self._changed.clear()
            seconds = _PAUSE_SECONDS
            try:
                renewing = asyncio.to_thread(self._renew) if self._in_thread else None
                due_at = self._renew() if renewing is None else await renewing
            except NoroshiError as error:
                _log.error("keys-failed", code=error.code)
            else:
                until = (due_at - self._clock.now()) / SECOND
                seconds = min(self._look_seconds, max(_GATHER_SECONDS, until))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
                    await asyncio.sleep(_GATHER_SECONDS)  # noqa: TID251 - no proof waits for it
