"""Reports as events of a feed: nothing is said more widely than the report may be."""

import hashlib
from typing import Any

import pytest

from noroshi.core.exchange.misp_feed import event_of, show, withdrawn
from noroshi.core.exchange.misp_form import draft_of_event
from noroshi.core.exchange.misp_marking import marking_of
from noroshi.core.exchange.stix_report import Report
from noroshi.core.marking.label import Marking

OWN = "11111111-1111-4111-8111-111111111111"


def a_report(marking: str = "TLP:AMBER", **fields: Any) -> Report:
    return Report(
        id=OWN, kind="cyber-incident", subject="A worm", created_at=1_767_225_600_000_000,
        sender="jp", desk="cyber", marking=Marking.parse(marking), status="actual",
        precedence="flash", fields=fields,
    )  # fmt: skip


def test_a_form_becomes_an_event_that_says_the_same_again() -> None:
    indicators = [
        {"type": "ipv4-addr", "value": "192.0.2.7"},
        {"type": "file:hashes.SHA-256", "value": "0" * 64, "note": "the dropper"},
        {"type": "domain-name", "value": "c2.example", "note": "to_ids=0; seen once"},
        {"type": "misp:btc", "value": "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"},
        {"type": "process:command_line", "value": "x.exe"},
    ]
    event = event_of(
        a_report(
            summary="It spreads.", indicators=indicators, impact="high", techniques=["T1059"],
            references=["https://example.org/a"], vulnerabilities=["CVE-2026-0001"],
        ),
        None,
    )  # fmt: skip
    attributes: Any = event["Attribute"]
    assert [(a["type"], a["value"], a["to_ids"]) for a in attributes] == [
        ("comment", "It spreads.", False),
        ("ip-dst", "192.0.2.7", True),
        ("sha256", "0" * 64, True),
        ("domain", "c2.example", False),
        ("btc", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", True),
        ("other", "x.exe", False),
        ("link", "https://example.org/a", False),
        ("vulnerability", "CVE-2026-0001", False),
    ]
    assert len({a["uuid"] for a in attributes}) == len(attributes)
    assert (event["date"], event["info"], event["published"]) == ("2026-01-01", "A worm", True)
    again = draft_of_event({"Event": event})
    assert again.marking == Marking.parse("TLP:AMBER")
    told: Any = again.fields["indicators"]
    assert {(i["type"], i["value"]) for i in told} >= {
        (i["type"], i["value"]) for i in indicators[:4]
    }


@pytest.mark.parametrize(
    ("marking", "tags", "distribution"),
    [
        ("TLP:CLEAR", ["tlp:clear"], "3"),
        ("TLP:GREEN", ["tlp:green"], "3"),
        ("TLP:AMBER", ["tlp:amber"], "2"),
        ("TLP:AMBER+STRICT", ["tlp:amber+strict"], "1"),
        ("TLP:RED//PAP:GREEN", ["tlp:red", "PAP:GREEN"], "0"),
        ("NATO RESTRICTED//REL TO JPN", ['nato:classification="NR"'], "0"),
        ("JPN 秘//REL TO NATO//TLP:GREEN", ["tlp:green"], "0"),
    ],
)
def test_an_event_says_who_may_have_it(marking: str, tags: list[str], distribution: str) -> None:
    event = event_of(a_report(marking), None)
    named: Any = event["Tag"]
    assert ([tag["name"] for tag in named], event["distribution"]) == (tags, distribution)


def test_an_event_stays_as_it_came_where_it_says_enough() -> None:
    tags = [{"name": "tlp:amber", "colour": "#f"}]
    came = {"uuid": OWN, "info": "x", "distribution": "2", "Tag": tags}
    event = event_of(a_report("TLP:AMBER"), came)
    assert event == {**came, "published": True}
    assert "published" not in came


@pytest.mark.parametrize("distribution", ["3", 4, "x", "\u0663", None])
def test_where_it_says_less_it_is_told_more_strictly(distribution: object) -> None:
    tags = [{"name": "TLP:RED"}, {"name": "a:b"}]
    came = {"uuid": OWN, "distribution": distribution, "Tag": tags}
    event = event_of(a_report("TLP:RED//PAP:RED"), came)
    assert event["Tag"] == [*tags, {"name": "PAP:RED"}]
    assert event["distribution"] == "0"
    assert marking_of(event) == Marking.parse("TLP:RED//PAP:RED")
    assert event_of(a_report("TLP:GREEN"), {"uuid": OWN, "distribution": 1})["distribution"] == 1


def test_a_tag_that_nobody_knows_takes_nothing_away() -> None:
    came: dict[str, object] = {"Tag": [{"name": 'euci:classification="RESTREINT"'}, 7], "uuid": 7}
    event = event_of(a_report("TLP:RED"), came)
    assert event["Tag"] == [{"name": 'euci:classification="RESTREINT"'}, {"name": "tlp:red"}]
    assert event["uuid"] == event_of(a_report(), None)["uuid"]


def test_what_a_feed_shows() -> None:
    came: dict[str, object] = {
        "uuid": OWN, "info": "x", "date": "2026-01-01", "Orgc": {"name": "jp"},
        "Attribute": [{"value": "a|b"}, {"value": "gone", "deleted": True}, {"type": "x"}],
        "Object": [{"Attribute": [{"value": "a"}, {"value": "\ud800"}]}],
    }  # fmt: skip
    shown = show(event_of(a_report("TLP:CLEAR"), came))
    assert shown.uuid == OWN
    assert shown.told == {
        "Orgc": {"name": "jp"}, "Tag": [{"name": "tlp:clear"}], "info": "x", "date": "2026-01-01",
    }  # fmt: skip
    wanted = {hashlib.md5(v.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest()
              for v in ("a|b", "a", "b", "\ud800")}  # fmt: skip
    assert set(shown.hashes) == wanted


@pytest.mark.parametrize(
    ("at", "told"), [(1_767_225_600_000_000, "1767225600"), (1_000_000, "1700000009")]
)
def test_what_is_taken_back_is_deleted_later_than_anything_that_was_said(
    at: int, told: str
) -> None:
    came: dict[str, object] = {
        "uuid": OWN, "info": "x", "timestamp": "1700000000", "Tag": [{"name": "tlp:red"}],
        "Attribute": [
            {"value": "a", "timestamp": 1700000008}, {"value": "b", "timestamp": "9" * 13},
        ],
        "Object": [{"name": "file", "Attribute": [{"value": "c", "timestamp": "٣"}]}],
        "EventReport": [{"content": "words", "deleted": False}],
    }  # fmt: skip
    gone: Any = withdrawn(came, at, "CANCELLED")
    assert (gone["info"], gone["timestamp"], gone["publish_timestamp"]) == (
        "CANCELLED: x",
        told,
        told,
    )
    assert (gone["uuid"], gone["Tag"]) == (OWN, [{"name": "tlp:red"}])
    assert "deleted" not in gone
    held = [
        *gone["Attribute"],
        *gone["Object"],
        *gone["Object"][0]["Attribute"],
        *gone["EventReport"],
    ]
    assert {(each["deleted"], each["timestamp"]) for each in held} == {(True, told)}
    assert [each.get("value") for each in held] == ["a", "b", None, "c", None]
    assert "deleted" not in str(came["Attribute"]), "what it was made of is as it was"
    assert show(gone).hashes == ()
    assert withdrawn({"uuid": OWN}, at, "SUPERSEDED")["info"] == "SUPERSEDED: "
