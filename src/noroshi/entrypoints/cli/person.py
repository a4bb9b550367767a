"""Who says to be at the command line."""

import getpass
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from noroshi.core.errors import NoroshiError, UnavailableError

LONGEST_PASSPHRASE = 4096
"""Bytes, line end included: a file without an end is none."""
_ACCOUNT_FILE_VARIABLE = "NOROSHI_ACCOUNT_PASSPHRASE_FILE"

T = TypeVar("T")


class Person:
    """Who says to be here, and the passphrase of their account. Printing it shows no passphrase."""

    def __init__(self, name: str | None) -> None:
        """Be `name`; None: whoever the operating system says."""
        self.name = name
        self.passphrase = read_passphrase(_ACCOUNT_FILE_VARIABLE, "not-proven")

    def ask(self) -> bool:
        """Ask for the passphrase at the prompt; say whether there is one now that was not."""
        if self.passphrase is not None or not sys.stdin.isatty():
            return False
        whose = f" of {self.name}" if self.name else ""
        told: str = click.prompt(f"Passphrase of the account{whose}", hide_input=True, err=True)
        self.passphrase = told.encode()
        return True


def proving(person: Person, ask: Callable[[], T]) -> T:
    """Return what is asked; where a passphrase is missing, ask the person for it and try again."""
    try:
        return ask()
    except NoroshiError as error:
        if error.code != "passphrase-needed" or not person.ask():
            raise
        return ask()


def read_passphrase(variable: str, code: str) -> bytes | None:
    """Return the passphrase in the file that a variable of the environment names, if it does.

    Raises:
        UnavailableError: the file cannot be read, or is empty (`code`).
    """
    told = os.environ.get(variable)
    if not told:
        return None
    try:
        passphrase = first_bytes(Path(told))
    except OSError as error:
        msg = f"{variable}: {told} cannot be read: {error.strerror}"
        raise UnavailableError(code, msg) from error
    if len(passphrase) > LONGEST_PASSPHRASE:
        msg = f"{variable}: {told} is too long to be a passphrase"
        raise UnavailableError(code, msg)
    passphrase = passphrase.rstrip(b"\r\n")
    if not passphrase:
        raise UnavailableError(code, f"{variable}: {told} is empty")
    return passphrase


def first_bytes(file: Path) -> bytes:
    """Return what a file of a passphrase holds, at most one byte more than there may be.

    Raises:
        OSError: it cannot be read.
    """
    with file.open("rb") as opened:
        return opened.read(LONGEST_PASSPHRASE + 1)


def this_person() -> str:
    """Return who sits here, as far as the machine knows: a claim, and stored as one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
