"""Commands of whoever reads a report: show, ack, decline, actioned."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click

from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import InputError, NotFoundError
from noroshi.core.sheet.visible import visible
from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.entrypoints.cli.files import write_file, write_new
from noroshi.flow import requests

if TYPE_CHECKING:
    from noroshi.core.sheet.blocks import Block

_by = click.option("--by", metavar="NAME", help="The person; a claim until there are accounts.")
_desk = click.option("--desk", help="The desk that acts, where several are addressed.")


@click.command()
@click.argument("report", metavar="ID")
@click.option("--raw", is_flag=True, help="The exact bytes sent as its body, and nothing else.")
@click.option(
    "--attachment", metavar="NAME", help="An attachment instead, or its number; needs -o."
)
@click.option("--page", "as_page", is_flag=True, help="A page to print (HTML); -o FILE keeps it.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
@click.option("--history", is_flag=True, help="Of a form: all that was said of each field, when.")
@click.option("--at", metavar="TIME", help="What was known here then, such as 12:00 (today, UTC).")
@_desk
@_by
@pass_context
def show(
    context: Context,
    report: str,
    attachment: str | None,
    output: Path | None,
    at: str | None,
    desk: str | None,
    by: str | None,
    *,
    as_page: bool,
    history: bool,
    raw: bool,
) -> None:
    """Show a report, and record that it was shown.

    ID is the report's id or its first four or more digits. Of a form that was updated the whole
    comes first, as it holds now.

    \b
      noroshi show 3f1c09aa
      noroshi show 3f1c09aa --history
      noroshi show 3f1c09aa --at 2026-11-22T12:00Z
      noroshi show 3f1c09aa --raw > bundle.json
      noroshi --lang ja show 3f1c09aa --page -o report.html
      noroshi show 3f1c09aa --attachment sample.json -o sample.json
    """
    from noroshi.entrypoints.cli.kinds import typed_time

    with context.desk() as node:
        if attachment is not None:
            size, chunks = node.attachment(report, attachment)
            _write_attachment(context, attachment, size, chunks, output)
            return
        then = None if at is None else typed_time(at)
        asked = requests.Show(report=report, desk=desk, by=by, history=history, at=then)
        told = _object(node.ask(asked))
    gone = cast("dict[str, object] | None", told["destroyed"])
    if gone is not None and (raw or output is not None):
        raise NotFoundError("content-destroyed", str(gone["message"]))
    body = str(told["body"]).encode()
    if as_page:
        made = _page(told, context)
        if output is None:
            sys.stdout.buffer.write(made)
        else:
            write_new(output, made)
            told = {"file": str(output), "size": len(made)}
            context.answer(told, lambda: click.echo(f"{output}: {len(made):,} bytes"))
    elif output is not None:
        write_file(output, iter((body,)))
    elif raw:
        sys.stdout.buffer.write(body)
        sys.stdout.flush()
    else:
        context.answer(told, lambda: _print(told, context))


@click.command()
@click.argument("report", metavar="ID")
@click.option("--note", help="A few words to the originator.")
@_desk
@_by
@pass_context
def ack(context: Context, /, **options: str | None) -> None:
    """Acknowledge a report by name; one not yet shown is shown."""
    _answer(context, Rung.ACKNOWLEDGED, options)


@click.command()
@click.argument("report", metavar="ID")
@click.option("--note", help="Why; the originator reads it.")
@click.option("--no-note", is_flag=True, help="Say nothing, where no note may go back.")
@_desk
@_by
@pass_context
def decline(context: Context, /, *, no_note: bool, **options: str | None) -> None:
    """Decline to act on a report, and say why."""
    if options["note"] is None and not no_note:
        raise click.UsageError("say why: --note TEXT")
    _answer(context, Rung.DECLINED, options)


@click.command()
@click.argument("report", metavar="ID")
@click.option("--note", help="What was done; the originator reads it.")
@_desk
@_by
@pass_context
def actioned(context: Context, /, **options: str | None) -> None:
    """Say that a report was acted on."""
    _answer(context, Rung.ACTIONED, options)


COMMANDS: Final = (show, ack, decline, actioned)


def _answer(context: Context, rung: Rung, options: Mapping[str, str | None]) -> None:

    with context.desk() as node:
        told = _object(
            node.ask(
                requests.Answering(
                    report=options["report"] or "",
                    rung=rung,
                    desk=options["desk"],
                    by=options["by"],
                    note=options["note"],
                )
            )
        )
    presented = told.pop("presented", None)
    asked_by = told["by"]

    def show_person() -> None:
        if presented is not None:
            _print(_object(presented), context)
        first = cast("Mapping[str, Mapping[str, str]]", told["rungs"]).get(rung.value, {})
        if first.get("by") != asked_by:
            click.echo("The desk has answered so before; the first answer stays:")
        if "answered_by_desk" in told:
            click.echo(
                f"The desk {told['answered_by_desk']} answers for {told['desk']}, to which the "
                f"report came; it counts for {told['desk']}."
            )
        click.echo(f"{told['desk']}: {rung.value} by {visible(first.get('by', '-'))}"
                   f" at {first.get('at')}")  # fmt: skip

    context.answer(told, show_person)


def _write_attachment(
    context: Context, name: str, size: int, chunks: Iterator[bytes], output: Path | None
) -> None:
    if output is None:
        raise InputError("bad-input", "say where to write the attachment: -o FILE")
    write_file(output, chunks)
    told = {"name": name, "size": size, "file": str(output)}
    context.answer(told, lambda: click.echo(f"{output}: {size:,} bytes"))


def _sheet(told: Mapping[str, object], context: Context) -> "list[Block]":
    from noroshi.adapters.policies import shipped_areas
    from noroshi.core.sheet.report import report_sheet

    return report_sheet(told, context.reader, shipped_areas())


def _print(told: Mapping[str, object], context: Context) -> None:
    from noroshi.entrypoints.cli import present, sheet

    sheet.print_sheet(present.console(), _sheet(told, context), context.language)


def _page(told: Mapping[str, object], context: Context) -> bytes:
    """Return a report as a page to print."""
    from noroshi.core.sheet.page import page

    title = f"{told['marking']} {told['subject']}"
    return page(_sheet(told, context), title, context.language).encode()


def _object(answer: object) -> dict[str, object]:
    return cast("dict[str, object]", answer)
