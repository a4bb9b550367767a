"""Commands for accounts: who is who at this node, and what each may do."""

import os
import pwd
import sys
from pathlib import Path
from typing import Final, cast

import click

from noroshi.core.errors import InputError
from noroshi.core.sheet.visible import visible
from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.entrypoints.cli.person import LONGEST_PASSPHRASE, first_bytes, this_person
from noroshi.flow import requests

_roles = click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    metavar="ROLE[@DESK]",
    help="drafter, releaser or watch, at one desk or at all; administrator; auditor.",
)
_by = click.option("--by", metavar="NAME", help="The administrator who does it.")
_file = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A file with the person's passphrase, instead of the prompt.",
)


@click.group()
def account() -> None:
    """Say who may do what at this node; from the first account on every act is proven.

    \b
      noroshi account add "Capt Abe" --role administrator --user abe
      noroshi account add "Lt Sato" --role drafter@cyber --role watch@cyber
      noroshi --as "Lt Sato" inbox
    """


@account.command()
@click.argument("name")
@_roles
@click.option("--user", metavar="USER", help="The operating-system user who is this person.")
@_file
@_by
@pass_context
def add(
    context: Context,
    name: str,
    roles: tuple[str, ...],
    user: str | None,
    passphrase_file: Path | None,
    by: str | None,
) -> None:
    """Add a person; the first account is an administrator's.

    A person is proven by a passphrase, or by being an operating-system user. Without --user and
    --passphrase-file it is asked for at the terminal; where there is none, you are the person, as
    the operating-system user that you are. NOROSHI_ACCOUNT_PASSPHRASE_FILE proves who adds.
    """
    passphrase = None if passphrase_file is None else _read(passphrase_file)
    uid = None if user is None else _uid(user)
    if passphrase is None and uid is None:
        if sys.stdin.isatty():
            passphrase = _prompted(name)
        else:
            uid = os.getuid()
    _tell(
        context,
        requests.AddAccount(name=name, roles=roles, uid=uid, passphrase=passphrase, by=by),
    )


@account.command(name="roles")
@click.argument("name")
@_roles
@_by
@pass_context
def change_roles(context: Context, name: str, roles: tuple[str, ...], by: str | None) -> None:
    """Give a person these roles, and no others."""
    _tell(context, requests.ChangeRoles(name=name, roles=roles, by=by))


@account.command(name="passphrase")
@click.argument("name")
@_file
@_by
@pass_context
def change_passphrase(
    context: Context, name: str, passphrase_file: Path | None, by: str | None
) -> None:
    """Give a person another passphrase: your own, or as an administrator anybody's."""
    told = _prompted(name) if passphrase_file is None else _read(passphrase_file)
    _tell(context, requests.ChangePassphrase(name=name, passphrase=told, by=by))


@account.command(name="break-glass")
@click.argument("name")
@_by
@pass_context
def break_glass(context: Context, name: str, by: str | None) -> None:
    """Make a way into the console for the day when nothing else is at hand.

    A passphrase, and a key for an authenticator of one-time codes: shown this once, to be kept in
    two places. Together they open the console once, and an alarm tells every desk.
    """
    with context.desk() as node:
        told = cast("dict[str, str]", node.ask(requests.PrepareBreakGlass(name=name, by=by)))

    def present() -> None:
        import segno

        click.echo(f"For {told['account']}, shown this once.\n")
        click.echo(f"On paper, in a sealed envelope:\n\n  {told['passphrase']}\n")
        click.echo(f"In an authenticator, kept elsewhere:\n\n  {told['key_uri']}\n")
        segno.make(told["key_uri"], error="m", micro=False).terminal(compact=True)

    context.answer(told, present)


@account.command()
@click.argument("name")
@_by
@pass_context
def end(context: Context, name: str, by: str | None) -> None:
    """End a person's account; what they did stays, and nobody else is given the name."""
    _tell(context, requests.EndAccount(name=name, by=by))


@account.command(name="list")
@pass_context
def list_accounts(context: Context) -> None:
    """List the accounts, those that have ended too."""
    with context.desk() as node:
        told = cast("list[dict[str, object]]", node.ask(requests.Accounts()))

    def present() -> None:
        from noroshi.entrypoints.cli import present

        rows = [
            (
                visible(str(one["account"])), ", ".join(present.strings(one["roles"])),
                ", ".join(present.strings(one["proof"])), str(one["state"]),
                visible(str(one["added_by"])), str(one["added_at"]),
            )
            for one in told
        ]  # fmt: skip
        heads = ("ACCOUNT", "ROLES", "PROVEN BY", "STATE", "ADDED BY", "AT")
        if rows:
            present.console().print(present.table(heads, rows))
        else:
            click.echo("There are no accounts: names are claims. noroshi account add NAME ...")

    context.answer(told, present)


@account.command()
@pass_context
def whoami(context: Context) -> None:
    """Say whose account you have here."""
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(requests.WhoAmI()))
    context.answer(told, lambda: click.echo(told["account"] or f"{this_person()}, as a claim"))


account.add_command(end, "remove")

COMMANDS: Final = (account,)


def _tell(context: Context, asked: requests.AnyRequest) -> None:
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(asked))
    roles = ", ".join(cast("list[str]", told["roles"]))
    by = {"user": f"the operating-system user {told['uid']}", "passphrase": "a passphrase"}
    proof = " or ".join(by[each] for each in cast("list[str]", told["proof"]))
    said = f"{told['account']}: {told['state']}, {roles}{', proven by ' if proof else ''}{proof}"
    context.answer(told, lambda: click.echo(said))


def _uid(user: str) -> int:
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError as error:
        msg = f"there is no operating-system user {user!r} on this machine"
        raise InputError("bad-input", msg) from error


def _read(file: Path) -> str:
    try:
        told = first_bytes(file)
        if len(told) > LONGEST_PASSPHRASE:
            raise InputError("bad-input", f"{file} is too long to be a passphrase")
        return told.rstrip(b"\r\n").decode()
    except UnicodeDecodeError as error:
        raise InputError("not-utf8", f"{file} is no UTF-8 text") from error
    except OSError as error:
        raise InputError("bad-input", f"{file} cannot be read: {error.strerror}") from error


def _prompted(name: str) -> str:
    told: str = click.prompt(
        f"A passphrase for {name}", hide_input=True, confirmation_prompt=True, err=True
    )
    return told
