"""Recognition: what the bytes of a body are, told from the bytes alone.

    "noroshi": 1       a report of ours as JSON; its fields fill the head
    "type": "bundle"   STIX 2.1
    "Event"            MISP, also within "response"
    other JSON         kept as JSON
    anything else      plain text, unless it looks like broken JSON

Text that must be UTF-8 is; JSON is read strictly: no duplicate names, no NaN or Infinity, no
lone surrogates, at most 64 levels deep. Whatever is recognised, the bytes stay as they are.

What it says of its own marking and of those of its parts is told too, and what STIX objects and
the tags of MISP events say wherever they lie in it: also where the bytes are called plain text,
for a name given to them changes nothing of what they hold. So it is with files that go along, as
far as they are JSON.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final, cast

import msgspec

from noroshi.core.envelope.suite import MAX_BODY
from noroshi.core.errors import InputError
from noroshi.core.exchange.misp_marking import tagged_parts
from noroshi.core.exchange.stix import marked_parts
from noroshi.core.marking.label import Marking
from noroshi.core.marking.whole import Part, distinct
from noroshi.core.portions import Portion, Tearline, portion_parts
from noroshi.core.report import MAX_SUBJECT, report_id_in
from noroshi.core.strict_json import BOM, parse_json

UPDATES: Final = "updates"
"""In a report JSON: the id of the first report of the chain that it says more of."""
CLEARED: Final = "cleared"
"""In an update: the names of fields that it takes back."""

TEXT: Final = "text/plain; charset=utf-8"
JSON: Final = "application/json"
NOROSHI: Final = "application/vnd.noroshi.report+json"
STIX: Final = "application/stix+json;version=2.1"
MISP: Final = "application/vnd.misp.event+json"

_LIKE_JSON: Final = re.compile(r'\s*(?:\{\s*(?:["}]|$)|\[\s*(?:[\[{"\]\d-]|$|true|false|null))')
MARKING_WORDS: Final = (b'"noroshi"', b"object_marking_refs", b"granular_markings")
_EVENT_WORDS: Final = (b'"Event"', b'"response"')
_ESCAPE: Final = b"\\u"
"""Without one of these words, or an escape that could hide one, JSON has no marked parts."""
_MOST_READ: Final = 10 * MAX_SUBJECT
"""How far a line is read for a subject, in characters: whitespace in it is drawn together."""


class Recognised(msgspec.Struct, frozen=True):
    """What a body is, and what it says about its own head; None: it does not say."""

    media_type: str
    kind: str = "situation-report"
    subject: str = ""
    precedence: str | None = None
    marking: str | None = None
    status: str | None = None
    portions: tuple[Portion, ...] = ()
    tearline: Tearline | None = None
    parts: tuple[Part, ...] = ()
    """Itself, and what it drags along, where that has a marking: the first of each marking."""
    fields: Mapping[str, object] = {}
    """Of a report JSON: those of its kind's form."""
    updates: bytes | None = None
    """The first report of the chain that a report JSON says more of; None: it is no update."""
    cleared: tuple[str, ...] = ()
    """The fields that an update takes back."""


class _Report(msgspec.Struct, frozen=True):
    """The fields of a report JSON that fill the head; the others belong to its kind."""

    kind: str = "situation-report"
    subject: str = ""
    precedence: str | None = None
    marking: str | None = None
    status: str | None = None
    portions: tuple[Portion, ...] = ()
    tearline: Tearline | None = None


_OF_HEAD: Final = frozenset({"noroshi", *_Report.__struct_fields__})
_NAMED: Final = _OF_HEAD | {UPDATES, CLEARED}


def recognise(body: bytes, *, as_text: bool = False) -> Recognised:
    """Return what `body` is; `as_text` takes anything that is UTF-8 as plain text.

    Raises:
        InputError: it is empty, too large, not UTF-8, or broken JSON, or the marking of a part
            cannot be read.
    """
    if len(body) > MAX_BODY:
        msg = (
            f"the body has {len(body):,} bytes; at most {MAX_BODY:,} (4 MiB) are allowed. "
            "Send the file as an attachment: --attach FILE"
        )
        raise InputError("body-too-large", msg)
    text = _decode(body)
    if not text.strip():
        raise InputError("body-empty", "the report is empty; write what there is to say")
    if not text.lstrip().startswith(("{", "[")):
        return Recognised(TEXT, subject=_first_line(text))
    try:
        value = parse_json(text)
    except ValueError as error:
        if as_text or not _LIKE_JSON.match(text):
            return Recognised(TEXT, subject=_first_line(text))
        msg = (
            f"it looks like JSON but cannot be read: {error}. "
            "Mend the file, or send it as it stands with --text"
        )
        raise InputError("bad-json", msg) from None
    inner = _parts_inside(value, body)
    if as_text:
        parts = distinct((*_parts_in_text(value), *inner))
        return Recognised(TEXT, subject=_first_line(text), parts=parts)
    found = _recognise_json(value)
    return msgspec.structs.replace(found, parts=distinct((*found.parts, *inner)))


def parts_received(body: bytes, media_type: str) -> tuple[Part, ...]:
    """Return what a body that came in drags along, whatever its sender calls it.

    Raises:
        InputError: it is not UTF-8, the marking of a part cannot be read, or it holds markings and
            is not what it is called.
    """
    if not _may_be_marked(body):
        _decode(body)
        return ()
    try:
        return recognise(body).parts
    except InputError as error:
        if error.code == "bad-json" and media_type == TEXT:
            return ()
        raise


