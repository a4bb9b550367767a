"""What tags and distributions of a MISP event say of who may have it, as a marking.

The strictest of all that is said anywhere in the event holds for the whole: of the event, its
attributes, objects, proposals and reports, deleted ones too, for all of it goes along. A tag that
restricts and is not known here is refused, never passed over.

    tlp:amber+strict, PAP:RED        TLP 2.0, the permissible actions protocol
    tlp:white                        TLP:CLEAR; any other word after tlp: counts as TLP:RED
    tlp="red", TLP : Red, full width the same: case, spaces, quotes and width do not matter
    nato:classification="NS-A"       NATO SECRET//ATOMAL
    distribution 0 and 4             TLP:RED (one organisation, a sharing group)
    distribution 1, 2                TLP:AMBER+STRICT (this community), TLP:AMBER (connected ones)
    distribution 3 and 5             nothing (all communities, as what it lies in)

A distribution says how far a server of MISP hands an event on to others. It counts where machines
take events in and give them out. Where a person sends an event under a marking, the tags alone
hold that person to anything: every file saved from a server has a distribution, mostly 0.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final, cast

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.likeness import are_alike
from noroshi.core.marking.label import Marking, Pap, Tlp
from noroshi.core.marking.whole import Part

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
_HOLDS_EVENTS: Final = ("Event", "response")
_LONGEST_ID: Final = 100
_NAMED: Final = ("tag_name", "tagname", "tag")
"""Names of what holds the name of a tag: of a galaxy's cluster, of a tag as the database has it."""
_SPACED: Final = re.compile(r"\s*([:=+])\s*")
_LABEL: Final = re.compile(r"(tlp|pap)(?![a-z0-9])[\W_]*(.*)", re.DOTALL)
_NEARLY: Final = re.compile(r"(?!misp-galaxy:).*(?:tlp|traffic.?light)", re.IGNORECASE | re.DOTALL)
"""A tag that speaks of TLP in a way that is not known here: it counts as TLP:RED."""
_FIRST: Final = re.compile(r"\w+")
_QUOTES: Final = re.compile("[\"'`\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}]")
_SEVERAL: Final = re.compile(r"[\s_+-]+")


def marking_of(event: object) -> Marking | None:
    """Return the marking of a MISP event, as JSON values; None: nothing restricts it.

    Raises:
        InputError: it has a tag that restricts and is not known here.
    """
    said = _said_by_tags(event)
    for item in _objects(event):
        said.tlps |= _distributed(item)
    return _joined(said)


def tagged_parts(value: object) -> Iterator[Part]:
    """Yield the marking that tags give each MISP event in JSON, wherever it lies.

    Looked at is what is called "Event", and all of a "response" of MISP's API.

    Raises:
        InputError: an event has a tag that restricts and is not known here.
    """
    for event in _events(value):
        marking = _joined(_said_by_tags(event))
        if marking is not None:
            yield Part(_name(event), marking)


def _events(value: object) -> Iterator[object]:
    """Yield what JSON holds of MISP; what lies in an event is part of it."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting += [below for below in cast("list[object]", each) if isinstance(below, _NESTED)]
        elif isinstance(each, dict):
            for name, below in cast("dict[str, object]", each).items():
                if name in _HOLDS_EVENTS and isinstance(below, _NESTED):
                    yield below
                elif isinstance(below, _NESTED):
                    waiting.append(cast("object", below))


def _name(event: object) -> str:
    found = cast("dict[str, object]", event).get("uuid") if isinstance(event, dict) else None
    return f"the MISP event {found[:_LONGEST_ID]}" if isinstance(found, str) else "the MISP event"


class _Said(msgspec.Struct):
    """What all tags and distributions say."""

    tlps: set[Tlp] = set()
    paps: set[Pap] = set()
    levels: set[str] = set()
    caveats: set[str] = set()


def _said_by_tags(event: object) -> _Said:
    said = _Said()
    for item in _objects(event):
        for tag in tags_of(item):
            _read(tag, said)
    return said


def _read(tag: str, said: _Said) -> None:
    plain = _plain(tag)
    nato = _NATO.fullmatch(plain)
    label = _LABEL.fullmatch(_QUOTES.sub("", plain).casefold())
    word = "" if label is None else _SEVERAL.sub("+", label[2].strip())
    if label is not None and label[1] == "tlp":
        said.tlps.add(_TLPS.get(word, Tlp.RED))
    elif label is not None:
        said.paps.add(_PAPS.get(word, Pap.RED))
    elif nato is not None:
        said.levels.add(nato[1].upper())
        said.caveats |= {_CAVEATS[nato[2].upper()]} if nato[2] else set()
    elif _FOREIGN.fullmatch(plain):
        raise _unknown(tag)
    elif _NEARLY.match(plain) or any(are_alike(w, "tlp") for w in _FIRST.findall(plain)[:1]):
        said.tlps.add(Tlp.RED)


def tags_of(item: dict[str, object]) -> Iterator[str]:
    """Yield the names of the tags that an object of a MISP event has, however they are given.

    A list or one alone (`Tag`, `EventTag`, `AttributeTag`, whatever ends so), as objects with a
    name, as objects that hold such an object, or as words; a galaxy's cluster has `tag_name`.
    """
    for name, value in item.items():
        folded = name.casefold()
        if folded.endswith(("tag", "tags")) or folded in _NAMED:
            yield from _names(value)


def _names(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, str):
            yield each.strip()
        elif isinstance(each, list):
            waiting += cast("list[object]", each)
        elif isinstance(each, dict):
            told = cast("dict[str, object]", each)
            waiting.append(told.get("name"))


def _plain(tag: str) -> str:
    """Return a tag without differences of width and of spaces around its signs."""
    normal = unicodedata.normalize("NFKC", tag)
    seen = "".join(each for each in normal if unicodedata.category(each) != "Cf")
    return _SPACED.sub(r"\1", seen.strip())


def _joined(said: _Said) -> Marking | None:
    tlp = max(said.tlps, key=list(Tlp).index, default=None)
    pap = max(said.paps, key=list(Pap).index, default=None)
    level = max(said.levels, key=_IN_ORDER.index, default=None)
    if pap is not None and tlp is None and level is None:
        tlp = Tlp.AMBER  # a PAP alone is no marking, and whoever sets one restricts
    if level is None and tlp is None:
        return None
    return Marking(
        tlp=tlp,
        pap=pap,
        policy=None if level is None else "NATO",
        level=None if level is None else _LEVELS[level],
        caveats=tuple(sorted(said.caveats)),
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
        "put a tlp: tag, or one of nato:classification, in its place"
    )
    return InputError("bad-marking", msg)
