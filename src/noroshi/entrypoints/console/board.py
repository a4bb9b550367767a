"""The board: what came in, what rings, and who is there, as one reader sees it."""

from collections.abc import Iterable, Mapping
from typing import Final, cast

from noroshi.core.delivery.alarm import Alarm, AlarmKind, sentence
from noroshi.core.delivery.clocks import Clocks
from noroshi.core.instant import SECOND, Instant, from_text, to_text
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon import figures
from noroshi.core.marking.label import Marking
from noroshi.core.precedence import Precedence
from noroshi.core.sheet.visible import visible
from noroshi.entrypoints.console.lines import DESKS, LINES, desk_state

Json = Mapping[str, object]

_MARKS: Final = {"FLASH": "z", "IMMEDIATE": "o", "PRIORITY": "p", "ROUTINE": "r", "DEFERRED": "m"}
"""The prosigns, as classes of the style sheet; of ROUTINE and DEFERRED only the letter differs."""
_OPEN: Final = frozenset({None, "DELIVERED", "OPENED", "SHOWN"})
"""States of a report that still waits for somebody."""
_NOT_DUE: Final[dict[str, str]] = dict.fromkeys(
    ("due", "due_at", "allowed", "left", "is_late", "rest"), ""
)


def joined(waiting: Iterable[Json], answered: Iterable[Json]) -> list[Json]:
    """Return what waits and, read after it, what was answered: each once, as it was read last."""
    latest = {(row["report"], row["to"]): row for row in (*waiting, *answered)}
    return list(latest.values())


def inbox_rows(
    rows: Iterable[Json], reader: Reader, clocks: Clocks, now: Instant
) -> dict[str, list[dict[str, str]]]:
    """Return the rows of the inbox as texts, what waits first, then the most urgent.

    Exercises and tests are apart from actual traffic. What must be acknowledged says by when.
    """
    told: dict[str, list[dict[str, str]]] = {"actual": [], "drill": []}
    for row in sorted(rows, key=_order):
        told["actual" if row["status"] == "ACTUAL" else "drill"].append(
            _row(row, reader, clocks, now)
        )
    return told


def sent_rows(rows: Iterable[Json], reader: Reader) -> list[dict[str, object]]:
    """Return what was sent, with how far it got at each desk and by whom."""
    return [_sent(row, reader) for row in rows]


def alarm_rows(alarms: Iterable[Json], reader: Reader) -> list[dict[str, str]]:
    """Return the alarms that are open, the newest first."""
    return [
        {
            "number": str(alarm["number"]),
            "message": visible(_sentence(alarm, reader)),
            "at": figures.moment(from_text(str(alarm["at"])), reader.zone),
            "taken_by": visible(str(alarm["taken_by"] or "")),
            "report": str(alarm["report"] or ""),
        }
        for alarm in sorted(alarms, key=lambda each: -cast("int", each["number"]))
    ]


def _sentence(alarm: Json, reader: Reader) -> str:
    desk = alarm["desk"]
    told = Alarm(
        AlarmKind(alarm["alarm"]), str(alarm["partner"]), 0,
        desk=None if desk is None else str(desk), detail=str(alarm["detail"]),
    )  # fmt: skip
    return sentence(told, reader.lexicon, reader.language)


