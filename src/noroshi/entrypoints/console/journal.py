"""The journal: how long it is, who has witnessed it, whether it is whole, what can be proved."""

from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from noroshi.core.errors import NoroshiError
from noroshi.core.instant import from_text
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon import figures
from noroshi.entrypoints.console.desk import Console, Json, Visit
from noroshi.entrypoints.console.downloads import kept_as
from noroshi.entrypoints.console.lines import witness_label
from noroshi.entrypoints.console.problem import problem_of
from noroshi.flow import requests


async def show(console: Console, visit: Visit, http: Request) -> Response:
    """Show the journal; by POST compute it anew, with `report` look for what can be proved."""
    reader, verified, found, problem = visit.reader, None, None, None
    head = cast("Json", await console.ask(visit, requests.JournalHead()))
    if http.method == "POST":
        await console.form(http)
        verified = _verified(
            cast("Json", await console.ask(visit, requests.VerifyJournal())), reader
        )
    asked = http.query_params.get("report", "").strip()
    if asked:
        try:
            told = cast("Json", await console.ask(visit, requests.MakeProof(report=asked)))
            size = figures.number(len(cast("bytes", told["proof"])), reader.language)
            found = {"report": str(told["report"]), "size": size}
        except NoroshiError as error:
            problem = problem_of(error, reader)
    values = {
        "head": {**head, "size": figures.number(cast("int", head["size"]), reader.language)},
        "verified": verified,
        "witnesses": [_witness(w, reader) for w in await console.rows(visit, requests.Witnesses())],
        "conflicts": await console.rows(visit, requests.Conflicts()),
        "asked": asked,
        "found": found,
        "problem": problem,
    }
    return console.page("journal.html", visit, values, 400 if problem else 200)


async def proof(console: Console, visit: Visit, http: Request) -> Response:
    """Give what can be proved of a report as a file that is kept, never shown."""
    asked = requests.MakeProof(report=str(http.path_params["report"]))
    told = cast("Json", await console.ask(visit, asked))
    name = str(told["report"]).partition("-")[0]
    return Response(
        cast("bytes", told["proof"]),
        media_type="application/octet-stream",
        headers=kept_as(f"proof-{name}.noroshi"),
    )


def _verified(told: Json, reader: Reader) -> dict[str, object]:
    low, high = cast("list[int] | None", told["bad_between"]) or (0, 0)
    return {
        "ok": told["ok"],
        "size": figures.number(cast("int", told["size"]), reader.language),
        "root": str(told["root"]),
        "low": figures.number(low, reader.language),
        "high": figures.number(high, reader.language),
        "reason": str(told["reason"] or ""),
        "seen": [
            {
                "partner": partner,
                "size": figures.number(cast("int", each["size"]), reader.language),
                "at": each["at"],
            }
            for partner, each in cast("dict[str, Json]", told["witnessed"]).items()
        ],
    }


def _witness(told: Json, reader: Reader) -> dict[str, object]:
    return {
        "partner": str(told["partner"]),
        "state": str(told["state"]),
        "label": witness_label(str(told["state"])),
        "proven": _sized(cast("Json | None", told["proven"]), reader),
        "cosigned": _sized(cast("Json | None", told["cosigned"]), reader),
        "conflicts": told["conflicts"],
    }


def _sized(told: Json | None, reader: Reader) -> str:
    if told is None:
        return "-"
    size = figures.number(cast("int", told["size"]), reader.language)
    time = figures.moment(from_text(str(told["at"])), reader.zone)
    return reader.lexicon.sentence("ui.entries_at", reader.language, size=size, time=time)
