"""Command for the lines: lines, lines --history."""

from typing import Final

import click

from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.flow import requests


@click.command()
@click.option("--history", metavar="PARTNER", help="The last comms checks of one line.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=60, show_default=True, help="With --history."
)
@pass_context
def lines(context: Context, history: str | None, limit: int) -> None:
    """Show how each line is: link, queue, desks at the other end, missing serials.

    A line is UP or DOWN by its last comms check, or UNTESTED. A desk is STAFFED, UNSTAFFED or
    SILENT as its own node tells. One that is staffed and has a report longer than allowed
    without an answer is NOT ANSWERING.

    \b
      noroshi lines
      noroshi lines --history nato
    """
    from noroshi.entrypoints.cli import present, present_watch

    asked = (
        requests.LineStates()
        if history is None
        else requests.LineHistory(partner=history, limit=limit)
    )
    with context.desk() as node:
        rows = node.ask(asked)
    show = present_watch.lines if history is None else present_watch.history
    context.answer(rows, lambda: show(present.mappings(rows)))


COMMANDS: Final = (lines,)
