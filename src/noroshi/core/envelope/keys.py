"""Public keys as envelopes and cards name them.

A key serves one purpose. Its key id is computed from its algorithm, purpose and bytes, so
the same bytes under another purpose are another key.
"""

import hashlib
from enum import IntEnum
from functools import lru_cache
from typing import Self

import msgspec

from noroshi.core import gate
from noroshi.core.envelope.suite import KID_SIZE, Alg, Profile


class Purpose(IntEnum):
    """What a key is for; never two at once."""

    ROOT = 1
    SEAL = 2
    REPORT = 3
    RECEIPT = 4
    JOURNAL = 5
    REQUEST = 6
    TARGETS = 7
    """Of the directory: names the card, desks, agreements, revocations."""
    SNAPSHOT = 8
    """Of the directory: says that this is all of it."""
    TIMESTAMP = 9
    """Of the directory: says that this is the newest."""
    RETENTION = 10
    """Of what is stored here; on no card."""
    OBJECTS = 11
    """Of the objects of machines that are stored here; on no card."""


class PublicKey(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One public key; `material` is in the encoding that the algorithm's standard gives."""

    purpose: Purpose
    alg: Alg
    material: bytes

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the key's own encoding."""
        return hashlib.sha256(gate.encode_struct(self)).digest()

    @property
    def kid(self) -> bytes:
        """The key id: the first 8 bytes of the SHA-256 of the key's own encoding."""
        return _kid(self)


@lru_cache(maxsize=1024)
def _kid(key: PublicKey) -> bytes:
    return key.digest[:KID_SIZE]


class SignerSet(msgspec.Struct, frozen=True):
    """Exactly the keys that must have signed, in order, and the profile they belong to."""

    profile: int
    keys: tuple[PublicKey, ...]

    @classmethod
    def of(cls, profile: Profile, purpose: Purpose, keys: tuple[PublicKey, ...]) -> Self:
        """Return the set that `profile` prescribes for `purpose`, found among `keys`."""
        wanted = [(purpose, alg) for alg in profile.signatures]
        found = {(key.purpose, key.alg): key for key in keys}
        return cls(profile.number, tuple(found[pair] for pair in wanted))
