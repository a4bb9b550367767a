"""Commands for agreements: add, list."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, cast

import click

from noroshi.core.sheet.visible import visible
from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.entrypoints.cli.files import read_body
from noroshi.flow import requests


@click.group()
def agreement() -> None:
    """Say what partners may be sent: which level, until when, by which treaty.

    A classification level goes to nobody without one; TLP alone needs none.

    \b
      noroshi agreement add jp-nato.json --by "Lt Sato"
      noroshi agreement list
    """


@agreement.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--by", metavar="NAME", help="The person who answers for it.")
@pass_context
def add(context: Context, file: Path, by: str | None) -> None:
    """Go by the agreement in FILE; it takes the place of one of the same reference.

    \b
    {"agreement": 1, "reference": "JP-NATO 2010", "sender": "jp", "receiver": "nato",
     "is_mutual": true, "policy": "NATO", "level": "SECRET",
     "valid_from": "2026-01-01", "valid_until": "2027-12-31"}
    """
    request = requests.AddAgreement(agreement=read_body(file), by=by)
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(request))
    both = "and back" if told["mutual"] else "one way"
    context.answer(
        told,
        lambda: click.echo(
            f"{visible(str(told['reference']))}: {told['from']} to {told['to']}, {both}, up to "
            f"{told['level']}, {told['valid_from']} to {told['valid_until']} ({told['state']})"
        ),
    )


@agreement.command(name="list")
@pass_context
def list_agreements(context: Context) -> None:
    """List the agreements, and which of them end soon."""
    from noroshi.entrypoints.cli import present

    with context.desk() as node:
        rows = node.ask(requests.Agreements())
    columns = ("REFERENCE", "FROM", "TO", "UP TO", "FROM DAY", "TO DAY", "STATE")
    shown = [
        (r["reference"], r["from"], f"{r['to']} and back" if r["mutual"] else r["to"], r["level"],
         r["valid_from"], r["valid_until"], r["state"])
        for r in present.mappings(rows)
    ]  # fmt: skip

    def present_all() -> None:
        if not shown:
            click.echo("No agreements yet: noroshi agreement add FILE --by NAME")
            return
        present.console().print(present.table(columns, shown))
        for row in present.mappings(rows):
            for line in _terms(row):
                click.echo(f"{visible(str(row['reference']))} {line}")

    context.answer(rows, present_all)


def _terms(row: Mapping[str, object]) -> Iterator[str]:
    """Yield what an agreement says beside level and days."""
    from noroshi.entrypoints.cli.present import strings

    if row["areas"]:
        yield f"is about {', '.join(strings(row['areas']))} alone"
    if row["caveats"]:
        yield f"clears its receiver for {', '.join(strings(row['caveats']))}"
    if row["accepts_indicative"]:
        yield "lets equivalences count that are indicative alone"


COMMANDS: Final = (agreement,)
