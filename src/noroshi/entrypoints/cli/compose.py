"""Commands that fill in a form: new, update, answer, offer, commit.

On a terminal they ask, in the writer's language and only what is needed first; elsewhere they
take what `--set` and `--file` say and ask nothing.
"""

import json
import secrets
import sys
import tomllib
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click

from noroshi.core.errors import InputError
from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.entrypoints.cli.files import read_body
from noroshi.entrypoints.cli.reports import present_check, present_sent
from noroshi.flow import requests

if TYPE_CHECKING:
    from noroshi.core.kinds.form import Field
    from noroshi.core.kinds.kind import Kind

_HEAD: Final = ("precedence", "marking", "status")
_ASKS_BACK: Final = frozenset({"?", "？"})  # noqa: RUF001 - as a Japanese keyboard types it

_to = click.option("--to", multiple=True, metavar="DESK@PARTNER", help="A desk that must act.")
_info = click.option("--info", multiple=True, metavar="DESK@PARTNER", help="To be informed.")
_common = (
    click.option("--set", "values", multiple=True, metavar="FIELD=VALUE", help="Fill in a field."),
    click.option(
        "--file",
        type=click.Path(path_type=Path, allow_dash=True),
        metavar="FILE",
        help="Fields as TOML or JSON.",
    ),
    click.option("--subject", help="One line [default: out of the first field]."),
    click.option("--precedence", metavar="P", help="flash, immediate, priority ..."),
    click.option(
        "--marking",
        metavar="MARK",
        help="Such as TLP:AMBER [default: that of what is answered, or the node's].",
    ),
    click.option("--status", metavar="S", help="actual, exercise or test [default: actual]."),
    click.option("--from", "from_desk", metavar="DESK", help="The desk that writes."),
    click.option("--by", metavar="NAME", help="The person; a claim until there are accounts."),
    click.option("--check", is_flag=True, help="Only say whether it may go, and if not why."),
)


def _with_common(command: click.Command) -> click.Command:
    for option in _common:
        option(command)
    return command


@_with_common
@click.command()
@click.argument("kind")
@_to
@_info
@click.option("--reference", multiple=True, metavar="ID", help="A report here that it refers to.")
@pass_context
def new(context: Context, /, kind: str, **options: object) -> None:
    """Fill in the form of KIND and send it.

    On a terminal it asks for what is needed first. Times may be written as 06:12 or now, places as
    39.5 125.2, codes by their first letters, several values with ; between them; ? tells what
    belongs in a field.

    \b
      noroshi new missile-event --to ops@nato --precedence flash
      noroshi new missile-event --to ops@nato --set detected_at=now --set type=srbm
      noroshi new cyber-incident --to cyber@nato --file incident.toml
    """
    _compose(context, _kind(kind), {}, options)


@_with_common
@click.command()
@click.argument("report", metavar="ID")
@_to
@_info
@click.option("--clear", multiple=True, metavar="FIELD", help="Take a field back.")
@pass_context
def update(context: Context, /, report: str, clear: tuple[str, ...], **options: object) -> None:
    """Say what has changed in an earlier form of ours: only that, field by field.

    ID is any report of its chain. The update goes to whoever was addressed by the first one, as
    urgent and marked like it unless you say otherwise; what was said before stays in the history.
    A field with several values is said anew, whole.

    \b
      noroshi update 3f1c09aa --set stage=notification --set criticality=80
      noroshi update 3f1c09aa --clear last_seen
      noroshi update 3f1c09aa --file changes.toml
    """
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(requests.Show(report=report)))
    chain = cast("dict[str, object] | None", told["chain"])
    if chain is None:
        raise InputError("bad-form", f"the report {report} is no form; send a report anew")
    kind = _kind(str(chain["kind"]))
    fields = _filled(context, kind, options)
    if not fields and not clear and _is_person(context, options):
        fields = _ask_which(context, kind, cast("dict[str, object]", chain["fields"]))
    said = {**({"subject": options["subject"]} if options["subject"] else {}), **fields}
    body = {"updates": chain["first"], **said, **({"cleared": list(clear)} if clear else {})}
    desk, _, _ = str(told["from"]).partition("@")
    _send(context, kind, body, {**options, "from_desk": options["from_desk"] or desk})


