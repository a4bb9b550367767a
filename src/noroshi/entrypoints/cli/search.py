"""The command that finds reports by words in them."""

from typing import Final, cast

import click

from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.flow import requests


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="WORDS...")
@click.option("--limit", default=20, show_default=True, metavar="N", help="Reports at most.")
@pass_context
def search(context: Context, words: tuple[str, ...], limit: int) -> None:
    """Find reports, sent and received, in which all WORDS are.

    Words in a row stand in quotes; -WORD must not be there. Words of two characters are enough in
    Japanese, Korean and Chinese. The first search after a start reads every report.

    \b
      noroshi search 遮断
      noroshi search '"lateral movement"' -exercise
      noroshi search evil.example from:jp after:2026-01-01
      noroshi search kind:cyber-incident desk:ops before:2026-02-01
    """
    from rich.text import Text

    from noroshi.entrypoints.cli import listing, present

    request = requests.Search(words=" ".join(words), limit=limit)
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(request))
    found = present.mappings(told["found"])

    def present_all() -> None:
        if not found:
            click.echo("No report has all of that.")
            return
        shown = [
            (
                present.short_id(row["report"]), listing.urgency(row), row["marking"],
                row["from"], present.minute(row["at"]),
                Text.assemble(*present.changed(row), present.word(row["subject"])),
                row["excerpt"],
            )
            for row in found
        ]  # fmt: skip
        columns = ("REPORT", "PRECEDENCE", "MARKING", "FROM", "AT", "SUBJECT", "THERE")
        present.console().print(present.table(columns, shown))
        if told["more"]:
            click.echo(f"There are more than {limit}: --limit N, or more words.")

    context.answer(told, present_all)


COMMANDS: Final = (search,)
