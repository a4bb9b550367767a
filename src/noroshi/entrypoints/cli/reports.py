"""Commands for reports: send, inbox, sent, reply, cancel, status, wait."""

import math
import secrets
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

import click

from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import InputError, UnavailableError
from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.entrypoints.cli.files import progress, read_body
from noroshi.flow import requests

_RUNGS: Final = [rung.value for rung in Rung if rung is not Rung.REFUSED]
_POLL_SECONDS: Final = 0.1

_by = click.option("--by", metavar="NAME", help="The person; a claim until there are accounts.")
_desk = click.option("--desk", help="The desk that acts, where several are addressed.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--to", multiple=True, metavar="DESK@PARTNER", help="A desk that must act.")
@click.option("--info", multiple=True, metavar="DESK@PARTNER", help="A desk that is informed.")
@click.option("--precedence", metavar="P", help="flash, immediate, priority, routine or deferred.")
@click.option("--info-precedence", metavar="P", help="For --info desks [default: the same].")
@click.option("--kind", help="The kind of report [default: what FILE is recognised as].")
@click.option("--subject", help="One line [default: out of FILE].")
@click.option("--marking", metavar="MARK", help="Such as TLP:AMBER+STRICT [default: the node's].")
@click.option("--status", metavar="S", help="actual, exercise or test [default: actual].")
@click.option("--attach", multiple=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option("--expires", metavar="TIME", help="RFC 3339; after it partners refuse it.")
@click.option("--text", is_flag=True, help="FILE is plain text, whatever it looks like.")
@click.option("--check", is_flag=True, help="Only say whether it may go, and if not why.")
@click.option("--second-copy", is_flag=True, help="Done only when a partner's node has it too.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=60,
    show_default=True,
    help="Seconds to wait for that.",
)
@click.option("--from", "from_desk", metavar="DESK", help="The desk that writes [default: first].")
@click.option("--supersedes", metavar="ID", help="Replace a report of ours, for all who have it.")
@click.option("--area", multiple=True, metavar="CODE", help="What it is about: noroshi areas.")
@click.option("--reference", multiple=True, metavar="ID", help="A report here that it refers to.")
@_by
@pass_context
def send(context: Context, /, file: Path, attach: tuple[Path, ...], **options: object) -> None:
    """Send FILE (- for standard input) as a report.

    FILE is recognised by its content: report JSON ("noroshi": 1), a STIX 2.1 bundle, a MISP
    event, or plain text. It is kept byte for byte.

    \b
      noroshi send warning.txt --to cyber@nato --precedence flash
      noroshi send bundle.json --to cyber@nato --info ops@au --marking TLP:AMBER --area cyber
      echo "Line test" | noroshi send - --to cyber@nato --status test
    """
    timeout = _finite(cast("float", options["timeout"]))
    body = read_body(file)
    report_id = uuid.UUID(bytes=secrets.token_bytes(16), version=4)
    check = bool(options["check"])
    with context.desk() as desk:
        tokens: list[str] = []
        for path in () if check else attach:
            with progress(context, path) as on_progress:
                tokens.append(desk.stage(path, on_progress))
        request = requests.SendReport(
            body=body,
            to=cast("tuple[str, ...]", options["to"]),
            info=cast("tuple[str, ...]", options["info"]),
            precedence=_text(options["precedence"]),
            info_precedence=_text(options["info_precedence"]),
            kind=_text(options["kind"]),
            subject=_text(options["subject"]),
            marking=_text(options["marking"]),
            status=_text(options["status"]),
            expires=_text(options["expires"]),
            as_text=bool(options["text"]),
            from_desk=_text(options["from_desk"]),
            by=_text(options["by"]),
            attachments=tuple(tokens),
            report_id=report_id.bytes,
            supersedes=_text(options["supersedes"]),
            references=cast("tuple[str, ...]", options["reference"]),
            areas=cast("tuple[str, ...]", options["area"]),
            check=check,
        )
        answer = _object(desk.ask(request))
    if options["second_copy"] and not check:
        _await_copy(context, answer["report"], timeout)
    context.answer(answer, lambda: present_check(answer) if check else present_sent(answer))


@click.command()
@click.option("--desk", help="Only this desk.")
@click.option("--unacknowledged", is_flag=True, help="Only what nobody has answered yet.")
@pass_context
def inbox(context: Context, desk: str | None, *, unacknowledged: bool) -> None:
    """List what came in, the most urgent first."""
    with context.desk() as node:
        rows = node.ask(requests.Inbox(desk=desk, unacknowledged=unacknowledged))

    def show() -> None:
        from noroshi.entrypoints.cli import listing, present

        listing.inbox(present.mappings(rows), context.reader)

    context.answer(rows, show)


@click.command()
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most."
)
@pass_context
def sent(context: Context, limit: int) -> None:
    """List what was sent, the newest first, and how far it got at each desk."""
    with context.desk() as node:
        rows = node.ask(requests.Outbox(limit=limit))

    def show() -> None:
        from noroshi.entrypoints.cli import listing, present

        listing.sent(present.mappings(rows), context.reader)

    context.answer(rows, show)


