"""The desk: a click on *send* in one browser to the row in another, against the floor.

The floor is that of the line plus a bare page: a form whose server tells a second page by
Server-Sent Events, which adds a line. Both are timed in the browser, by the clock of the machine;
they take turns, so both meet the same weather.
"""

import asyncio
import json
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import cast

import uvicorn
from playwright.async_api import Browser, Error, Page, async_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from bench.floor import Primitives, committer, poster, sample
from bench.nodes import ask, quantiles, served, session
from endure.federation import found
from noroshi.adapters.addresses import free_port
from noroshi.core.delivery.ladder import Rung
from noroshi.core.envelope.suite import PROFILES_BY_NAME
from noroshi.flow import requests

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_WARM = 5
_CLICK = """selector => {
  const now = performance.timeOrigin + performance.now();
  document.querySelector(selector).click();
  return now;
}"""
_WATCH = """selector => {
  const seen = new Set();
  window.came = [];
  new MutationObserver(() => {
    const now = performance.timeOrigin + performance.now();
    for (const row of document.querySelectorAll(selector)) {
      const key = row.querySelector("a")?.href ?? row.textContent;
      if (seen.has(key)) continue;
      seen.add(key);
      window.came.push(now);
    }
  }).observe(document.body, { childList: true, subtree: true });
}"""
_BARE = """<!DOCTYPE html><meta charset=utf-8><title>floor</title>
<form method=post action=/send><input name=text><button id=send>send</button></form>
<ul id=list></ul><script>
new EventSource("/events").onmessage = (event) => {
  const item = document.createElement("li");
  item.textContent = event.data;
  document.getElementById("list").append(item);
};
</script>"""


def measure(folder: Path, count: int = 200) -> dict[str, object]:
    """Return the desk's and the floor's quantiles in ms, and their ratios."""
    homes = found(folder, {"jp": "H3", "nato": "H3"})
    with served(homes), _bare_page() as bare:
        return asyncio.run(_measure(folder, homes, bare, count))


async def _measure(
    folder: Path, homes: dict[str, Path], bare: str, count: int
) -> dict[str, object]:
    primitives, commit = Primitives(PROFILES_BY_NAME["H3"]), committer(folder)
    desk: list[float] = []
    floor: list[float] = []
    page_alone: list[float] = []
    async with (
        async_playwright() as playwright,
        browser_of(playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)) as browser,
        poster(folder, free_port("127.0.0.1")) as post,
    ):
        writing = await come_in(browser, homes["jp"])
        board = await come_in(browser, homes["nato"])
        origin = writing.url.rstrip("/")
        watching, sending = await browser.new_page(), await browser.new_page()
        await watching.goto(bare)
        await board.evaluate(_WATCH, "#actual tr")
        await watching.evaluate(_WATCH, "#list li")
        for number in range(count + _WARM):
            await _write(writing, f"{origin}/compose/situation-report", number)
            taken = await _timed(writing, board, number)
            await _acknowledge(homes["nato"])
            await sending.goto(bare)
            await sending.fill("input", f"Number {number}.")
            shown = await _timed(sending, watching, number)
            base = await sample(commit, primitives, post) * 1000
            if number >= _WARM:
                desk.append(taken / 1000)
                page_alone.append(shown / 1000)
                floor.append((shown + base) / 1000)
    mine, base_of = quantiles(desk), quantiles(floor)
    return {
        "reports": count,
        "desk_ms": mine,
        "page_alone_ms": quantiles(page_alone),
        "floor_ms": base_of,
        "ratio": {q: round(mine[q] / base_of[q], 2) for q in ("p50", "p99")},
    }


async def come_in(browser: Browser, home: Path) -> Page:
    """Return a page with the board, of a session of its own."""
    async with session(home) as door:
        link = await ask(door, requests.Invite(by="Lt Sato"))
    page = await (await browser.new_context()).new_page()
    await page.goto(str(link["url"]))
    await page.click("main button")
    await page.wait_for_selector("#actual", state="attached")
    return page


async def _write(page: Page, address: str, number: int) -> None:
    while True:
        try:
            await page.goto(address)
            await page.wait_for_selector("#f-information", timeout=2000)
            break
        except Error:  # the page of the report before follows it, and was just loading anew
            continue
    await page.check('input[name=to][value="cyber@nato"]')
    await page.fill("#f-information", f"Number {number}.")


async def _acknowledge(home: Path) -> None:
    """Acknowledge what is open, as a desk does: a board that only grows is no desk's."""
    async with session(home) as door:
        rows = cast("list[dict[str, str]]", await ask(door, requests.Inbox(unacknowledged=True)))
        for row in rows:
            asked = requests.Answering(report=row["report"], rung=Rung.ACKNOWLEDGED, by="Lt Sato")
            await ask(door, asked)


async def _timed(sending: Page, watching: Page, number: int) -> float:
    """Return ms from a click to the line that it adds elsewhere."""
    began = float(await sending.evaluate(_CLICK, "#send"))
    deadline = time.monotonic() + 30
    while True:
        came: list[float] = await watching.evaluate("() => window.came")
        if len(came) > number:
            return came[number] - began
        if time.monotonic() > deadline:
            raise TimeoutError(number)
        await asyncio.sleep(0.02)  # noqa: TID251 - it looks; the browser measures


@asynccontextmanager
async def browser_of(launching: object) -> AsyncGenerator[Browser]:
    """Give a browser, and close it."""
    browser: Browser = await launching  # type: ignore[misc]
    try:
        yield browser
    finally:
        await browser.close()


@contextmanager
def _bare_page() -> Generator[str]:
    """Serve the bare page; give its address."""
    told: list[asyncio.Queue[str]] = []

    async def page(_http: Request) -> Response:
        return HTMLResponse(_BARE)

    async def send(http: Request) -> Response:
        text = (await http.body()).decode()
        for queue in told:
            queue.put_nowait(text)
        return RedirectResponse("/", 303)

    async def events(_http: Request) -> Response:
        queue: asyncio.Queue[str] = asyncio.Queue()
        told.append(queue)

        async def stream() -> AsyncIterator[bytes]:
            while True:
                yield b"data: " + json.dumps(await queue.get()).encode() + b"\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")

    routes = [Route("/", page), Route("/send", send, methods=["POST"]), Route("/events", events)]
    port = free_port("127.0.0.1")
    config = uvicorn.Config(
        Starlette(routes=routes), port=port, log_level="error", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        thread.join()