def parts_attached(name: str, data: bytes) -> tuple[Part, ...]:
    """Return what a file that goes along says of its markings, if it is JSON.

    Raises:
        InputError: a marking cannot be read, or it speaks of markings and is broken JSON.
    """
    text = data.decode(errors="ignore").removeprefix(BOM) if _may_be_marked(data) else ""
    if not text.lstrip().startswith(("{", "[")):
        return ()
    try:
        value = parse_json(text)
    except ValueError as error:
        if not any(word in data for word in MARKING_WORDS):
            return ()
        msg = f"{name} holds markings and cannot be read as JSON: {error}; mend it"
        raise InputError("bad-marking", msg) from None
    parts = distinct((*_parts_in_text(value), *_parts_inside(value, data)))
    return tuple(Part(f"{name}: {part.name}", part.marking) for part in parts)


def check_names(found: Recognised) -> None:
    """Return if no field of a report JSON is nearly one that fills its head.

    Raises:
        InputError: one is, so that what it says would be kept and not done.
    """
    for name in found.fields:
        plain = unicodedata.normalize("NFKC", name).strip().casefold()
        meant = next((each for each in (plain, f"{plain}s") if each in _NAMED), None)
        if meant is not None and meant != name:
            msg = f"the report JSON has a field {name[:40]!r}; write it as {meant!r}"
            raise InputError("bad-json", msg)


def _recognise_json(value: object) -> Recognised:
    if not isinstance(value, dict):
        return Recognised(JSON)
    fields = cast("dict[str, object]", value)
    if "noroshi" in fields:
        return _recognise_report(fields)
    if fields.get("type") == "bundle":
        return _recognise_bundle(fields)
    event = _misp_event(fields)
    if isinstance(event, dict):
        info = cast("dict[str, object]", event).get("info")
        return Recognised(MISP, "cyber-incident", _one_line(info) or "MISP event")
    return Recognised(JSON)


def _decode(body: bytes) -> str:
    try:
        return body.decode().removeprefix(BOM)
    except UnicodeDecodeError as error:
        msg = (
            f"the text is not UTF-8 (byte {error.start}); save it as UTF-8, or send the file as "
            "an attachment: --attach FILE"
        )
        raise InputError("not-utf8", msg) from None


def _parts_in_text(value: object) -> tuple[Part, ...]:
    """Return what JSON that is sent as plain text drags along.

    Raises:
        InputError: the marking of a part cannot be read.
    """
    try:
        return _recognise_json(value).parts
    except InputError as error:
        if error.code == "bad-json":
            return ()
        raise


def _misp_event(fields: dict[str, object]) -> object:
    """Return the event of a MISP file: as it stands, or the first of an answer of its API."""
    response = fields.get("response")
    if isinstance(response, list) and response:
        response = cast("list[object]", response)[0]
    if isinstance(response, dict):
        return cast("dict[str, object]", response).get("Event")
    return fields.get("Event")


def _recognise_report(fields: dict[str, object]) -> Recognised:
    if fields["noroshi"] != 1:
        msg = f'"noroshi" is {repr(fields["noroshi"])[:40]}; this release reads version 1'
        raise InputError("bad-json", msg)
    try:
        report = msgspec.convert(fields, _Report)
    except msgspec.ValidationError as error:
        msg = f"the report JSON does not fit: {error}"
        raise InputError("bad-json", msg) from None
    parts = distinct((*_own(report.marking), *portion_parts(report.portions, report.tearline)))
    form, updates, cleared = form_in(fields)
    return Recognised(
        NOROSHI,
        **msgspec.structs.asdict(report),
        parts=parts,
        fields=form,
        updates=updates,
        cleared=cleared,
    )


def form_in(
    fields: Mapping[str, object],
) -> tuple[dict[str, object], bytes | None, tuple[str, ...]]:
    """Return the form in a report JSON, the report that it updates, and what it takes back.

    What says neither as it must stays in the form, so that it is shown.
    """
    form = {name: value for name, value in fields.items() if name not in _OF_HEAD}
    updates, cleared = report_id_in(form.get(UPDATES)), form.get(CLEARED, [])
    if updates is None or not _is_names(cleared):
        return form, None, ()
    names = tuple(cast("list[str]", cleared))
    return {n: v for n, v in form.items() if n not in {UPDATES, CLEARED}}, updates, names


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(name, str) for name in cast("list[object]", value)
    )


def _recognise_bundle(fields: dict[str, object]) -> Recognised:
    objects = fields.get("objects", [])
    if not isinstance(objects, list):
        raise InputError("bad-json", 'the "objects" of a STIX bundle must be a list')
    items = [
        cast("dict[str, object]", o) for o in cast("list[object]", objects) if isinstance(o, dict)
    ]
    names = (_one_line(item.get("name")) for item in items if item.get("type") == "report")
    subject = next(filter(None, names), f"STIX 2.1 bundle of {len(items)} objects")
    return Recognised(STIX, "cyber-incident", subject)


def _own(marking: str | None) -> tuple[Part, ...]:
    return () if marking is None else (Part("the file itself", Marking.parse(marking)),)


def _may_be_marked(data: bytes) -> bool:
    return any(word in data for word in (*MARKING_WORDS, *_EVENT_WORDS, _ESCAPE))


def _parts_inside(value: object, data: bytes) -> tuple[Part, ...]:
    """Return what objects of STIX and events of MISP say of their markings."""
    if not _may_be_marked(data):
        return ()
    return distinct((*marked_parts(value), *tagged_parts(value)))


def _first_line(text: str) -> str:
    return _one_line(text.lstrip()[:_MOST_READ].splitlines()[0])


def _one_line(value: object) -> str:
    if not isinstance(value, str):
        return ""
    start = value.lstrip()[:_MOST_READ]
    printable = (
        start if start.isprintable() else "".join(c if c.isprintable() else " " for c in start)
    )
    return " ".join(printable.split())[:MAX_SUBJECT]
