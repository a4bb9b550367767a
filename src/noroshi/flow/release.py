"""Release: above a level that the policy sets, one person writes and another lets it go.

keep       the plan, journalled with its drafter; a clock begins
approve    another person releases it: the plan goes on to be sent, in the same transaction
drop       somebody takes it back
"""

import msgspec

from noroshi.core.delivery.alarm import AlarmKind
from noroshi.core.delivery.clocks import Step
from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.likeness import are_alike
from noroshi.core.report import report_id_text
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.draft_tables import KeptDraft
from noroshi.flow.plan import Plan, plan_digest
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Announcement, Duty
from noroshi.flow.tables import Transaction


def keep(tx: Transaction, planned: Plan, duty: Duty, me: str, entropy: Entropy) -> None:
    """Keep a plan until a second person releases it; asking again changes nothing.

    Raises:
        InputError: nobody is named as its drafter.
        ConflictError: another report has its id.
    """
    report_id, drafter = planned.report_id, planned.content.drafter
    if drafter is None:
        msg = "the report needs two persons; say who writes it: --by NAME"
        raise InputError("two-persons", msg)
    earlier = tx.drafts.get(report_id)
    if earlier is not None or tx.reports.get(report_id) is not None:
        if earlier is not None and _texts(earlier.plan) == _texts(planned):
            return
        raise ConflictError("duplicate-id", "another report already has that id")
    tx.drafts.put(KeptDraft(planned, tx.now))
    tx.journal.append(
        new_entry(
            EntryKind.DRAFTED, tx.now, entropy.draw(SALT_SIZE), me, report_id=report_id,
            digest=plan_digest(planned), desk=planned.content.from_desk, by=drafter,
        )
    )  # fmt: skip
    due_at = tx.now + duty.clocks.allowed(planned.highest) // 5
    tx.watch.set_deadline(Step.RELEASE, me, report_id, planned.content.from_desk, due_at)
    tx.announce(Announcement("watch", me))


def approve(tx: Transaction, report_id: bytes, by: str, me: str, entropy: Entropy) -> Plan:
    """Release a draft; return the plan with its releaser, to be sent in the same transaction.

    Raises:
        NotFoundError: no such draft waits.
        InputError: the drafter cannot release it.
    """
    planned = _taken(tx, report_id, me)
    content = planned.content
    if are_alike(by, content.drafter or ""):
        msg = f"{by} has written it; another person releases it"
        if by != content.drafter:
            msg = f"{content.drafter} has written it, and {by} is alike; another person releases it"
        raise InputError("two-persons", msg)
    tx.journal.append(
        new_entry(
            EntryKind.RELEASED, tx.now, entropy.draw(SALT_SIZE), me, report_id=report_id, by=by
        )
    )
    return msgspec.structs.replace(planned, content=msgspec.structs.replace(content, releaser=by))


def drop(tx: Transaction, report_id: bytes, by: str, me: str, entropy: Entropy) -> Plan:
    """Take a draft back; return it, so that its attachments can be removed.

    Raises:
        NotFoundError: no such draft waits.
    """
    planned = _taken(tx, report_id, me)
    tx.journal.append(
        new_entry(
            EntryKind.DRAFT_DROPPED, tx.now, entropy.draw(SALT_SIZE), me,
            report_id=report_id, by=by,
        )
    )  # fmt: skip
    return planned


def not_waiting(report_id: bytes) -> NotFoundError:
    """Return the error of a report that nobody has to release."""
    msg = f"the report {report_id_text(report_id)} does not wait; see: noroshi release queue"
    return NotFoundError("not-found", msg)


def _taken(tx: Transaction, report_id: bytes, me: str) -> Plan:
    """Return a draft that waits no longer."""
    draft = tx.drafts.get(report_id)
    if draft is None:
        raise not_waiting(report_id)
    desk = draft.plan.content.from_desk
    tx.drafts.remove(report_id)
    tx.watch.drop_deadlines(report_id, me, desk, (Step.RELEASE,))
    tx.watch.end_alarms((AlarmKind.UNRELEASED,), me, tx.now, report_id, desk)
    return draft.plan


def _texts(planned: Plan) -> Plan:
    """Return a plan without what is drawn anew each time."""
    content = msgspec.structs.replace(planned.content, attachments=())
    return msgspec.structs.replace(planned, content=content, attachments=())
