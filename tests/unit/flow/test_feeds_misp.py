"""Feeds of MISP events at a node: what comes, changes, goes, is held back, or cannot be had."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from noroshi.core.errors import InputError, UnavailableError
from noroshi.core.exchange.objects.query import Query
from noroshi.core.instant import SECOND
from noroshi.flow import objects, requests
from noroshi.flow.feed_ports import PartlyError, Reply
from noroshi.flow.feeds.pulling import due
from tests.unit.flow.pair import House, Pair, open_pair
from tests.unit.flow.test_feeds import GROUP, MISP, NAMES, Server, add, at, held, pull, reply
from tests.unit.flow.test_objects import grant, machine, place


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


class Misp:
    """A feed of MISP, or its REST interface, with some events."""

    def __init__(self) -> None:
        self.events: dict[str, dict[str, Any]] = {}

    def put(self, number: int, version: int, *values: str, **more: Any) -> None:
        name = NAMES[number]
        self.events[name] = {
            "uuid": name, "info": f"Event {number}", "timestamp": str(version),
            "Orgc": {"name": "CERT"}, "published": True,
            "Attribute": [{"type": "domain", "value": v, "to_ids": True} for v in values], **more,
        }  # fmt: skip

    def __call__(self, method: str, url: str, body: bytes | None) -> Reply:
        path = urlsplit(url).path
        if path == "/manifest.json":
            return reply({n: {"timestamp": e["timestamp"]} for n, e in self.events.items()})
        if path == "/events/index":
            assert (method, body) == ("POST", b'{"minimal":1}')
            told = [
                {k: e[k] for k in ("uuid", "timestamp", "published")} for e in self.events.values()
            ]
            return reply(told)
        name = path.rpartition("/")[2].removesuffix(".json")
        return reply({"Event": self.events[name]})


@pytest.mark.parametrize("kind", ["misp", "misp-feed"])
def test_events_come_change_and_go(pair: Pair, kind: str) -> None:
    misp = Misp()
    server = Server(misp)
    jp = at(pair.jp, server)
    misp.put(0, 100, "a.example", "b.example")
    misp.put(1, 101, "c.example", Tag=[{"name": "tlp:green"}])
    misp.put(2, 102, "hidden.example", published=False)
    add(jp, name="misp", kind=kind, url=MISP)
    pull(jp, "misp")
    said = objects_said(jp)
    assert {"a.example", "b.example", "c.example"} <= said
    assert ("hidden.example" in said) is (kind == "misp-feed")
    asked = len(server.asked)
    pull(jp, "misp")
    assert len(server.asked) == asked + 1
    misp.put(0, 103, "a.example")
    misp.put(1, 104, "c.example", Tag=[{"name": "tlp:red"}])
    del misp.events[NAMES[2]]
    pull(jp, "misp")
    said = objects_said(jp)
    assert {"a.example", "c.example"} <= said
    assert not said & {"b.example", "hidden.example"}
    assert "c.example" not in objects_said(jp, "TLP:AMBER+STRICT")
    misp.put(1, 105, "c.example", Tag=[{"name": "tlp:green"}])
    pull(jp, "misp")
    assert "c.example" in objects_said(jp, "TLP:GREEN")
    misp.events.clear()
    with pytest.raises(UnavailableError, match="no event any more"):
        pull(jp, "misp")
    assert "a.example" in objects_said(jp)


def objects_said(house: House, ceiling: str = "TLP:RED") -> set[str]:
    """Return the domains of the indicators that a machine reads."""
    name = f"said-{ceiling}".replace(":", "-").replace("+", "-")
    one = machine(house, grant(house, name, ceiling=ceiling)["token"])
    page = objects.page(house.node.house, one, place(house), Query())
    told = [json.loads(each.raw) for each in page.objects]
    return {o["pattern"].split("'")[1] for o in told if o["type"] == "indicator"}


def test_an_event_whose_restrictions_are_not_known_is_held_back(pair: Pair) -> None:
    misp = Misp()
    jp = at(pair.jp, Server(misp))
    group = {"distribution": "4", "SharingGroup": {"id": "7", "uuid": GROUP}}
    misp.put(0, 100, "a.example", **group)
    misp.put(1, 100, "b.example", Tag=[{"name": 'de-vs:einstufung="vs-nfd"'}])
    misp.put(2, 100, "c.example", timestamp="soon")
    misp.put(3, 100, "d.example")
    add(jp, name="misp", kind="misp-feed", url=MISP)
    pull(jp, "misp")
    assert objects_said(jp) == {"d.example"}
    by_item = {each["item"]: each for each in held(jp)}
    assert GROUP in by_item[NAMES[0]]["reason"]
    assert set(by_item) == set(NAMES[:3])
    number = by_item[NAMES[1]]["number"]
    assert jp.ask(requests.AdmitHeld(number=number, marking="TLP:RED", by="Lt Sato"))["taken"]
    assert objects_said(jp) == {"b.example", "d.example"}
    assert objects_said(jp, "TLP:AMBER") == {"d.example"}
    with pytest.raises(InputError, match="no time"):
        jp.ask(
            requests.AdmitHeld(number=by_item[NAMES[2]]["number"], marking="TLP:RED", by="Lt Sato")
        )
    nato = at(pair.nato, Server(misp))
    add(
        nato,
        name="misp",
        kind="misp-feed",
        url=MISP,
        groups={GROUP: "TLP:AMBER"},
        marking="TLP:GREEN",
    )
    pull(nato, "misp")
    assert objects_said(nato) == {"a.example", "d.example"}
    assert objects_said(nato, "TLP:GREEN") == {"d.example"}
    assert objects_said(nato, "TLP:CLEAR") == set()


def test_an_event_is_told_whole_however_many_attributes_it_has(pair: Pair) -> None:
    misp = Misp()
    jp = at(pair.jp, Server(misp))
    misp.put(0, 100, *(f"{n}.example" for n in range(1500)))
    add(jp, name="misp", kind="misp-feed", url=MISP)
    assert pull(jp, "misp")["taken"] >= 1500


@pytest.mark.parametrize(
    "listed",
    [{"../../etc/passwd": {"timestamp": "1"}}, {"x": {"timestamp": 1}}, [], {NAMES[0]: {}}],
)
def test_a_list_of_events_that_cannot_be_is_refused(pair: Pair, listed: object) -> None:
    jp = at(pair.jp, Server(lambda *_: reply(listed)))
    add(jp, name="misp", kind="misp-feed", url=MISP)
    with pytest.raises(UnavailableError):
        pull(jp, "misp")


@pytest.mark.parametrize("kind", ["misp", "misp-feed"])
def test_what_cannot_be_had_or_read_keeps_nothing_else_away(pair: Pair, kind: str) -> None:
    misp = Misp()
    missing: set[str] = set()
    odd: dict[str, Any] = {}

    def answer(method: str, url: str, body: bytes | None) -> Reply:
        path = urlsplit(url).path
        if path.rpartition("/")[2].removesuffix(".json") in missing:
            return reply("gone", 404)
        told = misp(method, url, body)
        if path == "/manifest.json":
            return reply({**json.loads(told.body), **odd})
        if path == "/events/index":
            return reply([*json.loads(told.body), *({"uuid": n, **e} for n, e in odd.items())])
        return told

    jp = at(pair.jp, Server(answer))
    for number in range(3):
        misp.put(number, 100 + number, f"{number}.example")
    missing.add(NAMES[0])
    add(jp, name="misp", kind=kind, url=MISP)
    with pytest.raises(PartlyError, match=r"answered 404.*; all else was taken in"):
        pull(jp, "misp")
    assert objects_said(jp) == {"1.example", "2.example"}
    (row,) = jp.ask(requests.Feeds())
    assert "answered 404" in row["problem"]
    ((_, again),) = due(jp.node.house)
    assert again == pair.clock.now() + 300 * SECOND, "what is missing is no reason to hurry"
    missing.clear()
    pull(jp, "misp")
    assert objects_said(jp) == {"0.example", "1.example", "2.example"}
    odd["../../etc/passwd"] = {"timestamp": "1"}
    with pytest.raises(PartlyError, match="which is no UUID"):
        pull(jp, "misp")
    odd["7"] = {"timestamp": []}
    misp.put(0, 200, "new.example")
    del misp.events[NAMES[1]]
    with pytest.raises(PartlyError, match=r"1 more like this"):
        pull(jp, "misp")
    assert objects_said(jp) == {"new.example", "2.example"}


def test_an_event_whose_line_in_the_list_cannot_be_read_stays(pair: Pair) -> None:
    misp = Misp()
    jp = at(pair.jp, Server(misp))
    misp.put(0, 100, "a.example")
    misp.put(1, 100, "b.example")
    add(jp, name="misp", kind="misp-feed", url=MISP)
    pull(jp, "misp")
    misp.events[NAMES[0]]["timestamp"] = None
    with pytest.raises(PartlyError, match="cannot be read"):
        pull(jp, "misp")
    assert objects_said(jp) == {"a.example", "b.example"}


def test_a_server_that_has_nothing_of_what_it_names_is_let_alone_after_a_while(pair: Pair) -> None:
    names = [str(uuid.UUID(int=n, version=4)) for n in range(1000)]
    listed = reply({name: {"timestamp": 1} for name in names})
    server = Server(lambda _, url, __: listed if "manifest" in url else reply("no", 500))
    jp = at(pair.jp, server)
    add(jp, name="misp", kind="misp-feed", url=MISP)
    with pytest.raises(PartlyError, match="100 more like this"):
        pull(jp, "misp")
    assert len(server.asked) == 102


def test_an_event_under_the_name_of_another_is_held_back(pair: Pair) -> None:
    misp = Misp()
    jp = at(pair.jp, Server(misp))
    misp.put(0, 100, "a.example", uuid=NAMES[1])
    add(jp, name="misp", kind="misp-feed", url=MISP)
    pull(jp, "misp")
    (row,) = held(jp)
    assert "another event" in row["reason"]
