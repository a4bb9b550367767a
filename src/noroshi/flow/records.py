"""Records: what the store keeps and the acts hand to one another."""

from collections.abc import Mapping

import msgspec

from noroshi.core.courier.volume import Fragment
from noroshi.core.delivery.ladder import Ladder, RungRecord
from noroshi.core.delivery.line import Item
from noroshi.core.directory.card import SignedCard
from noroshi.core.envelope.head import ReportHead
from noroshi.core.envelope.primitives import Primitives, Signer, Unwrapper
from noroshi.core.instant import Instant
from noroshi.core.partner import DeskAddress, PartnerState
from noroshi.core.precedence import Precedence
from noroshi.core.report import Content


class Identity(msgspec.Struct, frozen=True):
    """This node: its card and its private keys in use. Printing it shows no key."""

    card: SignedCard
    report_signers: tuple[Signer, ...]
    receipt_signers: tuple[Signer, ...]
    journal_signer: Signer
    request_signer: Signer
    unwrappers: Mapping[bytes, Unwrapper]
    primitives: Primitives

    @property
    def me(self) -> str:
        """This node's partner name."""
        return self.card.card.partner


class KnownPartner(msgspec.Struct, frozen=True):
    """A partner as this node knows it. The full directory (TUF) will stand behind this."""

    signed_card: SignedCard
    state: PartnerState
    added_at: Instant
    verified_at: Instant | None
    verified_by: str | None


class Addressee(msgspec.Struct, frozen=True):
    """A desk that a report goes to."""

    desk: DeskAddress
    is_action: bool
    precedence: Precedence
    serial: int


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
    stored_at: Instant
    entry_index: int


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


class PackedSet(msgspec.Struct, frozen=True):
    """A set of courier volumes that is being given out."""

    partner: str
    set_id: bytes
    created_at: Instant
    imported: tuple[bytes, ...]
    """Sets of the partner that were imported here."""
    volumes: tuple[tuple[Fragment, ...], ...]


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
    """received, risen, owed, refused."""
    partner: str
    report_id: bytes | None = None
    desk: str | None = None
    precedence: Precedence = Precedence.ROUTINE


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
