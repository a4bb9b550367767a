"""Joins a node out of its parts; nothing happens at import.

`create_node` makes a home, `embedded_node` opens one: SQLite, files and the push bearer in
one process. The choice of adapters is made here and nowhere else.
"""

import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path

import msgspec

from noroshi.adapters import home as homes
from noroshi.adapters.addresses import free_port, join_address, split_address
from noroshi.adapters.blobs import FileBlobs
from noroshi.adapters.break_glass import SealedBreakGlass
from noroshi.adapters.clock import SystemClock, SystemEntropy, check_clock
from noroshi.adapters.doctor import examine
from noroshi.adapters.keys.files import KeyFiles, replace_private, write_private
from noroshi.adapters.outside import Outside
from noroshi.adapters.passphrases import BREACHED, Argon2Passphrases
from noroshi.adapters.policies import FOLDER, read_areas, read_rules
from noroshi.adapters.scanner import CommandScanner, check_scanner
from noroshi.adapters.schemas import problem_of
from noroshi.adapters.sealing.archive import Archive, RetentionKeyFiles
from noroshi.adapters.sealing.pyca import PycaPrimitives
from noroshi.adapters.sealing.vault import FileVault
from noroshi.adapters.spool import FileSpool
from noroshi.adapters.sqlite.lazy import LazyObjects
from noroshi.adapters.sqlite.store import SqliteStore
from noroshi.adapters.sqlite.word_index import MemoryIndex
from noroshi.adapters.struct_types import build_types
from noroshi.adapters.warninglists import WarningLists
from noroshi.adapters.words import shipped_lexicon
from noroshi.core.delivery.quota import Disk
from noroshi.core.directory.card import VERSION, Card, SignedCard
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.suite import PROFILES
from noroshi.core.errors import ConflictError, InputError, NoroshiError, UnavailableError
from noroshi.core.instant import Instant
from noroshi.core.retention import Retention
from noroshi.core.tlog.checkpoint import Checkpoint, origin_of, sign_checkpoint
from noroshi.core.tlog.entry import decode_entry
from noroshi.flow import directories, directory, watch
from noroshi.flow.attempts import Attempts
from noroshi.flow.house import House
from noroshi.flow.ports import Clock, SteppedClock
from noroshi.flow.records import Identity
from noroshi.flow.renewal import renew_directory
from noroshi.flow.visitors import Visitors
from noroshi.identity import (
    card_signer,
    load_directories,
    load_identity,
    load_signers,
    make_door_keys,
    make_keys,
    object_key,
    public_keys,
)
from noroshi.settings import FILE_NAME, Settings, check_settings, read_settings, to_toml

AskPassphrase = Callable[[], bytes | None]
"""Returns the passphrase of the private keys, or None when there is none to be had."""

_EPOCH = 1
_UNSPECIFIED = ("0.0.0.0", "::", "*")  # noqa: S104 - refused


class Node(msgspec.Struct, frozen=True):
    """A node of which this process is the only user."""

    home: Path
    settings: Settings
    house: House
    store: SqliteStore
    blobs: FileBlobs
    keys: KeyFiles

    @property
    def identity(self) -> Identity:
        """The node's card and private keys, read at the first use."""
        return self.house.identity()


def create_node(
    home: Path, settings: Settings, ask_passphrase: AskPassphrase, clock: Clock | None = None
) -> Settings:
    """Make a home with keys, card and journal; all of it or nothing.

    Raises:
        ConflictError: the folder already holds a node.
        UnavailableError: the folder or the clock cannot be used.
        InputError: a setting cannot be used.
    """
    clock = clock or SystemClock()
    settings = _check_settings(settings)
    if (home / FILE_NAME).exists():
        msg = f"{home} already holds a node; nothing was changed"
        raise ConflictError("already-initialised", msg)
    check_clock(clock.now(), None)
    with homes.new_home(home) as draft:
        _fill_home(draft, settings, ask_passphrase, clock)
    return settings


@contextmanager
def embedded_node(
    home: Path,
    ask_passphrase: AskPassphrase,
    *,
    clock: SteppedClock | None = None,
    on_phase: Callable[[str], None] = lambda _phase: None,
    confirmed_by: str | None = None,
) -> Generator[Node | None]:
    """Give the node of `home`, or None while another process works on it.

    `confirmed_by` is the officer who says that the clock is right although the journal already
    holds entries of later; that is journalled before anything else.

    Raises:
        UnavailableError: there is no node, or it cannot be used.
    """
    build_types(msgspec.Struct)
    clock = clock or SystemClock()
    settings = read_settings(home)
    homes.check_home(home)
    lock = homes.HomeLock.take(home)
    if lock is None:
        yield None
        return
    try:
        with _open_node(home, settings, ask_passphrase, clock, on_phase, confirmed_by) as node:
            yield node
    finally:
        lock.release()


