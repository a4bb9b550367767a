"""Prekeys: sealing keys that last for a day each, so that what was captured stays closed.

A node publishes some days of them ahead, in a signed statement to each partner, and destroys
each private half on schedule: whoever takes the node later opens nothing that was sealed to it.
Where no prekey of a partner is known, its card's own sealing key is the last resort.
`docs/formats/prekeys.md`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.directory.card import Card
from noroshi.core.envelope import suite
from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.envelope.primitives import Primitives
from noroshi.core.errors import MalformedError
from noroshi.core.instant import DAY, Instant, is_instant

VERSION: Final = 1
MAX_PREKEYS: Final = 32
LONGEST_KEPT: Final = 92 * DAY
"""How long after its use a prekey may open what is on its way."""


class Schedule(msgspec.Struct, frozen=True):
    """How a node rotates its prekeys; all in microseconds."""

    use: int = DAY
    """How long others seal to one."""
    ahead: int = 8 * DAY
    """For how long there are prekeys after they were made."""
    least: int = 4 * DAY
    """When fewer are left, new ones are made."""
    kept: int = 14 * DAY
    """How long after its use one still opens what is on its way; then it is destroyed."""


class Prekey(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One prekey."""

    key: PublicKey
    begins_at: Instant
    ends_at: Instant
    """Nobody seals to it from then on."""
    kept_until: Instant
    """Its private half is destroyed then."""

    @property
    def digest(self) -> bytes:
        """What the journal names it by."""
        return hashlib.sha256(gate.encode_struct(self.key)).digest()


class PrekeysHead(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The signed statement of a node's prekeys, to one partner."""

    version: int
    envelope_id: bytes
    sender: str
    created_at: Instant
    """The newest statement of an epoch is valid."""
    expires_at: Instant | None
    to: tuple[tuple[str, bytes], ...]
    epoch: int
    prekeys: tuple[Prekey, ...]
    """In the order of their use."""


def check_prekeys(head: PrekeysHead, card: Card, primitives: Primitives) -> None:
    """Return if a verified statement can be true of the node of `card`.

    Raises:
        MalformedError: it cannot.
    """
    alg = suite.PROFILES[card.profile].kem
    begins = [prekey.begins_at for prekey in head.prekeys]
    materials = {prekey.key.material for prekey in head.prekeys} | {card.key(Purpose.SEAL).material}
    if not (
        1 <= len(head.prekeys) <= MAX_PREKEYS
        and len(materials) == len(head.prekeys) + 1
        and begins == sorted(set(begins))
        and all(_is_possible(prekey, alg) for prekey in head.prekeys)
    ):
        raise MalformedError("prekeys that cannot be")
    if not all(primitives.is_usable(prekey.key) for prekey in head.prekeys):
        raise MalformedError("prekeys that are no keys")


def due(prekeys: Iterable[Prekey], schedule: Schedule, now: Instant) -> list[tuple[Instant, ...]]:
    """Return begin, end and destruction of the prekeys to be made now; none while enough are left.

    They go on where those that there are end, or begin now.
    """
    end = max((prekey.ends_at for prekey in prekeys), default=now)
    if end - now >= schedule.least:
        return []
    start = max(end, now)
    begins = range(start, now + schedule.ahead, schedule.use)
    return [(at, at + schedule.use, at + schedule.use + schedule.kept) for at in begins]


def next_due(prekeys: Sequence[Prekey], schedule: Schedule, now: Instant) -> Instant:
    """Return when something is to be done next: prekeys made, or one destroyed."""
    end = max((prekey.ends_at for prekey in prekeys), default=now)
    return min(end - schedule.least, *(prekey.kept_until for prekey in prekeys), end)


def _is_possible(prekey: Prekey, alg: suite.Alg) -> bool:
    return (
        prekey.key.purpose is Purpose.SEAL
        and prekey.key.alg is alg
        and all(map(is_instant, (prekey.begins_at, prekey.ends_at, prekey.kept_until)))
        and prekey.begins_at < prekey.ends_at <= prekey.kept_until
        and prekey.kept_until - prekey.ends_at <= LONGEST_KEPT
    )
