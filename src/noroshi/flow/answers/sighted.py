"""Sightings that machines hand over, and the reports that said what was sighted."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

from noroshi.flow.house import House
from noroshi.flow.object_ports import Handed

_SIGHTING: Final = "sighting"


def sightings_of_reports(
    house: House, handed: Sequence[Handed]
) -> Iterator[tuple[bytes, str, list[Handed]]]:
    """Yield each report that came in and said what was sighted, its desk here, and what goes back.

    That is the sightings, and what they refer to as far as it was handed over with them.
    """
    sighted = [(each, _sighted(each)) for each in handed if each.object.type == _SIGHTING]
    sources = house.objects().sources(sorted({name for _, name in sighted}))
    together: dict[bytes, list[Handed]] = {}
    for each, name in sighted:
        for source in sources.get(name, ()):
            together.setdefault(source, []).append(each)
    for source, found in together.items():
        with house.store.read() as tables:
            report = tables.reports.get(source)
        if report is None or report.outgoing or report.destroyed is not None:
            continue  # it came from a feed, or went out from here, or is gone
        desk = report.content.desks_of(house.me)[0]
        yield source, desk, _with_what_they_say(found, handed)


def _sighted(sighting: Handed) -> str:
    """Return the id of what was sighted (STIX 2.1, section 5.2)."""
    return str(json.loads(sighting.object.raw)["sighting_of_ref"])


def _with_what_they_say(found: Sequence[Handed], handed: Sequence[Handed]) -> list[Handed]:
    wanted = [each.object.id for each in found]
    refs = {each.object.id: (*each.object.refs, *each.object.markings) for each in handed}
    needed: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name not in needed and name in refs:
            needed.add(name)
            wanted += refs[name]
    return [each for each in handed if each.object.id in needed]
