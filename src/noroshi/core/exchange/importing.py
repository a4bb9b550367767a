"""What another system wrote, recognised by its content, as the draft of a report.

"type": "bundle"   a STIX bundle that `export` made: the same form again; a bundle to which somebody
                   has added is kept whole beside it, and its strictest marking holds
"Event"            a MISP event: a cyber incident
<alert ...>        a CAP 1.2 alert: the form that `export` made it of, else a situation report
"""

import json
from collections.abc import Mapping
from typing import Final, cast

import msgspec

from noroshi.core.envelope.suite import MAX_BODY
from noroshi.core.errors import InputError
from noroshi.core.exchange.cap_form import draft_of_alert
from noroshi.core.exchange.drafts import Draft, apart, as_json, original, report_json
from noroshi.core.exchange.misp_form import draft_of_event
from noroshi.core.exchange.stix import marked_parts
from noroshi.core.exchange.stix_reading import is_added_to, read_bundle
from noroshi.core.exchange.stix_report import FORMAT, Report
from noroshi.core.marking.combine import combine
from noroshi.core.marking.label import Marking
from noroshi.core.marking.rules import Rules
from noroshi.core.strict_json import BOM, parse_json

LARGEST: Final = 64 * 1024 * 1024
"""Bytes that are read."""
NO_RULES: Final = Rules((), ())
"""Of whoever knows no policy: classifications that differ are then refused."""


def draft_of(raw: bytes, rules: Rules = NO_RULES) -> Draft:
    """Return the draft that a file is; `rules` say which of several markings is the strictest.

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
    return _of_json(text, rules)


def _of_json(text: str, rules: Rules) -> Draft:
    try:
        value = parse_json(text)
    except ValueError as error:
        raise InputError("bad-json", f"it cannot be read as JSON: {error}") from None
    told = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    if told.get("type") == "bundle":
        return _of_bundle(told, rules)
    if told.keys() & {"Event", "response"}:
        return draft_of_event(told)
    msg = (
        "it is no MISP event, no CAP 1.2 alert and no STIX bundle that `noroshi export` made; "
        "`noroshi send` takes any file as it is"
    )
    raise InputError("bad-import", msg)


def _of_bundle(bundle: dict[str, object], rules: Rules) -> Draft:
    """Return a bundle of ours as a draft, with all that others have put into it."""
    report = read_bundle(bundle)
    markings = [report.marking, *(part.marking for part in marked_parts(bundle))]
    draft = msgspec.structs.replace(draft_of_report(report), marking=_strictest(markings, rules))
    if not is_added_to(bundle, report):
        return draft
    if "original" in draft.fields:
        msg = (
            "the bundle holds more than the report that it was made from, and that has an original "
            "already; take out what was added, or send the bundle itself: noroshi send FILE"
        )
        raise InputError("bad-import", msg)
    fields = {**draft.fields, "original": original(FORMAT, as_json(bundle))}
    return msgspec.structs.replace(draft, fields=fields, keeps_file=True)


def _strictest(markings: list[Marking], rules: Rules) -> Marking:
    """Return the marking that is as strict as each; one alone is known by whoever wrote it."""
    different = list(dict.fromkeys(markings))
    return different[0] if len(different) == 1 else combine(different, rules)


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
