"""Commands for the forms: which kinds of report there are, and what each asks for."""

import sys
from typing import Final

import click
import msgspec

from noroshi.core.errors import InputError
from noroshi.core.kinds.form import Field, FieldType
from noroshi.core.kinds.kind import Kind, all_kinds
from noroshi.core.kinds.reading import Reader
from noroshi.core.kinds.writing import help_of
from noroshi.entrypoints.cli.context import Context, pass_context


@click.command()
@click.argument("kind", required=False)
@click.option("--example", is_flag=True, help="A whole report of that kind, as `send` takes it.")
@click.option("--schema", is_flag=True, help="Its form as JSON Schema (2020-12).")
@pass_context
def kinds(context: Context, kind: str | None, *, example: bool, schema: bool) -> None:
    """List the kinds of report, or the fields of one.

    \b
      noroshi kinds
      noroshi --lang ja kinds missile-event
      noroshi kinds missile-event --example > report.json
      noroshi send report.json --to cyber@nato
    """
    chosen = None if kind is None else find(kind)
    from noroshi.adapters.words import example_of

    if example or schema:
        if chosen is None:
            raise click.UsageError("name a kind: noroshi kinds missile-event --example")
        sys.stdout.buffer.write(example_of(chosen) if example else _schema(chosen))
        sys.stdout.flush()
        return
    shown = list(all_kinds().values()) if chosen is None else [chosen]
    rows = [_kind_json(each, context.reader) for each in shown]
    if chosen is None:
        context.answer(rows, lambda: _present_all(shown, context.reader))
    else:
        context.answer(rows[0], lambda: _present(chosen, context.reader))


COMMANDS: Final = (kinds,)


def find(name: str) -> Kind:
    """Return a kind by its name.

    Raises:
        InputError: there is none of that name.
    """
    found = all_kinds().get(name)
    if found is None:
        msg = f"{name!r} is no kind of report; there are {', '.join(all_kinds())}"
        raise InputError("bad-input", msg)
    return found


def typed_time(text: str) -> str:
    """Return the time that somebody typed of what has been, as RFC 3339 in UTC.

    Raises:
        InputError: it is none.
    """
    from noroshi.adapters.clock import SystemClock
    from noroshi.core.kinds.form import Tense
    from noroshi.core.kinds.times import read_time

    return read_time(text, SystemClock().now(), Tense.PAST)


def _schema(kind: Kind) -> bytes:
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(kind.form))) + b"\n"


def _kind_json(kind: Kind, reader: Reader) -> dict[str, object]:
    return {
        "kind": kind.name,
        "title": reader.lexicon.label(kind.title, reader.language),
        "fields": [_field_json(field, reader) for field in kind.fields],
    }


def _field_json(field: Field, reader: Reader) -> dict[str, object]:
    vocabulary = field.says.vocabulary
    return {
        "name": field.name,
        "label": reader.lexicon.label(field.says.label, reader.language),
        "help": reader.lexicon.help(field.says.label, reader.language),
        "type": field.type.value,
        "many": field.is_many,
        "required": field.is_required,
        "first": field.says.first,
        "values": {
            value: reader.lexicon.label(f"{vocabulary}.{value}", reader.language)
            for value in (reader.lexicon.values(vocabulary) if vocabulary else ())
        },
    }


def _present_all(shown: list[Kind], reader: Reader) -> None:
    from noroshi.entrypoints.cli import present

    rows = [
        (kind.name, reader.lexicon.label(kind.title, reader.language),
         ", ".join(f.name for f in kind.fields if f.says.first))
        for kind in shown
    ]  # fmt: skip
    present.console().print(present.table(("KIND", "TITLE", "ASKED FIRST"), rows))


def _present(kind: Kind, reader: Reader) -> None:
    from noroshi.entrypoints.cli import present

    rows: list[tuple[str, str, str, str]] = []
    for field in kind.fields:
        vocabulary = field.says.vocabulary
        said = [
            f"{value} {reader.lexicon.label(f'{vocabulary}.{value}', reader.language)}"
            for value in (reader.lexicon.values(vocabulary) if vocabulary else ())
        ]
        type_of = "" if field.type is FieldType.CODE else field.type.value
        many = " ..." if field.is_many else ""
        star = "**" if field.is_required else "*" if field.says.first else ""
        label = reader.lexicon.label(field.says.label, reader.language)
        values = "; ".join(said) or f"{type_of}{many}"
        rows.append((f"{field.name}{star}", label, help_of(field, reader), values))
    screen = present.console()
    screen.print(present.table(("FIELD", "LABEL", "HELP", "VALUE"), rows))
    screen.print("** required   * asked first   ... any number")
