"""The desk door: the console that a watch officer works with, and whether the node lives.

    GET  /                 the board
    GET  /rows             its rows as JSON, for a board that is open
    GET  /events           that something happened (Server-Sent Events)
    GET  /report/ID        a report, which counts as shown
    POST /report/ID        acknowledge, decline, say that it was acted on; pass on, cancel
    GET  /report/ID/attachment/N, /report/ID/export/FORM    as files
    GET  /compose          the kinds of report; /compose/KIND the form of one, POST sends it
    POST /check/KIND       whether what is typed may go, as JSON, for a form that is open
    GET  /search           reports by words in them (?q=)
    GET  /release          what waits for a second person; POST /release/ID releases or drops
    GET  /lines            how each line is, with plots
    GET  /desk             who watches each desk of ours, watch logs, open alarms
    GET  /desk/DESK/STATE  what is open there; POST takes the watch, leaves, goes silent
    GET  /journal          its size, witnesses, proofs; POST computes it anew
    GET  /journal/proof/ID what can be proved of a report, as a file
    GET  /partners         who the partners are; POST takes a card
    GET  /partners/NAME    the digits to compare, agreements; POST verifies, revokes, takes one
    POST /quarantine/ID    takes in what is held of a revoked partner, or drops it
    GET  /machines         what machines may do, feeds, what of them is held; POST decides
    GET  /interests        what desks want to hear of; POST adds one, or takes one back
    GET  /settings         who one is, people, areas; POST adds a person, changes roles, ends
    POST /alarm/NUMBER     take care of an alarm
    GET  /enter/SECRET     a link of `noroshi console`; POST /enter opens the session
    POST /passkey          opens one as well
    GET  /confirm          prove anew who one is, before a grave act; POST takes the proof
    GET  /passkeys         one's own; POST adds or removes one
    GET  /break-glass      the way in when nothing else is at hand; POST takes it
    GET  /passkeys/break-glass    POST makes one's own
    POST /leave            ends it
    POST /language         the language of the pages
    GET  /static/NAME      our style sheet and modules
    GET  /healthz

Scripts make it livelier; without them everything works. It answers on loopback for the names of
loopback alone, so that no page of another site can reach it by pointing its own name here.
"""

import importlib.resources
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from starlette.applications import Starlette
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from noroshi.core.errors import NoroshiError, NotFoundError
from noroshi.entrypoints.console import (
    break_glass,
    compose,
    downloads,
    entry,
    front,
    interests,
    journal,
    lines,
    machines,
    pages,
    partners,
    passkeys,
    reading,
    releasing,
    searching,
    settings,
    watching,
)
from noroshi.entrypoints.console.desk import Console, Events, Page, json_answer, reader_for
from noroshi.entrypoints.console.problem import problem_of
from noroshi.entrypoints.console.security import Guarded
from noroshi.flow.house import House

