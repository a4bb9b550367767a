"""The line: POST at one node to shown at the other, one at a time, against the floor.

"Shown" is the moment at which the other node's event stream tells a listener of the report,
which is after its commit there. The next report is sent when the receipt of this one is back.
Floor and line take turns, so both meet the same weather.
"""

import asyncio
import json
import time
from pathlib import Path

import aiohttp

from bench.floor import Primitives, committer, poster, sample
from bench.nodes import ask, quantiles, served, session
from endure.federation import found
from noroshi.adapters.addresses import free_port
from noroshi.core.envelope.suite import PROFILES_BY_NAME
from noroshi.flow import requests

_BODY = b"Line test of a report of ordinary length. " * 12


def measure(folder: Path, profile: str, count: int = 600) -> dict[str, object]:
    """Return the line's and the floor's quantiles in ms, and their ratios."""
    homes = found(folder, {"jp": profile, "nato": profile})
    with served(homes):
        return asyncio.run(_measure(folder, homes, profile, count))


async def _measure(
    folder: Path, homes: dict[str, Path], profile: str, count: int
) -> dict[str, object]:
    primitives, commit = Primitives(PROFILES_BY_NAME[profile]), committer(folder)
    line: list[float] = []
    floor: list[float] = []
    async with (
        poster(folder, free_port("127.0.0.1")) as post,
        session(homes["jp"]) as jp,
        session(homes["nato"]) as nato,
        nato.get("/v1/events", timeout=None) as shown,
        jp.get("/v1/events", timeout=None) as receipted,
    ):
        await shown.content.readline()
        await receipted.content.readline()
        for number in range(count + 20):
            precedence = "flash" if number % 2 else "routine"
            request = requests.SendReport(
                body=_BODY + str(number).encode(), to=("cyber@nato",), precedence=precedence
            )
            started = time.perf_counter()
            sent = await ask(jp, request)
            await _told(shown, "received", sent["report"])
            taken = time.perf_counter() - started
            await _told(receipted, "risen", sent["report"])
            base = await sample(commit, primitives, post)
            if number >= 20:
                line.append(taken)
                floor.append(base)
    mine, base = quantiles(line), quantiles(floor)
    return {
        "reports": count,
        "line_ms": mine,
        "floor_ms": base,
        "ratio": {q: round(mine[q] / base[q], 2) for q in ("p50", "p99")},
    }


async def _told(events: aiohttp.ClientResponse, event: str, report: object) -> None:
    """Wait until a node tells of an event."""
    while True:
        told = json.loads(await events.content.readline())
        if told["event"] == event and told["report"] == report:
            return
