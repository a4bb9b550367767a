"""The cryptography that the envelope needs, as ports.

The core arranges bytes; an adapter (``adapters/sealing``) computes. Randomness comes in as
arguments, except inside KEM encapsulation and hedged signing, where the library draws it.
"""

from typing import Protocol

from noroshi.core.envelope.keys import PublicKey


class Signer(Protocol):
    """A private signing key in use."""

    @property
    def public_key(self) -> PublicKey:
        """The public half."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature over `message`, with an empty algorithm context."""
        ...


class Unwrapper(Protocol):
    """A private KEM key in use."""

    @property
    def public_key(self) -> PublicKey:
        """The public half."""
        ...

    def unwrap(self, encapsulated: bytes, wrapped: bytes, info: bytes) -> bytes | None:
        """Return what was wrapped to this key (HPKE base mode, RFC 9180), or None."""
        ...


class Primitives(Protocol):
    """Operations with public keys and content keys."""

    def is_usable(self, key: PublicKey) -> bool:
        """Say whether `key` is a well-formed key of its algorithm."""
        ...

    def is_signed(self, key: PublicKey, message: bytes, signature: bytes) -> bool:
        """Say whether `key` signed `message`."""
        ...

    def wrap(self, key: PublicKey, plaintext: bytes, info: bytes) -> tuple[bytes, bytes]:
        """Return the encapsulated key and `plaintext` wrapped to `key` (HPKE base mode)."""
        ...

    def encrypt(self, key: bytes, iv: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """Return AES-256-GCM ciphertext with its tag."""
        ...

    def decrypt(self, key: bytes, iv: bytes, ciphertext: bytes, aad: bytes) -> bytes | None:
        """Return the plaintext, or None when the tag does not fit."""
        ...
