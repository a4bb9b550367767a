"""The table of the outbox: what has to go to partners, and what is kept from them.

Beside :mod:`noroshi.flow.tables`.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from noroshi.core.delivery.item import Item
from noroshi.core.instant import Instant
from noroshi.flow.records import ClassifiedItem, HeldReport, PendingReceipt


class OutboxTable(Protocol):
    """What has to go to partners."""

    def add(
        self,
        partner: str,
        item: Item,
        raw: bytes,
        report_id: bytes | None,
        *,
        key_until: Instant | None = None,
        told: Sequence[PendingReceipt] | None = None,
    ) -> None:
        """Add an item; the line machine gets it after the commit. Its number is chosen here.

        `key_until` is until when the partner can open it, None for ever; `told` what a receipt
        tells of.
        """
        ...

    def items(self, partner: str) -> list[Item]:
        """Return all items for a partner."""
        ...

    def read(self, partner: str, item_id: bytes) -> bytes:
        """Return the bytes of a partner's copy of an envelope."""
        ...

    def stale(self, partner: str, item_ids: Iterable[bytes], at: Instant) -> list[bytes]:
        """Return the items among these that the partner cannot open any more then."""
        ...

    def reseal(self, partner: str, item_id: bytes, raw: bytes, key_until: Instant | None) -> None:
        """Replace the bytes of an item: it was sealed again."""
        ...

    def told(self, partner: str, item_id: bytes) -> tuple[PendingReceipt, ...] | None:
        """Return what a receipt tells of; () for prekeys, None for what is a report's."""
        ...

    def close(self, partner: str, item_id: bytes | None = None) -> None:
        """Note that a partner cannot open an item, or all, as sealed now."""
        ...

    def report_of(self, partner: str, item_id: bytes) -> bytes | None:
        """Return the report that a waiting item belongs to."""
        ...

    def items_of(self, partner: str, report_id: bytes) -> list[bytes]:
        """Return the items that wait for a partner and belong to a report."""
        ...

    def remove(self, partner: str, item_ids: Iterable[bytes]) -> None:
        """Take items out; the line machine is told after the commit."""
        ...

    def settle(self, partner: str, item_ids: Iterable[bytes], at: Instant) -> None:
        """Take items out that the partner has; they are kept for some days."""
        ...

    def purge(self, before: Instant) -> None:
        """Forget what left before then, and the oldest of what is too much; some at a time."""
        ...

    def resend(self, partner: str, since: Instant, now: Instant) -> list[bytes]:
        """Add again what left for a partner from then on; return reports whose time is over."""
        ...

    def hold(self) -> None:
        """Keep all that belongs to reports from going out."""
        ...

    def classified(self, partner: str, item_id: bytes) -> ClassifiedItem | None:
        """Return the report of an item that may go, if more than TLP decides about that."""
        ...

    def withhold(self, partner: str, report_id: bytes) -> bool:
        """Keep a report and its attachments from a partner; say whether they were to go."""
        ...

    def held(self) -> list[HeldReport]:
        """Return the reports that are held, by partner, the most urgent first."""
        ...

    def let_go(self, report_id: bytes) -> None:
        """Let a held report and its attachments go to all that it waits for."""
        ...

    def counts(self) -> dict[str, int]:
        """Return how many items wait for each partner."""
        ...
