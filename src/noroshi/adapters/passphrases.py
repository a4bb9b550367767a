"""Passphrases of persons, checked against an Argon2id verifier in the PHC form.

The cost is that of the private keys: RFC 9106 section 4, second recommended option.

`BREACHED` in a home's `policies/` holds what was breached, a passphrase or its SHA-1 (with or
without a count, as Have I Been Pwned gives them) a line.
"""

import hashlib
import mmap
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from noroshi.flow.ports import Entropy

_HOUSE: Final = (
    "noroshi", "hotline", "partner", "console", "desk", "watch", "officer", "duty", "drafter",
    "releaser", "auditor", "administrator", "journal", "report", "flash", "cyber", "secret",
    "nato", "classified", "restricted", "confidential",
)  # fmt: skip
"""Words of this program and its use."""
_GUESSES_LOG10: Final = 11
"""Of guesses that cost a fifth of a second of Argon2id each."""
_LOOKED_AT: Final = 72
"""Characters; of more, zxcvbn would take long."""
BREACHED: Final = "breached.txt"
_MEMORY_KIB: Final = 64 * 1024
_PASSES: Final = 3
_LANES: Final = 4
_SALT_SIZE: Final = 16
_SIZE: Final = 32


class Argon2Passphrases:
    """Makes and checks verifiers (:class:`noroshi.flow.ports.Passphrases`)."""

    def __init__(self, entropy: Entropy, breached: Path | None = None) -> None:
        """Draw salts from `entropy`; `breached`: a file that may be there or not."""
        self._entropy = entropy
        self._breached = breached

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

    def is_guessable(self, passphrase: str, near: Sequence[str]) -> bool:
        """Say whether others would guess a passphrase; `near`: names around the person."""
        from zxcvbn import zxcvbn  # noqa: PLC0415 - its lists are large, and seldom asked

        plain = unicodedata.normalize("NFKC", passphrase)[:_LOOKED_AT]
        told = zxcvbn(plain, user_inputs=[*near, *_HOUSE])
        return float(told["guesses_log10"]) < _GUESSES_LOG10

    def is_breached(self, passphrase: bytes) -> bool:
        """Say whether the house's file of breached passphrases has it; without a file: no."""
        if self._breached is None or not self._breached.is_file():
            return False
        if not self._breached.stat().st_size:
            return False
        # What the file holds are digests of others; nothing here is kept or proven by SHA-1.
        digest = hashlib.sha1(passphrase, usedforsecurity=False).hexdigest().encode()
        line = rb"^(?:(?i:%s)(?::\d+)?|%s)\r?$" % (digest, re.escape(passphrase))
        with (
            self._breached.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held,
        ):
            return re.search(line, held, re.MULTILINE) is not None
