"""Exits: the release check, wherever a report is about to leave for a partner.

Asked before sealing, and again when an envelope or a piece of an attachment goes out: meanwhile
an agreement may have ended. It is asked for the report and for all that it drags along. What may
not go any more is held, with its reasons, and people hear of it; `noroshi held send` lets it go
once it may.
"""

from collections.abc import Iterable, Mapping, Sequence

from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.instant import Instant, day_of
from noroshi.core.lexicon.sentence import Sentence
from noroshi.core.marking.label import Marking
from noroshi.core.marking.rules import Rules
from noroshi.core.marking.whole import Part
from noroshi.core.release import Question, may_release_all
from noroshi.core.report import report_id_text
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.alarms import raise_alarm
from noroshi.flow.consents import reason_at_exit
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Failure
from noroshi.flow.tables import Tables, Transaction

Reasons = tuple[str, ...]


def reasons_against(
    tables: Tables,
    marking: Marking,
    areas: tuple[str, ...],
    dragged: Sequence[Part],
    partner: str,
    me: str,
    now: Instant,
    rules: Rules,
) -> Reasons:
    """Return why a report so marked, or what it drags along, may not go to a partner now."""
    if marking.policy is None and not dragged:
        return ()
    question = Question(marking, me, partner, day_of(now), areas)
    agreements = [kept.agreement for kept in tables.agreements.all()]
    return may_release_all(question, dragged, agreements, rules)


def referred_to(tables: Tables, references: Iterable[bytes], partner: str) -> tuple[Part, ...]:
    """Return the reports held here that a report refers to and a partner does not have yet.

    They are named by their ids alone: whoever may not have one learns nothing of what it says.
    """
    heads = [(each, tables.reports.head(each)) for each in dict.fromkeys(references)]
    return tuple(
        Part(_referred(each), Marking.parse(head.marking))
        for each, head in heads
        if head is not None
        and not head.marking.startswith("TLP:")
        and partner not in {head.sender, *(name for name, _ in head.to)}
    )


def _referred(report_id: bytes) -> Sentence:
    return Sentence(
        "why.referred", "the report {report} that it refers to", report=report_id_text(report_id)
    )


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
        dragged = tables.reports.dragged(classified.report_id, partner)
        reasons = reasons_against(
            tables, marking, classified.areas, dragged, partner, me, now, rules
        )
        ended = reason_at_exit(tables, classified.report_id, partner, me, now)
        reasons = (*reasons, ended) if ended else reasons
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
