"""What custodians carry between machines when they sign a new version of a partner's root.

A proposal is the chain of roots so far and the next one, under which signatures gather. Public
keys travel by themselves: of custodians, and of the roles that a node holds.
"""

import hashlib
from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

from noroshi.core import gate
from noroshi.core.directory.armour import armoured, marks, read_armoured
from noroshi.core.directory.repository import MAX_BUNDLE, MAX_ROOT, MAX_ROOTS
from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.envelope.primitives import Primitives
from noroshi.core.envelope.suite import ROOT_ALG
from noroshi.core.errors import InputError, MalformedError
from noroshi.core.partner import is_name

VERSION: Final = 1
_PROPOSAL: Final = "ROOT"
_KEYS: Final = "ROOT KEYS"
ROLE_PURPOSES: Final = (Purpose.TARGETS, Purpose.SNAPSHOT, Purpose.TIMESTAMP)

T = TypeVar("T", bound=msgspec.Struct)


class Proposal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A root that is being signed."""

    version: int
    partner: str
    roots: tuple[bytes, ...]
    """All versions so far."""
    proposed: bytes
    """The next one, with the signatures that it has."""

    @property
    def armoured(self) -> str:
        """The proposal as text."""
        return armoured(_PROPOSAL, gate.encode_struct(self))


class RootKeys(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Public keys for a root: one of a custodian, or those of a node's three roles."""

    version: int
    keys: tuple[PublicKey, ...]

    @property
    def armoured(self) -> str:
        """The keys as text."""
        return armoured(_KEYS, gate.encode_struct(self))


def fingerprint(key: PublicKey) -> str:
    """Return by what people tell a custodian's key from another."""
    return _in_fours(key.digest)


def online_fingerprint(keys: Sequence[PublicKey]) -> str:
    """Return by what people tell a node's keys for targets, snapshot and timestamp from others.

    Of all three together, 96 bits: whoever looks for other keys with the same one looks in vain.
    """
    return _in_fours(hashlib.sha256(gate.encode_struct(RootKeys(VERSION, tuple(keys)))).digest())


def is_fingerprint(told: str, shown: str) -> bool:
    """Say whether a person has typed a fingerprint that is shown; case and blanks do not count."""
    return "".join(told.split()).casefold() == "".join(shown.split())


def read_proposal(text: bytes) -> Proposal:
    """Return the proposal within a text; nothing in it is verified yet.

    Raises:
        InputError: there is none.
    """
    found = _read(text, _PROPOSAL, Proposal)
    sizes = max(map(len, (*found.roots, found.proposed)))
    if (
        found.version != VERSION
        or not is_name(found.partner)
        or len(found.roots) >= MAX_ROOTS
        or sizes > MAX_ROOT
    ):
        raise InputError("bad-directory", "the file is no root that can be signed or taken")
    return found


def read_keys(
    text: bytes, purposes: tuple[Purpose, ...], primitives: Primitives
) -> tuple[PublicKey, ...]:
    """Return public keys of these purposes within a text.

    Raises:
        InputError: there are none, or others.
    """
    found = _read(text, _KEYS, RootKeys)
    told = [(key.purpose, key.alg) for key in found.keys]
    is_known = found.version == VERSION and told == [(each, ROOT_ALG) for each in purposes]
    if not is_known or not all(map(primitives.is_usable, found.keys)):
        names = ", ".join(purpose.name.lower() for purpose in purposes)
        raise InputError("bad-input", f"the file holds other keys than those for: {names}")
    return found.keys


def _in_fours(digest: bytes) -> str:
    text = digest.hex()[:24]
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _read(text: bytes, label: str, kind: type[T]) -> T:
    raw = read_armoured(label, text)
    begin, end = marks(label)
    if raw is None:
        raise InputError("bad-input", f"there is nothing whole in it (from {begin} to {end})")
    try:
        return gate.decode_struct(raw, kind, limit=MAX_BUNDLE)
    except MalformedError as error:
        raise InputError("bad-input", f"what is from {begin} to {end} is damaged") from error
