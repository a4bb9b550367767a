"""The checker: the invariants of the line, at every commit and once more when all has healed.

It shares nothing with what it checks but the tables it reads: the times of people are written
down here a second time, on purpose.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.delivery.item import Lane
from noroshi.core.delivery.ladder import ANSWERS, Rung
from noroshi.core.instant import SECOND, Instant
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence
from noroshi.core.tlog.checkpoint import parse_note
from noroshi.core.tlog.merkle import tree_at
from noroshi.flow.records import Announcement, Committed, Failure, StoredReport
from noroshi.simulation.ledger import Ledger, Promise
from noroshi.simulation.net import Net
from noroshi.simulation.node import SimNode
from noroshi.simulation.virtual import VirtualLoop
from noroshi.simulation.weather import Faults

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
TOLERANCE_SECONDS: Final = 1.0
CHECK_SECONDS: Final = 900
SLOWEST_TO_TELL_SECONDS: Final = 3600
"""A node may be down for that long after its disk has failed."""
MOST_MESSAGES_AN_HOUR: Final = 800
"""With every line cut: two lanes of six lines that try again, and their comms checks."""
_LOSSES: Final = {AlarmKind.LOST_TAIL, AlarmKind.OLD_COPY, AlarmKind.JOURNAL_CONFLICT}
_FAIR_START_SECONDS: Final = 0.5
_TRIED_SECONDS: Final = 90.0
_JOURNAL_EVERY: Final = 16
"""Commits between two looks at a journal: what was rewritten in between shows just as well."""


class Checker:
    """Watches all nodes."""

    def __init__(
        self,
        loop: VirtualLoop,
        nodes: dict[str, SimNode],
        net: Net,
        ledger: Ledger,
        faults: Faults,
    ) -> None:
        self._loop = loop
        self._nodes = nodes
        self._net = net
        self._ledger = ledger
        self._faults = faults
        self._told: Counter[tuple[str, bytes, str]] = Counter()
        self._alarms: Counter[tuple[str, AlarmKind, bytes, str, str]] = Counter()
        self._roots: dict[str, tuple[int, bytes]] = {}
        self._commits: Counter[str] = Counter()
        self._flashes: dict[tuple[str, bytes], float] = {}
        """When a FLASH was last on the wire, by addressee and bytes."""
        self._stored: dict[tuple[str, bytes], float] = {}
        """When a node committed a report, by the world's time."""
        self._unnoticed: set[str] = set()
        """Nodes that have lost what partners have seen, and nobody was called for it yet."""
        net.on_wire = self.on_wire
        for node in nodes.values():
            node.guardian = self

    def on_commit(self, node: SimNode, committed: Committed) -> None:
        """Check what a commit made true."""
        self._commits[node.name] += 1
        if self._commits[node.name] % _JOURNAL_EVERY == 0:
            self._check_journal(node)
        for told in committed.announcements:
            report_id = told.report_id.hex() if told.report_id else "-"
            self._ledger.note(
                self._loop.time(), f"{node.name} {told.event} {told.partner} {report_id}"
            )
            if told.report_id and told.event in {"sent", "received"}:
                self._stored.setdefault((node.name, told.report_id), self._loop.time())
            if told.event == "received":
                self._check_received(node, told)
            elif told.event == "risen" and told.partner != node.name:
                self._check_risen(node, told)
            elif told.event == "alarm" and told.alarm is not None:
                self._check_alarm(node, told.alarm)

    def on_cut(self, node: SimNode) -> None:
        """Leave a node without power to whoever starts it again."""
        with node.store.read() as tables:  # what was just committed is told to nobody
            reports = [] if node.disk.connection.in_transaction else tables.reports.pointers()
            for _, report_id in reports:
                self._stored.setdefault((node.name, report_id), self._loop.time())
        self._faults.wake(node)

    def on_loss(self, node: SimNode) -> None:
        """Expect that somebody is told, if a partner has seen what was lost."""
        with node.store.read() as tables:
            size = tables.journal.size
        for other in self._nodes.values():
            with other.store.read() as tables:
                note = tables.receipts.peer_note(node.name)
            if other is not node and note and parse_note(note).size > size:
                self._unnoticed.add(node.name)

    def on_wire(self, sender: str, to: str, lane: Lane, envelopes: Sequence[bytes]) -> None:
        """Check what leaves a node (I8, I15)."""
        node = self._nodes[sender]
        for raw in envelopes:
            if b"canary-" in raw:
                self._violate("I15", node, f"plaintext on the way to {to}")
        now = self._loop.time()
        if lane is Lane.FLASH:
            self._flashes.update(dict.fromkeys(((to, raw) for raw in envelopes), now))
            return
        with node.store.read() as tables:
            for item in tables.outbox.items(to):
                if item.lane is not Lane.FLASH:
                    continue
                # One that was just offered, and taken or refused, waits for its turn again.
                tried_at = self._flashes.get((to, tables.outbox.read(item.id)), -_TRIED_SECONDS)
                if now - tried_at < _TRIED_SECONDS:
                    continue
                report_id = tables.outbox.report_of(to, item.id)
                report = tables.reports.get(report_id) if report_id else None
                if report is None or self._is_here(to, report.id):
                    continue
                if now - self._stored.get((sender, report.id), now) > _FAIR_START_SECONDS:
                    self._violate("I8", node, f"bulk leaves for {to} while a FLASH waits")

    def check_rest(self) -> None:
        """Check what must hold once everything has healed and time has passed."""
        for promise in self._ledger.promises.values():
            self._check_promise(promise)
        for node in self._nodes.values():
            self._check_node(node)
        for name in self._unnoticed:
            self._violate("I6", self._nodes[name], "its disk forgot, and nobody was told")
        self._check_serials()
        if not self.is_calm():
            self._violate("I18", next(iter(self._nodes.values())), "a storm of messages")

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
        if {Rung.DELIVERED, *ANSWERS} & rungs.keys() and not self._is_here(
            told.partner, told.report_id
        ):
            self._violate("I4", node, f"believes that {told.partner} has {told.report_id.hex()}")
        if Rung.ACKNOWLEDGED in rungs:
            key = (told.report_id, told.partner, told.desk)
            if self._ledger.acknowledged.get(key) != rungs[Rung.ACKNOWLEDGED].by:
                self._violate("I5", node, f"{told.report_id.hex()} acknowledged by nobody")
            if Rung.SHOWN not in rungs:
                self._violate("I5", node, f"{told.report_id.hex()} acknowledged unseen")

    def _check_alarm(self, node: SimNode, alarm: Alarm) -> None:
        """Check that an escalation comes once, in time, and not after an answer (I14)."""
        if alarm.kind in _LOSSES:
            self._unnoticed.discard(alarm.partner)
        if alarm.kind is AlarmKind.GAP:
            self._check_gap(node, alarm)
        if alarm.kind is AlarmKind.JOURNAL_CONFLICT and alarm.partner not in self._ledger.forgetful:
            self._violate("I6", node, f"takes the journal of {alarm.partner} for forked")
        factor = FACTORS.get(alarm.kind)
        if factor is None or alarm.report_id is None or alarm.desk is None:
            return
        key = (node.name, alarm.kind, alarm.report_id, alarm.partner, alarm.desk)
        self._alarms[key] += 1
        if self._alarms[key] > 1 and node.name not in self._ledger.forgetful:
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
        due_at = self._due_at(node, report, alarm.desk, alarm.partner, factor)
        late = (alarm.at - max(due_at, self._ready_at(node))) / SECOND
        if alarm.at < due_at or late > TOLERANCE_SECONDS:
            self._violate("I14", node, f"{alarm.kind.value} {late:+.1f} s off its time")

    def _due_at(
        self, node: SimNode, report: StoredReport, desk: str, partner: str, factor: float
    ) -> Instant:
        """Return when people are called about a report, by the clock of `node`."""
        stored = self._stored.get((node.name, report.id), 0.0)
        moved = sum(drift for at, drift in node.clock.steps if at >= stored)
        precedence = report.head.precedence
        if DeskAddress(desk, partner) not in report.content.action:
            precedence = report.head.info_precedence
        allowed = int(factor * ALLOWED_MINUTES[precedence] * 60 * SECOND)
        return report.stored_at + allowed + moved

    def _ready_at(self, node: SimNode) -> Instant:
        return node.clock.now() - int((self._loop.time() - node.booted_at) * SECOND)

    def _check_gap(self, node: SimNode, alarm: Alarm) -> None:
        """Check that serials called missing are missing (I7)."""
        with node.store.read() as tables:
            gaps = tables.serials.gaps(alarm.partner)
        if not gaps:
            self._violate("I7", node, f"calls serials of {alarm.partner} missing that are here")

    def _check_journal(self, node: SimNode) -> None:
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

    def _check_promise(self, promise: Promise) -> None:
        """Check that an accepted report is kept, and arrived or is known not to have (I1, I2)."""
        sender = self._nodes[promise.sender]
        with sender.store.read() as tables:
            report = tables.reports.get(promise.report_id)
            if report is None:
                if promise.is_known and promise.sender not in self._ledger.forgetful:
                    self._violate(
                        "I1", sender, f"{promise.report_id.hex()} was accepted and is lost"
                    )
                return
            for desk, partner in promise.to:
                ladder = tables.reports.ladder(promise.report_id, DeskAddress(desk, partner))
                rungs = {record.rung for record in ladder}
                failure = tables.reports.failure(promise.report_id, partner)
                is_over = failure is not None and failure.code == "expired"
                if Rung.DELIVERED in rungs:
                    if not self._is_here_at_last(promise, partner):
                        self._violate(
                            "I2", sender, f"{promise.report_id.hex()} is not at {partner}"
                        )
                elif not is_over and Rung.REFUSED not in rungs:
                    self._violate(
                        "I2", sender, f"{promise.report_id.hex()} never reached {partner}"
                    )
                if Rung.DELIVERED not in rungs:
                    self._check_expiry(promise, sender, failure)
                if (
                    Rung.ACKNOWLEDGED not in rungs
                    and not self._is_lost(promise.sender)
                    and self._has_acknowledged(promise.report_id, partner, desk)
                ):
                    self._violate("I2", sender, f"{partner} acknowledged {promise.report_id.hex()}")
                self._check_escalated(sender, report, desk, partner, rungs)
                self._check_arrived(report, desk, partner)

    def _check_expiry(self, promise: Promise, sender: SimNode, failure: Failure | None) -> None:
        """Check that a sender hears when a report has expired, and only then (I9)."""
        if promise.expires_at is None:
            if failure is not None and failure.code == "expired":
                self._violate("I9", sender, f"{promise.report_id.hex()} expired without a time")
            return
        if promise.sender in self._ledger.forgetful:
            return
        told_at = failure.at if failure else sender.clock.now()
        slowest = SLOWEST_TO_TELL_SECONDS * SECOND + sum(
            n.clock.moved for n in self._nodes.values()
        )
        if told_at > promise.expires_at + slowest:
            what = f"was not told in time that {promise.report_id.hex()} expired"
            self._violate("I9", sender, what)

    def _check_escalated(
        self, sender: SimNode, report: StoredReport, desk: str, partner: str, rungs: set[Rung]
    ) -> None:
        """Check that nobody waited in silence (I14)."""
        if rungs & ANSWERS or Rung.REFUSED in rungs or Rung.DELIVERED not in rungs:
            return
        due_at = self._due_at(sender, report, desk, partner, FACTORS[AlarmKind.UNACKNOWLEDGED])
        key = (sender.name, AlarmKind.UNACKNOWLEDGED, report.id, partner, desk)
        if due_at < sender.clock.now() - SECOND and not self._alarms[key]:
            self._violate("I14", sender, f"{report.id.hex()} waits at {desk}@{partner} in silence")

    def _check_arrived(self, report: StoredReport, desk: str, partner: str) -> None:
        """Check that attachments came after the report, and that its house was called (I2, I14)."""
        node = self._nodes[partner]
        with node.store.read() as tables:
            received = tables.reports.get(report.id)
            if received is None:
                return
            held = tables.reports.held_blobs(report.id)
            ladder = tables.reports.ladder(report.id, DeskAddress(desk, partner))
        expires_at = report.head.expires_at
        if held < len(report.head.attachments) and expires_at is None:
            self._violate("I2", node, f"the attachments of {report.id.hex()} are not here")
        if any(record.rung in ANSWERS for record in ladder):
            return
        due_at = self._due_at(node, received, desk, partner, FACTORS[AlarmKind.NEXT_DESK])
        key = (node.name, AlarmKind.NEXT_DESK, report.id, partner, desk)
        if due_at < node.clock.now() - SECOND and not self._alarms[key]:
            self._violate("I14", node, f"{report.id.hex()} waits at {desk} in silence")

    def _check_node(self, node: SimNode) -> None:
        """Check that a healed node is at rest (I13, I18)."""
        self._check_journal(node)
        with node.store.read() as tables:
            counts = tables.outbox.counts()
            owed = tables.receipts.owed_partners()
            alarms = tables.watch.alarms()
            checks = {
                other: tables.watch.last_check(other, outgoing=True, good=True)
                for other in self._nodes
                if other != node.name
            }
        for open_alarm in alarms:
            alarm = open_alarm.alarm
            if alarm.kind is AlarmKind.GAP and self._may_miss(node.name, alarm.partner):
                continue
            if alarm.kind in {AlarmKind.LINE_DOWN, AlarmKind.UNHEARD, AlarmKind.GAP}:
                what = f"{alarm.kind.value} of {alarm.partner} does not end"
                self._violate("I18", node, what)
        for other, check in checks.items():
            if check is None or node.clock.now() - check.at > 2 * CHECK_SECONDS * SECOND:
                self._violate("I18", node, f"the line to {other} is not tested any more")
        if any(counts.values()):
            self._violate("I18", node, f"its outbox still holds {counts}")
        if owed:
            self._violate("I18", node, f"it still owes receipts to {owed}")

    def _check_serials(self) -> None:
        """Check that every serial issued is accounted for, and used once (I7, I16)."""
        for sender in self._nodes.values():
            for receiver in self._nodes.values():
                if sender is receiver or {sender.name, receiver.name} & self._ledger.forgetful:
                    continue
                with sender.store.read() as tables:
                    issued = dict(tables.serials.highest(receiver.name))
                with receiver.store.read() as tables:
                    gaps = tables.serials.gaps(sender.name)
                    settled = {p: n for _, p, n in tables.serials.settled(sender.name)}
                if gaps:
                    self._violate("I7", receiver, f"still misses {gaps} of {sender.name}")
                if {p: n for p, n in settled.items() if n} != issued:
                    self._violate("I7", receiver, f"{sender.name}: {settled} of {issued}")

    def _has_acknowledged(self, report_id: bytes, partner: str, desk: str) -> bool:
        with self._nodes[partner].store.read() as tables:
            ladder = tables.reports.ladder(report_id, DeskAddress(desk, partner))
        return any(record.rung is Rung.ACKNOWLEDGED for record in ladder)

    def _is_here(self, partner: str, report_id: bytes) -> bool:
        node = self._nodes[partner]
        with node.store.read() as tables:
            return bool(tables.reports.find(report_id.hex())) or partner in self._ledger.forgetful

    def _is_lost(self, partner: str) -> bool:
        """Say whether a node has forgotten something that nobody gives it again."""
        return partner in self._ledger.forgetful - self._ledger.restored

    def _may_miss(self, receiver: str, sender: str) -> bool:
        """Say whether serials of a sender may be missing for good: one of the two forgot them."""
        return sender in self._ledger.forgetful or self._is_lost(receiver)

    def _is_here_at_last(self, promise: Promise, partner: str) -> bool:
        """Say whether a delivered report is at its addressee, or must not be any more.

        One that was restored has been given again what it lost, by partners who did not forget.
        """
        if partner not in self._ledger.restored or promise.sender in self._ledger.forgetful:
            return self._is_here(partner, promise.report_id)
        with self._nodes[partner].store.read() as tables:
            return (
                promise.expires_at is not None or tables.reports.get(promise.report_id) is not None
            )

    def _violate(self, invariant: str, node: SimNode, what: str) -> None:
        self._ledger.violate(invariant, self._loop.time(), node.name, what)
