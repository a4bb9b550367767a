"""The table of directories: the own one, partners', and who was told of which.

Beside :mod:`noroshi.flow.tables`.
"""

from typing import Protocol

import msgspec

from noroshi.core.directory.repository import Kept
from noroshi.core.directory.staleness import Limits


class Heard(msgspec.Struct, frozen=True):
    """A partner's directory, and how it came."""

    kept: Kept
    limits: Limits
    """From when on it is how old, by the settings under which it came."""
    by_hand: bool
    """A person carried it: on a courier file, or beside a card."""


class Told(msgspec.Struct, frozen=True):
    """What of the own directory a partner has, and what is on its way there."""

    root: int = 0
    """The version of the root that it has; 0: none."""
    snapshot: int = 0
    item: bytes = b""
    """The outbox item that brings more; it may have been taken since."""
    item_root: int = 0
    item_snapshot: int = 0


class DirectoryTable(Protocol):
    """Directories."""

    def own(self) -> Kept | None:
        """Return this node's directory."""
        ...

    def put_own(self, kept: Kept) -> None:
        """Replace this node's directory; partners are to be told."""
        ...

    def of(self, partner: str) -> Heard | None:
        """Return the newest directory of a partner."""
        ...

    def limits(self, partner: str) -> Limits | None:
        """Return from when on the newest directory of a partner is how old."""
        ...

    def take(self, heard: Heard) -> None:
        """Go by a partner's directory from now on."""
        ...

    def forget(self, partner: str) -> None:
        """Go by no directory of a partner: it has another root."""
        ...

    def untold(self) -> list[str]:
        """Return the verified partners that were not told of the newest own directory."""
        ...

    def told(self, partner: str) -> Told:
        """Return what a partner was told."""
        ...

    def is_told(self, partner: str, told: Told) -> None:
        """Note that a partner is being told of the newest own directory."""
        ...

    def not_taken(self, partner: str, item_id: bytes, *, again: bool) -> None:
        """Note that a partner did not take an item: the next brings everything; `again`: now."""
        ...

    def to_tell(self, partner: str) -> None:
        """Note that a partner must be told of everything."""
        ...
