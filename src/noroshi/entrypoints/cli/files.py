"""Files that commands read and write: bounded, whole or not at all, with progress.

What is there already stays: a name typed wrongly must not cost a private key. No loss are an empty
file, the same bytes again, and what a newer one stands for: a node's own card, a report's proof.
"""

import filecmp
import os
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from noroshi.core.envelope.suite import MAX_BODY
from noroshi.core.errors import InputError
from noroshi.entrypoints.cli.context import Context


def read_body(file: Path, most: int = MAX_BODY) -> bytes:
    """Return the file's bytes, at most one more than allowed: enough to know it is too large."""
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(most + 1)
        with file.open("rb") as opened:
            return opened.read(most + 1)
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}"
        raise InputError("bad-input", msg) from error


def check_new(output: Path) -> None:
    """Return if nothing has that name.

    Raises:
        InputError: something has.
    """
    if os.path.lexists(output):
        msg = f"{output} is there already; give another name, or remove it first"
        raise InputError("bad-input", msg)


def write_file(output: Path, chunks: Iterator[bytes]) -> None:
    """Write a new file completely or not at all; one with the same content, or none, may be there.

    Raises:
        InputError: another file has that name, or it cannot be written.
    """
    with _draft(output, chunks) as draft:
        if not (_is_plain(output) and filecmp.cmp(draft, output, shallow=False)):
            if not (_is_plain(output) and output.stat().st_size == 0):
                check_new(output)
            draft.replace(output)


def write_new(output: Path, data: bytes) -> None:
    """Write a small file as :func:`write_file` does."""
    write_file(output, iter((data,)))


def replace_file(output: Path, data: bytes) -> None:
    """Write a small file in the place of the one that it goes on from.

    Raises:
        InputError: it cannot be written.
    """
    with _draft(output, iter((data,))) as draft:
        draft.replace(output)


def read_plain(file: Path, limit: int) -> bytes:
    """Return the first `limit` bytes of a regular file; b"" where it is none."""
    if not _is_plain(file):
        return b""
    try:
        with file.open("rb") as opened:
            return opened.read(limit)
    except OSError:
        return b""


@contextmanager
def _draft(output: Path, chunks: Iterator[bytes]) -> Generator[Path]:
    """Give a file beside `output` with all that it shall hold; what is left of it goes."""
    draft = output.with_name(f".{output.name}.part")
    try:
        # Whatever has that name, what is written to is a new file.
        draft.unlink(missing_ok=True)
        private = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(private, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
        yield draft
    except OSError as error:
        raise InputError("bad-input", f"{output} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


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
