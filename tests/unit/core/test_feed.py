"""Feeds: which servers may be named, and where they may lie."""

import ipaddress
from typing import Any

import msgspec
import pytest

from noroshi.core.errors import InputError
from noroshi.core.feed import Feed, FeedKind, Network, Url, check_feed, check_url, may_reach
from noroshi.core.marking.label import Marking

HERE = (ipaddress.ip_network("127.0.0.0/8"),)
GROUP = "5f2e9a1c-7b1d-4c3e-9a77-0123456789ab"


def feed(**more: Any) -> Feed:
    told = {
        "name": "cert", "kind": FeedKind.TAXII, "collection": "cert", "partner": "jp",
        "url": "https://cert.example/api/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/",
        "ceiling": Marking.parse("TLP:GREEN"), "added_at": 1, "added_by": "Lt Sato",
    }  # fmt: skip
    return Feed(**{**told, **more})


def test_a_feed_is_as_it_was_told() -> None:
    assert check_feed(feed()) == feed()
    within = check_feed(feed(inside=("10.1.2.0/24", "fd00:1::/64")))
    assert within.networks == (
        ipaddress.ip_network("10.1.2.0/24"),
        ipaddress.ip_network("fd00:1::/64"),
    )
    misp = feed(kind=FeedKind.MISP, url="https://misp.example", groups={GROUP: within.ceiling})
    assert check_feed(misp) == misp


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"name": "../x"}, "cannot be the name of a feed"),
        ({"collection": ""}, "cannot be the name of a collection"),
        ({"url": "https://cert.example/taxii2/"}, "names no collection"),
        ({"url": "https://cert.example/x", "kind": FeedKind.MISP, "is_push": True}, "TAXII alone"),
        ({"every": 9}, "10 seconds and 7 days apart"),
        ({"every": 604801}, "10 seconds and 7 days apart"),
        ({"inside": ("10.1.2.3/24",)}, "is no network"),
        ({"inside": ("everywhere",)}, "is no network"),
        ({"groups": {"3": Marking.parse("TLP:RED")}}, "is no UUID of a sharing group"),
        ({"groups": {GROUP.upper(): Marking.parse("TLP:RED")}}, "is no UUID of a sharing group"),
    ],
)
def test_what_cannot_be_is_told(more: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        check_feed(feed(**more))


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "cert.example/feed", "//cert.example/feed", "https://", "https:///feed",
        "https://[::1/feed", "https://cert.example:0/", "https://cert.example:99999/",
        "https://cert.example/a b", "https://cert.example/\r\nX: y", "https://日本.example/",
        "https://name:word@cert.example/", "https://cert.example/?key=1", "https://a.example/#b",
        "file:///etc/passwd", "gopher://a.example/", "HTTP://cert.example/feed",
        "http://cert.example/feed", "http://169.254.169.254/latest",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_server_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        check_url(text, HERE)


def test_in_the_clear_this_machine_alone_is_asked_where_that_is_allowed() -> None:
    for text in ("http://localhost:8080/x", "http://127.0.0.1/x", "http://[::1]:80/x"):
        assert text.startswith(check_url(text, HERE).origin)
        with pytest.raises(InputError, match="by https:// alone"):
            check_url(text, (ipaddress.ip_network("10.0.0.0/8"),))
    told = check_url("https://[2606:4700::1]:8443/feed", ())
    assert told == Url("https", "2606:4700::1", 8443, "https://[2606:4700::1]:8443")
    assert check_url("https://cert.example", ()) == Url(
        "https", "cert.example", 443, "https://cert.example"
    )


INNER = (
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.1.2.3", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "::", "::1",
    "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001::1",
)  # fmt: skip


@pytest.mark.parametrize("address", INNER)
def test_what_is_not_public_is_not_reached(address: str) -> None:
    assert not may_reach(address, ())


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_what_is_public_is_reached(address: str) -> None:
    assert may_reach(address, ())


def test_what_lies_in_an_allowed_network_is_reached_by_whatever_name() -> None:
    here: tuple[Network, ...] = (*HERE, ipaddress.ip_network("fd00:1::/64"))
    for address in ("127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fd00:1::5"):
        assert may_reach(address, here)
    for address in ("10.0.0.1", "::1", "fd00:2::5", "169.254.169.254"):
        assert not may_reach(address, here)


def test_the_journal_records_whatever_of_it_counts() -> None:
    other: list[dict[str, Any]] = [
        {"name": "b"}, {"kind": FeedKind.MISP}, {"url": "https://b.example"}, {"collection": "b"},
        {"is_push": True}, {"inside": ("10.0.0.0/8",)}, {"every": 60}, {"partner": "nato"},
        {"marking": Marking.parse("TLP:RED")}, {"ceiling": Marking.parse("TLP:RED")},
        {"groups": {GROUP: Marking.parse("TLP:RED")}}, {"ended_at": 5},
    ]  # fmt: skip
    digests = {feed(**more).digest for more in ({}, *other)}
    assert len(digests) == 1 + len(other)
    assert feed(added_at=2, added_by="x").digest == feed().digest
    assert msgspec.json.decode(msgspec.json.encode(feed()), type=Feed) == feed()
