"""Reports as events of a MISP feed: those that MISP made as they came, the others made anew.

    manifest.json   of each event what a reader decides by
    hashes.csv      MD5 of each value, and the event that has it: the format's own choice
    UUID.json       the event

An event says who may have it at least as strictly as its report: tags and distribution are added
where it says less, and nothing of it is taken away.
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from typing import Final, cast

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.exchange.misp import TYPES
from noroshi.core.exchange.misp_marking import marking_of
from noroshi.core.exchange.stix_report import NAMESPACE, Report
from noroshi.core.instant import SECOND, Instant, day_of
from noroshi.core.marking.label import Marking, Tlp

_DISTRIBUTIONS: Final = {Tlp.RED: 0, Tlp.AMBER_STRICT: 1, Tlp.AMBER: 2}
"""As they are read (:mod:`noroshi.core.exchange.misp_marking`); all else goes to everybody, 3."""
_EVERYBODY: Final = 3
_INHERITED: Final = "5"
_BACK: Final[Mapping[str, str]] = {
    "domain-name": "domain", "email-addr": "email", "file:name": "filename",
    **{kind: name for name, kind in TYPES.items() if kind not in {
        "domain-name", "email-addr", "file:name",
    }},
    "ipv4-addr": "ip-dst", "ipv6-addr": "ip-dst",
}  # fmt: skip
_OWN: Final = "misp:"
_NETWORK: Final = frozenset({"domain", "url", "ip-dst", "AS", "mac-address", "email"})
_LEVELS: Final = {
    "UNCLASSIFIED": "NU", "RESTRICTED": "NR", "CONFIDENTIAL": "NC", "SECRET": "NS",
    "TOP SECRET": "CTS",
}  # fmt: skip
_SHOWN: Final = ("info", "date", "analysis", "threat_level_id", "timestamp")
_UNDEFINED: Final = "4"
"""A threat level that nobody has named."""
_COMPLETE: Final = "2"

_HOLDS: Final = ("Attribute", "Object", "EventReport")
_LONGEST_TIME: Final = 12
"""Digits of seconds since 1970."""

Event = dict[str, object]


class Shown(msgspec.Struct, frozen=True):
    """What a feed shows of an event."""

    uuid: str
    told: Mapping[str, object]
    """In the manifest."""
    hashes: tuple[str, ...]
    """MD5 of each value, in hexadecimal."""


def event_of(report: Report, original: Mapping[str, object] | None) -> Event:
    """Return the event of a report; `original`: the one that it was made of."""
    event = _made(report) if original is None else dict(original)
    if not isinstance(event.get("uuid"), str):
        event["uuid"] = _uuid_of(report)
    try:
        said = marking_of(event)
    except InputError:
        said = None
    if said != report.marking:
        _restrict(event, report.marking)
    event["published"] = True
    return event


def withdrawn(event: Event, at: Instant, why: str) -> Event:
    """Return an event as one that was taken back at `at`: all that it holds is deleted.

    So MISP, which keeps what a feed no longer lists, deletes it as well. The timestamps are later
    than those before, whatever the clocks say.
    """
    later = max(at // SECOND, *(each + 1 for each in _timestamps(event)))
    told = _deleted(event, str(later))
    del told["deleted"]
    told |= {name: str(later) for name in ("timestamp", "publish_timestamp")}
    return {**told, "info": f"{why}: {event.get('info', '')}"}


def _timestamps(event: Event) -> Iterator[int]:
    """Yield 0, and every time of a change that an event tells."""
    yield 0
    waiting: list[object] = [event]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting += cast("list[object]", each)
        elif isinstance(each, dict):
            told = cast("Event", each)
            waiting += told.values()
            at = str(told.get("timestamp", ""))
            if at.isascii() and at.isdigit() and len(at) <= _LONGEST_TIME:
                yield int(at)


def _deleted(told: Event, at: str) -> Event:
    """Return an object of an event as deleted, with all that it holds."""
    held: Event = {
        name: [_deleted(each, at) for each in _items(told, name)] for name in _HOLDS if name in told
    }
    return {**told, **held, "deleted": True, "timestamp": at}


def show(event: Event) -> Shown:
    """Return what a feed shows of an event."""
    told: Event = {name: event[name] for name in _SHOWN if name in event}
    maker: object = event.get("Orgc") or Event()
    named: Event = {"Orgc": maker, "Tag": _items(event, "Tag")}
    return Shown(str(event["uuid"]), {**named, **told}, _hashes(event))


def _hashes(event: Event) -> tuple[str, ...]:
    held = [*_items(event, "Attribute")]
    for each in _items(event, "Object"):
        held += _items(each, "Attribute")
    values = {str(each.get("value", "")) for each in held if not each.get("deleted")}
    parts = {part for value in values for part in (value, *value.split("|")) if part}
    return tuple(sorted(_digest(part) for part in parts))


def _digest(value: str) -> str:
    raw = value.encode(errors="surrogatepass")
    return hashlib.md5(raw, usedforsecurity=False).hexdigest()


def _uuid_of(report: Report) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{report.id}/misp"))


def _made(report: Report) -> Event:
    at = report.created_at
    attributes = list(_attributes(report))
    return {
        "uuid": _uuid_of(report),
        "info": report.subject,
        "date": day_of(at).isoformat(),
        "threat_level_id": _UNDEFINED,
        "analysis": _COMPLETE,
        "timestamp": str(at // SECOND),
        "publish_timestamp": str(at // SECOND),
        "distribution": str(_EVERYBODY),
        "Orgc": {
            "name": report.sender, "uuid": str(uuid.uuid5(NAMESPACE, f"misp/{report.sender}")),
        },
        "Tag": [],
        "Attribute": [
            {
                "uuid": str(uuid.uuid5(NAMESPACE, f"{report.id}/misp/{number}")),
                "timestamp": str(at // SECOND), "distribution": _INHERITED, **each,
            }
            for number, each in enumerate(attributes)
        ],
    }  # fmt: skip


def _attributes(report: Report) -> Iterator[dict[str, object]]:
    """Yield what a form says that MISP has a type for."""
    for name, value in report.fields.items():
        many = cast("list[object]", value) if isinstance(value, list) else [value]
        for each in many:
            told = cast("dict[str, object]", each) if isinstance(each, dict) else {}
            kind, held = told.get("type"), told.get("value")
            if isinstance(kind, str) and isinstance(held, str):
                yield _indicator(kind, held, told.get("note"))
            elif name == "references" and isinstance(each, str):
                yield _attribute("link", "External analysis", each)
            elif name == "vulnerabilities" and isinstance(each, str):
                yield _attribute("vulnerability", "External analysis", each)
            elif name in {"summary", "text"} and isinstance(each, str):
                yield _attribute("comment", "Other", each)


def _indicator(kind: str, value: str, note: object) -> dict[str, object]:
    known = kind.removeprefix(_OWN) if kind.startswith(_OWN) else _BACK.get(kind, "other")
    category = "Payload delivery" if kind.startswith("file:") else "Other"
    told = _attribute(known, "Network activity" if known in _NETWORK else category, value)
    detects = known != "other" and not str(note or "").startswith("to_ids=0")
    return {**told, "to_ids": detects, **({"comment": note} if note else {})}


def _attribute(kind: str, category: str, value: str) -> dict[str, object]:
    return {"type": kind, "category": category, "value": value, "to_ids": False}


def _restrict(event: Event, marking: Marking) -> None:
    """Add to an event what its report's marking says more strictly."""
    tags = _items(event, "Tag")
    named = {str(tag.get("name", "")).casefold() for tag in tags}
    added = [{"name": name} for name in _tags(marking) if name.casefold() not in named]
    event["Tag"] = [*tags, *added]
    widest = 0 if marking.policy else _DISTRIBUTIONS.get(marking.tlp or Tlp.CLEAR, _EVERYBODY)
    told = str(event.get("distribution", _EVERYBODY))
    if not (told.isascii() and told.isdigit()) or int(told) > widest:
        event["distribution"] = str(widest)


def _tags(marking: Marking) -> Iterator[str]:
    if marking.tlp is not None:
        yield marking.tlp.value.lower()
    if marking.pap is not None:
        yield marking.pap.value
    if marking.policy == "NATO" and marking.level in _LEVELS:
        yield f'nato:classification="{_LEVELS[marking.level]}"'


def _items(told: Mapping[str, object], name: str) -> list[dict[str, object]]:
    held = told.get(name)
    many = cast("list[object]", held) if isinstance(held, list) else []
    return [cast("dict[str, object]", each) for each in many if isinstance(each, dict)]
