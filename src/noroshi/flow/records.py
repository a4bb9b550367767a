"""Records: what the store keeps and the acts hand to one another."""

from collections.abc import Callable, Mapping

import msgspec

from noroshi.core.agreement import Agreement
from noroshi.core.courier.volume import Fragment
from noroshi.core.deadlines import Deadline
from noroshi.core.delivery.alarm import Alarm
from noroshi.core.delivery.check import DeskState
from noroshi.core.delivery.clocks import Clocks, Step
from noroshi.core.delivery.item import Item
from noroshi.core.delivery.ladder import Ladder, RungRecord
from noroshi.core.directory.card import SignedCard
from noroshi.core.directory.prekeys import Schedule
from noroshi.core.directory.staleness import BY_HAND, BY_NET, Tolerance
from noroshi.core.envelope.head import Recipient, ReportHead
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.primitives import Primitives, Signer, Unwrapper
from noroshi.core.instant import Instant
from noroshi.core.partner import DeskAddress, PartnerState
from noroshi.core.precedence import Precedence
from noroshi.core.report import Change, Content
from noroshi.flow.directory_ports import Directories
from noroshi.flow.retention_tables import Destroyed


class Duty(msgspec.Struct, frozen=True):
    """How a node keeps its watch."""

    clocks: Clocks = Clocks()
    officer: str = "the duty officer"
    """Who is called when a desk does not answer."""
    check_seconds: int = 900
    """Time between two comms checks of a line."""
    shift_seconds: int = 0
    """Time in which people test each line once; 0: nobody asks them to."""
    schedule: Schedule = Schedule()
    """How prekeys are rotated."""
    by_net: Tolerance = BY_NET
    """How old a partner's directory may be that push or pull brought."""
    by_hand: Tolerance = BY_HAND
    """How old one that a person carried."""
    deadlines: tuple[Deadline, ...] = ()
    """By when chains of ours owe their next report."""


class Identity(msgspec.Struct, frozen=True):
    """This node: its card and its private keys in use. Printing it shows no key."""

    card: SignedCard
    report_signers: tuple[Signer, ...]
    receipt_signers: tuple[Signer, ...]
    journal_signer: Signer
    request_signer: Signer
    unwrappers: Mapping[bytes, Unwrapper]
    """The private sealing keys by key id, prekeys among them."""
    primitives: Primitives
    directories: Callable[[], Directories]
    """Loads what reads and writes directories at the first call: most commands need none."""
    duty: Duty = Duty()
    former_kids: tuple[bytes, ...] = ()
    """Ids of the sealing keys on this node's earlier cards, where they were others."""

    @property
    def me(self) -> str:
        """This node's partner name."""
        return self.card.card.partner

    @property
    def addressed(self) -> frozenset[Recipient]:
        """How heads of envelopes name this node: by its card, or by one that came before."""
        own = self.card.card.key(Purpose.SEAL).kid
        return frozenset((self.me, kid) for kid in (own, *self.former_kids))


class KnownPartner(msgspec.Struct, frozen=True):
    """A partner as this node knows it: its card, and how far it is trusted."""

    signed_card: SignedCard
    state: PartnerState
    added_at: Instant
    verified_at: Instant | None
    verified_by: str | None


class KeptRevocation(msgspec.Struct, frozen=True):
    """That a partner's keys are not its alone, from `since` until it was verified again."""

    partner: str
    root_digest: bytes
    card: int
    """The serial of the newest card that is void."""
    since: Instant
    until: Instant | None
    by: str
    """The officer, or whose root."""
    reason: str
    raw: bytes
    """The word of the partner's root; b"": an officer's decision here."""


class Quarantined(msgspec.Struct, frozen=True):
    """A report of a revoked partner that was signed before; a person decides."""

    digest: bytes
    """SHA-256 of the envelope."""
    partner: str
    card: bytes
    """The card that it verifies under."""
    raw: bytes
    report_id: bytes
    signed_at: Instant
    """As it says itself: whoever has the keys can write any time."""
    at: Instant

    @property
    def precedence(self) -> Precedence:
        """How urgent it is to commit this."""
        return Precedence.PRIORITY


class KeptAgreement(msgspec.Struct, frozen=True):
    """An agreement that this node goes by, and who added it."""

    agreement: Agreement
    added_at: Instant
    added_by: str


class ClassifiedItem(msgspec.Struct, frozen=True):
    """An outbox item whose report has a classification level."""

    report_id: bytes
    marking: str
    areas: tuple[str, ...]


class Addressee(msgspec.Struct, frozen=True):
    """A desk that a report goes to."""

    desk: DeskAddress
    is_action: bool
    precedence: Precedence
    serial: int
    opening: bytes | None = None
    """The encoded opening of the serial's commitment, where this node made it."""


class Failure(msgspec.Struct, frozen=True):
    """Why a report is not where it should be, as the sender knows it."""

    code: str
    message: str
    at: Instant


class StoredReport(msgspec.Struct, frozen=True):
    """A report that this node sent or received."""

    id: bytes
    outgoing: bool
    head: ReportHead
    signed_head: bytes
    head_digest: bytes
    salt: bytes
    """Of the content's digest in the head."""
    content: Content
    """Without subject, body and attachments where these are destroyed."""
    stored_at: Instant
    entry_index: int
    destroyed: Destroyed | None = None


