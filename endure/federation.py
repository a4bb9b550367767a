"""A federation of real nodes: made in this process, each served by a process of its own.

The proofs speak to a node as its desk does, over the local door; only that here a broken
connection is an ordinary outcome, for the node may be killed at any moment.
"""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, cast

import msgspec

from endure.evidence import ROOT
from noroshi.adapters.home import socket_path
from noroshi.bootstrap import create_node, embedded_node
from noroshi.core.errors import NoroshiError
from noroshi.flow import answers, requests
from noroshi.flow.house import House
from noroshi.flow.ports import SteppedClock
from noroshi.settings import Settings

DESK: Final = "cyber"
LOOPBACK: Final = "127.0.0.1:0"
ANSWER_SECONDS: Final = 60
START_SECONDS: Final = 30


class UnreachedError(Exception):
    """Nobody listens: nothing was asked."""


class BrokenError(Exception):
    """The connection broke off: whether the node did what was asked is not known."""


def found(
    folder: Path, profiles: Mapping[str, str], peers: Mapping[str, str] | None = None
) -> dict[str, Path]:
    """Make nodes (profile by partner) that have verified one another; return their homes.

    `peers` are addresses of peer doors that are not on this machine's own network.
    """
    homes = {partner: folder / partner for partner in profiles}
    cards = {
        partner: make_home(home, partner, profiles[partner], (peers or {}).get(partner, LOOPBACK))
        for partner, home in homes.items()
    }
    for partner, home in homes.items():
        with embedded_node(home, lambda: None) as node:
            assert node is not None
            for other in cards.keys() - {partner}:
                befriend(node.house, other, cards[other])
    return homes


def make_home(
    home: Path, partner: str, profile: str, peer: str = LOOPBACK, clock: SteppedClock | None = None
) -> bytes:
    """Make one node; return its card."""
    settings = Settings(
        partner=partner,
        name=partner.upper(),
        desks=(DESK,),
        profile=profile,
        peer=peer,
        default_marking="TLP:AMBER",
    )
    create_node(home, settings, lambda: None, clock)
    with embedded_node(home, lambda: None, clock=clock) as node:
        assert node is not None
        answer = cast("dict[str, str]", answers.handle(node.house, requests.OwnCard()))
        return answer["armoured"].encode()


def befriend(house: House, partner: str, card: bytes) -> None:
    """Take a partner's card and compare the sixty digits."""
    answers.handle(house, requests.AddPartner(card=card))
    number = answers.handle(house, requests.PartnerNumber(partner=partner))
    digits = cast("dict[str, str]", number)["number"]
    answers.handle(house, requests.VerifyPartner(partner=partner, number=digits, by="Lt Sato"))


def befriend_through(door: "Door", card: bytes) -> str:
    """Take a partner's card at a served node and compare the sixty digits; return its name."""
    partner = str(door.ask(requests.AddPartner(card=card))["partner"])
    digits = str(door.ask(requests.PartnerNumber(partner=partner))["number"])
    door.ask(requests.VerifyPartner(partner=partner, number=digits, by="Lt Sato"))
    return partner


class Door:
    """The local door of a served node."""

    def __init__(self, home: Path, answer_seconds: float = ANSWER_SECONDS) -> None:
        """Speak to the node of a home; after `answer_seconds` of silence a connection is broken."""
        self._path = socket_path(home)
        self._answer_seconds = answer_seconds

    def ask(self, request: requests.AnyRequest) -> dict[str, object]:
        """Return the answer to a request that is answered with one object.

        Raises:
            UnreachedError: nobody listens.
            BrokenError: the answer did not come.
            NoroshiError: the node refused.
        """
        raw = self._exchange("/v1/request", msgspec.msgpack.encode(request))
        return msgspec.msgpack.decode(raw, type=dict[str, object])

    def ask_list(self, request: requests.AnyRequest) -> list[dict[str, object]]:
        """Return the answer to a request that is answered with a list; raises as `ask`."""
        raw = self._exchange("/v1/request", msgspec.msgpack.encode(request))
        return msgspec.msgpack.decode(raw, type=list[dict[str, object]])

    def stage(self, name: str, data: bytes) -> str:
        """Give the node a file for a report to come; return its token. Raises as `ask`."""
        query = urllib.parse.urlencode({"name": name})
        raw = self._exchange(f"/v1/stage?{query}", data)
        return msgspec.msgpack.decode(raw, type=dict[str, str])["token"]

    def events(self) -> Iterator[dict[str, object]]:
        """Yield what happens until the connection ends; nothing if nobody listens."""
        with contextlib.suppress(UnreachedError), self._connect() as connection:
            try:
                connection.request("GET", "/v1/events")
                response = connection.getresponse()
                while line := response.readline():
                    yield json.loads(line)
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                return

    def _exchange(self, target: str, body: bytes) -> bytes:
        with self._connect() as connection:
            try:
                connection.request("POST", target, body)
                response = connection.getresponse()
                raw = response.read()
            except (OSError, http.client.HTTPException) as error:
                raise BrokenError from error
        if response.status != http.client.OK:
            if not raw.startswith(b"\x82"):
                raise BrokenError
            told = msgspec.msgpack.decode(raw, type=dict[str, str])
            raise NoroshiError(told["error"], told["message"])
        return raw

    @contextlib.contextmanager
    def _connect(self) -> Iterator[http.client.HTTPConnection]:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(self._answer_seconds)
        connection = http.client.HTTPConnection("localhost")
        connection.sock = sock
        try:
            try:
                sock.connect(os.fspath(self._path))
            except OSError as error:
                raise UnreachedError from error
            yield connection
        finally:
            connection.close()


class ServedNode:
    """A process that serves a home (:mod:`endure.killable`)."""

    def __init__(self, home: Path, *arguments: str, namespace: str | None = None) -> None:
        """Start it, in a network namespace if one is named.

        `arguments` say where it is to kill itself.
        """
        inside = () if namespace is None else ("ip", "netns", "exec", namespace)
        self.points: set[str] = set()
        self.ready_after: float | None = None
        self.error: str | None = None
        self._started_at = time.monotonic()
        with home.with_suffix(".log").open("ab") as log:
            self._process = subprocess.Popen(
                [*inside, sys.executable, "-m", "endure.killable", str(home), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
            )
        self._spoke = threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def wait_ready(self) -> bool:
        """Return whether it came so far that all its doors accept."""
        self._spoke.wait(START_SECONDS)
        return self.ready_after is not None

    def kill(self) -> int:
        """End it without a warning, if it did not end before; return its exit code."""
        self._process.kill()
        self.wait_end(START_SECONDS)
        return self._process.returncode

    def stop(self) -> int:
        """End it in good order; return its exit code."""
        self._process.send_signal(signal.SIGTERM)
        assert self.wait_end(START_SECONDS)
        return self._process.returncode

    def wait_end(self, seconds: float) -> bool:
        """Return whether it ended by itself within `seconds`."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self._listener.join()
        return True

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            for line in stdout:
                told = json.loads(line)
                if "point" in told:
                    self.points.add(told["point"])
                elif "error" in told:
                    self.error = told["error"]
                else:
                    self.ready_after = time.monotonic() - self._started_at
                    self._spoke.set()
        self._spoke.set()
