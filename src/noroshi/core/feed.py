"""Feeds: other servers from which collections are filled, or to which they are handed on.

    taxii       a collection of TAXII 2.1, pulled from or pushed to
    misp-feed   a folder with a manifest of events, as MISP publishes it
    misp        the REST interface of a MISP instance

An address is reached by HTTPS. Plain HTTP goes to this machine alone, where the administrator has
allowed that: nothing on the way could then read or change what is said.
"""

import hashlib
import ipaddress
import re
import uuid
from collections.abc import Mapping
from enum import Enum
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.errors import InputError
from noroshi.core.instant import Instant
from noroshi.core.machine import check_alias
from noroshi.core.marking.label import Marking

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

SHORTEST_PAUSE: Final = 10
"""Seconds between two pulls."""
LONGEST_PAUSE: Final = 7 * 24 * 3600
_TAXII_COLLECTION: Final = re.compile(r".*/collections/[^/]+/?")
_URL: Final = re.compile(
    r"(?P<scheme>[a-z]+)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>/[!-~]*)?"
)
_PORTS: Final = {"https": 443, "http": 80}
_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 addresses behind NAT64 (RFC 6052)."""


class FeedKind(Enum):
    """What a server speaks."""

    TAXII = "taxii"
    MISP_FEED = "misp-feed"
    MISP = "misp"


class Url(msgspec.Struct, frozen=True):
    """The parts of an address."""

    scheme: str
    host: str
    """Of an IPv6 address without its brackets."""
    port: int
    origin: str
    """As it is written, up to the path."""


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """A server of others that a collection of ours has to do with."""

    name: str
    kind: FeedKind
    url: str
    collection: str
    """The alias of ours."""
    is_push: bool = False
    """We hand on to it; else we pull from it."""
    inside: tuple[str, ...] = ()
    """Networks, of those that are not public, in which it may lie."""
    every: int = 300
    """Seconds between two pulls."""
    marking: Marking | None = None
    """By which all of it is handled beside its own; None: what names none by the node's default."""
    groups: Mapping[str, Marking] = {}
    """What sharing groups of MISP mean here, by their UUID."""
    partner: str
    """Whose server it is; what is handed on must be released to them."""
    ceiling: Marking
    """Up to which it is handed on."""
    added_at: Instant
    added_by: str
    ended_at: Instant | None = None

    @property
    def digest(self) -> bytes:
        """SHA-256 of what the journal records of it."""
        way = "push" if self.is_push else "pull"
        groups = sorted([name, str(marking)] for name, marking in self.groups.items())
        marking = None if self.marking is None else str(self.marking)
        told = [
            self.name, self.kind.value, way, self.url, self.collection, list(self.inside),
            self.every, marking, groups, self.partner, str(self.ceiling),
            self.ended_at is not None,
        ]  # fmt: skip
        return hashlib.sha256(gate.encode(told)).digest()

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks that are not public in which it may lie."""
        return tuple(map(ipaddress.ip_network, self.inside))


def check_feed(feed: Feed) -> Feed:
    """Return a feed that can be used.

    Raises:
        InputError: something about it cannot be.
    """
    check_alias(feed.name, "feed")
    check_alias(feed.collection, "collection")
    inside = tuple(str(_network(each)) for each in feed.inside)
    checked = msgspec.structs.replace(feed, inside=inside)
    check_url(feed.url, checked.networks)
    if feed.kind is FeedKind.TAXII and not _TAXII_COLLECTION.fullmatch(feed.url):
        msg = (
            f"{feed.url} names no collection; write its whole address, such as "
            "https://HOST/api-root/collections/ID/"
        )
        raise InputError("bad-input", msg)
    if feed.is_push and feed.kind is not FeedKind.TAXII:
        msg = f"objects are handed on by TAXII alone; MISP reads them at /misp/, not {feed.url}"
        raise InputError("bad-input", msg)
    if not SHORTEST_PAUSE <= feed.every <= LONGEST_PAUSE:
        msg = f"pulls lie between {SHORTEST_PAUSE} seconds and 7 days apart, not {feed.every} s"
        raise InputError("bad-input", msg)
    for name in feed.groups:
        _check_group(name)
    return checked


def check_url(text: str, inside: tuple[Network, ...]) -> Url:
    """Return the parts of an address that may be asked.

    Raises:
        InputError: it is none, or would be asked in the clear.
    """
    found = _URL.fullmatch(text)
    port = int(found["port"] or 1) if found else 0
    if found is None or not 0 < port < 65536 or {"?", "#"} & set(text):  # noqa: PLR2004
        msg = (
            f"{text!r} is no address of a server; write https://HOST/PATH, without a name, a "
            "password, ? and #: a secret goes into --login FILE"
        )
        raise InputError("bad-input", msg)
    host = found["host"].strip("[]")
    default = _PORTS.get(found["scheme"], 0)
    origin = text.removesuffix(found["path"] or "")
    url = Url(found["scheme"], host, port if found["port"] else default, origin)
    is_here = host == "localhost" or _is_loopback(host)
    if url.scheme == "http" and is_here and any(each.is_loopback for each in inside):
        return url
    if url.scheme != "https":
        msg = (
            f"{text!r}: a server is asked by https:// alone (http:// only on this machine, where "
            "--inside 127.0.0.0/8 allows it)"
        )
        raise InputError("bad-input", msg)
    return url


def may_reach(text: str, inside: tuple[Network, ...]) -> bool:
    """Say whether an address may be connected to: a public one, or inside an allowed network."""
    address = _unwrapped(ipaddress.ip_address(text.partition("%")[0]))
    if any(address.version == each.version and address in each for each in inside):
        return True
    return address.is_global and not address.is_multicast


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, however it does that."""
    if address.version == 4:  # noqa: PLR2004
        return address
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        msg = f"{text!r} is no network; write it as 10.1.2.0/24 or fd00:1::/64"
        raise InputError("bad-input", msg) from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_group(name: str) -> None:
    try:
        is_written = str(uuid.UUID(name)) == name
    except ValueError:
        is_written = False
    if not is_written:
        msg = f"{name!r} is no UUID of a sharing group, as MISP shows it; write UUID=MARKING"
        raise InputError("bad-input", msg)
