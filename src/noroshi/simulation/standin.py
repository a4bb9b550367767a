"""STAND-IN CRYPTOGRAPHY: hides nothing from anybody and proves nothing. For simulations alone.

It notices damage as the real primitives do, is deterministic and costs next to nothing, so that
a simulated hour is spent on what is being simulated. Nothing outside this folder may use it.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NoReturn

from noroshi.core.directory.card import SignedCard
from noroshi.core.directory.repository import Bundle, Kept
from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.envelope.suite import Alg
from noroshi.core.errors import RefusalError, UnavailableError
from noroshi.core.instant import Instant
from noroshi.flow.directory_ports import Target

_TAG = 16


class StandInSigner:
    """A signing key whose public half is enough to sign."""

    def __init__(self, purpose: Purpose, alg: Alg, seed: bytes) -> None:
        """Make the key of `seed`."""
        self.public_key = PublicKey(purpose, alg, _digest(b"key", seed))

    def sign(self, message: bytes) -> bytes:
        """Return a digest of key and message."""
        return _signature(self.public_key, message)


class StandInUnwrapper:
    """A sealing key whose public half is enough to open."""

    def __init__(self, alg: Alg, seed: bytes) -> None:
        """Make the key of `seed`."""
        self.public_key = PublicKey(Purpose.SEAL, alg, _digest(b"key", seed))

    def unwrap(self, encapsulated: bytes, wrapped: bytes, info: bytes) -> bytes | None:
        """Return what was wrapped to this key, or None."""
        key = _digest(self.public_key.material, encapsulated)
        return _open(key, wrapped, info)


class StandInVault(Mapping[bytes, StandInUnwrapper]):
    """Sealing keys (:class:`noroshi.flow.ports.PrekeyVault`) that outlive a power cut."""

    def __init__(self, lasting: StandInUnwrapper, draw: Callable[[int], bytes]) -> None:
        """Hold the card's key; `draw` makes prekeys."""
        self._lasting = lasting
        self._draw = draw
        self._prekeys: dict[bytes, StandInUnwrapper] = {}

    def alone(self) -> AbstractContextManager[object]:
        """Give a stretch of one's own: a simulated node has one thread."""
        return nullcontext()

    def kids(self) -> frozenset[bytes]:
        """Return the ids of the prekeys that are kept."""
        return frozenset(self._prekeys)

    def make(self, alg: Alg) -> PublicKey:
        """Make a prekey."""
        made = StandInUnwrapper(alg, self._draw(32))
        self._prekeys[made.public_key.kid] = made
        return made.public_key

    def destroy(self, kid: bytes) -> None:
        """Forget a prekey."""
        self._prekeys.pop(kid, None)

    def lose(self) -> None:
        """Forget all: they are in no backup."""
        self._prekeys.clear()

    def __getitem__(self, kid: bytes) -> StandInUnwrapper:
        """Return a key by its id."""
        return self._lasting if kid == self._lasting.public_key.kid else self._prekeys[kid]

    def __iter__(self) -> Iterator[bytes]:
        """Yield all ids."""
        yield self._lasting.public_key.kid
        yield from self._prekeys

    def __len__(self) -> int:
        """Return how many keys there are."""
        return 1 + len(self._prekeys)


class StandInRetentionKeys:
    """Retention keys (:class:`noroshi.adapters.sealing.archive.RetentionKeys`) in memory."""

    def __init__(self) -> None:
        self._keys: dict[str, bytes] = {}

    def names(self) -> frozenset[str]:
        """Return what they are called."""
        return frozenset(self._keys)

    def write(self, name: str, key: bytes) -> None:
        """Keep a new one."""
        self._keys[name] = key

    def read(self, name: str) -> bytes:
        """Return one."""
        return self._keys[name]

    def destroy(self, name: str) -> None:
        """Forget one."""
        self._keys.pop(name, None)


class StandInDirectories:
    """Those of a node whose root key is elsewhere: it tells none and takes none."""

    def read(
        self,
        bundle: Bundle,
        anchor: PublicKey,
        kept: Kept | None,
        card: bytes,
        now: Instant,
        patience: int,
    ) -> tuple[Kept, SignedCard]:
        """Take no directory."""
        del bundle, anchor, kept, card, now, patience
        raise RefusalError("bad-directory", "simulated nodes have no directories")

    def publish(
        self,
        kept: Kept | None,
        card: SignedCard,
        targets: Sequence[Target],
        now: Instant,
        roots: Sequence[bytes] = (),
    ) -> Kept | None:
        """Sign none."""
        del kept, card, targets, now, roots
        return None

    def role_keys(self) -> tuple[PublicKey, ...]:
        """Hold no keys of roles."""
        return ()

    def has_root(self) -> bool:
        """Say that the root key is elsewhere."""
        return False

    def remove_root(self) -> None:
        """Have nothing to remove."""


class StandInPrimitives:
    """Operations with public keys and content keys."""

    def is_usable(self, key: PublicKey) -> bool:
        """Say whether `key` is one of ours."""
        return len(key.material) == hashlib.sha256().digest_size

    def is_signed(self, key: PublicKey, message: bytes, signature: bytes) -> bool:
        """Say whether `key` signed `message`."""
        return signature == _signature(key, message)

    def wrap(self, key: PublicKey, plaintext: bytes, info: bytes) -> tuple[bytes, bytes]:
        """Return the encapsulated key and the wrapped `plaintext`."""
        encapsulated = _digest(b"encapsulated", plaintext + info)
        return encapsulated, _close(_digest(key.material, encapsulated), plaintext, info)

    def encrypt(self, key: bytes, iv: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """Return the masked plaintext with a tag."""
        return _close(key + iv, plaintext, aad)

    def decrypt(self, key: bytes, iv: bytes, ciphertext: bytes, aad: bytes) -> bytes | None:
        """Return the plaintext, or None when the tag does not fit."""
        return _open(key + iv, ciphertext, aad)


def _signature(key: PublicKey, message: bytes) -> bytes:
    return _digest(key.material, message)


def _close(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    return _mask(key, plaintext) + _digest(key, plaintext + aad)[:_TAG]


def _open(key: bytes, ciphertext: bytes, aad: bytes) -> bytes | None:
    plaintext = _mask(key, ciphertext[:-_TAG])
    return plaintext if _digest(key, plaintext + aad)[:_TAG] == ciphertext[-_TAG:] else None


def _mask(key: bytes, data: bytes) -> bytes:
    stream = hashlib.shake_128(key).digest(len(data))
    return (int.from_bytes(data) ^ int.from_bytes(stream)).to_bytes(len(data))


def _digest(key: bytes, data: bytes) -> bytes:
    return hashlib.sha256(key + data).digest()


def no_objects(*_: object) -> NoReturn:
    """Refuse: machines have no part in a simulation."""
    raise UnavailableError("storage-failed", "a simulated node keeps no objects of machines")
