"""Chains as this node has them: which reports belong to one, and what its sender still owes.

The originator alone says more of a report. What names another's report, a report that itself is an
update, or one of another kind stands for itself; the reader is told.
"""

from collections.abc import Callable, Collection, Iterable

import msgspec

from noroshi.core.chains import (
    MAX_SENT,
    MAX_SENT_BYTES,
    Chain,
    Statement,
    fold,
    form_of,
    updated_by,
)
from noroshi.core.deadlines import due
from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.delivery.clocks import Step
from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.instant import LATEST, Instant
from noroshi.core.kinds.check import check_form
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.lexicon.lexicon import Lexicon
from noroshi.core.report import (
    CANCELLATION,
    CHANGES,
    SUPERSESSION,
    Change,
    Content,
    report_id_text,
)
from noroshi.flow.alarms import raise_alarm
from noroshi.flow.chain_tables import ChainedReport
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Announcement, Due, Identity, StoredReport
from noroshi.flow.tables import Tables, Transaction

_NEW = b""
"""The id of an update that has none yet."""


class KnownChain(msgspec.Struct, frozen=True):
    """A chain, and the reports that it is folded out of."""

    first: bytes
    kind: str
    chain: Chain
    reports: tuple[ChainedReport, ...]
    is_stray: bool = False
    """The report says that it updates what it cannot, and stands for itself."""
    is_too_large: bool = False
    """The chain is not folded, and the report stands for itself."""


def chain_of(
    tables: Tables,
    stored: StoredReport,
    desks: Collection[str] | None = None,
    at: Instant | None = None,
) -> KnownChain | None:
    """Return the chain of a report as it is, or as it was known here `at`; None: it is no form.

    `desks` are those whose reports the reader may read; None: all.
    """
    form = form_of(stored.content)
    if form is None or stored.destroyed is not None:
        return None
    sender, root = stored.head.sender, _root(tables, stored)
    first = updated_by(root.content) or root.id
    is_stray = first != root.id and not _may_begin(tables, first, sender, form.kind)
    if is_stray:
        first = stored.id
    found = tables.chains.reports(first, sender)
    if found is None:
        alone = (_alone(stored),)
        chain = fold(stored.id, _statements(tables, alone, sender, form.kind), at)
        return KnownChain(stored.id, form.kind, chain, alone, is_too_large=True)
    reports = tuple(
        report
        for report in found
        if (desks is None or not set(report.desks).isdisjoint(desks))
        and (report.id == stored.id or not is_stray)
    )
    chain = fold(first, _statements(tables, reports, sender, form.kind), at)
    return KnownChain(first, form.kind, chain, reports, is_stray)


def _alone(stored: StoredReport) -> ChainedReport:
    """Return a report as one of a chain, to whoever reads it already."""
    head = stored.head
    return ChainedReport(
        stored.id, stored.content, head.marking, head.created_at, stored.stored_at, ()
    )


def too_large() -> InputError:
    """Return the error of a chain that is not folded."""
    msg = (
        f"its chain has more than {MAX_SENT:,} reports or {MAX_SENT_BYTES // 2**20} MiB; each is "
        "read by itself. Begin a new one: send a report that refers to it (--reference)"
    )
    return InputError("chain-too-large", msg)


def check_updated(tables: Tables, content: Content) -> StoredReport | None:
    """Return the first report of the chain that a report to be sent updates; None: it updates none.

    Raises:
        NotFoundError: that is not here, or not any more what it said.
        InputError: it is somebody else's, another desk's, of another kind, or an update itself.
        ConflictError: it was cancelled.
    """
    updates = updated_by(content)
    if updates is None:
        return None
    first, name = tables.reports.get(updates), report_id_text(updates)
    if first is None:
        raise NotFoundError("not-found", f"no report {name} is here; an update names one of ours")
    if not first.outgoing:
        msg = (
            f"the report {name} is {first.head.sender}'s, which alone updates it. Answer it "
            "(noroshi answer, noroshi reply), or send a report of your own that refers to it "
            "(--reference)"
        )
        raise InputError("bad-form", msg)
    if first.destroyed is not None:
        raise NotFoundError("content-destroyed", f"{first.destroyed}; send a report anew")
    begun, form, root = form_of(first.content), form_of(content), _root(tables, first)
    begins = updated_by(root.content) or root.id
    if begun is None or begins != first.id:
        named = "" if begun is None else f"; name its first report, {report_id_text(begins)}"
        raise InputError("bad-form", f"the report {name} begins no chain{named}")
    if form is None or form.kind != begun.kind:
        msg = f"the report {name} is a {first.content.kind}, and is updated as one"
        raise InputError("bad-form", msg)
    if content.from_desk != first.content.from_desk:
        msg = f"the desk {first.content.from_desk} wrote {name}; it writes the updates (--from)"
        raise InputError("unknown-desk", msg)
    _check_standing(name, tables.reports.changes(first.head.sender, updates))
    return first


def _check_standing(name: str, changes: Iterable[Change]) -> None:
    if any(change.kind == CANCELLATION for change in changes):
        msg = f"the report {name} was cancelled; send a report anew"
        raise ConflictError("already-changed", msg)


