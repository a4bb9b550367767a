"""Batches that machines hand over: kept as objects and, where a collection has a rule, sent.

The report has the id that its batch and its machine give it: a batch that is handed over again,
because its answer was lost, is sent once. Whether it may go is asked before anything is kept.
"""

import hashlib
import json
import uuid
from typing import Final

from noroshi.core.errors import InputError
from noroshi.core.exchange.drafts import one_line
from noroshi.core.exchange.objects.reading import take_apart, wrap_bundle
from noroshi.core.machine import Machine, ReportRule
from noroshi.core.marking.combine import combine
from noroshi.core.marking.label import Marking
from noroshi.core.report import MAX_SUBJECT, report_id_text
from noroshi.flow import draft, objects, send
from noroshi.flow.answers import reports
from noroshi.flow.house import House
from noroshi.flow.machine_tables import Collection
from noroshi.flow.object_ports import Handed
from noroshi.flow.plan import Plan

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
    report_id = _id_of(machine, collection, body)
    raws = take_apart(body)
    body.clear()
    batch = objects.read(house, raws)
    with house.store.read() as tables:
        rule = tables.machines.rule(collection.alias)
        is_here = tables.reports.get(report_id) or tables.drafts.get(report_id)
    planned = None
    if rule is not None and batch.handed and not is_here:
        planned = _planned(house, machine, rule, batch.handed, report_id)
    told = objects.keep(house, machine, collection, batch)
    if planned is not None and rule is not None:
        reports.commit(house, planned, is_for_release=not rule.is_at_once)
    return told


def _id_of(machine: Machine, collection: Collection, body: bytearray) -> bytes:
    digest = hashlib.sha256(body).hexdigest()
    return uuid.uuid5(_NAMESPACE, f"{machine.name}/{collection.alias}/{digest}").bytes


def _planned(
    house: House, machine: Machine, rule: ReportRule, handed: list[Handed], report_id: bytes
) -> Plan:
    order = draft.Order(
        body=wrap_bundle([each.object.raw for each in handed], report_id_text(report_id)),
        action=rule.to,
        info=rule.info,
        precedence=rule.precedence,
        kind=rule.kind,
        subject=rule.subject or _subject(machine, handed),
        marking=str(_marking(house, handed)),
        areas=rule.areas,
        drafter=machine.name,
        report_id=report_id,
    )
    planned = reports.plan(house, order, [])
    with house.store.read() as tables:
        found = send.check_release(tables, planned, house.me, house.clock.now(), house.rules)
    if not found.is_allowed:
        msg = f"it would become a report that may not go: {'; '.join(found.reasons)}"
        raise InputError("not-releasable", msg)
    return planned


def _marking(house: House, handed: list[Handed]) -> Marking:
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
    return f"{machine.name}: {len(handed):,} objects of STIX"[:MAX_SUBJECT]
