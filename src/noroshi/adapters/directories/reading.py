"""Reading a directory: the client workflow of the TUF specification, over python-tuf's metadata.

Sizes were checked when the bundle was decoded; then, by the numbers of the specification:

    5.3  root        version 1 is signed by the key that the card names, or it is the root known;
                     each further version by the thresholds of the one before and its own
    5.4  timestamp   signed, not older than the one known, not ended for longer than is tolerated
    5.5  snapshot    the one that the timestamp names, by version, length and hash
    5.6  targets     the one that the snapshot names; then the card that the targets name

Time comes in as an argument. Nothing is kept here: what comes out takes the place of what was
known, or an error says why not.
"""

import contextlib
from collections.abc import Generator, Mapping, Sequence
from typing import Final

import msgspec

from noroshi.adapters.directories.metadata import (
    ROLES,
    LengthOrHashMismatchError,
    MetaFile,
    RepositoryError,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
    bad,
    instant_of,
    parse,
    public_keys,
)
from noroshi.core.directory.card import SignedCard, claimed_card, verify_card
from noroshi.core.directory.repository import (
    AGREEMENTS,
    CARD,
    DESKS,
    MAX_ROOTS,
    MOST_CUSTODIANS,
    MOST_TARGETS,
    REVOCATIONS,
    Bundle,
    Declared,
    Directory,
    Kept,
    is_path,
)
from noroshi.core.envelope.keys import PublicKey
from noroshi.core.envelope.primitives import Primitives
from noroshi.core.errors import InputError
from noroshi.core.instant import Instant, is_instant, to_text

TARGETS_FILE: Final = "targets.json"


class _Custom(msgspec.Struct, forbid_unknown_fields=True):
    """What a target says of itself beside its digest."""

    since: int
    until: int
    card: int = 0


def read(
    bundle: Bundle,
    anchor: PublicKey,
    kept: Kept | None,
    card: bytes,
    primitives: Primitives,
    now: Instant,
    patience: int,
) -> tuple[Kept, SignedCard]:
    """Return what a bundle says, verified, and the card that it names.

    `anchor` is the root key on the card of that partner, `kept` what is known already, `card` the
    signed card for a bundle that brings none, `patience` how long ago the timestamp may have
    ended, in microseconds.

    Raises:
        RefusalError: it is not the partner's newest word, or cannot be.
    """
    roots, root = _roots(bundle, anchor, kept)
    if now >= instant_of(root.expires):
        raise bad(
            f"the directory's root has ended on {to_text(instant_of(root.expires))[:10]}; its "
            "custodians sign the next: noroshi root rotate"
        )
    # 5.3.11: whoever had the old keys may have used any version number.
    before = (
        kept if kept is not None and _goes_on(root, parse(kept.roots[-1], Root).signed) else None
    )
    timestamp = _timestamp(bundle, root, before, now, patience)
    raw_snapshot = _named(timestamp.snapshot_meta, bundle.snapshot, kept.snapshot if kept else b"")
    snapshot = _snapshot(raw_snapshot, root, timestamp, before, now)
    raw_targets = _named(snapshot.meta[TARGETS_FILE], bundle.targets, kept.targets if kept else b"")
    targets = _targets(raw_targets, root, snapshot, now)
    directory = _directory(bundle.partner, anchor, root, (timestamp, snapshot, targets))
    # What a directory has named before was verified then, under the same keys.
    is_known = kept is not None and not bundle.card and _names_as(kept.directory, directory)
    signed_card = _card(bundle.card or card, targets, directory, anchor, primitives, is_known)
    found = Kept(directory, roots, bundle.timestamp, raw_snapshot, raw_targets)
    return found, signed_card


def chain(roots: Sequence[bytes], further: Sequence[bytes]) -> Root:
    """Return the last of further versions of a root, each verified by the one before and itself.

    Raises:
        RefusalError: one of them does not go on from what was before.
    """
    trusted = parse(roots[-1], Root)
    for raw in further:
        new = parse(raw, Root)
        check_root(new.signed)
        if new.signed.version != trusted.signed.version + 1:
            raise bad(f"version {trusted.signed.version + 1} of the directory's root is lacking")
        with _signed_by("root", "root-changed"):
            for root in (trusted.signed, new.signed):
                root.verify_delegate(Root.type, new.signed_bytes, new.signatures)
        trusted = new
    return trusted.signed


