"""The tables of epochs: what a node that was restored knows of itself, and others of it.

Beside :mod:`noroshi.flow.tables`; :mod:`noroshi.flow.epochs` has the rules.
"""

from typing import Protocol

from noroshi.core.instant import Instant
from noroshi.flow.records import OpenedEpoch


class EpochTable(Protocol):
    """Epochs of this node and of its partners."""

    def open(self, opened: OpenedEpoch, at: Instant) -> None:
        """Note that this node opened an epoch; no partner knows of it yet."""
        ...

    def opened(self) -> OpenedEpoch | None:
        """Return the epoch that this node opened last; None: it was never restored."""
        ...

    def is_seen(self, partner: str, at: Instant) -> None:
        """Note that what a partner signed at that time shows that it knows this epoch."""
        ...

    def seen_since(self, partner: str) -> Instant | None:
        """Return since when a partner is known to know this epoch."""
        ...

    def heard(self, partner: str) -> int:
        """Return the newest epoch heard of a partner that was restored; 0: none was."""
        ...

    def hear(self, partner: str, epoch: int, last_note: bytes) -> None:
        """Note a newer epoch of a partner, and its last checkpoint of the one before."""
        ...

    def is_first_answer(self, partner: str, epoch: int) -> bool:
        """Note that a partner is given again what it may have lost; say whether it never was."""
        ...
