"""Machines: what a SIEM or a platform may read and hand over at the desk door.

A machine belongs to a partner, mostly to the house itself, and reads nothing that is marked
stricter than its ceiling. It proves itself by a token, of which only a digest is kept.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.errors import InputError
from noroshi.core.instant import Instant
from noroshi.core.marking.label import Marking

TOKEN_SIZE: Final = 32
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")


class Right(msgspec.Struct, frozen=True):
    """What a machine may do in a collection."""

    read: bool = False
    write: bool = False

    def __str__(self) -> str:
        return "+".join(n for n, may in (("read", self.read), ("write", self.write)) if may)


class Machine(msgspec.Struct, frozen=True):
    """A machine that has access. Printing it shows no token."""

    name: str
    partner: str
    """Whose it is."""
    ceiling: Marking
    rights: Mapping[str, Right]
    """By the alias of a collection."""
    tokens: tuple[bytes, ...]
    """SHA-256 of each; any of them opens."""
    added_at: Instant
    added_by: str
    ended_at: Instant | None = None

    @property
    def digest(self) -> bytes:
        """SHA-256 of what the journal records of it."""
        rights = sorted([alias, str(right)] for alias, right in self.rights.items())
        told = [self.name, self.partner, str(self.ceiling), rights, self.ended_at is not None]
        return hashlib.sha256(gate.encode(told)).digest()


class ReportRule(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a batch that a machine hands over to a collection: reports."""

    collection: str
    """Its alias."""
    to: tuple[str, ...]
    """Desks that are to act on a whole batch, as DESK@PARTNER; none: it becomes no report."""
    info: tuple[str, ...] = ()
    sightings: bool = False
    """Sightings of what a partner's report said go back to the desk that wrote it."""
    precedence: str = "routine"
    kind: str | None = None
    subject: str | None = None
    areas: tuple[str, ...] = ()
    is_at_once: bool = False
    """It goes by itself; else a person releases it."""
    set_at: Instant
    set_by: str

    @property
    def digest(self) -> bytes:
        """SHA-256 of what the journal records of it."""
        told = [
            self.collection, list(self.to), list(self.info), self.precedence, self.kind,
            self.subject, list(self.areas), self.is_at_once, self.sightings,
        ]  # fmt: skip
        return hashlib.sha256(gate.encode(told)).digest()


def check_alias(text: str, of: str) -> str:
    """Return the name of a machine or the alias of a collection.

    Raises:
        InputError: it cannot be one.
    """
    if _NAME.fullmatch(text) is None:
        msg = (
            f"{text!r} cannot be the name of a {of}; it has 1 to 64 letters, digits, dots, "
            "hyphens and underscores, the first and the last a letter or a digit"
        )
        raise InputError("bad-input", msg)
    return text


def digest_of(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
