"""What a report says, in the words of STIX: the form as a bundle, a bundle as it came."""

import json
from typing import Final, cast

from noroshi.core.chains import form_of
from noroshi.core.exchange.objects.reading import take_apart
from noroshi.core.exchange.stix_report import Report, write_bundle
from noroshi.core.marking.label import Marking
from noroshi.core.recognition import STIX, TEXT
from noroshi.core.report import Content, report_id_text
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
    content = said.content
    if content.body_type == STIX:
        return take_apart(content.body)
    report = form_in(said)
    return take_apart(write_bundle(report or _report(said, content.kind, _text_of(content))))


def _text_of(content: Content) -> dict[str, object]:
    if content.body_type != TEXT:
        return {}
    return {"text": content.body.decode(errors="replace")}


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
