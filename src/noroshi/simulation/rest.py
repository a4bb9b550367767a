"""What must hold when all has healed and time has passed: nothing lost, nothing waiting."""

from typing import Final

from noroshi.core.delivery.alarm import AlarmKind
from noroshi.core.delivery.ladder import ANSWERS, Rung
from noroshi.core.instant import SECOND
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence
from noroshi.core.tlog.entry import decode_entry
from noroshi.flow.records import Failure, StoredReport
from noroshi.simulation.account import FACTORS, Account
from noroshi.simulation.checker import Checker
from noroshi.simulation.ledger import Promise
from noroshi.simulation.node import SimNode

CHECK_SECONDS: Final = 900
_SLOWEST_TO_COSIGN_SECONDS: Final = 4 * CHECK_SECONDS
"""Both have asked a check since, and one of the two twice."""
SLOWEST_TO_TELL_SECONDS: Final = 3600
"""A node may be down for that long after its disk has failed."""


class Rest:
    """Looks at all nodes and promises at the end of a history."""

    def __init__(self, account: Account, checker: Checker) -> None:
        self._account = account
        self._nodes, self._ledger = account.nodes, account.ledger
        self._violate = account.violate
        self._checker = checker

    def check(self) -> None:
        """Check what must hold once everything has healed and time has passed."""
        for promise in self._ledger.promises.values():
            self._check_promise(promise)
        for node in self._nodes.values():
            self._check_node(node)
            self._check_named(node)
        for name in self._account.unnoticed - self._ledger.restored:
            self._violate("I6", self._nodes[name], "its disk forgot, and nobody was told")
        self._check_serials()
        self._check_witnesses()
        if not self._checker.is_calm():
            self._violate("I18", next(iter(self._nodes.values())), "a storm of messages")

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
                    and not self._account.is_lost(promise.sender)
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
        due_at = max(
            self._account.due_at(sender, report, desk, partner, FACTORS[AlarmKind.UNACKNOWLEDGED])
        )
        key = (sender.name, AlarmKind.UNACKNOWLEDGED, report.id, partner, desk)
        if due_at < sender.clock.now() - SECOND and not self._account.alarms[key]:
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
        due_at = max(
            self._account.due_at(node, received, desk, partner, FACTORS[AlarmKind.NEXT_DESK])
        )
        key = (node.name, AlarmKind.NEXT_DESK, report.id, partner, desk)
        if due_at < node.clock.now() - SECOND and not self._account.alarms[key]:
            self._violate("I14", node, f"{report.id.hex()} waits at {desk} in silence")

    def _check_node(self, node: SimNode) -> None:
        """Check that a healed node is at rest (I13, I18)."""
        self._checker.check_journal(node)
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
            if alarm.kind is AlarmKind.GAP and self._account.may_miss(node.name, alarm.partner):
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

    def _check_named(self, node: SimNode) -> None:
        """Check that what is missing for good is named in an open alarm (I7).

        DEFERRED may be on its way for longer than the world has had to heal.
        """
        with node.store.read() as tables:
            said = {a.alarm.partner: a.alarm.detail for a in tables.watch.alarms()
                    if a.alarm.kind is AlarmKind.GAP}  # fmt: skip
            gaps = {other: tables.serials.gaps(other) for other in self._nodes}
        for other, missing in gaps.items():
            for gap in missing:
                is_named = gap.precedence.name in said.get(other, "")
                if not is_named and gap.precedence is not Precedence.DEFERRED:
                    self._violate("I7", node, f"{gap} of {other} is missing and not named")

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

    def _check_witnesses(self) -> None:
        """Check that all of each journal, but what is new, is cosigned by all others (I6)."""
        for signer in self._nodes.values():
            with signer.store.read() as tables:
                cosigned = {kept.partner: kept.size for kept in tables.witness.cosignatures()}
                entries = {
                    size: decode_entry(tables.journal.leaf(size)).at
                    for size in cosigned.values()
                    if size < tables.journal.size
                }
            for witness in self._nodes.values():
                if witness is signer or {signer.name, witness.name} & self._ledger.forgetful:
                    continue
                since = entries.get(cosigned.get(witness.name, 0), signer.clock.now())
                if witness.name not in cosigned:
                    self._violate("I6", signer, f"{witness.name} has cosigned nothing of it")
                elif signer.clock.now() - since > _SLOWEST_TO_COSIGN_SECONDS * SECOND:
                    self._violate("I6", signer, f"{witness.name} does not cosign it any more")

    def _has_acknowledged(self, report_id: bytes, partner: str, desk: str) -> bool:
        with self._nodes[partner].store.read() as tables:
            ladder = tables.reports.ladder(report_id, DeskAddress(desk, partner))
        return any(record.rung is Rung.ACKNOWLEDGED for record in ladder)

    def _is_here_at_last(self, promise: Promise, partner: str) -> bool:
        """Say whether a delivered report is at its addressee, or must not be any more.

        One that was restored has been given again what it lost, by partners who did not forget.
        """
        if partner not in self._ledger.restored or promise.sender in self._ledger.forgetful:
            return self._account.is_here(partner, promise.report_id)
        with self._nodes[partner].store.read() as tables:
            return (
                promise.expires_at is not None or tables.reports.get(promise.report_id) is not None
            )
