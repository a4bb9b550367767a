"""What tags and distributions of a MISP event say of who may have it, as a marking.

The strictest of all that is said anywhere in the event holds for the whole: of the event, its
attributes, objects, proposals and reports, deleted ones too, for all of it goes along. A tag that
restricts and is not known here is refused, never passed over.

    tlp:amber+strict, PAP:RED        TLP 2.0, the permissible actions protocol
    tlp:white                        TLP:CLEAR; any other word after tlp: counts as TLP:RED
    nato:classification="NS-A"       NATO SECRET//ATOMAL
    distribution 0 and 4             TLP:RED (one organisation, a sharing group)
    distribution 1, 2                TLP:AMBER+STRICT (this community), TLP:AMBER (connected ones)
    distribution 3 and 5             nothing (all communities, as what it lies in)
"""

import re
from collections.abc import Iterator
from typing import Final, cast

from noroshi.core.errors import InputError
from noroshi.core.marking.label import Marking, Pap, Tlp

_TLPS: Final = {
    "white": Tlp.CLEAR, "clear": Tlp.CLEAR, "green": Tlp.GREEN, "amber": Tlp.AMBER,
    "amber+strict": Tlp.AMBER_STRICT, "red": Tlp.RED,
}  # fmt: skip
_PAPS: Final = {
    "white": Pap.CLEAR, "clear": Pap.CLEAR, "green": Pap.GREEN, "amber": Pap.AMBER, "red": Pap.RED
}  # fmt: skip
_DISTRIBUTIONS: Final[dict[str, Tlp | None]] = {
    "0": Tlp.RED, "1": Tlp.AMBER_STRICT, "2": Tlp.AMBER, "3": None, "4": Tlp.RED, "5": None
}  # fmt: skip
_NATO: Final = re.compile(r'nato:classification="?(NU|NR|NC|NS|CTS)(?:-([AB]))?"?', re.IGNORECASE)
_LEVELS: Final = {
    "NU": "UNCLASSIFIED", "NR": "RESTRICTED", "NC": "CONFIDENTIAL", "NS": "SECRET",
    "CTS": "TOP SECRET",
}  # fmt: skip
_IN_ORDER: Final = tuple(_LEVELS)
_CAVEATS: Final = {"A": "ATOMAL", "B": "BOHEMIA"}
_FOREIGN: Final = re.compile(
    r"(?:nato|euci|dni-ism|de-vs|fr-classif|iep|iep2-policy|iep2-reference):.*"
    r"|(?!misp-galaxy:).*\b(?:top.?secret|secret|confidential|restricted|classified|noforn)\b.*",
    re.IGNORECASE | re.DOTALL,
)
"""Tags that restrict, in words of others."""
_NESTED: Final = (dict, list)


def marking_of(event: object) -> Marking | None:
    """Return the marking of a MISP event, as JSON values; None: nothing restricts it.

    Raises:
        InputError: it has a tag that restricts and is not known here.
    """
    tlps: set[Tlp] = set()
    paps: set[Pap] = set()
    levels: set[str] = set()
    caveats: set[str] = set()
    for item in _objects(event):
        tlps |= _distributed(item)
        for tag in tags_of(item):
            space, _, word = tag.partition(":")
            nato = _NATO.fullmatch(tag)
            if space.casefold() == "tlp":
                tlps.add(_TLPS.get(word.casefold(), Tlp.RED))
            elif space.casefold() == "pap":
                paps.add(_PAPS.get(word.casefold(), Pap.RED))
            elif nato is not None:
                levels.add(nato[1].upper())
                caveats |= {_CAVEATS[nato[2].upper()]} if nato[2] else set()
            elif _FOREIGN.fullmatch(tag):
                raise _unknown(tag)
    return _joined(tlps, paps, levels, caveats)


def tags_of(item: dict[str, object]) -> Iterator[str]:
    """Yield the names of the tags that an object of a MISP event has."""
    tags = item.get("Tag")
    for tag in cast("list[object]", tags) if isinstance(tags, list) else ():
        name = cast("dict[str, object]", tag).get("name") if isinstance(tag, dict) else tag
        if isinstance(name, str):
            yield name.strip()


def _joined(tlps: set[Tlp], paps: set[Pap], levels: set[str], caveats: set[str]) -> Marking | None:
    tlp = max(tlps, key=list(Tlp).index, default=None)
    pap = max(paps, key=list(Pap).index, default=None)
    level = max(levels, key=_IN_ORDER.index, default=None)
    if pap is not None and tlp is None and level is None:
        tlp = Tlp.AMBER  # a PAP alone is no marking, and whoever sets one restricts
    if level is None and tlp is None:
        return None
    return Marking(
        tlp=tlp,
        pap=pap,
        policy=None if level is None else "NATO",
        level=None if level is None else _LEVELS[level],
        caveats=tuple(sorted(caveats)),
    )


def _distributed(item: dict[str, object]) -> set[Tlp]:
    """Return what the distribution of an object says; one that is not known counts as TLP:RED."""
    told = item.get("distribution")
    if told is None:
        return set()
    tlp = _DISTRIBUTIONS.get(str(told), Tlp.RED)
    return set() if tlp is None else {tlp}


def _objects(event: object) -> Iterator[dict[str, object]]:
    """Yield every object in JSON."""
    waiting = [event]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            item = cast("dict[str, object]", value)
            yield item
            waiting += [below for below in item.values() if isinstance(below, _NESTED)]
        elif isinstance(value, list):
            waiting += [each for each in cast("list[object]", value) if isinstance(each, _NESTED)]


def _unknown(tag: str) -> InputError:
    msg = (
        f"the event has the tag {tag[:60]!r}, which restricts it and is no marking known here; "
        "put a tlp: tag or the marking's own in its place, or send the event itself with --marking"
    )
    return InputError("bad-marking", msg)
