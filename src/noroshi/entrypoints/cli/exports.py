"""Commands for exchange: a report in the words of other systems."""

from pathlib import Path
from typing import Final, cast

import click

from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.flow import requests


@click.command()
@click.argument("report", metavar="ID")
@click.option("--as", "_form", type=click.Choice(["stix"]), default="stix", help="STIX 2.1.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file, not the screen.")
@pass_context
def export(context: Context, report: str, _form: str, output: Path | None) -> None:
    """Write a report that is a form as a STIX 2.1 bundle, marked as the report is.

    \b
      noroshi export ID -o report.json
      noroshi export ID | noroshi send - --to cyber@nato
    """
    from noroshi.entrypoints.cli.files import write_new

    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(requests.Export(report=report)))
    raw = f"{told['bundle']}\n".encode()
    if output is None:
        context.answer(told, lambda: click.echo(raw, nl=False))
        return
    write_new(output, raw)
    told |= {"file": str(output), "size": len(raw)}
    context.answer(told, lambda: click.echo(f"{output}: {len(raw):,} bytes"))


COMMANDS: Final = (export,)
