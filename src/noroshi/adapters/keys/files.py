"""Private keys as files of mode 0600, one per purpose, wrapped when a passphrase is set.

Prekeys lie in a folder of their own, which no backup takes along, a file each; retention keys in
another one.

A file is CBOR: version, purpose, how it is wrapped (None, or argon2id parameters and an
AES-256-GCM nonce), and the seeds of its keys. `docs/operate.md` says how to take the root
key off the machine. Nothing here is ever printed or logged.
"""

import contextlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from noroshi.core import gate
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.suite import Alg
from noroshi.core.errors import MalformedError, UnavailableError

VERSION: Final = 1
MAX_FILE: Final = 4096

# RFC 9106 section 4, second recommended option: 64 MiB, three passes, four lanes.
_MEMORY_KIB: Final = 64 * 1024
_PASSES: Final = 3
_LANES: Final = 4
_LARGEST_MEMORY_KIB: Final = 1024 * 1024

Seeds = tuple[tuple[Alg, bytes], ...]


class Wrapping(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """How a file's seeds are wrapped."""

    salt: bytes
    memory_kib: int
    passes: int
    lanes: int
    iv: bytes


class _KeyFile(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    purpose: Purpose
    wrapping: Wrapping | None
    seeds: bytes


class KeyFiles:
    """The folder of private keys."""

    def __init__(
        self, folder: Path, passphrase: Callable[[], bytes | None], *, like: Path | None = None
    ) -> None:
        """Use the keys in `folder`; `passphrase` is asked only for a file that is wrapped.

        A new one is where there is a passphrase; with `like`, only where that key file is too.
        """
        self._folder = folder
        self._passphrase = cache(passphrase)
        self._like = like

    def write(
        self, purpose: Purpose, seeds: Seeds, *, salt: bytes, iv: bytes, name: str = ""
    ) -> None:
        """Write a new key file, durably; it must not exist yet. `name` tells several apart."""
        plain = gate.encode([[int(alg), seed] for alg, seed in seeds])
        wraps = self._like is None or is_wrapped(self._like)
        passphrase = self._passphrase() if wraps else None
        wrapping = None
        if passphrase is not None:
            wrapping = Wrapping(salt, _MEMORY_KIB, _PASSES, _LANES, iv)
            key = _derive(passphrase, salt, _MEMORY_KIB, _PASSES, _LANES)
            plain = AESGCM(key).encrypt(iv, plain, _aad(purpose))
        raw = gate.encode_struct(_KeyFile(VERSION, purpose, wrapping, plain))
        write_private(self._path(purpose, name), raw)

    def read(self, purpose: Purpose, name: str = "") -> Seeds:
        """Return the seeds of a purpose.

        Raises:
            UnavailableError: the file is missing, readable by others, damaged, or wrapped and
                the passphrase is missing or wrong.
        """
        path = self._path(purpose, name)
        try:
            mode = path.stat().st_mode
            raw = _first_bytes(path)
        except OSError as error:
            msg = f"the private key {path} cannot be read: {error.strerror}"
            raise UnavailableError("keys-locked", msg) from error
        if mode & 0o077:
            msg = f"{path} may be read by others; make it private again: chmod 600 {path}"
            raise UnavailableError("keys-locked", msg)
        try:
            return self._unwrap(raw, purpose)
        except MalformedError as error:
            msg = f"the private key {path} is damaged; restore it from your copy"
            raise UnavailableError("damaged", msg) from error

    def names(self) -> frozenset[str]:
        """Return the names of all key files here."""
        return frozenset(path.stem for path in self._folder.glob("*.key"))

    def destroy(self, name: str) -> None:
        """Overwrite a key file and remove it, durably; one that is not here any more is well.

        On a disk that keeps what was overwritten, the passphrase protects what is left of it.
        """
        path = self._folder / f"{name}.key"
        try:
            with path.open("r+b") as file:
                file.write(os.urandom(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
        except FileNotFoundError:
            return
        sync_folder(self._folder)

    def salt(self) -> bytes:
        """Return the salt of a file here that is wrapped; b"" if none is."""
        for path in self._folder.glob("*.key"):
            with contextlib.suppress(UnavailableError):
                wrapping = _wrapping(path)
                if wrapping is not None:
                    return wrapping.salt
        return b""

    def has(self, purpose: Purpose) -> bool:
        """Say whether the key file of a purpose is here."""
        return self._path(purpose).exists()

    def are_wrapped(self) -> bool:
        """Say whether no key file here can be used without a passphrase.

        Raises:
            UnavailableError: one of them is damaged.
        """
        return all(is_wrapped(path) for path in self._folder.glob("*.key"))

    def _unwrap(self, raw: bytes, purpose: Purpose) -> Seeds:
        file = gate.decode_struct(raw, _KeyFile, limit=MAX_FILE)
        if file.version != VERSION or file.purpose is not purpose:
            raise MalformedError("a key file of another version or purpose")
        plain = file.seeds
        if file.wrapping is not None:
            plain = self._unseal(file.wrapping, plain, purpose)
        seeds = gate.decode_struct(plain, tuple[tuple[Alg, bytes], ...], limit=MAX_FILE)
        return tuple(seeds)

    def _unseal(self, wrapping: Wrapping, sealed: bytes, purpose: Purpose) -> bytes:
        passphrase = self._passphrase()
        if passphrase is None:
            msg = (
                "the private keys are wrapped; give the passphrase at the prompt, or name a file "
                "that holds it in NOROSHI_PASSPHRASE_FILE"
            )
            raise UnavailableError("keys-locked", msg)
        if wrapping.memory_kib > _LARGEST_MEMORY_KIB:
            raise MalformedError("a key file that asks for too much memory")
        key = _derive(
            passphrase, wrapping.salt, wrapping.memory_kib, wrapping.passes, wrapping.lanes
        )
        try:
            return AESGCM(key).decrypt(wrapping.iv, sealed, _aad(purpose))
        except InvalidTag:
            raise UnavailableError("keys-locked", "the passphrase is wrong") from None

    def _path(self, purpose: Purpose, name: str = "") -> Path:
        return self._folder / f"{name or purpose.name.lower()}.key"


def is_wrapped(path: Path) -> bool:
    """Say whether a key file cannot be used without a passphrase.

    Raises:
        UnavailableError: it is missing or damaged.
    """
    return _wrapping(path) is not None


def write_private(path: Path, data: bytes) -> None:
    """Write a new file that only its owner can read, and make it durable."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def replace_private(path: Path, data: bytes) -> None:
    """Replace a private file so that a crash leaves the old or the new."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    write_private(new, data)
    new.replace(path)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _first_bytes(path: Path) -> bytes:
    """Return what a file holds, at most one byte more than a key file may have."""
    with path.open("rb") as file:
        return file.read(MAX_FILE + 1)


def _wrapping(path: Path) -> Wrapping | None:
    try:
        return gate.decode_struct(_first_bytes(path), _KeyFile, limit=MAX_FILE).wrapping
    except OSError as error:
        msg = f"the private key {path} cannot be read: {error.strerror}"
        raise UnavailableError("keys-locked", msg) from error
    except MalformedError as error:
        msg = f"the private key {path} is damaged; restore it from your copy"
        raise UnavailableError("damaged", msg) from error


@cache
def _derive(passphrase: bytes, salt: bytes, memory_kib: int, passes: int, lanes: int) -> bytes:
    kdf = Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory_kib)
    return kdf.derive(passphrase)


def _aad(purpose: Purpose) -> bytes:
    return b"noroshi/v1/key/" + purpose.name.encode()
