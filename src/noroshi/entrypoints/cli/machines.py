"""Commands for machines: access to collections, and the collections."""

from collections.abc import Mapping
from typing import Final, cast

import click

from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.flow import requests


@click.group()
def access() -> None:
    """Let machines read and hand over objects of STIX: a SIEM, MISP, OpenCTI.

    They ask at the desk door under /taxii2/ (TAXII 2.1), with the token that `grant` tells.

    \b
      noroshi access grant siem --collection cyber --read --by "Lt Sato"
      noroshi access grant sensor --collection cyber --write --by "Lt Sato"
      noroshi access revoke sensor --by "Lt Sato"
    """


@access.command()
@click.argument("name")
@click.option(
    "--collection", required=True, metavar="C", help="A new one is made if there is none."
)
@click.option("--read", is_flag=True, help="It may read what is there.")
@click.option("--write", is_flag=True, help="It may hand over objects.")
@click.option("--for", "partner", metavar="PARTNER", help="Whose machine it is, if not ours.")
@click.option(
    "--up-to", "ceiling", metavar="MARK",
    help="It reads nothing that is marked stricter; TLP:AMBER+STRICT if it is left out.",
)  # fmt: skip
@click.option("--by", metavar="NAME", help="The person who answers for it.")
@pass_context
def grant(
    context: Context,
    name: str,
    collection: str,
    partner: str | None,
    ceiling: str | None,
    by: str | None,
    *,
    read: bool,
    write: bool,
) -> None:
    """Give the machine NAME a right, and a token that is told this once.

    Each grant adds to what the machine may do; all of its tokens stay good until `revoke`.
    """
    request = requests.GrantAccess(
        name=name, collection=collection, read=read, write=write, partner=partner,
        ceiling=ceiling, by=by,
    )  # fmt: skip
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(request))

    def present_one() -> None:
        rights = cast("dict[str, str]", told["rights"])
        click.echo(f"{told['name']} may {rights[collection]} in {collection}")
        reads = f"It reads up to {told['up_to']}; its" if "read" in rights[collection] else "Its"
        click.echo(f"{reads} token, which is told only now:")
        click.echo(f"  {told['token']}")

    context.answer(told, present_one)


@access.command(name="list")
@pass_context
def list_access(context: Context) -> None:
    """List the machines, and what each may do."""
    from noroshi.entrypoints.cli import present

    with context.desk() as node:
        rows = node.ask(requests.Machines())
    shown = [
        (
            row["name"], row["partner"], row["up_to"],
            ", ".join(f"{c}: {r}" for c, r in cast("dict[str, str]", row["rights"]).items()),
            "ENDED" if row["ended_at"] else "OPEN",
        )
        for row in present.mappings(rows)
    ]  # fmt: skip

    def present_all() -> None:
        if not shown:
            click.echo("No machine has access: noroshi access grant NAME --collection C --read")
            return
        columns = ("NAME", "OF", "UP TO", "MAY", "STATE")
        present.console().print(present.table(columns, shown))

    context.answer(rows, present_all)


@access.command()
@click.argument("name")
@click.option("--by", metavar="NAME", help="The person who answers for it.")
@pass_context
def revoke(context: Context, name: str, by: str | None) -> None:
    """Take all access away from the machine NAME, at once."""
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(requests.RevokeAccess(name=name, by=by)))
    context.answer(told, lambda: click.echo(f"{name} has no access any more"))


@access.command()
@click.argument("collection")
@click.option("--to", multiple=True, metavar="DESK@PARTNER", help="Who is to act on them.")
@click.option("--info", multiple=True, metavar="DESK@PARTNER", help="Who is only informed.")
@click.option("--sightings", is_flag=True, help="They go back to who reported what was sighted.")
@click.option("--precedence", default="routine", show_default=True, metavar="PRECEDENCE")
@click.option("--kind", metavar="KIND", help="What they are, if not what their bundle says.")
@click.option("--subject", metavar="TEXT", help="Of each, if not what its bundle says.")
@click.option("--area", "areas", multiple=True, metavar="CODE", help="What they are about.")
@click.option("--at-once", is_flag=True, help="They go by themselves; else each is released.")
@click.option("--end", is_flag=True, help="What is handed over stays objects from now on.")
@click.option("--by", metavar="NAME", help="The person who answers for it.")
@pass_context
def rule(
    context: Context,
    collection: str,
    to: tuple[str, ...],
    info: tuple[str, ...],
    precedence: str,
    kind: str | None,
    subject: str | None,
    areas: tuple[str, ...],
    by: str | None,
    *,
    sightings: bool,
    at_once: bool,
    end: bool,
) -> None:
    """Let each batch that machines hand over to COLLECTION become a report.

    With --sightings, those of something that came in a partner's report go back to the desk that
    wrote it, as an answer: so it learns where its report was of use. Without --to nothing else
    becomes a report.

    It waits for a person who releases it (`noroshi release`), or goes at once. What may not go is
    refused to the machine, with the reason.

    \b
      noroshi access rule sensors --to cyber@nato --by "Capt Abe"
      noroshi access rule sensors --to cyber@nato --at-once --by "Capt Abe"
      noroshi access rule sensors --sightings --at-once --by "Capt Abe"
      noroshi access rule sensors --end --by "Capt Abe"
    """
    request: requests.SetRule | requests.EndRule = requests.SetRule(
        collection=collection, to=to, info=info, sightings=sightings, precedence=precedence,
        kind=kind, subject=subject, areas=areas, at_once=at_once, by=by,
    )  # fmt: skip
    if end:
        request = requests.EndRule(collection=collection, by=by)
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(request))
    way = "becomes a report at once" if told["at_once"] else "becomes a draft to release"
    said = "stays objects" if end else f"{way}: {_goes_to(told)}"
    context.answer(told, lambda: click.echo(f"What is handed over to {collection} {said}"))


def _goes_to(rule: Mapping[str, object]) -> str:
    """Return where a rule sends what is handed over."""
    back = ["sightings back to the desks that wrote the reports"] if rule["sightings"] else []
    return ", ".join([*(f"to {desk}" for desk in cast("list[str]", rule["to"])), *back])


@access.command()
@pass_context
def rules(context: Context) -> None:
    """List what becomes of what machines hand over."""
    from noroshi.entrypoints.cli import present

    with context.desk() as node:
        rows = node.ask(requests.Rules())
    shown = [
        (
            row["collection"], row["precedence"], _goes_to(row),
            "AT ONCE" if row["at_once"] else "RELEASED", row["set_by"],
        )
        for row in present.mappings(rows)
    ]  # fmt: skip

    def present_all() -> None:
        if not shown:
            click.echo("What is handed over stays objects: noroshi access rule COLLECTION --to ...")
            return
        columns = ("COLLECTION", "PRECEDENCE", "TO", "GOES", "SET BY")
        present.console().print(present.table(columns, shown))

    context.answer(rows, present_all)


@click.command()
@pass_context
def collections(context: Context) -> None:
    """List the collections that machines read and write."""
    from noroshi.entrypoints.cli import present

    with context.desk() as node:
        rows = node.ask(requests.Collections())
    shown = [(r["collection"], r["title"], r["id"]) for r in present.mappings(rows)]

    def present_all() -> None:
        if not shown:
            click.echo("No collections: noroshi access grant NAME --collection C --write")
            return
        present.console().print(present.table(("COLLECTION", "TITLE", "ID"), shown))

    context.answer(rows, present_all)


COMMANDS: Final = (access, collections)
