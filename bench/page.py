"""The board as a page: how soon it is painted with 10,000 open reports, and a day of it open.

A real browser at a real node. First what the server takes for the page and for its rows, and
when the browser paints. Then a page that stays open while reports cross the line, are announced,
and are acknowledged, twenty at a time, as many as came: the page asks for its rows again and
again, and the board is as long at each measurement as at the one before. Meanwhile the page's
clock goes ahead by a day, each of its 86,400 ticks run. Of what a page holds only what is left
after a collection counts.

The same again, for a short while, with a planted leak: a page that keeps its rows. What does not
tell the two apart measures nothing.
"""

import asyncio
import http.client
import statistics
import time
import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import aiohttp
from playwright.async_api import Browser, CDPSession, Page, async_playwright

from bench.archive import REPORTS, fill
from bench.desk import CHROMIUM, FLAGS, browser_of, come_in
from bench.nodes import ask, served, session
from endure.federation import found
from noroshi.bootstrap import embedded_node
from noroshi.core.delivery.ladder import Rung
from noroshi.flow import requests

_LOADS: Final = 10
_ASKED: Final = 30
_ROUND: Final = 20
"""Reports that come at once, and are acknowledged: as many as the board shows of answered ones."""
_WARM: Final = 10
_STRETCH: Final = 10
"""Rounds before the first measurement, and between two."""
_STRETCHES: Final = 8
_LEAKY_STRETCHES: Final = 2
_DAY: Final = 86_400
_CLOCK = """() => {
  const now = Date.now.bind(Date), every = window.setInterval.bind(window);
  const ask = window.fetch.bind(window), ticking = [];
  let ahead = 0;
  Date.now = () => now() + ahead;
  window.asked = 0;
  window.fetch = (...what) => { window.asked += 1; return ask(...what); };
  window.setInterval = (act, pause) => {
    if (pause !== 1_000) return every(act, pause);
    ticking.push(act);
    return 0;
  };
  window.tick = (times, pause = 1_000) => {
    for (let n = 0; n < times; n += 1) {
      ahead += pause;
      for (const act of ticking) act();
    }
    return ticking.length;
  };
}"""
"""The page's clock, which goes as fast as it is told, and how often it asked for its rows."""
_LEAK = """() => {
  const insert = Element.prototype.insertBefore;
  window.kept = [];
  Element.prototype.insertBefore = function (row, place) {
    window.kept.push(row);
    return insert.call(this, row, place);
  };
}"""
_PAINTED = """() => new Promise((done) => {
  new PerformanceObserver((list) => {
    for (const each of list.getEntriesByName("first-contentful-paint")) done(each.startTime);
  }).observe({ type: "paint", buffered: true });
})"""
_SHOWN = """([reports, isDone]) => new Promise((done) => {
  const look = () => {
    const is = (report) => {
      const row = document.querySelector(`#actual tr[data-report="${report}"]`);
      return row && row.classList.contains("is-done") === isDone;
    };
    if (reports.every(is)) done();
    else setTimeout(look, 20);
  };
  look();
})"""


def measure(folder: Path) -> dict[str, object]:
    """Return ms of server and first paint, and how an open page grows in KB per 1,000 reports."""
    homes = found(folder, {"jp": "H3", "nato": "H3"})
    began = time.perf_counter()
    with embedded_node(homes["nato"], lambda: None) as node:
        assert node is not None
        fill(node.store)
    filled = time.perf_counter() - began
    with served(homes):
        told = asyncio.run(_measure(homes))
    return {"reports": REPORTS, "filled_seconds": round(filled, 1), **told}


async def _measure(homes: dict[str, Path]) -> dict[str, object]:
    async with (
        async_playwright() as playwright,
        browser_of(playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)) as browser,
    ):
        page = await come_in(browser, homes["nato"])
        board = page.url
        tools = await page.context.new_cdp_session(page)
        await tools.send("Network.enable")
        await tools.send("Network.setCacheDisabled", {"cacheDisabled": True})
        told: dict[str, object] = {
            "server_page_ms": await _server_ms(page, "/"),
            "server_rows_ms": await _server_ms(page, "/rows"),
            "first_contentful_paint_ms": _spread(
                [await _painted(page, board) for _ in range(_LOADS)]
            ),
        }
        await page.context.close()
        told["open"] = await _open(browser, homes, _STRETCHES)
        told["open_with_a_planted_leak"] = await _open(browser, homes, _LEAKY_STRETCHES, _LEAK)
    return told


async def _server_ms(page: Page, path: str) -> dict[str, float]:
    """Return ms from a request on a warm connection to the last byte of its answer."""
    door = urllib.parse.urlsplit(page.url)
    cookies = [f"{c['name']}={c['value']}" for c in await page.context.cookies()]
    headers = {"Cookie": "; ".join(cookies), "Sec-Fetch-Site": "none"}

    def measured() -> list[float]:
        connection = http.client.HTTPConnection(door.hostname or "", door.port, timeout=30)
        times = []
        for _ in range(_ASKED):
            began = time.perf_counter()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            size = len(answer.read())
            times.append((time.perf_counter() - began) * 1000)
            assert (answer.status, size > 10_000) == (200, True), answer.status
        connection.close()
        return times

    return _spread(await asyncio.to_thread(measured))


