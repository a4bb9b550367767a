"""A report on the screen: its head and its form in the reader's language, its words as written."""

from collections.abc import Mapping
from typing import Final, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from noroshi.adapters.policies import shipped_areas
from noroshi.core.errors import InputError
from noroshi.core.instant import from_text
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.kinds.reading import Reader, read_form
from noroshi.core.lexicon import figures
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.recognition import NOROSHI, recognise
from noroshi.entrypoints.cli.chain_sheet import (
    print_chain,
    print_rows,
    print_thread,
    print_words,
)
from noroshi.entrypoints.cli.present import changed, console, mappings, strings, visible, word

_INDENT: Final = 2


def report(told: Mapping[str, object], reader: Reader) -> None:
    """Show a whole report between its markings."""
    screen = console()
    banner = _banner(told, reader)
    screen.print(banner)
    for here in mappings(told["equivalents"]):
        about = _say(reader, "sheet.here_about", marking=here["marking"])
        sure = "" if here["confidence"] == "confirmed" else f" ({_label(reader, 'indicative')})"
        screen.print(Text(visible(about + sure), style="dim"))
    change = changed(told)
    if change:
        screen.print(Text.assemble(*change))
    screen.print(_head(told, reader))
    screen.print()
    chain = cast("Mapping[str, object] | None", told["chain"])
    if chain is None or not print_chain(screen, chain, reader):
        if chain is not None and mappings(chain["updates"]):
            screen.print(Text(_label(reader, "this_report"), style="dim"))
        _print_body(screen, told, reader)
    for portion in mappings(told.get("portions") or []):
        _print_portion(screen, "", portion)
    tearline = cast("Mapping[str, object] | None", told.get("tearline"))
    if tearline is not None:
        screen.print(Text(f"- - - - - {_label(reader, 'below')} - - - - -", style="dim"))
        _print_portion(screen, "TEARLINE ", tearline)
    print_thread(screen, told, reader)
    screen.print()
    screen.print(banner)


def _banner(told: Mapping[str, object], reader: Reader) -> Text:
    """Return the marking, which is the same in every language, and what is not actual traffic."""
    status = str(told["status"])
    chain = cast("Mapping[str, object] | None", told["chain"])
    banner = str(told["marking"] if chain is None else chain["marking"] or told["marking"])
    if status != "ACTUAL":
        banner += f"   *** {_beside(reader, f'status.{status.lower()}', status)} ***"
    return Text(visible(banner), style="bold reverse")


def _head(told: Mapping[str, object], reader: Reader) -> Table:
    head = Table.grid(padding=(0, _INDENT))
    precedence = str(told["precedence"])
    for code, value in (
        ("prec.label", _beside(reader, f"prec.{precedence.lower()}", precedence)),
        ("sheet.from", told["from"]),
        ("sheet.by_way", _way(told.get("passed_on"), reader)),
        ("sheet.to", ", ".join(strings(told["to"]))),
        ("sheet.info", ", ".join(strings(told["info"]))),
        ("addr.subject", told["subject"]),
        ("core.kind", _kind(str(told["kind"]), reader)),
        ("f.area_coop", ", ".join(_area(code, reader) for code in strings(told["areas"]))),
        ("role.drafter", told["drafter"]),
        ("sheet.written", _moment(told["created_at"], reader)),
        ("sheet.expires", _moment(told["expires_at"], reader)),
        ("addr.reference", ", ".join(strings(told["references"]))),
        ("core.report", told["report"]),
    ):
        if value:
            label = Text(reader.lexicon.label(code, reader.language), style="dim")
            head.add_row(label, _coloured(precedence, value))
    for attached in mappings(told["attachments"]):
        size = figures.number(cast("int", attached["size"]), reader.language)
        shown = f"{attached['name']} ({_say(reader, 'sheet.bytes', n=size)})"
        label = Text(reader.lexicon.label("f.attachment", reader.language), style="dim")
        head.add_row(label, word(shown))
    return head


def _coloured(precedence: str, value: object) -> Text:
    """Return a value of the head; the precedence keeps its colour in every language."""
    shown = word(value)
    if str(value).startswith(precedence):
        shown.style = word(precedence).style
    return shown


def _print_body(screen: Console, told: Mapping[str, object], reader: Reader) -> None:
    """Print a form field by field, and any other body as it was written, behind a rule.

    Behind the rule no body can look like the banner.
    """
    body = str(told["body"])
    gone = cast("Mapping[str, object] | None", told["destroyed"])
    if gone is not None:
        print_words(screen, f"{_label(reader, 'destroyed')}: {gone['message']}")
        return
    if told["media_type"] != NOROSHI or str(told["kind"]).startswith("consent-"):
        print_words(screen, body)
        return
    try:
        found = recognise(body.encode())
    except InputError:  # a newer release may write what this one cannot read
        print_words(screen, body)
        return
    chain = cast("Mapping[str, object] | None", told["chain"])
    kind = told["kind"] if chain is None else chain["kind"]
    rows = read_form(all_kinds().get(str(kind)), found.fields, reader)
    cleared = read_form(all_kinds().get(str(kind)), dict.fromkeys(found.cleared), reader)
    if not rows and (told.get("portions") or told.get("tearline")):
        screen.print(Text(_label(reader, "in_portions"), style="dim"))
    elif not rows and not cleared:
        print_words(screen, body)
    print_rows(screen, rows, reader, cleared=cleared)


def _print_portion(screen: Console, name: str, portion: Mapping[str, object]) -> None:
    screen.print(Text(visible(f"{name}({portion['marking']})"), style="bold"))
    print_words(screen, str(portion["text"]))


def _way(passed: object, reader: Reader) -> str:
    """Return by whom a report was passed on, and with whose consent; "" where it was not."""
    if not passed:
        return ""
    told = cast("Mapping[str, object]", passed)
    consent = cast("Mapping[str, object]", told["consent"])
    return _say(
        reader,
        "sheet.consent",
        partner=told["by"],
        person=consent["granted_by"],
        time=_moment(consent["granted_at"], reader),
    )


def _kind(name: str, reader: Reader) -> str:
    kind = all_kinds().get(name)
    if kind is None:
        return _say(reader, "kind.unknown", code=name)
    return _beside(reader, kind.title, name)


def _area(code: str, reader: Reader) -> str:
    """Return the name of an area of cooperation; an area of the house alone has its code."""
    area = shipped_areas().get(code)
    return code if area is None else f"{code} {area.names[reader.language.value]}"


def _beside(reader: Reader, code: str, name: str) -> str:
    """Return the word of the line, and its rendering where the reader's language has another."""
    if code not in reader.lexicon:
        return name
    label = reader.lexicon.label(code, reader.language)
    return name if reader.language is Language.ENGLISH else f"{name} {label}"


def _moment(text: object, reader: Reader) -> str:
    return "" if text is None else figures.moment(from_text(str(text)), reader.zone)


def _label(reader: Reader, name: str) -> str:
    return reader.lexicon.label(f"sheet.{name}", reader.language)


def _say(reader: Reader, code: str, /, **values: object) -> str:
    return reader.lexicon.sentence(code, reader.language, **values)
