"""Break-glass: made by somebody who has come in, for the day when they cannot."""

import asyncio
from typing import cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from noroshi.adapters.telemetry import note, note_refusal
from noroshi.core.errors import NoroshiError
from noroshi.entrypoints.console import pages, qr
from noroshi.entrypoints.console.desk import DOOR, Console, Json, Visit, reader_for
from noroshi.entrypoints.console.security import give_session
from noroshi.flow import break_glass, requests
from noroshi.flow.tables import Tables


async def enter(console: Console, http: Request) -> Response:
    """Ask for name, passphrase and one-time code, or open a session for what they prove."""
    is_wrong = False
    if http.method == "POST":
        form, house = await console.form(http), console.house()
        proof = (form.one("name"), form.one("passphrase"), form.one("code"))
        try:
            name = await asyncio.to_thread(break_glass.enter, house, *proof)
        except NoroshiError as error:
            note_refusal(error.code, DOOR, way="break-glass")
            is_wrong = True
        else:
            before, answer = http.cookies.get(console.cookie, ""), RedirectResponse("/", 303)
            secret = house.visitors.open(name, house.clock.now(), before=before)
            give_session(answer, console.door, secret)
            note("came-in", DOOR, way="break-glass", account=name)
            return answer
    values = {"is_wrong": is_wrong, "marking": "", "here": http.url.path}
    return pages.page("break_glass.html", reader_for(http), values, 400 if is_wrong else 200)


async def prepare(console: Console, visit: Visit, http: Request) -> Response:
    """Make one's own, which ends one's other sessions, and show it this once."""
    made: Json = {}
    with console.house().store.read() as tables:
        is_anew = _has(tables, visit.name)
    if http.method == "POST":
        await console.form(http)
        asked = requests.PrepareBreakGlass(name=visit.name)
        made = cast("Json", await console.ask(visit, asked))
        but = http.cookies.get(console.cookie, "")
        console.house().visitors.end(visit.name, but=but)
    uri = str(made.get("key_uri", ""))
    values = {
        "made": made,
        "is_anew": is_anew,
        "side": qr.side(uri) if uri else 0,
        "path": qr.path(uri) if uri else "",
    }
    return console.page("break_glass_new.html", visit, values)


def is_any(console: Console) -> bool:
    """Say whether anybody has such a way in."""
    with console.house().store.read() as tables:
        return any(_has(tables, each.name) for each in tables.accounts.all())


def _has(tables: Tables, name: str) -> bool:
    return tables.accounts.break_glass(name) is not None
