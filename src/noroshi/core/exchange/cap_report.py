"""A report as a CAP 1.2 alert, and back with equal values.

The elements say what an alert can say; fields say by :class:`noroshi.core.kinds.form.InAlert`
which. A parameter `noroshi` names the fields that the elements say exactly, and each other field
has a parameter of its own with its value as JSON. What an element says exactly is found out by
reading the alert back: so nothing rests on what this page believes of itself.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, cast, get_args

import msgspec

from noroshi.core.errors import InputError, MalformedError
from noroshi.core.exchange import cap
from noroshi.core.exchange.stix_report import Report
from noroshi.core.instant import Instant, from_text, to_text
from noroshi.core.kinds.form import Field, InAlert
from noroshi.core.kinds.kind import Kind, all_kinds
from noroshi.core.marking.label import Marking, Tlp
from noroshi.core.strict_json import parse_json

OURS: Final = "noroshi"
KIND_CODE: Final = "noroshi:kind"
_FIELD: Final = "noroshi:"
_VERSION: Final = 1
_NAME: Final = re.compile("[a-z][a-z0-9_]{0,63}")
_OTHERS: Final = "noroshi:*"
"""Fields whose names are no names of ours, in one JSON object."""
_STATUSES: Final[dict[str, cap.Status]] = {
    "actual": "Actual", "exercise": "Exercise", "test": "Test"
}  # fmt: skip
_URGENCIES: Final = {"flash": "Immediate", "immediate": "Expected"}
_CERTAINTIES: Final = {
    "1": "Unlikely", "2": "Possible", "3": "Possible", "4": "Possible", "5": "Likely",
    "6": "Likely", "7": "Likely",
}  # fmt: skip
_LEVELS: Final[dict[str, tuple[str, ...]]] = {
    "urgency": get_args(cap.Urgency), "severity": get_args(cap.Severity),
    "certainty": get_args(cap.Certainty),
}  # fmt: skip
_TIMES: Final = frozenset({"onset", "expires", "effective"})
_HAZARD: Final = "hazard"
_CONFIRMED: Final = "confirmed"
_LONGEST_RADIUS: Final = 20_038
_CATEGORIES: Final = {
    "earthquake": "Geo", "tsunami": "Geo", "volcano": "Geo", "landslide": "Geo",
    "typhoon": "Met", "flood": "Met", "storm_surge": "Met", "wildfire": "Fire",
    "epidemic": "Health", "radiation": "CBRNE", "chemical": "CBRNE", "oil_spill": "Env",
    "live_fire": "Safety",
}  # fmt: skip
_WHOLE_SECONDS: Final = 19
_URL: Final = re.compile(r"https?://[\x21-\x7e]+")
_LANGUAGE: Final = re.compile("[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_UNKNOWN_LANGUAGE: Final = "und"
_PUBLIC: Final = Marking(tlp=Tlp.CLEAR)
_NO_TOKEN: Final = re.compile(r"[\s,<&]")


class Referred(msgspec.Struct, frozen=True):
    """The first report of a chain, which an update names."""

    id: str
    sender: str
    desk: str
    created_at: Instant


def write_report(report: Report, first: Referred | None = None) -> bytes:
    """Return a report as an alert; `first` is what it updates.

    Raises:
        InputError: a report of its kind is no alert.
    """
    kind = all_kinds().get(report.kind)
    if kind is None or not kind.categories or report.status not in _STATUSES:
        names = ", ".join(name for name, each in all_kinds().items() if each.categories)
        msg = f"a report of the kind {report.kind} is no alert; there are {names}. Use --as stix"
        raise InputError("bad-input", msg)
    bare = _alert(report, first, _info(report, kind))
    told = _fields(cap.read_alert(cap.write_alert(bare)).info[0], kind)
    said = [
        name
        for name, value in report.fields.items()
        if name in told and _json(told[name]) == _json(value)
    ]
    rest = {name: value for name, value in report.fields.items() if name not in said}
    parameters = tuple(
        cap.Pair(name, value) for name, value in _parameters(report, said, rest).items()
    )
    info = msgspec.structs.replace(bare.info[0], parameter=parameters)
    return cap.write_alert(msgspec.structs.replace(bare, info=(info,)))


def read_report(alert: cap.Alert) -> Report | None:
    """Return the report that an alert was made from; None: it was made from none of ours.

    A report of a kind, or in a version, that this release does not know is none either.

    Raises:
        MalformedError: it contradicts itself.
        InputError: its marking is not known.
    """
    info = alert.info[0] if len(alert.info) == 1 else None
    pairs = {} if info is None else {each.value_name: each.value for each in info.parameter}
    if info is None or OURS not in pairs:
        return None
    try:
        head = msgspec.json.decode(pairs[OURS], type=_Head)
    except msgspec.MsgspecError as error:
        raise MalformedError(f"the parameter noroshi does not fit: {error}") from None
    kind = all_kinds().get(head.kind)
    if head.version != _VERSION or kind is None:
        return None
    if len(pairs) != len(info.parameter):
        raise MalformedError("the alert names a parameter twice")
    return Report(
        id=alert.identifier,
        kind=head.kind,
        subject=head.subject,
        created_at=cap.instant_of(head.created_at),
        sender=head.sender,
        desk=head.desk,
        marking=_marking(alert),
        status=alert.status.lower(),
        precedence=head.precedence,
        references=head.references,
        fields=_read_fields(_fields(info, kind), head, pairs),
    )


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """What of a report's head no element says exactly."""

    version: int
    kind: str
    subject: str
    created_at: str
    sender: str
    desk: str
    precedence: str
    references: tuple[str, ...] = ()
    said: tuple[str, ...]
    """Those whose values stand in elements."""


