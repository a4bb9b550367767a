"""The seal of a break-glass way in: Argon2id, AES-256-GCM, and one-time codes (RFC 6238).

The secret of the codes is sealed under the passphrase: what lies on the disk proves neither.
"""

import base64
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from noroshi.core.account import plain
from noroshi.core.break_glass import Prepared
from noroshi.core.instant import SECOND, Instant
from noroshi.flow.ports import Entropy

# RFC 9106 section 4, second recommended option: 64 MiB, three passes, four lanes.
_MEMORY_KIB: Final = 64 * 1024
_PASSES: Final = 3
_LANES: Final = 4
_SALT_SIZE: Final = 16
_NONCE_SIZE: Final = 12
_CODE_KEY_SIZE: Final = 20
_CODE_DIGITS: Final = 6
_CODE_SECONDS: Final = 30
_PASSPHRASE_BYTES: Final = 15
_GROUP: Final = 4


class SealedBreakGlass:
    """Makes and opens ways in (:class:`noroshi.flow.ports.BreakGlassSeal`)."""

    def __init__(self, entropy: Entropy) -> None:
        """Draw passphrases, secrets and salts from `entropy`."""
        self._entropy = entropy

    def prepare(self, account: str, partner: str) -> Prepared:
        """Return a new way in: a passphrase of 120 bits, and the secret of one-time codes."""
        drawn = base64.b32encode(self._entropy.draw(_PASSPHRASE_BYTES)).decode()
        passphrase = "-".join(
            drawn[at : at + _GROUP] for at in range(0, len(drawn), _GROUP)
        ).lower()
        secret = self._entropy.draw(_CODE_KEY_SIZE)
        salt, nonce = self._entropy.draw(_SALT_SIZE), self._entropy.draw(_NONCE_SIZE)
        key = _key(passphrase, salt)
        sealed = salt + nonce + AESGCM(key).encrypt(nonce, secret, _aad(account))
        uri = _totp(secret).get_provisioning_uri(account, f"Noroshi {partner}")
        return Prepared(passphrase, uri, sealed)

    def opens(self, account: str, sealed: bytes, passphrase: str, code: str, now: Instant) -> bool:
        """Say whether a passphrase and the code of now open a way in."""
        salt, nonce = sealed[:_SALT_SIZE], sealed[_SALT_SIZE : _SALT_SIZE + _NONCE_SIZE]
        raw = sealed[_SALT_SIZE + _NONCE_SIZE :]
        try:
            secret = AESGCM(_key(passphrase, salt)).decrypt(nonce, raw, _aad(account))
        except (InvalidTag, ValueError):
            return False
        typed = "".join(code.split()).encode()
        try:
            _totp(secret).verify(typed, now // SECOND)
        except InvalidToken:
            return False
        return True


def _totp(secret: bytes) -> TOTP:
    # SHA-1 is what authenticators understand; RFC 6238 uses it as a MAC, which its collisions
    # do not touch.
    return TOTP(secret, _CODE_DIGITS, SHA1(), _CODE_SECONDS)  # noqa: S303


def _key(passphrase: str, salt: bytes) -> bytes:
    """Return the key of a passphrase as it was typed: case, spaces and dashes do not count."""
    typed = "".join(each for each in passphrase.lower() if each.isalnum())
    kdf = Argon2id(salt=salt, length=32, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB)
    return kdf.derive(typed.encode())


def _aad(account: str) -> bytes:
    return b"noroshi/v1/break-glass/" + plain(account).encode()
