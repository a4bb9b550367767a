"""The lines: drives the pure machine of each partner with a real socket, clock and store.

One task per partner holds one :class:`noroshi.core.delivery.line.Line`. Commits wake it (from
the writer's thread), the machine says what to transmit, and what came of it is fed back. Beside
it the task issues the receipts that are owed to the partner. A fault in one line is logged and
the line starts anew from the durable outbox; the others do not notice.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Final, Protocol

import structlog

from noroshi.core.delivery.item import Lane
from noroshi.core.delivery.line import (
    Abort,
    Command,
    Event,
    Expire,
    Failed,
    Forget,
    Held,
    Line,
    Reachable,
    Settled,
    Silenced,
    Submitted,
    Taken,
    Transmit,
    TransmitPiece,
    WakeAt,
    WokeUp,
    step,
)
from noroshi.core.directory.card import Card
from noroshi.core.errors import NoroshiError, NotFoundError, UnavailableError
from noroshi.core.instant import SECOND
from noroshi.core.marking.rules import Rules
from noroshi.core.partner import PartnerState
from noroshi.core.precedence import Precedence
from noroshi.flow import deliver, exits
from noroshi.flow.ports import BlobStore, Clock, Entropy, Store
from noroshi.flow.records import Committed, Identity, KnownPartner
from noroshi.flow.tables import Tables, Transaction

RECEIPT_PAUSE_SECONDS: Final = 0.05
"""Between two receipts to one partner: a sealed receipt costs as much as a report."""
RECEIPT_GATHER_SECONDS: Final = 0.005
"""Before the first: what the report itself needs goes first, and other rungs may gather."""
RECORD_AGAIN_SECONDS: Final = 5.0
"""After a disk that was full or failed did not take what became of an item."""

_log = structlog.get_logger()


class Outcome(Protocol):
    """What a partner's node says of one envelope."""

    @property
    def taken(self) -> bool:
        """Whether it is durable there."""
        ...

    @property
    def code(self) -> str:
        """Why not."""
        ...

    @property
    def message(self) -> str:
        """Why not, for people."""
        ...


class Bearer(Protocol):
    """A way to carry envelopes now."""

    async def transmit(self, lane: Lane, card: Card, envelopes: list[bytes]) -> Sequence[Outcome]:
        """Offer envelopes; return the outcome of each."""
        ...

    async def transmit_piece(self, card: Card, blob_id: bytes, offset: int, data: bytes) -> int:
        """Offer bytes of a blob; return how many bytes the partner holds."""
        ...


class Lines:
    """All lines of a node (a :class:`noroshi.adapters.sqlite.groups.Listener`)."""

    def __init__(
        self,
        store: Store,
        blobs: BlobStore,
        bearer: Bearer,
        identity: Identity,
        clock: Clock,
        entropy: Entropy,
        rules: Rules,
        jitter: Callable[[], float] = random.random,
        *,
        is_silent: bool = False,
    ) -> None:
        """Join the parts; `jitter` draws from 0 up to 1, which spreads retries."""
        self.is_silent = is_silent
        self.store = store
        self.blobs = blobs
        self.bearer = bearer
        self.identity = identity
        self.clock = clock
        self.entropy = entropy
        self.rules = rules
        self.jitter = jitter
        self._lines: dict[str, PartnerLine] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Drive the lines until `stop` is set."""
        self._loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as self._tasks:
            with self.store.read() as tables:
                partners = [known.signed_card.card.partner for known in tables.partners.all()]
            for partner in partners:
                self._line(partner)
            await stop.wait()
            for line in self._lines.values():
                line.stop()
        self._loop = None

    def on_commit(self, committed: Committed) -> None:
        """Wake the lines that a commit concerns; called on the writer's thread."""
        if self._loop is not None:
            # A loop that has just closed needs no news: all of it is in the outbox.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._wake, committed)

    def _wake(self, committed: Committed) -> None:
        for partner, items in committed.added.items():
            self._line(partner).put(Submitted(items))
        for partner, ids in committed.removed.items():
            self._line(partner).put(Settled(ids))
        for told in committed.announcements:
            if told.event == "heard":
                self._line(told.partner).put(Reachable(told.round_trip))
        # Receipts are owed, or the partner changed: several reports at once wake a line once.
        for partner in dict.fromkeys(
            told.partner for told in committed.announcements if told.event in {"owed", "partner"}
        ):
            self._line(partner).owe()
            self._line(partner).put(WokeUp())

    def _line(self, partner: str) -> "PartnerLine":
        if partner not in self._lines:
            line = PartnerLine(partner, self)
            self._lines[partner] = line
            if self._tasks is not None:
                self._tasks.create_task(line.run())
                self._tasks.create_task(line.issue_receipts())
        return self._lines[partner]


