"""Writing a directory: the repository of this node, with the keys of its own roles.

What is to be made anew follows from what there is: targets when they say something else, the
snapshot when the targets are new, the timestamp when the snapshot is new or half of its time is
over. Numbers of versions are those of the time in seconds, so that a node that was restored goes
on above all that it has ever published; versions of the root count by one, as TUF demands.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric import mldsa

from noroshi.adapters.directories.metadata import (
    PURPOSES,
    ROLES,
    CryptoSigner,
    Metadata,
    MetaFile,
    RepositoryError,
    Root,
    Snapshot,
    T,
    TargetFile,
    Targets,
    Timestamp,
    instant_of,
    moment_of,
    parse,
    public_keys,
    tuf_key,
)
from noroshi.adapters.directories.reading import TARGETS_FILE, chain, read
from noroshi.core.directory.card import SignedCard
from noroshi.core.directory.repository import CARD, TIMESTAMP_LIFE, VERSION, Bundle, Kept
from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.envelope.primitives import Primitives
from noroshi.core.envelope.suite import ROOT_ALG, Alg
from noroshi.core.instant import DAY, SECOND, Instant
from noroshi.flow.directory_ports import Target

LIFE: Final = 400 * DAY
"""Of targets and snapshot: longer than the longest tolerance of a courier."""
ROOT_LIFE: Final = 3650 * DAY
ROOT_RENEWAL: Final = 365 * DAY
"""Before a root ends, the next is signed here if the root key lies here."""
_SEED: Final = 32
_SALT: Final = 16
_IV: Final = 12


class Files(Protocol):
    """Where private keys are kept."""

    def write(
        self,
        purpose: Purpose,
        seeds: tuple[tuple[Alg, bytes], ...],
        *,
        salt: bytes,
        iv: bytes,
        name: str = "",
    ) -> None:
        """Write a new file, durably."""
        ...

    def read(self, purpose: Purpose, name: str = "") -> tuple[tuple[Alg, bytes], ...]:
        """Return the seeds of a file."""
        ...

    def has(self, purpose: Purpose) -> bool:
        """Say whether there is a file of a purpose."""
        ...

    def destroy(self, name: str) -> None:
        """Destroy a file for good."""
        ...


class TufDirectories:
    """Directories, own and partners' (:class:`noroshi.flow.ports.Directories`)."""

    def __init__(self, files: Files, primitives: Primitives, draw: Callable[[int], bytes]) -> None:
        """Use the private keys of `files`; `draw` returns random bytes."""
        self._files = files
        self._primitives = primitives
        self._draw = draw

    def read(
        self,
        bundle: Bundle,
        anchor: PublicKey,
        kept: Kept | None,
        card: bytes,
        now: Instant,
        patience: int,
    ) -> tuple[Kept, SignedCard]:
        """Return what a bundle says, verified, and the card that it names.

        Raises:
            RefusalError: it is not the partner's newest word, or cannot be.
        """
        return read(bundle, anchor, kept, card, self._primitives, now, patience)

    def publish(
        self,
        kept: Kept | None,
        card: SignedCard,
        targets: Sequence[Target],
        now: Instant,
        roots: Sequence[bytes] = (),
    ) -> Kept | None:
        """Return this node's directory where something in it has to be new; None: nothing.

        `roots` are versions of the root that its custodians have signed. None is also the answer
        where nobody here may sign: the root key is elsewhere, and names no keys of this node yet.

        Raises:
            RefusalError: `roots` do not go on from the root known, or cannot be.
            UnavailableError: a key cannot be read.
        """
        anchor = card.card.root
        known = kept.roots if kept else ()
        if known:
            chain(known, roots)
        chained = self._roots((*known, *roots), anchor, now)
        root = parse(chained[-1], Root).signed if chained else None
        if root is None or not self._holds(root):
            return None
        made = self._rest(kept, root, card, targets, now)
        if kept is not None and (chained, *made) == (
            kept.roots, kept.timestamp, kept.snapshot, kept.targets
        ):  # fmt: skip
            return None
        timestamp, snapshot, named = made
        whole = Bundle(VERSION, card.card.partner, chained, timestamp, snapshot, named, card.raw)
        found, _ = read(whole, anchor, None, b"", self._primitives, now, TIMESTAMP_LIFE)
        return found

    def role_keys(self) -> tuple[PublicKey, ...]:
        """Return the public keys of the roles that this node holds, made where there are none.

        Raises:
            UnavailableError: one cannot be read.
        """
        return tuple(self._public(role) for role in ROLES)

    def has_root(self) -> bool:
        """Say whether the first root key lies here."""
        return self._files.has(Purpose.ROOT)

    def remove_root(self) -> None:
        """Destroy the first root key here."""
        self._files.destroy(Purpose.ROOT.name.lower())

    def _roots(
        self, known: tuple[bytes, ...], anchor: PublicKey, now: Instant
    ) -> tuple[bytes, ...]:
        """Return the chain of roots, with one more where the root key here has to sign one.

        It does at the beginning, when the keys of this node are others, and in good time before
        the root ends; once custodians have taken over, that is theirs.
        """
        last = parse(known[-1], Root).signed if known else None
        is_mine = last is not None and self._holds(last)
        if last is not None and is_mine and instant_of(last.expires) - now > ROOT_RENEWAL:
            return known
        if not self.has_root() or (last and public_keys(last, Root.type) != (anchor,)):
            return known
        if self._public(Root.type) != anchor:
            return known
        root = Root(
            version=len(known) + 1, expires=moment_of(now + ROOT_LIFE), consistent_snapshot=False
        )
        for role in (Root.type, *ROLES):
            root.add_key(tuf_key(self._public(role)), role)
        return (*known, self._signed(root, Root.type))

    def _rest(
        self,
        kept: Kept | None,
        root: Root,
        card: SignedCard,
        wanted: Sequence[Target],
        now: Instant,
    ) -> tuple[bytes, bytes, bytes]:
        """Return timestamp, snapshot and targets: those that there are, or new ones."""
        of_card = Target(CARD, card.raw, None)
        named = {each.path: _target(each) for each in (of_card, *wanted)}
        old = parse(kept.targets, Targets) if kept else None
        raw_targets = kept.targets if kept else b""
        if old is None or old.signed.targets != named or not _lasts(root, old, now):
            version = _next(old, now)
            expires = moment_of(now + LIFE)
            raw_targets = self._signed(
                Targets(version, expires=expires, targets=named), Targets.type
            )
        old_snapshot = parse(kept.snapshot, Snapshot) if kept else None
        raw_snapshot = kept.snapshot if kept else b""
        meta = {TARGETS_FILE: _meta(raw_targets, Targets)}
        if (
            old_snapshot is None
            or old_snapshot.signed.meta != meta
            or not _lasts(root, old_snapshot, now)
        ):
            version, expires = _next(old_snapshot, now), moment_of(now + LIFE)
            raw_snapshot = self._signed(
                Snapshot(version, expires=expires, meta=meta), Snapshot.type
            )
        old_timestamp = parse(kept.timestamp, Timestamp) if kept else None
        raw_timestamp = kept.timestamp if kept else b""
        newest = _meta(raw_snapshot, Snapshot)
        if (
            old_timestamp is None
            or old_timestamp.signed.snapshot_meta != newest
            or not _lasts(root, old_timestamp, now)
        ):
            version, expires = _next(old_timestamp, now), moment_of(now + TIMESTAMP_LIFE)
            timestamp = Timestamp(version, expires=expires, snapshot_meta=newest)
            raw_timestamp = self._signed(timestamp, Timestamp.type)
        return raw_timestamp, raw_snapshot, raw_targets

    def _holds(self, root: Root) -> bool:
        """Say whether the keys of this node are those that a root names for its roles."""
        return all(
            self._files.has(PURPOSES[role]) and public_keys(root, role) == (self._public(role),)
            for role in ROLES
        )

    def _public(self, role: str) -> PublicKey:
        material = self._private(role).public_key().public_bytes_raw()
        return PublicKey(PURPOSES[role], ROOT_ALG, material)

    def _private(self, role: str) -> mldsa.MLDSA87PrivateKey:
        purpose = PURPOSES[role]
        if not self._files.has(purpose):
            seeds = ((ROOT_ALG, self._draw(_SEED)),)
            self._files.write(purpose, seeds, salt=self._draw(_SALT), iv=self._draw(_IV))
        ((_, seed),) = self._files.read(purpose)
        return mldsa.MLDSA87PrivateKey.from_seed_bytes(seed)

    def _signed(self, signed: T, role: str) -> bytes:
        metadata = Metadata(signed)
        metadata.sign(CryptoSigner(self._private(role)))
        return metadata.to_bytes()


def _lasts(root: Root, metadata: Metadata[T], now: Instant) -> bool:
    """Say whether metadata is signed as the root demands, and half of its time is still left."""
    signed = metadata.signed
    life = TIMESTAMP_LIFE if signed.type == Timestamp.type else LIFE
    try:
        root.verify_delegate(signed.type, metadata.signed_bytes, metadata.signatures)
    except RepositoryError:
        return False
    return instant_of(signed.expires) - now > life // 2


def _next(old: Metadata[T] | None, now: Instant) -> int:
    return max(old.signed.version + 1 if old else 1, now // SECOND)


def _meta(raw: bytes, kind: type[T]) -> MetaFile:
    version = parse(raw, kind).signed.version
    return MetaFile(version, length=len(raw), hashes={"sha256": sha256(raw).hexdigest()})


def _target(wanted: Target) -> TargetFile:
    custom = None if wanted.custom is None else {"custom": dict(wanted.custom)}
    hashes = {"sha256": sha256(wanted.content).hexdigest()}
    return TargetFile(len(wanted.content), hashes, wanted.path, custom)
