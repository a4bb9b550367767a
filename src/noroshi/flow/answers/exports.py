"""Answers about exchange: a report in the words of other systems."""

import json
from typing import Final, cast

from noroshi.core.chains import form_of, updated_by
from noroshi.core.errors import InputError
from noroshi.core.exchange.cap_report import Referred, write_report
from noroshi.core.exchange.stix_report import Report, write_bundle
from noroshi.core.marking.label import Marking
from noroshi.core.report import report_id_text
from noroshi.core.strict_json import BOM
from noroshi.flow import views
from noroshi.flow.house import House
from noroshi.flow.requests import Answer, Exchange, Export
from noroshi.flow.tables import Tables

_IN_HEAD: Final = frozenset({"noroshi", "kind", "subject", "precedence", "marking", "status"})
"""What a report JSON says of its head; the head itself is exported."""


def export(house: House, request: Export) -> Answer:
    """Give a report that is a form in other words, with its marking.

    As a STIX 2.1 bundle, in `bundle`; as a CAP 1.2 alert, in `alert`; or, in `original`, as
    another system wrote it that it was made of. It is what this one report says, also where others
    have updated it.

    Raises:
        NotFoundError: it is not here, or what it said was destroyed.
        InputError: it is no form, or cannot be said in these words.
    """
    with house.store.read() as tables:
        stored = views.readable(tables, views.resolve(tables, request.report))
        said = views.said_by(tables, stored)
        first = _first(tables, said) if request.form is Exchange.CAP else None
    head, content = said.head, said.content
    form = form_of(content)
    if form is None:
        msg = f"that report is no form but {content.body_type}; see: noroshi show ID"
        raise InputError("bad-input", msg)
    told = cast("dict[str, object]", json.loads(content.body.decode().removeprefix(BOM)))
    report = Report(
        id=report_id_text(head.report_id),
        kind=form.kind,
        subject=content.subject,
        created_at=head.created_at,
        sender=head.sender,
        desk=content.from_desk,
        marking=Marking.parse(head.marking),
        status=head.status.value.lower(),
        precedence=head.precedence.name.lower(),
        references=tuple(map(report_id_text, content.references)),
        fields={name: value for name, value in told.items() if name not in _IN_HEAD},
    )
    given: dict[str, object] = {"report": report.id, "marking": head.marking}
    if request.form is Exchange.ORIGINAL:
        return {**given, "original": _original(report)}
    if request.form is Exchange.CAP:
        return {**given, "alert": write_report(report, first).decode()}
    return {**given, "bundle": write_bundle(report).decode()}


def _first(tables: Tables, said: views.Said) -> Referred | None:
    """Return the report that an update says more of, if it can be read here."""
    updated = updated_by(said.content)
    stored = None if updated is None else views.find_original(tables, updated)
    if stored is None:
        return None
    of_first = views.said_by(tables, stored)
    head = of_first.head
    return Referred(
        report_id_text(head.report_id), head.sender, of_first.content.from_desk, head.created_at
    )


def _original(report: Report) -> str:
    """Return what the form was made of.

    Raises:
        InputError: it was made of nothing else, or that went along as a file.
    """
    told = report.fields.get("original")
    content = cast("dict[str, object]", told).get("content") if isinstance(told, dict) else None
    if not isinstance(content, str):
        msg = "that report was not made of what another system wrote"
        if told is not None:
            msg = "what that report was made of is an attachment: noroshi show ID --attachment NAME"
        raise InputError("bad-input", msg)
    return content
