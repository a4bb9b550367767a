"""Commands for labels: the marking of a report for other systems, and theirs as a marking."""

import json
from pathlib import Path
from typing import Final, cast

import click

from noroshi.core.errors import InputError
from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.entrypoints.cli.files import read_body
from noroshi.flow import requests


@click.group()
def label() -> None:
    """Give a report's marking to other systems, and read theirs.

    \b
      noroshi label write ID > label.xml
      noroshi label write ID --stix
      noroshi label read label.xml
    """


@label.command()
@click.argument("report", metavar="ID")
@click.option("--stix", is_flag=True, help="STIX 2.1 marking definitions, not XML.")
@pass_context
def write(context: Context, report: str, *, stix: bool) -> None:
    """Write the label of a report as STANAG 4774 XML; no official schema has checked it yet."""
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(requests.WriteLabel(report=report)))
    if told["label"] is None and not stix and not context.as_json:
        msg = f"{told['marking']} is no classification and has no label; use --stix"
        raise InputError("bad-marking", msg)
    shown = json.dumps(told["stix"], indent=2) if stix else str(told["label"]).rstrip()
    context.answer(told, lambda: click.echo(shown))


@label.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@pass_context
def read(context: Context, file: Path) -> None:
    """Say what the label in FILE is as a marking, as `send --marking` takes it."""
    from noroshi.core.sheet.visible import visible

    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(requests.ReadLabel(label=read_body(file))))
    context.answer(told, lambda: click.echo(visible(str(told["marking"]))))


COMMANDS: Final = (label,)
