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
from noroshi.bootstrap import create_node, embedded_node
from noroshi.flow import answers, requests
from noroshi.settings import Settings


class Served(msgspec.Struct, frozen=True):
    """A node while it is served."""

    partner: str
    home: Path
    pid: int
    ready_seconds: float


def befriended(folder: Path, profiles: dict[str, str]) -> dict[str, Path]:
    """Make nodes that have verified each other; return their homes by partner."""
    homes = {partner: folder / partner for partner in profiles}
    cards: dict[str, bytes] = {}
    for partner, profile in profiles.items():
        settings = Settings(
            partner=partner,
            name=partner.upper(),
            desks=("cyber", "ops"),
            profile=profile,
            peer="127.0.0.1:0",
            default_marking="TLP:AMBER",
        )
        create_node(homes[partner], settings, lambda: None)
        cards[partner] = str(_ask(homes[partner], requests.OwnCard())["armoured"]).encode()
    for partner, home in homes.items():
        for other in set(profiles) - {partner}:
            _ask(home, requests.AddPartner(card=cards[other]))
            number = str(_ask(home, requests.PartnerNumber(partner=other))["number"])
            _ask(home, requests.VerifyPartner(partner=other, number=number, by="bench"))
    return homes


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
        assert json.loads(process.stdout.readline())["event"] == "ready"
        yield Served(partner, home, process.pid, os.times().elapsed - started)
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


def quantiles(samples: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 and the largest, in milliseconds."""
    ordered = sorted(samples)

    def at(share: float) -> float:
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)

    return {"p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": at(1.0)}


def _ask(home: Path, request: requests.AnyRequest) -> dict[str, object]:
    with embedded_node(home, lambda: None) as node:
        assert node is not None
        return cast("dict[str, object]", answers.handle(node.house, request))