def reissue_card(node: Node, peer: str) -> Node:
    """Return the node with another peer address, told by a newer card; keys stay.

    Raises:
        UnavailableError: the root key is not on this machine, or wrapped.
    """
    settings = _check_settings(msgspec.structs.replace(node.settings, peer=peer))
    card = msgspec.structs.replace(
        node.identity.card.card,
        serial=node.identity.card.card.serial + 1,
        issued_at=node.house.clock.now(),
        peer_url=settings.peer_url,
    )
    with node.store.read() as tables:
        signer = card_signer(node.keys, tables.directories.own())
    if signer is None:
        msg = (
            "neither the root key nor a targets key that the directory's root names is on this "
            "machine, so the card cannot tell the new peer address"
        )
        raise UnavailableError("keys-locked", msg)
    signed = SignedCard.issue(card, signer)
    node.store.perform(partial(directory.issue_card, card=signed, entropy=node.house.entropy))
    replace_private(node.home / FILE_NAME, to_toml(settings).encode())
    identity = msgspec.structs.replace(node.identity, card=signed)
    house = msgspec.structs.replace(node.house, identity=lambda: identity)
    renew_directory(house)
    return msgspec.structs.replace(node, settings=settings, house=house)


def archive_of(home: Path, ask_passphrase: AskPassphrase) -> Archive:
    """Return what seals and opens the reports in a home."""
    draw = SystemEntropy().draw
    files = KeyFiles(home / homes.RETENTION, ask_passphrase, like=home / homes.SEAL_KEY)
    return Archive(RetentionKeyFiles(files, draw), PycaPrimitives(), draw)


@contextmanager
def _open_node(
    home: Path,
    settings: Settings,
    ask_passphrase: AskPassphrase,
    clock: SteppedClock,
    on_phase: Callable[[str], None],
    confirmed_by: str | None,
) -> Generator[Node]:
    _check_database(home / homes.DATABASE)
    keys = KeyFiles(home / homes.KEYS, ask_passphrase, like=home / homes.SEAL_KEY)
    blobs = FileBlobs(home / homes.BLOBS)
    spool = FileSpool(home / homes.SPOOL)
    entropy = SystemEntropy()
    for folder in (homes.PREKEYS, homes.RETENTION):
        (home / folder).mkdir(mode=0o700, exist_ok=True)
    archive = archive_of(home, ask_passphrase)
    prekeys = KeyFiles(home / homes.PREKEYS, ask_passphrase, like=home / homes.SEAL_KEY)
    draw = entropy.draw
    vault = FileVault(prekeys, draw)

    @cache
    def identity() -> Identity:
        with store.read() as tables:
            card = tables.partners.own_card()
            cards = tables.partners.own_cards()
        former = tuple({own.card.key(Purpose.SEAL).kid for own in cards})
        if card is None:
            raise UnavailableError("damaged", f"{home} has lost its card; restore a backup")
        told = (settings.partner, settings.suite.number, settings.desks)
        if told != (card.card.partner, card.card.profile, card.card.desks):
            msg = (
                f"{FILE_NAME} names another partner, profile or desks than the card: "
                f"{card.card.partner}, {PROFILES[card.card.profile].name}, "
                f"{', '.join(card.card.desks)}. These cannot change; put the old values back"
            )
            raise UnavailableError("home-foreign", msg)
        identity = load_identity(card, keys, settings.duty, vault)
        return msgspec.structs.replace(identity, former_kids=former)

    def sign(size: int, root: bytes) -> bytes:
        own = identity()
        origin = origin_of(settings.partner, own.card.card.epoch)
        return sign_checkpoint(Checkpoint(origin, size, root), own.journal_signer)

    store = SqliteStore(home / homes.DATABASE, clock, sign, archive, on_phase=on_phase)
    objects = LazyObjects(home / homes.OBJECTS, partial(object_key, keys, draw), draw)
    try:
        rules, areas = read_rules(home), read_areas(home)
        retention = Retention(settings.retention, rules)
        scanner = settings.attachments.scanner
        _accept_clock(store, clock, settings.partner, confirmed_by)
        with store.read() as tables:
            blobs.sweep(tables.reports.blob_ids() | tables.drafts.blob_ids())
            spool.sweep({volume.label for volume in tables.courier.volumes()})
        house = House(
            me=settings.partner,
            desks=settings.desks,
            default_marking=settings.default_marking,
            rules=rules,
            areas=areas,
            retention=retention,
            deadlines=lambda: settings.duty.deadlines,
            lexicon=shipped_lexicon,
            is_silent=settings.receive_only,
            store=store,
            objects=objects,
            schemas=problem_of,
            is_common=WarningLists(),
            index=MemoryIndex(),
            outside=Outside(),
            blobs=blobs,
            scanner=CommandScanner(scanner) if scanner else None,
            spool=spool,
            clock=clock,
            entropy=entropy,
            primitives=PycaPrimitives(),
            vault=vault,
            archive=archive,
            identity=identity,
            examine=lambda: examine(
                home / homes.KEYS,
                store,
                archive,
                _clock_problem(store, clock),
                retention.unknown(areas),
                clock.now(),
                home / FOLDER / BREACHED,
                check_scanner(scanner),
            ),
            staged={},
            visitors=Visitors(entropy),
            packed={},
            disk=lambda: _disk_of(home),
            flashes={},
            passphrases=Argon2Passphrases(entropy, home / FOLDER / BREACHED),
            break_glass=SealedBreakGlass(entropy),
            attempts=Attempts(),
        )
        yield Node(home, settings, house, store, blobs, keys)
    finally:
        objects.close()
        store.close()


