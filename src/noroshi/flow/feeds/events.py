"""An event of MISP as objects of STIX: the bundle of the form that `noroshi import` makes of it."""

from collections.abc import Mapping
from typing import Final, cast

from noroshi.core.errors import InputError
from noroshi.core.exchange import misp
from noroshi.core.exchange.misp_form import draft_of_event
from noroshi.core.exchange.misp_groups import settle
from noroshi.core.exchange.objects.reading import read_object, take_apart
from noroshi.core.exchange.stix_report import Report, write_bundle
from noroshi.core.feed import Feed
from noroshi.core.instant import SECOND, is_instant
from noroshi.core.marking.combine import combine
from noroshi.core.marking.label import Marking
from noroshi.flow.collecting import KEPT
from noroshi.flow.house import House
from noroshi.flow.object_ports import Handed

_ORIGINAL: Final = "original"


def read_event(
    house: House, feed: Feed, event: dict[str, object], decided: Marking | None, source: bytes
) -> list[Handed]:
    """Return the objects of an event; `decided` is a marking that an officer has given it.

    Raises:
        InputError: it restricts in words that are not known here.
        MalformedError: it is not as MISP writes events.
    """
    groups: set[Marking] = set()
    if decided is None:
        event, groups = settle(event, feed.groups)
    draft = draft_of_event({"Event": event}, decided)
    own = draft.marking or feed.marking or Marking.parse(house.default_marking)
    told = list(dict.fromkeys(each for each in (own, feed.marking, *groups) if each is not None))
    marking = told[0] if len(told) == 1 else combine(told, house.rules)
    fields = {name: value for name, value in draft.fields.items() if name != _ORIGINAL}
    indicators = [each for _, each in misp.tell(misp.read_event(event)).indicators]
    if indicators:
        fields["indicators"] = indicators  # a form takes a thousand
    maker = event.get("Orgc")
    named = cast("Mapping[str, object]", maker).get("name") if isinstance(maker, dict) else None
    report = Report(
        id=str(event.get("uuid", "")).lower(),
        kind=draft.kind,
        subject=draft.subject,
        created_at=_changed(event),
        sender=str(named or feed.name),
        desk="",
        marking=marking,
        status=draft.status or "actual",
        precedence="routine",
        fields=fields,
    )
    found = (read_object(raw)[0] for raw in take_apart(write_bundle(report)))
    return [Handed(each, (marking,), b"" if each.type in KEPT else source) for each in found]


def _changed(event: Mapping[str, object]) -> int:
    """Return when an event was changed last; MISP writes seconds, mostly as text."""
    text = str(event.get("timestamp", "0"))
    at = int(text) * SECOND if text.isdecimal() and text.isascii() else -1
    if not is_instant(at):
        raise InputError("bad-import", f"the event was changed at {text[:40]!r}, which is no time")
    return at
