"""The lines: how each is, how long a comms check takes, how soon desks acknowledge."""

import statistics
from collections.abc import Sequence
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import Response

from noroshi.core.instant import from_text
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon import figures
from noroshi.core.sheet.visible import visible
from noroshi.entrypoints.console import plots
from noroshi.entrypoints.console.desk import Console, Json, Visit
from noroshi.flow import requests

CHECKS: Final = 240
"""Comms checks of a line that are shown, both ways."""
_LISTED: Final = 60
LINES: Final = {
    "UP": "desk.link_up", "DOWN": "desk.link_down", "UNTESTED": "ui.link_untested",
    "RECEIVE-ONLY": "bearer.receive_only",
}  # fmt: skip
"""What a line's state is called."""
DESKS: Final = {
    "STAFFED": "desk.staffed", "UNSTAFFED": "desk.unstaffed", "SILENT": "desk.silent",
    "NOT_ANSWERING": "desk.not_answering", "": "ui.unknown",
}  # fmt: skip
"""What a desk's state is called."""


async def show(console: Console, visit: Visit, _http: Request) -> Response:
    """Show how each line is, with its plots."""
    reader = visit.reader
    states = cast("list[Json]", await console.ask(visit, requests.LineStates()))
    witnesses = {str(w["partner"]): w for w in await console.rows(visit, requests.Witnesses())}
    drawn: list[dict[str, object]] = []
    for number, line in enumerate(states):
        asked = requests.LineHistory(partner=str(line["partner"]), limit=CHECKS)
        checks = await console.rows(visit, asked)
        drawn.append(_trips(f"trip{number}", str(line["partner"]), checks, reader))
    told = cast("Json", await console.ask(visit, requests.Figures()))
    names = {str(a["code"]): a for a in await console.rows(visit, requests.Areas())}
    values = {
        "lines": [_line(line, witnesses.get(str(line["partner"])), reader) for line in states],
        "has_witnesses": bool(witnesses),
        "trips": drawn,
        "acknowledged": _acknowledged(told, reader),
        "traffic": _traffic(told, names, reader),
    }
    return console.page("lines.html", visit, values)


def _line(line: Json, witness: Json | None, reader: Reader) -> dict[str, object]:
    state, directory = str(line["state"]), str(line["directory"])
    out, told = line["last_check_out"], line["last_check_in"]
    return {
        "partner": str(line["partner"]),
        "trust": str(line["trust"]),
        "state": state,
        "label": LINES[state],
        "reason": visible(str(line["reason"] or "")),
        "bearer": str(line["bearer"] or ""),
        "round_trip": _milliseconds(line["round_trip_ms"], reader),
        "out": out,
        "in": told,
        "queue": figures.number(cast("int", line["queue"]), reader.language),
        "waits": bool(line["queue"]),
        "forward_secrecy": line["forward_secrecy"],
        "directory": directory,
        "directory_label": f"ui.dir_{directory.lower()}",
        "missing": [
            f"{gap['precedence']} {', '.join(map(str, cast('list[int]', gap['serials'])))}"
            for gap in cast("list[Json]", line["missing"])
        ],
        "witness": None if witness is None else str(witness["state"]),
        "witness_label": "" if witness is None else witness_label(str(witness["state"])),
        "desks": [
            {"desk": str(each["desk"]), "state": state, "label": DESKS.get(state, "ui.unknown")}
            for each in cast("list[Json]", line["desks"])
            for state in [desk_state(each)]
        ],
    }


def witness_label(state: str) -> str:
    """Return what it is called how far a partner's journal is proven here."""
    return "alarm.fork" if state == "CONFLICT" else f"ui.wit_{state.lower()}"


def desk_state(desk: Json) -> str:
    """Return how a desk at the other end is; "": it has not told."""
    return "NOT_ANSWERING" if desk["problem"] == "NOT_ANSWERING" else str(desk["state"] or "")


