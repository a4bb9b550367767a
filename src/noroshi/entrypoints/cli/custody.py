"""`noroshi root ...`: a root that several custodians keep, signed away from the node."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

import click

from noroshi.core.errors import ConflictError, InputError
from noroshi.entrypoints.cli.context import Context, ask_passphrase, pass_context
from noroshi.entrypoints.cli.files import check_new, replace_file, write_new
from noroshi.entrypoints.cli.partners import object_of, read_card
from noroshi.entrypoints.cli.revocations import root
from noroshi.flow import requests

_FILE: Final = click.Path(path_type=Path)
_ROOT: Final = "a root that custodians sign"


@root.command()
@click.option("-o", "--output", type=_FILE, required=True, help="The private key, NAME.key.")
@pass_context
def create(context: Context, output: Path) -> None:
    """Make a custodian's key: NAME.key, which stays secret, and NAME.pub for the others.

    \b
      noroshi root create -o sato.key
    """
    from noroshi.core.directory.ceremony import fingerprint
    from noroshi.custody import make_custodian

    public = output.with_suffix(".pub")
    check_new(public)
    made = make_custodian(output, ask_passphrase)
    write_new(public, made.armoured.encode())
    shown = fingerprint(made.keys[0])
    context.answer(
        {"key": str(output), "public": str(public), "fingerprint": shown},
        lambda: click.echo(
            f"{output}: keep it off every network, and a copy elsewhere.\n"
            f"{public}: give it to whoever makes the next root. Its fingerprint: {shown}"
        ),
    )


@root.command()
@click.option("--key", "key_file", type=_FILE, required=True, help="A root key, such as root.key.")
@click.option("-o", "--output", type=_FILE, required=True)
@pass_context
def public(context: Context, key_file: Path, output: Path) -> None:
    """Write the public half of a root key, so that it can be a custodian's.

    \b
      noroshi root public --key root.key -o first.pub
    """
    from noroshi.core.directory.ceremony import fingerprint
    from noroshi.custody import public_half

    made = public_half(key_file, ask_passphrase)
    write_new(output, made.armoured.encode())
    shown = fingerprint(made.keys[0])
    context.answer(
        {"public": str(output), "fingerprint": shown},
        lambda: click.echo(f"{output}: fingerprint {shown}"),
    )


@root.command()
@click.argument("asked", metavar="REQUEST", type=_FILE)
@click.option("--custodian", "custodians", type=_FILE, multiple=True, metavar="PUB",
              help="A custodian's public key, once for each; none: those so far.")  # fmt: skip
@click.option("--threshold", type=click.IntRange(1, 16), required=True, metavar="N",
              help="How many of them have to sign.")  # fmt: skip
@click.option("--days", type=click.IntRange(30, 7300), default=1825, show_default=True,
              help="After which the root ends.")  # fmt: skip
@click.option("-o", "--output", type=_FILE, required=True)
@pass_context
def rotate(
    context: Context,
    asked: Path,
    custodians: tuple[Path, ...],
    threshold: int,
    days: int,
    output: Path,
) -> None:
    """Write the next version of a root, to be signed; the node gives the REQUEST.

    The custodians so far sign it, as many as had to until now, and the new ones. The sixty
    digits stay what they are.

    \b
      noroshi root request -o jp.request              # at the node
      noroshi root rotate jp.request --custodian sato.pub --custodian ito.pub --custodian abe.pub
          --threshold 2 -o jp.root
      noroshi root sign jp.root --key root.key
      noroshi root sign jp.root --key sato.key --online-keys "51c0 ..."     # and so on
      noroshi root take jp.root --by "Capt Abe"       # at the node
    """
    from noroshi.custody import propose, summary

    public_keys = [_read_public(file) for file in custodians]
    made = propose(read_card(asked, "a request for a root"), public_keys, threshold, days)
    write_new(output, made.armoured.encode())
    _show(context, summary(made), output)


@root.command()
@click.argument("file", type=_FILE)
@click.option("--key", "key_file", type=_FILE, required=True, help="The custodian's private key.")
@click.option("--online-keys", metavar="FINGERPRINT",
              help="Of the node's keys, as its administrator told you.")  # fmt: skip
@pass_context
def sign(context: Context, file: Path, key_file: Path, online_keys: str | None) -> None:
    """Sign a root, as a custodian of the one before, of the new one, or of both.

    The keys that the node holds for its directory stand in it too. Unless this key has signed them
    in the root before, the node's administrator tells you their fingerprint, by voice or in person.

    \b
      noroshi root sign jp.root --key sato.key --online-keys "51c0 a7d2 9b3e 0f44 8a61 d7e5"
    """
    from noroshi.custody import sign as signed
    from noroshi.custody import summary

    made = signed(read_card(file, _ROOT), key_file, ask_passphrase, online_keys)
    replace_file(file, made.armoured.encode())
    _show(context, summary(made), file)


@root.command()
@click.argument("file", type=_FILE)
@click.option("--by", metavar="NAME", help="The person who answers for it.")
@pass_context
def take(context: Context, file: Path, by: str | None) -> None:
    """Let this node go by a root that its custodians have signed, and tell every partner.

    \b
      noroshi root take jp.root --by "Capt Abe"
    """
    raw = read_card(file, _ROOT)
    _check_signed(raw)
    with context.desk() as node:
        told = object_of(node.ask(requests.TakeRoot(root=raw, by=by)))
    hint = (
        "\nThe first root key still lies here: noroshi root remove-key"
        if told["has_first_key"]
        else ""
    )
    context.answer(told, lambda: click.echo(f"root {told['version']} is taken{hint}"))


@root.command()
@click.option("-o", "--output", type=_FILE, required=True)
@pass_context
def request(context: Context, output: Path) -> None:
    """Write what custodians need for this node's next root; it holds nothing secret.

    \b
      noroshi root request -o jp.request
    """
    with context.desk() as node:
        told = object_of(node.ask(requests.RequestRoot()))
    write_new(output, str(told["armoured"]).encode())
    shown = str(told["online_keys"])
    context.answer(
        {"file": str(output), "online_keys": shown},
        lambda: click.echo(
            f"{output}: for 'root rotate'\n"
            f"Online keys: {shown}\n"
            "Tell every custodian this fingerprint by voice or in person, not beside the file."
        ),
    )


@root.command(name="remove-key")
@click.option("--by", metavar="NAME", help="The person who answers for it.")
@pass_context
def remove_key(context: Context, by: str | None) -> None:
    """Destroy the first root key on this node, once its root has other custodians.

    \b
      noroshi root remove-key --by "Capt Abe"
    """
    with context.desk() as node:
        told = object_of(node.ask(requests.RemoveRootKey(by=by)))
    context.answer(told, lambda: click.echo("The first root key is not on this machine any more."))


COMMANDS: Final = (root,)


def _show(context: Context, told: Mapping[str, object], file: Path) -> None:
    """Show what a custodian signs, and what is still lacking."""
    custodians = cast("list[str]", told["custodians"])
    of, until = f"{told['threshold']} of {len(custodians)}", str(told["until"])[:10]
    lines = [f"{file}: root {told['version']} of {told['partner']}, {of}, until {until}"]
    lines += [f"  custodian {each}" for each in custodians]
    standing = "as before" if told["online_keys_as_before"] else "NEW: compare with the node's"
    lines.append(f"  online keys {told['online_keys']}, {standing}")
    lacking = _lacking(told)
    lines.append(
        f"Still to sign: {lacking}" if lacking
        else "It is signed. At the node: noroshi root take FILE --by NAME"
    )  # fmt: skip
    context.answer({"file": str(file), **told}, lambda: click.echo("\n".join(lines)))


def _lacking(told: Mapping[str, object]) -> str:
    """Return whose signatures a root lacks, "" for nobody's."""
    return ", ".join(
        f"{told[name]} of the custodians {when}"
        for name, when in (("lacks_before", "so far"), ("lacks_after", "from then on"))
        if told[name]
    )


def _check_signed(raw: bytes) -> None:
    """Return if a root has the signatures that it needs.

    Raises:
        ConflictError: it lacks some.
    """
    from noroshi.core.directory.ceremony import read_proposal
    from noroshi.custody import summary

    told = summary(read_proposal(raw))
    lacking = _lacking(told)
    if lacking:
        signed = cast("list[str]", told["signed_by"])
        left = [each for each in cast("list[str]", told["custodians"]) if each not in signed]
        msg = (
            f"the root is not signed by all who have to; still to sign: {lacking}. Of its "
            f"custodians these have not: {', '.join(left) or 'none'}. See: noroshi root sign"
        )
        raise ConflictError("root-changed", msg)


def _read_public(file: Path) -> bytes:
    if file.suffix == ".key":
        msg = (
            f"{file} is a private key, which stays where it is; give the public half: "
            f"{file.with_suffix('.pub').name}"
        )
        raise InputError("bad-input", msg)
    return read_card(file, "a custodian's public key")
