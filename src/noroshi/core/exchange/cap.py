"""An alert of the Common Alerting Protocol 1.2, as values and as XML.

The structs have the elements of the standard in its order; what it requires, and which words it
allows, stands in their types. Read are alerts of strangers too: comments and instructions in the
XML are passed over, as are elements of other namespaces, such as signatures.

    write_alert(read_alert(raw))    the same elements, and all of their text
"""

import re
import typing
from typing import Annotated, Final, Literal, TypeVar, cast
from xml.sax.saxutils import escape

import msgspec

from noroshi.core.errors import InputError, MalformedError
from noroshi.core.exchange.strict_xml import Element, Limits, read_xml
from noroshi.core.instant import Instant, from_text

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
FORMAT: Final = "cap-1.2"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
LIMITS: Final = Limits("an alert", 1024 * 1024, 20_000, is_lenient=True)
NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FEWEST_POINTS: Final = 4
_MOST_LATITUDE: Final = 90
_MOST_LONGITUDE: Final = 180
_NUMBER: Final = r"[-+]?[0-9]+(?:\.[0-9]+)?"

Token = Annotated[str, msgspec.Meta(pattern="^[^ ,<&\t\r\n]+$")]
"""No spaces, commas, and neither < nor &."""
Moment = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]"
        r"(?:\.[0-9]+)?(?:Z|[-+][01][0-9]:[0-5][0-9])$"
    ),
]
"""With its time zone. Fractions and Z, which the standard lacks, are read and never written."""
Decimal = Annotated[str, msgspec.Meta(pattern=f"^{_NUMBER}$")]
Circle = Annotated[str, msgspec.Meta(pattern=f"^{_NUMBER},{_NUMBER} {_NUMBER}$")]
"""Latitude, longitude; the radius in kilometres."""
Polygon = Annotated[str, msgspec.Meta(pattern=f"^{_NUMBER},{_NUMBER}(?:\\s+{_NUMBER},{_NUMBER})*$")]
"""Points one after the other; the last is the first."""
Status = Literal["Actual", "Exercise", "System", "Test", "Draft"]
MessageType = Literal["Alert", "Update", "Cancel", "Ack", "Error"]
Scope = Literal["Public", "Restricted", "Private"]
Category = Literal[
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra",
    "CBRNE", "Other",
]  # fmt: skip
Response = Literal[
    "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"
]
Urgency = Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
Severity = Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
Certainty = Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]


class Pair(msgspec.Struct, frozen=True, rename="camel"):
    """A value and what it is."""

    value_name: str
    value: str


class Resource(msgspec.Struct, frozen=True, rename="camel"):
    """A file that belongs to an alert."""

    resource_desc: str
    mime_type: str
    size: Annotated[str, msgspec.Meta(pattern="^[0-9]+$")] | None = None
    uri: str | None = None
    deref_uri: str | None = None
    digest: str | None = None


class Area(msgspec.Struct, frozen=True, rename="camel"):
    """Where an alert holds."""

    area_desc: str
    polygon: tuple[Polygon, ...] = ()
    circle: tuple[Circle, ...] = ()
    geocode: tuple[Pair, ...] = ()
    altitude: Decimal | None = None
    ceiling: Decimal | None = None


class Info(msgspec.Struct, frozen=True, rename="camel"):
    """What an alert says, in one language."""

    category: Annotated[tuple[Category, ...], msgspec.Meta(min_length=1)]
    event: str
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    language: str | None = None
    """None: en-US, as the standard says."""
    response_type: tuple[Response, ...] = ()
    audience: str | None = None
    event_code: tuple[Pair, ...] = ()
    effective: Moment | None = None
    onset: Moment | None = None
    expires: Moment | None = None
    sender_name: str | None = None
    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    web: str | None = None
    contact: str | None = None
    parameter: tuple[Pair, ...] = ()
    resource: tuple[Resource, ...] = ()
    area: tuple[Area, ...] = ()


class Alert(msgspec.Struct, frozen=True, rename="camel"):
    """An alert."""

    identifier: Token
    sender: Token
    sent: Moment
    status: Status
    msg_type: MessageType
    scope: Scope
    source: str | None = None
    restriction: str | None = None
    addresses: str | None = None
    code: tuple[str, ...] = ()
    note: str | None = None
    references: str | None = None
    incidents: str | None = None
    info: tuple[Info, ...] = ()


_ORDER: Final[dict[type[msgspec.Struct], tuple[str, ...]]] = {
    Alert: ("identifier", "sender", "sent", "status", "msg_type", "source", "scope"),
    Info: ("language", "category", "event", "response_type"),
}
"""Elements that stand before all others, where the standard's order is not the struct's."""
_S = TypeVar("_S", bound=msgspec.Struct)


