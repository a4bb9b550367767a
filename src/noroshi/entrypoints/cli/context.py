"""What every command has at hand: the home, the way to the node, and how to answer."""

import getpass
import json
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
import msgspec

from noroshi.core.errors import UnavailableError

if TYPE_CHECKING:
    from noroshi.entrypoints.cli.desk import Desk

_FILE_VARIABLE = "NOROSHI_PASSPHRASE_FILE"


class Serving(msgspec.Struct, frozen=True):
    """What `serve` was asked to do."""

    home: Path
    listen: str
    peer: str | None
    certificate: Path | None
    certificate_key: Path | None
    ask_passphrase: Callable[[], bytes | None]
    on_ready: Callable[[str, str], None]
    """Called with the addresses of desk door and peer door once all doors accept."""
    on_phase: Callable[[str], None] = lambda _phase: None
    """Hears the named points of each commit; a proof ends the process at one of them."""


class Context(msgspec.Struct, frozen=True):
    """The options that all commands share."""

    home: Path
    as_json: bool
    serve: Callable[[Serving], None]

    @contextmanager
    def desk(self) -> "Generator[Desk]":
        """Give the way to the node: through its serving process, or by opening its home."""
        # Imported here: a served node is reached without loading what opens one.
        from noroshi.entrypoints.cli.desk import reach

        with reach(self.home, ask_passphrase) as desk:
            yield desk

    def answer(self, value: object, present: Callable[[], None]) -> None:
        """Give `value` to a machine, or let `present` show it to a person."""
        if not self.as_json:
            present()
        elif isinstance(value, list):
            for line in cast("list[object]", value):
                print_json(line)
        else:
            print_json(value)


pass_context = click.make_pass_decorator(Context)


def print_json(value: object) -> None:
    """Print one JSON object on one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def default_home() -> Path:
    """Return where the node lives when nobody says."""
    told = os.environ.get("NOROSHI_HOME")
    if told:
        return Path(told)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "noroshi"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "noroshi"


@cache
def ask_passphrase() -> bytes | None:
    """Return the passphrase of wrapped keys: out of the file that is named, or from a prompt."""
    told = passphrase_from_file()
    if told is not None:
        return told
    if not sys.stdin.isatty():
        return None
    prompted: str = click.prompt("Passphrase of the private keys", hide_input=True, err=True)
    return prompted.encode()


def passphrase_from_file() -> bytes | None:
    """Return the passphrase in the file that NOROSHI_PASSPHRASE_FILE names, if it does."""
    told = os.environ.get(_FILE_VARIABLE)
    if not told:
        return None
    try:
        passphrase = Path(told).read_bytes().rstrip(b"\r\n")
    except OSError as error:
        msg = f"{_FILE_VARIABLE}: {told} cannot be read: {error.strerror}"
        raise UnavailableError("keys-locked", msg) from error
    if not passphrase:
        raise UnavailableError("keys-locked", f"{_FILE_VARIABLE}: {told} is empty")
    return passphrase


def this_person() -> str:
    """Return who sits here, as far as the machine knows: a claim, and stored as one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
