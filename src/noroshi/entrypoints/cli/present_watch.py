"""How alarms, lines and desks look to people; within 80 columns, a word beside every colour."""

import sys
from collections.abc import Mapping, Sequence
from typing import Final, cast

from rich.text import Text

from noroshi.core.sheet.visible import visible
from noroshi.entrypoints.cli.present import (
    clock,
    console,
    mappings,
    minute,
    short_id,
    table,
    word,
)

_BELL: Final = "\a"
_BARS: Final = "▁▂▃▄▅▆▇█"
_MISSED: Final = "x"
_SHOWN_CHECKS: Final = 20


def ring(alarm: Mapping[str, object]) -> None:
    """Show an alarm as it arises: a bell where there is a terminal, and one line."""
    if sys.stdout.isatty():
        sys.stdout.write(_BELL)
    console().print(_alarm(alarm))
    sys.stdout.flush()


def alarms(rows: Sequence[Mapping[str, object]]) -> None:
    """Show a list of alarms."""
    if not rows:
        console().print("No alarm is open.")
    for row in rows:
        console().print(_alarm(row))


def _alarm(alarm: Mapping[str, object]) -> Text:
    at = str(alarm["at"])
    line = Text(f"{at[5:10]} {clock(at)}Z  ")
    line.append(f"ALARM {alarm['number']} {alarm['alarm']}", style="bold white on red")
    line.append("  ")
    if alarm["status"] not in {None, "ACTUAL"}:
        line.append_text(word(alarm["status"])).append(" ")
    if alarm["precedence"]:
        line.append_text(word(alarm["precedence"])).append(" ")
    if alarm["report"]:
        line.append(f"{short_id(alarm['report'])} ")
    line.append(visible(str(alarm["message"])))
    if alarm["taken_by"]:
        line.append(f"  (taken by {visible(str(alarm['taken_by']))})")
    if alarm["ended_at"]:
        line.append(f"  (ended {minute(alarm['ended_at'])})", style="dim")
    return line


def lines(rows: Sequence[Mapping[str, object]]) -> None:
    """Show how each line is, and what is wrong beside the link."""
    screen = console()
    if not rows:
        screen.print("No partners yet: noroshi partner add FILE")
        return
    drawn = table(
        ("PARTNER", "LINE", "BEARER", "CHECK OUT", "CHECK IN", "TRIP", "QUEUE"),
        (
            (
                row["partner"],
                row["state"],
                row["bearer"],
                _moment(row["last_check_out"]),
                _moment(row["last_check_in"]),
                _trip(row["round_trip_ms"]),
                row["queue"],
            )
            for row in rows
        ),
    )
    screen.print(drawn)
    for row in rows:
        for note in _notes(row):
            screen.print(note)


def _notes(row: Mapping[str, object]) -> list[Text]:
    """Return a line for each desk and each thing that is wrong."""
    notes: list[Text] = []
    if row["trust"] != "VERIFIED":
        notes.append(Text.assemble(f"  {row['partner']} is ", word(row["trust"])))
    if row["state"] == "DOWN":
        notes.append(
            Text.assemble("  link to ", f"{row['partner']} ", word("DOWN"), f": {row['reason']}")
        )
    if row["trust"] == "VERIFIED" and not row["forward_secrecy"]:
        warning = (
            f"  {row['partner']} has told no prekeys: reports are sealed to its card's lasting key"
        )
        notes.append(Text(warning, style="yellow"))
    if row["trust"] == "VERIFIED" and row["directory"] != "FRESH":
        notes.append(_directory(row))
    for desk in mappings(row["desks"]):
        name = f"  {desk['desk']}@{row['partner']}  "
        state = word(desk["state"] or "not told whether staffed")
        since = f" since {_moment(desk['since'])}" if desk["since"] else ""
        note = Text.assemble(name, state, since)
        count = cast("int", desk["unanswered"])
        if desk["problem"] == "NOT_ANSWERING":
            note.append(f"  NOT ANSWERING: {count} past the time", style="bold red")
        elif count:
            note.append(f"  {count} unanswered past the time", style="yellow")
        notes.append(note)
    for gap in mappings(row["missing"]):
        numbers = ", ".join(map(str, cast("list[int]", gap["serials"])))
        missing = f"  missing of {row['partner']}: {gap['precedence']} {numbers}"
        notes.append(Text(missing, style="bold red"))
    people = cast("Mapping[str, object] | None", row["people_check"])
    if people:
        by = visible(str(people["by"] or "somebody"))
        notes.append(Text(f"  people's check: {by} at {people['desk']}, {minute(people['at'])}"))
    return notes