def line_rows(lines: Iterable[Json], reader: Reader) -> list[dict[str, str]]:
    """Return how each line and the desks at its other end are, as texts."""

    def say(code: str) -> str:
        return reader.lexicon.label(code, reader.language)

    return [
        {
            "partner": str(line["partner"]),
            "tone": "calm" if line["state"] == "UP" else "bad",
            "line": say(LINES[str(line["state"])]),
            "round_trip": _round_trip(line["round_trip_ms"], reader),
            "desks": ", ".join(
                f"{each['desk']} {say(DESKS.get(desk_state(each), 'ui.unknown'))}"
                for each in cast("list[Json]", line["desks"])
            ),
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


def _row(row: Json, reader: Reader, clocks: Clocks, now: Instant) -> dict[str, str]:
    state = str(row["state"] or "")
    is_open = (row["state"] or None) in _OPEN
    hot = row["precedence"] == "FLASH" and is_open and row["status"] == "ACTUAL"
    due: dict[str, str] = _due(row, clocks, now, reader) if is_open and row["action"] else _NOT_DUE
    return {
        **what(row, reader),
        **due,
        "from": str(row["from"]),
        "desk": str(row["to"]).partition("@")[0],
        "received": figures.moment(from_text(str(row["received_at"])), reader.zone),
        "state": reader.lexicon.label(f"rung.{state.lower()}", reader.language) if state else "",
        "tone": "is-hot" if hot else "" if is_open else "is-done",
    }


def _due(row: Json, clocks: Clocks, now: Instant, reader: Reader) -> dict[str, str]:
    """Return by when somebody must acknowledge, and how much of the time is left."""
    allowed = clocks.allowed(Precedence[str(row["precedence"])])
    due_at = from_text(str(row["received_at"])) + allowed
    left = due_at - now
    return {
        "due": to_text(due_at),
        "due_at": figures.moment(due_at, reader.zone).partition(" ")[2],
        "allowed": str(allowed // SECOND),
        "left": clock(abs(left) // SECOND),
        "is_late": "1" if left < 0 else "",
        "rest": str(max(0, min(100, 100 * left // allowed))),
    }


def clock(seconds: int) -> str:
    """Return a time as people read a clock: 6:48, 1:04:00."""
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def reached(row: Json, reader: Reader) -> list[dict[str, object]]:
    """Return how far a report that we sent got at each desk."""
    return [_reached(each, reader) for each in cast("list[Json]", row["recipients"])]


def _sent(row: Json, reader: Reader) -> dict[str, object]:
    desks = reached(row, reader)
    told = what(row, reader)
    done = "is-done" if all(each["is_done"] for each in desks) else ""
    return {
        **told,
        "sent": figures.moment(from_text(str(row["stored_at"])), reader.zone),
        "desks": desks,
        "tone": " ".join(each for each in (told["drill"], done) if each),
    }


def _reached(recipient: Json, reader: Reader) -> dict[str, object]:
    """Return how far a report got at a desk, by whom and when."""
    rung = recipient["rung"]
    name = "queued" if rung is None else str(rung).lower()
    last = cast("Json", cast("Json", recipient["rungs"]).get(str(rung), {}))
    told = [reader.lexicon.label(f"rung.{name}", reader.language)]
    if last:
        told += [visible(str(last["by"]))] if last.get("by") else []
        told += [figures.moment(from_text(str(last["at"])), reader.zone)]
    failure = cast("Json | None", recipient["failure"])
    problem = "" if failure is None else visible(str(failure["message"]))
    return {
        "desk": str(recipient["desk"]),
        "told": " · ".join(told),
        "problem": problem,
        "is_done": rung not in _OPEN,
    }


def what(row: Json, reader: Reader) -> dict[str, str]:
    """Return what a report is, sent or received."""
    lexicon, language = reader.lexicon, reader.language
    precedence, kind = str(row["precedence"]), all_kinds().get(str(row["kind"]))
    urgency = lexicon.label(f"prec.{precedence.lower()}", language)
    status = str(row["status"])
    is_actual = status == "ACTUAL"
    subject = visible(str(row["subject"] or "")) or "-"
    if row["destroyed"]:
        subject = lexicon.label("sheet.destroyed", language)
    changed = ""
    if row["superseded_by"]:
        by = str(row["superseded_by"])[:8]
        changed = lexicon.sentence("act.superseded", language, report=by)
    if row["cancelled_by"]:
        changed = lexicon.label("act.cancelled", language)
    updates = row.get("updates")
    return {
        "report": str(row["report"]),
        "mark": _MARKS[precedence],
        "sign": ["Z", "O", "P", "R", "M"][list(_MARKS).index(precedence)],
        "precedence": precedence,
        "urgency": precedence if urgency.upper() == precedence else urgency,
        "subject": subject,
        "kind": str(row["kind"]) if kind is None else lexicon.label(kind.title, language),
        "marking": visible(str(row["marking"])),
        "status": "" if is_actual else lexicon.label(f"status.{status.lower()}", language),
        "drill": "" if is_actual else "drill",
        "changed": changed,
        "updates": lexicon.sentence("list.updates", language, report=str(updates)[:8])
                   if updates else "",
    }  # fmt: skip


def _round_trip(milliseconds: object, reader: Reader) -> str:
    if milliseconds is None:
        return ""
    return f"{figures.number(round(cast('float', milliseconds)), reader.language)} ms"