def _alert(report: Report, first: Referred | None, info: cap.Info) -> cap.Alert:
    is_public = report.marking == _PUBLIC
    return cap.Alert(
        identifier=_token(report.id),
        sender=_token(f"{report.desk}@{report.sender}"),
        sent=_moment(report.created_at),
        status=_STATUSES[report.status],
        msg_type="Alert" if first is None else "Update",
        scope="Public" if is_public else "Restricted",
        restriction=None if is_public else str(report.marking),
        references=None if first is None else _reference(first),
        info=(info,),
    )


def _reference(first: Referred) -> str:
    parts = (_token(f"{first.desk}@{first.sender}"), _token(first.id), _moment(first.created_at))
    return ",".join(parts)


def _info(report: Report, kind: Kind) -> cap.Info:
    """Return what the elements can say of a form, exactly or not."""
    told: dict[str, object] = {
        "category": _categories(report, kind),
        "event": kind.name.replace("-", " "),
        "urgency": _URGENCIES.get(report.precedence, "Unknown"),
        "severity": "Unknown",
        "certainty": _certainty(report, kind),
        "language": _UNKNOWN_LANGUAGE,
        "eventCode": [{"valueName": KIND_CODE, "value": kind.name}],
        "senderName": report.sender,
        "headline": report.subject or kind.name,
    }
    for field in kind.fields:
        if field.in_alert is not None and field.name in report.fields:
            told |= _elements(field.in_alert.element, report.fields[field.name])
    return msgspec.convert(told, cap.Info)


def _elements(element: str, value: object) -> dict[str, object]:
    """Return the elements that say a value; none where they cannot."""
    if element == "area":
        many = cast("list[object]", value) if isinstance(value, list) else [value]
        areas = [_area(each) for each in many]
        return {"area": [area for area in areas if area is not None]}
    if element == "window":
        window = cast("dict[str, object]", value) if isinstance(value, dict) else {}
        begins, ends = _elements("onset", window.get("begins_at")), window.get("ends_at")
        return {**begins, **_elements("expires", ends)}
    if element in _TIMES:
        at = _written(value)
        return {} if at is None else {element: _moment(at)}
    if element == "web":
        many = cast("list[object]", value) if isinstance(value, list) else []
        urls = [each for each in many if isinstance(each, str) and _URL.fullmatch(each)]
        return {"web": urls[0]} if urls else {}
    if not isinstance(value, str) or value not in _LEVELS.get(element, (value,)):
        return {}
    is_language = element != "language" or _LANGUAGE.fullmatch(value)
    return {element: value} if is_language else {}


def _area(value: object) -> dict[str, object] | None:
    """Return a place as an area: its name, and a circle; a point is a circle without a radius."""
    if isinstance(value, str):
        return {"areaDesc": value}
    place = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    degrees = [
        _decimal(place.get(name), most) for name, most in (("latitude", 90), ("longitude", 180))
    ]
    radius = _decimal(place.get("radius_km", 0), _LONGEST_RADIUS)
    name = place.get("name")
    if None in degrees or radius is None or radius.startswith("-"):
        return {"areaDesc": name} if isinstance(name, str) else None
    point = ",".join(cast("list[str]", degrees))
    return {"areaDesc": name if isinstance(name, str) else point, "circle": [f"{point} {radius}"]}


def place_of(area: cap.Area) -> object:
    """Return an area as a place, as far as a place says it: a name, or a circle or point."""
    if len(area.circle) != 1 or area.polygon:
        return area.area_desc
    point, _, radius = area.circle[0].partition(" ")
    latitude, _, longitude = point.partition(",")
    place: dict[str, object] = {} if area.area_desc == point else {"name": area.area_desc}
    place |= {"latitude": _number(latitude), "longitude": _number(longitude)}
    return place if float(radius) == 0 else {**place, "radius_km": _number(radius)}


def time_of(moment: str) -> str:
    """Return a time of an alert as a form has it: in UTC."""
    return to_text(cap.instant_of(moment)).replace(".000000Z", "Z")


