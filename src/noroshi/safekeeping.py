"""Backup and restore of a whole node.

`back_up` reads a home, served or not, from outside its writer. `restore_node` makes a new home
of a backup: everything in it is verified in a folder of its own, the node opens a new epoch
there, and only then that folder becomes the home. `docs/adr/0012-epochs.md` has the reasons.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec

from noroshi.adapters import home as homes
from noroshi.adapters.backups import check_target, unpack, write_backup
from noroshi.adapters.blobs import FileBlobs
from noroshi.adapters.clock import SystemClock, SystemEntropy, check_clock
from noroshi.adapters.keys.files import KeyFiles, is_wrapped, write_private
from noroshi.adapters.policies import read_rules
from noroshi.adapters.sealing.archive import Archive
from noroshi.adapters.sealing.pyca import PycaPrimitives, PycaSigner
from noroshi.adapters.sqlite.copy import check_copy, copy_database, open_copy
from noroshi.adapters.sqlite.store import SqliteStore
from noroshi.adapters.struct_types import build_types
from noroshi.bootstrap import AskPassphrase, archive_of, last_recorded
from noroshi.core.backup import MAX_SMALL, BackupHead, Part, frame
from noroshi.core.directory.card import Card, SignedCard
from noroshi.core.directory.repository import Kept
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.suite import PROFILES
from noroshi.core.errors import InputError, MalformedError, UnavailableError
from noroshi.core.instant import SECOND, Instant
from noroshi.core.retention import Retention
from noroshi.core.tlog.checkpoint import Checkpoint, origin_of, parse_note, sign_checkpoint
from noroshi.flow import audit, directories, restore
from noroshi.flow.ports import Clock
from noroshi.flow.records import Identity
from noroshi.flow.retention import Keeping, destroy_due
from noroshi.flow.tables import Tables
from noroshi.identity import (
    card_signer,
    load_directories,
    load_identity,
    load_signers,
    make_door_keys,
    make_keys,
    public_keys,
)
from noroshi.settings import FILE_NAME, read_settings

Progress = Callable[[int, int], None]
"""Called with how much is done, and of how much; what it counts may change once."""


class BackedUp(msgspec.Struct, frozen=True):
    """A backup that was made."""

    file: Path
    size: int
    reports: int
    head: BackupHead


class Restored(msgspec.Struct, frozen=True):
    """A node that was restored."""

    home: Path
    card: SignedCard
    backup_at: Instant
    journal: tuple[int, bytes]
    held: int


def back_up(
    home: Path, target: Path, on_progress: Progress, clock: Clock | None = None
) -> BackedUp:
    """Write a backup of the node of `home` to the new file `target`.

    Raises:
        InputError: the file cannot be written there.
        UnavailableError: the home or the disk cannot be used.
    """
    build_types(msgspec.Struct)
    settings = read_settings(home)
    homes.check_home(home)
    check_target(target)
    if not (home / homes.DATABASE).is_file():
        raise UnavailableError("damaged", f"{home / homes.DATABASE} is lost; restore a backup")
    created_at = (clock or SystemClock()).now()
    wrapped = KeyFiles(home / homes.KEYS, lambda: None).are_wrapped()
    try:
        folder = tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent)
    except OSError as error:
        msg = f"{target.parent} cannot be written: {error.strerror}"
        raise UnavailableError("storage-failed", msg) from error
    with folder as draft:
        copy, keys = Path(draft) / homes.DATABASE, Path(draft) / homes.RETENTION
        # Before the database and after: meanwhile retention may have put what is kept under a
        # fresh key, and destroyed the one that the copy names.
        _copy_retention_keys(home, keys)
        # Before the other one too: it says how much of that has gone into collections.
        objects = list(_copy_objects(home, Path(draft), on_progress))
        copy_database(home / homes.DATABASE, copy, on_progress)
        _copy_retention_keys(home, keys)
        with open_copy(copy, archive_of(Path(draft), lambda: None)) as tables:
            card = _own_card(tables)
            checkpoint = parse_note(tables.journal.newest_note())
            reports = sum(1 for _ in tables.reports.pointers())
            named = _retention_keys(keys, tables)
            sources = sorted([*_sources(home, tables), *named, *objects, (homes.DATABASE, copy)])
        framed = partial(
            frame,
            partner=settings.partner,
            epoch=card.card.epoch,
            created_at=created_at,
            journal=(checkpoint.size, checkpoint.root),
            are_keys_wrapped=wrapped,
        )
        heads: list[BackupHead] = []

        def keep(parts: Sequence[Part]) -> BackupHead:
            heads.append(framed(parts))
            return heads[0]

        size = write_backup(target, Path(draft) / "draft", sources, keep, on_progress)
    return BackedUp(target, size, reports, heads[0])


def restore_node(
    home: Path,
    file: Path,
    ask_passphrase: AskPassphrase,
    on_progress: Progress,
    *,
    root_key: Path | None = None,
    new_keys: bool = False,
    clock: Clock | None = None,
) -> Restored:
    """Make a new home of a backup, under a new epoch; all of it or nothing.

    `root_key` names the root key's file where it is kept apart. With `new_keys` every other key
    is made anew: those of the backup were revoked.

    Raises:
        InputError: the backup or the root key cannot be read.
        MalformedError: the backup is damaged or contradicts itself.
        UnavailableError: the folder, the disk, the clock or a key cannot be used.
    """
    build_types(msgspec.Struct)
    clock = clock or SystemClock()
    check_clock(clock.now(), None)
    with homes.new_home(home) as draft:
        for folder in (homes.KEYS, homes.RETENTION, homes.BLOBS, homes.SPOOL):
            (draft / folder).mkdir(mode=0o700)
        head = unpack(file, draft, on_progress)
        keys = KeyFiles(draft / homes.KEYS, ask_passphrase, like=draft / homes.SEAL_KEY)
        if root_key is not None and not keys.has(Purpose.ROOT):
            write_private(draft / homes.KEYS / "root.key", _read_key(root_key))
        database = draft / homes.DATABASE
        check_copy(database)
        if (draft / homes.OBJECTS).is_file():
            check_copy(draft / homes.OBJECTS)
        archive = archive_of(draft, ask_passphrase)
        with open_copy(database, archive) as tables:
            card = _own_card(tables)
            _check_head(head, tables, card)
        if read_settings(draft).partner != head.partner:
            raise MalformedError("its settings name another partner than its card", "bad-backup")
        identity = load_identity(card, keys, read_settings(draft).duty)
        own = _own_directory(database, archive)
        root = _card_signer(card.card, keys, own, new_keys=new_keys)
        following = _next_card(card.card, clock)
        if new_keys:
            following = _with_new_keys(draft, following, keys, ask_passphrase)
        signed = SignedCard.issue(following, root or _new_targets_key(keys))
        next_identity = load_identity(signed, keys, identity.duty) if new_keys else identity
        restored = _open_epoch(database, next_identity, signed, head, clock, card, archive)
    return msgspec.structs.replace(restored, home=home)


def _sources(home: Path, tables: Tables) -> Iterator[tuple[str, Path]]:
    """Yield the files of a home that belong to what `tables` hold, but for the database."""
    for name in (FILE_NAME, homes.CERTIFICATE, homes.CERTIFICATE_KEY):
        yield name, home / name
    for key in (home / homes.KEYS).glob("*.key"):
        yield f"{homes.KEYS}/{key.name}", key
    # Whole blobs never change, so they may be read after the database. One that is still
    # arriving goes on from its beginning after a restore.
    for blob_id in tables.reports.blob_ids():
        path = home / homes.BLOBS / blob_id.hex()
        if path.is_file():
            yield f"{homes.BLOBS}/{path.name}", path
    for volume in tables.courier.volumes():
        path = home / homes.SPOOL / volume.label
        if path.is_file():
            yield f"{homes.SPOOL}/{path.name}", path


def _copy_objects(home: Path, folder: Path, on_progress: Progress) -> Iterator[tuple[str, Path]]:
    """Yield a copy of what machines handed over, if any did."""
    if (home / homes.OBJECTS).is_file():
        copy_database(home / homes.OBJECTS, folder / homes.OBJECTS, on_progress)
        yield homes.OBJECTS, folder / homes.OBJECTS


def _copy_retention_keys(home: Path, folder: Path) -> None:
    """Add the retention keys of a home to a folder; one may be destroyed meanwhile."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for path in (home / homes.RETENTION).glob("*.key"):
        if not (folder / path.name).exists():
            with suppress(FileNotFoundError):
                write_private(folder / path.name, path.read_bytes())