@_with_common
@click.command()
@click.argument("report", metavar="ID")
@pass_context
def answer(context: Context, /, report: str, **options: object) -> None:
    """Answer a request for information: the answer goes to the desk that asked.

    \b
      noroshi answer 3f1c09aa
      noroshi answer 3f1c09aa --set text="Once, on 14 November." --set confidence=high
    """
    _compose(context, _kind("answer"), {}, _back_to(context, report, options))


@_with_common
@click.command()
@click.argument("report", metavar="ID")
@pass_context
def offer(context: Context, /, report: str, **options: object) -> None:
    """Offer relief for a request: it goes to the desk that asked.

    \b
      noroshi offer 3f1c09aa --set needs="Search and rescue team: 2 teams"
    """
    _relieve(context, "offered", report, options)


@_with_common
@click.command()
@click.argument("report", metavar="ID")
@pass_context
def commit(context: Context, /, report: str, **options: object) -> None:
    """Commit relief that was offered: it goes to the desk that asked.

    \b
      noroshi commit 3f1c09aa --set needs="Search and rescue team: 2 teams"
    """
    _relieve(context, "committed", report, options)


COMMANDS: Final = (new, update, answer, offer, commit)


def _kind(name: str) -> "Kind":
    from noroshi.entrypoints.cli.kinds import find

    return find(name)


def _relieve(context: Context, state: str, report: str, options: Mapping[str, object]) -> None:
    asked = _back_to(context, report, options)
    _compose(context, _kind("disaster-relief"), {"state": state}, asked)


def _back_to(context: Context, report: str, options: Mapping[str, object]) -> dict[str, object]:
    """Return the options of what goes back to the desk that wrote `report`, as urgent as that."""
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(requests.Show(report=report)))
    if told["direction"] != "RECEIVED":
        raise InputError("bad-input", f"the report {report} is our own; name one that came in")
    given = {
        "to": (told["from"],),
        "reference": (told["report"],),
        "precedence": str(told["precedence"]).lower(),
        "marking": told["marking"],
        "status": str(told["status"]).lower(),
    }
    return {**options, **{name: options.get(name) or value for name, value in given.items()}}


def _compose(
    context: Context, kind: "Kind", begun: Mapping[str, object], options: Mapping[str, object]
) -> None:
    fields = {**begun, **_filled(context, kind, options)}
    is_person = _is_person(context, options)
    if is_person:
        fields = _ask_for(context, kind, fields)
    # Without one of its own it says no more than the kind: lists are seen by more than the readers.
    title = context.reader.lexicon.label(kind.title, context.reader.language)
    body = {**fields, "subject": options["subject"] or fields.get("subject") or title}
    if is_person and not options["check"]:
        _confirm(context, kind, body, fields)
    _send(context, kind, body, options)


def _is_person(context: Context, options: Mapping[str, object]) -> bool:
    return sys.stdin.isatty() and not context.as_json and options["file"] != Path("-")


def _send(
    context: Context, kind: "Kind", said: Mapping[str, object], options: Mapping[str, object]
) -> None:
    head = {name: options[name] for name in _HEAD if options[name]}
    if head.get("marking", said.get("marking")) != said.get("marking", head.get("marking")):
        msg = f"the file is marked {said['marking']}, and {head['marking']} is asked for; name one"
        raise InputError("bad-marking", msg)
    body = {"noroshi": 1, "kind": kind.name, **said, **head}
    asked = requests.SendReport(
        body=json.dumps(body, ensure_ascii=False, indent=1).encode(),
        to=cast("tuple[str, ...]", options.get("to", ())),
        info=cast("tuple[str, ...]", options.get("info", ())),
        references=cast("tuple[str, ...]", options.get("reference", ())),
        from_desk=cast("str | None", options["from_desk"]),
        by=cast("str | None", options["by"]),
        check=bool(options["check"]),
        report_id=uuid.UUID(bytes=secrets.token_bytes(16), version=4).bytes,
    )
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(asked))
    context.answer(told, lambda: present_check(told) if asked.check else present_sent(told))


def _filled(context: Context, kind: "Kind", options: Mapping[str, object]) -> dict[str, object]:
    """Return what a file and --set say.

    Raises:
        InputError: a field is not one of the form, or cannot be read.
    """
    found = _from_file(cast("Path | None", options["file"]))
    fields = {field.name: field for field in kind.fields}
    for each in cast("tuple[str, ...]", options["values"]):
        name, between, text = each.partition("=")
        field = fields.get(name.strip())
        if field is None or not between:
            msg = f"{each!r} fills in no field of {kind.name}; there are {', '.join(fields)}"
            raise InputError("bad-form", msg)
        value = _read(context, field, text)
        if field.is_many:
            value = [*cast("list[object]", found.get(field.name, [])), *cast("list[object]", value)]
        found[field.name] = value
    return found


