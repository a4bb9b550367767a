"""A link: two network namespaces, and between them a bad line made of packets and patience.

Real processes run in the namespaces (`ip netns exec`) and know nothing of it. What the line does
is said by :class:`endure.wire.Weather`, each way alike; a process of its own carries the packets
(:mod:`endure.relay`). It needs root, `ip` and TUN, and nothing else of the kernel.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from endure.evidence import ROOT
from endure.relay import Order, Setup, Told, remove
from endure.wire import Tally, Weather

ADDRESSES: Final = ("10.99.0.1", "10.99.0.2")
_END_SECONDS: Final = 10
_TUN: Final = Path("/dev/net/tun")


class NoRigError(Exception):
    """This machine cannot have a link; the message says what is missing."""


class Link:
    """A link that is up."""

    def __init__(self, process: "subprocess.Popen[bytes]", namespaces: tuple[str, ...]) -> None:
        self._process = process
        self.namespaces = namespaces
        self.addresses = ADDRESSES

    def partition(self) -> None:
        """Cut the link; what is under way is lost."""
        self._order(Order(is_cut=True))

    def heal(self) -> None:
        """Mend the link."""
        self._order(Order(is_cut=False))

    def change(self, weather: Weather) -> None:
        """Let packets fare otherwise from now on; what waits keeps its time."""
        self._order(Order(weather=weather))

    def tallies(self) -> tuple[Tally, ...]:
        """Return what happened so far: from the first end to the second, and back."""
        return self._order(Order())

    def _order(self, order: Order) -> tuple[Tally, ...]:
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        self._process.stdin.flush()
        return _hear(self._process).tallies


@contextmanager
def open_link(
    weather: Weather, *, mtu: int = 1400, seed: int, trace: Path | None = None
) -> Iterator[Link]:
    """Give a link; nothing of it is left afterwards.

    Raises:
        NoRigError: this machine cannot have one; nothing was changed.
    """
    check_rig()
    setup = Setup(weather, mtu, seed, ADDRESSES, None if trace is None else str(trace))
    process = subprocess.Popen(
        [sys.executable, "-m", "endure.relay", msgspec.json.encode(setup).decode()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    namespaces: tuple[str, ...] = ()
    try:
        told = _hear(process)
        if told.error:
            message = f"This machine refuses the namespaces of a link: {told.error}."
            raise NoRigError(message)
        namespaces = told.namespaces
        yield Link(process, namespaces)
    finally:
        process.stdin.close()  # which ends it
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        for namespace in namespaces:  # if it was killed
            remove(namespace)


def check_rig() -> None:
    """Return if this machine has what a link needs.

    Raises:
        NoRigError: it has not.
    """
    if shutil.which("ip") is None:
        raise NoRigError("This proof needs the command `ip` (on Debian: apt-get install iproute2).")
    if os.geteuid() != 0:
        raise NoRigError("This proof makes network namespaces and so needs root.")
    try:
        os.close(os.open(_TUN, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        message = f"This proof needs TUN, and {_TUN} cannot be opened: {error.strerror}."
        raise NoRigError(message) from error


def _hear(process: "subprocess.Popen[bytes]") -> Told:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("the process of the link has ended")
    return msgspec.json.decode(line, type=Told)
