"""Commands for interests: what a desk wants to hear of at once."""

from typing import Final, cast

import click

from noroshi.core.interest import InterestKind
from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.flow import requests


@click.group()
def interests() -> None:
    """Say what a desk wants to hear of; an alarm tells it of each report that is about that.

    \b
      noroshi interests add cyber product FortiOS --by "Lt Sato"
      noroshi interests add cyber technique T1566 --by "Lt Sato"
      noroshi interests add cyber network 203.0.113.0/24 --by "Lt Sato"
      noroshi interests add media narrative 処理水 --by "Lt Sato"
    """


@interests.command()
@click.argument("desk")
@click.argument("kind", type=click.Choice([each.value for each in InterestKind]))
@click.argument("value")
@click.option("--by", metavar="NAME", help="The person who states it.")
@pass_context
def add(context: Context, desk: str, kind: str, value: str, by: str | None) -> None:
    """Let DESK hear of what is about VALUE, a product, narrative, sector, technique and so on."""
    request = requests.AddInterest(desk=desk, kind=kind, value=value, by=by)
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(request))
    context.answer(
        told,
        lambda: click.echo(f"{told['number']}: {desk} hears of {told['kind']} {told['value']}"),
    )


@interests.command(name="list")
@pass_context
def list_interests(context: Context) -> None:
    """List what desks want to hear of."""
    from noroshi.entrypoints.cli import present

    with context.desk() as node:
        rows = node.ask(requests.Interests())
    shown = [
        (row["number"], row["desk"], row["kind"], row["value"], row["set_by"])
        for row in present.mappings(rows)
    ]

    def present_all() -> None:
        if not shown:
            click.echo("No interests: noroshi interests add DESK KIND VALUE")
            return
        columns = ("NUMBER", "DESK", "KIND", "VALUE", "SET BY")
        present.console().print(present.table(columns, shown))

    context.answer(rows, present_all)


@interests.command()
@click.argument("desk")
@click.argument("number", type=int)
@click.option("--by", metavar="NAME", help="The person who takes it back.")
@pass_context
def remove(context: Context, desk: str, number: int, by: str | None) -> None:
    """Take back the interest of DESK with that NUMBER."""
    request = requests.RemoveInterest(desk=desk, number=number, by=by)
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(request))
    context.answer(
        told, lambda: click.echo(f"{desk} hears of {told['kind']} {told['value']} no more")
    )


COMMANDS: Final = (interests,)
