"""Changes: a report that takes back or replaces an earlier one of its sender.

It goes to all who have the earlier one, at or above the precedence at which they have it, and
leaves it visible: there is no recall. A cancelled report that is still in the outbox is taken out,
with a tombstone for its serial; whoever has it is told, and its clocks stop.
"""

import msgspec

from noroshi.core.delivery.ladder import Rung
from noroshi.core.envelope.head import ReportHead
from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.report import (
    CANCELLATION,
    CHANGES,
    Change,
    Content,
    effective_precedence,
    report_id_text,
)
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.alarms import is_answered, is_withdrawn
from noroshi.flow.plan import Plan
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Announcement, Failure, StoredReport
from noroshi.flow.tables import Tables, Transaction

_CANCELLED = "it was cancelled before it was delivered, and is not sent any more"


def changed_by(tables: Tables, content: Content, me: str) -> StoredReport | None:
    """Return the report that a report to be sent would change, None if it changes none.

    Raises:
        NotFoundError: the earlier report is not here.
        InputError: it was not sent from here, or one of its addressees would not hear of it.
        ConflictError: it was changed before.
    """
    if content.kind not in CHANGES:
        return None
    (reference,) = content.references
    earlier = tables.reports.get(reference)
    if earlier is None:
        raise NotFoundError("not-found", f"no report {report_id_text(reference)} is here")
    if not earlier.outgoing:
        msg = "that report was not sent from here; only its sender can cancel or supersede it"
        raise InputError("bad-input", msg)
    if earlier.content.kind == CANCELLATION:
        msg = "that is a cancellation, which stands; send the report anew"
        raise InputError("bad-input", msg)
    for change in tables.reports.changes(me, reference):
        done = "cancelled" if change.kind == CANCELLATION else "superseded"
        msg = f"that report was {done} before, by {report_id_text(change.by_report)}"
        raise ConflictError("already-changed", msg)
    missing = set(earlier.content.addressees) - set(content.addressees)
    if missing:
        names = ", ".join(sorted(map(str, missing)))
        msg = f"who has the earlier report must hear of the change; address {names} too"
        raise InputError("bad-input", msg)
    return earlier


def raised(planned: Plan, earlier: StoredReport) -> Plan:
    """Return a plan that goes to each partner at or above the precedence of what it changes."""
    floors = {"precedence": planned.precedence, "info_precedence": planned.info_precedence}
    acting = {address.partner for address in planned.content.action}
    for partner in {address.partner for address in earlier.content.addressees}:
        field = "precedence" if partner in acting else "info_precedence"
        before = effective_precedence(earlier.head, earlier.content, partner)
        floors[field] = max(floors[field], before)
    return msgspec.structs.replace(planned, **floors)


def note_sent_change(
    tx: Transaction, planned: Plan, earlier: StoredReport, me: str, entropy: Entropy
) -> None:
    """Record a change that goes out; a cancelled report goes no further."""
    kind = planned.content.kind
    tx.reports.add_change(me, earlier.id, Change(kind, planned.report_id, tx.now))
    if kind == CANCELLATION:
        for partner in sorted({address.partner for address in earlier.content.addressees}):
            _withdraw(tx, earlier, partner, entropy)


def note_received_change(tx: Transaction, head: ReportHead, content: Content, me: str) -> None:
    """Record what a received report changes, whichever came first, and stop the clocks of that."""
    if content.kind in CHANGES and len(content.references) == 1:
        (reference,) = content.references
        tx.reports.add_change(head.sender, reference, Change(content.kind, head.report_id, tx.now))
        earlier = tx.reports.get(reference)
        if earlier is not None and not earlier.outgoing and earlier.head.sender == head.sender:
            _stop_clocks(tx, earlier.id, head.sender, earlier.content, me)
            tx.announce(Announcement("changed", head.sender, earlier.id))
    _stop_clocks(tx, head.report_id, head.sender, content, me)


def _stop_clocks(tx: Transaction, report_id: bytes, sender: str, content: Content, me: str) -> None:
    """Expect no answer to a report that was cancelled: its cancellation has clocks of its own."""
    if any(change.kind == CANCELLATION for change in tx.reports.changes(sender, report_id)):
        for desk in content.desks_of(me):
            is_answered(tx, report_id, me, desk)


def _withdraw(tx: Transaction, earlier: StoredReport, partner: str, entropy: Entropy) -> None:
    """Take a cancelled report out of the outbox of a partner that does not have it yet."""
    addressed = [a for a in tx.reports.addressees(earlier.id) if a.desk.partner == partner]
    rungs = {r.rung for a in addressed for r in tx.reports.ladder(earlier.id, a.desk)}
    for addressee in addressed:
        is_withdrawn(tx, earlier.id, partner, addressee.desk.desk)
    items = tx.outbox.items_of(partner, earlier.id)
    if earlier.head.envelope_id not in items or rungs & {Rung.DELIVERED, Rung.REFUSED}:
        return
    tx.outbox.remove(partner, items)
    tx.reports.set_failure(earlier.id, partner, Failure("cancelled", _CANCELLED, tx.now))
    tx.serials.bury(partner, addressed[0].precedence, addressed[0].serial, "cancelled")
    tx.journal.append(
        new_entry(
            EntryKind.WITHDRAWN, tx.now, entropy.draw(SALT_SIZE), partner,
            report_id=earlier.id, code="cancelled",
        )
    )  # fmt: skip
    tx.announce(Announcement("cancelled", partner, earlier.id))