def _fields(info: cap.Info, kind: Kind) -> dict[str, object]:
    """Return the fields of a kind that the elements say, as far as they do."""
    found: dict[str, object] = {}
    for field in kind.fields:
        value = None if field.in_alert is None else _value(field.in_alert.element, info, field)
        if value is not None:
            found[field.name] = value
    return found


def _value(element: str, info: cap.Info, field: Field) -> object:
    """Return what the elements say of a field; None: nothing."""
    if element == "area":
        places = [place_of(area) for area in info.area]
        return places if field.is_many else places[0] if len(places) == 1 else None
    if element == "window":
        begins, ends = info.onset, info.expires
        if begins is None or ends is None:
            return None
        return {"begins_at": time_of(begins), "ends_at": time_of(ends)}
    told: str | None = getattr(info, element)
    if told is None or told == _UNKNOWN_LANGUAGE:
        return None
    if element in _TIMES:
        return time_of(told)
    return [told] if element == "web" else told


def _read_fields(
    told: Mapping[str, object], head: _Head, pairs: Mapping[str, str]
) -> dict[str, object]:
    """Return all fields: those that elements say exactly, and those of parameters."""
    missing = [name for name in head.said if name not in told]
    if missing:
        raise MalformedError(f"the alert lacks what it says of {missing[0]}")
    fields = {name: told[name] for name in head.said}
    for name, text in pairs.items():
        if not name.startswith(_FIELD):
            continue
        more = {name.removeprefix(_FIELD): parsed(text)}
        if name == _OTHERS:
            value = parsed(text)
            more = cast("dict[str, object]", value) if isinstance(value, dict) else {}
        if more.keys() & fields.keys():
            raise MalformedError("the alert says a field twice")
        fields |= more
    return fields


def _parameters(report: Report, said: list[str], rest: Mapping[str, object]) -> dict[str, str]:
    """Return what no element says, as names and values."""
    head = {
        "version": _VERSION, "kind": report.kind, "subject": report.subject,
        "created_at": to_text(report.created_at), "sender": report.sender, "desk": report.desk,
        "precedence": report.precedence, "references": list(report.references), "said": said,
    }  # fmt: skip
    named = {name: value for name, value in rest.items() if _NAME.fullmatch(name)}
    others = {name: value for name, value in rest.items() if name not in named}
    told = {OURS: _json(head)} | {f"{_FIELD}{name}": _json(named[name]) for name in named}
    return {**told, _OTHERS: _json(others)} if others else told


def _categories(report: Report, kind: Kind) -> list[str]:
    """Return what an alert is about: what its kind says, and its hazards."""
    found: dict[str, None] = {}
    for field in kind.fields:
        if field.says.vocabulary == _HAZARD:
            told = report.fields.get(field.name)
            for each in cast("list[object]", told) if isinstance(told, list) else [told]:
                if isinstance(each, str) and each in _CATEGORIES:
                    found[_CATEGORIES[each]] = None
    return list(found | dict.fromkeys(kind.categories))


def _certainty(report: Report, kind: Kind) -> str:
    """Return how sure it is: by its likelihood; what has a time that is over was observed."""
    likelihood = report.fields.get("likelihood")
    if likelihood is not None:
        return _CERTAINTIES.get(str(likelihood), "Unknown")
    if report.fields.get("determination", _CONFIRMED) != _CONFIRMED:
        return "Unknown"
    begun = [each.name for each in kind.fields if each.in_alert == InAlert("onset")]
    times = [_written(report.fields.get(name)) for name in begun]
    is_over = any(at is not None and at <= report.created_at for at in times)
    return "Observed" if is_over else "Unknown"


def _marking(alert: cap.Alert) -> Marking:
    if alert.restriction is None and alert.scope == "Public":
        return _PUBLIC
    return Marking.parse(alert.restriction or "")


def _moment(at: Instant) -> str:
    """Return a time as the standard writes it: UTC is -00:00, and never Z."""
    return f"{to_text(at)[:_WHOLE_SECONDS]}-00:00"


def _written(value: object) -> Instant | None:
    """Return the time that a form has, if it is one."""
    try:
        return from_text(value) if isinstance(value, str) else None
    except InputError:
        return None


def _decimal(value: object, most: float) -> str | None:
    """Return a number in its range, without an exponent; None: it is none."""
    if type(value) not in {int, float} or not -most <= cast("float", value) <= most:
        return None
    return format(Decimal(repr(value)), "f")


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _token(text: str) -> str:
    return _NO_TOKEN.sub("-", text)


def _json(value: object) -> str:
    """Return a value as JSON that XML can hold."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return cap.NO_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def parsed(text: str) -> object:
    """Return the value of a parameter of ours.

    Raises:
        MalformedError: it is none.
    """
    try:
        return parse_json(text)
    except ValueError:
        raise MalformedError("a parameter of the alert is no JSON") from None
