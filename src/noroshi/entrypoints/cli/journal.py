"""Commands for proof: journal verify, journal proof, and verify, which needs no node."""

from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click
import msgspec

from noroshi.core.errors import InputError
from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.entrypoints.cli.files import read_plain, replace_file, write_new
from noroshi.entrypoints.cli.partners import read_card
from noroshi.flow import requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from noroshi.core.directory.card import Card
    from noroshi.core.envelope.primitives import Primitives

_MAX_PROOF: Final = 4 * 1024 * 1024
_OF_HEAD: Final = 1024
"""Bytes of a proof that are the same in each of one report: behind the first, its signed head."""


@click.group()
def journal() -> None:
    """Check this node's journal, and make proofs out of it."""


@journal.command(name="verify")
@click.option(
    "--against",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A partner's proof, or a checkpoint that it cosigned: does this journal agree with what"
    " they have seen of it?",
)
@pass_context
def verify_journal(context: Context, against: tuple[Path, ...]) -> None:
    """Compute the whole journal anew; exit 1 when anything in it was changed."""
    proofs = tuple(map(_read_proof, against))
    with context.desk() as node:
        told = _object(node.ask(requests.VerifyJournal(proofs=proofs)))

    def present() -> None:
        if told["ok"]:
            click.secho("OK", fg="green", nl=False)
            click.echo(f"  {told['size']} entries, root {told['root']}")
        else:
            low, high = cast("list[int]", told["bad_between"])
            click.secho("NOT OK", fg="red", nl=False)
            click.echo(f"  {told['reason']}; entries from {low} to below {high}")
            click.echo("Keep a copy of the home as evidence, and restore a backup.")
        for partner, seen in cast("dict[str, dict[str, object]]", told["witnessed"]).items():
            click.echo(
                f"{partner} has signed to have seen the first {seen['size']} entries as they are"
                f" ({seen['at']})"
            )
            if seen["cosigned"]:
                click.echo(
                    f"{partner} has cosigned the first {seen['cosigned']} ({seen['cosigned_at']})"
                )

    context.answer(told, present)
    if not told["ok"]:
        raise SystemExit(1)


@journal.command()
@click.argument("report", metavar="ID")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
@pass_context
def proof(context: Context, report: str, output: Path) -> None:
    """Write what can be proved of a report, without its content; see 'noroshi verify'.

    FILE may be there with an older proof of that report, and with nothing else.
    """
    with context.desk() as node:
        told = _object(node.ask(requests.MakeProof(report=report)))
    raw = cast("bytes", told.pop("proof"))
    is_older = read_plain(output, _OF_HEAD)[1:] == raw[1:_OF_HEAD]
    (replace_file if is_older else write_new)(output, raw)
    told |= {"file": str(output), "size": len(raw)}
    context.answer(told, lambda: click.echo(f"{output}: {len(raw):,} bytes"))


@journal.command(name="witnesses")
@pass_context
def list_witnesses(context: Context) -> None:
    """Say how far each partner's journal is proven here, and what it has cosigned of this one."""
    with context.desk() as node:
        told = cast("list[dict[str, object]]", node.ask(requests.Witnesses()))

    def present() -> None:
        from noroshi.entrypoints.cli import present

        rows = [
            (
                str(one["partner"]), str(one["state"]), _sized(one["proven"]),
                _sized(one["cosigned"]), str(one["conflicts"]),
            )
            for one in told
        ]  # fmt: skip
        heads = ("PARTNER", "ITS JOURNAL", "PROVEN UP TO", "OURS COSIGNED UP TO", "CONFLICTS")
        present.console().print(present.table(heads, rows))

    context.answer(told, present)


@journal.command()
@click.argument("partner")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
@pass_context
def checkpoint(context: Context, partner: str, output: Path) -> None:
    """Write the newest checkpoint of a partner that this node has verified, with its cosignature.

    Whoever audits the partner compares its journal with it: noroshi journal verify --against FILE.
    """
    with context.desk() as node:
        told = _object(node.ask(requests.HeldCheckpoint(partner=partner)))
    write_new(output, str(told["checkpoint"]).encode())
    told["file"] = str(output)
    context.answer(told, lambda: click.echo(f"{output}: the first {told['size']} entries"))


