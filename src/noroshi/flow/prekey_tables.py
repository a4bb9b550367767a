"""The table of prekeys: own ones, and those that partners published.

Beside :mod:`noroshi.flow.tables`.
"""

from collections.abc import Iterable
from typing import Protocol

from noroshi.core.directory.prekeys import Prekey
from noroshi.core.instant import Instant


class PrekeyTable(Protocol):
    """Prekeys. Private halves are elsewhere (:class:`noroshi.flow.ports.PrekeyVault`)."""

    def own(self) -> list[Prekey]:
        """Return the own prekeys whose private halves are kept, in the order of their use."""
        ...

    def add_own(self, prekeys: Iterable[Prekey]) -> None:
        """Note new own prekeys; partners are to be told."""
        ...

    def drop_own(self, kids: Iterable[bytes]) -> None:
        """Forget own prekeys; partners are to be told of the others if they are still in use."""
        ...

    def untold(self) -> list[str]:
        """Return the verified partners that were not told of the newest own prekeys."""
        ...

    def told_at(self, partner: str) -> Instant:
        """Return when a partner was told of own prekeys; 0: never."""
        ...

    def is_told(self, partner: str, at: Instant) -> None:
        """Note that a partner is being told of the newest own prekeys."""
        ...

    def to_tell(self, partner: str) -> None:
        """Note that a partner must be told of them again."""
        ...

    def of(self, partner: str, now: Instant) -> Prekey | None:
        """Return the prekey of a partner to seal to now."""
        ...

    def heard(self, partner: str) -> tuple[int, Instant]:
        """Return epoch and time of a partner's newest statement; (0, 0) if there is none."""
        ...

    def take(
        self, partner: str, epoch: int, created_at: Instant, prekeys: Iterable[Prekey]
    ) -> None:
        """Go by a partner's statement from now on."""
        ...

    def forget(self, partner: str) -> None:
        """Seal to a partner's card until its next statement."""
        ...
