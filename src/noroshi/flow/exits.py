"""Exits: the release check, wherever a report is about to leave for a partner.

Asked before sealing, and again when an envelope or a piece of an attachment goes out: meanwhile
an agreement may have ended. What may not go any more is held, with its reasons, and people hear
of it; `noroshi held send` lets it go once it may.
"""

from collections.abc import Iterable, Mapping

from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.instant import Instant, day_of
from noroshi.core.marking.label import Marking
from noroshi.core.marking.rules import Rules
from noroshi.core.release import Question, may_release
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.alarms import raise_alarm
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Failure
from noroshi.flow.tables import Tables, Transaction

Reasons = tuple[str, ...]


def reasons_against(
    tables: Tables, marking: Marking, partner: str, me: str, now: Instant, rules: Rules
) -> Reasons:
    """Return why a report so marked may not go to a partner now; none: it may."""
    if marking.policy is None:
        return ()
    question = Question(marking, me, partner, day_of(now))
    return may_release(question, [kept.agreement for kept in tables.agreements.all()], rules)


def barred(
    tables: Tables, partner: str, items: Iterable[bytes], me: str, now: Instant, rules: Rules
) -> dict[bytes, Reasons]:
    """Return the reports among outbox items that may not go to a partner now, and why."""
    found: dict[bytes, Reasons] = {}
    for item_id in items:
        classified = tables.outbox.classified(partner, item_id)
        if classified is None or classified.report_id in found:
            continue
        marking = Marking.parse(classified.marking)
        reasons = reasons_against(tables, marking, partner, me, now, rules)
        if reasons:
            found[classified.report_id] = reasons
    return found


def withhold(
    tx: Transaction, partner: str, reports: Mapping[bytes, Reasons], me: str, entropy: Entropy
) -> None:
    """Hold what may not go any more, and tell people why, once."""
    for report_id, reasons in reports.items():
        if not tx.outbox.withhold(partner, report_id):
            continue
        why = "; ".join(reasons)
        tx.reports.set_failure(report_id, partner, Failure("not-releasable", why, tx.now))
        tx.journal.append(
            new_entry(
                EntryKind.WITHHELD, tx.now, entropy.draw(SALT_SIZE), partner,
                report_id=report_id, code="not-releasable",
            )
        )  # fmt: skip
        alarm = Alarm(AlarmKind.WITHHELD, partner, tx.now, report_id, detail=why)
        raise_alarm(tx, alarm, me, entropy)
