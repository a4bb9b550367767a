"""The desk door: the console that a watch officer works with, and whether the node lives.

    GET  /                 the board
    GET  /rows             its rows as JSON, for a board that is open
    GET  /events           that something happened (Server-Sent Events)
    GET  /report/ID        a report, which counts as shown
    POST /report/ID        acknowledge, decline, say that it was acted on
    POST /alarm/NUMBER     take care of an alarm
    GET  /enter/SECRET     a link of `noroshi console`; POST /enter opens the session
    POST /leave            ends it
    POST /language         the language of the pages
    GET  /static/NAME      our style sheet and module
    GET  /healthz

Scripts make it livelier; without them everything works. It answers on loopback for the names of
loopback alone, so that no page of another site can reach it by pointing its own name here.
"""

import asyncio
import importlib.resources
import urllib.parse
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final, cast

import msgspec
from starlette.applications import Starlette
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from noroshi.adapters.policies import shipped_areas
from noroshi.core.account import Act
from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import InputError, NoroshiError, NotFoundError
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.sheet.page import fragment
from noroshi.core.sheet.report import report_sheet
from noroshi.entrypoints.console import board, pages
from noroshi.entrypoints.console.security import (
    COOKIE,
    LARGEST_FORM,
    Guarded,
    give_session,
    is_own_page,
    take_session,
)
from noroshi.flow import answers, requests
from noroshi.flow.caller import Caller
from noroshi.flow.house import House

if TYPE_CHECKING:
    from noroshi.flow.records import Announcement

ALIVE_SECONDS: Final = 15
"""A stream says at least so often that it lives."""
_LANGUAGE: Final = "noroshi-language"
_STATIC: Final = {
    "noroshi.css": "text/css",
    "noroshi.svg": "image/svg+xml",
    "console.mjs": "text/javascript",
}
_ANSWERS: Final = {
    "acknowledge": Rung.ACKNOWLEDGED,
    "actioned": Rung.ACTIONED,
    "decline": Rung.DECLINED,
}

Handler = Callable[[Request], Awaitable[Response]]
Events = Callable[[], "asyncio.Queue[Announcement | None]"]


class _Visit(msgspec.Struct, frozen=True):
    """Who asks, and in which language."""

    caller: Caller
    name: str
    reader: Reader


