"""Two stations: a served node at each end of a link, and scripts in place of their officers.

The script at a station hears what its node announces, notes when, and acknowledges each FLASH
as soon as it is shown. All that nodes answered goes into a ledger for :mod:`endure.aftermath`.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from endure.aftermath import Findings, examine, is_quiet
from endure.federation import (
    DESK,
    BrokenError,
    Door,
    ServedNode,
    UnreachedError,
    found,
)
from endure.link import Link
from endure.load import CANARY, Ledger, Letter
from noroshi.adapters.home import BLOBS
from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import NoroshiError
from noroshi.core.precedence import Precedence
from noroshi.flow import requests

SENDER: Final = "jp"
RECEIVER: Final = "nato"
PROFILE: Final = "H3"
PEER_PORT: Final = 21_430
OFFICER: Final = "Maj Dupont"
_SILENCE_SECONDS: Final = 3600
_PAUSE_SECONDS: Final = 0.2


class Announced(msgspec.Struct, frozen=True):
    """A report that came in."""

    report: str
    precedence: str
    at: float
    """By the monotonic clock."""


class Station:
    """A served node and the script that sits at its desk."""

    def __init__(self, home: Path, partner: str, namespace: str, ledger: Ledger) -> None:
        self.home = home
        self.partner = partner
        self.door = Door(home)
        self.received: list[Announced] = []
        self._ledger = ledger
        self._changed = threading.Condition()
        self._node = ServedNode(home, namespace=namespace)
        if not self._node.wait_ready():
            self._node.kill()
            message = f"the node of {partner} does not start ({self._node.error})"
            raise RuntimeError(message)
        self._listening = threading.Event()
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()
        self._listening.wait()

    def stop(self) -> int:
        """End the node in good order, and the script; return the node's exit code."""
        code = self._node.stop()
        self._listener.join()
        return code

    def kill(self) -> None:
        """End whatever is still running."""
        self._node.kill()
        self._listener.join()

    def send(
        self,
        text: str,
        precedence: Precedence,
        attachment: bytes | None = None,
    ) -> str:
        """Send a report to the other station; return its id."""
        other = RECEIVER if self.partner == SENDER else SENDER
        body = f"{CANARY} {text}\n".encode()
        letter = Letter(self.partner, other, body, precedence, attachment)
        tokens = [] if attachment is None else [self.door.stage("annex.bin", attachment)]
        with self._ledger.lock:
            self._ledger.letters[letter.digest] = letter
        answer = self.door.ask(
            requests.SendReport(
                body=body,
                to=(f"{DESK}@{other}",),
                precedence=precedence.name,
                by="Lt Sato",
                attachments=tuple(tokens),
            )
        )
        report = str(answer["report"])
        with self._ledger.lock:
            self._ledger.known[report] = letter
        return report

    def wait_for_rung(self, report: str, rung: Rung, seconds: float) -> float | None:
        """Return when this desk saw that a report of its own reached a rung, or None."""
        until = time.monotonic() + seconds
        while True:
            if rung.value in self.rungs(report):
                return time.monotonic()
            with self._changed:
                # Not longer, for the rung may have come just before.
                self._changed.wait(_PAUSE_SECONDS)
            if time.monotonic() > until:
                return None

    def wait_for_received(self, report: str, seconds: float) -> float | None:
        """Return when a report came in here, or None."""
        until = time.monotonic() + seconds
        while True:
            with self._changed:
                for told in self.received:
                    if told.report == report:
                        return told.at
                if time.monotonic() > until:
                    return None
                self._changed.wait(_PAUSE_SECONDS)

    def rungs(self, report: str) -> Mapping[str, object]:
        """Return the ladder of a report of its own."""
        answer = cast("dict[str, Any]", self.door.ask(requests.Status(report=report)))
        return cast("Mapping[str, object]", answer["recipients"][0]["rungs"])

    def held(self) -> int:
        """Return how many bytes of attachments are at this node."""
        return sum(path.stat().st_size for path in (self.home / BLOBS).iterdir())

    def _listen(self) -> None:
        for event in Door(self.home, _SILENCE_SECONDS).events():
            if event["event"] == "listening":
                self._listening.set()
            elif event["event"] == "received":
                self._note(str(event["report"]), str(event["precedence"]))
            with self._changed:
                self._changed.notify_all()
        self._listening.set()

    def _note(self, report: str, precedence: str) -> None:
        told = Announced(report, precedence, time.monotonic())
        with self._changed:
            self.received.append(told)
        with self._ledger.lock:
            self._ledger.announced[self.partner, report] += 1
        if precedence == Precedence.FLASH.name:
            self._acknowledge(report)

    def _acknowledge(self, report: str) -> None:
        try:
            self.door.ask(requests.Answering(report=report, rung=Rung.ACKNOWLEDGED, by=OFFICER))
        except (NoroshiError, BrokenError, UnreachedError) as error:
            self._ledger.surprises.append(f"{self.partner} acknowledges {report}: {error!r}")
        else:
            with self._ledger.lock:
                self._ledger.acknowledged.add((self.partner, report))


class Stations:
    """Both ends of a link."""

    def __init__(self, sender: Station, receiver: Station, ledger: Ledger) -> None:
        self.sender = sender
        self.receiver = receiver
        self._ledger = ledger
        self._homes = {SENDER: sender.home, RECEIVER: receiver.home}

    def warm(self, seconds: float) -> None:
        """Let a report and its receipts cross each way, so that both nodes have connections."""
        for station in (self.sender, self.receiver):
            report = station.send("a word before", Precedence.ROUTINE)
            if station.wait_for_rung(report, Rung.DELIVERED, seconds) is None:
                message = f"not one report of {station.partner} came through in {seconds} s"
                raise RuntimeError(message)

    def wait_until_quiet(self, seconds: float) -> bool:
        """Return whether nothing is under way any more."""
        until = time.monotonic() + seconds
        while not is_quiet(self._homes):
            if time.monotonic() > until:
                return False
            time.sleep(_PAUSE_SECONDS)
        return True

    def examine(self) -> Findings:
        """End both nodes and compare what they hold with what they answered."""
        codes = [station.stop() for station in (self.sender, self.receiver)]
        found = examine(self._homes, self._ledger)
        found.wrong += [f"a node stopped with exit code {code}" for code in codes if code]
        return found


@contextmanager
def two_stations(folder: Path, link: Link) -> Iterator[Stations]:
    """Found two nodes that have verified one another, and serve one at each end of a link."""
    peers = dict(zip((SENDER, RECEIVER), (f"{a}:{PEER_PORT}" for a in link.addresses), strict=True))
    homes = found(folder, dict.fromkeys(peers, PROFILE), peers)
    ledger = Ledger()
    with ExitStack() as stack:
        stations: list[Station] = []
        for (partner, home), namespace in zip(homes.items(), link.namespaces, strict=True):
            station = Station(home, partner, namespace, ledger)
            stack.callback(station.kill)
            stations.append(station)
        sender, receiver = stations
        yield Stations(sender, receiver, ledger)