def check_root(root: Root) -> None:
    """Return if a root names plausible keys: each of ML-DSA-87, each for one role.

    Raises:
        RefusalError: it does not.
    """
    found = [key for role in (Root.type, *ROLES) for key in public_keys(root, role)]
    custodians = len(root.roles[Root.type].keyids)
    if custodians > MOST_CUSTODIANS or len(root.keys) != len(found):
        # A key has one id: in two roles it would be counted twice and be there once.
        raise bad("the directory's root names keys for two roles or for none, or too many")
    if any(len(role.keyids) < role.threshold for role in root.roles.values()):
        raise bad("the directory's root asks for more signatures than there are keys")


def _roots(bundle: Bundle, anchor: PublicKey, kept: Kept | None) -> tuple[tuple[bytes, ...], Root]:
    """Return all versions of the root, and the newest."""
    if kept is None:
        _check_first(bundle.roots, anchor)
    known = kept.roots if kept else bundle.roots[:1]
    further = [raw for raw in bundle.roots if raw not in known]
    if len(known) + len(further) > MAX_ROOTS:
        raise bad(f"the directory's root has more than {MAX_ROOTS} versions")
    versions = [parse(raw, Root).signed.version for raw in further]
    if versions and min(versions) <= len(known):
        raise bad("the directory begins with another root than the one known", "root-changed")
    if versions and versions[0] != len(known) + 1:
        raise bad("versions of the directory's root are lacking", "directory-gap")
    return (*known, *further), chain(known, further)


def _check_first(roots: Sequence[bytes], anchor: PublicKey) -> None:
    """Return if a chain begins with the key on the card: at first contact nothing else is known."""
    if not roots:
        raise bad("the directory begins with no root; ask for all of it", "directory-gap")
    first = parse(roots[0], Root)
    check_root(first.signed)
    keys = public_keys(first.signed, Root.type)
    if first.signed.version != 1 or keys != (anchor,):
        raise bad("the directory does not begin with the root key of the card", "root-changed")
    with _signed_by("root", "root-changed"):
        first.signed.verify_delegate(Root.type, first.signed_bytes, first.signatures)


def _goes_on(new: Root, old: Root) -> bool:
    """Say whether the keys of snapshot and timestamp are those that they were."""
    online = (Snapshot.type, Timestamp.type)
    return all(new.roles[role].keyids == old.roles[role].keyids for role in online)


def _timestamp(
    bundle: Bundle, root: Root, before: Kept | None, now: Instant, patience: int
) -> Timestamp:
    found = parse(bundle.timestamp, Timestamp)
    with _signed_by("timestamp"):
        root.verify_delegate(Timestamp.type, found.signed_bytes, found.signatures)
    timestamp = found.signed
    if before is not None:
        known = before.directory
        if timestamp.version < known.timestamp_version:
            raise bad("the directory is older than the one known", "directory-older")
        is_same = timestamp.version == known.timestamp_version
        if is_same and timestamp != parse(before.timestamp, Timestamp).signed:
            raise bad("two timestamps of the directory have one number", "directory-older")
        if timestamp.snapshot_meta.version < known.snapshot_version:
            raise bad("the directory goes back to an older snapshot", "directory-older")
    ended = instant_of(timestamp.expires)
    if now - ended >= patience:
        msg = f"the directory's timestamp ended on {to_text(ended)}; ask for the newest one"
        raise bad(msg, "directory-stale")
    return timestamp


def _snapshot(
    raw: bytes, root: Root, timestamp: Timestamp, before: Kept | None, now: Instant
) -> Snapshot:
    found = parse(raw, Snapshot)
    with _signed_by("snapshot"):
        root.verify_delegate(Snapshot.type, found.signed_bytes, found.signatures)
    snapshot = found.signed
    if snapshot.version != timestamp.snapshot_meta.version:
        raise bad("the directory's snapshot is not the one that its timestamp names")
    targets = snapshot.meta.get(TARGETS_FILE)
    if targets is None or len(snapshot.meta) != 1:
        raise bad("the directory's snapshot names other files than the targets")
    if before is not None and targets.version < before.directory.targets_version:
        raise bad("the directory goes back to older targets", "directory-older")
    _check_end(snapshot, now)
    return snapshot


def _targets(raw: bytes, root: Root, snapshot: Snapshot, now: Instant) -> Targets:
    meta = snapshot.meta[TARGETS_FILE]
    found = parse(raw, Targets)
    with _signed_by("targets"):
        root.verify_delegate(Targets.type, found.signed_bytes, found.signatures)
    targets = found.signed
    if targets.version != meta.version:
        raise bad("the directory's targets are not those that its snapshot names")
    if targets.delegations is not None:
        raise bad("the directory's targets hand their say to others")
    if len(targets.targets) > MOST_TARGETS or not all(map(is_path, targets.targets)):
        raise bad("the directory has too many targets, or some that mean nothing")
    _check_end(targets, now)
    return targets


