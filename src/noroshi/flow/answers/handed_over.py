"""Batches that machines hand over: kept as objects and, where a collection has a rule, sent.

A rule makes a report of a whole batch, and sends the sightings in it back to whoever reported what
was sighted. Each report has the id that its batch and its machine give it: a batch that is handed
over again, because its answer was lost, is sent once. Whether all may go is asked before anything
is kept.
"""

import hashlib
import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.exchange.drafts import one_line
from noroshi.core.exchange.objects.reading import take_apart, wrap_bundle
from noroshi.core.machine import Machine, ReportRule
from noroshi.core.marking.combine import combine
from noroshi.core.marking.label import Marking
from noroshi.core.report import MAX_SUBJECT, report_id_text
from noroshi.flow import draft, objects, send
from noroshi.flow.answers import replies, reports
from noroshi.flow.answers.sighted import sightings_of_reports
from noroshi.flow.house import House
from noroshi.flow.machine_tables import Collection
from noroshi.flow.object_ports import Handed
from noroshi.flow.plan import Plan
from noroshi.flow.requests import Reply

_NAMESPACE: Final = uuid.UUID("0d5a4a5e-4a0f-4e0c-8f0c-6a5b0f6f2f11")
"""Of the ids of reports that batches become; it never changes."""
_SAYS_ITS_NAME: Final = ("report", "incident", "grouping", "campaign")
"""Types of objects that say what a batch is about."""


def hand_over(house: House, machine: Machine, collection: Collection, body: bytearray) -> bytes:
    """Take in a batch of objects; return its status, which is kept.

    The body is emptied, so that a large one does not lie in memory twice.

    Raises:
        MalformedError: it is no envelope.
        InputError: it would become a report that may not go; nothing was taken.
    """
    digest = hashlib.sha256(body).hexdigest()
    raws = take_apart(body)
    body.clear()
    batch = objects.read(house, raws)
    with house.store.read() as tables:
        rule = tables.machines.rule(collection.alias)
    planned: list[Plan] = []
    if rule is not None and batch.handed:
        origin = f"{machine.name}/{collection.alias}/{digest}"
        orders = _orders(house, machine, rule, batch.handed, origin)
        planned = [_planned(house, order) for order in orders]
    told = objects.keep(house, machine, collection, batch)
    for each in planned:
        reports.commit(house, each, is_for_release=rule is not None and not rule.is_at_once)
    return told


def _orders(
    house: House, machine: Machine, rule: ReportRule, handed: list[Handed], origin: str
) -> Iterator[draft.Order]:
    """Yield what a batch becomes by a rule, without what it became when it came before."""
    if rule.to and not _is_here(house, whole := _id_of(origin)):
        yield draft.Order(
            body=_bundle(house, handed, whole),
            action=rule.to,
            info=rule.info,
            precedence=rule.precedence,
            kind=rule.kind,
            subject=rule.subject or _subject(machine, handed),
            marking=str(_marking(house, handed)),
            areas=rule.areas,
            drafter=machine.name,
            report_id=whole,
        )
    if not rule.sightings:
        return
    for report, desk, found in sightings_of_reports(house, handed):
        back = _id_of(f"{origin}/{report_id_text(report)}")
        if not _is_here(house, back):
            answer = Reply(
                report=report_id_text(report),
                body=_bundle(house, found, back),
                marking=str(_marking(house, found)),
                desk=desk,
                by=machine.name,
                report_id=back,
            )
            order = replies.order_back(house, answer)
            yield msgspec.structs.replace(order, precedence=rule.precedence)


def _id_of(origin: str) -> bytes:
    return uuid.uuid5(_NAMESPACE, origin).bytes


def _is_here(house: House, report_id: bytes) -> bool:
    with house.store.read() as tables:
        return bool(tables.reports.get(report_id) or tables.drafts.get(report_id))


def _bundle(house: House, handed: Sequence[Handed], report_id: bytes) -> bytes:
    """Return a bundle of objects, with what says how they are marked."""
    here = {each.object.id for each in handed}
    named = dict.fromkeys(name for each in handed for name in each.object.markings)
    said = [house.objects().definition(name) for name in named if name not in here]
    raws = [each.object.raw for each in handed]
    return wrap_bundle([*filter(None, said), *raws], report_id_text(report_id))


def _planned(house: House, order: draft.Order) -> Plan:
    planned = reports.plan(house, order, [])
    with house.store.read() as tables:
        found = send.check_release(tables, planned, house.me, house.clock.now(), house.rules)
    if not found.is_allowed:
        msg = f"it would become a report that may not go: {'; '.join(found.reasons)}"
        raise InputError("not-releasable", msg)
    return planned


def _marking(house: House, handed: Sequence[Handed]) -> Marking:
    """Return a marking that is as strict as each of the objects."""
    found = list(dict.fromkeys(marking for each in handed for marking in each.handling))
    return found[0] if len(found) == 1 else combine(found, house.rules)


def _subject(machine: Machine, handed: list[Handed]) -> str:
    """Return what a batch says that it is about, else who handed over how much."""
    for each in handed:
        if each.object.type in _SAYS_ITS_NAME:
            name = json.loads(each.object.raw).get("name")
            if isinstance(name, str) and one_line(name):
                return one_line(name)
    objects = "object" if len(handed) == 1 else "objects"
    return f"{machine.name}: {len(handed):,} {objects} of STIX"[:MAX_SUBJECT]
