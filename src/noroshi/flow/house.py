"""The house: a node's parts, as those who answer requests need them; bootstrap joins them."""

from collections.abc import Callable, Mapping

import msgspec

from noroshi.core.areas import Area
from noroshi.core.deadlines import Deadline
from noroshi.core.delivery.quota import Disk, FlashWindow
from noroshi.core.envelope.primitives import Primitives
from noroshi.core.lexicon.lexicon import Lexicon
from noroshi.core.marking.rules import Rules
from noroshi.core.retention import Retention
from noroshi.flow.attempts import Attempts
from noroshi.flow.draft import EncryptedFile
from noroshi.flow.feed_ports import Outside
from noroshi.flow.object_ports import ObjectStore
from noroshi.flow.ports import (
    Archive,
    BlobStore,
    BreakGlassSeal,
    Entropy,
    Passphrases,
    PrekeyVault,
    Scanner,
    Spool,
    SteppedClock,
    Store,
    WordIndex,
)
from noroshi.flow.records import Identity, PackedSet
from noroshi.flow.visitors import Visitors


class Check(msgspec.Struct, frozen=True):
    """One finding of the doctor."""

    check: str
    ok: bool
    message: str


class House(msgspec.Struct, frozen=True):
    """A node's parts."""

    me: str
    desks: tuple[str, ...]
    default_marking: str
    rules: Rules
    """What markings mean here."""
    areas: Mapping[str, Area]
    """The areas of cooperation, by their codes."""
    lexicon: Callable[[], Lexicon]
    """Every term of the line; read at the first call."""
    is_silent: bool
    """Nothing is sent: this node only receives."""
    store: Store
    objects: Callable[[], ObjectStore]
    """Opened at the first call."""
    schemas: Callable[[str, Mapping[str, object]], str]
    """Says what of an object does not fit its schema in a version of STIX, "" for nothing."""
    is_common: Callable[[str], bool]
    """Says whether so many use a value that it points at nobody."""
    index: WordIndex
    outside: Outside
    """The way to servers of others."""
    blobs: BlobStore
    scanner: Scanner | None
    """Looks at attachments, where the house has one."""
    spool: Spool
    clock: SteppedClock
    entropy: Entropy
    primitives: Primitives
    vault: PrekeyVault
    archive: Archive
    deadlines: Callable[[], tuple[Deadline, ...]]
    """By when chains of ours owe their next report; read at the first call."""
    retention: Retention
    """How long what reports say is kept."""
    identity: Callable[[], Identity]
    """Reads the private keys at the first call, so that reading needs no passphrase."""
    disk: Callable[[], Disk]
    """How much room the disk has."""
    flashes: dict[str, FlashWindow]
    """The FLASHes that came lately, by partner."""
    passphrases: Passphrases
    break_glass: BreakGlassSeal
    attempts: Attempts
    """Wrong secrets in a row, by account."""
    examine: Callable[[], list[Check]]
    staged: dict[str, EncryptedFile]
    visitors: Visitors
    packed: dict[str, PackedSet]
    """Courier sets that are being given out, by their id in hex."""