class SentReport(msgspec.Struct, frozen=True):
    """What a receipt is compared with."""

    envelope_id: bytes
    head_digest: bytes


class InboxRow(msgspec.Struct, frozen=True):
    """A received report at one of this node's desks."""

    report_id: bytes
    sender: str
    from_desk: str
    desk: str
    precedence: Precedence
    status: str
    kind: str
    subject: str
    marking: str
    received_at: Instant
    ladder: Ladder
    assigned_to: tuple[str, ...] = ()
    """Desks of the house that were given it too."""
    is_action: bool = True
    """Whether the desk must act, and owes an acknowledgement."""
    changes: tuple[Change, ...] = ()
    is_suspect: bool = False
    """It came when its sender's keys may have been somebody else's."""
    is_destroyed: bool = False
    """What it said is not here any more; its subject is empty."""
    by_way_of: str | None = None
    """The partner that passed it on, with its sender's consent; None: it came from its sender."""
    updates: bytes | None = None
    """The report of its sender that it says more of; None: none."""


class PendingReceipt(msgspec.Struct, frozen=True):
    """A ladder that rose and was not yet told to the originator."""

    report_id: bytes
    desk: str
    head_digest: bytes
    refusal: RungRecord | None


class SavedReceipt(msgspec.Struct, frozen=True):
    """A receipt kept as evidence, with one of its entries."""

    issuer: str
    signed: bytes
    entry: bytes


class Due(msgspec.Struct, frozen=True):
    """A deadline that has passed."""

    step: Step
    partner: str
    report_id: bytes
    desk: str
    due_at: Instant


class Gap(msgspec.Struct, frozen=True):
    """Serials of a partner that are neither here nor void."""

    epoch: int
    precedence: Precedence
    missing: tuple[int, ...]
    """At most the first ten."""


class DeskWatch(msgspec.Struct, frozen=True):
    """Who watches a desk."""

    partner: str
    desk: str
    state: DeskState
    officer: str | None
    since: Instant


class LoggedWatch(msgspec.Struct, frozen=True):
    """A line of an own desk's watch log."""

    desk: str
    state: DeskState
    officer: str | None
    at: Instant
    handed_by: str | None
    note: str | None
    open_reports: int


class PeopleCheck(msgspec.Struct, frozen=True):
    """A comms check that a person sent and a person at the other end acknowledged."""

    report_id: bytes
    desk: str
    by: str | None
    at: Instant


class LineCheck(msgspec.Struct, frozen=True):
    """A comms check in one direction."""

    outgoing: bool
    at: Instant
    bearer: str
    round_trip: int | None
    """In microseconds; None where the check was missed or came in."""
    code: str | None
    """Why it was missed."""


class OpenAlarm(msgspec.Struct, frozen=True):
    """An alarm with its number, and who takes care of it."""

    number: int
    alarm: Alarm
    taken_at: Instant | None
    taken_by: str | None
    ended_at: Instant | None


class OpenedEpoch(msgspec.Struct, frozen=True):
    """An epoch that this node opened when it was restored."""

    epoch: int
    backup_at: Instant
    size: int
    """Of the journal that it took over."""


class HeldReport(msgspec.Struct, frozen=True):
    """A report that a backup had not delivered to a partner; a person lets it go."""

    report_id: bytes
    partner: str
    precedence: Precedence
    subject: str
    sealed_at: Instant
    expires_at: Instant | None


class PackedSet(msgspec.Struct, frozen=True):
    """A set of courier volumes that is being given out."""

    partner: str
    set_id: bytes
    created_at: Instant
    imported: tuple[bytes, ...]
    """Sets of the partner that were imported here."""
    volumes: tuple[tuple[Fragment, ...], ...]
    letter: bytes = b""
    """What it tells the partner of journals."""


class CourierVolume(msgspec.Struct, frozen=True):
    """A volume that came from a partner, while its set is not complete."""

    partner: str
    set_id: bytes
    number: int
    count: int
    created_at: Instant
    size: int
    """Of its payload in the spool."""
    digest: bytes
    """SHA-256 of the payload."""
    applied: bool = False

    @property
    def label(self) -> str:
        """What its payload is called in the spool."""
        return f"{self.partner}.{self.set_id.hex()}.{self.number}"


class Announcement(msgspec.Struct, frozen=True):
    """Something that became true with a commit."""

    event: str
    """received, risen, owed, refused, partner, sent, alarm, heard, watch, machine,
    destroyed."""
    partner: str
    report_id: bytes | None = None
    desk: str | None = None
    precedence: Precedence = Precedence.ROUTINE
    alarm: Alarm | None = None
    number: int | None = None
    """Of the alarm."""
    round_trip: int = 0
    """Of a comms check, in microseconds; 0: not measured."""


class StagedBlob(msgspec.Struct, frozen=True):
    """A blob made here."""

    blob_id: bytes
    size: int
    plain_size: int
    digest: bytes
    """SHA-256 of salt and plaintext."""


class Committed(msgspec.Struct, frozen=True):
    """What one commit made true."""

    added: Mapping[str, tuple[Item, ...]]
    """Items of the outbox by partner, in their order."""
    removed: Mapping[str, frozenset[bytes]]
    """Ids of items that left the outbox, by partner."""
    announcements: tuple[Announcement, ...]
