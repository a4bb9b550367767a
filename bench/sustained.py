"""Sustained rate: reports a second from one node to another with 16 in flight, all receipts in.

A tenth of the reports are FLASH; their time from POST to shown is told apart. The rate counts
from the first POST until the last DELIVERED receipt is back at the sender. Beside it stands how
many a second both cores could do of the primitives alone, just before and just after.
"""

import asyncio
import itertools
import json
import os
import time
from pathlib import Path

import aiohttp

from bench.floor import primitives_per_second
from bench.nodes import ask, cpu_seconds, quantiles, resident_mib, served, session
from endure.federation import found
from noroshi.flow import requests

_BODY = b"Line test of a report of ordinary length. " * 12
_IN_FLIGHT = 16


def measure(folder: Path, profile: str, count: int = 4000) -> dict[str, object]:
    """Return reports a second, and the quantiles of FLASH reports in ms."""
    homes = found(folder, {"jp": profile, "nato": profile})
    before_and_after = [primitives_per_second(profile)]
    with served(homes) as nodes:
        pids = {node.partner: node.pid for node in nodes} | {"client": os.getpid()}
        before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        told = asyncio.run(_measure(homes, count))
        told["cpu_ms_per_report"] = {
            name: round(1000 * (cpu_seconds(pid) - before[name]) / count, 2)
            for name, pid in pids.items()
        }
        told["rss_mib_after"] = [round(resident_mib(node.pid), 1) for node in nodes]
    before_and_after.append(primitives_per_second(profile))
    told["primitives_alone_per_s"] = [round(rate) for rate in before_and_after]
    return told


async def _measure(homes: dict[str, Path], count: int) -> dict[str, object]:
    started_at: dict[str, float] = {}
    flash: list[float] = []
    numbers = itertools.count()
    async with session(homes["jp"]) as jp, session(homes["nato"]) as nato:
        shown = asyncio.create_task(_listen(nato, started_at, flash, count))  # noqa: TID251
        began = time.perf_counter()

        async def sender() -> None:
            for number in numbers:
                if number >= count:
                    return
                is_flash = number % 10 == 0
                started = time.perf_counter()
                sent = await ask(
                    jp,
                    requests.SendReport(
                        body=_BODY + str(number).encode(),
                        to=("cyber@nato",),
                        precedence="flash" if is_flash else "routine",
                    ),
                )
                if is_flash:
                    started_at[str(sent["report"])] = started
                last.append(str(sent["report"]))

        last: list[str] = []
        await asyncio.gather(*(sender() for _ in range(_IN_FLIGHT)))
        posted = time.perf_counter() - began
        await shown
        arrived = time.perf_counter() - began
        for report in last[-64:]:
            await _until_delivered(jp, report)
        ended = time.perf_counter() - began
    return {
        "reports": count,
        "in_flight": _IN_FLIGHT,
        "posted_per_s": round(count / posted),
        "arrived_per_s": round(count / arrived),
        "receipted_per_s": round(count / ended),
        "flash_ms": quantiles(flash),
    }


async def _listen(
    nato: aiohttp.ClientSession, started_at: dict[str, float], flash: list[float], count: int
) -> None:
    arrived: dict[str, float] = {}
    async with nato.get("/v1/events", timeout=None) as events:
        while len(arrived) < count:
            told = json.loads(await events.content.readline())
            if told["event"] == "received":
                arrived[told["report"]] = time.perf_counter()
    flash += [arrived[report] - at for report, at in started_at.items()]


async def _until_delivered(jp: aiohttp.ClientSession, report: str) -> None:
    while True:
        told = await ask(jp, requests.Status(report=report))
        if all(r["rung"] for r in told["recipients"]):  # type: ignore[attr-defined]
            return
        await asyncio.sleep(0.01)  # noqa: TID251 - a benchmark waits for real
