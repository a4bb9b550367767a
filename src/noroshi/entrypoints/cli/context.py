"""What every command has at hand: the home, the way to the node, and how to answer."""

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

from noroshi.core.lexicon.lexicon import Language
from noroshi.entrypoints.cli.person import Person, read_passphrase

if TYPE_CHECKING:
    from noroshi.core.kinds.reading import Reader
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
    door: Path | None = None
    """A local door besides, for the accounts of other operating-system users; None: none."""
    door_group: str | None = None
    """The group of users who may reach it; None: that of the process."""


class Context(msgspec.Struct, frozen=True):
    """The options that all commands share."""

    home: Path
    as_json: bool
    serve: Callable[[Serving], None]
    person: Person
    """Who says to be here."""
    door: Path | None = None
    """The door of a served node, for those who do not own its home; None: the home's own."""
    language: Language = Language.ENGLISH
    """Of the reader."""

    @property
    def reader(self) -> "Reader":
        """Who reads what is shown."""
        from noroshi.adapters.clock import local_zone
        from noroshi.adapters.words import shipped_lexicon
        from noroshi.core.kinds.reading import Reader

        return Reader(shipped_lexicon(), self.language, local_zone())

    @contextmanager
    def desk(self) -> "Generator[Desk]":
        """Give the way to the node: through its serving process, or by opening its home."""
        # Imported here: a served node is reached without loading what opens one.
        from noroshi.entrypoints.cli.desk import reach

        with reach(self.home, ask_passphrase, self.person, self.door) as desk:
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
    return read_passphrase(_FILE_VARIABLE, "keys-locked")
