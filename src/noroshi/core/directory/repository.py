"""The directory of a partner: what its TUF repository says, and how the repository travels.

A partner keeps one repository. Its root begins with the root key of its card and goes on in a
chain, each version signed by the threshold of the one before; it names the keys of the three
roles that the node itself holds. The targets name the partner's card, its desks, the agreements
that it goes by and the revocations of its own cards; snapshot and timestamp say that this is all
of it, and how new it is. A bundle carries the metadata, or of it what the reader lacks.

Signatures and the order of checks are the adapter's (:class:`noroshi.flow.ports.Directories`);
this holds what came of them. `docs/formats/directory.md`.
"""

import hashlib
import re
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.directory.armour import armoured, marks, read_armoured
from noroshi.core.directory.card import MAX_CARD
from noroshi.core.envelope.keys import PublicKey
from noroshi.core.errors import InputError, MalformedError
from noroshi.core.instant import DAY, Instant
from noroshi.core.partner import is_name

VERSION: Final = 1
LABEL: Final = "DIRECTORY"
MAX_ROOTS: Final = 32
"""Versions of the root in one bundle."""
MAX_ROOT: Final = 128 * 1024
MAX_TIMESTAMP: Final = 16 * 1024
MAX_SNAPSHOT: Final = 16 * 1024
MAX_TARGETS: Final = 256 * 1024
MAX_BUNDLE: Final = 3 * 1024 * 1024
TIMESTAMP_LIFE: Final = 2 * DAY
"""After half of it the next timestamp is made."""
MOST_TARGETS: Final = 512
MOST_CUSTODIANS: Final = 16

CARD: Final = "card"
DESKS: Final = "desks/"
AGREEMENTS: Final = "agreements/"
REVOCATIONS: Final = "revocations/"
_HEX_NAME: Final = re.compile(r"(?:agreements|revocations)/[0-9a-f]{64}")


class Bundle(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A repository's metadata as it travels; b"" for what the reader has already."""

    version: int
    partner: str
    roots: tuple[bytes, ...]
    """The versions of the root in their order; those that the reader knows may be left out."""
    timestamp: bytes
    snapshot: bytes
    targets: bytes
    card: bytes
    """The signed card that the targets name."""

    @property
    def digest(self) -> bytes:
        """SHA-256 of the encoded bundle."""
        return hashlib.sha256(gate.encode_struct(self)).digest()

    @property
    def armoured(self) -> str:
        """The bundle as text."""
        return armoured(LABEL, gate.encode_struct(self))


class Declared(msgspec.Struct, frozen=True, array_like=True):
    """A target of which no more than its name, its validity and its digest matter here."""

    digest: bytes
    since: Instant
    until: Instant
    card: int = 0
    """Of a revocation: the serial of the newest card that is void."""


class Directory(msgspec.Struct, frozen=True, array_like=True):
    """What a verified repository says."""

    partner: str
    identity: bytes
    """SHA-256 of the key that signed version 1 of the root: who the partner is, for ever."""
    root_version: int
    root_keys: tuple[PublicKey, ...]
    threshold: int
    root_expires_at: Instant
    card_keys: tuple[PublicKey, ...]
    """The keys of the targets role, which may sign the card in place of the first root key."""
    timestamp_version: int
    snapshot_version: int
    targets_version: int
    expires_at: Instant
    """When the timestamp ends; from then on the directory grows stale."""
    card_digest: bytes
    desks: tuple[str, ...]
    agreements: tuple[Declared, ...]
    revocations: tuple[Declared, ...]

    @property
    def custodians(self) -> tuple[PublicKey, ...]:
        """Who keeps the root beside the first root key, or in its place."""
        return tuple(key for key in self.root_keys if key.digest != self.identity)


class Kept(msgspec.Struct, frozen=True):
    """A verified directory and the metadata that proves it, as a node keeps it."""

    directory: Directory
    roots: tuple[bytes, ...]
    """All versions from the first one on."""
    timestamp: bytes
    snapshot: bytes
    targets: bytes


class DirectoryHead(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The signed statement, to one partner, beside which a bundle lies."""

    version: int
    envelope_id: bytes
    sender: str
    created_at: Instant
    expires_at: Instant | None
    to: tuple[tuple[str, bytes], ...]
    digest: bytes
    """SHA-256 of the bundle."""


def decode_bundle(raw: bytes) -> Bundle:
    """Return a bundle, of whose metadata nothing is parsed yet.

    Raises:
        MalformedError: it is none, or larger than any that may be.
    """
    bundle = gate.decode_struct(raw, Bundle, limit=MAX_BUNDLE)
    sizes = (
        (max(map(len, bundle.roots), default=0), MAX_ROOT),
        (len(bundle.timestamp), MAX_TIMESTAMP),
        (len(bundle.snapshot), MAX_SNAPSHOT),
        (len(bundle.targets), MAX_TARGETS),
        (len(bundle.card), MAX_CARD),
        (len(bundle.roots), MAX_ROOTS),
    )
    if bundle.version != VERSION or not is_name(bundle.partner):
        raise MalformedError("a directory of another version, or of nobody", "bad-directory")
    if any(size > most for size, most in sizes) or not bundle.timestamp:
        raise MalformedError("a directory that is too large, or has no timestamp", "bad-directory")
    return bundle


def read_bundle(text: bytes) -> Bundle | None:
    """Return the directory within a text, None where there is none.

    Raises:
        InputError: what is there is no directory.
    """
    raw = read_armoured(LABEL, text)
    if raw is None and marks(LABEL)[0].encode() in text:
        raise InputError("bad-directory", "the directory beside the card is torn; ask for it again")
    try:
        return None if raw is None else decode_bundle(raw)
    except MalformedError as error:
        raise InputError("bad-directory", f"the directory beside the card: {error}") from error


def check_head(head: DirectoryHead, beside: bytes) -> Bundle:
    """Return the bundle that a verified statement names.

    Raises:
        MalformedError: it is another, or somebody else's.
    """
    if hashlib.sha256(beside).digest() != head.digest:
        raise MalformedError("a directory that is not the one that was signed")
    bundle = decode_bundle(beside)
    if bundle.partner != head.sender:
        raise MalformedError("a directory of somebody else", "bad-directory")
    return bundle


def lacking(kept: Kept, card: bytes, root: int, snapshot: int) -> Bundle:
    """Return what a reader lacks that has the root and snapshot of these versions; 0: none.

    Targets and card change only with the snapshot.
    """
    is_new = snapshot != kept.directory.snapshot_version
    return Bundle(
        version=VERSION,
        partner=kept.directory.partner,
        roots=kept.roots[root:],
        timestamp=kept.timestamp,
        snapshot=kept.snapshot if is_new else b"",
        targets=kept.targets if is_new else b"",
        card=card if is_new else b"",
    )


def is_path(path: str) -> bool:
    """Say whether a target may be called so: nothing in it can be taken for something else."""
    if path.startswith(DESKS):
        return is_name(path.removeprefix(DESKS))
    return path == CARD or _HEX_NAME.fullmatch(path) is not None
