"""A report as a page, what is answered to it, and what is done with it."""

import asyncio
import json
import secrets
import uuid
from collections.abc import Iterable
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from noroshi.adapters.policies import shipped_areas
from noroshi.core.account import Act
from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import InputError, NoroshiError
from noroshi.core.instant import Instant, from_text
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon import figures
from noroshi.core.precedence import Precedence
from noroshi.core.sheet.blocks import Banner, Block, Gap, Head
from noroshi.core.sheet.page import fragment
from noroshi.core.sheet.parts import parts
from noroshi.core.sheet.report import report_sheet
from noroshi.entrypoints.console import board, onward
from noroshi.entrypoints.console.compose import desks_of_partners, report_id_of
from noroshi.entrypoints.console.desk import Console, Form, Json, Visit
from noroshi.entrypoints.console.downloads import exports_of
from noroshi.entrypoints.console.ladder import answers, is_open, ladder_rows, notes, tally
from noroshi.entrypoints.console.problem import Problem, problem_of
from noroshi.flow import requests

_ANSWERS: Final = {
    "acknowledge": Rung.ACKNOWLEDGED,
    "actioned": Rung.ACTIONED,
    "decline": Rung.DECLINED,
}
_ANSWERED: Final = tuple(rung.name for rung in _ANSWERS.values())
_ABOVE: Final = ("prec.label", "addr.subject", "core.kind", "f.attachment")
"""Rows of the sheet's head that stand elsewhere on the page."""


async def show(console: Console, visit: Visit, http: Request) -> Response:
    """Show a report, or take what somebody answers to it or does with it."""
    report, problem, form = str(http.path_params["report"]), None, Form([])
    if http.method == "POST":
        form = await console.form(http)
        try:
            problem = await _do(console, visit, report, form)
        except NoroshiError as error:
            problem = problem_of(error, visit.reader)
        if problem is None:
            return RedirectResponse(f"/report/{report}", 303)
    seen = cast("dict[str, object]", await console.ask(visit, requests.Show(report=report)))
    reader, me, is_ours = visit.reader, console.house().me, seen["direction"] == "SENT"
    sheet, told_parts = await asyncio.to_thread(_sheet, seen, reader)
    part = _part(http, len(told_parts))
    due = None if is_ours else _due(console, seen)
    own = list(_own_desks(seen, me))
    partners = await console.rows(visit, requests.Partners())
    originator = str(seen["from"]).partition("@")[2]
    values = {
        "told": seen,
        "what": board.what({**seen, "updates": None}, reader),
        "facts": _facts(sheet, reader),
        "sheet": fragment(told_parts[part - 1], reader.language),
        "part": part,
        "parts": len(told_parts),
        "marking": str(seen["marking"]),
        "problem": problem,
        "form": form,
        "new_id": form.one("id") or uuid.UUID(bytes=secrets.token_bytes(16), version=4).hex,
        "is_ours": is_ours,
        "reached": json.dumps(board.reached(seen, reader)) if is_ours else "",
        "own_desks": [each.partition("@")[0] for each, _ in own],
        "is_waiting": any(waits for _, waits in own),
        "answers": answers(seen, me, reader),
        "answered": _answered(seen, me),
        "may_acknowledge": not all(_has_acknowledged(each) for each in _own(seen, me)),
        "due": "" if due is None else figures.moment(due, reader.zone),
        "is_late": due is not None and due < console.house().clock.now(),
        "ladder": ladder_rows(seen, me, due, reader),
        "tally": tally(seen),
        "notes": notes(seen),
        "files": _files(seen, reader),
        "exports": exports_of(seen),
        "follow": _follow(seen),
        "desks": [
            each
            for each in desks_of_partners(partners, reader)
            if not is_ours and not str(each["address"]).endswith(f"@{originator}")
        ],
        "house_desks": console.house().desks,
        "consents": [] if is_ours else await onward.consents_asked(console, visit, seen),
        "wanted": await onward.consent_wanted(console, visit, seen),
        "may_answer": not is_ours and await console.may(visit, Act.ANSWER),
        "may_write": await console.may(visit, Act.WRITE),
        "may_prove": await console.may(visit, Act.AUDIT),
    }
    return console.page("report.html", visit, values, 400 if problem else 200)


