"""The table of drafts: reports that wait for a second person to release them.

Beside :mod:`noroshi.flow.tables`.
"""

from typing import Protocol

import msgspec

from noroshi.core.instant import Instant
from noroshi.flow.plan import Plan


class KeptDraft(msgspec.Struct, frozen=True):
    """A plan that waits, since when."""

    plan: Plan
    drafted_at: Instant


class DraftTable(Protocol):
    """Reports that wait to be released."""

    def put(self, draft: KeptDraft) -> None:
        """Add a draft."""
        ...

    def get(self, report_id: bytes) -> KeptDraft | None:
        """Return the draft of a report."""
        ...

    def all(self) -> list[KeptDraft]:
        """Return all drafts, the oldest first."""
        ...

    def ids(self) -> list[bytes]:
        """Return the reports that wait."""
        ...

    def remove(self, report_id: bytes) -> None:
        """Forget a draft."""
        ...

    def blob_ids(self) -> set[bytes]:
        """Return the attachments that drafts need."""
        ...
