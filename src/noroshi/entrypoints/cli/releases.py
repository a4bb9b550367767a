"""Command for releases: a second person lets a report go, or takes it back."""

from typing import Final, cast

import click

from noroshi.core.sheet.visible import visible
from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.flow import requests


@click.command()
@click.argument("report", metavar="ID|queue")
@click.option("--by", metavar="NAME", help="The second person, who answers for it.")
@click.option("--drop", is_flag=True, help="Do not let it go: take it back.")
@pass_context
def release(context: Context, report: str, by: str | None, *, drop: bool) -> None:
    """Let a report go that another person has written.

    From a level on that its policy names, one person writes and another releases.

    \b
      noroshi release queue
      noroshi release 3f1c09aa --by "Cdr Ito"
    """
    if report == "queue":
        with context.desk() as node:
            rows = node.ask(requests.ReleaseQueue())
        context.answer(rows, lambda: present_queue(rows))
        return
    asked = requests.DropDraft(report=report, by=by) if drop else None
    with context.desk() as node:
        answer = node.ask(asked or requests.Release(report=report, by=by))
    told = cast("dict[str, object]", answer)
    context.answer(answer, lambda: click.echo(f"{told['state']}  {told['report']}"))


def present_queue(rows: object) -> None:
    """Show what waits to be released, with all that its releaser must know."""
    from noroshi.entrypoints.cli import present

    waiting = present.mappings(rows)
    if not waiting:
        click.echo("Nothing waits to be released.")
    for row in waiting:
        click.echo(f"{row['precedence']}  {row['report']}  {visible(str(row['marking']))}")
        partners = ", ".join(present.strings(row["partners"]))
        desks = ", ".join(present.strings(row["to"]) + present.strings(row["info"]))
        click.echo(f"  goes to   {partners}: {desks}")
        for name, others in cast("dict[str, list[str]]", row["resembles"]).items():
            click.echo(f"  CAREFUL   {present.resemblance(name, others)}")
        click.echo(f"  written   {row['drafted_at']} by {visible(str(row['drafter']))}")
        if row["originator"]:
            click.echo(f"  report of {row['originator']}, passed on with its consent")
        click.echo(f"  subject   {visible(str(row['subject']))}")
        for line in str(row["body"]).splitlines():
            click.echo(f"  | {visible(line)}")
        for reason in present.strings(row["because"]):
            click.echo(f"  two persons: {visible(reason)}")
        for reason in present.strings(row["reasons"]):
            click.echo(f"  may not go: {visible(reason)}")


COMMANDS: Final = (release,)
