"""Commands for partners whom no net reaches: courier out, courier in.

Names of files are labels for people: what a volume is, its signed head says. A file that comes
from a stick is opened only if it is a plain file.
"""

import os
import stat
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click

from noroshi.core.errors import InputError, NoroshiError
from noroshi.entrypoints.cli.context import Context, pass_context, print_json
from noroshi.flow import requests

if TYPE_CHECKING:
    from noroshi.entrypoints.cli.desk import Desk

_CHUNK: Final = 1024 * 1024
_LARGE: Final = 32 * 1024 * 1024
"""From here on progress is shown, in bytes."""


@click.group()
def courier() -> None:
    """Carry reports and receipts on files: a USB stick, a data diode."""


@courier.command()
@click.option("--to", required=True, metavar="PARTNER", help="For whom.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--volume",
    metavar="SIZE",
    default="64M",
    show_default=True,
    help="At most so much in one file, such as 700M; from 64K to 4G.",
)
@pass_context
def out(context: Context, to: str, output: Path, volume: str) -> None:
    """Write all that waits for PARTNER to FILE, or to FILE.1-of-3, FILE.2-of-3, ...

    Nothing leaves the outbox by that: it does when the partner's receipts come back, by courier
    or otherwise. Until then each 'courier out' repeats it, so a lost file loses nothing.

    \b
      noroshi courier out --to nato -o /media/stick/nato.courier --volume 700M
    """
    from noroshi.core.courier.cut import parse_size

    size = parse_size(volume)
    with context.desk() as desk:
        packed = cast("dict[str, object]", desk.ask(requests.CourierOut(to=to, volume=size)))
        count = cast("int", packed["volumes"])
        paths = [_label(output, number, count) for number in range(1, count + 1)]
        _check_free(paths)
        for number, path in enumerate(paths, 1):
            _write(context, path, *desk.volume(str(packed["set"]), number))
    told = packed | {"files": [str(path) for path in paths]}

    def present() -> None:
        counts = _counts(packed)
        click.echo(f"{counts} for {to} in {count} {'file' if count == 1 else 'files'}:")
        for path in paths:
            click.echo(f"  {path}")
        if not packed["bytes"]:
            click.echo("Nothing waits for them; it tells them what has arrived here.")

    context.answer(told, present)


@courier.command(name="in")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE ..."
)
@pass_context
def import_files(context: Context, files: tuple[Path, ...]) -> None:
    """Take in courier FILEs, in any order; what is complete is taken at once.

    Volumes that are lacking are named; bring them later. A file that was imported before
    changes nothing. One that is refused does not stop the others, and ends with exit 1.

    \b
      noroshi courier in /media/stick/nato.courier.*
    """
    answers: list[requests.Json] = []
    failures: list[tuple[Path, NoroshiError]] = []
    with context.desk() as desk:
        for path in files:
            try:
                answers.append(_import(context, desk, path))
            except NoroshiError as error:
                failures.append((path, error))
    told = _summary(answers, failures)
    if context.as_json:
        print_json(told)
    else:
        _present(told, answers)
    for path, failure in failures:
        click.secho("noroshi: ", fg="red", err=True, nl=False)
        click.echo(f"{_shown(path)}: {failure.message}", err=True)
    if failures:
        raise SystemExit(1)


COMMANDS: Final = (courier,)


def _summary(
    answers: list[requests.Json], failures: list[tuple[Path, NoroshiError]]
) -> dict[str, object]:
    """Return what all files together came to."""
    missing = {str(answer["set"]): cast("list[str]", answer["missing"]) for answer in answers}
    told: dict[str, object] = {
        name: sum(cast("int", answer[name]) for answer in answers)
        for name in ("envelopes", "receipts", "attachments", "held", "refused")
    }
    told["missing"] = [name for names in missing.values() for name in names]
    told["reasons"] = [reason for a in answers for reason in cast("list[str]", a["reasons"])]
    told["volumes"] = [
        {"volume": answer["volume"], "from": answer["from"], "state": answer["state"]}
        for answer in answers
    ]
    if failures:
        told["failed"] = [
            {"file": _shown(path), "error": failure.code, "message": failure.message}
            for path, failure in failures
        ]
        path, first = failures[0]
        told |= {"error": first.code, "message": f"{_shown(path)}: {first.message}"}
    return told


def _present(told: dict[str, object], answers: list[requests.Json]) -> None:
    from noroshi.core.sheet.visible import visible

    for answer in answers:
        known = ", which was here already" if answer["state"] == "KNOWN" else ""
        click.echo(f"{answer['volume']} from {answer['from']}{known}")
    if answers:
        click.echo(f"Taken: {_counts(told)}")
    if told["held"]:
        click.echo(f"Held, of a revoked partner: {told['held']}; see 'noroshi quarantine'")
    for answer in answers:
        for reason in cast("list[str]", answer["reasons"]):
            click.echo(f"Refused: {visible(reason)}")
    for name in cast("list[str]", told["missing"]):
        click.echo(f"Missing: {name}")


