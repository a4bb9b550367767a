"""Commands for what is said together, and in other languages: statement, translate."""

import hashlib
import json
import secrets
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

import click

from noroshi.core.errors import InputError
from noroshi.core.sheet.visible import visible
from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.entrypoints.cli.files import write_new
from noroshi.entrypoints.cli.reports import present_sent
from noroshi.flow import requests

_by = click.option("--by", metavar="NAME", help="The person; a claim until there are accounts.")


@click.group()
def statement() -> None:
    """Sign a joint statement, and publish what all have signed.

    It is written and changed like any form: noroshi new joint-statement, noroshi update.
    """


@statement.command()
@click.argument("report", metavar="ID")
@click.option(
    "--digest",
    required=True,
    help="Of the text that you have read (32 digits or more): noroshi show ID.",
)
@click.option("--desk", help="The desk that signs, where several have it.")
@_by
@pass_context
def sign(context: Context, report: str, digest: str, desk: str | None, by: str | None) -> None:
    """Sign a joint statement for this partner: exactly the text of that digest, and no other.

    The signature goes to all who have the statement; cancel it to take it back.

    \b
      noroshi statement sign 3f1c09aa --digest "5d41402a bc4b2a76 b9719d91 1017c592" --by "Cdr Ito"
    """
    asked = requests.SignStatement(
        report=report, digest=digest, desk=desk, by=by, report_id=_new_id()
    )
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(asked))

    def present() -> None:
        present_sent(told)
        for each in cast("list[str]", told["not_told"]):
            click.echo(f"{each} is not told: it is no verified partner of this node")

    context.answer(told, present)


@statement.command()
@click.argument("report", metavar="ID")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE")
@pass_context
def publish(context: Context, report: str, output: Path) -> None:
    """Write a joint statement that all have signed, for anybody to read and verify.

    \b
      noroshi statement publish 3f1c09aa -o statement.json
      noroshi verify statement.json --card jp.card --card nato.card
    """
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(requests.PublishStatement(report=report)))
    raw = str(told["statement"]).encode()
    write_new(output, raw)
    told |= {"file": str(output), "size": len(raw)}
    context.answer(told, lambda: click.echo(f"{output}: {len(raw):,} bytes"))


@click.command()
@click.argument("report", metavar="ID")
@click.option("--into", required=True, metavar="LANGUAGE", help="BCP 47, such as en or fr-BE.")
@click.option("--set", "values", multiple=True, metavar="FIELD=TEXT", help="What a field says.")
@click.option("--machine", metavar="NAME", help="What the machine is called that translated it.")
@click.option("--translator", metavar="NAME", help="The person who translated it.")
@click.option("--from", "from_desk", metavar="DESK", help="The desk that writes.")
@_by
@pass_context
def translate(
    context: Context,
    report: str,
    into: str,
    values: tuple[str, ...],
    machine: str | None,
    translator: str | None,
    from_desk: str | None,
    by: str | None,
) -> None:
    """Add a translation to a report, for all who have it; what was written stays authoritative.

    FIELD is the code of a field in the writer's words; "body" where the report is no form. Without
    --set a terminal asks for each, elsewhere the codes are told. It is shown to those who read in
    that language, with who made it, until the field says something else.

    \b
      noroshi translate 3f1c09aa --into en --set summary="An intruder." --translator "Sgt Kim"
      noroshi translate 3f1c09aa --into fr --set summary="..." --machine "Example MT 4"
    """
    if (machine is None) is (translator is None):
        raise InputError("bad-input", "say who translated it: --translator NAME or --machine NAME")
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(requests.Show(report=report)))
        partners = cast("list[dict[str, object]]", node.ask(requests.Partners()))
        chain = cast("dict[str, object] | None", told["chain"])
        said = (
            {"body": told["body"]} if chain is None else cast("dict[str, object]", chain["fields"])
        )
        first = told["report"] if chain is None else chain["first"]
        kind = "" if chain is None else str(chain["kind"])
        given = values or _asked(context, kind, said)
        texts = [_translated(context, kind, each, said) for each in given]
        body = {
            "noroshi": 1,
            "kind": "translation",
            "subject": f"Translation ({into}): {told['subject'] or str(first)[:8]}"[:200],
            "translates": first,
            "into": into,
            "made_by": "person" if machine is None else "machine",
            "translator": translator or machine,
            "texts": texts,
        }
        verified = {each["partner"] for each in partners if each["state"] == "VERIFIED"}
        asked = requests.SendReport(
            body=json.dumps(body, ensure_ascii=False, indent=1).encode(),
            to=tuple(each for each in _others(told) if each.partition("@")[2] in verified),
            precedence=str(told["precedence"]).lower(),
            marking=str(told["marking"]),
            status=str(told["status"]).lower(),
            references=(str(first),),
            from_desk=from_desk,
            by=by,
            report_id=_new_id(),
        )
        sent = cast("dict[str, object]", node.ask(asked))
    context.answer(sent, lambda: present_sent(sent))


COMMANDS: Final = (statement, translate)


def _translated(
    context: Context, kind: str, given: str, said: Mapping[str, object]
) -> dict[str, str]:
    name, between, text = given.partition("=")
    original = said.get(name.strip())
    if not between or not text.strip() or not isinstance(original, str):
        msg = f"{given!r} translates no field; there are {_named(context, kind, said)}"
        raise InputError("bad-form", msg)
    of = hashlib.sha256(original.encode()).hexdigest()
    return {"field": name.strip(), "of": of, "text": text}


def _asked(context: Context, kind: str, said: Mapping[str, object]) -> tuple[str, ...]:
    """Ask for the translation of each text, below the writer's own words.

    Raises:
        InputError: nobody is there to ask, or nothing was said.
    """
    found: list[str] = []
    labels = _words(context, kind, said)
    if sys.stdin.isatty() and not context.as_json:
        for name, label in labels.items():
            click.echo(
                "".join(f"| {visible(line)}\n" for line in str(said[name]).split("\n")), nl=False
            )
            text = click.prompt(f"{label} ({name})", default="", show_default=False).strip()
            found += [f"{name}={text}"] if text else []
    if not found:
        msg = f"say what a field says: --set FIELD=TEXT; there are {_named(context, kind, said)}"
        raise InputError("bad-form", msg)
    return tuple(found)


def _words(context: Context, kind: str, said: Mapping[str, object]) -> dict[str, str]:
    """Return the fields in the writer's words, each with what its readers call it."""
    from noroshi.core.kinds.form import FieldType
    from noroshi.core.kinds.kind import all_kinds

    known = {field.name: field for field in all_kinds()[kind].fields} if kind in all_kinds() else {}
    words = (FieldType.LINE, FieldType.TEXT)
    return {
        name: context.reader.lexicon.label(known[name].says.label, context.language)
        if name in known
        else name
        for name, value in said.items()
        if isinstance(value, str) and (name not in known or known[name].type in words)
    }


def _named(context: Context, kind: str, said: Mapping[str, object]) -> str:
    """Return the codes of the fields that can be translated, each with its label."""
    return ", ".join(
        name if name == label else f"{name} ({label})"
        for name, label in _words(context, kind, said).items()
    )


def _others(told: Mapping[str, object]) -> list[str]:
    """Return the desks that have a report, without those of this node if it wrote it."""
    desks = [*cast("list[str]", told["to"]), *cast("list[str]", told["info"])]
    return list(dict.fromkeys([str(told["from"]), *desks]))


def _new_id() -> bytes:
    return uuid.UUID(bytes=secrets.token_bytes(16), version=4).bytes
