"""The tables of revocations and of what is held because of them.

Beside :mod:`noroshi.flow.tables`.
"""

from typing import Protocol

from noroshi.core.instant import Instant
from noroshi.flow.records import KeptRevocation, Quarantined


class RevocationTable(Protocol):
    """Revocations of partners, and what came from revoked ones."""

    def of(self, partner: str) -> list[KeptRevocation]:
        """Return all revocations of a partner."""
        ...

    def put(self, revocation: KeptRevocation) -> None:
        """Add a revocation, or replace that of the same card."""
        ...

    def end(self, partner: str, at: Instant) -> None:
        """Note that a partner was verified again."""
        ...

    def hold(self, quarantined: Quarantined) -> bool:
        """Keep an envelope of a revoked partner; say whether it was not kept before."""
        ...

    def held(self) -> list[Quarantined]:
        """Return all envelopes that are kept."""
        ...

    def drop(self, digest: bytes) -> None:
        """Forget an envelope: a person has decided."""
        ...