def _fill_home(draft: Path, settings: Settings, ask: AskPassphrase, clock: Clock) -> None:
    for folder in (homes.KEYS, homes.RETENTION, homes.BLOBS, homes.SPOOL):
        (draft / folder).mkdir(mode=0o700)
    passphrase = ask()
    entropy = SystemEntropy()
    keys = KeyFiles(draft / homes.KEYS, lambda: passphrase)
    profile = settings.suite
    make_keys(keys, profile, entropy.draw)
    tls_digest = make_door_keys(draft, settings.partner, passphrase)
    write_private(draft / FILE_NAME, to_toml(settings).encode())
    card = Card(
        version=VERSION,
        partner=settings.partner,
        name=settings.name,
        serial=1,
        issued_at=clock.now(),
        epoch=_EPOCH,
        peer_url=settings.peer_url,
        tls_digest=tls_digest,
        desks=settings.desks,
        profile=profile.number,
        keys=public_keys(keys, profile),
    )
    signed = SignedCard.issue(card, load_signers(keys, Purpose.ROOT)[0])
    journal_signer = load_signers(keys, Purpose.JOURNAL)[0]

    def sign(size: int, root: bytes) -> bytes:
        checkpoint = Checkpoint(origin_of(settings.partner, _EPOCH), size, root)
        return sign_checkpoint(checkpoint, journal_signer)

    store = SqliteStore(draft / homes.DATABASE, clock, sign, archive_of(draft, lambda: passphrase))
    try:
        store.perform(partial(directory.issue_card, card=signed, entropy=entropy))
        with store.read() as tables:
            targets = directories.own_targets(tables, card)
        made = load_directories(keys).publish(None, signed, targets, clock.now())
        if made is None:
            raise UnavailableError("damaged", "the directory could not be signed")
        store.perform(
            partial(
                directories.record_own, made=made, before=None, me=card.partner, entropy=entropy
            )
        )
    finally:
        store.close()


def _check_settings(settings: Settings) -> Settings:
    """Return the settings with a peer port that is fixed.

    Raises:
        InputError: one of them cannot be used.
    """
    check_settings(settings)
    if not settings.has_peer_door:
        return settings
    host, port = split_address(settings.peer)
    if host in _UNSPECIFIED:
        msg = f"partners cannot reach {host}; give the address that they use: --peer HOST:PORT"
        raise InputError("bad-input", msg)
    if port == 0:
        port = free_port(host)
    return msgspec.structs.replace(settings, peer=join_address(host, port))


def _disk_of(home: Path) -> Disk:
    usage = shutil.disk_usage(home)
    return Disk(usage.free, usage.total)


def _check_database(path: Path) -> None:
    """Return if the database of a home is there: a lost one must not be made anew and empty."""
    if not path.is_file() or path.stat().st_size == 0:
        msg = f"{path} is lost; stop here and restore a backup, for its reports are nowhere else"
        raise UnavailableError("damaged", msg)


def last_recorded(store: SqliteStore) -> Instant | None:
    """Return when the newest entry of the journal was made; None where there is none."""
    with store.read() as tables, suppress(NoroshiError):
        size = tables.journal.size
        if size:
            return decode_entry(tables.journal.leaf(size - 1)).at
    return None


def _accept_clock(store: SqliteStore, clock: Clock, me: str, confirmed_by: str | None) -> None:
    """Return if the clock can be right, or an officer says that it is.

    Raises:
        UnavailableError: it cannot.
        InputError: there is nothing that an officer would have to say.
    """
    now, recorded = clock.now(), last_recorded(store)
    check_clock(now, None if confirmed_by else recorded)
    if not confirmed_by:
        return
    if recorded is None or recorded <= now:  # a confirmation would let deadlines wait for longer
        msg = "the journal holds nothing of later than now; there is nothing to confirm"
        raise InputError("bad-input", msg)
    drift, entropy = now - recorded, SystemEntropy()
    store.perform(partial(watch.follow_clock, drift=drift, me=me, entropy=entropy, by=confirmed_by))


def _clock_problem(store: SqliteStore, clock: Clock) -> str:
    """Return what is wrong with the clock, "" for nothing."""
    try:
        check_clock(clock.now(), last_recorded(store))
    except UnavailableError as error:
        return error.message
    return ""
