"""What a report says, in the words of STIX: the form as a bundle, a bundle as it came."""

import json
from typing import Final, cast

from noroshi.core.chains import form_of
from noroshi.core.errors import NoroshiError
from noroshi.core.exchange.misp import FORMAT
from noroshi.core.exchange.misp_feed import Event, event_of
from noroshi.core.exchange.misp_form import draft_of_event, only_event
from noroshi.core.exchange.misp_marking import marking_of
from noroshi.core.exchange.objects.reading import take_apart
from noroshi.core.exchange.stix_report import Report, write_bundle
from noroshi.core.marking.label import Marking
from noroshi.core.recognition import MISP, STIX, TEXT
from noroshi.core.report import report_id_text
from noroshi.core.strict_json import BOM
from noroshi.flow import views

_IN_HEAD: Final = frozenset({"noroshi", "kind", "subject", "precedence", "marking", "status"})
"""What a report JSON says of its head; the head itself is exported."""


def form_in(said: views.Said) -> Report | None:
    """Return a report that is a form as it is exchanged; None: it is no form."""
    form = form_of(said.content)
    if form is None:
        return None
    told = cast("dict[str, object]", json.loads(said.content.body.decode().removeprefix(BOM)))
    return _report(said, form.kind, {n: value for n, value in told.items() if n not in _IN_HEAD})


def objects_in(said: views.Said) -> list[bytes]:
    """Return what a report says as objects of STIX, those of a bundle as they came.

    Raises:
        MalformedError: it says that it is a bundle, and is none.
    """
    if said.content.body_type == STIX:
        return take_apart(said.content.body)
    return take_apart(write_bundle(_any_report(said)))


def event_in(said: views.Said) -> Event:
    """Return what a report says as an event of MISP, that which it was made of if it was."""
    report, original = _any_report(said), None
    if said.content.body_type == MISP:
        original = _event(said.content.body)
    told = report.fields.get("original")
    if isinstance(told, dict):
        kept = cast("dict[str, object]", told)
        if kept.get("format") == FORMAT and isinstance(kept.get("content"), str):
            original = _event(str(kept["content"]))
    return event_of(report, original)


def own_markings(said: views.Said) -> set[Marking]:
    """Return how a report is handled by what it says of itself beside its head.

    Raises:
        InputError: it restricts in words that are not known here.
    """
    event = _event(said.content.body) if said.content.body_type == MISP else None
    marking = None if event is None else marking_of(event)
    return set() if marking is None else {marking}


def _any_report(said: views.Said) -> Report:
    """Return a report as it is exchanged, also one that is no form."""
    content = said.content
    fields: dict[str, object] = {}
    if content.body_type == TEXT:
        fields = {"text": content.body.decode(errors="replace")}
    elif content.body_type == MISP:
        fields = _of_event(content.body)
    return form_in(said) or _report(said, content.kind, fields)


def _of_event(body: bytes) -> dict[str, object]:
    """Return an event as the fields of a form, without the event; none, if it is no event."""
    try:
        fields = draft_of_event(json.loads(body)).fields
    except (NoroshiError, ValueError, RecursionError):
        return {}
    return {name: value for name, value in fields.items() if name != "original"}


def _event(raw: bytes | str) -> Event | None:
    try:
        return only_event(json.loads(raw))
    except (NoroshiError, ValueError, RecursionError):
        return None


def _report(said: views.Said, kind: str, fields: dict[str, object]) -> Report:
    head, content = said.head, said.content
    return Report(
        id=report_id_text(head.report_id),
        kind=kind,
        subject=content.subject,
        created_at=head.created_at,
        sender=head.sender,
        desk=content.from_desk,
        marking=Marking.parse(head.marking),
        status=head.status.value.lower(),
        precedence=head.precedence.name.lower(),
        references=tuple(map(report_id_text, content.references)),
        fields=fields,
    )