def _counts(told: dict[str, object]) -> str:
    return ", ".join(
        f"{told[name]} {str(name)[:-1] if told[name] == 1 else name}"
        for name in ("envelopes", "receipts", "attachments")
    )


def _label(output: Path, number: int, count: int) -> Path:
    """Return the name of a volume's file; it means nothing to whoever imports it."""
    return output if count == 1 else output.with_name(f"{output.name}.{number}-of-{count}")


def _check_free(paths: list[Path]) -> None:
    """Return if all files can be new ones.

    Raises:
        InputError: one is there, or there is no such folder.
    """
    folder = paths[0].parent
    if not folder.is_dir():
        raise InputError("bad-input", f"there is no folder {_shown(folder)}")
    there = [path for path in paths if os.path.lexists(path)]
    if there:
        msg = f"{_shown(there[0])} is there already; give another name, or remove it first"
        raise InputError("bad-input", msg)


def _write(context: Context, path: Path, size: int, chunks: Iterator[bytes]) -> None:
    """Write a file that is there whole and durable, or not at all."""
    draft = path.with_name(f".{path.name}.part")
    try:
        # A stick may hold anything under that name; what is written to is a new file.
        draft.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            written = 0
            with _progress(context, f"Writing {path.name}", size) as on_progress:
                for chunk in chunks:
                    written += file.write(chunk)
                    on_progress(len(chunk))
            file.flush()
            os.fsync(file.fileno())
        if written != size:
            msg = "the serving process stopped before the volume was whole; run it again"
            raise InputError("connection-lost", msg)
        draft.rename(path)
        _sync_folder(path.parent)
    except OSError as error:
        msg = f"{_shown(path)} cannot be written: {error.strerror}"
        raise InputError("bad-input", msg) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make a name durable, where the file system of the stick can."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _import(context: Context, desk: "Desk", path: Path) -> requests.Json:
    with _opened(path) as (descriptor, size):
        label = f"Importing {_shown(path)}"
        with _progress(context, label, size) as on_progress:
            return desk.import_volume(_chunks(path, descriptor, size, on_progress))


@contextmanager
def _opened(path: Path) -> Generator[tuple[int, int]]:
    """Give descriptor and size of a plain file.

    Raises:
        InputError: it is a link, a device, a pipe, a folder, too large, or cannot be read.
    """
    from noroshi.core.courier.volume import MAX_FILE

    try:
        # Looked at before it is opened, for opening a device may do something; and without
        # waiting for a writer should it be a pipe by then.
        if not stat.S_ISREG(path.lstat().st_mode):
            msg = f"it is {_kind(path.lstat().st_mode)}; a volume is a plain file"
            raise InputError("bad-volume", msg)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path, flags)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no name of a file"
        raise InputError("bad-volume", f"it cannot be read: {reason}") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_FILE:
            msg = f"a volume is a plain file of at most {MAX_FILE:,} bytes (4 GiB)"
            raise InputError("bad-volume", msg)
        yield descriptor, found.st_size
    finally:
        os.close(descriptor)


def _kind(mode: int) -> str:
    kinds = (
        (stat.S_ISLNK, "a link: give the file that it leads to"),
        (stat.S_ISDIR, "a folder: give the files in it"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
    )
    return next((kind for is_kind, kind in kinds if is_kind(mode)), "a device")


def _chunks(
    path: Path, descriptor: int, size: int, on_progress: Callable[[int], None]
) -> Iterator[bytes]:
    """Yield a file, no more of it than it had when it was opened."""
    left = size
    while left > 0:
        try:
            chunk = os.read(descriptor, min(_CHUNK, left))
        except OSError as error:
            msg = f"{_shown(path)} cannot be read to its end: {error.strerror}"
            raise InputError("bad-volume", msg) from error
        if not chunk:
            return
        left -= len(chunk)
        yield chunk
        on_progress(len(chunk))


@contextmanager
def _progress(context: Context, label: str, size: int) -> Generator[Callable[[int], None]]:
    """Show how much of a large file went through."""
    if size < _LARGE or context.as_json or not sys.stderr.isatty():
        yield lambda _bytes: None
        return
    with click.progressbar(length=size, label=label, file=sys.stderr) as bar:
        yield bar.update


def _shown(path: Path) -> str:
    from noroshi.core.sheet.visible import visible

    return visible(os.fsencode(path).decode(errors="replace"))
