"""Commands for partners: card, add, number, verify, list."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

import click

from noroshi.core.directory.repository import MAX_BUNDLE
from noroshi.core.errors import InputError
from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.entrypoints.cli.files import read_plain, replace_file, write_new
from noroshi.flow import requests

_LARGEST: Final = 2 * MAX_BUNDLE
"""Bytes of the text of a card with its directory."""


@click.group()
def partner() -> None:
    """Know your partners: exchange cards, compare numbers.

    \b
      noroshi partner card -o jp.card
      noroshi partner add nato.card
      noroshi partner number nato
      noroshi partner verify nato --number "12345 67890 ..." --by "Lt Sato"
    """


@partner.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
@pass_context
def card(context: Context, output: Path | None) -> None:
    """Give this node's own signed card; it holds nothing secret.

    FILE may be there with an older card of this node, and with nothing else.
    """
    with context.desk() as node:
        told = object_of(node.ask(requests.OwnCard()))
    armoured = str(told.pop("armoured"))
    if output is not None:
        is_older = _is_card_of(str(told["partner"]), output)
        (replace_file if is_older else write_new)(output, armoured.encode())
    else:
        told["card"] = armoured
    context.answer(
        told,
        lambda: click.echo(
            f"{output}: card {told['number']} of {told['partner']}" if output else armoured.rstrip()
        ),
    )


@partner.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@pass_context
def add(context: Context, file: Path) -> None:
    """Take a partner's card; a newer one under the same root needs no new comparison."""
    from noroshi.core.sheet.visible import visible
    from noroshi.entrypoints.cli.present import resemblance, strings

    with context.desk() as node:
        told = object_of(node.ask(requests.AddPartner(card=read_card(file))))
    hints = {
        "UNVERIFIED": "\nCompare the sixty digits with them now: noroshi partner number "
        f"{told['partner']}",
        "REVOKED": "\nThis card has the keys that were revoked; ask them for one with new keys",
    }
    hint = hints.get(str(told["state"]), "")
    alike = strings(told["resembles"])
    warning = f"\nCAREFUL: {resemblance(str(told['partner']), alike)}" if alike else ""
    context.answer(
        told,
        lambda: click.echo(
            f"{told['partner']} ({visible(str(told['name']))}) is {told['state']}{warning}{hint}"
        ),
    )


@partner.command()
@click.argument("name", metavar="PARTNER")
@pass_context
def number(context: Context, name: str) -> None:
    """Show the sixty digits to compare with a partner's officer, by voice or in person."""
    from noroshi.entrypoints.cli.present import resemblance, strings

    with context.desk() as node:
        told = object_of(node.ask(requests.PartnerNumber(partner=name)))
    digits = str(told["number"]).split()
    rows = "\n".join("  " + "  ".join(digits[i : i + 4]) for i in range(0, 12, 4))
    alike = strings(told["resembles"])
    warning = f"CAREFUL: {resemblance(name, alike)}\n" if alike else ""
    context.answer(
        told,
        lambda: click.echo(f"{warning}The number of this node and {name}:\n\n{rows}\n"),
    )


@partner.command()
@click.argument("name", metavar="PARTNER")
@click.option(
    "--number", "digits", required=True, help="The sixty digits as the other side sees them."
)
@click.option("--by", metavar="NAME", help="The officer who compared them.")
@pass_context
def verify(context: Context, name: str, digits: str, by: str | None) -> None:
    """Record that the digits were compared; from then on reports may go both ways."""
    with context.desk() as node:
        told = object_of(node.ask(requests.VerifyPartner(partner=name, number=digits, by=by)))
    context.answer(told, lambda: click.echo(f"{name} is {told['state']}"))


@partner.command(name="list")
@pass_context
def list_partners(context: Context) -> None:
    """List the partners and how far they are trusted."""
    from noroshi.entrypoints.cli import present

    with context.desk() as node:
        rows = node.ask(requests.Partners())
    columns = ("PARTNER", "NAME", "STATE", "DIRECTORY", "DESKS", "PEER DOOR", "VERIFIED BY")
    shown = [
        (r["partner"], _named(r), r["state"], r["directory"],
         ", ".join(present.strings(r["desks"])), r["peer_url"], r["verified_by"])
        for r in present.mappings(rows)
    ]  # fmt: skip
    context.answer(
        rows,
        lambda: present.console().print(
            present.table(columns, shown) if shown else "No partners yet: noroshi partner add FILE"
        ),
    )


def read_card(file: Path, what: str = "a partner card") -> bytes:
    """Return the bytes of a card's file, or of another that people carry; `what` it is said to be.

    Raises:
        InputError: it cannot be read or is too large.
    """
    try:
        if str(file) == "-":
            raw = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with file.open("rb") as opened:
                raw = opened.read(_LARGEST + 1)
    except OSError as error:
        raise InputError("bad-card", f"{file} cannot be read: {error.strerror}") from error
    if len(raw) > _LARGEST:
        raise InputError("bad-card", f"{file} is too large to be {what}")
    return raw


def _named(row: Mapping[str, object]) -> str:
    """Return a partner's name for people, with others for which they would take it."""
    from noroshi.entrypoints.cli.present import strings

    alike = strings(row["resembles"])
    return f"{row['name']} (not {', '.join(alike)})" if alike else str(row["name"])


def _is_card_of(partner: str, file: Path) -> bool:
    """Say whether a file holds a card that says to be of a partner."""
    from noroshi.core.directory.card import claimed_card, read_armour

    try:
        return claimed_card(read_armour(read_plain(file, _LARGEST))).partner == partner
    except InputError:
        return False


def object_of(answer: object) -> dict[str, object]:
    """Return an answer that is one JSON object."""
    return cast("dict[str, object]", answer)
