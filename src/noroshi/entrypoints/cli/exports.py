"""Commands for exchange: a report in the words of other systems, and theirs as a report."""

from pathlib import Path
from typing import Final, cast

import click

from noroshi.core.errors import InputError
from noroshi.entrypoints.cli.context import Context, pass_context
from noroshi.flow import requests
from noroshi.flow.requests import Exchange

_GIVEN: Final = {Exchange.STIX: "bundle", Exchange.CAP: "alert", Exchange.ORIGINAL: "original"}
"""Where in the answer it stands."""


@click.command()
@click.argument("report", metavar="ID")
@click.option(
    "--as",
    "form",
    type=click.Choice([each.value for each in Exchange]),
    default=Exchange.STIX.value,
    show_default=True,
    help="STIX 2.1, CAP 1.2, or what the form was made of by `import`.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file, not the screen.")
@pass_context
def export(context: Context, report: str, form: str, output: Path | None) -> None:
    """Write a report that is a form in the words of other systems, marked as the report is.

    \b
      noroshi export ID -o report.json
      noroshi export ID | noroshi send - --to cyber@nato
      noroshi export ID --as cap -o alert.xml
      noroshi export ID --as original
    """
    from noroshi.entrypoints.cli.files import write_new

    asked = requests.Export(report=report, form=Exchange(form))
    with context.desk() as node:
        told = cast("dict[str, object]", node.ask(asked))
    end = "" if asked.form is Exchange.ORIGINAL else "\n"
    raw = f"{told[_GIVEN[asked.form]]}{end}".encode()
    if output is None:
        context.answer(told, lambda: click.echo(raw, nl=False))
        return
    write_new(output, raw)
    told |= {"file": str(output), "size": len(raw)}
    context.answer(told, lambda: click.echo(f"{output}: {len(raw):,} bytes"))


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--apart", is_flag=True, help="Without the original, which goes as an attachment.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file, not the screen.")
@click.option("--collection", metavar="NAME", help="Keep its objects of STIX for machines instead.")
@pass_context
def import_(
    context: Context,
    file: Path,
    output: Path | None,
    collection: str | None,
    *,
    apart: bool,
) -> None:
    """Turn a MISP event, a CAP alert, or what `export` wrote, into a form that `send` takes.

    Nothing is sent, and no node is needed. The form is marked as strictly as what it was made of,
    and keeps the original whole: noroshi export ID --as original.

    With --collection, the objects of a bundle are kept at the node, byte for byte, in a collection
    that machines read: no report is made of them. What cannot be taken is told with the reason.

    \b
      noroshi import event.json | noroshi send - --to cyber@nato
      noroshi import event.json -o form.json
      noroshi import large.json --apart | noroshi send - --to cyber@nato --attach large.json
      noroshi import enterprise-attack.json --collection attack
    """
    if collection is not None:
        if apart or output is not None:
            msg = "--collection keeps objects at the node; --apart and -o are for a form"
            raise InputError("bad-input", msg)
        from noroshi.entrypoints.cli.keeping import keep

        keep(context, file, collection)
        return
    from noroshi.adapters.policies import read_rules
    from noroshi.core.exchange.importing import LARGEST, draft_of, encode_form, form_of
    from noroshi.entrypoints.cli.files import read_body, write_new

    raw = read_body(file, LARGEST)
    draft = draft_of(raw, read_rules(context.home))
    form = form_of(draft, raw, without_original=apart)
    told = encode_form(form)
    for remark in draft.remarks:
        click.echo(remark, err=True)
    if output is None:
        context.answer(form, lambda: click.echo(told, nl=False))
        return
    write_new(output, told)
    head: dict[str, object] = {
        "kind": draft.kind,
        "subject": draft.subject,
        "marking": None if draft.marking is None else str(draft.marking),
        "file": str(output),
        "size": len(told),
    }
    context.answer(head, lambda: click.echo(f"{output}: {len(told):,} bytes"))


COMMANDS: Final = (export, import_)
