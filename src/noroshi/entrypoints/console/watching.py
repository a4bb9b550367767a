"""The watch: who is at each desk of ours, and how a watch is handed over.

Whoever takes a watch over does so in a session of their own, so that the act carries their name,
and sees what is open before they confirm; what comes in meanwhile is shown before it counts.
"""

import hashlib
from collections.abc import Sequence
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from noroshi.core.account import MAY, Act, Grant, plain
from noroshi.core.delivery.check import DeskState
from noroshi.core.errors import NoroshiError, NotFoundError
from noroshi.core.lexicon import figures
from noroshi.entrypoints.console import board
from noroshi.entrypoints.console.desk import Console, Form, Json, Visit
from noroshi.entrypoints.console.front import MOST, clocks_of
from noroshi.entrypoints.console.lines import DESKS
from noroshi.entrypoints.console.problem import problem_of
from noroshi.flow import requests

LOGGED: Final = 50
"""Lines of a watch log that are shown."""
_TITLES: Final = {
    DeskState.STAFFED: "ui.watch_take",
    DeskState.UNSTAFFED: "ui.watch_leave",
    DeskState.SILENT: "ui.watch_silent",
}


async def show(console: Console, visit: Visit, _http: Request) -> Response:
    """Show who watches each desk, its log, and the open alarms."""
    whose = cast("Json", await console.ask(visit, requests.WhoAmI()))
    desks: list[dict[str, object]] = []
    for row in cast("list[Json]", await console.ask(visit, requests.Desks())):
        asked = requests.DeskLog(desk=str(row["desk"]), limit=LOGGED)
        log = await console.rows(visit, asked)
        about = {
            "may_answer": _may_answer(whose, str(row["desk"])),
            "log": [_logged(each, visit) for each in reversed(log)],
        }
        desks.append(_desk(row, visit) | about)
    alarms = await console.rows(visit, requests.Alarms(is_open=True))
    values = {
        "desks": desks,
        "may_take": await console.may(visit, Act.TAKE),
        "alarms": board.alarm_rows(alarms, visit.reader),
    }
    return console.page("desk.html", visit, values)


async def change(console: Console, visit: Visit, http: Request) -> Response:
    """Show what is open at a desk before its watch changes, or change it."""
    state = _state(str(http.path_params["state"]))
    rows = cast("list[Json]", await console.ask(visit, requests.Desks()))
    row = next((each for each in rows if each["desk"] == http.path_params["desk"]), None)
    if row is None:
        raise NotFoundError("not-found", "this node has no such desk")
    name, problem, is_new, form = str(row["desk"]), None, False, Form([])
    is_post = http.method == "POST"
    if is_post:
        form = await console.form(http)
    asked = requests.Inbox(desk=name, unacknowledged=True, limit=MOST)
    await console.permit(visit, Act.ANSWER)
    waiting = cast("list[Json]", await console.ask(visit, asked))
    if is_post:
        is_new = form.one("seen") != _seen(waiting)
    if is_post and not is_new:
        try:
            await console.ask(visit, _asked(name, state, form, visit))
            return RedirectResponse("/desk", 303)
        except NoroshiError as error:
            problem = problem_of(error, visit.reader)
    now = console.house().clock.now()
    values = {
        "desk": _desk(row, visit),
        "state": state.value,
        "title": _TITLES[state],
        "rows": board.inbox_rows(waiting, visit.reader, clocks_of(console), now),
        "is_cut": len(waiting) == MOST,
        "seen": _seen(waiting),
        "note": form.one("note"),
        "problem": problem,
        "is_new": is_new,
        "marking": board.highest(waiting),
    }
    return console.page("watch.html", visit, values, 409 if is_new else 400 if problem else 200)


def _may_answer(whose: Json, desk: str) -> bool:
    """Say whether a visitor may answer for a desk, so that no button leads nowhere."""
    if whose["account"] is None:
        return True
    grants = map(Grant.parse, cast("list[str]", whose["roles"]))
    return any(each.role in MAY[Act.ANSWER] and each.desk in {None, desk} for each in grants)


def _asked(desk: str, state: DeskState, form: Form, visit: Visit) -> requests.SetDesk:
    handed_by = form.one("held") if form.one("act") == "handover" else ""
    return requests.SetDesk(
        desk=desk,
        state=state,
        by=visit.name,
        note=form.one("note") or None,
        handed_by=handed_by or None if state is DeskState.STAFFED else None,
    )


def _state(name: str) -> DeskState:
    known = {state.value.lower(): state for state in DeskState}
    if name not in known:
        raise NotFoundError("not-found", "a desk is staffed, unstaffed or silent")
    return known[name]


def _seen(waiting: Sequence[Json]) -> str:
    """Return a short name for exactly these reports."""
    ids = "\n".join(sorted(str(row["report"]) for row in waiting))
    return hashlib.sha256(ids.encode()).hexdigest()[:32]


def _desk(row: Json, visit: Visit) -> dict[str, object]:
    state, by = str(row["state"] or ""), str(row["by"] or "")
    is_held = state in {"STAFFED", "SILENT"}
    is_mine = is_held and plain(by) == plain(visit.name)
    return {
        "desk": str(row["desk"]),
        "state": state,
        "label": DESKS[state],
        "by": by,
        "since": row["since"],
        "open": figures.number(cast("int", row["open"]), visit.reader.language),
        "waits": bool(row["open"]),
        "is_mine": is_mine,
        "relieves": is_held and not is_mine,
    }


def _logged(row: Json, visit: Visit) -> dict[str, object]:
    return {
        "at": row["at"],
        "state": str(row["state"]),
        "label": DESKS[str(row["state"])],
        "by": str(row["by"]),
        "from": str(row["from"] or ""),
        "note": str(row["note"] or ""),
        "open": figures.number(cast("int", row["open"]), visit.reader.language),
    }
