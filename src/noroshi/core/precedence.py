"""Precedence: in which order reports are handled, and how long a desk may take to answer."""

from enum import Enum, IntEnum
from typing import Self

from noroshi.core.errors import InputError


class Precedence(IntEnum):
    """The five precedences of military messaging; a larger number goes first."""

    DEFERRED = 1
    ROUTINE = 2
    PRIORITY = 3
    IMMEDIATE = 4
    FLASH = 5

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the precedence called `text`, in any case.

        Raises:
            InputError: there is none.
        """
        try:
            return cls[text.upper()]
        except KeyError:
            names = ", ".join(p.name.lower() for p in reversed(cls))
            msg = f"{text!r} is no precedence; use one of {names}"
            raise InputError("bad-input", msg) from None


class Status(Enum):
    """Whether a report is meant; inherited by replies, shown on every screen and export."""

    ACTUAL = "ACTUAL"
    EXERCISE = "EXERCISE"
    TEST = "TEST"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the status called `text`, in any case.

        Raises:
            InputError: there is none.
        """
        try:
            return cls(text.upper())
        except ValueError:
            msg = f"{text!r} is no status; use one of actual, exercise, test"
            raise InputError("bad-input", msg) from None