async def _do(console: Console, visit: Visit, report: str, form: Form) -> Problem | None:
    """Do what a form of the page asks for; return what is in the way.

    An answer is not recorded beside one that its giver cannot have seen on the page.
    """
    if form.one("act") == "consent":
        return await onward.grant(console, visit, report, report_id_of(form.one("id")))
    asked = _asked(report, form)
    if isinstance(asked, requests.Answering) and form.many("answered"):
        seen = cast("Json", await console.ask(visit, requests.Show(report=report)))
        if form.one("answered") != _answered(seen, console.house().me):
            text = visit.reader.lexicon.sentence("ui.answered_meanwhile", visit.reader.language)
            return Problem(text)
    await console.ask(visit, asked)
    return None


def _asked(report: str, form: Form) -> requests.AnyRequest:
    """Return what a form of the page asks for.

    Raises:
        InputError: nothing that the page offers.
    """
    act, desk, note = form.one("act"), form.one("desk") or None, form.one("note") or None
    if act in _ANSWERS:
        return requests.Answering(report=report, rung=_ANSWERS[act], desk=desk, note=note)
    if act == "cancel":
        return requests.Cancel(report=report, note=note, report_id=report_id_of(form.one("id")))
    if act == "pass-on":
        return requests.PassOn(
            report=report,
            to=form.many("to"),
            desk=desk,
            reason=form.one("reason").strip(),
            again=bool(form.one("again")),
            report_id=report_id_of(form.one("id")),
        )
    raise InputError("bad-input", "that form asks for nothing; open the page anew")


def _due(console: Console, seen: Json) -> Instant:
    """Return by when somebody here must acknowledge."""
    allowed = console.house().identity().duty.clocks.allowed(Precedence[str(seen["precedence"])])
    return from_text(str(seen["stored_at"])) + allowed


def _own_desks(seen: Json, me: str) -> Iterable[tuple[str, bool]]:
    """Return the desks of this house that it is for, and whether each still must acknowledge."""
    for each in _own(seen, me):
        yield str(each["desk"]), bool(each["action"]) and is_open(each)


def _own(seen: Json, me: str) -> list[Json]:
    recipients = cast("list[Json]", seen["recipients"])
    return [each for each in recipients if str(each["desk"]).partition("@")[2] == me]


def _has_acknowledged(recipient: Json) -> bool:
    return "ACKNOWLEDGED" in cast("Json", recipient["rungs"])


def _answered(seen: Json, me: str) -> str:
    """Return what this house has answered, as a form of the page remembers it."""
    rungs = {str(each["desk"]): cast("Json", each["rungs"]) for each in _own(seen, me)}
    found = [f"{desk} {rung}" for desk, had in rungs.items() for rung in _ANSWERED if rung in had]
    return ", ".join(found) or "-"


def _facts(sheet: Iterable[Block], reader: Reader) -> list[tuple[str, str]]:
    """Return the head of a sheet without what the title of the page says."""
    above = {reader.lexicon.label(code, reader.language) for code in _ABOVE}
    heads = (block for block in sheet if isinstance(block, Head))
    return [(label, span.text) for head in heads for label, span in head.rows if label not in above]


def _sheet(seen: Json, reader: Reader) -> tuple[list[Block], list[list[Block]]]:
    """Return the sheet of a report, and what the page shows of it, in parts."""
    sheet = report_sheet(seen, reader, shipped_areas())
    return sheet, parts(_text(sheet), reader.language)


def _part(http: Request, last: int) -> int:
    """Return the number of the part that is asked for; the first, where it is none."""
    asked = http.query_params.get("part", "")
    return next((each for each in range(1, last + 1) if str(each) == asked), 1)


def _text(sheet: Iterable[Block]) -> list[Block]:
    """Return a sheet without its head and its marking, which the page shows itself."""
    told: list[Block] = [block for block in sheet if not isinstance(block, Head | Banner)]
    while told and isinstance(told[-1], Gap):
        told.pop()
    while told and isinstance(told[0], Gap):
        told.pop(0)
    return told


def _files(seen: Json, reader: Reader) -> list[dict[str, str]]:
    return [
        {
            "name": str(each["name"]),
            "size": reader.lexicon.sentence(
                "sheet.bytes",
                reader.language,
                n=figures.number(cast("int", each["size"]), reader.language),
            ),
        }
        for each in cast("list[Json]", seen["attachments"])
    ]


def _follow(seen: Json) -> list[tuple[str, str]]:
    """Return what may be written next: where, and what it is called."""
    chain = cast("Json | None", seen["chain"])
    if seen["direction"] == "SENT":
        kind = None if chain is None else chain["kind"]
        return [(f"/compose/{kind}?updates={seen['report']}", "act.update")] if kind else []
    if seen["kind"] == "request-for-information":
        return [(f"/compose/answer?answers={seen['report']}", "ui.answer")]
    return []
