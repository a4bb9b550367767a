"""Views of chains and threads: what holds, who said it and when, what answers it, what is owed."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, cast

from noroshi.core.chains import Said, Statement
from noroshi.core.deadlines import Deadline, due
from noroshi.core.errors import InputError
from noroshi.core.instant import Instant, to_text
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.marking.combine import combine
from noroshi.core.marking.label import Marking
from noroshi.core.marking.rules import Rules
from noroshi.core.partner import DeskAddress
from noroshi.core.report import CHANGES, Change, report_id_text
from noroshi.flow.chain_tables import Referrer
from noroshi.flow.chains import KnownChain, chain_of, too_large
from noroshi.flow.records import StoredReport
from noroshi.flow.tables import Tables
from noroshi.flow.translations import translations_json
from noroshi.flow.views import changes_json

_Json = dict[str, object]
_BITS: Final = 63


def chain_json(
    tables: Tables,
    stored: StoredReport,
    desks: Collection[str] | None,
    deadlines: Iterable[Deadline],
    rules: Rules,
    *,
    at: Instant | None = None,
    has_history: bool = False,
) -> _Json:
    """Return the chain of a report, what refers to it, and the quantities that are left open.

    Raises:
        InputError: what was known at a time is asked of a report that is no form.
    """
    known = chain_of(tables, stored, desks, at)
    if known is None and (at is not None or has_history):
        raise InputError("bad-input", "that report is no form, so it has no history of fields")
    is_too_large = known is not None and known.is_too_large
    if is_too_large and (at is not None or has_history):
        raise too_large()
    first = stored.id if known is None else known.first
    members = {stored.id} if known is None else {report.id for report in known.reports}
    sender = stored.head.sender
    found = () if is_too_large else tables.chains.referrers(first, sender, members)
    referrers = [
        each
        for each in found
        if each.kind not in CHANGES
        and (desks is None or not set(each.desks).isdisjoint(desks))
        and (at is None or each.stored_at <= at)
    ]
    said: Mapping[str, object] = {"body": stored.content.body.decode(errors="replace")}
    texts = said if known is None else known.chain.present
    told: _Json = {
        "chain": None,
        "referred_by": [_referrer_json(each) for each in referrers],
        "translations": translations_json(tables, first, referrers, texts),
        "left_open": [],
    }
    if known is None:
        return told
    said_by = {each.report: _statement_json(each) for each in known.chain.statements}
    chain = _chain_json(known, rules, said_by)
    if stored.outgoing:
        owed = due(deadlines, known.chain, known.kind)
        chain["due"] = [
            {"field": each.field, "wanted": each.wanted, "at": to_text(each.at)} for each in owed
        ]
    if at is not None:
        chain |= {"at": to_text(at), "proofs": _proofs(known)}
    if has_history:
        chain["history"] = {
            name: [_said_json(each, said_by) for each in said]
            for name, said in known.chain.history.items()
        }
    return {**told, "chain": chain, "left_open": _left_open(tables, known, referrers, desks, at)}


def _chain_json(known: KnownChain, rules: Rules, said_by: Mapping[bytes, _Json]) -> _Json:
    chain = known.chain
    return {
        "first": report_id_text(known.first),
        "kind": known.kind,
        "marking": _marking(known, rules),
        "stray": known.is_stray,
        "too_large": known.is_too_large,
        "updates": [told for report, told in said_by.items() if report != known.first],
        "destroyed": [report_id_text(each.id) for each in known.reports if each.content is None],
        "fields": {name: _portable(value) for name, value in chain.present.items()},
        "changed": [
            name
            for name, said in chain.history.items()
            if any(each.statement.report != known.first for each in said)
        ],
        "due": [],
        **changes_json(chain.changes),
    }


def _marking(known: KnownChain, rules: Rules) -> str:
    """Return how all that is shown together is marked; where no rule tells, all that it has."""
    told = {each.report for each in known.chain.statements}
    texts = list(dict.fromkeys(each.marking for each in known.reports if each.id in told))
    try:
        return str(combine([Marking.parse(text) for text in texts], rules))
    except InputError:
        return " + ".join(texts)


def _statement_json(statement: Statement) -> _Json:
    return {
        "report": report_id_text(statement.report),
        "by": statement.by,
        "created_at": to_text(statement.created_at),
        "stored_at": to_text(statement.stored_at),
        **changes_json(statement.changes),
    }


def _said_json(said: Said, said_by: Mapping[bytes, _Json]) -> _Json:
    back: tuple[Change, ...] = () if said.taken_back is None else (said.taken_back,)
    return {
        "value": _portable(said.value),
        "cleared": said.is_cleared,
        **said_by[said.statement.report],
        **changes_json(back),
    }


def _portable(value: object) -> object:
    """Return a value of JSON as every door carries it: numbers that are longer, as their digits."""
    match value:
        case bool():
            return value
        case int() if value.bit_length() > _BITS:
            return str(value)
        case list():
            return [_portable(each) for each in cast("list[object]", value)]
        case dict():
            told = cast("dict[str, object]", value)
            return {name: _portable(each) for name, each in told.items()}
        case _:
            return value


def _proofs(known: KnownChain) -> list[str]:
    """Return the reports whose proofs show what was known: what said it, and what took back."""
    ids = [each.report for each in known.chain.statements]
    ids += [
        said.taken_back.by_report
        for of_field in known.chain.history.values()
        for said in of_field
        if said.taken_back is not None
    ]
    ids += [change.by_report for change in known.chain.changes]
    return [report_id_text(each) for each in dict.fromkeys(ids)]


def _referrer_json(referrer: Referrer) -> _Json:
    return {
        "report": report_id_text(referrer.id),
        "kind": referrer.kind,
        "from": str(DeskAddress(referrer.from_desk, referrer.sender)),
        "subject": referrer.subject,
        "created_at": to_text(referrer.created_at),
    }


def _left_open(
    tables: Tables,
    known: KnownChain,
    referrers: Iterable[Referrer],
    desks: Collection[str] | None,
    at: Instant | None,
) -> list[_Json]:
    """Return what a request asks for, beside what was offered and committed by now."""
    kind = all_kinds().get(known.kind)
    if kind is None or kind.left_open is None:
        return []
    answers: dict[bytes, dict[str, object]] = {}
    for each in referrers:
        stored = tables.reports.get(each.id) if each.kind == known.kind else None
        answer = None if stored is None else chain_of(tables, stored, desks, at)
        if answer is not None and not answer.chain.is_cancelled:
            answers[answer.first] = answer.chain.present
    return [
        {
            "capability": each.capability,
            "unit": each.unit,
            "needed": each.needed,
            "offered": each.offered,
            "committed": each.committed,
            "open": each.open,
        }
        for each in kind.left_open(known.chain.present, list(answers.values()))
    ]
