"""What objects of STIX are about, as far as somebody may be interested in it.

    values        what detection looks for: of observables, and in comparisons of patterns
    addresses     in any text, also as people break them: 203[.]0[.]113[.]7
    techniques    codes of ATT&CK and DISARM, by themselves or in any text
    sectors       of identities, and what a form says of them
    countries     of locations
    words         every text, in one line, as people compare it

Patterns are never evaluated: what stands in quotes behind a sign of equality is read out of them.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, cast

import msgspec

MOST_WORDS: Final = 4 * 1024 * 1024
"""Characters that are looked at."""
MOST_VALUES: Final = 50_000
_SHORTEST: Final = 4
"""Characters of a value; shorter ones are no indicators of anything."""
_LONGEST: Final = 2048
_COMPARED: Final = re.compile(r"=\s*'((?:[^'\\]|\\.){1,2048})'")
_ESCAPED: Final = re.compile(r"\\(.)")
_TECHNIQUE: Final = re.compile(r"T\d{4}(?:\.\d{3})?", re.ASCII)
_CODE_SAID: Final = re.compile(r"(?<![\w.-])t\d{4}(?:\.\d{3})?(?![\w-])", re.ASCII)
_BROKEN: Final = re.compile(r"[\[({]([.:])[\])}]")
_IPV4_SAID: Final = re.compile(
    r"(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\w-]|\.\w)", re.ASCII
)
_IPV6_SAID: Final = re.compile(
    r"(?<![\w:.-])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:/\d{1,3})?(?![\w:-]|\.\w)", re.ASCII
)
_COUNTRY: Final = re.compile(r"[A-Za-z]{2}", re.ASCII)
_VALUED: Final = frozenset({
    "ipv4-addr", "ipv6-addr", "domain-name", "url", "email-addr", "mac-addr",
})  # fmt: skip
_SILENT: Final = frozenset({
    "id", "type", "spec_version", "created", "modified", "extension_type", "pattern_type", "lang",
})  # fmt: skip
"""Properties whose texts say nothing about the matter."""

Object = Mapping[str, object]


class About(msgspec.Struct, frozen=True):
    """What a report is about."""

    values: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    """Of the internet, or networks; what only looks like one is among them."""
    techniques: frozenset[str] = frozenset()
    sectors: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    words: str = ""


def about(objects: Iterable[Object]) -> About:
    """Return what objects are about."""
    values: set[str] = set()
    techniques: set[str] = set()
    sectors: set[str] = set()
    countries: set[str] = set()
    words: list[str] = []
    room = MOST_WORDS
    for each in objects:
        values.update(list(_values(each))[: max(0, MOST_VALUES - len(values))])
        techniques |= _techniques(each)
        sectors.update(plain(sector) for sector in _sectors(each))
        country = each.get("country")
        if isinstance(country, str) and _COUNTRY.fullmatch(country):
            countries.add(country.upper())
        for text in _texts(each):
            words.append(text[:room])
            room -= min(room, len(text))
    said = plain("\n".join(words))
    techniques.update(each.upper() for each in islice(_CODE_SAID.findall(said), MOST_VALUES))
    return About(
        frozenset(values),
        frozenset(islice(_addresses(said), MOST_VALUES)),
        frozenset(techniques),
        frozenset(sectors),
        frozenset(countries),
        said,
    )


def plain(text: str) -> str:
    """Return a text as people compare it: without differences of width, case and spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def value_of(text: str) -> str | None:
    """Return a value as it is compared; None: it is too short or too long to point at anything."""
    value = text.strip().rstrip(".").casefold()
    return value if _SHORTEST <= len(value) <= _LONGEST else None


def _values(one: Object) -> Iterator[str]:
    found: list[str] = []
    kind, pattern = str(one.get("type")), one.get("pattern")
    if kind == "indicator" and isinstance(pattern, str):
        found += [_ESCAPED.sub(r"\1", each) for each in _COMPARED.findall(pattern)]
    if kind in _VALUED and isinstance(one.get("value"), str):
        found.append(str(one["value"]))
    hashes = one.get("hashes")
    if kind == "file" and isinstance(hashes, dict):
        found += [str(each) for each in cast("dict[str, object]", hashes).values()]
    yield from (value for each in found if (value := value_of(each)) is not None)


def _addresses(said: str) -> Iterator[str]:
    """Yield what looks like an address or a network in a text as people compare it."""
    whole = _BROKEN.sub(lambda sign: sign[1], said)
    for found in (*_IPV4_SAID.finditer(whole), *_IPV6_SAID.finditer(whole)):
        yield found[0]


def _techniques(one: Object) -> set[str]:
    if one.get("type") != "attack-pattern":
        return set()
    references = one.get("external_references")
    found: set[str] = set()
    for each in cast("list[object]", references) if isinstance(references, list) else ():
        if isinstance(each, dict):
            code = cast("Object", each).get("external_id")
            if isinstance(code, str) and _TECHNIQUE.fullmatch(code):
                found.add(code)
    return found


def _sectors(value: object, *, is_named: bool = False) -> Iterator[str]:
    """Yield the sectors of an object: by the standard's property, or as the field of a form."""
    if isinstance(value, str):
        if is_named:
            yield value
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _sectors(each, is_named=is_named)
    elif isinstance(value, dict):
        item = cast("Object", value)
        is_field = item.get("name") == "sectors"
        for name, below in item.items():
            inside = name == "sectors" or ((is_field or is_named) and name in {"each", "value"})
            yield from _sectors(below, is_named=inside)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _texts(each)
    elif isinstance(value, dict):
        for name, below in cast("Object", value).items():
            if name not in _SILENT and not name.endswith(("_ref", "_refs")):
                yield from _texts(below)
