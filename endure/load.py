"""Load for two nodes, and a ledger of what they answered.

Several desks at each node send to the other side (mixed precedences, some with attachments)
and acknowledge what comes in, all at once and through the local door. The ledger holds what
each was told: *known* is what was answered SENT or acknowledged; *unknown* is what was asked
when the connection broke; *refused* is what was answered with an error.
"""

import hashlib
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from endure.federation import DESK, BrokenError, Door, UnreachedError, befriend_through
from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import NoroshiError
from noroshi.core.precedence import Precedence
from noroshi.flow import requests

CANARY: Final = "the signal fire on hill 203"
"""Stands in every body and must stand in no log."""
SENDERS: Final = 2
ACKNOWLEDGERS: Final = 2
ATTACHMENT_SHARE: Final = 0.1
OWN_ID_SHARE: Final = 0.5
UNANSWERED: Final = 8
"""One report in so many is never acknowledged."""
PAUSE_SECONDS: Final = 0.05
TIDE_SECONDS: Final = 1.5
EBB_SHARE: Final = 0.4
"""All rest for this part of every tide, so that the lines get to the attachments."""

_WEIGHTS: Final = {
    Precedence.FLASH: 2,
    Precedence.IMMEDIATE: 2,
    Precedence.PRIORITY: 3,
    Precedence.ROUTINE: 3,
    Precedence.DEFERRED: 1,
}


class Letter(msgspec.Struct, frozen=True):
    """A report as its sender made it."""

    sender: str
    receiver: str
    body: bytes
    precedence: Precedence
    attachment: bytes | None

    @property
    def digest(self) -> bytes:
        """Which body it is; every body is different."""
        return hashlib.sha256(self.body).digest()


class Ledger:
    """What the nodes answered; appended to by many threads."""

    def __init__(self) -> None:
        self.letters: dict[bytes, Letter] = {}
        self.known: dict[str, Letter] = {}
        self.unknown: dict[bytes, Letter] = {}
        self.refused: dict[bytes, str] = {}
        self.acknowledged: set[tuple[str, str]] = set()
        """Partner and report, where success was answered."""
        self.announced: Counter[tuple[str, str]] = Counter()
        """Partner and report, as its event stream told."""
        self.befriended: set[tuple[str, str]] = set()
        self.surprises: list[str] = []
        """Refusals where there was no reason for any."""
        self.lock = threading.Lock()