class PartnerLine:
    """The line to one partner."""

    def __init__(self, partner: str, lines: Lines) -> None:
        self._partner = partner
        self._lines = lines
        self._line = Line()
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._owed = asyncio.Event()
        self._owed.set()
        self._stopping = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._under_way: dict[Lane, asyncio.Task[None]] = {}
        self._offsets: dict[bytes, int] = {}

    def put(self, event: Event) -> None:
        """Feed the machine."""
        self._events.put_nowait(event)

    def owe(self) -> None:
        """Note that receipts are owed."""
        self._owed.set()

    def stop(self) -> None:
        """End both tasks."""
        self._stopping.set()
        self._owed.set()
        self._events.put_nowait(None)

    async def run(self) -> None:
        """Feed the machine with events until stopped."""
        self.put(Silenced(self._lines.is_silent))
        with self._lines.store.read() as tables:
            self.put(Submitted(tuple(tables.outbox.items(self._partner))))
        async with asyncio.TaskGroup() as tasks:
            while (event := await self._events.get()) is not None:
                self._line, commands = step(self._line, event, self._lines.clock.now())
                for command in commands:
                    self._carry_out(command, tasks)
            if self._timer is not None:
                self._timer.cancel()
            for transmission in self._under_way.values():
                transmission.cancel()

    async def issue_receipts(self) -> None:
        """Seal what is owed: the first soon, and under load what gathers between two."""
        lines = self._lines

        def issue_receipts(tx: Transaction) -> bool:
            return deliver.issue_receipts(tx, self._partner, lines.identity, lines.entropy)

        # `stop` sets both: asked at each turn, for clearing the one must not hide the other.
        while not self._stopping.is_set():
            await self._owed.wait()
            await self._pause(RECEIPT_GATHER_SECONDS)
            self._owed.clear()
            try:
                issued = lines.store.submit(issue_receipts, Precedence.IMMEDIATE)
                if await asyncio.wrap_future(issued):
                    self._owed.set()
            except NoroshiError as error:
                _log.error("receipts-failed", partner=self._partner, code=error.code)
            await self._pause(RECEIPT_PAUSE_SECONDS)

    async def _pause(self, seconds: float) -> None:
        """Wait, unless the end comes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    def _carry_out(self, command: Command, tasks: asyncio.TaskGroup) -> None:
        match command:
            case Transmit(lane, ids):
                transmit = partial(self._transmit, lane, ids)
                self._under_way[lane] = tasks.create_task(self._guard(lane, transmit, ids))
            case TransmitPiece(blob_id, size):
                transmit = partial(self._transmit_piece, blob_id, size)
                guarded = self._guard(Lane.BULK, transmit, (blob_id,))
                self._under_way[Lane.BULK] = tasks.create_task(guarded)
            case Abort():
                self._under_way[Lane.BULK].cancel()
            case WakeAt(at):
                if self._timer is not None:
                    self._timer.cancel()
                delay = max(0, at - self._lines.clock.now()) / SECOND
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(delay, self.put, WokeUp())
            case Forget(ids):
                self._record(partial(deliver.forget, partner=self._partner, ids=ids))
            case Expire(ids):
                lines = self._lines
                self._record(
                    partial(
                        deliver.expire, partner=self._partner, ids=ids,
                        me=lines.identity.me, entropy=lines.entropy,
                    )
                )  # fmt: skip

    async def _guard(
        self, lane: Lane, transmit: Callable[[], Awaitable[None]], ids: tuple[bytes, ...]
    ) -> None:
        """Turn whatever goes wrong into one `Failed`, and record it with the reports."""
        try:
            await transmit()
        except NoroshiError as error:
            self._fail(lane, dict.fromkeys(ids, (error.code, error.message)))
        except Exception as error:  # noqa: BLE001 - one line's fault must not end the others
            _log.error("transmission-failed", partner=self._partner, kind=type(error).__name__)
            message = "a fault in this node; see its log"
            self._fail(lane, dict.fromkeys(ids, ("internal", message)))

    def _fail(self, lane: Lane, failures: dict[bytes, tuple[str, str]]) -> None:
        self._record(partial(deliver.note_failures, partner=self._partner, failures=failures))
        self.put(Failed(lane, self._lines.jitter()))

    async def _transmit(self, lane: Lane, ids: tuple[bytes, ...]) -> None:
        lines = self._lines
        known: list[bytes] = []
        envelopes: list[bytes] = []
        with lines.store.read() as tables:
            card = _card(tables.partners.get(self._partner), self._partner)
            free = self._free(tables, ids)
            stale = tables.outbox.stale(self._partner, free, lines.clock.now())
        if stale:
            await self._reseal(stale)
        with lines.store.read() as tables:
            for item_id in free:
                try:
                    envelopes.append(tables.outbox.read(self._partner, item_id))
                    known.append(item_id)
                except NotFoundError:
                    continue  # its receipt came by another way meanwhile
        outcomes: Sequence[Outcome] = ()
        began = asyncio.get_running_loop().time()
        if envelopes:
            outcomes = await lines.bearer.transmit(lane, card, envelopes)
        pairs = list(zip(known, outcomes, strict=True))
        refused = {i: (o.code, o.message) for i, o in pairs if not o.taken}
        if refused:
            self._record(partial(deliver.note_failures, partner=self._partner, failures=refused))
        took = _since(began) if len(known) == len(ids) else 0
        self.put(Taken(lane, frozenset(ids), took, frozenset(refused)))

    async def _reseal(self, ids: list[bytes]) -> None:
        """Seal again what the partner cannot open any more."""
        lines = self._lines
        act = partial(
            deliver.reseal, partner=self._partner, ids=ids, identity=lines.identity,
            entropy=lines.entropy,
        )  # fmt: skip
        await asyncio.wrap_future(lines.store.submit(act, Precedence.IMMEDIATE))

    async def _transmit_piece(self, blob_id: bytes, most: int) -> None:
        lines = self._lines
        with lines.store.read() as tables:
            card = _card(tables.partners.get(self._partner), self._partner)
            found = tables.reports.blob(blob_id)
            if not self._free(tables, (blob_id,)):
                raise UnavailableError("not-releasable", "its report is withheld")
        size = found[1] if found else 0
        offset = self._offsets.get(blob_id, 0)
        data = await asyncio.to_thread(lines.blobs.read_piece, blob_id, offset, most)
        began = asyncio.get_running_loop().time()
        held = await lines.bearer.transmit_piece(card, blob_id, offset, data)
        self._offsets[blob_id] = held
        self.put(Held(blob_id, held >= size, _since(began) if len(data) == most else 0))

    def _free(self, tables: Tables, ids: Sequence[bytes]) -> list[bytes]:
        """Return the items that may go now; the reports of the others are withheld."""
        lines, me = self._lines, self._lines.identity.me
        now = lines.clock.now()
        barred = exits.barred(tables, self._partner, ids, me, now, lines.rules)
        if not barred:
            return list(ids)
        self._record(
            partial(
                exits.withhold, partner=self._partner, reports=barred, me=me,
                entropy=lines.entropy,
            )
        )  # fmt: skip
        return [i for i in ids if tables.outbox.report_of(self._partner, i) not in barred]

    def _record(self, act: Callable[[Transaction], None]) -> None:
        """Record what the machine has done; again later if the disk does not take it now."""
        loop = asyncio.get_running_loop()

        def again(recorded: Future[None]) -> None:
            # Without it the item would stay in the outbox, and be waited for, until a restart.
            if not recorded.cancelled() and (error := recorded.exception()) is not None:
                _log.warning("not-recorded", partner=self._partner, kind=type(error).__name__)
                with contextlib.suppress(RuntimeError):  # the loop has just closed
                    loop.call_soon_threadsafe(loop.call_later, RECORD_AGAIN_SECONDS, retry)

        def retry() -> None:
            if not self._stopping.is_set():
                self._record(act)

        self._lines.store.submit(act, Precedence.DEFERRED).add_done_callback(again)


def _since(began: float) -> int:
    """Return microseconds since `began` on the loop's clock."""
    return max(1, int((asyncio.get_running_loop().time() - began) * SECOND))


def _card(known: KnownPartner | None, partner: str) -> Card:
    """Return the card of a partner to whom envelopes may go now."""
    if known is not None and known.state is PartnerState.REVOKED:
        raise UnavailableError("partner-revoked", f"{partner} is revoked, so nothing goes there")
    if known is None or known.state is not PartnerState.VERIFIED:
        msg = f"{partner} is not verified, so nothing goes there"
        raise UnavailableError("partner-unverified", msg)
    return known.signed_card.card
