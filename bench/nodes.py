"""Two or more served nodes for a benchmark, and the way to their local doors."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import cast

import aiohttp
import msgspec

from noroshi.adapters.home import socket_path
from noroshi.flow import requests


class Served(msgspec.Struct, frozen=True):
    """A node while it is served."""

    partner: str
    home: Path
    pid: int
    ready_seconds: float
    url: str
    """Of its desk door."""


@contextmanager
def served(homes: dict[str, Path]) -> Generator[list[Served]]:
    """Serve all homes, each by a process of its own."""
    with ExitStack() as stack:
        yield [stack.enter_context(_serve(partner, home)) for partner, home in homes.items()]


@contextmanager
def _serve(partner: str, home: Path) -> Generator[Served]:
    started = os.times().elapsed
    process = subprocess.Popen(
        [sys.executable, "-m", "noroshi", "--home", str(home), "--json", "serve"],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        told = json.loads(process.stdout.readline())
        assert told["event"] == "ready"
        yield Served(partner, home, process.pid, os.times().elapsed - started, told["url"])
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def session(home: Path, connections: int = 64) -> aiohttp.ClientSession:
    """Return a client of a node's local door."""
    connector = aiohttp.UnixConnector(str(socket_path(home)), limit=connections)
    return aiohttp.ClientSession(connector=connector, base_url="http://localhost")


async def ask(client: aiohttp.ClientSession, request: requests.AnyRequest) -> dict[str, object]:
    """Make one request over the local door."""
    body = msgspec.msgpack.encode(request)
    async with client.post("/v1/request", data=body) as response:
        told = msgspec.msgpack.decode(await response.read())
        if response.status != 200:
            raise RuntimeError(str(told))
        return cast("dict[str, object]", told)


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def quantiles(samples: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 and the largest, in milliseconds."""
    ordered = sorted(samples)

    def at(share: float) -> float:
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)

    return {"p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": at(1.0)}
