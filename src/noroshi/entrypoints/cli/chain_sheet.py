"""A chain on the screen: what holds, who said it when, what answers it, and what is owed."""

from collections.abc import Iterable, Mapping
from typing import Final, cast

from rich.console import Console
from rich.text import Text

from noroshi.core.instant import from_text
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.kinds.reading import Reader, Row, read_form
from noroshi.core.lexicon import figures
from noroshi.entrypoints.cli.present import changed, mappings, short_id, strings, visible

_MARK: Final = "* "

_Json = Mapping[str, object]


def print_rows(
    screen: Console,
    rows: Iterable[Row],
    reader: Reader,
    *,
    marked: Iterable[str] = (),
    cleared: Iterable[Row] = (),
) -> None:
    """Print a form field by field; `marked` are labels of what has changed."""
    back = (_label(reader, "cleared"),)
    for row in (*rows, *(Row(row.label, back, is_known=row.is_known) for row in cleared)):
        style = "bold" if row.is_known else "bold yellow"
        label = (_MARK if row.label in marked else "") + visible(row.label)
        if row.is_verbatim:
            screen.print(Text(label, style=style))
            for value in row.values:
                print_words(screen, value)
        else:
            shown = "; ".join(visible(value) for value in row.values)
            colon = figures.colon(reader.language)
            screen.print(Text.assemble((label + colon, style), shown))


def print_words(screen: Console, words: str) -> None:
    """Print what was written, behind a rule: so no body can look like a banner."""
    for line in words.split("\n"):
        screen.print(Text(f"| {visible(line, lines=True)}"))


def print_chain(screen: Console, chain: _Json, reader: Reader) -> bool:
    """Print what holds of a form that was updated; say whether that is all there is to show."""
    updates, at = mappings(chain["updates"]), chain.get("at")
    fields = cast("dict[str, object]", chain["fields"])
    if chain["stray"]:
        screen.print(Text(_label(reader, "stray"), style="bold yellow"))
    if not updates and at is None and "history" not in chain:
        return False
    if at is not None:
        known = reader.lexicon.sentence("sheet.known_at", reader.language, time=_time(at, reader))
        screen.print(Text(known, style="bold"))
    if updates:
        newest = max(str(each["created_at"]) for each in updates)
        said = reader.lexicon.sentence(
            "sheet.updates", reader.language, n=len(updates), time=_time(newest, reader)
        )
        screen.print(Text.assemble(*changed(chain), said))
    if "history" in chain:
        _print_history(screen, chain, reader)
    elif fields:
        kind = all_kinds().get(str(chain["kind"]))
        labels = _labels(chain, strings(chain["changed"]), reader)
        print_rows(screen, read_form(kind, fields, reader), reader, marked=labels)
        if labels:
            screen.print(Text(_label(reader, "changed"), style="dim"))
    else:
        screen.print(Text(_label(reader, "nothing"), style="dim"))
    if at is not None and strings(chain["proofs"]):
        screen.print(Text(_label(reader, "proofs"), style="dim"))
        for report in strings(chain["proofs"]):
            screen.print(Text(f"  {report}", style="dim"))
    screen.print()
    return at is not None or "history" in chain


def print_thread(screen: Console, told: _Json, reader: Reader) -> None:
    """Print what is left open, what takes a report up, and what is owed next."""
    for each in mappings(told["left_open"]):
        amounts = {
            name: _amount(each[name], each["unit"], reader)
            for name in ("needed", "offered", "committed", "open")
        }
        line = reader.lexicon.sentence(
            "sheet.open", reader.language, capability=visible(str(each["capability"])), **amounts
        )
        screen.print(Text(line))
    referrers = mappings(told["referred_by"])
    if referrers:
        screen.print(Text(_label(reader, "referred"), style="bold"))
    for each in referrers:
        subject = visible(str(each["subject"] or ""))
        line = f"  {short_id(each['report'])}  {each['kind']}  {each['from']}  {subject}"
        screen.print(Text(line.rstrip()))
    chain = cast("_Json | None", told["chain"])
    for each in mappings(chain["due"]) if chain is not None else ():
        kind = all_kinds()[str(chain["kind"])] if chain is not None else None
        rows = read_form(kind, {str(each["field"]): each["wanted"]}, reader)
        label = _label(reader, "due") + figures.colon(reader.language)
        said = f"{'; '.join(rows[0].values)}  {_time(each['at'], reader)}"
        screen.print(Text.assemble((label, "bold"), said))


def _print_history(screen: Console, chain: _Json, reader: Reader) -> None:
    kind = all_kinds().get(str(chain["kind"]))
    history = cast("Mapping[str, object]", chain["history"])
    order = [field.name for field in kind.fields] if kind is not None else []
    for name in sorted(history, key=lambda n: order.index(n) if n in order else len(order)):
        for number, said in enumerate(mappings(history[name])):
            (row,) = read_form(kind, {name: said["value"]}, reader)
            if number == 0:
                screen.print(Text(visible(row.label), style="bold"))
            words = ("; ".join(row.values),) if not row.is_verbatim else row.values
            for value in (_label(reader, "cleared"),) if said["cleared"] else words:
                print_words(screen, value)
            about = reader.lexicon.sentence(
                "sheet.said",
                reader.language,
                time=_time(said["created_at"], reader),
                person=visible(str(said["by"] or "-")),
                report=short_id(said["report"]),
                stored=_time(said["stored_at"], reader),
            )
            screen.print(Text.assemble("  ", *changed(said), (about, "dim")))


def _labels(chain: _Json, names: Iterable[str], reader: Reader) -> set[str]:
    """Return what fields are called on the screen."""
    kind, fields = all_kinds().get(str(chain["kind"])), cast("_Json", chain["fields"])
    named = {name: fields[name] for name in names if name in fields}
    return {row.label for row in read_form(kind, named, reader)}


def _amount(number: object, unit: object, reader: Reader) -> str:
    if number is None:
        return "-"
    shown = figures.number(cast("float", number), reader.language)
    return f"{shown} {visible(str(unit))}".rstrip()


def _time(text: object, reader: Reader) -> str:
    return figures.moment(from_text(str(text)), reader.zone)


def _label(reader: Reader, name: str) -> str:
    return reader.lexicon.label(f"sheet.{name}", reader.language)
