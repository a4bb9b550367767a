"""The watchkeeper: fires deadlines when they pass, and tests every line on schedule.

One task sleeps until the next deadline of the store; commits that set one wake it. It also notices
when somebody sets the machine's clock, and takes the deadlines along. One task per
verified partner asks a comms check every quarter of an hour, and sooner while the last one was
missed: at once when the partner is heard again. What is recorded is decided by
:mod:`noroshi.flow.watch`.
"""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

import structlog

from noroshi.core.delivery.check import CommsCheck, decode_check, encode_check
from noroshi.core.directory.card import Card
from noroshi.core.errors import NoroshiError
from noroshi.core.instant import SECOND
from noroshi.core.partner import PartnerState
from noroshi.core.precedence import Precedence
from noroshi.flow import watch
from noroshi.flow.ports import Entropy, SteppedClock, Store
from noroshi.flow.records import Committed, Identity, LineCheck
from noroshi.flow.tables import Transaction

MISSED_SECONDS: Final = 60
"""Time to the next check after a missed one; twice as long each time, up to the following."""
LONGEST_MISSED_SECONDS: Final = 300
LOOK_SECONDS: Final = 5.0
"""Until somebody who set the machine's clock is noticed."""
_STEP: Final = SECOND
"""A clock that is set by less than this is followed without a word."""
_FIRST_PAUSE: Final = 0.5
"""Seconds after the disk refused; twice as long each time, at most a minute."""
_GATHER_SECONDS: Final = 0.2
_WAKING: Final = frozenset({"watch", "partner"})

_log = structlog.get_logger()


class Checker(Protocol):
    """A way to ask a comms check."""

    @property
    def name(self) -> str:
        """What the history calls it."""
        ...

    async def check(self, card: Card, raw: bytes) -> bytes:
        """Hand over this side's half; return the other's."""
        ...


class Watchkeeper:
    """Drives the watch of a node (a :class:`noroshi.adapters.sqlite.groups.Listener`)."""

    def __init__(
        self,
        store: Store,
        checker: Checker,
        identity: Identity,
        clock: SteppedClock,
        entropy: Entropy,
        jitter: Callable[[], float],
        bearer_of: Callable[[Card], str] | None = None,
        *,
        is_silent: bool = False,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """Join the parts.

        `jitter` draws from 0 up to 1, so that checks do not march in step; `bearer_of` says by
        which bearer a check goes now, where the checker has several.
        """
        self._store = store
        self._checker = checker
        self._bearer_of = bearer_of
        self._identity = identity
        self._clock = clock
        self._entropy = entropy
        self._jitter = jitter
        self._is_silent = is_silent
        self._look_seconds = look_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        self._checking: dict[str, asyncio.Task[None]] = {}
        self._heard: dict[str, asyncio.Event] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Keep watch until `stop` is set."""
        self._loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            firing = tasks.create_task(self._fire(tasks))
            await stop.wait()
            firing.cancel()
            for checking in self._checking.values():
                checking.cancel()
        self._loop = None

    def on_commit(self, committed: Committed) -> None:
        """Look again at what has changed; called on the writer's thread."""
        if self._loop is None:
            return
        told = committed.announcements
        woken = [self._changed] if any(each.event in _WAKING for each in told) else []
        woken += [
            self._heard[each.partner]
            for each in told
            if each.event == "heard" and each.partner in self._heard
        ]
        for event in woken:
            with contextlib.suppress(RuntimeError):  # the loop has just closed
                self._loop.call_soon_threadsafe(event.set)

    async def _fire(self, tasks: asyncio.TaskGroup) -> None:
        pause = _FIRST_PAUSE
        while True:
            self._changed.clear()
            with self._store.read() as tables:
                next_due = tables.watch.next_due()
                partners = [
                    known.signed_card.card.partner
                    for known in tables.partners.all()
                    if known.state is PartnerState.VERIFIED
                ]
            for partner in partners:
                if partner not in self._checking and not self._is_silent:
                    self._checking[partner] = tasks.create_task(self._check(partner))
            drift = self._clock.drift()
            is_due = next_due is not None and next_due <= self._clock.now()
            if abs(drift) < _STEP and not is_due:
                self._clock.follow(drift)
                await self._sleep(next_due)
                continue
            try:
                await (self._follow_clock(drift) if abs(drift) >= _STEP else self._fire_due())
            except NoroshiError as error:
                _log.error("watch-failed", code=error.code)
                await asyncio.sleep(pause)  # noqa: TID251 - it may be well again
                pause = min(2 * pause, MISSED_SECONDS)
            else:
                pause = _FIRST_PAUSE

    async def _fire_due(self) -> None:
        await self._perform(partial(watch.fire_due, identity=self._identity, entropy=self._entropy))

    async def _follow_clock(self, drift: int) -> None:
        """Follow the machine's clock, and take the deadlines along."""
        me = self._identity.me
        await self._perform(partial(watch.follow_clock, drift=drift, me=me, entropy=self._entropy))
        self._clock.follow(drift)

    async def _sleep(self, until: int | None) -> None:
        seconds = self._look_seconds
        if until is not None:
            seconds = min(seconds, max(0.0, (until - self._clock.now()) / SECOND))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
                # No deadline is that near; under load many reports set theirs at once.
                await asyncio.sleep(_GATHER_SECONDS)  # noqa: TID251 - no proof waits for it

    async def _check(self, partner: str) -> None:
        usual, missed = self._identity.duty.check_seconds, MISSED_SECONDS
        heard = self._heard.setdefault(partner, asyncio.Event())
        while True:
            heard.clear()
            is_good = await self._check_once(partner)
            pause = (usual if is_good else min(missed, usual)) * (0.9 + 0.2 * self._jitter())
            missed = MISSED_SECONDS if is_good else min(2 * missed, LONGEST_MISSED_SECONDS)
            if is_good:
                await asyncio.sleep(pause)  # noqa: TID251 - the schedule
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await heard.wait()

    async def _check_once(self, partner: str) -> bool:
        """Ask one comms check and record it; say whether it was answered."""
        with self._store.read() as tables:
            known = tables.partners.get(partner)
            if known is None or known.state is not PartnerState.VERIFIED:
                return False
            mine = watch.make_check(tables, partner, self._identity, self._clock.now())
        card = known.signed_card.card
        bearer = self._checker.name if self._bearer_of is None else self._bearer_of(card)
        began = asyncio.get_running_loop().time()
        told: CommsCheck | None = None
        code: str | None = None
        try:
            told = decode_check(await self._checker.check(card, encode_check(mine)))
        except NoroshiError as error:
            code = error.code
        took = int((asyncio.get_running_loop().time() - began) * SECOND)
        line_check = LineCheck(
            outgoing=True, at=self._clock.now(), bearer=bearer,
            round_trip=took if code is None else None, code=code,
        )  # fmt: skip
        try:
            await self._perform(
                partial(
                    watch.note_check, partner=partner, line_check=line_check, told=told,
                    identity=self._identity, entropy=self._entropy, asked=mine,
                )
            )  # fmt: skip
        except NoroshiError as error:
            _log.error("watch-failed", partner=partner, code=error.code)
        return code is None

    async def _perform(self, act: Callable[[Transaction], object]) -> None:
        await asyncio.wrap_future(self._store.submit(act, Precedence.PRIORITY))
