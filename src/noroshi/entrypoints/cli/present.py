"""How answers look to people: tables, colour with a word beside it, nothing a report can forge.

Text that came from elsewhere goes through :func:`visible` first: control and bidirectional
characters, which could rewrite the screen, are shown as what they are.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

_COLOURS: Final = {
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
}
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def console() -> Console:
    """Return the terminal; it is plain where output goes to a file."""
    return Console(highlight=False, soft_wrap=True)


def visible(text: str, *, lines: bool = False) -> str:
    """Return `text` with everything that a terminal would obey or hide made visible."""
    return "".join(
        c
        if c.isprintable() or (lines and c in "\n\t")
        else f"\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}U+{ord(c):04X}"
        "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
        if unicodedata.category(c) in _HIDDEN
        else c
        for c in text
    )


def word(text: object) -> Text:
    """Return a word in the colour of its meaning."""
    shown = visible(str(text)) if text is not None else "-"
    return Text(shown, style=_COLOURS.get(shown, ""))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return a table whose cells are safe to show."""
    drawn = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else word(cell) for cell in row))
    return drawn


def short_id(report: object) -> str:
    """Return the first digits of a report's id: enough to name it here."""
    return str(report)[:13]


def inbox(rows: Sequence[Mapping[str, object]]) -> None:
    """Show what came in."""
    if not rows:
        console().print("The inbox is empty.")
        return
    columns = ("REPORT", "PRECEDENCE", "STATUS", "FROM", "TO", "STATE", "RECEIVED", "SUBJECT")
    keys = ("precedence", "status", "from", "to", "state")
    console().print(
        table(
            columns,
            (
                (
                    short_id(row["report"]),
                    *(row[key] for key in keys),
                    minute(row["received_at"]),
                    row["subject"],
                )
                for row in rows
            ),
        )
    )


def report(told: Mapping[str, object]) -> None:
    """Show a whole report between its markings."""
    screen = console()
    banner = f"{told['marking']}" + (
        f"   *** {told['status']} ***" if told["status"] != "ACTUAL" else ""
    )
    screen.print(Text(visible(banner), style="bold reverse"))
    head = Table.grid(padding=(0, 2))
    for name, value in (
        ("Precedence", told["precedence"]),
        ("From", told["from"]),
        ("To", ", ".join(strings(told["to"]))),
        ("Info", ", ".join(strings(told["info"]))),
        ("Subject", told["subject"]),
        ("Kind", told["kind"]),
        ("Drafter", told["drafter"]),
        ("Written", told["created_at"]),
        ("Expires", told["expires_at"]),
        ("Answers", ", ".join(strings(told["references"]))),
        ("Report", told["report"]),
    ):
        if value:
            head.add_row(Text(name, style="dim"), word(value))
    for attached in mappings(told["attachments"]):
        size = f"{attached['size']:,} bytes"
        head.add_row(Text("Attached", style="dim"), word(f"{attached['name']} ({size})"))
    screen.print(head)
    screen.print()
    screen.print(Text(visible(str(told["body"]), lines=True)))
    screen.print()
    screen.print(Text(visible(banner), style="bold reverse"))


def status(told: Mapping[str, object]) -> None:
    """Show how far a report got at each desk."""
    screen = console()
    screen.print(Text(f"Report {told['report']}"))
    rows: list[Sequence[object]] = []
    for recipient in mappings(told["recipients"]):
        rungs = cast("Mapping[str, Mapping[str, object]]", recipient["rungs"])
        ladder = " > ".join(
            f"{name} {clock(rung['at'])}" + (f" ({rung['by']})" if rung.get("by") else "")
            for name, rung in rungs.items()
        )
        attached = cast("Mapping[str, object] | None", recipient.get("attachments"))
        if attached:
            ladder += f"  attachments {attached['held']}/{attached['of']}"
        rows.append(
            (recipient["desk"], recipient["serial"], recipient["rung"] or "ON ITS WAY", ladder)
        )
    screen.print(table(("DESK", "SERIAL", "STATE", "LADDER (UTC)"), rows))
    for recipient in mappings(told["recipients"]):
        failure = cast("Mapping[str, object] | None", recipient["failure"])
        if failure:
            line = f"{recipient['desk']}: {failure['message']} ({minute(failure['at'])})"
            screen.print(Text(visible(line), style="red"))


def minute(at: object) -> str:
    """Return an instant to the minute, UTC."""
    return str(at)[:16].replace("T", " ") + "Z"


def clock(at: object) -> str:
    """Return an instant's time of day to the millisecond."""
    return str(at)[11:23]


def strings(value: object) -> list[str]:
    """Return a list of strings out of JSON."""
    return cast("list[str]", value)


def mappings(value: object) -> list[Mapping[str, object]]:
    """Return a list of objects out of JSON."""
    return cast("list[Mapping[str, object]]", value)
