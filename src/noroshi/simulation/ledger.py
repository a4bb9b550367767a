"""The ledger: what the world did and promised, kept outside of all nodes."""

import hashlib

import msgspec

from noroshi.core.instant import Instant
from noroshi.core.precedence import Precedence


class Promise(msgspec.Struct):
    """A report whose sending succeeded, or (`is_known` false) broke off without an answer."""

    report_id: bytes
    sender: str
    to: tuple[tuple[str, str], ...]
    """Desk and partner of the action addressees."""
    precedence: Precedence
    sent_at: Instant
    expires_at: Instant | None
    canary: bytes
    is_known: bool = True


class Violation(msgspec.Struct, frozen=True):
    """An invariant that did not hold."""

    invariant: str
    at: float
    node: str
    what: str


class Ledger:
    """Promises, violations, and the trace of everything."""

    def __init__(self) -> None:
        self.promises: dict[bytes, Promise] = {}
        self.acknowledged: dict[tuple[bytes, str, str], str] = {}
        """Who acknowledged which report at which partner and desk, by the people's own account."""
        self.forgetful: set[str] = set()
        """Nodes whose disk has lost what it had confirmed: they may break promises, not hide it."""
        self.restored: set[str] = set()
        """Of these, nodes that opened a new epoch: partners must give them all they lost."""
        self.violations: list[Violation] = []
        self.events = 0
        self._trace = hashlib.sha256()

    def note(self, now: float, what: str) -> None:
        """Add to the trace."""
        self.events += 1
        self._trace.update(f"{now:.6f} {what}\n".encode())

    def violate(self, invariant: str, now: float, node: str, what: str) -> None:
        """Record that an invariant did not hold."""
        self.violations.append(Violation(invariant, now, node, what))

    @property
    def trace(self) -> str:
        """The digest of the whole history."""
        return self._trace.hexdigest()