@click.command()
@click.argument("report", metavar="ID")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--marking", metavar="MARK", help="Another one than that of the report.")
@click.option("--text", is_flag=True, help="FILE is plain text, whatever it looks like.")
@_desk
@_by
@pass_context
def reply(
    context: Context, /, report: str, file: Path, *, text: bool, **options: str | None
) -> None:
    """Send FILE (- for standard input) back to the desk that wrote the report ID.

    The reply inherits precedence, status and marking.
    """
    asked = requests.Reply(
        report=report, body=read_body(file), as_text=text, marking=options["marking"],
        desk=options["desk"], by=options["by"],
    )  # fmt: skip
    with context.desk() as node:
        answer = _object(node.ask(asked))
    context.answer(answer, lambda: present_sent(answer))


@click.command()
@click.argument("report", metavar="ID")
@click.option("--note", help="Why; the addressees read it.")
@_by
@pass_context
def cancel(context: Context, report: str, note: str | None, by: str | None) -> None:
    """Take back a report of ours: all who were addressed are told, and the history stays.

    The cancellation goes at the precedence of what it cancels. A report that a partner does not
    have yet is not sent there any more. What was read stays read: there is no recall.
    """
    report_id = uuid.UUID(bytes=secrets.token_bytes(16), version=4)
    asked = requests.Cancel(report=report, note=note, by=by, report_id=report_id.bytes)
    with context.desk() as node:
        answer = _object(node.ask(asked))
    context.answer(answer, lambda: present_sent(answer))


@click.command()
@click.argument("report", metavar="ID")
@pass_context
def status(context: Context, report: str) -> None:
    """Show how far a report got at each desk, with times and names."""
    with context.desk() as node:
        told = _object(node.ask(requests.Status(report=report)))
    context.answer(told, lambda: _present_status(told))


@click.command()
@click.argument("report", metavar="ID")
@click.option("--rung", required=True, type=click.Choice(_RUNGS, case_sensitive=False))
@click.option("--timeout", type=click.FloatRange(min=0), default=60, show_default=True)
@pass_context
def wait(context: Context, report: str, rung: str, timeout: float) -> None:
    """Wait until all action addressees reached a rung; exit 1 when they do not in time."""
    request = requests.Reached(report=report, rung=Rung(rung))
    deadline = time.monotonic() + _finite(timeout)
    while True:
        with context.desk() as node:
            told = _object(node.ask(request))
        reached = told.pop("reached")
        if reached or time.monotonic() >= deadline:
            break
        time.sleep(_POLL_SECONDS)
    context.answer(told, lambda: _present_status(told))
    if not reached:
        if context.as_json:
            raise SystemExit(1)
        msg = f"not every desk reached {rung} within {timeout:g} s"
        raise UnavailableError("timed-out", msg)


COMMANDS: Final = (send, inbox, sent, reply, cancel, status, wait)


def _present_status(told: dict[str, object]) -> None:
    from noroshi.entrypoints.cli import present

    present.status(told)


def _finite(timeout: float) -> float:
    if not math.isfinite(timeout):
        raise InputError("bad-input", "--timeout is a number of seconds")
    return timeout


def _await_copy(context: Context, report: object, timeout: float) -> None:
    """Return when a partner's node has the report too.

    Raises:
        UnavailableError: none has it in time.
    """
    deadline = time.monotonic() + timeout
    while True:
        with context.desk() as node:
            told = _object(node.ask(requests.Status(report=str(report))))
        recipients = cast("list[Mapping[str, Mapping[str, object]]]", told["recipients"])
        if any(Rung.DELIVERED.value in recipient["rungs"] for recipient in recipients):
            return
        if time.monotonic() >= deadline:
            break
        time.sleep(_POLL_SECONDS)
    msg = (
        f"no partner's node had the report {report} within {timeout:g} s, so there is no second "
        "copy yet. It is accepted and goes on being delivered: do not send it again; "
        "noroshi status tells when it is there"
    )
    raise UnavailableError("timed-out", msg)


def present_sent(answer: Mapping[str, object]) -> None:
    """Show what became of an order."""
    from noroshi.entrypoints.cli import present

    recipients = ", ".join(
        f"{to['desk']} (serial {to['serial']})" for to in present.mappings(answer["recipients"])
    )
    if answer["state"] != "SENT":
        short = present.short_id(answer["report"])
        click.echo(f"AWAITING RELEASE  {answer['report']}")
        click.echo(f"A second person lets it go: noroshi release {short} --by NAME")
        return
    click.echo(f"{answer['state']}  {answer['report']}\nto {recipients}")
    click.echo(f"Follow it: noroshi status {present.short_id(answer['report'])}")


def present_check(answer: Mapping[str, object]) -> None:
    """Show whether a report may go, and every reason why not."""
    if answer["allowed"]:
        click.echo("It may go.")
    else:
        click.echo("It may not go:")
        for reason in cast("list[str]", answer["reasons"]):
            click.echo(f"- {reason}")


def _object(answer: object) -> dict[str, object]:
    return cast("dict[str, object]", answer)


def _text(value: object) -> str | None:
    return cast("str | None", value)
