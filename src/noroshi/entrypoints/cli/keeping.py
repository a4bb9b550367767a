"""A file of STIX objects on its way into a collection, batch by batch."""

import sys
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Final, cast

import click

from noroshi.core.errors import InputError, MalformedError
from noroshi.core.exchange.objects.reading import name_of, take_apart, wrap
from noroshi.entrypoints.cli.context import Context
from noroshi.entrypoints.cli.files import read_body
from noroshi.flow import requests

LARGEST_FILE: Final = 256 * 1024 * 1024
"""Bytes; it is held in memory."""
_BATCH: Final = 2 * 1024 * 1024
"""Bytes that go to the node together: few enough that it stays quick for others meanwhile."""
_MOST: Final = 1000
"""Objects that go together."""
_LARGEST: Final = 3 * 1024 * 1024
"""Bytes of an object that a request has room for."""
_TOLD: Final = 20
"""Refused objects that a person is shown one by one."""


def keep(context: Context, file: Path, collection: str) -> None:
    """Hand the objects of a file to a collection, and tell what was not taken.

    Raises:
        InputError: the file cannot be read, is too large, or holds no objects of STIX.
    """
    raws = _objects_of(file)
    refused: list[dict[str, object]] = [
        {"id": name_of(raw), "reason": f"it has more than {_LARGEST >> 20} MiB; use TAXII"}
        for raw in raws
        if len(raw) > _LARGEST
    ]
    kept = 0
    with context.desk() as node:
        for batch in _batches(context, file, raws):
            asked = requests.KeepObjects(collection=collection, objects=wrap(batch))
            told = cast("dict[str, object]", node.ask(asked))
            kept += cast("int", told["kept"])
            refused += cast("list[dict[str, object]]", told["refused"])
    done: dict[str, object] = {"collection": collection, "kept": kept, "refused": refused}
    context.answer(done, lambda: _present(collection, kept, refused))


def _objects_of(file: Path) -> list[bytes]:
    raw = read_body(file, LARGEST_FILE)
    if len(raw) > LARGEST_FILE:
        msg = f"{file} has more than {LARGEST_FILE >> 20} MiB; split it"
        raise InputError("bad-input", msg)
    try:
        raws = take_apart(raw)
    except MalformedError as error:
        raise InputError("bad-input", f"{file}: {error.message}") from error
    if not raws:
        raise InputError("bad-input", f"{file} holds no objects; it must be a bundle of STIX")
    # An object is taken only where what it is marked by is known.
    return sorted(raws, key=lambda each: b'"marking-definition"' not in each)


def _batches(context: Context, file: Path, raws: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield batches, and show a person how far they got."""
    fitting = [raw for raw in raws if len(raw) <= _LARGEST]
    is_hidden = context.as_json or not sys.stderr.isatty()
    bar = click.progressbar(
        length=sum(map(len, fitting)), label=f"Keeping {file.name}", file=sys.stderr,
        hidden=is_hidden,
    )  # fmt: skip
    with bar:
        for batch in _together(fitting):
            yield batch
            bar.update(sum(map(len, batch)))


def _together(raws: Iterable[bytes]) -> Generator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for raw in raws:
        if batch and (size + len(raw) > _BATCH or len(batch) == _MOST):
            yield batch
            batch, size = [], 0
        batch.append(raw)
        size += len(raw)
    if batch:
        yield batch


def _present(collection: str, kept: int, refused: list[dict[str, object]]) -> None:
    click.echo(f"{collection}: {kept:,} objects kept, {len(refused):,} refused")
    for each in refused[:_TOLD]:
        click.echo(f"  {each['id'] or 'an object without an id'}: {each['reason']}")
    if len(refused) > _TOLD:
        click.echo(f"  and {len(refused) - _TOLD:,} more; --json tells all")
