"""Commands for retention: list, hold, release; and the areas of cooperation."""

from typing import Final, cast

import click

from noroshi.core.sheet.visible import visible
from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.flow import requests


@click.group()
def retention() -> None:
    """See what is destroyed when, and keep a report whatever the rules say.

    The rules are [[retention]] in noroshi.toml. What is open is never destroyed.

    \b
      noroshi retention list
      noroshi retention hold 3f1c09aa --by "Capt Abe" --reason "case 2026-114"
      noroshi retention release 3f1c09aa --by "Capt Abe"
    """


@retention.command(name="list")
@click.option("--all", "everything", is_flag=True, help="What is kept for ever too.")
@pass_context
def list_retained(context: Context, *, everything: bool) -> None:
    """List which reports are destroyed when, the nearest first."""
    from noroshi.entrypoints.cli import present

    with context.desk() as node:
        rows = node.ask(requests.Retained(everything=everything))
    columns = ("REPORT", "DESTROYED", "LAST", "MARKING", "AREAS", "RULE")
    shown = [
        (present.short_id(r["report"]), _when(r), present.minute(r["last_at"]), r["marking"],
         ", ".join(present.strings(r["areas"])), r["rule"])
        for r in present.mappings(rows)
    ]  # fmt: skip

    def present_all() -> None:
        screen = present.console()
        if not shown:
            screen.print(
                "No report here has an end: no rule of retention in noroshi.toml fits one."
            )
            return
        screen.print(present.table(columns, shown))
        for row in present.mappings(rows):
            if row["hold"] is not None:
                held = cast("dict[str, str]", row["hold"])
                words = f"{held['by']} since {present.minute(held['at'])}: {held['reason']}"
                click.echo(f"{present.short_id(row['report'])} is held by {visible(words)}")

    context.answer(rows, present_all)


@retention.command()
@click.argument("report", metavar="ID")
@click.option("--by", metavar="NAME", help="The person who decides.")
@click.option("--reason", required=True, metavar="TEXT", help="Why it has to be kept.")
@pass_context
def hold(context: Context, report: str, by: str | None, reason: str) -> None:
    """Keep a report until somebody releases it; journalled with the name."""
    _decide(context, requests.HoldForLaw(report=report, by=by, reason=reason))


@retention.command()
@click.argument("report", metavar="ID")
@click.option("--by", metavar="NAME", help="The person who decides.")
@pass_context
def release(context: Context, report: str, by: str | None) -> None:
    """Let the rules decide about a report again; journalled with the name."""
    _decide(context, requests.EndLegalHold(report=report, by=by))


@click.command()
@pass_context
def areas(context: Context) -> None:
    """List the areas of cooperation that a report can be about: send --area CODE."""
    from noroshi.entrypoints.cli import present

    with context.desk() as node:
        rows = node.ask(requests.Areas())
    shown = [
        (r["code"], cast("dict[str, str]", r["names"])["en"], r["status"], r["source"])
        for r in present.mappings(rows)
    ]
    columns = ("CODE", "AREA", "STATUS", "SOURCE")
    context.answer(rows, lambda: present.console().print(present.table(columns, shown)))


def _decide(context: Context, request: requests.HoldForLaw | requests.EndLegalHold) -> None:
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(request))
    context.answer(told, lambda: click.echo(f"{told['state']}  {told['report']}"))


def _when(row: object) -> str:
    from noroshi.entrypoints.cli import present

    told = cast("dict[str, object]", row)
    if told["hold"] is not None:
        return "held"
    if told["open"]:
        return "open"
    return "never" if told["destroyed_at"] is None else present.minute(told["destroyed_at"])


COMMANDS: Final = (retention, areas)