class _Console:
    """The answers of the desk door."""

    def __init__(self, house: Callable[[], House], door: str, subscribe: Events) -> None:
        self._house = house
        self._door = door
        self._subscribe = subscribe

    def visit(self, http: Request, *, is_touch: bool = True) -> _Visit | None:
        """Return who is at the door; None: nobody who has come in."""
        house, secret = self._house(), http.cookies.get(COOKIE, "")
        name = house.visitors.find(secret, house.clock.now(), is_touch=is_touch)
        if name is None:
            return None
        with house.store.read() as tables:
            accounts = tables.accounts.all()
        if not accounts:
            return _Visit(Caller(claim=name), name, reader_for(http))
        if not any(each.name == name and each.ended_at is None for each in accounts):
            house.visitors.leave(secret)
            return None
        return _Visit(Caller(proven=name, is_owner=False), name, reader_for(http))

    async def ask(self, visit: _Visit, request: requests.AnyRequest) -> object:
        """Return what the node answers to a visitor."""
        return await asyncio.to_thread(answers.handle, self._house(), request, visit.caller)

    async def front(self, http: Request) -> Response:
        """Show what came in, what rings, and who is there."""
        visit = self.visit(http)
        if visit is None:
            return self.closed(http)
        rows = await self._may(visit, requests.Inbox())
        values = {
            "rows": board.inbox_rows(rows, visit.reader),
            "alarms": board.alarm_rows(
                await self._may(visit, requests.Alarms(is_open=True)), visit.reader
            ),
            "lines": board.line_rows(await self._may(visit, requests.LineStates()), visit.reader),
            "marking": board.highest(rows),
        }
        return self._page("board.html", visit, values)

    async def rows(self, http: Request) -> Response:
        """Give the rows of the board."""
        visit = self.visit(http, is_touch=False)
        if visit is None:
            return _json({"rows": None}, 401)
        rows = await self._may(visit, requests.Inbox())
        alarms = await self._may(visit, requests.Alarms(is_open=True))
        return _json(
            {
                "rows": board.inbox_rows(rows, visit.reader),
                "alarms": board.alarm_rows(alarms, visit.reader),
                "marking": board.highest(rows),
            }
        )

    async def report(self, http: Request) -> Response:
        """Show a report, or take what somebody answers to it."""
        visit = self.visit(http)
        if visit is None:
            return self.closed(http)
        report, told = str(http.path_params["report"]), ""
        if http.method == "POST":
            form = await self._form(http)
            asked = requests.Answering(
                report=report,
                rung=_ANSWERS.get(form.get("act", ""), Rung.ACKNOWLEDGED),
                desk=form.get("desk") or None,
                note=form.get("note") or None,
            )
            try:
                await self.ask(visit, asked)
                return RedirectResponse(f"/report/{report}", 303)
            except NoroshiError as error:
                told = error.message
        seen = cast("dict[str, object]", await self.ask(visit, requests.Show(report=report)))
        sheet = report_sheet(seen, visit.reader, shipped_areas())
        values = {
            "told": seen,
            "sheet": fragment(sheet, visit.reader.language),
            "marking": str(seen["marking"]),
            "problem": told,
            "is_ours": seen["direction"] == "SENT",
        }
        return self._page("report.html", visit, values, 400 if told else 200)

    async def alarm(self, http: Request) -> Response:
        """Take care of an alarm."""
        visit = self.visit(http)
        if visit is None:
            return self.closed(http)
        await self._form(http)
        number = int(http.path_params["number"])
        await self.ask(visit, requests.TakeAlarm(number=number))
        return RedirectResponse("/", 303)

    async def link(self, http: Request) -> Response:
        """Show the link's page: a browser that looks ahead uses nothing up."""
        values = {"secret": str(http.path_params["secret"]), "marking": ""}
        return pages.page("enter.html", reader_for(http), values)

    async def enter(self, http: Request) -> Response:
        """Open a session."""
        form, house = await self._form(http), self._house()
        secret = house.visitors.enter(form.get("secret", ""), house.clock.now())
        answer = RedirectResponse("/", 303)
        give_session(answer, secret)
        return answer

    async def leave(self, http: Request) -> Response:
        """End the session."""
        await self._form(http)
        self._house().visitors.leave(http.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/", 303)
        take_session(answer)
        return answer

    async def language(self, http: Request) -> Response:
        """Change the language of the pages."""
        form = await self._form(http)
        back = form.get("back", "/")
        is_here = back.startswith("/") and not back.startswith(("//", "/\\"))
        answer = RedirectResponse(back if is_here else "/", 303)
        answer.set_cookie(
            _LANGUAGE, _language(form.get("to", "")), max_age=31_536_000, httponly=True,
            samesite="strict",
        )  # fmt: skip
        return answer

    async def events(self, http: Request) -> Response:
        """Tell that something happened, and nothing of what."""
        visit = self.visit(http, is_touch=False)
        if visit is None:
            return _json({"rows": None}, 401)
        await asyncio.to_thread(answers.permit, self._house(), Act.READ, visit.caller)
        return StreamingResponse(self._beats(http), media_type="text/event-stream")

    async def _beats(self, http: Request) -> AsyncIterator[bytes]:
        queue = self._subscribe()
        yield b"event: changed\ndata: 0\n\n"
        while self.visit(http, is_touch=False) is not None:
            try:
                async with asyncio.timeout(ALIVE_SECONDS):
                    said = [await queue.get()] + [queue.get_nowait() for _ in range(queue.qsize())]
            except TimeoutError:
                yield b": alive\n\n"
                continue
            if None in said:
                return
            yield b"event: changed\ndata: 1\n\n"
        yield b"event: ended\ndata: 1\n\n"

    async def _may(self, visit: _Visit, request: requests.AnyRequest) -> list[board.Json]:
        """Return what a visitor may see of something, nothing where that is not theirs."""
        try:
            return cast("list[board.Json]", await self.ask(visit, request))
        except InputError as error:
            if error.code != "not-permitted":
                raise
            return []

    async def _form(self, http: Request) -> dict[str, str]:
        """Return the fields of a form that a page of this door has sent.

        Raises:
            InputError: another site has sent it, or it is too large.
        """
        if not is_own_page(http, self._door):
            raise InputError("not-permitted", "a page of another site asked for that")
        raw = b""
        async for chunk in http.stream():
            raw += chunk
            if len(raw) > LARGEST_FORM:
                raise InputError("body-too-large", "the form is too large")
        fields = urllib.parse.parse_qsl(raw.decode(errors="replace"), keep_blank_values=True)
        return dict(fields)

    def closed(self, http: Request) -> Response:
        """Say how to come in."""
        status = 200 if http.url.path == "/" else 401
        return pages.page("closed.html", reader_for(http), {"marking": ""}, status)

    def _page(
        self, name: str, visit: _Visit, values: Mapping[str, object], status: int = 200
    ) -> Response:
        about = {"me": self._house().me, "person": visit.name}
        return pages.page(name, visit.reader, {**about, **values}, status)


def desk_door(
    house: Callable[[], House], hosts: list[str], door: str, subscribe: Events
) -> ASGIApp:
    """Return the application of the desk door, for requests to one of `hosts`."""
    console = _Console(house, door, subscribe)

    async def healthz(_http: Request) -> Response:
        with house().store.read() as tables:
            told = {"ok": True, "partner": house().me, "journal": tables.journal.size}
        return _json(told)

    async def static(http: Request) -> Response:
        name = str(http.path_params["name"])
        if name not in _STATIC:
            raise NotFoundError("not-found", "there is no such file")
        folder = importlib.resources.files("noroshi.entrypoints.console").joinpath("static")
        return Response(folder.joinpath(name).read_bytes(), media_type=_STATIC[name])

    routes = [
        Route("/", _explained(console.front)),
        Route("/rows", _explained(console.rows)),
        Route("/events", _explained(console.events)),
        Route("/report/{report}", _explained(console.report), methods=["GET", "POST"]),
        Route("/alarm/{number:int}", _explained(console.alarm), methods=["POST"]),
        Route("/enter/{secret}", _explained(console.link)),
        Route("/enter", _explained(console.enter), methods=["POST"]),
        Route("/leave", _explained(console.leave), methods=["POST"]),
        Route("/language", _explained(console.language), methods=["POST"]),
        Route("/static/{name}", _explained(static)),
        Route("/healthz", healthz),
    ]
    application = Starlette(routes=routes)
    application.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    return Guarded(application)


def _language(code: str) -> str:
    """Return the code of a language that pages are in.

    Raises:
        InputError: they are not.
    """
    if code not in {language.value for language in Language}:
        raise InputError("bad-input", f"there are no pages in {code!r}")
    return code


def reader_for(http: Request) -> Reader:
    """Return who reads: in the language that was chosen, else the first one that is known."""
    known = {language.value: language for language in Language}
    wanted = [
        http.cookies.get(_LANGUAGE, ""),
        *(
            each.partition(";")[0].strip()[:2].lower()
            for each in http.headers.get("accept-language", "").split(",")
        ),
    ]
    found = next((known[each] for each in wanted if each in known), Language.ENGLISH)
    return pages.reader_of(found)


def _explained(answer: Handler) -> Handler:
    """Return `answer` with its errors turned into pages."""

    async def explained(http: Request) -> Response:
        try:
            return await answer(http)
        except NoroshiError as error:
            status = 404 if isinstance(error, NotFoundError) else 400
            values = {"message": error.message, "marking": ""}
            return pages.page("problem.html", reader_for(http), values, status)

    return explained


def _json(told: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(told), status, media_type="application/json")
