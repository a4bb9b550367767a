"""The MISP feed, as PyMISP and a MISP instance read it."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests
from pymisp import MISPEvent

from tests.program.conftest import DATA, Desk, befriend, make
from tests.program.waiting import until

EVENTS = DATA / "misp"


def attributes(event: Any) -> Counter[tuple[str, str, bool]]:
    held = [*event.attributes, *(a for each in event.objects for a in each.attributes)]
    return Counter((a.type, str(a.value), bool(a.to_ids)) for a in held)


class Feed:
    def __init__(self, url: str, token: str) -> None:
        self.url = f"{url}/misp/"
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {token}"

    def get(self, name: str, **headers: str) -> requests.Response:
        return self.http.get(self.url + name, headers=headers, timeout=60)


def event_in(file: Path) -> Any:
    told = json.loads(file.read_bytes())
    return told["response"][0] if "response" in told else told


def grant(desk: Desk, name: str, *told: str) -> str:
    granted = desk.ask("access", "grant", name, "--collection", "reports", "--read", *told)
    return str(granted["token"])


def test_events_come_out_as_they_went_in(tmp_path: Path) -> None:
    events = sorted(EVENTS.glob("*.json"))
    if len(events) < 42:
        pytest.skip(f"the events of {EVENTS} are not here")
    jp, nato = make(tmp_path, "jp"), make(tmp_path, "nato")
    befriend([jp, nato])
    with jp.served(), nato.served() as ready:
        for number, file in enumerate(events):
            form = tmp_path / f"{number}.json"
            # As they are, and as forms that hold them: where they have room in one.
            is_form = number % 6 == 1 and jp.run("import", file, "-o", form).status == 0
            jp.ask("send", form if is_form else file, "--to", "cyber@nato")
        feed = Feed(ready["url"], grant(nato, "misp", "--up-to", "TLP:RED"))
        manifest = wait_for(feed, len(events))
        csv = [line.split(",") for line in feed.get("hashes.csv").text.splitlines()]
        for file in events:
            sent, got = MISPEvent(), MISPEvent()
            sent.load(event_in(file))
            answer = feed.get(f"{sent.uuid}.json")
            got.load(answer.json())
            assert attributes(got) == attributes(sent)
            names = [tag.name for tag in got.tags]
            assert names[: len(sent.tags)] == [tag.name for tag in sent.tags]
            assert int(got.distribution) <= int(sent.distribution or 3)
            told = manifest[sent.uuid]
            assert told["info"] == sent.info
            assert told["Orgc"]["name"] == sent.Orgc.name
            if sent.attributes:
                value = str(sent.attributes[0].value).split("|")[0]
                digest = hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()
                assert [digest, sent.uuid] in csv
        once = feed.get("manifest.json")
        tag = {"If-None-Match": once.headers["ETag"]}
        assert feed.get("manifest.json", **tag).status_code == 304
        assert Feed(ready["url"], "x").get("manifest.json").status_code == 401
        for missing in ("x.json", "elsewhere", "00000000-0000-4000-8000-000000000000.json"):
            assert feed.get(missing).status_code == 404


def test_who_may_not_read_a_report_finds_no_event(tmp_path: Path) -> None:
    jp, nato = make(tmp_path, "jp"), make(tmp_path, "nato")
    befriend([jp, nato])
    with jp.served(), nato.served() as ready:
        for marking in ("TLP:GREEN", "TLP:RED"):
            file = tmp_path / "words.txt"
            file.write_text(f"Words marked {marking}.")
            report = jp.ask("send", file, "--to", "cyber@nato", "--marking", marking)["report"]
            jp.ask("wait", report, "--rung", "DELIVERED")
        narrow, wide = (
            Feed(ready["url"], grant(nato, name, "--up-to", up_to))
            for name, up_to in (("narrow", "TLP:GREEN"), ("wide", "TLP:RED"))
        )
        both = wait_for(wide, 2)
        green = wait_for(narrow, 1)
        assert green.items() < both.items()
        (hidden,) = both.keys() - green.keys()
        assert narrow.get(f"{hidden}.json").status_code == 404
        assert wide.get(f"{hidden}.json").json()["Event"]["distribution"] == "0"
        assert hidden not in narrow.get("hashes.csv").text


def test_what_is_taken_back_or_replaced_is_told_so(tmp_path: Path) -> None:
    jp, nato = make(tmp_path, "jp"), make(tmp_path, "nato")
    befriend([jp, nato])
    uuid = "5f1c0000-0000-4000-8000-000000000001"

    def an_event(name: str, info: str, value: str) -> Path:
        attribute = {"type": "domain", "category": "Network activity", "value": value}
        told = {"uuid": uuid, "info": info, "timestamp": "1700000000", "Attribute": [attribute]}
        file = tmp_path / name
        file.write_text(json.dumps({"Event": told}))
        return file

    with jp.served(), nato.served() as ready:
        feed = Feed(ready["url"], grant(nato, "misp"))
        first = jp.ask("send", an_event("1", "first", "a.example"), "--to", "cyber@nato")["report"]
        assert wait_for(feed, 1)[uuid]["info"] == "first"
        second = an_event("2", "second", "b.example")
        by = jp.ask("send", second, "--to", "cyber@nato", "--supersedes", first)["report"]
        until(lambda: feed.get("manifest.json").json()[uuid]["info"] == "second")
        assert feed.get(f"{uuid}.json").json()["Event"]["Attribute"][0]["value"] == "b.example"
        jp.ask("cancel", by, "--note", "it was an exercise of ours")
        until(lambda: feed.get("manifest.json").json()[uuid]["info"] == "CANCELLED: second")
        told = feed.get(f"{uuid}.json").text
        gone = MISPEvent()
        gone.load(told)
        assert [attribute.deleted for attribute in gone.attributes] == [True]
        assert int(json.loads(told)["Event"]["timestamp"]) > 1_700_000_000
        assert uuid not in feed.get("hashes.csv").text


def wait_for(feed: Feed, count: int) -> Any:
    until(lambda: len(feed.get("manifest.json").json()) >= count)
    manifest = feed.get("manifest.json").json()
    assert len(manifest) == count
    return manifest
