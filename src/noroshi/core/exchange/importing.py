"""What another system wrote, recognised by its content, as the draft of a report.

"type": "bundle"   a STIX bundle that `export` made: the same form again
"Event"            a MISP event: a cyber incident
<alert ...>        a CAP 1.2 alert: the form that `export` made it of, else a situation report
"""

import json
from collections.abc import Mapping
from typing import Final, cast

from noroshi.core.envelope.suite import MAX_BODY
from noroshi.core.errors import InputError
from noroshi.core.exchange.cap_form import draft_of_alert
from noroshi.core.exchange.drafts import Draft, apart, report_json
from noroshi.core.exchange.misp_form import draft_of_event
from noroshi.core.exchange.stix_reading import read_bundle
from noroshi.core.exchange.stix_report import Report
from noroshi.core.strict_json import BOM, parse_json

LARGEST: Final = 64 * 1024 * 1024
"""Bytes that are read."""


def draft_of(raw: bytes) -> Draft:
    """Return the draft that a file is.

    Raises:
        InputError: it is nothing of these, or several of them, or restricted in unknown words.
        MalformedError: it is broken.
    """
    if len(raw) > LARGEST:
        raise InputError("bad-import", f"the file has more than {LARGEST >> 20} MiB; take it apart")
    try:
        text = raw.decode().removeprefix(BOM)
    except UnicodeDecodeError as error:
        raise InputError("not-utf8", f"the file is not UTF-8 (byte {error.start})") from None
    if text.lstrip().startswith("<"):
        told = draft_of_alert(text)
        return draft_of_report(told) if isinstance(told, Report) else told
    return _of_json(text)


def _of_json(text: str) -> Draft:
    try:
        value = parse_json(text)
    except ValueError as error:
        raise InputError("bad-json", f"it cannot be read as JSON: {error}") from None
    told = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    if told.get("type") == "bundle":
        return draft_of_report(read_bundle(told))
    if told.keys() & {"Event", "response"}:
        return draft_of_event(told)
    msg = (
        "it is no MISP event, no CAP 1.2 alert and no STIX bundle that `noroshi export` made; "
        "`noroshi send` takes any file as it is"
    )
    raise InputError("bad-import", msg)


def draft_of_report(report: Report) -> Draft:
    """Return a report that came back from another system as the draft of one anew."""
    return Draft(
        kind=report.kind,
        subject=report.subject,
        marking=report.marking,
        status=report.status,
        precedence=report.precedence,
        fields=report.fields,
    )


def form_of(draft: Draft, raw: bytes, *, without_original: bool = False) -> dict[str, object]:
    """Return a draft as a report JSON that `send` takes.

    Args:
        draft: made of `raw`.
        raw: the file that it was made of.
        without_original: whether the file goes along as an attachment; the form has its digest.

    Raises:
        InputError: it has no room in a report.
    """
    form = report_json(apart(draft, raw) if without_original else draft)
    size = len(encode_form(form))
    if size > MAX_BODY:
        msg = (
            f"the form with its original has {size:,} bytes; a report has at most {MAX_BODY:,}. "
            "Use --apart, and send the file along: --attach FILE"
        )
        raise InputError("body-too-large", msg)
    return form


def encode_form(form: Mapping[str, object]) -> bytes:
    """Return a report JSON as bytes that people can read."""
    return json.dumps(form, ensure_ascii=False, indent=1).encode() + b"\n"
