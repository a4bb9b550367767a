"""A report as a page, and what is answered to it."""

from typing import Final, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from noroshi.adapters.policies import shipped_areas
from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import NoroshiError
from noroshi.core.sheet.page import fragment
from noroshi.core.sheet.report import report_sheet
from noroshi.entrypoints.console.desk import Console, Json, Visit
from noroshi.flow import requests

_ANSWERS: Final = {
    "acknowledge": Rung.ACKNOWLEDGED,
    "actioned": Rung.ACTIONED,
    "decline": Rung.DECLINED,
}


async def show(console: Console, visit: Visit, http: Request) -> Response:
    """Show a report, or take what somebody answers to it."""
    report, told = str(http.path_params["report"]), ""
    if http.method == "POST":
        form = await console.form(http)
        asked = requests.Answering(
            report=report,
            rung=_ANSWERS.get(form.one("act"), Rung.ACKNOWLEDGED),
            desk=form.one("desk") or None,
            note=form.one("note") or None,
        )
        try:
            await console.ask(visit, asked)
            return RedirectResponse(f"/report/{report}", 303)
        except NoroshiError as error:
            told = error.message
    seen = cast("dict[str, object]", await console.ask(visit, requests.Show(report=report)))
    sheet = report_sheet(seen, visit.reader, shipped_areas())
    values = {
        "told": seen,
        "sheet": fragment(sheet, visit.reader.language),
        "marking": str(seen["marking"]),
        "problem": told,
        "is_ours": seen["direction"] == "SENT",
        "follow": _follow(seen),
    }
    return console.page("report.html", visit, values, 400 if told else 200)


def _follow(seen: Json) -> list[tuple[str, str]]:
    """Return what may be written next: where, and what it is called."""
    chain = cast("Json | None", seen["chain"])
    if seen["direction"] == "SENT":
        kind = None if chain is None else chain["kind"]
        return [(f"/compose/{kind}?updates={seen['report']}", "act.update")] if kind else []
    if seen["kind"] == "request-for-information":
        return [(f"/compose/answer?answers={seen['report']}", "ui.answer")]
    return []