@journal.command(name="conflicts")
@pass_context
def list_conflicts(context: Context) -> None:
    """Show the checkpoints of partners that contradict each other, as they signed them."""
    with context.desk() as node:
        told = cast("list[dict[str, object]]", node.ask(requests.Conflicts()))

    def present() -> None:
        for one in told:
            click.secho(f"{one['partner']}  {one['at']}", fg="red")
            click.echo(f"{one['one']}\n{one['other']}")
        if not told:
            click.echo("None: no partner has contradicted itself.")

    context.answer(told, present)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--card",
    "cards",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    metavar="CARD",
    help="The card of a partner that signed something in it; once for each.",
)
@pass_context
def verify(context: Context, file: Path, cards: tuple[Path, ...]) -> None:
    """Verify a proof, or a joint statement that was published, anywhere and without a node.

    \b
      noroshi verify proof.noroshi --card jp.card --card nato.card
      noroshi verify statement.json --card jp.card --card nato.card

    What it shows is as good as the cards: compare their numbers, or get them from people you trust.
    """
    # Imported here: this command needs cryptography but no node.
    from noroshi.adapters.sealing.pyca import PycaPrimitives
    from noroshi.core.instant import to_text
    from noroshi.core.joint import is_published
    from noroshi.entrypoints.cli import present
    from noroshi.flow.proofs import verify_proof
    from noroshi.identity import verified_card

    primitives = PycaPrimitives()
    known = {
        signed.card.partner: signed.card
        for signed in (verified_card(read_card(path)) for path in cards)
    }
    raw = _read_proof(file)
    if is_published(raw):
        _verify_statement(context, raw, known, primitives)
        return
    claims = verify_proof(raw, known, primitives)
    told = {
        "ok": True,
        "claims": [msgspec.structs.asdict(c) | {"at": to_text(c.at)} for c in claims],
        "roots": {name: card.root_digest.hex() for name, card in known.items()},
    }

    def show() -> None:
        click.secho("VERIFIED", fg="green", nl=False)
        click.echo(f"  report {claims[0].report}")
        rows = [(c.type, c.partner, c.desk, c.by, to_text(c.at)) for c in claims]
        present.console().print(present.table(("CLAIM", "PARTNER", "DESK", "BY", "AT"), rows))

    context.answer(told, show)


COMMANDS: Final = (journal, verify)


def _verify_statement(
    context: Context, raw: bytes, known: "Mapping[str, Card]", primitives: "Primitives"
) -> None:
    from noroshi.core.envelope.keys import Purpose
    from noroshi.core.instant import to_text
    from noroshi.core.joint import verify_published
    from noroshi.core.sheet.visible import visible
    from noroshi.entrypoints.cli import present

    signers = {name: card.signers(Purpose.REPORT) for name, card in known.items()}
    text, signatures = verify_published(raw, signers, primitives)
    told = {
        "ok": True,
        "digest": text.digest.hex(),
        "language": text.language,
        "text": text.text,
        "versions": [
            {"language": language, "standing": "equal" if is_equal else "courtesy", "text": words}
            for language, is_equal, words in text.versions
        ],
        "signatures": [
            {"signatory": each.signatory, "by": each.signed_by, "at": to_text(each.signed_at)}
            for each in signatures
        ],
        "roots": {name: card.root_digest.hex() for name, card in known.items()},
    }

    def show() -> None:
        click.secho("VERIFIED", fg="green", nl=False)
        click.echo(f"  joint statement, digest {text.digest.hex()}")
        for language, words in ((text.language, text.text), *((v[0], v[2]) for v in text.versions)):
            click.echo(f"{visible(language)}:")
            for each in words.split("\n"):
                click.echo(f"| {visible(each)}")
        rows = [(each.signatory, each.signed_by, to_text(each.signed_at)) for each in signatures]
        present.console().print(present.table(("SIGNATORY", "BY", "AT"), rows))

    context.answer(told, show)


def _read_proof(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            raw = opened.read(_MAX_PROOF + 1)
    except OSError as error:
        raise InputError("bad-proof", f"{file} cannot be read: {error.strerror}") from error
    if len(raw) > _MAX_PROOF:
        raise InputError("bad-proof", f"{file} is too large to be a proof")
    return raw


def _sized(told: object) -> str:
    """Return a size and its time as a person reads them, "-" for none."""
    if told is None:
        return "-"
    sized = _object(told)
    return f"{sized['size']}, {sized['at']}"


def _object(answer: object) -> dict[str, object]:
    return cast("dict[str, object]", answer)
