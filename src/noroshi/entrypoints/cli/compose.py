"""Commands that fill in a form: new, update, answer, offer, commit.

On a terminal they ask, in the writer's language and only what is needed first; elsewhere they
take what `--set` and `--file` say and ask nothing.
"""

import json
import secrets
import sys
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click
import msgspec

from noroshi.core.errors import InputError
from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.entrypoints.cli.dialogue import ask_for, ask_which, confirm, keeping
from noroshi.entrypoints.cli.filled import filled
from noroshi.entrypoints.cli.reports import present_check, present_sent
from noroshi.flow import requests

if TYPE_CHECKING:
    from noroshi.core.kinds.kind import Kind

_HEAD: Final = ("precedence", "marking", "status")

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

    On a terminal it asks for what is needed first. Times may be written as 06:12 (UTC) or now,
    places as 39.5 125.2, codes by their first letters, several values with ; between them; ? tells
    what belongs in a field. What does not go is kept in a file, from which --file goes on.

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
    fields = filled(context, kind, options)
    desk, _, _ = str(told["from"]).partition("@")
    options |= {"from_desk": options["from_desk"] or desk}
    body: dict[str, object] = {"updates": chain["first"]}
    body |= {"subject": options["subject"]} if options["subject"] else {}
    body |= {"cleared": list(clear)} if clear else {}
    if fields or clear or not _is_person(context, options):
        _send(context, kind, {**body, **fields}, options)
        return
    like_first = _like(told, options)
    actual = _is_actual(fields, like_first)
    _would_go(context, kind, {}, like_first)
    with keeping(context, kind, fields):
        present = cast("dict[str, object]", chain["fields"])
        ask_which(context, kind, present, fields, is_actual=actual)
        if not options["check"]:

            def check() -> dict[str, object]:
                return _would_go(context, kind, {**body, **fields}, like_first)

            confirm(context, kind, fields, check, is_actual=actual)
        _send(context, kind, {**body, **fields}, options)


@_with_common
@click.command()
@click.argument("report", metavar="ID")
@pass_context
def answer(context: Context, /, report: str, **options: object) -> None:
    """Answer a request for information: the answer goes to the desk that asked.

    It is as urgent as the request, of its status, and marked like it: --marking may name a stricter
    one, never a milder.

    \b
      noroshi answer 3f1c09aa
      noroshi answer 3f1c09aa --set text="Once, on 14 November." --set confidence=high
    """
    _compose(context, _kind("answer"), {}, _back_to(context, report, options, "answer"))


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
    asked = _back_to(context, report, options, "disaster-relief")
    _compose(context, _kind("disaster-relief"), {"state": state}, asked)


_ASKS: Final = {
    "answer": (("request-for-information",), "no request for information"),
    "disaster-relief": (("disaster-relief",), "no request for relief"),
}
"""By the kind of what goes back: to what it may, and what else is."""


def _back_to(
    context: Context, report: str, options: Mapping[str, object], kind: str
) -> dict[str, object]:
    """Return the options of what goes back to the desk that wrote `report`, as urgent as that.

    Raises:
        InputError: it is our own, or asks for nothing of the kind.
    """
    from noroshi.core.kinds.kind import all_kinds

    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(requests.Show(report=report)))
    if told["direction"] != "RECEIVED":
        raise InputError("bad-input", f"the report {report} is our own; name one that came in")
    chain = cast("dict[str, object] | None", told["chain"])
    asks = str(told["kind"] if chain is None else chain["kind"])
    kinds, not_asked = _ASKS[kind]
    # A kind of a newer release may be a request: nobody here can know.
    if asks in all_kinds() and asks not in kinds:
        msg = (
            f"the report {report} is {not_asked} but a {asks}; write back with: "
            f"noroshi reply {report} FILE"
        )
        raise InputError("bad-input", msg)
    back: dict[str, object] = {"to": (told["from"],), "reference": (told["report"],)}
    back |= {name: options.get(name) or value for name, value in back.items()}
    return {**_like(told, {**options, **back}), "answers": told["report"]}


