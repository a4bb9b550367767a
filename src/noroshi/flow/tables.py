"""The tables that acts read and write, in the acts' own words.

One transaction holds them all; an act takes it, decides, and writes. A reader has the same
tables without the right to write. :mod:`noroshi.flow.ports` has what else acts need.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from noroshi.core.delivery.ladder import Ladder, RungRecord
from noroshi.core.directory.card import SignedCard
from noroshi.core.envelope.head import ReportHead
from noroshi.core.instant import Instant
from noroshi.core.marking.whole import Part
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence
from noroshi.core.report import Change
from noroshi.core.tlog.entry import Entry
from noroshi.flow.account_tables import AccountTable
from noroshi.flow.chain_tables import ChainTable
from noroshi.flow.consent_tables import ConsentTable
from noroshi.flow.courier_tables import CourierTable
from noroshi.flow.directory_tables import DirectoryTable
from noroshi.flow.draft_tables import DraftTable
from noroshi.flow.epoch_tables import EpochTable
from noroshi.flow.feed_tables import FeedTable
from noroshi.flow.figure_tables import FigureTable
from noroshi.flow.interest_tables import InterestTable
from noroshi.flow.machine_tables import MachineTable
from noroshi.flow.outbox_tables import OutboxTable
from noroshi.flow.prekey_tables import PrekeyTable
from noroshi.flow.receipt_tables import ReceiptTable
from noroshi.flow.records import (
    Addressee,
    Announcement,
    Failure,
    InboxRow,
    KeptAgreement,
    KnownPartner,
    SentReport,
    StoredReport,
)
from noroshi.flow.retention_tables import RetentionTable
from noroshi.flow.revocation_tables import RevocationTable
from noroshi.flow.watch_tables import SerialTable, WatchTable
from noroshi.flow.witness_tables import WitnessTable


class JournalTable(Protocol):
    """The append-only Merkle log."""

    @property
    def size(self) -> int:
        """How many entries there are."""
        ...

    def append(self, entry: Entry) -> int:
        """Add an entry; return its index."""
        ...

    def newest_note(self) -> bytes:
        """Return the newest committed checkpoint, b"" before the first."""
        ...

    def note(self, size: int) -> bytes:
        """Return the signed note of one size; b"" if none was signed."""
        ...

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree."""
        ...

    def leaf(self, index: int) -> bytes:
        """Return the bytes of an entry."""
        ...

    def leaves(self) -> Iterator[tuple[int, bytes, bytes, bytes | None]]:
        """Yield index, bytes, stored hash and the report looked up by, of all entries in order."""
        ...

    def notes(self) -> Iterator[tuple[int, bytes]]:
        """Yield size and note of all checkpoints in order."""
        ...

    def node_count(self) -> int:
        """Return how many nodes are stored."""
        ...

    def entries_about(self, report_id: bytes) -> list[int]:
        """Return the indexes of all entries that name a report."""
        ...


class PartnerTable(Protocol):
    """The partners known, with their cards."""

    def get(self, partner: str) -> KnownPartner | None:
        """Return the partner of that name."""
        ...

    def all(self) -> list[KnownPartner]:
        """Return all partners by name."""
        ...

    def put(self, partner: KnownPartner) -> None:
        """Add or replace a partner."""
        ...

    def dictionary(self, partner: str) -> int:
        """Return the newest dictionary of the compact form that a partner's node reads; 0: none."""
        ...

    def put_dictionary(self, partner: str, version: int) -> None:
        """Keep the newest dictionary that a partner's node reads."""
        ...

    def own_card(self) -> SignedCard | None:
        """Return this node's newest card."""
        ...

    def own_cards(self) -> list[SignedCard]:
        """Return all cards of this node, the newest last."""
        ...

    def put_own_card(self, card: SignedCard) -> None:
        """Replace this node's card."""
        ...


class AgreementTable(Protocol):
    """The agreements that this node goes by."""

    def put(self, kept: KeptAgreement) -> None:
        """Add an agreement, or replace the one of that reference."""
        ...

    def all(self) -> list[KeptAgreement]:
        """Return all agreements by reference."""
        ...


