"""Commands for feeds: what others publish comes into collections, and ours are handed on."""

import contextlib
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Final, cast

import click

from noroshi.core.errors import InputError, NoroshiError
from noroshi.core.feed import FeedKind
from noroshi.core.sheet.visible import visible
from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.entrypoints.cli.files import read_body
from noroshi.flow import requests

_LARGEST: Final = 256 * 1024
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@click.group()
def feeds() -> None:
    """Follow other servers: TAXII 2.1, MISP feeds, MISP itself; or hand objects on to them.

    What is pulled goes into a collection that machines read (`noroshi access grant`), checked and
    handled by its own markings. The node follows feeds while it is served; `noroshi pull` at once.

    \b
      noroshi feeds add cert https://cert.example/misp/feed --kind misp-feed --collection cert
      noroshi feeds add siem https://siem.example/api/collections/ID/ --login token.txt \\
        --collection cyber --push --inside 10.2.0.0/16
      noroshi feeds list
      noroshi feeds held
    """


@feeds.command()
@click.argument("name")
@click.argument("url")
@click.option(
    "--kind", type=click.Choice([each.value for each in FeedKind]), default="taxii",
    show_default=True, help="What the server speaks.",
)  # fmt: skip
@click.option(
    "--collection", required=True, metavar="C", help="Ours; a new one is made if there is none."
)
@click.option("--push", is_flag=True, help="Hand the collection on to the server.")
@click.option(
    "--login", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE",
    help="A file with a token or key, or with USER:PASSWORD; - reads it from standard input.",
)  # fmt: skip
@click.option(
    "--ca", type=click.Path(path_type=Path), metavar="FILE",
    help="Certificates (PEM) that the server's must come from, if not a public one.",
)  # fmt: skip
@click.option(
    "--inside", multiple=True, metavar="NETWORK",
    help="A network that is not public in which the server may lie.",
)  # fmt: skip
@click.option("--every", default="5m", show_default=True, metavar="TIME", help="As 30s, 5m, 2h.")
@click.option("--marking", metavar="MARK", help="It is all handled by this beside its own marking.")
@click.option(
    "--group", "groups", multiple=True, metavar="UUID=MARK",
    help="What a sharing group of MISP means here; without it its events are held back.",
)  # fmt: skip
@click.option("--for", "partner", metavar="PARTNER", help="Whose server it is, if not ours.")
@click.option(
    "--up-to", "ceiling", metavar="MARK",
    help="Nothing that is marked stricter is handed on; TLP:AMBER+STRICT if it is left out.",
)  # fmt: skip
@click.option("--by", metavar="NAME", help="The person who answers for it.")
@pass_context
def add(
    context: Context,
    name: str,
    url: str,
    kind: str,
    collection: str,
    login: Path | None,
    ca: Path | None,
    inside: tuple[str, ...],
    every: str,
    marking: str | None,
    groups: tuple[str, ...],
    partner: str | None,
    ceiling: str | None,
    by: str | None,
    *,
    push: bool,
) -> None:
    """Follow the server at URL as NAME: of TAXII the whole address of a collection.

    A MISP instance is named by its own address, a MISP feed by that of its folder. Servers are
    asked by HTTPS, their certificates are always checked, and no redirect is followed.
    """
    user, secret = _login(login)
    request = requests.AddFeed(
        name=name, url=url, kind=kind, collection=collection, push=push, inside=inside,
        every=_seconds(every), marking=marking, groups=_groups(groups), partner=partner,
        ceiling=ceiling, user=user, secret=secret, authorities=_text(ca), by=by,
    )  # fmt: skip
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(request))
    way = "goes to" if push else "comes from"
    context.answer(told, lambda: click.echo(f"{told['collection']} {way} {told['url']}"))


@feeds.command(name="list")
@pass_context
def list_feeds(context: Context) -> None:
    """List the feeds, how far each was followed, and what went wrong."""
    from noroshi.entrypoints.cli import present

    with context.desk() as node:
        rows = node.ask(requests.Feeds())
    shown = [
        (
            row["name"], row["kind"], row["way"], row["collection"], row["taken"],
            row["done_at"] or "never", row["problem"] or "-",
        )
        for row in present.mappings(rows)
    ]  # fmt: skip

    def present_all() -> None:
        if not shown:
            click.echo("No feeds: noroshi feeds add NAME URL --collection C")
            return
        columns = ("NAME", "KIND", "WAY", "COLLECTION", "OBJECTS", "DONE", "PROBLEM")
        present.console().print(present.table(columns, shown))

    context.answer(rows, present_all)


@feeds.command()
@click.argument("name")
@click.option("--by", metavar="NAME", help="The person who answers for it.")
@pass_context
def remove(context: Context, name: str, by: str | None) -> None:
    """Follow the feed NAME no more; its objects stay, its login and what is held back go."""
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(requests.RemoveFeed(name=name, by=by)))
    context.answer(told, lambda: click.echo(f"{name} is followed no more"))


