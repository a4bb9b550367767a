"""The table of what refers to what: the reports of a chain, and what else takes one up.

Beside :mod:`noroshi.flow.tables`.
"""

from collections.abc import Collection
from typing import Protocol

import msgspec

from noroshi.core.instant import Instant
from noroshi.core.report import Content


class ChainedReport(msgspec.Struct, frozen=True):
    """A report that may belong to a chain."""

    id: bytes
    content: Content | None
    """None: what it said was destroyed."""
    marking: str
    created_at: Instant
    stored_at: Instant
    desks: tuple[str, ...]
    """Of this node: the one that wrote it, or those that have it."""


class Referrer(msgspec.Struct, frozen=True):
    """A report that refers to another."""

    id: bytes
    sender: str
    from_desk: str
    kind: str
    subject: str | None
    """None: destroyed."""
    created_at: Instant
    stored_at: Instant
    desks: tuple[str, ...]


class ChainTable(Protocol):
    """What refers to what."""

    def reports(self, first: bytes, sender: str) -> list[ChainedReport] | None:
        """Return a report of `sender`, what says that it updates it, and what superseded these.

        None: they are more, or larger, than is folded (:mod:`noroshi.core.chains`).
        """
        ...

    def referrers(self, first: bytes, sender: str, but_for: Collection[bytes]) -> list[Referrer]:
        """Return what refers to a report of `sender` or to an update of it, in its order here."""
        ...