def _named(meta: MetaFile, told: bytes, known: bytes) -> bytes:
    """Return the metadata that other metadata names by length and hash: what came, or is known.

    Raises:
        RefusalError: it is another; or nothing came, and what is known is not enough.
    """
    if meta.length is None or "sha256" not in (meta.hashes or {}):
        raise bad("a part of the directory is named without its length and hash")
    is_named = True
    try:
        meta.verify_length_and_hashes(told or known)
    except LengthOrHashMismatchError:
        is_named = False
    if not is_named and told:
        raise bad("a part of the directory is not the one that the others name")
    if not is_named:
        raise bad("a part of the directory is lacking; ask for all of it", "directory-gap")
    return told or known


def _check_end(signed: Snapshot | Targets, now: Instant) -> None:
    if now >= instant_of(signed.expires):
        ended = to_text(instant_of(signed.expires))
        raise bad(f"the directory's {signed.type} ended on {ended}", "directory-stale")


@contextlib.contextmanager
def _signed_by(role: str, code: str = "bad-directory") -> Generator[None]:
    """Refuse what does not have the signatures that its role needs."""
    is_signed = True
    try:
        yield
    except (RepositoryError, ValueError):
        is_signed = False
    if not is_signed:
        raise bad(f"the directory's {role} is not signed by the keys that its root demands", code)


def _directory(
    partner: str, anchor: PublicKey, root: Root, rest: tuple[Timestamp, Snapshot, Targets]
) -> Directory:
    timestamp, snapshot, targets = rest
    paths = targets.targets
    card = paths.get(CARD)
    return Directory(
        partner=partner,
        identity=anchor.digest,
        root_version=root.version,
        root_keys=public_keys(root, Root.type),
        threshold=root.roles[Root.type].threshold,
        root_expires_at=instant_of(root.expires),
        card_keys=public_keys(root, Targets.type),
        timestamp_version=timestamp.version,
        snapshot_version=snapshot.version,
        targets_version=targets.version,
        expires_at=instant_of(timestamp.expires),
        card_digest=bytes.fromhex(card.hashes.get("sha256", "")) if card else b"",
        desks=tuple(sorted(p.removeprefix(DESKS) for p in paths if p.startswith(DESKS))),
        agreements=_declared(paths, AGREEMENTS),
        revocations=_declared(paths, REVOCATIONS),
    )


def _declared(paths: Mapping[str, TargetFile], prefix: str) -> tuple[Declared, ...]:
    """Return what the targets of a kind say of themselves."""
    found = sorted((path, each) for path, each in paths.items() if path.startswith(prefix))
    return tuple(_one_declared(path.removeprefix(prefix), target) for path, target in found)


def _one_declared(name: str, target: TargetFile) -> Declared:
    said: _Custom | None = None
    with contextlib.suppress(msgspec.ValidationError):
        said = msgspec.convert(target.custom, _Custom)
    times = (said.since, said.until) if said else ()
    if said is None or not all(map(is_instant, times)) or target.hashes.get("sha256") != name:
        raise bad("a target of the directory says what cannot be")
    return Declared(bytes.fromhex(name), said.since, said.until, said.card)


def _names_as(one: Directory, other: Directory) -> bool:
    """Say whether two directories name the same card under the same keys."""
    return (one.identity, one.card_digest, one.card_keys) == (
        other.identity, other.card_digest, other.card_keys
    )  # fmt: skip


def _card(
    raw: bytes,
    targets: Targets,
    directory: Directory,
    anchor: PublicKey,
    primitives: Primitives,
    is_known: bool,  # noqa: FBT001 - the one caller names it
) -> SignedCard:
    """Return the card that the targets name, signed by the first root key or by theirs.

    Raises:
        RefusalError: there is none, or it contradicts the directory.
    """
    target = targets.targets.get(CARD)
    if target is None:
        raise bad("the directory names no card")
    try:
        target.verify_length_and_hashes(raw)
        others = directory.card_keys
        signed = (
            SignedCard(claimed_card(raw), raw) if is_known else verify_card(raw, primitives, others)
        )
    except (LengthOrHashMismatchError, InputError):
        signed = None
    if signed is None or directory.card_digest != signed.digest:
        raise bad("the card is not the one that the directory names", "directory-gap")
    card = signed.card
    if (card.partner, card.root) != (directory.partner, anchor):
        raise bad("the directory names the card of somebody else")
    if directory.desks != tuple(sorted(card.desks)):
        raise bad("the directory has other desks than the card that it names")
    if any(each.card >= card.serial for each in directory.revocations):
        raise bad("the directory names a card that it says is revoked")
    return signed
