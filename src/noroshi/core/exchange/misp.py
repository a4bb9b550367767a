"""A MISP event: its attributes, those of its objects too, as values that a form can take.

    domain, ip-dst, sha1 ...       an indicator with the STIX type
    domain|ip, filename|md5 ...    two indicators, each with the whole in its note
    link, vulnerability            a reference, a vulnerability
    any other, such as btc         an indicator of the type misp:btc
    comment, or too long           a paragraph

Only types and places are turned round here: no value is altered, none is left out.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from noroshi.core.errors import InputError, MalformedError
from noroshi.core.exchange.drafts import cut
from noroshi.core.instant import Instant, from_text, to_text
from noroshi.core.kinds.form import MAX_LINE

FORMAT: Final = "misp-event"
_OWN: Final = "misp:"
"""Begins the types that STIX has no name for."""
TYPES: Final = {
    "domain": "domain-name", "hostname": "domain-name", "url": "url",
    "email": "email-addr", "email-src": "email-addr", "email-dst": "email-addr",
    "email-reply-to": "email-addr", "mac-address": "mac-addr",
    "md5": "file:hashes.MD5", "sha1": "file:hashes.SHA-1", "sha256": "file:hashes.SHA-256",
    "sha512": "file:hashes.SHA-512", "sha3-256": "file:hashes.SHA3-256",
    "sha3-512": "file:hashes.SHA3-512", "ssdeep": "file:hashes.SSDEEP",
    "tlsh": "file:hashes.TLSH", "filename": "file:name", "malware-sample": "file:name",
    "mutex": "mutex:name", "regkey": "windows-registry-key:key",
    "value": "windows-registry-key:values.data", "AS": "autonomous-system:number",
}  # fmt: skip
_ADDRESSES: Final = frozenset({"ip", "ip-src", "ip-dst"})
_READ: Final = frozenset({"External analysis", "Internal reference", "Support Tool"})
"""Categories whose addresses are there to be read."""
_SPLIT_AT_LAST: Final = ("filename", "malware-sample")
"""A name may have the sign itself; a hash has none."""


class Attribute(msgspec.Struct):
    """An attribute, as far as a form says it."""

    type: str
    value: str | int | float = ""
    category: str | None = None
    comment: str | None = None
    to_ids: bool = False
    deleted: bool = False
    object_relation: str | None = None
    first_seen: str | None = None
    last_seen: str | None = None


class Object(msgspec.Struct):
    """Attributes that belong together."""

    name: str = ""
    comment: str | None = None
    deleted: bool = False
    first_seen: str | None = None
    last_seen: str | None = None
    attributes: list[Attribute] = msgspec.field(default_factory=list, name="Attribute")


class Organisation(msgspec.Struct):
    """Who made an event."""

    name: str = ""


class Event(msgspec.Struct):
    """An event, as far as a form says it."""

    info: str = ""
    uuid: str = ""
    date: str | None = None
    threat_level_id: int | None = None
    analysis: int | None = None
    extends_uuid: str | None = None
    maker: Organisation | None = msgspec.field(default=None, name="Orgc")
    attributes: list[Attribute] = msgspec.field(default_factory=list, name="Attribute")
    objects: list[Object] = msgspec.field(default_factory=list, name="Object")


class Told(msgspec.Struct):
    """What the attributes of an event become."""

    indicators: list[tuple[bool, dict[str, str]]] = []
    """Each with whether it is meant for detection."""
    references: dict[str, None] = {}
    vulnerabilities: dict[str, None] = {}
    paragraphs: list[str] = []
    first_seen: str | None = None
    last_seen: str | None = None


def read_event(event: object) -> Event:
    """Return an event out of JSON values; numbers and truths may be written as text.

    Raises:
        MalformedError: it is not as MISP writes events; the message names the place.
    """
    try:
        return msgspec.convert(event, Event, strict=False)
    except msgspec.ValidationError as error:
        raise MalformedError(f"the MISP event is not as it must be: {error}") from None


def tell(event: Event) -> Told:
    """Return what the attributes of an event become; those that were deleted say nothing."""
    told = Told()
    held = list(_attributes(event))
    for within, attribute in held:
        _tell_one(attribute, within, told)
    objects = [each for each in event.objects if not each.deleted]
    for each in objects:
        if each.comment:
            told.paragraphs.append(f"{each.name}: {each.comment}")
    timed: list[Attribute | Object] = [*(attribute for _, attribute in held), *objects]
    first = [at for each in timed for at in _instants(each.first_seen)]
    last = [at for each in timed for at in _instants(each.last_seen)]
    told.first_seen = to_text(min(first)) if first else None
    told.last_seen = to_text(max(last)) if last else None
    return told


def _attributes(event: Event) -> Iterator[tuple[str, Attribute]]:
    """Yield each attribute that holds, with what it lies in."""
    for attribute in event.attributes:
        if not attribute.deleted:
            yield "", attribute
    for each in event.objects:
        for attribute in each.attributes:
            if not attribute.deleted and not each.deleted:
                yield f"{each.name} {attribute.object_relation or ''}".strip(), attribute


def _tell_one(attribute: Attribute, within: str, told: Told) -> None:
    kind, value, comment = attribute.type, str(attribute.value), attribute.comment
    is_read = kind == "link" or (kind == "url" and attribute.category in _READ)
    found = told.references if is_read and not attribute.to_ids else None
    if kind == "vulnerability":
        found = told.vulnerabilities
    if len(value) > MAX_LINE or not value or kind == "comment":
        about = ", ".join(filter(None, (kind, within, comment)))
        told.paragraphs.append(f"{about}: {value}")
    elif found is not None:
        found[value] = None
        if comment:
            told.paragraphs.append(f"{value}: {comment}")
    else:
        for type_of, part, whole in _parts(kind, value):
            named = {"type": type_of, "value": part}
            note = _note(attribute, within, type_of, whole)
            told.indicators.append((attribute.to_ids, {**named, "note": note} if note else named))


def _parts(kind: str, value: str) -> Iterator[tuple[str, str, str]]:
    """Yield the indicators that an attribute is: type, value, and the whole if it is a part."""
    left, between, right = kind.partition("|")
    split = value.rpartition("|") if left in _SPLIT_AT_LAST else value.partition("|")
    if between and split[0] and split[2]:
        yield _type(left, split[0]), split[0], f"{kind} {value}"
        yield _type(right, split[2]), split[2], f"{kind} {value}"
    else:
        yield _type(kind, value), value, ""


def _type(kind: str, value: str) -> str:
    if kind in _ADDRESSES:
        return "ipv6-addr" if ":" in value else "ipv4-addr"
    return TYPES.get(kind) or f"{_OWN}{kind}"[:MAX_LINE]


def _note(attribute: Attribute, within: str, type_of: str, whole: str) -> str:
    """Return what is to know of an indicator, in one line; the rest is in the original."""
    is_own = type_of.startswith(_OWN)
    is_context = not attribute.to_ids and not is_own
    told = (
        "to_ids=0" if is_context else "", attribute.category if is_own else "", within, whole,
        attribute.comment,
    )  # fmt: skip
    return cut("; ".join(filter(None, told)), MAX_LINE)


def _instants(text: str | None) -> list[Instant]:
    try:
        return [from_text(text)] if text else []
    except InputError:
        return []  # it stays in the original as it is
