"""What acts need for directories, whose signatures and formats are the adapter's.

Beside :mod:`noroshi.flow.ports`.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from noroshi.core.directory.card import SignedCard
from noroshi.core.directory.repository import Bundle, Kept
from noroshi.core.envelope.keys import PublicKey
from noroshi.core.instant import Instant


class Target(msgspec.Struct, frozen=True):
    """Something that this node's directory names."""

    path: str
    content: bytes
    """What its length and its hash are of."""
    custom: Mapping[str, int] | None
    """What it says of itself beside them."""


class Directories(Protocol):
    """Directories: partners' that are read, and the own one, with the keys of its roles."""

    def read(
        self,
        bundle: Bundle,
        anchor: PublicKey,
        kept: Kept | None,
        card: bytes,
        now: Instant,
        patience: int,
    ) -> tuple[Kept, SignedCard]:
        """Return what a bundle says, verified, and the card that it names.

        `anchor` is the root key on the card of that partner, `kept` what is known already, `card`
        the signed card for a bundle that brings none, `patience` how long ago the timestamp may
        have ended, in microseconds.

        Raises:
            RefusalError: it is not the partner's newest word, or cannot be.
        """
        ...

    def publish(
        self,
        kept: Kept | None,
        card: SignedCard,
        targets: Sequence[Target],
        now: Instant,
        roots: Sequence[bytes] = (),
    ) -> Kept | None:
        """Return this node's directory where something in it has to be new; None: nothing.

        `roots` are further versions of the root that its custodians have signed.

        Raises:
            RefusalError: `roots` do not go on from the root known.
        """
        ...

    def role_keys(self) -> tuple[PublicKey, ...]:
        """Return the public keys of this node for targets, snapshot and timestamp."""
        ...

    def has_root(self) -> bool:
        """Say whether the first root key lies here."""
        ...

    def remove_root(self) -> None:
        """Destroy the first root key here."""
        ...
