"""The table of receipts, and of what they are told apart by.

Beside :mod:`noroshi.flow.tables`.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from noroshi.core.instant import Instant
from noroshi.flow.records import PendingReceipt, SavedReceipt


class ReceiptTable(Protocol):
    """Receipts to issue, receipts kept, envelopes seen, checkpoints of partners."""

    def owe(self, partner: str, pending: PendingReceipt) -> None:
        """Note that a partner must be told of a ladder."""
        ...

    def owed(self, partner: str, limit: int) -> list[PendingReceipt]:
        """Return what a partner must be told."""
        ...

    def owed_partners(self) -> list[str]:
        """Return the partners that must be told something."""
        ...

    def settle(self, partner: str, pending: Iterable[PendingReceipt]) -> None:
        """Note that a partner has been told."""
        ...

    def save_issued(self, issuer: str, signed: bytes, at: Instant) -> int:
        """Keep the signed head of an own receipt; return its number."""
        ...

    def save_received(
        self, issuer: str, signed: bytes, seen: tuple[int, bytes], at: Instant
    ) -> int:
        """Keep a partner's receipt, which says what it has seen of this journal."""
        ...

    def save_entry(self, number: int, report_id: bytes, desk: str, entry: bytes) -> None:
        """Keep the newest entry of a desk about a report."""
        ...

    def about(self, report_id: bytes) -> list[SavedReceipt]:
        """Return the newest receipts about a report, one per issuer and desk."""
        ...

    def seen_by_partners(self) -> Iterator[tuple[str, int, bytes, Instant]]:
        """Yield partner, size and root of this journal that receipts say was seen, and when."""
        ...

    def is_new_envelope(self, sender: str, envelope_id: bytes) -> bool:
        """Note an envelope of a sender; say whether it was never seen before."""
        ...

    def is_new_refusal(self, digest: bytes, partner: str, code: str, at: Instant) -> bool:
        """Note refused bytes; say whether these very bytes were never refused before."""
        ...