def _directory(row: Mapping[str, object]) -> Text:
    """Return how old a partner's directory is."""
    if row["directory"] == "UNTOLD":
        warning = f"  {row['partner']} has told no directory: its card stands alone"
        return Text(warning, style="yellow")
    until = minute(row["directory_until"])
    return Text.assemble(
        f"  directory of {row['partner']}  ", word(row["directory"]), f"  was to be renewed {until}"
    )


def history(rows: Sequence[Mapping[str, object]]) -> None:
    """Show the comms checks of a line: a small plot of the round trips, and the last ones."""
    screen = console()
    if not rows:
        screen.print("The line was never tested.")
        return
    trips = [cast("float | None", row["round_trip_ms"]) for row in rows if _is_out(row)]
    known = [trip for trip in trips if trip is not None]
    if trips:
        span = f"{_trip(min(known))} to {_trip(max(known))}" if known else "none answered"
        screen.print(Text(f"Round trips, the latest last ({span}; {_MISSED} is missed):"))
        screen.print(Text(sparkline(trips[-60:])))
    screen.print(
        table(
            ("AT (UTC)", "WAY", "BEARER", "TRIP", "RESULT"),
            (
                (
                    str(row["at"])[:19].replace("T", " "),
                    row["direction"],
                    row["bearer"],
                    _trip(row["round_trip_ms"]),
                    f"MISSED: {row['code']}" if row["code"] else "ok",
                )
                for row in rows[-_SHOWN_CHECKS:]
            ),
        )
    )


def sparkline(values: Sequence[float | None]) -> str:
    """Return a bar for each value, from the lowest to the highest; None is a missed one.

    >>> sparkline([1, None, 2, 8])
    '▁x▂█'
    """
    known = [value for value in values if value is not None]
    if not known:
        return _MISSED * len(values)
    low, high = min(known), max(known)
    step = (high - low) / (len(_BARS) - 1) or 1.0
    return "".join(
        _MISSED if value is None else _BARS[round((value - low) / step)] for value in values
    )


def desks(rows: Sequence[Mapping[str, object]]) -> None:
    """Show the desks of the house."""
    console().print(
        table(
            ("DESK", "STATE", "BY", "SINCE", "OPEN"),
            (
                (row["desk"], row["state"] or "NOT TOLD", row["by"], _moment(row["since"]),
                 row["open"])
                for row in rows
            ),
        )
    )  # fmt: skip


def desk_log(rows: Sequence[Mapping[str, object]]) -> None:
    """Show who watched a desk."""
    if not rows:
        console().print("Nothing is in the watch log yet.")
        return
    console().print(
        table(
            ("AT (UTC)", "STATE", "FROM", "BY", "OPEN", "NOTE"),
            (
                (str(row["at"])[:19].replace("T", " "), row["state"], row["from"], row["by"],
                 row["open"], row["note"])
                for row in rows
            ),
        )
    )  # fmt: skip


def taken_over(told: Mapping[str, object]) -> None:
    """Show who has a desk from now on, and how much is open there."""
    screen = console()
    line = Text.assemble(f"{told['desk']}: ", word(told["state"]))
    line.append(f" by {visible(str(told['by']))}")
    if told["from"]:
        line.append(f", taken over from {visible(str(told['from']))}")
    screen.print(line.append(f" at {clock(told['at'])}Z"))
    open_reports, raised = mappings(told["open"]), mappings(told["alarms"])
    screen.print(f"Open at this desk: reports {len(open_reports)}, alarms {len(raised)}")
    for alarm in raised:
        screen.print(_alarm(alarm))


def _is_out(row: Mapping[str, object]) -> bool:
    return row["direction"] == "OUT"


def _moment(at: object) -> str | None:
    """Return day and time of day, to the second."""
    return f"{str(at)[5:10]} {clock(at)}" if at else None


def _trip(milliseconds: object) -> str | None:
    if not isinstance(milliseconds, float | int):
        return None
    if milliseconds >= 1000:  # noqa: PLR2004 - a second
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.1f} ms"  # noqa: PLR2004