def _like(told: Mapping[str, object], options: Mapping[str, object]) -> dict[str, object]:
    """Return options that leave nothing open: what they do not say, an earlier report does."""
    given = {
        "to": told["to"],
        "info": () if options.get("to") else told["info"],
        "precedence": str(told["precedence"]).lower(),
        "marking": told["marking"],
        "status": str(told["status"]).lower(),
    }
    return {**options, **{name: options.get(name) or value for name, value in given.items()}}


def _compose(
    context: Context, kind: "Kind", begun: Mapping[str, object], options: Mapping[str, object]
) -> None:
    fields = {**begun, **filled(context, kind, options)}

    def body() -> dict[str, object]:
        # Without one of its own it says no more than the kind: lists are seen by more than readers.
        title = context.reader.lexicon.label(kind.title, context.reader.language)
        return {**fields, "subject": options["subject"] or fields.get("subject") or title}

    if not _is_person(context, options):
        _send(context, kind, body(), options)
        return
    actual = _is_actual(fields, options)
    names = {field.name for field in kind.fields}
    head = {name: value for name, value in body().items() if name not in names}
    _would_go(context, kind, head, options)
    with keeping(context, kind, fields):
        ask_for(context, kind, fields, is_actual=actual)
        if not options["check"]:
            confirm(
                context, kind, fields, lambda: _would_go(context, kind, body(), options),
                is_actual=actual,
            )  # fmt: skip
        _send(context, kind, body(), options)


def _is_person(context: Context, options: Mapping[str, object]) -> bool:
    return sys.stdin.isatty() and not context.as_json and options["file"] != Path("-")


def _is_actual(fields: Mapping[str, object], options: Mapping[str, object]) -> bool:
    return str(options["status"] or fields.get("status") or "actual").casefold() == "actual"


def _would_go(
    context: Context, kind: "Kind", said: Mapping[str, object], options: Mapping[str, object]
) -> dict[str, object]:
    """Return how a report would go: before anything is asked for, and before it goes.

    Raises:
        InputError: it may not, or is not filled in as it must be.
    """
    asked = msgspec.structs.replace(_request(kind, said, options), check=True, describe=True)
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(asked))
    if not told["allowed"]:
        reasons = "; ".join(cast("list[str]", told["reasons"]))
        raise InputError("not-releasable", f"it may not go: {reasons}")
    return told


def _send(
    context: Context, kind: "Kind", said: Mapping[str, object], options: Mapping[str, object]
) -> None:
    asked = _request(kind, said, options)
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(asked))
    context.answer(told, lambda: present_check(told) if asked.check else present_sent(told))


def _request(
    kind: "Kind", said: Mapping[str, object], options: Mapping[str, object]
) -> requests.SendReport:
    """Return the request that sends what is said; options win over what a file says.

    Raises:
        InputError: they name different markings.
    """
    head = {name: options[name] for name in _HEAD if options[name]}
    if head.get("marking", said.get("marking")) != said.get("marking", head.get("marking")):
        msg = f"the file is marked {said['marking']}, and {head['marking']} is asked for; name one"
        raise InputError("bad-marking", msg)
    body = {"noroshi": 1, "kind": kind.name, **said, **head}
    return requests.SendReport(
        body=json.dumps(body, ensure_ascii=False, indent=1).encode(),
        to=tuple(cast("Iterable[str]", options.get("to", ()))),
        info=tuple(cast("Iterable[str]", options.get("info", ()))),
        references=cast("tuple[str, ...]", options.get("reference", ())),
        from_desk=cast("str | None", options["from_desk"]),
        by=cast("str | None", options["by"]),
        answers=cast("str | None", options.get("answers")),
        check=bool(options["check"]),
        report_id=uuid.UUID(bytes=secrets.token_bytes(16), version=4).bytes,
    )