def _retention_keys(folder: Path, tables: Tables) -> Iterator[tuple[str, Path]]:
    """Yield the retention keys under which something lies."""
    for name in tables.retention.key_names():
        path = folder / f"{name}.key"
        if path.is_file():
            yield f"{homes.RETENTION}/{path.name}", path


def _own_card(tables: Tables) -> SignedCard:
    card = tables.partners.own_card()
    if card is None or not tables.journal.newest_note():
        raise UnavailableError("damaged", "the database has lost its card; use an earlier backup")
    return card


def _check_head(head: BackupHead, tables: Tables, card: SignedCard) -> None:
    checkpoint = parse_note(tables.journal.newest_note())
    told = (head.partner, head.epoch, head.size, head.root)
    if told != (card.card.partner, card.card.epoch, checkpoint.size, checkpoint.root):
        msg = "its database is not the one that it names; use another backup"
        raise MalformedError(msg, "bad-backup")


def _with_new_keys(draft: Path, card: Card, keys: KeyFiles, ask: AskPassphrase) -> Card:
    """Make every key but the root anew in `draft`; return the card with them."""
    profile = PROFILES[card.profile]
    passphrase = ask() if is_wrapped(draft / homes.SEAL_KEY) else None
    # What machines handed over stays under its key, which no partner has ever relied on.
    for name in keys.names() - {each.name.lower() for each in (Purpose.ROOT, Purpose.OBJECTS)}:
        (draft / homes.KEYS / f"{name}.key").unlink()
    for name in (homes.CERTIFICATE, homes.CERTIFICATE_KEY):
        (draft / name).unlink()
    made = KeyFiles(draft / homes.KEYS, lambda: passphrase)
    make_keys(made, profile, SystemEntropy().draw, but_for=Purpose.ROOT)
    tls_digest = make_door_keys(draft, card.partner, passphrase)
    return msgspec.structs.replace(
        card, keys=public_keys(keys, profile, card.root), tls_digest=tls_digest
    )


