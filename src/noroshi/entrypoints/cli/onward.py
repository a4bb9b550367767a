"""Commands for what goes further: tearlines, partners' reports, and the consent for both."""

import secrets
import uuid
from typing import Final, cast

import click
import msgspec

from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import ConflictError, NoroshiError
from noroshi.core.sheet.visible import visible
from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.entrypoints.cli.reports import present_check, present_sent
from noroshi.flow import requests

_to = click.option("--to", multiple=True, metavar="DESK@PARTNER", help="A desk that must act.")
_info = click.option("--info", multiple=True, metavar="DESK@PARTNER", help="To be informed.")
_precedence = click.option("--precedence", metavar="P", help="[default: the report's]")
_by = click.option("--by", metavar="NAME", help="The person; a claim until there are accounts.")
_reason = click.option("--reason", default="", help="Why; the originator reads it when asked.")
_again = click.option("--again", is_flag=True, help="Ask although the originator has declined.")
_check = click.option("--check", is_flag=True, help="Only say whether it may go, and if not why.")


@click.command()
@click.argument("report", metavar="ID")
@_to
@_info
@_precedence
@click.option("--subject", help="One line [default: the tearline's own, else its first line].")
@click.option("--from", "desk", metavar="DESK", help="The desk that sends it.")
@_reason
@_again
@_check
@_by
@pass_context
def tearline(context: Context, /, **options: object) -> None:
    """Send what stands below the tearline of the report ID, as a report of its own.

    It goes under the marking that it has there, refers to the report ID, and takes nothing else
    of it along. What stands above the line stays where it is. Of a partner's report it takes that
    partner's consent, which is asked for where it is missing.

    \b
      noroshi tearline 3f1c09aa --to cyber@au
      noroshi tearline 3f1c09aa --to cyber@au --check
    """
    _send(context, msgspec.convert({**options, "report_id": _new_id()}, requests.SendTearline))


@click.command("pass-on")
@click.argument("report", metavar="ID")
@_to
@_info
@_precedence
@click.option("--from", "desk", metavar="DESK", help="The desk that passes it on.")
@_reason
@_again
@_check
@_by
@pass_context
def pass_on(context: Context, /, **options: object) -> None:
    """Pass the report ID of a partner on, unaltered, with its originator's consent.

    Without consent the originator is asked over the line, and nothing goes yet. Once it has
    consented (alarm CONSENT_ANSWERED), give the command again.

    \b
      noroshi pass-on 3f1c09aa --to cyber@au --by "Lt Jansen" --reason "they see it too"
      noroshi consent list
    """
    _send(context, msgspec.convert({**options, "report_id": _new_id()}, requests.PassOn))


@click.group()
def consent() -> None:
    """Let partners pass our reports on, and follow what we have asked of them.

    \b
      noroshi consent list
      noroshi consent grant 8c1d77e0 --by "Cdr Ito" --until 2027-01-31T00:00:00Z
      noroshi consent decline 8c1d77e0 --by "Cdr Ito" --note "the source would be known"
    """


@consent.command("list")
@pass_context
def list_consents(context: Context) -> None:
    """List what was asked of us, and by us, with every reason against it."""
    with context.desk() as node:
        rows = node.ask(requests.Consents())
    context.answer(rows, lambda: _present(rows))


@consent.command()
@click.argument("request", metavar="REQUEST")
@click.option("--by", metavar="NAME", help="Who answers for it.")
@click.option("--until", metavar="TIME", help="RFC 3339 [default: in 30 days].")
@pass_context
def grant(context: Context, request: str, by: str | None, until: str | None) -> None:
    """Let the partner pass that very report on, to those it asked for, until a day."""
    asked = requests.GrantConsent(request=request, by=by, until=until, report_id=_new_id())
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(asked))
    audience = ", ".join(cast("list[str]", told["audience"]))
    said = f"GRANTED  {told['report']} may go to {audience} until {told['ends_at']}"
    context.answer(told, lambda: click.echo(said))


@consent.command()
@click.argument("request", metavar="REQUEST")
@click.option("--by", metavar="NAME", help="Who answers for it.")
@click.option("--note", required=True, help="Why; the partner reads it.")
@pass_context
def decline(context: Context, request: str, by: str | None, note: str) -> None:
    """Do not let the partner pass it on, and say why."""
    asked = requests.Answering(report=request, rung=Rung.DECLINED, by=by, note=note)
    try:
        with context.desk() as node:
            told = cast("dict[str, object]", node.ask(asked))
    except NoroshiError as error:
        if error.code != "rung-conflict":
            raise
        msg = "that request was granted or answered already; see: noroshi consent list"
        raise ConflictError("rung-conflict", msg) from error
    told.pop("presented", None)
    context.answer(told, lambda: click.echo(f"DECLINED  {told['report']}"))


COMMANDS: Final = (tearline, pass_on, consent)


def _send(context: Context, asked: requests.SendTearline | requests.PassOn) -> None:
    with context.desk() as node:
        answer = cast("dict[str, object]", node.ask(asked))
    if asked.check:
        context.answer(answer, lambda: present_check(answer))
    elif answer["state"] == "AWAITING_CONSENT":
        context.answer(answer, lambda: _present_asked(answer))
    else:
        context.answer(answer, lambda: present_sent(answer))


def _present_asked(answer: dict[str, object]) -> None:
    click.echo(f"AWAITING CONSENT  {answer['report']}: {answer['originator']} is asked")
    click.echo(f"request {answer['request']}; once it is granted, give the command again")


def _present(rows: object) -> None:
    from noroshi.entrypoints.cli import present

    asked = present.mappings(rows)
    if not asked:
        click.echo("No consent was asked for.")
    for row in asked:
        audience = ", ".join(present.strings(row["audience"]))
        part = "" if row["scope"] == "WHOLE" else " (below the tearline alone)"
        click.echo(f"{row['state']}  {row['request']}  asked {present.minute(row['asked_at'])}")
        subject = visible(str(row["subject"] or "not here any more"))
        marking = visible(str(row["marking"]))
        click.echo(f"  report   {present.short_id(row['report'])}  {marking}  {subject}")
        click.echo(f"  way      {row['originator']} > {row['asker']} > {audience}{part}")
        click.echo(f"  asks     {visible(str(row['by']))}: "
                   f"{visible(str(row['reason'] or '-'))}")  # fmt: skip
        given = cast("dict[str, object] | None", row["grant"])
        if given is not None:
            click.echo(f"  granted  by {visible(str(given['granted_by']))}"
                       f" until {given['ends_at']}")  # fmt: skip
        for reason in present.strings(row["reasons"]):
            click.echo(f"  may not go: {visible(reason)}")


def _new_id() -> bytes:
    return uuid.UUID(bytes=secrets.token_bytes(16), version=4).bytes