class Load:
    """Threads that keep two nodes busy."""

    def __init__(
        self, homes: Mapping[str, Path], third_card: bytes, ledger: Ledger, seed: int
    ) -> None:
        self._homes = homes
        self._third_card = third_card
        self._ledger = ledger
        self._seed = seed
        self._resting = threading.Event()
        self._sent = threading.Event()
        self._end = threading.Event()
        self._asking: list[Future[None]] = []

    def rest(self, *, wanted: bool) -> None:
        """Send nothing new for now, or go on."""
        (self._resting.set if wanted else self._resting.clear)()

    def stop_sending(self) -> None:
        """Send no more; what was begun is brought to its end, acknowledging goes on."""
        self._sent.set()

    def stop(self) -> None:
        """Ask for nothing more; streams of events end with their node."""
        self._sent.set()
        self._end.set()

    def finish(self) -> None:
        """Stop, and wait for the answers to all that was asked."""
        self.stop()
        wait(self._asking)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep the nodes busy; at the end wait for what was stopped."""
        jobs: list[Callable[[], None]] = []
        listening = [partial(self._listen_on, partner) for partner in self._homes]
        for partner, other in self._pairs():
            for number in range(SENDERS):
                draw = random.Random(f"{self._seed} {partner} {number}")
                jobs.append(partial(self._send_on, partner, other, draw))
            jobs += [partial(self._acknowledge_on, partner)] * ACKNOWLEDGERS
            jobs.append(partial(self._administer, partner))
        with ThreadPoolExecutor(len(jobs) + len(listening)) as pool:
            self._asking = [pool.submit(job) for job in jobs]
            others = [pool.submit(job) for job in listening]
            try:
                yield
            finally:
                self.stop()
            for future in (*self._asking, *others):
                future.result()

    def _pairs(self) -> list[tuple[str, str]]:
        first, second = self._homes
        return [(first, second), (second, first)]

    def _send_on(self, partner: str, other: str, draw: random.Random) -> None:
        door = Door(self._homes[partner])
        while not self._sent.is_set():
            flows = time.monotonic() % TIDE_SECONDS > EBB_SHARE * TIDE_SECONDS
            if flows and not self._resting.is_set():
                self._send(door, _letter(partner, other, draw), draw)
            time.sleep(draw.uniform(0, 2 * PAUSE_SECONDS))

    def _send(self, door: Door, letter: Letter, draw: random.Random) -> None:
        """Send a letter; with an id of its own it is asked again until it is answered."""
        own_id = uuid.UUID(int=draw.getrandbits(128), version=4).bytes
        has_id = draw.random() < OWN_ID_SHARE
        ledger = self._ledger
        with ledger.lock:
            ledger.letters[letter.digest] = letter
        while True:
            asked = False
            try:
                tokens = [door.stage("plan.bin", letter.attachment)] if letter.attachment else []
                asked = True
                answer = door.ask(
                    requests.SendReport(
                        body=letter.body,
                        to=(f"{DESK}@{letter.receiver}",),
                        precedence=letter.precedence.name,
                        by="Lt Sato",
                        attachments=tuple(tokens),
                        report_id=own_id if has_id else None,
                    )
                )
            except NoroshiError as error:
                lost_token = error.code == "not-found" and letter.attachment is not None
                if not lost_token:
                    with ledger.lock:
                        ledger.refused[letter.digest] = f"{error.code}: {error.message}"
                    return
                time.sleep(PAUSE_SECONDS)
            except (UnreachedError, BrokenError) as error:
                if asked and not has_id and isinstance(error, BrokenError):
                    with ledger.lock:
                        ledger.unknown[letter.digest] = letter
                    return
                if self._end.wait(PAUSE_SECONDS):
                    with ledger.lock:
                        ledger.unknown[letter.digest] = letter
                    return
            else:
                assert answer["state"] == "SENT"
                with ledger.lock:
                    ledger.known[str(answer["report"])] = letter
                return

    def _acknowledge_on(self, partner: str) -> None:
        door = Door(self._homes[partner])
        draw = random.Random(f"{self._seed} {partner} acknowledges")
        while not self._end.is_set():
            try:
                rows = door.ask_list(requests.Inbox(unacknowledged=True))
                ids = [str(row["report"]) for row in rows]
                draw.shuffle(ids)
                for report in ids[:20]:
                    if int(report[:8], 16) % UNANSWERED:
                        self._acknowledge(door, partner, report)
            except (UnreachedError, BrokenError):
                pass
            except NoroshiError as error:
                self._ledger.surprises.append(f"{partner} acknowledges: {error.message}")
            self._end.wait(PAUSE_SECONDS)

    def _acknowledge(self, door: Door, partner: str, report: str) -> None:
        door.ask(requests.Answering(report=report, rung=Rung.ACKNOWLEDGED, by="Maj Dupont"))
        with self._ledger.lock:
            self._ledger.acknowledged.add((partner, report))

    def _listen_on(self, partner: str) -> None:
        door = Door(self._homes[partner])
        while not self._end.is_set():
            for event in door.events():
                if event["event"] == "received":
                    with self._ledger.lock:
                        self._ledger.announced[partner, str(event["report"])] += 1
                if self._end.is_set():
                    return
            time.sleep(PAUSE_SECONDS)

    def _administer(self, partner: str) -> None:
        """Add and verify a third partner, again and again: only the first time changes anything."""
        door = Door(self._homes[partner])
        while not self._sent.is_set():
            try:
                name = befriend_through(door, self._third_card)
                with self._ledger.lock:
                    self._ledger.befriended.add((partner, name))
            except (UnreachedError, BrokenError):
                pass
            except NoroshiError as error:
                self._ledger.surprises.append(f"{partner} adds a partner: {error.message}")
            self._sent.wait(10 * PAUSE_SECONDS)


def _letter(sender: str, receiver: str, draw: random.Random) -> Letter:
    text = f"{CANARY} {draw.getrandbits(128):032x}\n" + "smoke " * draw.randrange(300)
    attachment = None
    if draw.random() < ATTACHMENT_SHARE:
        attachment = draw.randbytes(draw.randrange(1, 30_000))
    (precedence,) = draw.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
    return Letter(sender, receiver, text.encode(), precedence, attachment)
