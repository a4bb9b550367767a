"""Answers about exchange: a report in the words of other systems."""

from typing import cast

from noroshi.core.chains import updated_by
from noroshi.core.errors import InputError
from noroshi.core.exchange.cap_report import Referred, write_report
from noroshi.core.exchange.stix_report import Report, write_bundle
from noroshi.core.report import report_id_text
from noroshi.flow import views
from noroshi.flow.bundles import form_in
from noroshi.flow.house import House
from noroshi.flow.requests import Answer, Exchange, Export
from noroshi.flow.tables import Tables


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
    report = form_in(said)
    if report is None:
        msg = f"that report is no form but {said.content.body_type}; see: noroshi show ID"
        raise InputError("bad-input", msg)
    given: dict[str, object] = {"report": report.id, "marking": said.head.marking}
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
