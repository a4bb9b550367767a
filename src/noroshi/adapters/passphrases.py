"""Passphrases of persons, checked against an Argon2id verifier in the PHC form.

The cost is that of the private keys: RFC 9106 section 4, second recommended option.
"""

from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from noroshi.flow.ports import Entropy

_MEMORY_KIB: Final = 64 * 1024
_PASSES: Final = 3
_LANES: Final = 4
_SALT_SIZE: Final = 16
_SIZE: Final = 32


class Argon2Passphrases:
    """Makes and checks verifiers (:class:`noroshi.flow.ports.Passphrases`)."""

    def __init__(self, entropy: Entropy) -> None:
        """Draw salts from `entropy`."""
        self._entropy = entropy

    def verifier_of(self, passphrase: bytes) -> str:
        """Return what a passphrase can be checked against; two of one passphrase differ."""
        kdf = Argon2id(
            salt=self._entropy.draw(_SALT_SIZE), length=_SIZE,
            iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB,
        )  # fmt: skip
        return kdf.derive_phc_encoded(passphrase)

    def is_right(self, passphrase: bytes, verifier: str) -> bool:
        """Say whether a passphrase is the one of a verifier."""
        try:
            Argon2id.verify_phc_encoded(passphrase, verifier)
        except (InvalidKey, ValueError):
            return False
        return True
