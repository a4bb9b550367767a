"""Files that commands read and write: bounded, whole or not at all, with progress."""

import os
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from noroshi.core.envelope.suite import MAX_BODY
from noroshi.core.errors import InputError
from noroshi.entrypoints.cli.context import Context


def read_body(file: Path) -> bytes:
    """Return the file's bytes, at most one more than allowed: enough to know it is too large."""
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(MAX_BODY + 1)
        with file.open("rb") as opened:
            return opened.read(MAX_BODY + 1)
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}"
        raise InputError("bad-input", msg) from error


def write_file(output: Path, chunks: Iterator[bytes]) -> None:
    """Write a file completely or not at all."""
    draft = output.with_name(output.name + ".part")
    try:
        private = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(private, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
        draft.replace(output)
    except OSError as error:
        raise InputError("bad-input", f"{output} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def write_new(output: Path, data: bytes) -> None:
    """Write a small file completely or not at all."""
    write_file(output, iter((data,)))


@contextmanager
def progress(context: Context, path: Path) -> Generator[Callable[[int], None]]:
    """Show how much of a large file has been encrypted."""
    large = path.is_file() and path.stat().st_size > 8 * MAX_BODY
    if not large or context.as_json or not sys.stderr.isatty():
        yield lambda _bytes: None
        return
    with click.progressbar(
        length=path.stat().st_size, label=f"Encrypting {path.name}", file=sys.stderr
    ) as bar:
        yield bar.update