@feeds.command()
@click.argument("name", required=False)
@pass_context
def held(context: Context, name: str | None) -> None:
    """List what is held back, of the feed NAME or of all, and why nobody is given it."""
    from noroshi.entrypoints.cli import present

    with context.desk() as node:
        rows = node.ask(requests.HeldOfFeeds(name=name))
    shown = [(r["number"], r["feed"], r["item"], r["reason"]) for r in present.mappings(rows)]

    def present_all() -> None:
        if not shown:
            click.echo("Nothing is held back.")
            return
        columns = ("NUMBER", "FEED", "ITEM", "REASON")
        present.console().print(present.table(columns, shown))
        click.echo("noroshi feeds admit NUMBER --marking MARK, or noroshi feeds drop NUMBER")

    context.answer(rows, present_all)


@feeds.command()
@click.argument("number", type=int)
@click.option("--marking", required=True, metavar="MARK", help="By which it is handled.")
@click.option("--by", metavar="NAME", help="The person who answers for it.")
@pass_context
def admit(context: Context, number: int, marking: str, by: str | None) -> None:
    """Let in what is held back as NUMBER, handled by a marking that you have decided."""
    with context.desk() as node:
        request = requests.AdmitHeld(number=number, marking=marking, by=by)
        told = cast("dict[str, object]", node.ask(request))
    context.answer(told, lambda: click.echo(f"{told['item']}: {told['taken']} objects"))


@feeds.command()
@click.argument("number", type=int)
@click.option("--by", metavar="NAME", help="The person who answers for it.")
@pass_context
def drop(context: Context, number: int, by: str | None) -> None:
    """Drop what is held back as NUMBER."""
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(requests.AdmitHeld(number=number, by=by)))
    context.answer(told, lambda: click.echo(f"{told['item']} is dropped"))


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@pass_context
def pull(context: Context, names: Sequence[str]) -> None:
    """Follow feeds now, to their end: those that are named, or all.

    \b
      noroshi pull
      noroshi pull cert
    """
    with context.desk() as node:
        wanted = names or [str(row["name"]) for row in _rows(node.ask(requests.Feeds()))]
        told: list[requests.Json] = []
        for name in wanted:
            try:
                with _waiting(context, name):
                    told += _rows([cast("requests.Json", node.ask(requests.PullFeed(name=name)))])
            except NoroshiError as error:
                if len(wanted) == 1:
                    raise
                told.append({"name": name, "error": error.code, "message": error.message})

    def present_all() -> None:
        for row in told:
            if "error" in row:
                click.echo(f"{row['name']}: {visible(str(row['message']))}", err=True)
            else:
                click.echo(f"{row['name']}: {row['taken_now']} new objects, {row['taken']} in all")
        if not told:
            click.echo("No feeds: noroshi feeds add NAME URL --collection C")

    context.answer(told, present_all)
    if any("error" in row for row in told):
        sys.exit(1)


@contextlib.contextmanager
def _waiting(context: Context, name: str) -> Generator[None]:
    """Show that a feed is being followed, where somebody looks on."""
    if context.as_json or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(f"Following {name}"):
        yield


def _rows(answer: requests.Answer) -> list[requests.Json]:
    return cast("list[requests.Json]", answer)


def _login(file: Path | None) -> tuple[str | None, str]:
    """Return the user, if there is one, and the secret of a file."""
    if file is None:
        return None, ""
    lines = _text(file).split("\n")
    user, colon, secret = lines[0].strip().partition(":")
    if not user or any(each.strip() for each in lines[1:]):
        msg = f"{file} has not one line with a token, a key or USER:PASSWORD"
        raise InputError("bad-input", msg)
    return (user, secret) if colon else (None, user)


def _text(file: Path | None) -> str:
    if file is None:
        return ""
    raw = read_body(file, _LARGEST)
    try:
        text = raw.decode("ascii")
    except UnicodeDecodeError:
        text = ""
    if not text.strip() or len(raw) > _LARGEST:
        raise InputError("bad-input", f"{file} is empty, too large, or holds more than ASCII")
    return text


def _seconds(text: str) -> int:
    number, unit = text[:-1], text[-1:]
    if not (number.isascii() and number.isdecimal() and unit in _UNITS):
        raise InputError("bad-input", f"{text!r} is no span of time; write 30s, 5m, 2h or 1d")
    return int(number) * _UNITS[unit]


def _groups(said: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in said:
        name, equals, marking = each.partition("=")
        if not equals or name in found:
            raise InputError("bad-input", f"{each!r} is not UUID=MARKING, each UUID once")
        found[name.strip()] = marking.strip()
    return found


COMMANDS: Final = (feeds, pull)
