"""Commands for backup, restore, and what a restore holds back."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from noroshi.core.errors import InputError
from noroshi.core.instant import to_text
from noroshi.entrypoints.cli.context import Context, ask_passphrase, pass_context
from noroshi.flow import requests

if TYPE_CHECKING:
    from noroshi.safekeeping import BackedUp, Restored

_UNWRAPPED = (
    "The private keys in it are not wrapped by a passphrase: whoever has the file is this node."
)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@pass_context
def backup(context: Context, file: Path) -> None:
    """Write a backup of the node to FILE, served or not; it replaces no other file.

    It holds everything, keys and reports in the clear too: keep it as you keep the node.

    \b
      noroshi backup /media/disk/jp-2026-11-22.backup
    """
    from noroshi.safekeeping import back_up

    with context.desk() as node:
        node.ask(requests.BackUp())
    with _progress(context, "Backing up") as on_progress:
        made = back_up(context.home, file, on_progress)
    context.answer(
        {
            "file": str(made.file),
            "size": made.size,
            "reports": made.reports,
            "journal": {"size": made.head.size, "root": made.head.root.hex()},
            "at": to_text(made.head.created_at),
            "keys_wrapped": made.head.are_keys_wrapped,
        },
        lambda: _present_backup(made),
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--root-key",
    type=click.Path(path_type=Path),
    metavar="KEY",
    help="The root key's file, where it is kept apart and so not in the backup.",
)
@click.option("--new-keys", is_flag=True, help="All keys but the root's anew: the old are revoked.")
@pass_context
def restore(context: Context, file: Path, root_key: Path | None, *, new_keys: bool) -> None:
    """Make a new home of the backup FILE; the folder of --home is new or empty.

    The node opens a new epoch, so that no serial is used twice. Give its new card to your
    partners. See to it that the old node never runs again.

    \b
      noroshi --home /var/lib/noroshi restore /media/disk/jp-2026-11-22.backup
    """
    from noroshi.safekeeping import restore_node

    with _progress(context, "Restoring") as on_progress:
        made = restore_node(
            context.home, file, ask_passphrase, on_progress, root_key=root_key, new_keys=new_keys
        )
    context.answer(
        {
            "partner": made.card.card.partner,
            "home": str(made.home.absolute()),
            "epoch": made.card.card.epoch,
            "card": made.card.card.serial,
            "journal": {"size": made.journal[0], "root": made.journal[1].hex()},
            "backup_at": to_text(made.backup_at),
            "held": made.held,
        },
        lambda: _present_restore(made),
    )


@click.group(invoke_without_command=True)
@click.pass_context
def held(ctx: click.Context) -> None:
    """List what is kept from going out: after a restore, or because it may not go any more.

    What was restored may have been delivered since; what partners have leaves this list by itself
    when their receipts come. What the release check withholds goes by 'held send' once it may.

    \b
      noroshi held
      noroshi held send 3f1c09aa --by "Lt Sato"
    """
    if ctx.invoked_subcommand is None:
        context = ctx.find_object(Context)
        assert context is not None  # noqa: S101 - the program made it
        with context.desk() as node:
            rows = node.ask(requests.Held())
        _list(context, rows, "Nothing is held.")


@held.command(name="send")
@click.argument("reports", metavar="[ID]...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="All that is held.")
@click.option("--by", metavar="NAME", help="The officer who decides.")
@pass_context
def send_held(context: Context, reports: tuple[str, ...], by: str | None, *, is_all: bool) -> None:
    """Let held reports go, sealed as they were; partners who have them ignore them."""
    if bool(reports) == is_all:
        raise InputError("bad-input", "name the reports, or say --all")
    with context.desk() as node:
        gone = node.ask(requests.SendHeld(reports=reports, by=by))
    _list(context, gone, "Nothing was held.", "These go out now:")


COMMANDS: Final = (backup, restore, held)


def _list(context: Context, rows: object, nothing: str, title: str = "") -> None:
    from noroshi.entrypoints.cli import present

    columns = ("REPORT", "PARTNER", "PRECEDENCE", "SEALED", "SUBJECT")
    shown = [
        (present.short_id(r["report"]), r["partner"], r["precedence"],
         present.minute(r["sealed_at"]), r["subject"])
        for r in present.mappings(rows)
    ]  # fmt: skip

    def show() -> None:
        if title and shown:
            click.echo(title)
        present.console().print(present.table(columns, shown) if shown else nothing)

    context.answer(rows, show)


def _present_backup(made: "BackedUp") -> None:
    head = made.head
    click.echo(
        f"{made.file}: {made.size:,} bytes, {made.reports:,} reports, journal of {head.size:,}\n"
        f"entries with root {head.root.hex()}; read back and whole."
    )
    if not head.are_keys_wrapped:
        click.secho(_UNWRAPPED, fg="yellow")


def _present_restore(made: "Restored") -> None:
    partner = made.card.card.partner
    held_back = (
        f"{made.held:,} reports were not delivered at the time of the backup and are held:\n"
        "  noroshi held\n"
        if made.held
        else ""
    )
    click.echo(
        f"The node of {partner} is in {made.home}, as of {to_text(made.backup_at)};\n"
        f"epoch {made.card.card.epoch} begins. What came later it asks of its partners.\n"
        f"{held_back}"
        f"Next: noroshi serve, noroshi partner card -o {partner}.card (for all partners), and a\n"
        "new backup. The old node must never run again."
    )


@contextmanager
def _progress(context: Context, label: str) -> Generator[Callable[[int, int], None]]:
    """Show how far it is, where a person looks."""
    if context.as_json or not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    with click.progressbar(length=1000, label=label, file=sys.stderr) as bar:
        yield lambda done, whole: bar.update(1000 * done // max(1, whole) - bar.pos)