class ReportTable(Protocol):
    """Reports sent and received, and how far they got."""

    def add(self, report: StoredReport, addressees: Sequence[Addressee]) -> None:
        """Add a report with the desks that this node keeps a ladder for."""
        ...

    def get(self, report_id: bytes) -> StoredReport | None:
        """Return a report."""
        ...

    def head(self, report_id: bytes) -> ReportHead | None:
        """Return the head of a report, without reading what it says."""
        ...

    def drag(self, report_id: bytes, partner: str | None, parts: Iterable[Part]) -> None:
        """Note what a report drags along; None: to all that it addresses."""
        ...

    def dragged(self, report_id: bytes, partner: str) -> list[Part]:
        """Return what a report drags along on its way to a partner."""
        ...

    def sent_to(self, report_id: bytes, desk: DeskAddress) -> SentReport | None:
        """Return a report that was sent to a desk."""
        ...

    def find(self, prefix: str) -> list[bytes]:
        """Return up to two ids whose text begins with `prefix`, or that enclose such a report."""
        ...

    def addressees(self, report_id: bytes) -> list[Addressee]:
        """Return the desks of a report that this node keeps a ladder for."""
        ...

    def opening(self, report_id: bytes, partner: str) -> bytes | None:
        """Return the encoded opening of the serial with which a report went to a partner."""
        ...

    def precedence_at(self, report_id: bytes, desk: DeskAddress) -> Precedence:
        """Return the precedence at which a report goes to a desk; ROUTINE if it does not."""
        ...

    def ladder(self, report_id: bytes, desk: DeskAddress) -> Ladder:
        """Return how far a report got at a desk."""
        ...

    def rise(self, report_id: bytes, desk: DeskAddress, records: Iterable[RungRecord]) -> None:
        """Add rungs; those already there stay as they are."""
        ...

    def inbox(
        self,
        desks: Sequence[str] | None = None,
        *,
        answered: bool | None = None,
        limit: int | None = None,
    ) -> list[InboxRow]:
        """Return received reports, the most urgent first; of answered ones alone, the newest.

        Those that came to one of `desks`, or were given to it (None: to any); `answered`: only
        those that somebody has answered, or that nobody has; `limit`: so many at most.
        """
        ...

    def sent(self, desks: Sequence[str] | None, limit: int) -> list[bytes]:
        """Return the ids of the newest reports that one of `desks` (None: any) has sent."""
        ...

    def add_change(self, sender: str, report_id: bytes, change: Change) -> None:
        """Note that a report of `sender` was changed by a later one of it."""
        ...

    def changes(self, sender: str, report_id: bytes) -> tuple[Change, ...]:
        """Return what changed a report, the earliest first."""
        ...

    def failure(self, report_id: bytes, partner: str) -> Failure | None:
        """Return what last went wrong on the way to a partner."""
        ...

    def set_failure(self, report_id: bytes, partner: str, failure: Failure | None) -> None:
        """Record what went wrong, or that it is well again."""
        ...

    def failing(self) -> dict[str, Failure]:
        """Return the newest failure by partner, where reports still wait."""
        ...

    def flashes_since(self, sender: str, since: Instant) -> int:
        """Return how many FLASH reports came from a partner."""
        ...

    def pointers(self) -> Iterator[tuple[int, bytes]]:
        """Yield entry index and id of every report."""
        ...

    def want_blob(self, report_id: bytes, blob_id: bytes, size: int, *, held: bool) -> None:
        """Note a blob that a report needs; `held` when it is here already."""
        ...

    def blob(self, blob_id: bytes, sender: str = "") -> tuple[str, int, bool] | None:
        """Return sender, size and whether it is held, of a blob that a report needs.

        Where reports of several partners need it, that of `sender` counts.
        """
        ...

    def hold_blob(self, blob_id: bytes) -> list[bytes]:
        """Note that a blob is here; return the reports that need it."""
        ...

    def held_blobs(self, report_id: bytes) -> int:
        """Return how many of a report's blobs are here."""
        ...

    def blob_ids(self) -> set[bytes]:
        """Return all blobs that reports need."""
        ...

    def set_remote_held(self, report_id: bytes, partner: str, count: int) -> None:
        """Note how many attachments a partner says it holds."""
        ...

    def remote_held(self, report_id: bytes, partner: str) -> int:
        """Return how many attachments a partner holds."""
        ...


class Tables(Protocol):
    """All that is stored."""

    @property
    def journal(self) -> JournalTable:
        """The journal."""
        ...

    @property
    def partners(self) -> PartnerTable:
        """Partners and cards."""
        ...

    @property
    def accounts(self) -> AccountTable:
        """Accounts."""
        ...

    @property
    def interests(self) -> InterestTable:
        """What desks want to hear of."""
        ...

    @property
    def feeds(self) -> FeedTable:
        """Other servers that collections are filled from."""
        ...

    @property
    def machines(self) -> MachineTable:
        """Machines that have access, and collections."""
        ...

    @property
    def agreements(self) -> AgreementTable:
        """Agreements."""
        ...

    @property
    def consents(self) -> ConsentTable:
        """Consents to pass reports on."""
        ...

    @property
    def drafts(self) -> DraftTable:
        """Reports that wait to be released."""
        ...

    @property
    def reports(self) -> ReportTable:
        """Reports and ladders."""
        ...

    @property
    def chains(self) -> ChainTable:
        """What refers to what."""
        ...

    @property
    def outbox(self) -> OutboxTable:
        """What has to go out."""
        ...

    @property
    def serials(self) -> SerialTable:
        """Serial numbers."""
        ...

    @property
    def watch(self) -> WatchTable:
        """Deadlines, alarms, desks, comms checks."""
        ...

    @property
    def figures(self) -> FigureTable:
        """Figures of traffic."""
        ...

    @property
    def receipts(self) -> ReceiptTable:
        """Receipts owed and kept."""
        ...

    @property
    def revocations(self) -> RevocationTable:
        """Revocations of partners, and what is held because of them."""
        ...

    @property
    def directories(self) -> DirectoryTable:
        """Directories, own and of partners."""
        ...

    @property
    def retention(self) -> RetentionTable:
        """Retention keys and legal holds."""
        ...

    @property
    def prekeys(self) -> PrekeyTable:
        """Prekeys, own and of partners."""
        ...

    @property
    def witness(self) -> WitnessTable:
        """Checkpoints of partners, and cosignatures."""
        ...

    @property
    def epochs(self) -> EpochTable:
        """Restores of this node and of partners."""
        ...

    @property
    def courier(self) -> CourierTable:
        """Courier volumes."""
        ...


class Transaction(Tables, Protocol):
    """The tables while an act may write."""

    @property
    def now(self) -> Instant:
        """The time of the act."""
        ...

    def announce(self, announcement: Announcement) -> None:
        """Tell listeners, once the act is committed."""
        ...