def write_alert(alert: Alert) -> bytes:
    """Return an alert as XML; characters that XML cannot hold are replaced."""
    inside = "".join(_lines(alert, 1))
    return f'{_HEAD}<alert xmlns="{NAMESPACE}">\n{inside}</alert>'.encode()


def read_alert(raw: bytes) -> Alert:
    """Return the alert that XML holds.

    Raises:
        MalformedError: it is no alert as the standard wants it; the message names the element.
    """
    root = read_xml(raw, LIMITS)
    if (root.namespace, root.name) != (NAMESPACE, "alert"):
        raise MalformedError("the XML is no alert of CAP 1.2")
    alert = _read(root, Alert)
    instant_of(alert.sent)
    for info in alert.info:
        for moment in filter(None, (info.effective, info.onset, info.expires)):
            instant_of(moment)
        for area in info.area:
            _check(area)
    return alert


def instant_of(moment: str) -> Instant:
    """Return the instant that a time of an alert names.

    Raises:
        MalformedError: there is no such time.
    """
    try:
        return from_text(moment)
    except InputError as error:
        raise MalformedError(error.message) from None


def pairs(line: str) -> list[tuple[float, float]]:
    """Return the points of a polygon, or of a circle without its radius."""
    points = [point.partition(",") for point in line.split()]
    return [(float(latitude), float(longitude)) for latitude, _, longitude in points]


def _check(area: Area) -> None:
    """Return if the shapes of an area lie on the globe.

    Raises:
        MalformedError: one does not, or is no shape.
    """
    for polygon in area.polygon:
        points = pairs(polygon)
        if len(points) < _FEWEST_POINTS or points[0] != points[-1]:
            raise MalformedError("a polygon of the alert is not closed, or has no inside")
    shapes = [*area.polygon, *(circle.partition(" ")[0] for circle in area.circle)]
    for latitude, longitude in (point for shape in shapes for point in pairs(shape)):
        if abs(latitude) > _MOST_LATITUDE or abs(longitude) > _MOST_LONGITUDE:
            raise MalformedError("a point of the alert lies off the globe")
    if any(float(circle.partition(" ")[2]) < 0 for circle in area.circle):
        raise MalformedError("a circle of the alert has no radius")


def _lines(value: msgspec.Struct, depth: int) -> typing.Iterator[str]:
    """Yield the elements of a struct, a line each."""
    first = _ORDER.get(type(value), ())
    fields = {field.name: field.encode_name for field in msgspec.structs.fields(value)}
    for name in dict.fromkeys((*first, *fields)):
        told: object = getattr(value, name)
        many = cast("tuple[object, ...]", told) if isinstance(told, tuple) else (told,)
        for each in many:
            indent = "  " * depth
            if isinstance(each, msgspec.Struct):
                yield f"{indent}<{fields[name]}>\n"
                yield from _lines(each, depth + 1)
                yield f"{indent}</{fields[name]}>\n"
            elif each is not None:
                text = escape(NO_XML.sub("\N{REPLACEMENT CHARACTER}", str(each)))
                yield f"{indent}<{fields[name]}>{text}</{fields[name]}>\n"


def _read(element: Element, type_of: type[_S]) -> _S:
    """Return an element as a struct.

    Raises:
        MalformedError: it is not as its type says.
    """
    try:
        return msgspec.convert(_values(element, type_of), type_of)
    except msgspec.ValidationError as error:
        raise MalformedError(f"the alert is not as CAP 1.2 wants it: {error}") from None


def _values(element: Element, type_of: type[msgspec.Struct]) -> dict[str, object]:
    """Return the children of an element by their names, lists where the standard allows many."""
    hints = typing.get_type_hints(type_of, include_extras=True)
    fields = {field.encode_name: field.name for field in msgspec.structs.fields(type_of)}
    found: dict[str, object] = {}
    for child in element.children:
        if child.namespace != NAMESPACE:
            continue
        name = fields.get(child.name)
        if name is None:
            raise MalformedError(f"an alert of CAP 1.2 has no element {child.name} there")
        parts = [each for each in _types(hints[name]) if issubclass(each, msgspec.Struct)]
        value: object = _values(child, parts[0]) if parts else child.text
        if tuple in _types(hints[name]):
            cast("list[object]", found.setdefault(child.name, [])).append(value)
        elif child.name in found:
            raise MalformedError(f"the element {child.name} stands twice in {element.name}")
        else:
            found[child.name] = value
    return found


def _types(hint: object) -> set[type]:
    """Return all types that a hint is made of."""
    found = {hint} if isinstance(hint, type) else set[type]()
    origin = typing.get_origin(hint)
    if isinstance(origin, type):
        found.add(origin)
    for each in typing.get_args(hint):
        found |= _types(each)
    return found
