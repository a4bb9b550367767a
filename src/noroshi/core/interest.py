"""Interests: what a desk wants to hear of at once, whoever reports it and to whom.

product      FortiOS                 the word, in any text of the report
narrative    放射能, poisoned fish    the same
sector       energy                  a code of the form, or of an identity of STIX
technique    T1566, T0023            the technique and all below it
country      JP                      a code of ISO 3166, as the place or the target
network      203.0.113.0/24          an address in it, by itself, in a web address, or in any text
"""

import hashlib
import ipaddress
import re
import unicodedata
from enum import Enum
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.errors import InputError
from noroshi.core.exchange.objects.about import About, plain
from noroshi.core.instant import Instant

MOST: Final = 1000
"""Of one desk."""
_LONGEST: Final = 100
_SHORTEST: Final = 2
_TECHNIQUE: Final = re.compile(r"T\d{4}(?:\.\d{3})?", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
_HOST: Final = re.compile(r"[a-z]+://\[?([0-9a-f.:]+?)\]?(?::\d+)?(?:/.*)?", re.DOTALL)
_UNBROKEN: Final = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")
"""Scripts whose words stand without spaces, or with endings."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class InterestKind(Enum):
    """What somebody may be interested in."""

    PRODUCT = "product"
    NARRATIVE = "narrative"
    SECTOR = "sector"
    TECHNIQUE = "technique"
    COUNTRY = "country"
    NETWORK = "network"


class Interest(msgspec.Struct, frozen=True):
    """What a desk wants to hear of."""

    desk: str
    kind: InterestKind
    value: str
    set_at: Instant
    set_by: str
    number: int = 0
    """By which people name it; it is chosen when it is kept."""

    @property
    def digest(self) -> bytes:
        """SHA-256 of what the journal records of it."""
        return hashlib.sha256(gate.encode([self.desk, self.kind.value, self.value])).digest()

    def __str__(self) -> str:
        return f"{self.kind.value} {self.value}"


def check_value(kind: InterestKind, text: str) -> str:
    """Return the value of an interest, as it is kept.

    Raises:
        InputError: nothing could ever be found by it.
    """
    value = " ".join(text.split())
    if not _SHORTEST <= len(value) <= _LONGEST or not value.isprintable():
        msg = f"an interest has {_SHORTEST} to {_LONGEST} printable characters, not {text[:40]!r}"
        raise InputError("bad-input", msg)
    match kind:
        case InterestKind.TECHNIQUE:
            return _fitting(_TECHNIQUE, value.upper(), "T1566 or T1566.001")
        case InterestKind.COUNTRY:
            return _fitting(_COUNTRY, value.upper(), "a code of two letters, such as JP")
        case InterestKind.NETWORK:
            return str(_network(value))
        case InterestKind.SECTOR:
            return value.casefold()
        case _:
            return value


def is_met(interest: Interest, about: About) -> bool:
    """Say whether a report is about what somebody is interested in."""
    value = interest.value
    match interest.kind:
        case InterestKind.TECHNIQUE:
            return any(each == value or each.startswith(f"{value}.") for each in about.techniques)
        case InterestKind.COUNTRY:
            return value in about.countries
        case InterestKind.NETWORK:
            return _holds(_network(value), about)
        case InterestKind.SECTOR:
            return value in about.sectors
        case _:
            return _is_said(plain(value), about.words)


def _is_said(word: str, words: str) -> bool:
    """Say whether a text has a word: by itself, where its script sets words apart."""
    if any(unicodedata.name(sign, "").startswith(_UNBROKEN) for sign in word):
        return word in words
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", words) is not None


def _holds(network: Network, about: About) -> bool:
    for value in (*about.values, *about.addresses):
        host = _HOST.fullmatch(value)
        try:
            address = ipaddress.ip_network(value if host is None else host[1], strict=False)
        except ValueError:
            continue
        if address.version == network.version and address.overlaps(network):
            return True
    return False


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        msg = f"{text!r} is no network; write it as 203.0.113.0/24 or 2001:db8::/32"
        raise InputError("bad-input", msg) from None


def _fitting(form: re.Pattern[str], value: str, as_: str) -> str:
    if form.fullmatch(value) is None:
        raise InputError("bad-input", f"{value!r} is not known by that; write {as_}")
    return value
