"""A report as blocks: its head and its form in the reader's language, its words as written."""

from collections.abc import Mapping, Sequence
from typing import cast

from noroshi.core.areas import Area
from noroshi.core.errors import InputError
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.kinds.reading import Reader, read_form
from noroshi.core.lexicon import figures
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.recognition import NOROSHI, recognise
from noroshi.core.sheet.blocks import Banner, Block, Cut, Gap, Head, Line, Span, Tone, Words
from noroshi.core.sheet.chain import (
    Json,
    chain_blocks,
    changed,
    form_blocks,
    is_whole,
    label,
    language_of,
    line,
    mappings,
    moment,
    say,
    statement_blocks,
    strings,
    thread_blocks,
    time_blocks,
    translations,
)


def report_sheet(told: Json, reader: Reader, areas: Mapping[str, Area]) -> list[Block]:
    """Return a whole report between its markings, as a node tells of it (CONTRACT, `show`).

    `areas` are the areas of cooperation whose names are known.
    """
    banner = _banner(told, reader)
    blocks: list[Block] = [banner]
    for here in mappings(told["equivalents"]):
        about = say(reader, "here_about", marking=here["marking"])
        sure = "" if here["confidence"] == "confirmed" else f" ({label(reader, 'indicative')})"
        blocks.append(line(about + sure, Tone.QUIET))
    change = changed(told, reader)
    blocks += [Line(change)] if change else []
    blocks += [_head(told, reader, areas), Gap()]
    chain = cast("Json | None", told["chain"])
    translated = translations(told, reader)
    blocks += [] if chain is None else chain_blocks(chain, reader, translated)
    if chain is None or not is_whole(chain):
        if chain is not None and mappings(chain["updates"]):
            blocks.append(line(label(reader, "this_report"), Tone.QUIET))
        blocks += _body(told, reader, translated)
    for portion in mappings(told.get("portions") or []):
        blocks += _portion("", portion)
    tearline = cast("Json | None", told.get("tearline"))
    if tearline is not None:
        blocks += [Cut(label(reader, "below")), *_portion("TEARLINE ", tearline)]
    if chain is not None:
        blocks += time_blocks(told, cast("Json", chain["fields"]), reader)
    blocks += [*statement_blocks(told, reader), *thread_blocks(told, reader)]
    return [*blocks, Gap(), banner]


def _banner(told: Json, reader: Reader) -> Banner:
    """Return the marking, which is the same in every language, and what is not actual traffic."""
    status = str(told["status"])
    chain = cast("Json | None", told["chain"])
    marking = str(told["marking"] if chain is None else chain["marking"] or told["marking"])
    if status == "ACTUAL":
        return Banner(marking)
    return Banner(marking, _beside(reader, f"status.{status.lower()}", status))


def _head(told: Json, reader: Reader, areas: Mapping[str, Area]) -> Head:
    precedence = str(told["precedence"])
    urgent = _beside(reader, f"prec.{precedence.lower()}", precedence)
    rows = [
        ("prec.label", urgent),
        ("sheet.from", told["from"]),
        ("sheet.by_way", _way(told.get("passed_on"), reader)),
        ("sheet.to", ", ".join(strings(told["to"]))),
        ("sheet.info", ", ".join(strings(told["info"]))),
        ("addr.subject", told["subject"]),
        ("core.kind", _kind(str(told["kind"]), reader)),
        ("f.area_coop", ", ".join(_area(code, areas, reader) for code in strings(told["areas"]))),
        ("role.drafter", told["drafter"]),
        ("sheet.written", moment(told["created_at"], reader)),
        ("sheet.expires", moment(told["expires_at"], reader)),
        ("addr.reference", ", ".join(strings(told["references"]))),
        ("core.report", told["report"]),
    ]
    for attached in mappings(told["attachments"]):
        size = figures.number(cast("int", attached["size"]), reader.language)
        rows.append(("f.attachment", f"{attached['name']} ({say(reader, 'bytes', n=size)})"))
    return Head(
        tuple(
            (
                reader.lexicon.label(code, reader.language),
                Span(str(value), state=precedence if code == "prec.label" else ""),
            )
            for code, value in rows
            if value
        )
    )


def _body(told: Json, reader: Reader, translated: Mapping[str, Sequence[Words]]) -> list[Block]:
    """Return a form field by field, and any other body as it was written."""
    body = str(told["body"])
    gone = cast("Json | None", told["destroyed"])
    if gone is not None:
        return [Words(f"{label(reader, 'destroyed')}: {gone['message']}", reader.language.value)]
    if told["media_type"] != NOROSHI or str(told["kind"]).startswith("consent-"):
        return [Words(body), *translated.get("body", ())]
    try:
        found = recognise(body.encode())
    except InputError:  # a newer release may write what this one cannot read
        return [Words(body)]
    chain = cast("Json | None", told["chain"])
    kind = all_kinds().get(str(told["kind"] if chain is None else chain["kind"]))
    rows = read_form(kind, found.fields, reader)
    cleared = read_form(kind, dict.fromkeys(found.cleared), reader)
    blocks: list[Block] = []
    if not rows and (told.get("portions") or told.get("tearline")):
        blocks.append(line(label(reader, "in_portions"), Tone.QUIET))
    elif not rows and not cleared:
        blocks.append(Words(body))
    language = language_of(found.fields)
    return blocks + form_blocks(rows, language, reader, cleared=cleared, translated=translated)


def _portion(name: str, portion: Json) -> list[Block]:
    return [line(f"{name}({portion['marking']})", Tone.STRONG), Words(str(portion["text"]))]


def _way(passed: object, reader: Reader) -> str:
    """Return by whom a report was passed on, and with whose consent; "" where it was not."""
    if not passed:
        return ""
    told = cast("Json", passed)
    consent = cast("Json", told["consent"])
    given = moment(consent["granted_at"], reader)
    return say(reader, "consent", partner=told["by"], person=consent["granted_by"], time=given)


def _kind(name: str, reader: Reader) -> str:
    kind = all_kinds().get(name)
    if kind is None:
        return reader.lexicon.sentence("kind.unknown", reader.language, code=name)
    return _beside(reader, kind.title, name)


def _area(code: str, areas: Mapping[str, Area], reader: Reader) -> str:
    """Return the name of an area of cooperation; an area of the house alone has its code."""
    area = areas.get(code)
    return code if area is None else f"{code} {area.names[reader.language.value]}"


def _beside(reader: Reader, code: str, name: str) -> str:
    """Return the word of the line, and its rendering where the reader's language has another."""
    shown = reader.lexicon.label(code, reader.language)
    return name if reader.language is Language.ENGLISH else f"{name} {shown}"
