"""The ladder as a table: a row for each recipient, a column for each rung, nothing inferred.

A rung that nobody has told of stays empty, whatever stands to its right.
"""

from collections.abc import Iterable
from typing import Final, cast

from noroshi.core.instant import Instant, from_text
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon import figures
from noroshi.core.sheet.visible import visible
from noroshi.entrypoints.console.desk import Json

RUNGS: Final = ("DELIVERED", "OPENED", "SHOWN", "ACKNOWLEDGED", "ACTIONED")
"""The columns. Who declines says so where others say that they acted."""
_MARKS: Final = {
    "DELIVERED": "n-m", "OPENED": "n-p", "SHOWN": "n-p", "ACKNOWLEDGED": "n-ack", "ACTIONED": "n-p",
}  # fmt: skip
_ANSWERED: Final = frozenset({"ACKNOWLEDGED", "ACTIONED", "DECLINED", "REFUSED"})


def ladder_rows(
    told: Json, me: str, due: Instant | None, reader: Reader
) -> list[dict[str, object]]:
    """Return the rows of a report's ladder; `due` is by when somebody here must acknowledge."""
    rows: list[dict[str, object]] = []
    day = figures.moment(from_text(str(told["created_at"]))).partition(" ")[0]
    for recipient in _recipients(told):
        is_mine = str(recipient["desk"]).partition("@")[2] == me
        awaited = due if is_mine and recipient["action"] and is_open(recipient) else None
        rows.append(
            {
                "desk": str(recipient["desk"]),
                "role": "sheet.to" if recipient["action"] else "sheet.info",
                "is_mine": awaited is not None,
                "cells": [_dated(_cell(rung, recipient, awaited, reader), day) for rung in RUNGS],
            }
        )
    return rows


def notes(told: Json) -> list[dict[str, str]]:
    """Return what people wrote beside their answers."""
    return [
        {"desk": str(recipient["desk"]), "rung": f"rung.{rung.lower()}", **_said(record)}
        for recipient in _recipients(told)
        for rung, record in cast("dict[str, Json]", recipient["rungs"]).items()
        if record.get("note")
    ]


def answers(told: Json, me: str, reader: Reader) -> list[dict[str, str]]:
    """Return what desks of this house have answered, the newest last."""
    found = [
        (str(record["at"]), rung, str(recipient["desk"]), record)
        for recipient in _recipients(told)
        if str(recipient["desk"]).partition("@")[2] == me
        for rung, record in cast("dict[str, Json]", recipient["rungs"]).items()
        if rung in _ANSWERED
    ]
    return [
        {"rung": f"rung.{rung.lower()}", "desk": desk.partition("@")[0], **_by(record, reader)}
        for _, rung, desk, record in sorted(found, key=lambda each: each[:3])
    ]


def tally(told: Json) -> list[tuple[str, str]]:
    """Return how many recipients told of a rung, of all."""
    recipients = list(_recipients(told))
    return [
        (f"rung.{rung.lower()}", f"{sum(_has(r, rung) for r in recipients)}/{len(recipients)}")
        for rung in ("DELIVERED", "ACKNOWLEDGED")
    ]


def is_open(recipient: Json) -> bool:
    """Say whether nobody at a desk has answered."""
    return _ANSWERED.isdisjoint(cast("dict[str, Json]", recipient["rungs"]))


def _recipients(told: Json) -> Iterable[Json]:
    return cast("list[Json]", told["recipients"])


def _has(recipient: Json, rung: str) -> bool:
    return rung in cast("dict[str, Json]", recipient["rungs"])


def _said(record: Json) -> dict[str, str]:
    return {"by": visible(str(record.get("by") or "")), "note": str(record["note"])}


def _cell(rung: str, recipient: Json, due: Instant | None, reader: Reader) -> dict[str, str]:
    """Return what stands at a rung: a mark, when, who, and words where the mark is not all."""
    records = cast("dict[str, Json]", recipient["rungs"])
    failure = cast("Json | None", recipient["failure"])
    cell = {"rung": f"rung.{rung.lower()}", "tone": "void", "mark": "n-0", "at": "", "by": "",
            "words": "", "told": ""}  # fmt: skip
    instead = {"DELIVERED": "REFUSED", "ACTIONED": "DECLINED"}.get(rung, "")
    if rung in records:
        tone = "ack" if rung == "ACKNOWLEDGED" else ""
        cell |= {"tone": tone, "mark": _MARKS[rung], **_by(records[rung], reader)}
    elif instead in records:
        by = _by(records[instead], reader)
        cell |= {"tone": "fail", "mark": "n-x", "words": f"rung.{instead.lower()}", **by}
    elif rung == "DELIVERED" and failure is not None:
        message = visible(str(failure["message"]))
        cell |= {"tone": "fail", "mark": "n-x", "words": "rung.queued", "told": message}
    elif rung == "ACKNOWLEDGED" and due is not None:
        cell |= {"tone": "wait", "mark": "n-w", "words": "ui.due", "at": _time(due, reader)}
    return cell


def _dated(cell: dict[str, str], day: str) -> dict[str, str]:
    """Return a cell whose time names its day only where it is not the report's."""
    date, _, time = cell["at"].partition(" ")
    return {**cell, "at": time, "day": "" if date == day else date}


def _by(record: Json, reader: Reader) -> dict[str, str]:
    at = from_text(str(record["at"]))
    return {"at": _time(at, reader), "by": visible(str(record.get("by") or ""))}


def _time(at: Instant, reader: Reader) -> str:
    return figures.moment(at, reader.zone)