def _card_signer(
    old: Card, keys: KeyFiles, own: Kept | None, *, new_keys: bool
) -> PycaSigner | None:
    """Return what signs the next card; None: a targets key that is yet to be made.

    Raises:
        UnavailableError: neither the root key nor a targets key is to be had.
    """
    if keys.has(Purpose.ROOT):
        (root,) = load_signers(keys, Purpose.ROOT)
        if root.public_key != old.root:
            msg = "that root key belongs to another node; bring the one of this node"
            raise UnavailableError("keys-locked", msg)
        return root
    if own is not None and new_keys and own.directory.custodians:
        return None  # custodians will sign a root that names the new keys
    signer = None if new_keys else card_signer(keys, own)
    if signer is None:
        msg = (
            "a restored node needs a new card, and the root key that signs it is not in this "
            "backup. Bring it, and restore again with --root-key FILE"
        )
        raise UnavailableError("keys-locked", msg)
    return signer


def _own_directory(database: Path, archive: Archive) -> Kept | None:
    """Return the directory in a backup; one of an earlier release holds none."""
    with suppress(UnavailableError), open_copy(database, archive) as tables:
        return tables.directories.own()
    return None


def _new_targets_key(keys: KeyFiles) -> PycaSigner:
    """Return a new targets key, which a root is yet to name: noroshi root request."""
    load_directories(keys).role_keys()
    return load_signers(keys, Purpose.TARGETS)[0]


def _next_card(old: Card, clock: Clock) -> Card:
    """Return the card of the next epoch, which is yet to be signed.

    Its numbers are those of the time, in seconds: one more than in the backup may have been
    used since, by a later card or another restore.
    """
    seconds = clock.now() // SECOND
    return msgspec.structs.replace(
        old,
        serial=max(old.serial + 1, seconds),
        epoch=max(old.epoch + 1, seconds),
        issued_at=clock.now(),
    )


def _open_epoch(
    database: Path,
    identity: Identity,
    card: SignedCard,
    head: BackupHead,
    clock: Clock,
    before: SignedCard,
    archive: Archive,
) -> Restored:
    """Verify the journal, as it was under the card `before`; then let the node go on.

    What retention has destroyed since, or would have, does not come back.
    """
    origin = origin_of(card.card.partner, card.card.epoch)

    def sign(size: int, root: bytes) -> bytes:
        return sign_checkpoint(Checkpoint(origin, size, root), identity.journal_signer)

    entropy, store = SystemEntropy(), SqliteStore(database, clock, sign, archive)
    try:
        check_clock(clock.now(), last_recorded(store))
        with store.read() as tables:
            state = audit.verify_journal(tables, before.card, PycaPrimitives())
        if state.bad_between is not None:
            msg = f"the journal in it does not hold: {state.reason}; use an earlier backup"
            raise MalformedError(msg, "bad-backup")
        held = store.perform(
            partial(restore.open_epoch, card=card, backup_at=head.created_at, entropy=entropy)
        )
        rules = Retention(read_settings(database.parent).retention, read_rules(database.parent))
        blobs = FileBlobs(database.parent / homes.BLOBS)
        keeping = Keeping(card.card.partner, store, archive, blobs, entropy, rules)
        destroy_due(keeping, clock.now())
        _publish(store, identity, card, clock)
        with store.read() as tables:
            checkpoint = parse_note(tables.journal.newest_note())
    finally:
        store.close()
    journal = (checkpoint.size, checkpoint.root)
    return Restored(database.parent, card, head.created_at, journal, held)


def _publish(store: SqliteStore, identity: Identity, card: SignedCard, clock: Clock) -> None:
    """Let the directory name the card; not where new keys wait for the custodians of its root."""
    with store.read() as tables:
        before = tables.directories.own()
        targets = directories.own_targets(tables, card.card)
    made = identity.directories().publish(before, card, targets, clock.now())
    if made is not None:
        record = partial(
            directories.record_own, made=made, before=before, me=card.card.partner,
            entropy=SystemEntropy(),
        )  # fmt: skip
        store.perform(record)


def _read_key(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_SMALL)
    except OSError as error:
        raise InputError("bad-input", f"{path} cannot be read: {error.strerror}") from error
