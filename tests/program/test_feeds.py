"""Feeds as nodes follow them: from a node, from a folder that PyMISP wrote, through kills."""

import http.server
import json
import random
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pymisp import MISPEvent, MISPOrganisation

from tests.program.conftest import DATA, befriend, command, make
from tests.program.test_taxii import Machine, access, an_object
from tests.program.waiting import until

EVENTS = DATA / "misp"
INSIDE = ("--inside", "127.0.0.0/8")
BY = ("--by", "Lt Sato")
STAYS, GOES = (f"[domain-name:value = '{name}.example']" for name in ("stays", "goes"))


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        pass


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """Serve a folder, as a web server of a CERT does."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=str(folder))
    )
    serving = threading.Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def login(folder: Path, one: Machine) -> Path:
    file = folder / f"{time.monotonic_ns()}.token"
    file.write_text(f"{one.token}\n")
    return file


def read_all(one: Machine) -> Counter[str]:
    """Return how often each object is on the pages of a collection."""
    found: Counter[str] = Counter()
    following: dict[str, str] = {}
    while True:
        page = one.http.get(f"{one.place}objects/", params=following, timeout=30).json()
        found.update(each["id"] for each in page.get("objects", ()))
        if not page.get("more"):
            return found
        following = {"next": page["next"]}


def test_a_collection_is_pulled_through_kills_and_handed_on(tmp_path: Path) -> None:
    jp, nato = make(tmp_path, "jp"), make(tmp_path, "nato")
    sent = [an_object(n) for n in range(5_000)]
    with nato.served() as ready:
        source = access(nato, ready["url"], "jp-pulls", "shared", "--read", "--write")
        target = access(nato, ready["url"], "jp-pushes", "outside", "--read", "--write")
        for begin in range(0, len(sent), 1000):
            assert source.post(*sent[begin : begin + 1000]).status_code == 202
        told = jp.ask(
            "feeds", "add", "nato", source.place, "--collection", "shared", *INSIDE, *BY,
            "--login", login(tmp_path, source), "--every", "10s",
        )  # fmt: skip
        assert (told["way"], told["taken"]) == ("pull", 0)
        rng, killed = random.Random(7), 0
        for _ in range(8):
            process = subprocess.Popen(
                command("--home", jp.home, "--json", "pull", "nato"), stdout=subprocess.DEVNULL
            )
            try:
                assert process.wait(0.3 + rng.random() * 0.4) == 0
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                killed += 1
        assert killed >= 3
        assert jp.ask("pull", "nato")["problem"] is None
        late = [an_object(n) for n in range(50_000, 50_010)]
        source.post(*late)
        with jp.served() as own:  # follows its feeds by itself
            reader = access(jp, own["url"], "siem", "shared", "--read")
            wanted = {each["id"]: 1 for each in (*sent, *late)}
            until(lambda: read_all(reader) == wanted, "the feed is not followed")
            jp.ask(
                "feeds", "add", "out", target.place, "--collection", "shared", "--push", *INSIDE,
                *BY, "--login", login(tmp_path, target),
            )  # fmt: skip
            until(lambda: read_all(target) == wanted, "the collection is not handed on")
            rows = {row["name"]: row for row in jp.ask_lines("feeds", "list")}
            assert [rows[name]["taken"] for name in ("nato", "out")] == [len(wanted)] * 2
        wrong = tmp_path / "wrong"
        wrong.write_text("nonsense")
        jp.ask("feeds", "remove", "nato", *BY)
        jp.ask("feeds", "add", "nato", source.place, "--collection", "x", "--login", wrong, *INSIDE)
        assert "does not let the node in" in jp.fail("pull", "nato")["message"]
        jp.ask("feeds", "remove", "nato", *BY)
        refused = jp.fail("feeds", "add", "nato", source.place, "--collection", "x")
        assert "by https:// alone" in refused["message"]


def maker() -> MISPOrganisation:
    found = MISPOrganisation()
    found.name, found.uuid = "CERT", "5f2e9a1c-7b1d-4c3e-9a77-0123456789ab"
    return found


def written(folder: Path, events: list[Any]) -> None:
    """Write events as a feed, by PyMISP as its users do."""
    manifest: dict[str, Any] = {}
    for event in events:
        if not hasattr(event, "Orgc"):
            event.Orgc = maker()
        told = event.to_feed(with_meta=True)
        manifest |= told["Event"].pop("_manifest")
        told["Event"].pop("_hashes", None)
        (folder / f"{event.uuid}.json").write_text(json.dumps(told))
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_feed_that_pymisp_wrote_is_followed_as_it_changes(tmp_path: Path) -> None:
    files = sorted(EVENTS.glob("*.json"))
    if len(files) < 42:
        pytest.skip(f"the events of {EVENTS} are not here")
    jp = make(tmp_path, "jp")
    feed = tmp_path / "feed"
    feed.mkdir()
    events = []
    for file in files:
        event = MISPEvent()
        told = json.loads(file.read_bytes())
        event.load(told["response"][0] if "response" in told else told)
        events.append(event)
    own = MISPEvent()
    own.info, own.uuid = "Own", "c99506a6-1255-4b71-afa5-7b8ba48c3b1b"
    own.add_attribute("domain", "stays.example", to_ids=True)
    own.add_attribute("domain", "goes.example", to_ids=True)
    own.timestamp = 1_767_225_600
    written(feed, [*events, own])
    with site(feed) as url, jp.served() as ready:
        jp.ask(
            "feeds", "add", "cert", url, "--kind", "misp-feed", "--collection", "cert", *INSIDE, *BY
        )
        told = jp.ask("pull")
        assert told["problem"] is None
        one = access(jp, ready["url"], "siem", "cert", "--read", "--up-to", "TLP:RED")
        reports = one.http.get(f"{one.place}objects/?match[type]=report", timeout=30).json()
        held = jp.ask_lines("feeds", "held")
        assert len(reports["objects"]) + len(held) == len(files) + 1
        assert not held, held
        wanted = sum(
            len(event.attributes) + sum(len(each.attributes) for each in event.objects)
            for event in events
        )
        assert told["taken"] >= wanted / 2
        assert {
            "[domain-name:value = 'stays.example']",
            "[domain-name:value = 'goes.example']",
        } <= (patterns(one))
        own.attributes[1].delete()
        own.add_tag("tlp:red")
        own.timestamp = 1_767_225_700
        written(feed, [*events[1:], own])
        jp.ask("pull")
        assert GOES not in patterns(one)
        low = access(jp, ready["url"], "low", "cert", "--read", "--up-to", "TLP:AMBER")
        assert STAYS in patterns(one) - patterns(low)
        reports = one.http.get(f"{one.place}objects/?match[type]=report", timeout=30).json()
        assert len(reports["objects"]) == len(files)


def patterns(one: Machine) -> set[str]:
    """Return the patterns of all indicators that a machine reads."""
    found: set[str] = set()
    following: dict[str, str] = {"match[type]": "indicator"}
    while True:
        page = one.http.get(f"{one.place}objects/", params=following, timeout=30).json()
        found |= {each["pattern"] for each in page.get("objects", ())}
        if not page.get("more"):
            return found
        following["next"] = page["next"]


def test_the_events_of_another_node_are_followed(tmp_path: Path) -> None:
    jp, nato = make(tmp_path, "jp"), make(tmp_path, "nato")
    befriend([jp, nato])
    event = tmp_path / "event.json"
    event.write_text(
        json.dumps({"Event": {
            "uuid": "c99506a6-1255-4b71-afa5-7b8ba48c3b1b", "info": "x", "timestamp": "1767225600",
            "Attribute": [{"type": "domain", "value": "a.example", "to_ids": True}],
        }})
    )  # fmt: skip
    with jp.served() as ready, nato.served():
        sent = nato.ask("send", event, "--to", "cyber@jp", "--marking", "TLP:GREEN")["report"]
        nato.ask("wait", sent, "--rung", "DELIVERED")
        one = access(jp, ready["url"], "misp", "reports", "--read")
        url = ready["url"]
        nato.ask(
            "feeds", "add", "jp", f"{url}/misp", "--kind", "misp-feed", "--collection", "of-jp",
            *INSIDE, "--inside", "::1/128", *BY, "--login", login(tmp_path, one),
        )  # fmt: skip
        until(lambda: nato.ask("pull", "jp")["taken"] > 0, "no event came")


def test_all_feeds_are_followed_past_one_that_fails(tmp_path: Path) -> None:
    jp = make(tmp_path, "jp")
    good = tmp_path / "good"
    good.mkdir()
    written(good, [])
    with site(good) as url, jp.served():
        for name, at in (("a-bad", f"{url}/none"), ("b-good", url)):
            feed = (name, at, "--kind", "misp-feed", "--collection", name, "--every", "7d")
            jp.ask("feeds", "add", *feed, "--inside", "127.0.0.0/8", "--by", "Lt Sato")
        ran = jp.run("--json", "pull")
        assert ran.status == 1
        told = {row["name"]: row for row in ran.lines}
        assert told["a-bad"]["error"] == "feed-failed"
        assert (told["b-good"]["taken_now"], "error" in told["b-good"]) == (0, False)
        assert "a-bad: " in jp.run("pull").errors
        assert jp.fail("pull", "a-bad")["error"] == "feed-failed"


def test_a_node_stops_at_once_while_a_server_does_not_answer(tmp_path: Path) -> None:
    jp = make(tmp_path, "jp")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        feed = ("slow", url, "--kind", "misp-feed", "--collection", "slow", *INSIDE, *BY)
        with jp.served():
            jp.ask("feeds", "add", *feed)
            silent.settimeout(20)
            asking, _ = silent.accept()
            began = time.monotonic()
        assert time.monotonic() - began < 15, "the node waits for the server of a feed"
        asking.close()
        (row,) = jp.ask_lines("feeds", "list")
        assert "the node was stopped" in row["problem"]
