"""The tables of retention: what lies under which key, and what is kept whatever the rules say.

Beside :mod:`noroshi.flow.tables`.
"""

from typing import Protocol

import msgspec

from noroshi.core.instant import Instant, to_text


class SealedText(msgspec.Struct, frozen=True):
    """A text at rest, under a key of its own."""

    retention_key: str
    """What the key is called that wraps the slip."""
    slip: bytes
    """The text's key, and its label."""
    text: bytes


class Destroyed(msgspec.Struct, frozen=True):
    """That what a report said is not here any more."""

    at: Instant | None
    """None: its key is not on this disk, and nothing says why."""
    rule: str

    def __str__(self) -> str:
        if self.at is None:
            return "what it says cannot be read: its key is not on this disk"
        return f"what it said was destroyed at {to_text(self.at)} by the rule: {self.rule}"


class LegalHold(msgspec.Struct, frozen=True):
    """That a report is kept until somebody ends it."""

    at: Instant
    by: str
    reason: str


class KeptReport(msgspec.Struct, frozen=True):
    """A report whose content is here, as the rules of retention see it."""

    report_id: bytes
    marking: str
    areas: tuple[str, ...]
    is_open: bool
    """Something is still to happen: it waits to go out, for an answer, or for a deadline."""
    last_at: Instant
    """When something last happened to it."""
    hold: LegalHold | None


class DestroyedReport(msgspec.Struct, frozen=True):
    """A report whose content was destroyed."""

    report_id: bytes
    sender: str
    head_digest: bytes
    rule: str


class RetentionTable(Protocol):
    """Which retention key opens what, and legal holds."""

    def key_names(self) -> frozenset[str]:
        """Return the retention keys that something lies under."""
        ...

    def doomed_key_names(self) -> frozenset[str]:
        """Return those under which something lies whose destruction was decided."""
        ...

    def kept(self, key: str | None = None, limit: int | None = None) -> list[KeptReport]:
        """Return the reports under a key (None: any) whose destruction is not decided."""
        ...

    def doom(self, report_id: bytes, rule: str) -> None:
        """Decide the destruction of what a report says."""
        ...

    def is_doomed(self, report_id: bytes) -> bool:
        """Say whether the destruction of what a report says is decided."""
        ...

    def rewrap(self, report_id: bytes, key: str, to: str) -> None:
        """Put a report under another retention key."""
        ...

    def rewrap_drafts(self, key: str, to: str) -> None:
        """Put all drafts under a key under another one."""
        ...

    def take_doomed(self, key: str, limit: int, at: Instant) -> list[DestroyedReport]:
        """Forget what lies under a destroyed key; return whose content it was."""
        ...

    def drop_blobs(self, report_id: bytes) -> list[bytes]:
        """Forget a report's attachments; return those that nothing else needs."""
        ...

    def hold(self, report_id: bytes) -> LegalHold | None:
        """Return the legal hold on a report."""
        ...

    def put_hold(self, report_id: bytes, hold: LegalHold) -> None:
        """Keep a report whatever the rules say."""
        ...

    def end_hold(self, report_id: bytes) -> None:
        """Let the rules decide again."""
        ...
