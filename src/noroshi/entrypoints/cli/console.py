"""The command that opens the console: console."""

from typing import Final, cast

import click

from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.flow import requests


@click.command()
@click.option("--open", "is_opened", is_flag=True, help="Open it in this machine's browser.")
@click.option("--by", metavar="NAME", help="The person; a claim until there are accounts.")
@pass_context
def console(context: Context, by: str | None, *, is_opened: bool) -> None:
    """Give a link into the console, for whoever you have proven to be.

    It works once and for five minutes. The session ends when nobody touched it for 15 minutes, or
    after twelve hours.

    \b
      noroshi --as "Lt Sato" console
    """
    with context.desk() as node:
        told = cast("dict[str, str]", node.ask(requests.Invite(by=by)))
    context.answer(told, lambda: click.echo(told["url"]))
    if is_opened:
        import webbrowser  # most of what it imports nothing else here needs

        webbrowser.open(told["url"])


COMMANDS: Final = (console,)