async def _painted(page: Page, board: str) -> float:
    """Return ms from going there to the first content that is painted; nothing is cached."""
    await page.goto("about:blank")
    await page.goto(board)
    return float(await page.evaluate(_PAINTED))


async def _open(
    browser: Browser, homes: dict[str, Path], stretches: int, leak: str = ""
) -> dict[str, object]:
    """Leave a page open for so many stretches; return what it holds after each, and its growth.

    What waits is overdue from the first measurement on, so that all are of the same board.
    """
    page = await come_in(browser, homes["nato"])
    await page.add_init_script(f"({_CLOCK})();" + (f"({leak})();" if leak else ""))
    await page.reload()
    tools = await page.context.new_cdp_session(page)
    await tools.send("HeapProfiler.enable")
    await tools.send("Performance.enable")
    ticks = 0 if leak else _DAY // (_STRETCHES * _STRETCH)
    began = time.perf_counter()
    async with session(homes["jp"]) as sending, session(homes["nato"]) as answering:
        await page.evaluate("pause => window.tick(1, pause)", _DAY * 1000)
        for _ in range(3 if leak else _WARM):
            await _round(page, sending, answering, ticks)
        held = [await _held(page, tools)]
        for _ in range(stretches):
            for _ in range(_STRETCH):
                await _round(page, sending, answering, ticks)
            held.append(await _held(page, tools))
    taken = time.perf_counter() - began
    await page.context.close()
    assert len({each["rows"] for each in held}) == 1, held
    at = [n * _STRETCH * _ROUND / 1000 for n in range(stretches + 1)]
    return {
        "reports": stretches * _STRETCH * _ROUND,
        "rows_asked_for": held[-1]["asked"] - held[0]["asked"],
        "ticks": stretches * _STRETCH * ticks,
        "seconds": round(taken, 1),
        "rows": held[0]["rows"],
        "heap_kb": [round(each["heap"] / 1024, 1) for each in held],
        "nodes": [each["nodes"] for each in held],
        "listeners": [each["listeners"] for each in held],
        "per_1000_reports": {
            "heap_kb": _slope(at, [each["heap"] / 1024 for each in held]),
            "nodes": _slope(at, [each["nodes"] for each in held]),
            "listeners": _slope(at, [each["listeners"] for each in held]),
        },
    }


async def _round(
    page: Page, sending: aiohttp.ClientSession, answering: aiohttp.ClientSession, ticks: int
) -> None:
    """Let reports come, acknowledge them, and time go by."""
    asked = requests.SendReport(
        body=b"Smoke over the harbour.", to=("cyber@nato",), precedence="immediate"
    )
    told = await asyncio.gather(*(ask(sending, asked) for _ in range(_ROUND)))
    reports = [str(each["report"]) for each in told]
    async with asyncio.timeout(30):
        await page.evaluate(_SHOWN, [reports, False])
    acts = [
        requests.Answering(report=report, rung=Rung.ACKNOWLEDGED, by="Lt Sato")
        for report in reports
    ]
    await asyncio.gather(*(ask(answering, act) for act in acts))
    async with asyncio.timeout(30):
        await page.evaluate(_SHOWN, [reports, True])
    assert await page.evaluate("times => window.tick(times)", ticks) == 1


async def _held(page: Page, tools: CDPSession) -> dict[str, int]:
    """Return bytes of the heap, nodes and listeners that are left after a collection."""
    for _ in range(3):
        await tools.send("HeapProfiler.collectGarbage")
    told = await tools.send("Performance.getMetrics")
    metrics = {each["name"]: round(each["value"]) for each in told["metrics"]}
    seen = await page.evaluate("[document.querySelectorAll('tr').length, window.asked]")
    return {
        "heap": metrics["JSHeapUsedSize"],
        "nodes": metrics["Nodes"],
        "listeners": metrics["JSEventListeners"],
        "rows": seen[0],
        "asked": seen[1],
    }


def _spread(samples: Sequence[float]) -> dict[str, float]:
    """Return the median, and between what nine of ten lie."""
    ordered = sorted(samples)
    cut = len(ordered) // 20
    return {
        "median": round(statistics.median(ordered), 1),
        "from": round(ordered[cut], 1),
        "to": round(ordered[-1 - cut], 1),
    }


def _slope(at: Sequence[float], values: Sequence[float]) -> dict[str, float]:
    """Return by how much the values rise, and the standard error of that."""
    slope, base = statistics.linear_regression(at, values)
    rest = sum((y - base - slope * x) ** 2 for x, y in zip(at, values, strict=True))
    around = sum((x - statistics.mean(at)) ** 2 for x in at)
    error = (rest / (len(at) - 2) / around) ** 0.5
    return {"slope": round(slope, 2), "standard_error": round(error, 2)}