def _trips(name: str, partner: str, checks: Sequence[Json], reader: Reader) -> dict[str, object]:
    """Return the plot of a line's round trips, and the newest checks behind it."""

    def say(code: str, **told: object) -> str:
        return reader.lexicon.sentence(code, reader.language, **told)

    ours = [each for each in checks if each["direction"] == "OUT"]
    good = [cast("float", e["round_trip_ms"]) for e in ours if e["round_trip_ms"] is not None]
    title, description, svg = say("ui.trip_of", partner=partner), "", ""
    if ours:
        description = say(
            "ui.trip_told",
            median=_milliseconds(statistics.median(good), reader) if good else "-",
            longest=_milliseconds(max(good), reader) if good else "-",
            good=figures.number(len(good), reader.language),
        )
        found = [
            plots.Trip(from_text(str(e["at"])), cast("float | None", e["round_trip_ms"]))
            for e in ours
        ]
        ends = (figures.moment(found[0].at), figures.moment(found[-1].at))
        svg = plots.trips(plots.Plot(name, title, description), found, ends)
    rows = [
        {
            "at": each["at"],
            "direction": "ui.outward" if each["direction"] == "OUT" else "ui.inward",
            "bearer": str(each["bearer"]),
            "round_trip": _milliseconds(each["round_trip_ms"], reader),
            "code": visible(str(each["code"] or "")),
        }
        for each in reversed(checks[-_LISTED:])
    ]
    return {"name": name, "title": title, "description": description, "svg": svg, "rows": rows}


def _acknowledged(told: Json, reader: Reader) -> dict[str, object]:
    rows = [
        {
            "partner": str(each["partner"]),
            "precedence": reader.lexicon.label(
                f"prec.{str(each['precedence']).lower()}", reader.language
            ),
            "name": str(each["precedence"]),
            "addressed": each["addressed"],
            "acknowledged": each["acknowledged"],
            "median": _duration(each["median_s"]),
            "tenth": _duration(each["tenth_s"]),
        }
        for each in cast("list[Json]", told["acknowledged"])
    ]
    drawn = [
        plots.Span(
            str(each["partner"]),
            str(each["precedence"]),
            cast("float | None", each["median_s"]),
            cast("float | None", each["tenth_s"]),
            f"{each['acknowledged']}/{each['addressed']}",
        )
        for each in cast("list[Json]", told["acknowledged"])
    ]
    title = reader.lexicon.label("ui.time_to_ack", reader.language)
    description = reader.lexicon.sentence("ui.ack_told", reader.language, days=told["days"])
    svg = plots.spans(plots.Plot("ack", title, description), drawn) if drawn else ""
    return {"title": title, "description": description, "svg": svg, "rows": rows}


def _traffic(told: Json, names: dict[str, Json], reader: Reader) -> dict[str, object]:
    def name(code: object) -> str:
        if code is None:
            return reader.lexicon.label("ui.no_area", reader.language)
        known: Json = {}
        if str(code) in names:
            known = cast("Json", names[str(code)]["names"])
        return visible(str(known.get(reader.language.value) or known.get("en") or code))

    rows = [
        plots.Pair(name(each["area"]), cast("int", each["sent"]), cast("int", each["received"]))
        for each in cast("list[Json]", told["areas"])
    ]
    title = reader.lexicon.label("ui.traffic_by_area", reader.language)
    description = reader.lexicon.sentence("ui.traffic_told", reader.language, days=told["days"])
    svg = plots.pairs(plots.Plot("areas", title, description), rows) if rows else ""
    return {"title": title, "description": description, "svg": svg, "rows": rows}


def _milliseconds(value: object, reader: Reader) -> str:
    if value is None:
        return ""
    return f"{figures.number(round(cast('float', value)), reader.language)} ms"


def _duration(seconds: object) -> str:
    return "-" if seconds is None else plots.duration(cast("float", seconds))
