"""Machines, feeds and interests at the console: granted, followed, let in, stated, by who may."""

import json
import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.program.conftest import befriend, make
from tests.program.console import Door
from tests.program.test_console_accounts import House
from tests.program.test_feeds import site

pytestmark = pytest.mark.xdist_group("console-machines")

NAME = "c99506a6-1255-4b71-afa5-7b8ba48c3b1b"
HOSTILE = "<img src=x onerror=alert(1)>"


INTEREST = (("act", "add"), ("desk", "cyber"), ("kind", "product"), ("value", "Narnia"))


def event(**more: Any) -> bytes:
    attribute = {"type": "domain", "value": "a.example", "to_ids": True}
    told = {"uuid": NAME, "info": HOSTILE, "timestamp": "1", "Attribute": [attribute], **more}
    return json.dumps({"Event": told}).encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A feed with an event that is for a sharing group."""
    folder = tmp_path_factory.mktemp("feed")
    (folder / "manifest.json").write_text(json.dumps({NAME: {"timestamp": "1"}}))
    (folder / f"{NAME}.json").write_bytes(event(distribution="4", sharing_group_id=HOSTILE))
    return folder


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[House]:
    home = tmp_path_factory.mktemp("machines")
    jp, nato = make(home, "jp", desks=("cyber", "ops")), make(home, "nato")
    befriend([jp, nato])
    with site(folder) as url, jp.served() as ready:
        feed = ("cert", url, "--kind", "misp-feed", "--collection", "cert", "--every", "7d")
        jp.ask("feeds", "add", *feed, "--inside", "127.0.0.0/8", "--by", "Capt Abe")
        made = House(jp, ready["url"], home / "words")
        made.add("Capt Abe", "administrator", by=())
        made.add("Lt Sato", "watch@cyber")
        made.add("Ms Ueda", "auditor")
        yield made


def post(door: Door, path: str, *fields: tuple[str, str]) -> tuple[int, str]:
    body = urllib.parse.urlencode(fields).encode()
    status, page, _ = door.send(path, body, "application/x-www-form-urlencoded")
    return status, page


def test_access_is_granted_told_once_and_taken_away(house: House) -> None:
    door = house.door("Capt Abe")
    granting = (("act", "grant"), ("name", "siem"), ("collection", "cyber"))
    status, page = post(
        door, "/machines", *granting, ("ceiling", "TLP:NONSENSE"), ("right", "read")
    )
    assert (status, 'value="siem"' in page, "checked" in page) == (400, True, True)
    assert post(door, "/machines", *granting)[0] == 400
    status, page = post(door, "/machines", *granting, ("right", "read"), ("right", "write"))
    assert status == 200
    (token,) = re.findall(r"<code>([A-Za-z0-9_-]{43})</code>", page)
    page = door.ask("GET", "/machines")[1]
    assert token not in page
    assert "<code>cyber</code>: read, hand over" in page
    status, page = post(door, "/machines", ("act", "revoke"), ("name", "siem"), ("confirm", "x"))
    assert (status, "type siem to confirm" in page) == (400, True)
    assert (
        post(door, "/machines", ("act", "revoke"), ("name", "siem"), ("confirm", "siem"))[0] == 303
    )
    assert "<code>siem</code>" not in door.ask("GET", "/machines")[1]


def test_a_feed_is_followed_and_what_is_held_is_let_in(house: House) -> None:
    door = house.door("Capt Abe")
    assert post(door, "/machines", ("act", "pull"), ("name", "cert"))[0] == 303
    page = door.ask("GET", "/machines")[1]
    assert NAME in page
    assert HOSTILE not in page
    (number,) = re.findall(r'name="number" value="(\d+)"', page)
    for wrong in ("", "SECRET SAUCE"):
        status, page = post(
            door, "/machines", ("act", "admit"), ("number", number), ("marking", wrong)
        )
        assert (status, NAME in page) == (400, True)
    assert post(door, "/machines", ("act", "drop"), ("number", "9" * 30))[0] == 400
    admitting = (("act", "admit"), ("number", number), ("marking", "TLP:GREEN"))
    assert post(door, "/machines", *admitting)[0] == 303
    assert NAME not in door.ask("GET", "/machines")[1]
    status, page = post(door, "/machines", ("act", "pull"), ("name", "nobody"))
    assert (status, "no feed" in page) == (400, True)
    assert post(door, "/machines", ("act", "dance"))[0] == 400


def test_a_server_is_followed_from_the_page(house: House) -> None:
    door = house.door("Capt Abe")
    adding = (
        ("act", "add"), ("name", "isac"), ("url", "https://isac.example/api/collections/1/"),
        ("kind", "taxii"), ("collection", "isac"), ("way", "push"), ("user", "us"),
        ("secret", "s3cret-of-isac"),
    )  # fmt: skip
    for wrong in (("kind", "gopher"), ("url", "http://isac.example/"), ("ceiling", "TLP:MAUVE")):
        status, page = post(door, "/machines", *(dict(adding) | dict([wrong])).items())
        assert (status, 'value="isac"' in page) == (400, True), wrong
        assert "s3cret" not in page
    assert post(door, "/machines", *adding)[0] == 303
    page = door.ask("GET", "/machines")[1]
    assert "goes to <code>https://isac.example/api/collections/1/</code>" in page
    assert "s3cret" not in page
    assert "<code>isac</code> <span" in page
    assert (
        post(door, "/machines", ("act", "remove"), ("name", "isac"), ("confirm", "isac"))[0] == 303
    )


def test_a_rule_is_set_and_ended_from_the_page(house: House) -> None:
    door = house.door("Capt Abe")
    setting = (
        ("act", "rule"), ("collection", "inbound"), ("to", "cyber@nato"),
        ("precedence", "priority"), ("goes", "at_once"), ("sightings", "yes"),
    )  # fmt: skip
    status, page = post(door, "/machines", *setting[:2], ("to", "cyber@nobody"), *setting[3:])
    assert (status, 'value="inbound"' in page) == (400, True)
    assert post(door, "/machines", *setting)[0] == 303
    rule = house.run("--as", "Capt Abe", "access", "rules")
    assert (rule["to"], rule["precedence"]) == (["cyber@nato"], "PRIORITY")
    assert (rule["at_once"], rule["sightings"], rule["set_by"]) == (True, True, "Capt Abe")
    assert "<code>inbound</code> → cyber@nato" in door.ask("GET", "/machines")[1]
    ending = (("act", "end"), ("name", "inbound"))
    assert post(door, "/machines", *ending, ("confirm", "in"))[0] == 400
    assert post(door, "/machines", *ending, ("confirm", "inbound"))[0] == 303
    assert "<code>inbound</code> → cyber@nato" not in door.ask("GET", "/machines")[1]


def test_interests_are_stated_by_who_watches_the_desk(house: House) -> None:
    door = house.door("Lt Sato")
    adding = (("act", "add"), ("desk", "cyber"), ("kind", "narrative"), ("value", HOSTILE))
    assert post(door, "/interests", *adding)[0] == 303
    page = door.ask("GET", "/interests")[1]
    assert HOSTILE not in page
    assert "&lt;img src=x" in page
    assert "<option>ops</option>" not in page
    status, page = post(door, "/interests", *adding[:2], ("kind", "country"), ("value", "Japan"))
    assert (status, 'value="Japan"' in page) == (400, True)
    assert post(door, "/interests", ("act", "add"), ("desk", "ops"), *adding[2:])[0] in {400, 403}
    (number,) = re.findall(r'name="number" value="(\d+)"', page)
    assert post(door, "/interests", ("act", "remove"), ("desk", "cyber"), ("number", "x"))[0] == 400
    removing = (("act", "remove"), ("desk", "cyber"), ("number", number))
    assert post(door, "/interests", *removing)[0] == 303
    assert "&lt;img src=x" not in door.ask("GET", "/interests")[1]


def test_whoever_may_not_sees_and_does_nothing(house: House) -> None:
    watch = house.door("Lt Sato")
    page = watch.ask("GET", "/machines")[1]
    assert 'value="grant"' not in page
    assert 'value="pull"' not in page
    granting = (("act", "grant"), ("name", "x"), ("collection", "c"), ("right", "read"))
    assert post(watch, "/machines", *granting)[0] in {400, 403}
    auditor = house.door("Ms Ueda")
    assert "cert" not in auditor.ask("GET", "/machines")[1]
    post(house.door("Lt Sato"), "/interests", *INTEREST)
    assert "Narnia" in house.door("Capt Abe").ask("GET", "/interests")[1]
    page = auditor.ask("GET", "/interests")[1]
    assert "Narnia" not in page
    assert 'value="add"' not in page
