"""`noroshi root revoke`, `partner revoke` and `quarantine`: when a partner's keys are lost."""

from pathlib import Path
from typing import Final

import click

from noroshi.core.errors import InputError
from noroshi.entrypoints.cli.context import Context, ask_passphrase, pass_context
from noroshi.entrypoints.cli.files import write_new
from noroshi.entrypoints.cli.partners import object_of, partner, read_card
from noroshi.flow import requests


@partner.command()
@click.argument("name", metavar="PARTNER")
@click.option("--since", metavar="TIME", default="", help="Since when its keys may be others'.")
@click.option(
    "--notice",
    type=click.Path(path_type=Path),
    help="The word of its root, as 'noroshi root revoke' makes it.",
)
@click.option("--by", metavar="NAME", help="The officer who decides.")
@click.option("--reason", default="", metavar="TEXT", help="What the others are told.")
@pass_context
def revoke(
    context: Context, name: str, since: str, notice: Path | None, by: str | None, reason: str
) -> None:
    """Trust a partner's keys no more: nothing goes there, nothing is taken from there.

    With --notice every partner follows and passes it on. Without it the decision is for this
    line alone, and the others are advised.

    \b
      noroshi partner revoke nato --since 2026-11-22T02:10:00Z --by "Lt Sato"
      noroshi partner revoke nato --notice nato.revocation --by "Lt Sato"
    """
    if bool(since) == (notice is not None):
        raise InputError("bad-input", "say since when (--since), or give the notice (--notice)")
    request = requests.RevokePartner(
        partner=name,
        since=since,
        by=by,
        reason=reason,
        notice=read_card(notice) if notice else b"",
    )
    with context.desk() as node:
        told = object_of(node.ask(request))
    context.answer(
        told,
        lambda: click.echo(
            f"{name} is {told['state']}: what came from there since {told['since']} is marked.\n"
            "When they have new keys: noroshi partner add FILE, and compare the digits again."
        ),
    )


@click.group(invoke_without_command=True)
@click.pass_context
def quarantine(ctx: click.Context) -> None:
    """List reports of revoked partners that were signed before and came later.

    Whoever has a partner's keys can write any time into a report: ask the partner another way
    before you take one.

    \b
      noroshi quarantine take 3f1c09aa --by "Lt Sato"
      noroshi quarantine drop 3f1c09aa --by "Lt Sato"
    """
    if ctx.invoked_subcommand is not None:
        return
    from noroshi.entrypoints.cli import present

    context = ctx.find_object(Context)
    assert context is not None  # noqa: S101 - the program made it
    with context.desk() as node:
        rows = node.ask(requests.Quarantine())
    columns = ("REPORT", "PARTNER", "SAYS IT WAS SIGNED", "CAME")
    shown = [
        (present.short_id(r["report"]), r["partner"], present.minute(r["signed_at"]),
         present.minute(r["arrived_at"]))
        for r in present.mappings(rows)
    ]  # fmt: skip
    context.answer(
        rows,
        lambda: present.console().print(
            present.table(columns, shown) if shown else "Nothing is held."
        ),
    )


@quarantine.command()
@click.argument("report", metavar="ID")
@click.option("--by", metavar="NAME", help="The officer who decides.")
@pass_context
def take(context: Context, report: str, by: str | None) -> None:
    """Take a report that is held: it is read as any other."""
    _decide(context, report, by, is_taken=True)


@quarantine.command()
@click.argument("report", metavar="ID")
@click.option("--by", metavar="NAME", help="The officer who decides.")
@pass_context
def drop(context: Context, report: str, by: str | None) -> None:
    """Drop a report that is held, unread."""
    _decide(context, report, by, is_taken=False)


@click.group()
def root() -> None:
    """Do what only the keepers of a root may do; their keys belong on machines of their own."""


@root.command(name="revoke")
@click.option(
    "--key",
    "key_file",
    type=click.Path(path_type=Path),
    required=True,
    help="The root key, root.key of the node.",
)
@click.option(
    "--card",
    "card_file",
    type=click.Path(path_type=Path),
    required=True,
    help="The newest card whose keys are void.",
)
@click.option("--since", default="", metavar="TIME", help="Since when they may be others'.")
@click.option(
    "--onto",
    type=click.Path(path_type=Path),
    help="The same word, which other custodians of the root have signed already.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@pass_context
def revoke_own(
    context: Context, key_file: Path, card_file: Path, since: str, onto: Path | None, output: Path
) -> None:
    """Write the word of the root that the keys of a card are void; give it to every partner.

    \b
      noroshi root revoke --key root.key --card nato.card --since 2026-11-22T02:10:00Z
          -o nato.revocation
      noroshi root revoke --key ito.key --card nato.card --onto nato.revocation -o nato.both
    """
    from noroshi.custody import revoke

    if bool(since) == (onto is not None):
        raise InputError("bad-input", "say since when (--since), or add a signature (--onto)")
    earlier = read_card(onto) if onto else None
    made, lacking = revoke(key_file, read_card(card_file), since, earlier, ask_passphrase)
    write_new(output, made.armoured.encode())
    told = made.revocation
    said = f"{output}: the keys of {told.partner}'s cards up to number {told.card} are void.\n"
    follow = f"Partners take it with: noroshi partner revoke {told.partner} --notice FILE --by NAME"
    if lacking:
        follow = f"{lacking} more of the custodians have to sign it: --onto {output}"
    context.answer(
        {
            "partner": told.partner,
            "card": told.card,
            "file": str(output),
            "lacks_signatures": lacking,
        },
        lambda: click.echo(said + follow),
    )


COMMANDS: Final = (partner, quarantine)
"""`partner` is whole here; `root` is whole with the ceremony, which is another module's."""


def _decide(context: Context, report: str, by: str | None, *, is_taken: bool) -> None:
    with context.desk() as node:
        told = object_of(
            node.ask(requests.DecideQuarantined(report=report, by=by, is_taken=is_taken))
        )
    context.answer(told, lambda: click.echo(f"{told['report']} is {told['state']}"))
