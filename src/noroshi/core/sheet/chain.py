"""A chain as blocks: what holds, who said it when, what answers it, and what is owed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

from noroshi.core.instant import from_text
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.kinds.reading import Reader, Row, read_form
from noroshi.core.kinds.times import contradictions
from noroshi.core.lexicon import figures
from noroshi.core.sheet.blocks import Block, Gap, Label, Line, Span, Tone, Values, Words

Json = Mapping[str, object]
"""What a node tells of a report (CONTRACT)."""
_SIGNATURE: Final = "joint-signature"
"""The kind of report that looks good by its name alone."""


def mappings(value: object) -> list[Json]:
    """Return a list of objects out of JSON."""
    return cast("list[Json]", value)


def strings(value: object) -> list[str]:
    """Return a list of strings out of JSON."""
    return cast("list[str]", value)


def short_id(report: object) -> str:
    """Return the first digits of a report's id: enough to name it here."""
    return str(report)[:8]


def moment(text: object, reader: Reader) -> str:
    """Return a time out of JSON as it is read, "" for none."""
    return "" if text is None else figures.moment(from_text(str(text)), reader.zone)


def label(reader: Reader, name: str) -> str:
    """Return a word of the sheet itself."""
    return reader.lexicon.label(f"sheet.{name}", reader.language)


def say(reader: Reader, name: str, /, **values: object) -> str:
    """Return a sentence of the sheet itself."""
    return reader.lexicon.sentence(f"sheet.{name}", reader.language, **values)


def line(text: str, tone: Tone = Tone.PLAIN) -> Line:
    """Return a line of one stretch."""
    return Line((Span(text, tone),))


def changed(told: Json, reader: Reader) -> tuple[Span, ...]:
    """Return the words that say by which reports a report was cancelled or superseded."""
    return tuple(
        span
        for state, field in (("CANCELLED", "cancelled_by"), ("SUPERSEDED", "superseded_by"))
        if told.get(field)
        for span in (
            Span(state, state=state),
            Span(f" {say(reader, 'by', report=short_id(told[field]))}  "),
        )
    )


def form_blocks(
    rows: Iterable[Row],
    language: str,
    reader: Reader,
    *,
    marked: Iterable[str] = (),
    cleared: Iterable[Row] = (),
    translated: Mapping[str, Sequence[Words]] = {},
) -> list[Block]:
    """Return a form field by field; `marked` are labels of what has changed.

    `translated` follows the words of its field.
    """
    blocks: list[Block] = []
    for row in rows:
        name = Label(row.label, row.label in marked, row.is_known)
        if row.spoken:
            blocks += [
                Words(text, each.language, Label(f"{row.label}: {each.about}", name.is_changed))
                for text, each in zip(row.values, row.spoken, strict=True)
            ]
        elif row.is_verbatim:
            first, *others = row.values or ("",)
            blocks.append(Words(first, language, name))
            blocks += [Words(each, language) for each in others]
            blocks += translated.get(row.field, ())
        else:
            blocks.append(Values(name, row.values))
    back = (label(reader, "cleared"),)
    blocks += [Values(Label(row.label, row.label in marked, row.is_known), back) for row in cleared]
    return blocks


def chain_blocks(
    chain: Json, reader: Reader, translated: Mapping[str, Sequence[Words]]
) -> list[Block]:
    """Return what holds of a form that was updated, nothing of one that was not."""
    updates, at = mappings(chain["updates"]), chain.get("at")
    fields = cast("dict[str, object]", chain["fields"])
    blocks: list[Block] = []
    if chain["stray"]:
        blocks.append(line(label(reader, "stray"), Tone.ALERT))
    if chain["too_large"]:
        blocks.append(line(label(reader, "too_large"), Tone.ALERT))
    if not updates and not is_whole(chain):
        return blocks
    if at is not None:
        blocks.append(line(say(reader, "known_at", time=moment(at, reader)), Tone.STRONG))
    if updates:
        newest = max(str(each["created_at"]) for each in updates)
        said = say(reader, "updates", n=len(updates), time=moment(newest, reader))
        blocks.append(Line((*changed(chain, reader), Span(said))))
    if "history" in chain:
        blocks += _history(chain, reader)
    elif fields:
        labels = {row.label for row in _named(chain, strings(chain["changed"]), reader)}
        rows = read_form(all_kinds().get(str(chain["kind"])), fields, reader)
        blocks += form_blocks(
            rows, language_of(fields), reader, marked=labels, translated=translated
        )
        blocks += [line(label(reader, "changed"), Tone.QUIET)] if labels else []
    else:
        blocks.append(line(label(reader, "nothing"), Tone.QUIET))
    proofs = strings(chain.get("proofs", []))
    if proofs:
        blocks.append(line(label(reader, "proofs"), Tone.QUIET))
        blocks += [Line((Span(each, Tone.QUIET),), is_inset=True) for each in proofs]
    return [*blocks, Gap()]


def translations(told: Json, reader: Reader) -> dict[str, list[Words]]:
    """Return what was translated into the reader's language, by field, each with its author."""
    found: dict[str, list[Words]] = {}
    for each in mappings(told["translations"]):
        into = str(each["into"])
        if into.partition("-")[0].casefold() != reader.language.value:
            continue
        code = f"translator.{each['made_by']}"
        known = code in reader.lexicon
        maker = reader.lexicon.label(code, reader.language) if known else str(each["made_by"])
        who = f"{maker}, {each['translator']}" if each["translator"] else maker
        about = say(
            reader, "translation", maker=who, desk=each["from"], time=moment(each["at"], reader)
        )
        for text in mappings(each["texts"]):
            if text["holds"]:
                words = Words(str(text["text"]), into, Label(about))
                found.setdefault(str(text["field"]), []).append(words)
    return found


