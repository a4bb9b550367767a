"""The board as a page, and how it follows what happens."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from noroshi.core.account import Act, Grant
from noroshi.core.delivery.clocks import Clocks
from noroshi.core.errors import InputError
from noroshi.entrypoints.console import board
from noroshi.entrypoints.console.desk import Console, Visit, json_answer
from noroshi.flow import requests

ALIVE_SECONDS: Final = 15
"""A stream says at least so often that it lives."""
CHECK_SECONDS: Final = 0.5
"""So often it is asked whether who follows may still."""
MOST: Final = 200
"""Of the reports that wait, the most urgent."""
RECENT: Final = 20
"""Of those that were answered, and of those that were sent."""


async def show(console: Console, visit: Visit, _http: Request) -> Response:
    """Show what came in, what rings, and who is there."""
    values = {
        **await _told(console, visit),
        "lines": await _lines(console, visit),
        "is_live": await _may_follow(console, visit),
    }
    return console.page("board.html", visit, values)


async def rows(console: Console, http: Request) -> Response:
    """Give the rows of the board, and how the lines are to whoever asks for `lines`."""
    visit = console.visit(http, is_touch=False)
    if visit is None:
        return json_answer({"rows": None}, 401)
    told = await _told(console, visit)
    if "lines" in http.query_params:
        told["lines"] = await _lines(console, visit)
    return json_answer(told)


async def take_alarm(console: Console, visit: Visit, http: Request) -> Response:
    """Take care of an alarm."""
    form = await console.form(http)
    number = int(http.path_params["number"])
    await console.ask(visit, requests.TakeAlarm(number=number, by=visit.name))
    return RedirectResponse("/desk" if form.one("back") == "/desk" else "/", 303)


async def events(console: Console, http: Request) -> Response:
    """Tell that something happened, and nothing of what."""
    visit = console.visit(http, is_touch=False)
    if visit is None:
        return json_answer({"rows": None}, 401)
    if not await _may_follow(console, visit):
        await console.permit(visit, Act.READ)
    return StreamingResponse(_beats(console, http, visit.grants), media_type="text/event-stream")


async def _told(console: Console, visit: Visit) -> dict[str, object]:
    now = console.house().clock.now()
    waiting = await console.rows(visit, requests.Inbox(unacknowledged=True, limit=MOST))
    answered = await console.rows(visit, requests.Inbox(answered=True, limit=RECENT))
    reports = board.joined(waiting, answered)
    sent = await console.rows(visit, requests.Outbox(limit=RECENT))
    alarms = await console.rows(visit, requests.Alarms(is_open=True))
    return {
        "rows": board.inbox_rows(reports, visit.reader, clocks_of(console), now),
        "sent": board.sent_rows(sent, visit.reader),
        "alarms": board.alarm_rows(alarms, visit.reader),
        "marking": board.highest([*reports, *sent]),
        "is_cut": len(waiting) == MOST,
    }


async def _lines(console: Console, visit: Visit) -> list[dict[str, str]]:
    return board.line_rows(await console.rows(visit, requests.LineStates()), visit.reader)


def clocks_of(console: Console) -> Clocks:
    """Return by when people must acknowledge here."""
    return console.house().identity().duty.clocks


async def _beats(
    console: Console, http: Request, grants: tuple[Grant, ...]
) -> AsyncIterator[bytes]:
    queue, silent = console.subscribe(), 0.0
    yield b"event: changed\ndata: 0\n\n"
    while await _still_follows(console, http, grants):
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                said = [await queue.get()] + [queue.get_nowait() for _ in range(queue.qsize())]
        except TimeoutError:
            silent += CHECK_SECONDS
            if silent >= ALIVE_SECONDS:
                silent = 0
                yield b": alive\n\n"
            continue
        if None in said:
            return
        yield b"event: changed\ndata: 1\n\n"
    yield b"event: ended\ndata: 1\n\n"


async def _still_follows(console: Console, http: Request, grants: tuple[Grant, ...]) -> bool:
    """Say whether whoever follows may still: the session lives, and the account may.

    With other roles than when it began, the page is to be asked for anew: it may show less now.
    """
    visit = console.visit(http, is_touch=False)
    try:
        if visit is None or visit.grants != grants:
            return False
        return await _may_follow(console, visit)
    except InputError:
        return False


async def _may_follow(console: Console, visit: Visit) -> bool:
    """Say whether a visitor may hear that something happened: who reads, and who oversees."""
    return await console.may(visit, Act.READ) or await console.may(visit, Act.OVERSEE)
