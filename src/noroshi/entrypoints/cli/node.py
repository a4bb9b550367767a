"""Commands for the node itself: init, serve, doctor, demo."""

from pathlib import Path
from typing import Final

import click

from noroshi.core.envelope.suite import PROFILES_BY_NAME
from noroshi.core.errors import UnavailableError
from noroshi.entrypoints.cli.context import (
    Context,
    Serving,
    ask_passphrase,
    pass_context,
    passphrase_from_file,
    print_json,
)
from noroshi.flow import requests
from noroshi.settings import Settings


@click.command()
@click.option("--partner", required=True, help="The organisation's short name, such as jp.")
@click.option("--name", required=True, help="The organisation's name, such as Japan.")
@click.option("--desk", "desks", multiple=True, required=True, help="A duty team; may be repeated.")
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES_BY_NAME), case_sensitive=False),
    default="H5",
    show_default=True,
    help="H5: strongest; H3: for thin links and high rates; P5: without hybrids.",
)
@click.option(
    "--peer",
    default="127.0.0.1:0",
    show_default=True,
    metavar="HOST:PORT",
    help="Where partners reach this node; port 0 picks a free one and keeps it; "
    "none: it can only dial out, and polls its partners.",
)
@click.option("--default-marking", default="TLP:AMBER", show_default=True, metavar="MARK")
@click.option(
    "--passphrase", is_flag=True, help="Ask for a passphrase that wraps the private keys."
)
@pass_context
def init(
    context: Context,
    partner: str,
    name: str,
    desks: tuple[str, ...],
    profile: str,
    peer: str,
    default_marking: str,
    *,
    passphrase: bool,
) -> None:
    """Make a node: keys, card and journal in a new folder.

    With NOROSHI_PASSPHRASE_FILE or --passphrase the private keys are wrapped.

    \b
      noroshi init --partner jp --name Japan --desk cyber --desk ops
    """
    from noroshi.bootstrap import create_node

    def ask() -> bytes | None:
        told = passphrase_from_file()
        if told is None and passphrase:
            prompted: str = click.prompt(
                "New passphrase", hide_input=True, confirmation_prompt=True, err=True
            )
            told = prompted.encode()
        return told

    settings = create_node(
        context.home,
        Settings(
            partner=partner,
            name=name,
            desks=tuple(dict.fromkeys(desks)),
            profile=profile,
            peer=peer,
            default_marking=default_marking,
        ),
        ask,
    )
    told = {
        "partner": settings.partner,
        "desks": list(settings.desks),
        "home": str(context.home.absolute()),
        "peer_url": settings.peer_url,
    }
    reached = f"Partners reach it at {settings.peer_url}"
    if not settings.has_peer_door:
        reached = "Partners cannot reach it; it polls them"
    context.answer(
        told,
        lambda: click.echo(
            f"The node of {partner} is in {told['home']}.\n"
            f"{reached}.\n"
            "Next: noroshi serve, noroshi partner card -o " + partner + ".card"
        ),
    )


@click.command()
@click.option(
    "--listen",
    default="127.0.0.1:0",
    show_default=True,
    metavar="HOST:PORT",
    help="The desk door; port 0 picks a free one.",
)
@click.option("--peer", metavar="HOST:PORT", help="A new peer door; a newer card will tell it.")
@click.option("--tls-cert", type=click.Path(path_type=Path, exists=True), metavar="F")
@click.option("--tls-key", type=click.Path(path_type=Path, exists=True), metavar="F")
@click.option(
    "--door",
    type=click.Path(path_type=Path),
    metavar="SOCKET",
    help="A door besides for the accounts of other users of this machine; they use NOROSHI_DOOR.",
)
@click.option("--door-group", metavar="GROUP", help="The group of users who may reach it.")
@pass_context
def serve(
    context: Context,
    listen: str,
    peer: str | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    door: Path | None,
    door_group: str | None,
) -> None:
    """Serve the node: take reports from partners and deliver to them, until SIGTERM or Ctrl-C."""

    def on_ready(url: str, peer_url: str) -> None:
        if context.as_json:
            print_json({"event": "ready", "url": url, "peer_url": peer_url})
        else:
            peers = f"peer door {peer_url}" if peer_url else "no peer door: partners are polled"
            click.echo(f"Serving. Desk door {url}, {peers}. Ctrl-C ends.")

    context.serve(
        Serving(
            home=context.home,
            listen=listen,
            peer=peer,
            certificate=tls_cert,
            certificate_key=tls_key,
            ask_passphrase=ask_passphrase,
            on_ready=on_ready,
            door=door,
            door_group=door_group,
        )
    )


@click.command()
@pass_context
def doctor(context: Context) -> None:
    """Say what is wrong with the node and what to do; exit 1 when anything is."""
    from noroshi.entrypoints.cli import present

    with context.desk() as node:
        checks = present.mappings(node.ask(requests.Examine()))

    def show() -> None:
        for check in checks:
            click.secho(
                "ok  " if check["ok"] else "BAD ", fg="green" if check["ok"] else "red", nl=False
            )
            click.echo(f"{check['check']}: {check['message']}")

    context.answer(checks, show)
    if not all(check["ok"] for check in checks):
        raise SystemExit(1)


@click.group()
def clock() -> None:
    """Commands for the machine's clock."""


@clock.command()
@click.option("--by", required=True, help="Who has compared the clock with another.")
@pass_context
def confirm(context: Context, by: str) -> None:
    """Say that the clock is right, though the journal holds entries of later.

    That happens when a command was run while the clock was ahead. It is journalled with the
    name, and an alarm tells of it; deadlines move back with the clock.
    """
    from noroshi.bootstrap import embedded_node
    from noroshi.core.report import check_person

    with embedded_node(context.home, ask_passphrase, confirmed_by=check_person(by)) as node:
        if node is None:
            msg = "the node is served, so it took the clock for right; nothing is to be confirmed"
            raise UnavailableError("home-busy", msg)
    context.answer({"confirmed": True, "by": by}, lambda: click.echo("The clock is confirmed."))


@click.command()
@click.option("--once", is_flag=True, help="End after the report was acknowledged everywhere.")
@click.option(
    "--partners", default="jp,nato,au,kr,nz", show_default=True, help="The first one sends."
)
@click.option("--profile", type=click.Choice(list(PROFILES_BY_NAME)), help="[default: both, mixed]")
@click.option("--dir", "folder", type=click.Path(path_type=Path), help="[default: a temporary one]")
@pass_context
def demo(
    context: Context, partners: str, profile: str | None, folder: Path | None, *, once: bool
) -> None:
    """Start a federation on this machine and send a FLASH report around it."""
    from noroshi.entrypoints.cli.demo import run_demo

    run_demo(
        [name.strip() for name in partners.split(",") if name.strip()],
        profile,
        folder,
        once=once,
        as_json=context.as_json,
    )


COMMANDS: Final = (init, serve, doctor, clock, demo)
