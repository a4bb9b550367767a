"""The process behind a link: two namespaces with a TUN device each, and the wires between them.

    python -m endure.relay SETUP

It reads orders, one JSON object a line, from standard input, and answers each with the tallies
of both wires. It ends, and leaves nothing behind, when standard input ends: so also when the
proof that started it was killed.
"""

import contextlib
import fcntl
import os
import random
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from endure.segment import Segment, read_segment
from endure.wire import SECOND, Fate, Tally, Weather, Wire

DEVICE: Final = "wan0"
PREFIX: Final = "noroshi-"
"""Names of namespaces begin so; the process id of the relay follows."""
_TUN: Final = Path("/dev/net/tun")
_TUNSETIFF: Final = 0x400454CA
_IFF_TUN_NO_PI: Final = 0x1001
_IPV4: Final = 4
_LARGEST: Final = 65_536
_PACKETS_A_TURN: Final = 64
_LONGEST_WAIT_SECONDS: Final = 0.5


class Setup(msgspec.Struct, frozen=True):
    """What a link is to be like."""

    weather: Weather
    mtu: int
    seed: int
    addresses: tuple[str, str]
    trace: str | None = None
    """A file in which each packet becomes a line."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the proof wants of the link now."""

    is_cut: bool | None = None
    weather: Weather | None = None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the relay answers."""

    namespaces: tuple[str, ...] = ()
    tallies: tuple[Tally, ...] = ()
    error: str = ""


class Seen(msgspec.Struct, frozen=True):
    """A packet in the trace."""

    at: int
    """Nanoseconds of the monotonic clock, when it was offered."""
    way: int
    size: int
    fate: Fate
    segment: Segment | None


class Relay:
    """Carries packets between two devices."""

    def __init__(self, setup: Setup, devices: list[int], trace: int | None) -> None:
        self._devices = devices
        self._wires = [
            Wire(setup.weather, random.Random(f"{setup.seed} way {way}")) for way in (0, 1)
        ]
        self._trace = trace
        self._orders = b""

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """What happened so far, each way."""
        return tuple(wire.tally for wire in self._wires)

    def run(self) -> None:
        """Carry packets and carry out orders until standard input ends."""
        with select.epoll() as epoll:
            for source in (*self._devices, sys.stdin.fileno()):
                epoll.register(source, select.EPOLLIN)
            while True:
                for ready, _ in epoll.poll(self._wait_seconds()):
                    if ready in self._devices:
                        self._take_in(self._devices.index(ready))
                    elif not self._obey():
                        return
                self._put_out()

    def _wait_seconds(self) -> float:
        due = [wire.next_at for wire in self._wires if wire.next_at is not None]
        if not due:
            return _LONGEST_WAIT_SECONDS
        return max(0.0, min(_LONGEST_WAIT_SECONDS, (min(due) - time.monotonic_ns()) / SECOND))

    def _take_in(self, way: int) -> None:
        for _ in range(_PACKETS_A_TURN):
            try:
                packet = os.read(self._devices[way], _LARGEST)
            except BlockingIOError:
                return
            if packet[0] >> 4 != _IPV4:
                continue  # the kernel looks for IPv6 neighbours by itself
            now = time.monotonic_ns()
            fate = self._wires[way].offer(now, packet)
            if self._trace is not None:
                seen = Seen(now, way, len(packet), fate, read_segment(packet))
                os.write(self._trace, msgspec.json.encode(seen) + b"\n")

    def _put_out(self) -> None:
        for way, wire in enumerate(self._wires):
            for packet in wire.take(time.monotonic_ns()):
                with contextlib.suppress(OSError):  # a damaged head is refused
                    os.write(self._devices[1 - way], packet)

    def _obey(self) -> bool:
        """Carry out what was ordered; return whether more may come."""
        raw = os.read(sys.stdin.fileno(), _LARGEST)
        *lines, self._orders = (self._orders + raw).split(b"\n")
        for line in lines:
            order = msgspec.json.decode(line, type=Order)
            for wire in self._wires:
                if order.weather is not None:
                    wire.weather = order.weather
                if order.is_cut is not None:
                    (wire.cut if order.is_cut else wire.heal)()
            say(Told(tallies=self.tallies))
        return bool(raw)


@contextmanager
def open_device(name: str, namespace: str, address: str, mtu: int) -> Iterator[int]:
    """Make a namespace and a device in it; give the other end of the device.

    Raises:
        CalledProcessError: `ip` could not.
        OSError: there is no TUN.
    """
    with ExitStack() as stack:
        run_ip("netns", "add", namespace)
        stack.callback(remove, namespace)
        device = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        stack.callback(os.close, device)
        fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN_NO_PI))
        # Made here and moved, for then nothing has to enter the namespace.
        run_ip("link", "set", name, "netns", namespace, "name", DEVICE)
        run_ip("-n", namespace, "address", "add", address, "dev", DEVICE)
        run_ip("-n", namespace, "link", "set", DEVICE, "mtu", str(mtu), "up")
        run_ip("-n", namespace, "link", "set", "lo", "up")
        yield device


def run_ip(*arguments: str) -> str:
    """Run `ip`; return what it says."""
    done = subprocess.run(
        ["ip", *arguments],
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return done.stdout


def remove(namespace: str) -> None:
    """Remove a namespace if it is there, and end what a killed proof left in it."""
    with contextlib.suppress(subprocess.CalledProcessError):
        for pid in run_ip("netns", "pids", namespace).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        run_ip("netns", "delete", namespace)


def say(told: Told) -> None:
    """Tell the proof, in one write."""
    os.write(sys.stdout.fileno(), msgspec.json.encode(told) + b"\n")


def main() -> None:
    """Make the link, keep it while standard input lasts, and remove it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the proof ends us when it has ended its nodes
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    setup = msgspec.json.decode(sys.argv[1], type=Setup)
    pid = os.getpid()
    namespaces = tuple(f"{PREFIX}{pid}-{end}" for end in "ab")
    try:
        with ExitStack() as stack:
            trace = None
            if setup.trace is not None:
                trace = os.open(setup.trace, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                stack.callback(os.close, trace)
            devices = [
                stack.enter_context(
                    open_device(f"nrs{pid}{end}", namespace, f"{address}/30", setup.mtu)
                )
                for end, namespace, address in zip("ab", namespaces, setup.addresses, strict=True)
            ]
            say(Told(namespaces=namespaces))
            Relay(setup, devices, trace).run()
    except subprocess.CalledProcessError as error:
        say(Told(error=f"`ip` could not: {str(error.stderr).strip()}"))
    except OSError as error:
        say(Told(error=f"{error.filename or 'the TUN device'}: {error.strerror}"))


if __name__ == "__main__":
    main()
