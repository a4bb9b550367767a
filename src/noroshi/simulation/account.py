"""The account: what the checkers know of a history, and when people must be called in it.

It shares nothing with what is checked but the tables it reads: the times of people are written
down here a second time, on purpose.
"""

from collections import Counter
from typing import Final

from noroshi.core.delivery.alarm import AlarmKind
from noroshi.core.instant import SECOND, Instant
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence
from noroshi.flow.records import StoredReport
from noroshi.simulation.ledger import Ledger
from noroshi.simulation.node import SimNode
from noroshi.simulation.virtual import VirtualLoop

ALLOWED_MINUTES: Final = {
    Precedence.FLASH: 10,
    Precedence.IMMEDIATE: 30,
    Precedence.PRIORITY: 180,
    Precedence.ROUTINE: 360,
    Precedence.DEFERRED: 1440,
}
FACTORS: Final = {
    AlarmKind.UNDELIVERED: 0.2,
    AlarmKind.NEXT_DESK: 1.0,
    AlarmKind.NEXT_OFFICER: 1.5,
    AlarmKind.UNACKNOWLEDGED: 2.0,
}


class Account:
    """What has been seen so far."""

    def __init__(self, loop: VirtualLoop, nodes: dict[str, SimNode], ledger: Ledger) -> None:
        self.loop = loop
        self.nodes = nodes
        self.ledger = ledger
        self.alarms: Counter[tuple[str, AlarmKind, bytes, str, str]] = Counter()
        self.stored: dict[tuple[str, bytes], float] = {}
        """When a node committed a report, by the world's time."""
        self.unnoticed: set[str] = set()
        """Nodes that have lost what partners have seen, and nobody was called for it yet."""

    def due_at(
        self, node: SimNode, report: StoredReport, desk: str, partner: str, factor: float
    ) -> tuple[Instant, Instant]:
        """Return when people are called about a report, by the clock of `node`.

        Two times, for a node may or may not have taken its deadlines along before it went down.
        """
        stored = self.stored.get((node.name, report.id), 0.0)
        moved = sum(drift for at, drift in node.clock.steps if at >= stored)
        precedence = report.head.precedence
        if DeskAddress(desk, partner) not in report.content.action:
            precedence = report.head.info_precedence
        allowed = int(factor * ALLOWED_MINUTES[precedence] * 60 * SECOND)
        due_at = report.stored_at + allowed + moved
        return due_at, due_at + sum(drift for at, drift in node.clock.unsure if at >= stored)

    def is_here(self, partner: str, report_id: bytes) -> bool:
        """Say whether a node has a report, or has forgotten what it had."""
        node = self.nodes[partner]
        with node.store.read() as tables:
            return bool(tables.reports.find(report_id.hex())) or partner in self.ledger.forgetful

    def is_lost(self, partner: str) -> bool:
        """Say whether a node has forgotten something that nobody gives it again."""
        return partner in self.ledger.forgetful - self.ledger.restored

    def may_miss(self, receiver: str, sender: str) -> bool:
        """Say whether serials of a sender may be missing for good: one of the two forgot them."""
        return sender in self.ledger.forgetful or self.is_lost(receiver)

    def violate(self, invariant: str, node: SimNode, what: str) -> None:
        """Record that an invariant does not hold."""
        self.ledger.violate(invariant, self.loop.time(), node.name, what)