def _from_file(path: Path | None) -> dict[str, object]:
    if path is None:
        return {}
    text = read_body(path).decode(errors="replace")
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except ValueError as error:
        raise InputError("bad-form", f"{path} is neither TOML nor JSON: {error}") from None
    return {name: value for name, value in found.items() if name not in {"noroshi", "kind"}}


def _read(context: Context, field: "Field", text: str) -> object:
    from noroshi.core.kinds.writing import read_value

    return read_value(field, text, context.reader, _now())


def _now() -> int:
    from noroshi.adapters.clock import SystemClock

    return SystemClock().now()


def _ask_for(context: Context, kind: "Kind", filled: dict[str, object]) -> dict[str, object]:
    """Ask for what is needed first and not filled in yet; an empty line leaves it for later."""
    reader, fields = context.reader, dict(filled)
    click.echo(reader.lexicon.label(kind.title, reader.language))
    click.echo(reader.lexicon.label("sheet.asking", reader.language))
    for field in kind.fields:
        while field.says.first and field.name not in fields:
            if not _ask_one(context, field, fields) and not field.is_required:
                break
    return fields


def _ask_one(context: Context, field: "Field", fields: dict[str, object]) -> bool:
    """Ask for a field once; say whether something was typed, which may be no value.

    A question mark shows what belongs there, and the same question follows.
    """
    reader, vocabulary = context.reader, field.says.vocabulary
    values = reader.lexicon.values(vocabulary) if vocabulary else ()
    for value in values:
        shown = reader.lexicon.label(f"{vocabulary}.{value}", reader.language)
        click.echo(f"    {value}  {shown}")
    _complete(values)
    label = reader.lexicon.label(field.says.label, reader.language)
    while (text := click.prompt(label, default="", show_default=False).strip()) in _ASKS_BACK:
        click.echo(f"    {reader.lexicon.help(field.says.label, reader.language)}")
    if text:
        try:
            fields[field.name] = _read(context, field, text)
        except InputError as error:
            click.echo(f"  {error.message}")
    return bool(text)


def _ask_which(context: Context, kind: "Kind", present: Mapping[str, object]) -> dict[str, object]:
    """Show a form as it holds, and ask which of its fields change, one after the other."""
    reader, changed = context.reader, dict[str, object]()
    click.echo(_as_read(context, kind, present))
    fields = {field.name: field for field in kind.fields}
    for name, field in fields.items():
        click.echo(f"    {name}  {reader.lexicon.label(field.says.label, reader.language)}")
    click.echo(reader.lexicon.label("sheet.asking", reader.language))
    which = reader.lexicon.label("sheet.which", reader.language)
    while True:
        _complete(fields)
        asked = fields.get(name := click.prompt(which, default="", show_default=False).strip())
        if not name:
            return changed
        if asked is not None:
            _ask_one(context, asked, changed)


def _complete(values: Iterable[str]) -> None:
    """Let the tab key complete the values of a vocabulary, where the terminal can."""
    try:
        import readline
    except ImportError:
        return
    known = tuple(values)
    readline.set_completer(
        lambda typed, n: next(
            (v for i, v in enumerate(v for v in known if v.startswith(typed)) if i == n), None
        )
    )
    readline.parse_and_bind("tab: complete")


def _confirm(
    context: Context, kind: "Kind", body: Mapping[str, object], fields: Mapping[str, object]
) -> None:
    """Show the whole as it will be read, and ask whether it shall go.

    Raises:
        InputError: it shall not.
    """
    reader = context.reader
    click.echo(f"\n{body['subject']}")
    click.echo(_as_read(context, kind, json.loads(json.dumps(fields))))
    if not click.confirm(reader.lexicon.label("ui.send", reader.language), default=True):
        raise InputError("not-sent", "nothing was sent")


def _as_read(context: Context, kind: "Kind", fields: Mapping[str, object]) -> str:
    """Return a form as its readers read it."""
    from noroshi.core.kinds.reading import read_form
    from noroshi.core.sheet.chain import form_blocks, language_of
    from noroshi.core.sheet.plain import plain

    reader = context.reader
    blocks = form_blocks(read_form(kind, fields, reader), language_of(fields), reader)
    return plain(blocks, reader.language)
