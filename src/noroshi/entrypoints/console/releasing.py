"""What waits for a second person: read whole, then released or given back."""

import json
from typing import cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from noroshi.core.errors import NoroshiError
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.kinds.reading import Reader, read_form
from noroshi.core.recognition import form_in
from noroshi.core.sheet.blocks import Words
from noroshi.core.sheet.chain import form_blocks, language_of
from noroshi.core.sheet.page import fragment
from noroshi.entrypoints.console import board
from noroshi.entrypoints.console.desk import Console, Json, Visit
from noroshi.entrypoints.console.problem import problem_of, reasons_of
from noroshi.flow import requests


async def show(console: Console, visit: Visit, http: Request) -> Response:
    """Show what waits, or take what the second person decides."""
    problem = None
    if http.method == "POST":
        form, report = await console.form(http), str(http.path_params["report"])
        is_release = form.one("act") == "release"
        kind = requests.Release if is_release else requests.DropDraft
        try:
            await console.ask(visit, kind(report=report, by=visit.name))
            return RedirectResponse(f"/report/{report}" if is_release else "/release", 303)
        except NoroshiError as error:
            problem = problem_of(error, visit.reader)
    waiting = await console.rows(visit, requests.ReleaseQueue())
    drafts = [
        {
            **each,
            "sheet": _sheet(each, visit.reader),
            "reasons": reasons_of(each["reasons"], visit.reader),
            "because": reasons_of(each["because"], visit.reader),
        }
        for each in waiting
    ]
    values = {"waiting": drafts, "problem": problem, "marking": board.highest(waiting)}
    return console.page("release.html", visit, values, 400 if problem else 200)


def _sheet(draft: Json, reader: Reader) -> str:
    """Return what a draft says, as its readers will read it."""
    text = str(draft["body"])
    said = cast("dict[str, object]", json.loads(text)) if text.lstrip().startswith("{") else {}
    kind = all_kinds().get(str(said.get("kind")))
    if kind is None:
        return fragment([Words(text)], reader.language)
    fields, _, _ = form_in(said)
    rows = read_form(kind, fields, reader)
    return fragment(form_blocks(rows, language_of(fields), reader), reader.language)
