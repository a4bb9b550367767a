"""An alert of a stranger as the draft of a situation report, of which nothing is lost.

headline, event          the subject; what is no new alert says so there ("Cancel: ...")
description              information; what has no field follows, a line each
urgency, severity, certainty, instruction, contact, language, the first area
fields of their own
web, references          references
the whole alert          `original`
"""

from collections.abc import Iterator
from typing import Final

from noroshi.core.errors import InputError
from noroshi.core.exchange import cap
from noroshi.core.exchange.cap_report import place_of, read_report, time_of
from noroshi.core.exchange.drafts import Draft, one_line, original, paragraphs
from noroshi.core.exchange.stix_report import Report
from noroshi.core.kinds.form import MAX_LINE, MAX_TEXT
from noroshi.core.marking.label import Marking, Tlp

_STATUSES: Final[dict[str, str]] = {"Actual": "actual", "Exercise": "exercise"}
"""All others are no matter for action: they count as tests."""
_RED: Final = Marking(tlp=Tlp.RED)
_ENGLISH: Final = "en-US"
_NO_LANGUAGE: Final = "und"


def draft_of_alert(text: str) -> Draft | Report:
    """Return what an alert is: the report that it was made from, else a draft.

    Raises:
        MalformedError: it is no alert, or a part of it is wrong.
        InputError: a report of ours has a marking that is not known here.
    """
    alert = cap.read_alert(text.encode())
    ours = read_report(alert)
    if ours is not None:
        return ours
    info = alert.info[0] if alert.info else None
    title = (info.headline or info.event) if info else alert.note or alert.msg_type
    prefix = "" if alert.msg_type == "Alert" else f"{alert.msg_type}: "
    references = [*_web(alert), f"cap:{alert.sender},{alert.identifier}", *_related(alert)]
    lines = [*_described(info), *_lines(alert), *(e for e in references if len(e) > MAX_LINE)]
    fields: dict[str, object] = {
        **({"information": paragraphs(lines, MAX_TEXT)} if lines else {}),
        "as_of": time_of((info.effective if info else None) or alert.sent),
        **(_assessed(info) if info else {}),
        "references": [each for each in references if len(each) <= MAX_LINE],
        "original": original(cap.FORMAT, text),
    }
    return Draft(
        kind="situation-report",
        subject=one_line(f"{prefix}{title}"),
        marking=_marking(alert),
        status=_STATUSES.get(alert.status, "test"),
        fields=fields,
        keeps_file=True,
    )


def _marking(alert: cap.Alert) -> Marking | None:
    """Return who may have an alert; words of others that restrict count as TLP:RED."""
    if alert.scope == "Public" and alert.restriction is None:
        return None
    try:
        return Marking.parse(alert.restriction or "")
    except InputError:
        return _RED


def _described(info: cap.Info | None) -> list[str]:
    return [info.description] if info is not None and info.description else []


def _assessed(info: cap.Info) -> dict[str, object]:
    """Return the fields of a form that say what an info says exactly."""
    language = info.language or _ENGLISH
    found: dict[str, object | None] = {
        "urgency": info.urgency,
        "severity": info.severity,
        "certainty": info.certainty,
        "ask": info.instruction if _fits(info.instruction, MAX_TEXT) else None,
        "contact": info.contact if _fits(info.contact, MAX_LINE) else None,
        "place": place_of(info.area[0]) if info.area and _is_place(info.area[0]) else None,
        "language": language if language != _NO_LANGUAGE and _fits(language, MAX_LINE) else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _fits(text: str | None, longest: int) -> bool:
    return text is not None and 0 < len(text) <= longest


def _is_place(area: cap.Area) -> bool:
    return _fits(area.area_desc, MAX_LINE)


def _web(alert: cap.Alert) -> list[str]:
    """Return the addresses that an alert names."""
    found = [info.web for info in alert.info]
    found += [each.uri for info in alert.info for each in info.resource]
    return list(dict.fromkeys(each for each in found if each))


def _related(alert: cap.Alert) -> list[str]:
    return [f"cap:{each}" for each in (alert.references or "").split()]


def _lines(alert: cap.Alert) -> Iterator[str]:
    """Yield what has no field, a line each."""
    told = {
        "source": alert.source, "restriction": alert.restriction, "addresses": alert.addresses,
        "code": alert.code, "note": alert.note, "incidents": alert.incidents,
        "scope": None if alert.scope == "Public" else alert.scope,
        "status": None if alert.status in _STATUSES else alert.status,
    }  # fmt: skip
    for name, value in told.items():
        yield from _named(name, value)
    for number, info in enumerate(alert.info):
        yield from _of_info(info, is_first=number == 0)


def _of_info(info: cap.Info, *, is_first: bool) -> Iterator[str]:
    """Yield what an info says; of the first one, what has no field."""
    if not is_first:
        yield f"[{info.language or _ENGLISH}] {info.headline or info.event}"
        yield from _described(info)
        yield from _named("instruction", info.instruction)
        yield from _named("contact", info.contact)
        yield f"{info.urgency}, {info.severity}, {info.certainty}"
    else:
        has_title = bool(info.headline)
        yield from _named("event", info.event if has_title else None)
        yield from _named("instruction", _left(info.instruction, MAX_TEXT))
        yield from _named("contact", _left(info.contact, MAX_LINE))
    for name, value in (
        ("category", info.category), ("responseType", info.response_type),
        ("audience", info.audience), ("effective", info.effective), ("onset", info.onset),
        ("expires", info.expires), ("senderName", info.sender_name),
    ):  # fmt: skip
        yield from _named(name, value)
    for name, pairs in (("eventCode", info.event_code), ("parameter", info.parameter)):
        for pair in pairs:
            yield f"{name} {pair.value_name}: {pair.value}"
    for resource in info.resource:
        yield f"resource: {resource.resource_desc}, {resource.mime_type}"
    for number, area in enumerate(info.area):
        is_field = is_first and number == 0 and _is_place(area)
        yield from _of_area(area, is_field=is_field)


def _of_area(area: cap.Area, *, is_field: bool) -> Iterator[str]:
    """Yield what an area says; of the first one, what a place does not."""
    is_whole = is_field and len(area.circle) == 1 and not area.polygon
    if not is_field:
        yield f"area: {area.area_desc}"
    yield from _named("polygon", area.polygon)
    yield from _named("circle", () if is_whole else area.circle)
    for pair in area.geocode:
        yield f"geocode {pair.value_name}: {pair.value}"
    yield from _named("altitude", area.altitude)
    yield from _named("ceiling", area.ceiling)


def _left(text: str | None, longest: int) -> str | None:
    """Return a text that is too long for its field."""
    return text if text is not None and len(text) > longest else None


def _named(name: str, value: str | tuple[str, ...] | None) -> Iterator[str]:
    for each in (value,) if isinstance(value, str) else value or ():
        if each:
            yield f"{name}: {each}"