def statement_blocks(told: Json, reader: Reader) -> list[Block]:
    """Return who has signed a joint statement, and exactly what; nothing of other reports.

    Of a signature itself, that it does not count, if so.
    """
    signature = cast("Json | None", told.get("signature"))
    if signature is not None and not signature["counts"]:
        return [line(label(reader, "not_counted"), Tone.ALERT)]
    statement = cast("Json | None", told["statement"])
    if statement is None:
        return []
    missing = ", ".join(strings(statement["missing"]))
    state = say(reader, "unsigned", partners=missing) if missing else label(reader, "signed")
    blocks: list[Block] = [line(state, Tone.ALERT if missing else Tone.STRONG)]
    digest = str(statement["digest"])
    blocks.append(Line((Span(say(reader, "text_digest", digest=digest), Tone.QUIET),)))
    for each in mappings(statement["signatures"]):
        sentence = "signature" if each["holds"] else "old_signature"
        about = say(
            reader,
            sentence,
            partner=each["signatory"],
            person=each["by"],
            time=moment(each["at"], reader),
        )
        blocks.append(Line((Span(about),), is_inset=True))
    return blocks


def is_whole(chain: Json) -> bool:
    """Say whether the chain is all that was asked for."""
    return chain.get("at") is not None or "history" in chain


def language_of(fields: Json) -> str:
    """Return the language of the writer's words, "" where nobody said."""
    return str(fields.get("language") or "")


def time_blocks(told: Json, fields: Json, reader: Reader) -> list[Block]:
    """Return a word of warning about times that contradict one another; they stay as written."""
    chain = cast("Json | None", told["chain"])
    kind = all_kinds().get(str(told["kind"] if chain is None else chain["kind"]))
    if kind is None:
        return []
    is_first = chain is None or not chain["updates"]
    written_at = (
        from_text(str(told["created_at"])) if is_first and told["status"] == "ACTUAL" else None
    )
    names = {field.name: field.says.label for field in kind.fields}
    return [
        line(
            reader.lexicon.sentence(
                each.code,
                reader.language,
                field=reader.lexicon.label(names[each.field], reader.language),
                other=reader.lexicon.label(names[each.other], reader.language)
                if each.other
                else "",
            ),
            Tone.ALERT,
        )
        for each in contradictions(kind, fields, written_at)
    ]


def thread_blocks(told: Json, reader: Reader) -> list[Block]:
    """Return what is left open, what takes a report up, and what is owed next."""
    blocks: list[Block] = []
    for each in mappings(told["left_open"]):
        amounts = {
            name: _amount(each[name], each["unit"], reader)
            for name in ("needed", "offered", "committed", "open")
        }
        blocks.append(line(say(reader, "open", capability=each["capability"], **amounts)))
    referrers = mappings(told["referred_by"])
    blocks += [line(label(reader, "referred"), Tone.STRONG)] if referrers else []
    for each in referrers:
        words = (short_id(each["report"]), each["kind"], each["from"], each["subject"] or "")
        spans: tuple[Span, ...] = (Span("  ".join(map(str, words)).rstrip()),)
        if not _is_counted(each, told):
            spans = (Span(f"{label(reader, 'not_counted')}  ", Tone.ALERT), *spans)
        blocks.append(Line(spans, is_inset=True))
    chain = cast("Json | None", told["chain"])
    for each in mappings(chain["due"]) if chain is not None else ():
        kind = all_kinds()[str(chain["kind"])] if chain is not None else None
        (row,) = read_form(kind, {str(each["field"]): each["wanted"]}, reader)
        said = f"{'; '.join(row.values)}  {moment(each['at'], reader)}"
        blocks.append(Values(Label(label(reader, "due")), (said,)))
    return blocks


def _is_counted(referrer: Json, told: Json) -> bool:
    """Say whether nothing is wrong with what refers to a report: a signature has to verify."""
    if referrer["kind"] != _SIGNATURE:
        return True
    statement = cast("Json | None", told["statement"])
    return statement is not None and referrer["report"] not in strings(statement["not_counted"])


def _history(chain: Json, reader: Reader) -> list[Block]:
    kind = all_kinds().get(str(chain["kind"]))
    history = cast("Mapping[str, object]", chain["history"])
    language = language_of(cast("Json", chain["fields"]))
    order = [field.name for field in kind.fields] if kind is not None else []
    blocks: list[Block] = []
    for name in sorted(history, key=lambda n: order.index(n) if n in order else len(order)):
        for number, said in enumerate(mappings(history[name])):
            (row,) = read_form(kind, {name: said["value"]}, reader)
            if number == 0:
                blocks.append(Label(row.label, is_known=row.is_known))
            words = row.values if row.is_verbatim else ("; ".join(row.values),)
            spoken = language if row.is_verbatim else reader.language.value
            if said["cleared"]:
                words, spoken = (label(reader, "cleared"),), reader.language.value
            blocks += [Words(each, spoken) for each in words]
            about = say(
                reader,
                "said",
                time=moment(said["created_at"], reader),
                person=said["by"] or "-",
                report=short_id(said["report"]),
                stored=moment(said["stored_at"], reader),
            )
            spans = (*changed(said, reader), Span(about, Tone.QUIET))
            blocks.append(Line(spans, is_inset=True))
    return blocks


def _named(chain: Json, names: Iterable[str], reader: Reader) -> list[Row]:
    kind, fields = all_kinds().get(str(chain["kind"])), cast("Json", chain["fields"])
    return read_form(kind, {name: fields[name] for name in names if name in fields}, reader)


def _amount(number: object, unit: object, reader: Reader) -> str:
    if number is None:
        return "-"
    return f"{figures.number(cast('float', number), reader.language)} {unit}".rstrip()
