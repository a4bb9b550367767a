"""Passkeys: credentials by which a browser proves a person (W3C WebAuthn Level 3)."""

import hashlib
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.errors import InputError
from noroshi.core.instant import Instant

MOST: Final = 10
"""Of one account."""
ENOUGH: Final = 2
"""So many let a person come in although one of them is lost."""
_LONGEST_ID: Final = 1_023
_LONGEST_KEY: Final = 8_192
_LONGEST_LABEL: Final = 80


class Passkey(msgspec.Struct, frozen=True):
    """A credential of an account."""

    credential: bytes
    """Its id, as the authenticator drew it."""
    account: str
    public_key: bytes
    """A COSE key."""
    sign_count: int
    """How often it signed, as it said last; 0: it does not count."""
    label: str
    """What its owner calls it."""
    added_at: Instant

    @property
    def digest(self) -> bytes:
        """SHA-256 of what the journal records of it."""
        told = [self.account, self.credential, self.public_key]
        return hashlib.sha256(gate.encode(told)).digest()


def check_passkey(passkey: Passkey) -> Passkey:
    """Return a passkey that can be kept.

    Raises:
        InputError: it is too large, or has no name.
    """
    if not 0 < len(passkey.credential) <= _LONGEST_ID:
        raise InputError("bad-input", "the id of the passkey is empty or longer than 1,023 bytes")
    if not 0 < len(passkey.public_key) <= _LONGEST_KEY:
        raise InputError("bad-input", "the key of the passkey is empty or longer than 8,192 bytes")
    if not 0 < len(passkey.label) <= _LONGEST_LABEL:
        raise InputError("bad-input", "give the passkey a name of 1 to 80 characters")
    return passkey
