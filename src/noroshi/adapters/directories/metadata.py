"""What reading and writing of TUF metadata share: keys, times, and one way to parse.

Keys are ML-DSA-87 alone, in the form that TAP 21 gives them. A key's id is the digest of the key,
so one key cannot count twice under two names.
"""

# The library gives its classes without naming them as its own: they are taken from it here alone.
# pyright: reportPrivateImportUsage=false

from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import mldsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.exceptions import LengthOrHashMismatchError, RepositoryError
from tuf.api.metadata import (
    Key,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization import DeserializationError

from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.envelope.suite import ROOT_ALG
from noroshi.core.errors import RefusalError
from noroshi.core.instant import Instant, from_text, to_text

__all__ = [
    "CryptoSigner",
    "Key",
    "LengthOrHashMismatchError",
    "MetaFile",
    "Metadata",
    "RepositoryError",
    "Root",
    "Snapshot",
    "TargetFile",
    "Targets",
    "Timestamp",
    "UnverifiedSignatureError",
]

T = TypeVar("T", Root, Timestamp, Snapshot, Targets)

PURPOSES: Final = {
    Root.type: Purpose.ROOT,
    Targets.type: Purpose.TARGETS,
    Snapshot.type: Purpose.SNAPSHOT,
    Timestamp.type: Purpose.TIMESTAMP,
}
"""Which key a role has."""
ROLES: Final = (Targets.type, Snapshot.type, Timestamp.type)
"""The roles that the node itself holds the keys of."""
_LARGEST: Final = 2**53
"""What every JSON library and every table holds."""


def bad(message: str, code: str = "bad-directory") -> RefusalError:
    """Return the error of a directory that is not taken."""
    return RefusalError(code, message)


def parse(raw: bytes, kind: type[T]) -> Metadata[T]:
    """Return metadata of a kind, unverified; its size was checked before.

    Raises:
        RefusalError: it is none.
    """
    found: Metadata[T] | None = None
    try:
        parsed: Any = Metadata[T].from_bytes(raw)
        if isinstance(parsed.signed, kind) and 0 < parsed.signed.version < _LARGEST:
            found = parsed
    except (DeserializationError, RepositoryError, ValueError):
        pass
    if found is None:
        raise bad(f"the directory's {kind.type} is no metadata of that kind")
    return found


def tuf_key(key: PublicKey) -> Key:
    """Return a key as TUF writes it."""
    return SSlibKey.from_crypto(mldsa.MLDSA87PublicKey.from_public_bytes(key.material))


def public_keys(root: Root, role: str) -> tuple[PublicKey, ...]:
    """Return the keys that a root names for a role.

    Raises:
        RefusalError: one of them is no ML-DSA-87 key under its own id.
    """
    found = [root.keys.get(each) for each in root.roles[role].keyids]
    return tuple(_public_key(each, role) for each in found)


def _public_key(key: Key | None, role: str) -> PublicKey:
    found: PublicKey | None = None
    try:
        loaded = load_pem_public_key(str(key.keyval["public"]).encode()) if key else None
        if isinstance(loaded, mldsa.MLDSA87PublicKey):
            found = PublicKey(PURPOSES[role], ROOT_ALG, loaded.public_bytes_raw())
    except (KeyError, ValueError, UnsupportedAlgorithm):
        pass
    if found is None or tuf_key(found) != key:
        raise bad(f"the directory's root names a key for {role} that is none of ML-DSA-87")
    return found


def instant_of(expires: datetime) -> Instant:
    """Return when metadata ends."""
    return from_text(expires.isoformat())


def moment_of(at: Instant) -> datetime:
    """Return the same as TUF writes it: in UTC, to the second."""
    return datetime.fromisoformat(to_text(at)).astimezone(UTC).replace(microsecond=0)