def check_update(
    tables: Tables, content: Content, lexicon: Callable[[], Lexicon], now: Instant | None = None
) -> None:
    """Return if what would hold after an update is a form that may be sent.

    With `now` the times that the update says may not contradict the time of writing; what was said
    before may have been overtaken by it.

    Raises:
        NotFoundError: as for :func:`check_updated`.
        InputError: it is not, the update says nothing, or the chain is too large for more.
        ConflictError: as for :func:`check_updated`.
    """
    first, form = check_updated(tables, content), form_of(content)
    if first is None or form is None:
        return
    sender = first.head.sender
    reports = tables.chains.reports(first.id, sender)
    if reports is None or not _has_room(reports, content):
        raise too_large()
    said = _statements(tables, reports, sender, form.kind)
    if content.kind == SUPERSESSION:
        change = Change(SUPERSESSION, _NEW, LATEST)
        said = [
            msgspec.structs.replace(each, changes=(*each.changes, change))
            if each.report in content.references
            else each
            for each in said
        ]
    earlier = fold(first.id, said)
    _check_standing(report_id_text(first.id), earlier.changes)
    before = earlier.present
    update = Statement(_NEW, LATEST, LATEST, None, form.fields, form.cleared)
    vain = [name for name in form.cleared if name not in before or name in form.fields]
    if vain or not (form.fields or form.cleared):
        what = f"cannot take back {', '.join(vain)}" if vain else "says nothing"
        msg = f"the update {what}; there are {', '.join(before)}. See: noroshi kinds {form.kind}"
        raise InputError("bad-form", msg)
    present = fold(first.id, [*said, update]).present
    check_form(all_kinds()[form.kind], present, lexicon(), now, form.fields.keys())


def _has_room(reports: Collection[ChainedReport], content: Content) -> bool:
    """Say whether a chain that is sent may have one report more."""
    bodies = sum(len(each.content.body) for each in reports if each.content is not None)
    return len(reports) < MAX_SENT and bodies + len(content.body) <= MAX_SENT_BYTES


def watch_chain(tx: Transaction, sent: Content, report_id: bytes, identity: Identity) -> None:
    """Look at once at what a chain still owes: that of a report `sent`, or of what it changes."""
    if all(sent.kind not in {each.kind, *CHANGES} for each in identity.duty.deadlines):
        return
    stored = tx.reports.get(report_id)
    if stored is None:
        return
    root = _root(tx, stored)
    first = updated_by(root.content) or root.id
    kind = form_of(root.content)
    if kind is None or all(kind.kind != each.kind for each in identity.duty.deadlines):
        return
    me, desk = identity.me, root.content.from_desk
    tx.watch.drop_deadlines(first, me, desk, (Step.REPORT,))
    tx.watch.set_deadline(Step.REPORT, me, first, desk, tx.now)
    tx.announce(Announcement("watch", me))


def call_for_report(tx: Transaction, passed: Due, identity: Identity, entropy: Entropy) -> None:
    """Call for what a chain owes by now, in one alarm; look again when the next is due.

    The alarm is of a state: it ends when all that is late has gone out, was given more time, or is
    owed no more. So a deadline that is looked at twice calls once.
    """
    stored = tx.reports.get(passed.report_id)
    known = None if stored is None else chain_of(tx, stored)
    owed = (
        ()
        if known is None or known.is_too_large
        else due(identity.duty.deadlines, known.chain, known.kind)
    )
    late = ", ".join(str(each) for each in owed if each.at <= tx.now)
    tx.watch.end_alarms(
        (AlarmKind.REPORT_DUE,), passed.partner, tx.now, passed.report_id, passed.desk,
        but_for=late or None,
    )  # fmt: skip
    if late:
        alarm = Alarm(
            AlarmKind.REPORT_DUE, passed.partner, tx.now, passed.report_id, passed.desk, late
        )
        raise_alarm(tx, alarm, identity.me, entropy)
    for each in owed:
        if each.at > tx.now:
            tx.watch.set_deadline(
                Step.REPORT, passed.partner, passed.report_id, passed.desk, each.at
            )
            break


def _root(tables: Tables, stored: StoredReport) -> StoredReport:
    """Return the report of the same form in whose place one stands that supersedes; else itself."""
    seen = {stored.id}
    while stored.content.kind == SUPERSESSION and len(stored.content.references) == 1:
        (reference,) = stored.content.references
        earlier = None if reference in seen else tables.reports.get(reference)
        if earlier is None or earlier.head.sender != stored.head.sender:
            break
        forms = form_of(earlier.content), form_of(stored.content)
        if None in forms or len({form.kind for form in forms if form is not None}) > 1:
            break
        seen.add(reference)
        stored = earlier
    return stored


def _may_begin(tables: Tables, first: bytes, sender: str, kind: str) -> bool:
    """Say whether a report, if it is here, begins a chain of that sender and kind."""
    stored = tables.reports.get(first)
    return stored is None or (
        stored.head.sender == sender
        and stored.content.kind == kind
        and updated_by(stored.content) is None
    )


def _statements(
    tables: Tables, reports: Iterable[ChainedReport], sender: str, kind: str
) -> list[Statement]:
    """Return what the reports of a chain say, without those of another kind."""
    said: list[Statement] = []
    for report in reports:
        form = None if report.content is None else form_of(report.content)
        if report.content is not None and form is not None and form.kind == kind:
            said.append(
                Statement(
                    report.id,
                    report.created_at,
                    report.stored_at,
                    report.content.drafter,
                    form.fields,
                    form.cleared,
                    tables.reports.changes(sender, report.id),
                )
            )
    return said
