"""How answers look to people: tables, colour with a word beside it, nothing a report can forge.

Text that came from elsewhere goes through :func:`~noroshi.core.sheet.visible.visible` first:
control and bidirectional characters, which could rewrite the screen, are shown as what they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from noroshi.core.sheet.visible import visible

STATE_STYLES: Final = {
    "FLASH": "bold white on red",
    "IMMEDIATE": "bold red",
    "PRIORITY": "yellow",
    "VERIFIED": "green",
    "ACKNOWLEDGED": "green",
    "ACTIONED": "green",
    "DECLINED": "yellow",
    "REFUSED": "bold red",
    "UNVERIFIED": "bold red",
    "REVOKED": "bold red",
    "EXERCISE": "bold magenta",
    "TEST": "bold magenta",
    "UP": "green",
    "DOWN": "bold white on red",
    "UNTESTED": "yellow",
    "RECEIVE-ONLY": "yellow",
    "STAFFED": "green",
    "UNSTAFFED": "bold red",
    "SILENT": "yellow",
    "CANCELLED": "bold red",
    "SUPERSEDED": "bold yellow",
}
"""How words of the line look, whose meaning is always in the word too."""


def console() -> Console:
    """Return the terminal; it is plain where output goes to a file."""
    return Console(highlight=False, soft_wrap=True)


def word(text: object) -> Text:
    """Return a word in the colour of its meaning."""
    shown = visible(str(text)) if text is not None else "-"
    return Text(shown, style=STATE_STYLES.get(shown, ""))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return a table whose cells are safe to show."""
    drawn = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else word(cell) for cell in row))
    return drawn


def resemblance(partner: str, others: Sequence[str]) -> str:
    """Return that people would take a partner for others."""
    return f"{partner} is not {' or '.join(others)}: their names look alike"


def short_id(report: object) -> str:
    """Return the first digits of a report's id: enough to name it here."""
    return str(report)[:8]


_STOPPED: Final = {"expired": "EXPIRED", "cancelled": "CANCELLED", "not-releasable": "WITHHELD"}


def _without_rung(recipient: Mapping[str, object]) -> str:
    """Return the state of a report that no receipt has told of."""
    failure = cast("Mapping[str, object] | None", recipient["failure"])
    code = str(failure["code"]) if failure else ""
    return _STOPPED.get(code, "ON ITS WAY")


def status(told: Mapping[str, object]) -> None:
    """Show how far a report got at each desk."""
    screen = console()
    screen.print(Text(f"Report {told['report']} (times UTC)"))
    change = changed(told)
    if change:
        screen.print(Text.assemble(*change))
    rows: list[Sequence[object]] = []
    for recipient in mappings(told["recipients"]):
        rungs = cast("Mapping[str, Mapping[str, object]]", recipient["rungs"])
        last = rungs.get(str(recipient["rung"]), {})
        shown = rungs.get("SHOWN") or rungs.get("OPENED") or {}
        rows.append(
            (
                recipient["desk"],
                recipient["serial"],
                recipient["rung"] or _without_rung(recipient),
                last.get("by"),
                clock(rungs.get("DELIVERED", {}).get("at")),
                clock(shown.get("at")),
                clock(last.get("at")),
                _attached(recipient),
            )
        )
    columns = ["DESK", "SERIAL", "STATE", "BY", "DELIVERED", "SHOWN", "LAST", "FILES"]
    if not any(row[-1] for row in rows):
        columns.pop()
    drawn = table(columns, (row[: len(columns)] for row in rows))
    for column in drawn.columns:
        column.no_wrap = column.header != "BY"
    screen.print(drawn)
    for recipient in mappings(told["recipients"]):
        failure = cast("Mapping[str, object] | None", recipient["failure"])
        if failure:
            line = f"{recipient['desk']}: {failure['message']} ({minute(failure['at'])})"
            screen.print(Text(visible(line), style="red"))
        for rung, record in cast("Mapping[str, Mapping[str, object]]", recipient["rungs"]).items():
            if record.get("note"):
                screen.print(Text(visible(f"{recipient['desk']} {rung}: {record['note']}")))


def changed(told: Mapping[str, object]) -> list[Text]:
    """Return the words that say by which reports a report was cancelled or superseded."""
    words: list[Text] = []
    for name, field in (("CANCELLED", "cancelled_by"), ("SUPERSEDED", "superseded_by")):
        if told.get(field):
            words += [word(name), Text(f" by {short_id(told[field])}  ")]
    return words


def _attached(recipient: Mapping[str, object]) -> str | None:
    attached = cast("Mapping[str, object] | None", recipient.get("attachments"))
    return f"{attached['held']} of {attached['of']}" if attached else None


def minute(at: object) -> str:
    """Return an instant to the minute, UTC."""
    return str(at)[:16].replace("T", " ") + "Z"


def clock(at: object) -> str | None:
    """Return an instant's time of day to the second."""
    return str(at)[11:19] if at else None


def strings(value: object) -> list[str]:
    """Return a list of strings out of JSON."""
    return cast("list[str]", value)


def mappings(value: object) -> list[Mapping[str, object]]:
    """Return a list of objects out of JSON."""
    return cast("list[Mapping[str, object]]", value)
