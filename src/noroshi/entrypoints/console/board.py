"""The board: what came in, what rings, and who is there, as one reader sees it."""

from collections.abc import Iterable, Mapping
from typing import Final, cast

from noroshi.core.instant import from_text
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon import figures
from noroshi.core.marking.label import Marking
from noroshi.core.precedence import Precedence
from noroshi.core.sheet.visible import visible

Json = Mapping[str, object]

_MARKS: Final = {"FLASH": "z", "IMMEDIATE": "o", "PRIORITY": "p", "ROUTINE": "r", "DEFERRED": "m"}
"""The prosigns, as classes of the style sheet; of ROUTINE and DEFERRED only the letter differs."""
_OPEN: Final = frozenset({None, "DELIVERED", "OPENED", "SHOWN"})
"""States of a report that still waits for somebody."""


def inbox_rows(rows: Iterable[Json], reader: Reader) -> dict[str, list[dict[str, str]]]:
    """Return the rows of the inbox as texts, what waits first, then the most urgent.

    Exercises and tests are apart from actual traffic.
    """
    told: dict[str, list[dict[str, str]]] = {"actual": [], "drill": []}
    for row in sorted(rows, key=_order):
        told["actual" if row["status"] == "ACTUAL" else "drill"].append(_row(row, reader))
    return told


def alarm_rows(alarms: Iterable[Json], reader: Reader) -> list[dict[str, str]]:
    """Return the alarms that are open, the newest first."""
    return [
        {
            "number": str(alarm["number"]),
            "message": visible(str(alarm["message"])),
            "at": figures.moment(from_text(str(alarm["at"])), reader.zone),
            "taken_by": visible(str(alarm["taken_by"] or "")),
            "report": str(alarm["report"] or ""),
        }
        for alarm in sorted(alarms, key=lambda each: -cast("int", each["number"]))
    ]


def line_rows(lines: Iterable[Json], reader: Reader) -> list[dict[str, object]]:
    """Return how each line and the desks at its other end are."""
    return [
        {
            "partner": str(line["partner"]),
            "state": str(line["state"]),
            "round_trip": _round_trip(line["round_trip_ms"], reader),
            "queue": str(line["queue"]),
            "desks": [
                {"desk": str(desk["desk"]), "state": str(desk["problem"] or desk["state"] or "")}
                for desk in cast("list[Json]", line["desks"])
            ],
        }
        for line in lines
    ]


def highest(rows: Iterable[Json]) -> str:
    """Return the marking of the most restricted row: classified ones before those of TLP alone."""
    found = {str(row["marking"]) for row in rows}
    classified = sorted(each for each in found if Marking.parse(each).policy is not None)
    if classified:
        return ", ".join(classified)
    order = ("TLP:RED", "TLP:AMBER+STRICT", "TLP:AMBER", "TLP:GREEN", "TLP:CLEAR")
    return next((tlp for tlp in order if tlp in found), "")


def _order(row: Json) -> tuple[bool, int, str]:
    done = row["state"] not in _OPEN
    precedence = Precedence[str(row["precedence"])]
    return done, -precedence, str(row["received_at"])


def _row(row: Json, reader: Reader) -> dict[str, str]:
    lexicon, language = reader.lexicon, reader.language
    precedence, state = str(row["precedence"]), str(row["state"] or "")
    kind = all_kinds().get(str(row["kind"]))
    is_open = (row["state"] or None) in _OPEN
    hot = precedence == "FLASH" and is_open and row["status"] == "ACTUAL"
    return {
        "report": str(row["report"]),
        "mark": _MARKS[precedence],
        "sign": ["Z", "O", "P", "R", "M"][list(_MARKS).index(precedence)],
        "precedence": precedence,
        "urgency": lexicon.label(f"prec.{precedence.lower()}", language),
        "subject": visible(str(row["subject"] or "")) or "-",
        "kind": str(row["kind"]) if kind is None else lexicon.label(kind.title, language),
        "from": str(row["from"]),
        "desk": str(row["to"]).partition("@")[0],
        "received": figures.moment(from_text(str(row["received_at"])), reader.zone),
        "marking": visible(str(row["marking"])),
        "status": "" if row["status"] == "ACTUAL" else str(row["status"]),
        "state": lexicon.label(f"rung.{state.lower()}", language) if state else "",
        "tone": "is-hot" if hot else "" if is_open else "is-done",
        "changed": "CANCELLED" if row["cancelled_by"] else
                   "SUPERSEDED" if row["superseded_by"] else "",
    }  # fmt: skip


def _round_trip(milliseconds: object, reader: Reader) -> str:
    if milliseconds is None:
        return ""
    return f"{figures.number(round(cast('float', milliseconds)), reader.language)} ms"
