"""Commands for what goes further: the part of a report below its tearline."""

import secrets
import uuid
from typing import Final, cast

import click

from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.entrypoints.cli.reports import present_check, present_sent
from noroshi.flow import requests

_to = click.option("--to", multiple=True, metavar="DESK@PARTNER", help="A desk that must act.")
_info = click.option("--info", multiple=True, metavar="DESK@PARTNER", help="To be informed.")
_precedence = click.option("--precedence", metavar="P", help="[default: the report's]")
_by = click.option("--by", metavar="NAME", help="The person; a claim until there are accounts.")


@click.command()
@click.argument("report", metavar="ID")
@_to
@_info
@_precedence
@click.option("--subject", help="One line [default: the tearline's own, else its first line].")
@click.option("--from", "from_desk", metavar="DESK", help="The desk that sends it.")
@click.option("--check", is_flag=True, help="Only say whether it may go, and if not why.")
@_by
@pass_context
def tearline(context: Context, /, report: str, *, check: bool, **options: object) -> None:
    """Send what stands below the tearline of the report ID, as a report of its own.

    It goes under the marking that it has there, refers to the report ID, and takes nothing else
    of it along. What stands above the line stays where it is.

    \b
      noroshi tearline 3f1c09aa --to cyber@au
      noroshi tearline 3f1c09aa --to cyber@au --check
    """
    asked = requests.SendTearline(
        report=report,
        to=cast("tuple[str, ...]", options["to"]),
        info=cast("tuple[str, ...]", options["info"]),
        precedence=cast("str | None", options["precedence"]),
        subject=cast("str | None", options["subject"]),
        desk=cast("str | None", options["from_desk"]),
        by=cast("str | None", options["by"]),
        report_id=uuid.UUID(bytes=secrets.token_bytes(16), version=4).bytes,
        check=check,
    )
    with context.desk() as node:
        answer = cast("dict[str, object]", node.ask(asked))
    context.answer(answer, lambda: present_check(answer) if check else present_sent(answer))


COMMANDS: Final = (tearline,)
