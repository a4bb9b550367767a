"""The checker: the invariants of the line, at every commit and every transmission.

What must hold once all has healed: :mod:`noroshi.simulation.rest`.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.delivery.item import Lane
from noroshi.core.delivery.ladder import ANSWERS, Rung
from noroshi.core.instant import SECOND, Instant
from noroshi.core.partner import DeskAddress
from noroshi.core.tlog.checkpoint import parse_note
from noroshi.core.tlog.merkle import tree_at
from noroshi.flow import views
from noroshi.flow.records import Announcement, Committed, StoredReport
from noroshi.simulation.account import FACTORS, Account
from noroshi.simulation.net import Net
from noroshi.simulation.node import SimNode
from noroshi.simulation.onward import check_enclosed
from noroshi.simulation.weather import Faults

TOLERANCE_SECONDS: Final = 1.0
MOST_MESSAGES_AN_HOUR: Final = 1600
"""With every line cut: two lanes of six lines that try again, and their comms checks."""
_LOSSES: Final = {AlarmKind.LOST_TAIL, AlarmKind.OLD_COPY, AlarmKind.JOURNAL_CONFLICT}
_FAIR_START_SECONDS: Final = 0.5
_TRIED_SECONDS: Final = 90.0
_PATIENCE_SECONDS: Final = 10.0
"""A receipt may take that long at least before a report is offered again."""
_JOURNAL_EVERY: Final = 16
"""Commits between two looks at a journal: what was rewritten in between shows just as well."""


class Checker:
    """Watches all nodes."""

    def __init__(self, account: Account, net: Net, faults: Faults) -> None:
        self._account = account
        self._loop, self._nodes, self._ledger = account.loop, account.nodes, account.ledger
        self._violate = account.violate
        self._net = net
        self._faults = faults
        self._told: Counter[tuple[str, bytes, str]] = Counter()
        self._roots: dict[str, tuple[int, bytes]] = {}
        self._commits: Counter[str] = Counter()
        self._flashes: dict[tuple[str, bytes], float] = {}
        """When a FLASH was last on the wire, by addressee and bytes."""
        self._taken: dict[tuple[str, int, str, bytes], float] = {}
        """When a partner took an envelope of one life of a node."""
        net.on_wire = self.on_wire
        net.on_taken = self.on_taken
        for node in account.nodes.values():
            node.guardian = self

    def on_commit(self, node: SimNode, committed: Committed) -> None:
        """Check what a commit made true."""
        self._commits[node.name] += 1
        if self._commits[node.name] % _JOURNAL_EVERY == 0:
            self.check_journal(node)
        for told in committed.announcements:
            report_id = told.report_id.hex() if told.report_id else "-"
            self._ledger.note(
                self._loop.time(), f"{node.name} {told.event} {told.partner} {report_id}"
            )
            if told.report_id and told.event in {"sent", "received"}:
                self._account.stored.setdefault((node.name, told.report_id), self._loop.time())
            if told.event == "received":
                self._check_received(node, told)
            elif told.event == "risen" and told.partner != node.name:
                self._check_risen(node, told)
            elif told.event == "alarm" and told.alarm is not None:
                self._check_alarm(node, told.alarm)

    def on_cut(self, node: SimNode) -> None:
        """Leave a node without power to whoever starts it again."""
        with node.store.read() as tables:  # what was just committed is told to nobody
            if not node.disk.connection.in_transaction:
                for _, report_id in tables.reports.pointers():
                    self._account.stored.setdefault((node.name, report_id), self._loop.time())
        self._faults.wake(node)

    def on_loss(self, node: SimNode) -> None:
        """Expect that somebody is told, if a partner has seen what was lost."""
        with node.store.read() as tables:
            size = tables.journal.size
        for other in self._nodes.values():
            with other.store.read() as tables:
                note = tables.witness.peer_note(node.name)
            if other is not node and note and parse_note(note).size > size:
                self._account.unnoticed.add(node.name)

    def on_wire(self, sender: str, to: str, lane: Lane, envelopes: Sequence[bytes]) -> None:
        """Check what leaves a node (I8, I15, I18)."""
        node, now = self._nodes[sender], self._loop.time()
        self._check_offered(node, to, envelopes)
        if lane is Lane.FLASH:
            self._flashes.update(dict.fromkeys(((to, raw) for raw in envelopes), now))
            return
        with node.store.read() as tables:
            for item in tables.outbox.items(to):
                is_over = item.expires_at is not None and item.expires_at <= node.clock.now()
                if item.lane is not Lane.FLASH or is_over:
                    continue
                # One that was just offered, and taken or refused, waits for its turn again.
                tried_at = self._flashes.get((to, tables.outbox.read(to, item.id)), -_TRIED_SECONDS)
                if now - tried_at < _TRIED_SECONDS:
                    continue
                report_id = tables.outbox.report_of(to, item.id)
                report = tables.reports.get(report_id) if report_id else None
                if report is None or self._account.is_here(to, report.id):
                    continue
                if now - self._account.stored.get((sender, report.id), now) > _FAIR_START_SECONDS:
                    self._violate("I8", node, f"bulk leaves for {to} while a FLASH waits")

    def _check_offered(self, node: SimNode, to: str, envelopes: Sequence[bytes]) -> None:
        """Check that nothing is readable, and nothing comes again at once (I15, I18)."""
        for raw in envelopes:
            if b"canary-" in raw:
                self._violate("I15", node, f"plaintext on the way to {to}")
            key = (node.name, node.incarnation, to, raw)
            passed = self._loop.time() - self._taken.get(key, -_PATIENCE_SECONDS)
            if passed < _PATIENCE_SECONDS and to not in self._ledger.restored:
                self._violate("I18", node, f"offers again what {to} has just taken")

    def on_taken(self, sender: str, to: str, raw: bytes) -> None:
        """Note what a partner has taken."""
        self._taken[sender, self._nodes[sender].incarnation, to, raw] = self._loop.time()

    def is_calm(self) -> bool:
        """Say whether the nodes send no more than they have reason to (I18)."""
        return self._net.messages <= MOST_MESSAGES_AN_HOUR * max(1.0, self._loop.time() / 3600)

    def _check_received(self, node: SimNode, told: Announcement) -> None:
        if told.report_id is None or told.desk is None:
            return
        with node.store.read() as tables:
            report = tables.reports.get(told.report_id)
        if report is None:
            self._violate("I4", node, f"announced {told.report_id.hex()} without having it")
            return
        if told.desk in report.content.desks_of(node.name):
            key = (node.name, told.report_id, told.desk)
            self._told[key] += 1
            if self._told[key] > 1 and node.name not in self._ledger.forgetful:
                self._violate("I3", node, f"announced {told.report_id.hex()} twice")
            if report.head.expires_at is not None and report.head.expires_at <= node.clock.now():
                self._violate("I9", node, f"took {told.report_id.hex()} after its time")
        self._check_origin(node, report)
        check_enclosed(self._account, node, report)

    def _check_origin(self, node: SimNode, report: StoredReport) -> None:
        """Check that a report is the one that was written, and for this node (I11, I17)."""
        with self._nodes[report.head.sender].store.read() as tables:
            origin = tables.reports.get(report.id)
        if origin is None:
            if report.head.sender not in self._ledger.forgetful:
                self._violate("I1", node, f"{report.id.hex()} is unknown to its sender")
            return
        if origin.head.marking != report.head.marking:
            self._violate("I11", node, f"{report.id.hex()} has another marking")
        if origin.content != report.content:
            self._violate("I17", node, f"{report.id.hex()} has other contents")
        if node.name not in {partner for partner, _ in origin.head.to}:
            self._violate("I11", node, f"{report.id.hex()} was not addressed here")

    def _check_risen(self, node: SimNode, told: Announcement) -> None:
        """Check what a receipt made a sender believe (I4, I5)."""
        if told.report_id is None or told.desk is None:
            return
        address = DeskAddress(told.desk, told.partner)
        with node.store.read() as tables:
            rungs = {
                record.rung: record for record in tables.reports.ladder(told.report_id, address)
            }
        if {Rung.DELIVERED, *ANSWERS} & rungs.keys() and not self._account.is_here(
            told.partner, told.report_id
        ):
            self._violate("I4", node, f"believes that {told.partner} has {told.report_id.hex()}")
        if Rung.ACKNOWLEDGED in rungs:
            if rungs[Rung.ACKNOWLEDGED].by not in self._answered_by(told.report_id, address):
                self._violate("I5", node, f"{told.report_id.hex()} acknowledged by nobody")
            if Rung.SHOWN not in rungs:
                self._violate("I5", node, f"{told.report_id.hex()} acknowledged unseen")

    def _answered_by(self, report_id: bytes, address: DeskAddress) -> set[str]:
        """Return who acknowledged a report at a desk, or the same report come another way."""
        answers = self._ledger.acknowledged
        by = answers.get((report_id, address.partner, address.desk))
        if by is not None:
            return {by}
        # Asked of all nodes: the one that answered may have forgotten what it had.
        original = self._original_of(report_id)
        return {
            by
            for (each, partner, desk), by in answers.items()
            if (desk, partner) == (address.desk, address.partner)
            and self._original_of(each) == original
        }

    def _original_of(self, report_id: bytes) -> bytes | None:
        """Return the report that one encloses, or its own id."""
        for node in self._nodes.values():
            with node.store.read() as tables:
                stored = tables.reports.get(report_id)
                if stored is not None:
                    return views.said_by(tables, stored).head.report_id
        return None

    def _check_alarm(self, node: SimNode, alarm: Alarm) -> None:
        """Check that an escalation comes once, in time, and not after an answer (I14)."""
        if alarm.kind in _LOSSES:
            is_own = alarm.kind is AlarmKind.LOST_TAIL
            self._account.unnoticed.discard(node.name if is_own else alarm.partner)
        if alarm.kind is AlarmKind.GAP:
            self._check_gap(node, alarm)
        if alarm.kind is AlarmKind.JOURNAL_CONFLICT and alarm.partner not in self._ledger.forgetful:
            self._violate("I6", node, f"takes the journal of {alarm.partner} for forked")
        factor = FACTORS.get(alarm.kind)
        if factor is None or alarm.report_id is None or alarm.desk is None:
            return
        key = (node.name, alarm.kind, alarm.report_id, alarm.partner, alarm.desk)
        self._account.alarms[key] += 1
        if self._account.alarms[key] > 1 and node.name not in self._ledger.forgetful:
            self._violate("I14", node, f"{alarm.kind.value} twice for {alarm.report_id.hex()}")
        with node.store.read() as tables:
            report = tables.reports.get(alarm.report_id)
            ladder = tables.reports.ladder(alarm.report_id, DeskAddress(alarm.desk, alarm.partner))
        if report is None:
            self._violate("I14", node, "an alarm about a report that is not here")
            return
        rungs = {record.rung for record in ladder}
        if rungs & ANSWERS or (alarm.kind is AlarmKind.UNDELIVERED and Rung.DELIVERED in rungs):
            self._violate("I14", node, f"{alarm.kind.value} after an answer")
        due = self._account.due_at(node, report, alarm.desk, alarm.partner, factor)
        ready_at = self._ready_at(node)
        late = [(alarm.at - max(at, ready_at)) / SECOND for at in due if at <= alarm.at]
        if not late:
            self._violate("I14", node, f"{alarm.kind.value} before its time")
        elif min(late) > TOLERANCE_SECONDS:
            self._violate("I14", node, f"{alarm.kind.value} {min(late):.1f} s after its time")

    def _ready_at(self, node: SimNode) -> Instant:
        return node.clock.now() - int((self._loop.time() - node.booted_at) * SECOND)

    def _check_gap(self, node: SimNode, alarm: Alarm) -> None:
        """Check that serials called missing are missing (I7)."""
        with node.store.read() as tables:
            gaps = tables.serials.gaps(alarm.partner)
        if not gaps:
            self._violate("I7", node, f"calls serials of {alarm.partner} missing that are here")

    def check_journal(self, node: SimNode) -> None:
        """Check that the journal only grows (I6)."""
        with node.store.read() as tables:
            size = tables.journal.size
            known = self._roots.get(node.name)
            if known is not None and known[0] == size:
                return
            if known is not None and node.name not in self._ledger.forgetful:
                then, root = known
                if size < then or tree_at(then, tables.journal.node).root != root:
                    self._violate("I6", node, f"the journal of size {then} is another now")
            self._roots[node.name] = (size, tree_at(size, tables.journal.node).root)
