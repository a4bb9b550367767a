"""Commands for the desks of the house: desk list, state, handover, log; assign."""

from typing import Final, cast

import click

from noroshi.core.delivery.check import DeskState
from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.flow import requests

_STATES: Final = [state.value.lower() for state in DeskState]

_note = click.option("--note", help="A few words for the watch log.")


@click.group()
def desk() -> None:
    """Say who sits at the desks of this house; partners are told whether a desk is staffed.

    \b
      noroshi desk state cyber staffed --by "Lt Sato"
      noroshi desk handover cyber --from "Lt Sato" --to "Lt Mori" --note "quiet night"
      noroshi desk log cyber
    """


@desk.command(name="list")
@pass_context
def list_desks(context: Context) -> None:
    """List the desks of this house, who sits there, and how many reports are open."""
    from noroshi.entrypoints.cli import present, present_watch

    with context.desk() as node:
        rows = node.ask(requests.Desks())
    context.answer(rows, lambda: present_watch.desks(present.mappings(rows)))


@desk.command()
@click.argument("name", metavar="DESK")
@click.argument("value", metavar="staffed|unstaffed|silent", type=click.Choice(_STATES))
@click.option("--by", metavar="NAME", help="The officer.")
@_note
@pass_context
def state(context: Context, name: str, value: str, by: str | None, note: str | None) -> None:
    """Say whether DESK is staffed, unstaffed, or silent by order.

    Partners see it with the next comms check.
    """
    _set(
        context,
        requests.SetDesk(desk=name, state=DeskState(value.upper()), by=by, note=note),
    )


@desk.command()
@click.argument("name", metavar="DESK")
@click.option("--from", "handed_by", required=True, metavar="NAME", help="Who has the watch.")
@click.option("--to", "by", required=True, metavar="NAME", help="Who takes it over.")
@_note
@pass_context
def handover(context: Context, name: str, handed_by: str, by: str | None, note: str | None) -> None:
    """Hand the watch at DESK over; what is open there is printed, and recorded with it."""
    _set(
        context,
        requests.SetDesk(desk=name, state=DeskState.STAFFED, by=by, note=note, handed_by=handed_by),
    )


@desk.command()
@click.argument("name", metavar="DESK")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@pass_context
def log(context: Context, name: str, limit: int) -> None:
    """Show who watched DESK, the latest last."""
    from noroshi.entrypoints.cli import present, present_watch

    with context.desk() as node:
        rows = node.ask(requests.DeskLog(desk=name, limit=limit))
    context.answer(rows, lambda: present_watch.desk_log(present.mappings(rows)))


@click.command()
@click.argument("report", metavar="ID")
@click.option("--desk", "to_desk", required=True, help="The desk that is given the report too.")
@click.option("--from", "from_desk", metavar="DESK", help="The desk it came to, of several.")
@click.option("--by", metavar="NAME", help="Who gives it.")
@pass_context
def assign(
    context: Context, report: str, to_desk: str, from_desk: str | None, by: str | None
) -> None:
    """Give a report that came in to another desk of the house too.

    Either desk can answer it; an answer counts for the desk that the report came to.
    """
    asked = requests.Assign(report=report, desk=to_desk, from_desk=from_desk, by=by)
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(asked))
    context.answer(
        told,
        lambda: click.echo(
            f"{to_desk} has the report too; an answer counts for {told['from']},"
            f" where it is {told['state']}"
        ),
    )


COMMANDS: Final = (desk, assign)


def _set(context: Context, asked: requests.SetDesk) -> None:
    from noroshi.entrypoints.cli import listing, present, present_watch

    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(asked))

    def show() -> None:
        present_watch.taken_over(told)
        if told["open"]:
            listing.inbox(present.mappings(told["open"]), context.reader)

    context.answer(told, show)
