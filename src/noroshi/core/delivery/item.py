"""Items: what waits in the outbox for a partner, and in which order it goes."""

from enum import IntEnum

import msgspec

from noroshi.core.instant import Instant
from noroshi.core.precedence import Precedence


class Lane(IntEnum):
    """Two transmissions to a partner may be under way, one in each lane."""

    FLASH = 1
    BULK = 2


class Cargo(IntEnum):
    """What an item is; among equals of precedence the smaller goes first."""

    ENVELOPE = 1
    """A report: stays until its receipt comes."""
    RECEIPT = 2
    """Done as soon as the partner's node has it."""
    BLOB = 3
    """An attachment: in pieces, after urgent envelopes and by turns with the others."""
    WITNESS = 4
    """What a comms check tells of journals, where no check goes: in courier volumes alone."""


class Item(msgspec.Struct, frozen=True):
    """Something in the outbox for this partner."""

    id: bytes
    """Envelope id or blob id."""
    number: int
    """Its place in the outbox."""
    cargo: Cargo
    precedence: Precedence
    size: int
    expires_at: Instant | None = None
    """From then on it is not sent any more."""
    due_at: Instant = 0
    refusals: int = 0
    """How often the partner's node has not taken it, without a signed reason."""

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Sorts what goes first to the front."""
        return (self.cargo is Cargo.BLOB, -self.precedence, self.number)

    @property
    def lane(self) -> Lane:
        """The lane it goes by; attachments never overtake, whatever they belong to."""
        is_flash = self.precedence is Precedence.FLASH and self.cargo is not Cargo.BLOB
        return Lane.FLASH if is_flash else Lane.BULK
