"""overload: ten times more than a node can take, and a FLASH still goes through.

Many clients flood the local door with ROUTINE reports while one sends a FLASH now and then. Every
answer is counted: taken, or refused with 503 and Retry-After. At the end everything that was taken
must be at the partner, the FLASHes must have been taken fast, and the memory must not have grown.
"""

import asyncio
import itertools
import tempfile
import time
from pathlib import Path
from typing import Final, cast

import aiohttp
import msgspec

from bench.nodes import Served, quantiles, resident_mib, served, session
from endure import evidence
from endure.federation import found
from noroshi.flow import requests

CLIENTS: Final = 200
"""Ten times the places that ROUTINE has."""
FLASH_EVERY_SECONDS: Final = 1.0
LONGEST_FLASH_MS: Final = 500.0
MOST_GROWTH: Final = 1.5
_BODY: Final = b"Overload test of a report of ordinary length. " * 12
_DRAIN_SECONDS: Final = 600


class Tally(msgspec.Struct):
    """What came of all requests."""

    taken: list[str]
    refused: int = 0
    without_retry_after: int = 0
    other: int = 0


async def _send(client: aiohttp.ClientSession, precedence: str, body: bytes, tally: Tally) -> None:
    asked = requests.SendReport(body=body, to=("cyber@nato",), precedence=precedence)
    async with client.post("/v1/request", data=msgspec.msgpack.encode(asked)) as response:
        raw = await response.read()
        if response.status == 200:
            tally.taken.append(
                str(cast("dict[str, object]", msgspec.msgpack.decode(raw))["report"])
            )
        elif response.status == 503:
            tally.refused += 1
            tally.without_retry_after += "Retry-After" not in response.headers
        else:
            tally.other += 1


async def _overload(
    homes: dict[str, Path], seconds: float, nodes: list[Served]
) -> dict[str, object]:
    until = time.monotonic() + seconds
    numbers = itertools.count()
    routine, flash = Tally([]), Tally([])
    flash_ms: list[float] = []
    async with session(homes["jp"], CLIENTS + 8) as jp:
        for _ in range(100):
            await _send(jp, "routine", _BODY, Tally([]))
        before = [resident_mib(node.pid) for node in nodes]
        peak = list(before)

        async def flood() -> None:
            while time.monotonic() < until:
                await _send(jp, "routine", _BODY + str(next(numbers)).encode(), routine)

        async def urge() -> None:
            while time.monotonic() < until:
                began = time.perf_counter()
                await _send(jp, "flash", _BODY + str(next(numbers)).encode(), flash)
                flash_ms.append(time.perf_counter() - began)
                for index, node in enumerate(nodes):
                    peak[index] = max(peak[index], resident_mib(node.pid))
                await asyncio.sleep(FLASH_EVERY_SECONDS)  # noqa: TID251 - a proof waits for real

        await asyncio.gather(urge(), *(flood() for _ in range(CLIENTS)))
        undelivered = await _drain(jp, [*routine.taken, *flash.taken])
    return {
        "seconds": round(seconds),
        "taken": len(routine.taken),
        "refused": routine.refused,
        "without_retry_after": routine.without_retry_after + flash.without_retry_after,
        "other": routine.other + flash.other,
        "flash_taken": len(flash.taken),
        "flash_refused": flash.refused,
        "flash_accept_ms": quantiles(flash_ms),
        "undelivered": undelivered,
        "rss_growth": round(max(p / b for p, b in zip(peak, before, strict=True)), 2),
    }


async def _drain(jp: aiohttp.ClientSession, reports: list[str]) -> int:
    """Return how many reports are not delivered when the line has had time enough."""
    waiting = list(reports)
    until = time.monotonic() + _DRAIN_SECONDS
    while waiting and time.monotonic() < until:
        asked = msgspec.msgpack.encode(requests.Status(report=waiting[-1]))
        async with jp.post("/v1/request", data=asked) as response:
            told = msgspec.msgpack.decode(await response.read())
        if response.status == 200 and all(r["rung"] for r in told["recipients"]):
            waiting.pop()
        else:
            await asyncio.sleep(0.05)  # noqa: TID251 - a proof waits for real
    return len(waiting)


def prove(minutes: float, _seed: int, count: int | None, _plant: str | None) -> bool:
    """Overload two nodes for `count` seconds (three minutes)."""
    seconds = float(count or min(180.0, minutes * 60))
    with tempfile.TemporaryDirectory(prefix="noroshi-overload-") as folder:
        homes = found(Path(folder), {"jp": "H3", "nato": "H3"})
        with served(homes) as nodes:
            figures = asyncio.run(_overload(homes, seconds, nodes))
    print(figures)
    evidence.record("overload", figures)
    accept = cast("dict[str, float]", figures["flash_accept_ms"])
    nothing_lost = figures["undelivered"] == figures["other"] == figures["without_retry_after"] == 0
    return (
        nothing_lost
        and figures["refused"] != 0
        and figures["flash_refused"] == 0
        and accept["p99"] <= LONGEST_FLASH_MS
        and cast("float", figures["rss_growth"]) <= MOST_GROWTH
    )
