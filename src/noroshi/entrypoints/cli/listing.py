"""What came in, as a list in the reader's language."""

from collections.abc import Mapping, Sequence
from typing import Final

from rich.padding import Padding
from rich.text import Text

from noroshi.core.kinds.reading import Reader
from noroshi.core.sheet.chain import changed
from noroshi.core.sheet.visible import visible
from noroshi.entrypoints.cli.present import (
    STATE_STYLES,
    console,
    mappings,
    minute,
    short_id,
    strings,
    table,
    word,
)


def inbox(rows: Sequence[Mapping[str, object]], reader: Reader) -> None:
    """Show what came in, under headings in the reader's language."""
    lexicon, language = reader.lexicon, reader.language
    if not rows:
        console().print(lexicon.label("list.empty", language))
        return
    drawn = [
        (
            short_id(row["report"]),
            urgency(row),
            word(row["from"]),
            word(str(row["to"]).partition("@")[0]),
            word(row["state"]),
            minute(row["received_at"])[5:],
            Text.assemble(*_before(row, reader), _subject(row, reader), *_behind(row, reader)),
        )
        for row in rows
    ]
    _draw(_HEADINGS, drawn, reader)


def sent(rows: Sequence[Mapping[str, object]], reader: Reader) -> None:
    """Show what was sent, and how far it got at each desk."""
    lexicon, language = reader.lexicon, reader.language
    if not rows:
        console().print(lexicon.label("list.nothing_sent", language))
        return
    drawn = [
        (
            short_id(row["report"]),
            urgency(row),
            Text("\n").join(
                Text.assemble(word(each["desk"]), " ", word(each["rung"] or "QUEUED"))
                for each in mappings(row["recipients"])
            ),
            minute(row["stored_at"])[5:],
            Text.assemble(*_before(row, reader), _subject(row, reader)),
        )
        for row in rows
    ]
    _draw(_SENT_HEADINGS, drawn, reader)


def _draw(headings: Sequence[str], rows: Sequence[Sequence[str | Text]], reader: Reader) -> None:
    """Draw a table whose last column is a subject; on a narrow screen it has lines of its own."""
    heads = [reader.lexicon.short(each, reader.language).upper() for each in headings]
    screen = console()
    is_narrow = screen.width < _WIDE
    drawn = table(heads[:-1] if is_narrow else heads, ())
    for column in drawn.columns if is_narrow else drawn.columns[:-1]:
        column.no_wrap = True
    if not is_narrow:
        for row in rows:
            drawn.add_row(*row)
        screen.print(drawn)
        return
    for *cells, _ in rows:
        drawn.add_row(*cells)
    with screen.capture() as captured:
        screen.print(drawn)
    head, *lines = Text.from_ansi(captured.get()).split()
    screen.print(head)
    screen.print(Padding(Text(heads[-1], "bold"), (0, 0, 0, _INDENT)))
    for *cells, subject in rows:
        height = max(str(cell).count("\n") + 1 for cell in cells)
        for line in lines[:height]:
            screen.print(line)
        del lines[:height]
        screen.print(Padding(subject, (0, 0, 0, _INDENT)))


def urgency(row: Mapping[str, object]) -> Text:
    """Return the precedence of a report, and what it is unless it is meant."""
    precedence = word(row["precedence"])
    if row["status"] == "ACTUAL":
        return precedence
    return Text.assemble(precedence, " ", word(row["status"]))


_WIDE: Final = 110
_INDENT: Final = 2
_SENT_HEADINGS: Final = (
    "list.report", "prec.label", "list.state", "list.sent", "addr.subject",
)  # fmt: skip
_HEADINGS: Final = (
    "list.report", "prec.label", "sheet.from", "desk.desk", "list.state", "list.received",
    "addr.subject",
)  # fmt: skip


def _before(row: Mapping[str, object], reader: Reader) -> list[Text]:
    """Return what stands before a subject: what a report changes, and what has changed it."""
    words = [Text(each.text, STATE_STYLES.get(each.state, "")) for each in changed(row, reader)]
    if row.get("updates"):
        told = reader.lexicon.sentence(
            "list.updates", reader.language, report=short_id(row["updates"])
        )
        words.append(Text(f"{told}  ", style="bold"))
    return words


def _subject(row: Mapping[str, object], reader: Reader) -> Text:
    if row["destroyed"]:
        return Text(reader.lexicon.label("sheet.destroyed", reader.language), style="dim")
    return word(row["subject"])


def _behind(row: Mapping[str, object], reader: Reader) -> list[Text]:
    """Return who passed a report on, and which desks were given it too."""
    told: dict[str, dict[str, object]] = {
        "list.by_way": {"partner": row.get("by_way_of")},
        "list.given": {"desks": ", ".join(strings(row.get("assigned_to") or []))},
    }
    said = [
        reader.lexicon.sentence(code, reader.language, **values)
        for code, values in told.items()
        if all(values.values())
    ]
    return [Text(visible(f"  ({each})")) for each in said]
