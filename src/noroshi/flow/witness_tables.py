"""The tables of witnesses: what is held of partners' journals, and what they signed of this one.

Beside :mod:`noroshi.flow.tables`; :mod:`noroshi.flow.witness` has the rules.
"""

from typing import Protocol

import msgspec

from noroshi.core.instant import Instant


class Proven(msgspec.Struct, frozen=True):
    """How far a partner's journal was proven to go on from all that was seen of it."""

    cosigned: bytes
    """Its checkpoint with this node's cosignature."""
    at: Instant
    missed: int = 0
    """How many answers in a row lacked a proof that was asked for."""
    is_broken: bool = False
    """It contradicted itself in this epoch, and is not cosigned any more."""


class ToldNote(msgspec.Struct, frozen=True):
    """A partner's checkpoint that another partner holds."""

    teller: str
    note: bytes
    missed: int


class Conflict(msgspec.Struct, frozen=True):
    """Two checkpoints of a partner that contradict each other."""

    partner: str
    one: bytes
    other: bytes
    at: Instant


class KeptCosignature(msgspec.Struct, frozen=True):
    """A checkpoint of this node's journal that a partner cosigned."""

    partner: str
    size: int
    at: Instant
    cosigned: bytes


class WitnessTable(Protocol):
    """Checkpoints that were seen, proven, told of and cosigned."""

    def peer_note(self, partner: str) -> bytes:
        """Return the newest checkpoint held of a partner, b"" if none."""
        ...

    def put_peer_note(self, partner: str, note: bytes, at: Instant) -> None:
        """Keep a partner's newest checkpoint; it waits to be shown and proven."""
        ...

    def claim(self, partner: str, note: bytes, at: Instant) -> None:
        """Keep a checkpoint of a partner, newest or not, until it was shown and proven."""
        ...

    def begin_peer_notes(self, partner: str) -> None:
        """Forget a partner's checkpoints: its journal goes on under another name."""
        ...

    def note_to_show(self, partner: str) -> bytes:
        """Return a partner's checkpoint to show it next, b"" if none is held."""
        ...

    def is_shown(self, partner: str, note: bytes) -> None:
        """Note that a partner was shown its checkpoint, and answered."""
        ...

    def claims(self, partner: str, limit: int) -> list[bytes]:
        """Return checkpoints of a partner that wait to be proven, the most telling first."""
        ...

    def is_proven(self, partner: str, note: bytes) -> None:
        """Note that a checkpoint was proven: it waits no longer, whoever told of it."""
        ...

    def proven(self, partner: str) -> Proven | None:
        """Return how far a partner's journal is proven; None: it never was."""
        ...

    def put_proven(self, partner: str, proven: Proven) -> None:
        """Keep how far a partner's journal is proven, and what went wrong since."""
        ...

    def tell(self, teller: str, partner: str, note: bytes) -> None:
        """Keep what one partner holds of another, unless something of it still waits."""
        ...

    def told(self, partner: str) -> list[ToldNote]:
        """Return what others hold of a partner and is not proven, the least missed first."""
        ...

    def miss(self, teller: str, partner: str) -> None:
        """Note that an answer lacked the proof of what `teller` holds of `partner`."""
        ...

    def reads_letters(self, partner: str) -> None:
        """Note that a partner reads what courier volumes tell of journals."""
        ...

    def letter(self, partner: str) -> bytes | None:
        """Return the newest that a partner's volume told, b"" for nothing; None: it reads none."""
        ...

    def put_letter(self, partner: str, raw: bytes, at: Instant) -> None:
        """Keep what a partner's volume told, unless a newer one is here."""
        ...

    def keep_conflict(self, conflict: Conflict) -> None:
        """Keep evidence: two checkpoints of a partner that contradict each other."""
        ...

    def conflicts(self) -> list[Conflict]:
        """Return all evidence, the oldest first."""
        ...

    def put_cosignature(self, kept: KeptCosignature) -> None:
        """Keep a cosignature of this journal; the largest size of a partner stands."""
        ...

    def cosignatures(self) -> list[KeptCosignature]:
        """Return the newest cosignature of this journal by each partner."""
        ...