_Answer = Callable[[Request], Awaitable[Response]]
_STATIC: Final = {
    ".css": "text/css",
    ".svg": "image/svg+xml; charset=utf-8",
    ".mjs": "text/javascript",
}
_INSIDE: Final[tuple[tuple[str, Page, tuple[str, ...]], ...]] = (
    ("/", front.show, ("GET",)),
    ("/report/{report}", reading.show, ("GET", "POST")),
    ("/report/{report}/attachment/{number:int}", downloads.attachment, ("GET",)),
    ("/report/{report}/export/{form}", downloads.export, ("GET",)),
    ("/compose", compose.kinds, ("GET",)),
    ("/compose/{kind}", compose.write, ("GET", "POST")),
    ("/check/{kind}", compose.check, ("POST",)),
    ("/release", releasing.show, ("GET",)),
    ("/release/{report}", passkeys.guarded(releasing.show), ("POST",)),
    ("/partners", partners.show, ("GET", "POST")),
    ("/partners/{partner}", partners.one, ("GET", "POST")),
    ("/quarantine/{report}", partners.decide, ("POST",)),
    ("/machines", machines.show, ("GET", "POST")),
    ("/interests", interests.show, ("GET", "POST")),
    ("/search", searching.show, ("GET",)),
    ("/settings", settings.show, ("GET", "POST")),
    ("/confirm", passkeys.confirm, ("GET", "POST")),
    ("/passkeys", passkeys.guarded(passkeys.show), ("GET", "POST")),
    ("/passkeys/break-glass", passkeys.guarded(break_glass.prepare), ("GET", "POST")),
    ("/lines", lines.show, ("GET",)),
    ("/desk", watching.show, ("GET",)),
    ("/desk/{desk}/{state}", watching.change, ("GET", "POST")),
    ("/journal", journal.show, ("GET", "POST")),
    ("/journal/proof/{report}", journal.proof, ("GET",)),
    ("/alarm/{number:int}", front.take_alarm, ("POST",)),
)
"""Pages for whoever has come in."""
_OUTSIDE: Final = (
    ("/rows", front.rows, ("GET",)),
    ("/events", front.events, ("GET",)),
    ("/enter/{secret}", entry.link, ("GET",)),
    ("/enter", entry.enter, ("POST",)),
    ("/passkey", passkeys.enter, ("POST",)),
    ("/break-glass", break_glass.enter, ("GET", "POST")),
    ("/leave", entry.leave, ("POST",)),
    ("/language", entry.language, ("POST",)),
)


def desk_door(
    house: Callable[[], House],
    hosts: list[str],
    door: str,
    subscribe: Events,
    machines: Sequence[Route] = (),
) -> ASGIApp:
    """Return the application of the desk door, for requests to one of `hosts`.

    `machines` are the routes of those who come with a token.
    """
    console = Console(house, door, subscribe)
    routes = [
        *machines,
        *(_route(path, _inside(console, page), how) for path, page, how in _INSIDE),
        *(_route(path, partial(answer, console), how) for path, answer, how in _OUTSIDE),
        _route("/static/{name}", _static, ("GET",)),
        _route("/healthz", partial(_healthz, house), ("GET",)),
        _route("/{elsewhere:path}", _nothing, ("GET", "POST")),
    ]
    application = Starlette(routes=routes)
    application.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    return Guarded(application)


def _route(path: str, answer: _Answer, how: tuple[str, ...]) -> Route:
    return Route(path, _explained(answer), methods=list(how))


def _inside(console: Console, page: Page) -> _Answer:
    """Return the answer of a page that only whoever has come in gets."""

    async def answer(http: Request) -> Response:
        visit = console.visit(http)
        if visit is None:
            options = passkeys.to_enter(console)
            me, is_prepared = console.house().me, break_glass.is_any(console)
            return entry.closed(http, me, options, is_prepared=is_prepared)
        return await page(console, visit, http)

    return answer


async def _healthz(house: Callable[[], House], _http: Request) -> Response:
    with house().store.read() as tables:
        return json_answer({"ok": True, "partner": house().me, "journal": tables.journal.size})


async def _nothing(_http: Request) -> Response:
    msg = "there is no such page; the board has what there is"
    raise NotFoundError("not-found", msg)


async def _static(http: Request) -> Response:
    name = str(http.path_params["name"])
    folder = importlib.resources.files("noroshi.entrypoints.console").joinpath("static")
    found = {each.name: each for each in folder.iterdir()}.get(name)
    kind = _STATIC.get("." + name.rpartition(".")[2])
    if found is None or kind is None:
        raise NotFoundError("not-found", "there is no such file")
    return Response(found.read_bytes(), media_type=kind)


def _explained(answer: _Answer) -> _Answer:
    """Return `answer` with its errors turned into pages."""

    async def explained(http: Request) -> Response:
        try:
            return await answer(http)
        except NoroshiError as error:
            status = 404 if isinstance(error, NotFoundError) else 400
            reader = reader_for(http)
            values = {"problem": problem_of(error, reader), "marking": "", "here": http.url.path}
            return pages.page("problem.html", reader, values, status)

    return explained
