"""Break-glass: how a person comes in when nothing else is at hand, once, and heard by everybody.

A passphrase on paper and an authenticator of one-time codes (RFC 6238), made together and kept
apart. Either alone opens nothing.
"""

import hashlib

import msgspec

from noroshi.core import gate
from noroshi.core.instant import Instant


class BreakGlass(msgspec.Struct, frozen=True):
    """The way in of one account."""

    account: str
    sealed: bytes
    """The secret of the one-time codes, under a key from the passphrase."""
    made_at: Instant
    made_by: str

    @property
    def digest(self) -> bytes:
        """SHA-256 of what the journal records of it."""
        told = [self.account, self.sealed, self.made_at, self.made_by]
        return hashlib.sha256(gate.encode(told)).digest()

    def __repr__(self) -> str:
        return f"BreakGlass({self.account!r})"


class Prepared(msgspec.Struct, frozen=True):
    """What is shown once, to be kept apart from each other."""

    passphrase: str
    key_uri: str
    """For an authenticator: otpauth://totp/..., as a text or as a QR code."""
    sealed: bytes

    def __repr__(self) -> str:
        return "Prepared()"
