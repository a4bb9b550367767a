"""TAXII 2.1 as machines use it: the standard's own client, stix2's source, streams that break."""

import itertools
import json
import lzma
import random
import shutil
import subprocess
import threading
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import stix2
from stix2.datastore.taxii import TAXIICollectionSink, TAXIICollectionSource
from taxii2client.v21 import Server, as_pages

from tests.program.conftest import DATA, Desk, befriend, command, make

TAXII = "application/taxii+json;version=2.1"
ATTACK = DATA / "attack" / "enterprise-attack-bundle.json.xz"
PACKED = {"Content-Encoding": "gzip"}
AT = "2026-01-01T00:00:00.000Z"


def an_object(number: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "indicator", "spec_version": "2.1", "created": AT, "modified": AT,
        "id": f"indicator--{uuid.UUID(int=number, version=4)}", "valid_from": AT,
        "pattern": f"[url:value = 'http://{number}.example/']", "pattern_type": "stix", **more,
    }  # fmt: skip


class Machine:
    """A machine with access, over plain HTTP requests."""

    def __init__(self, url: str, token: str, alias: str) -> None:
        self.url, self.token = f"{url}/taxii2/", token
        self.place = f"{self.url}api/collections/{alias}/"
        self.http = requests.Session()
        self.http.headers.update({"Authorization": f"Bearer {token}", "Accept": TAXII})

    def post(self, *objects: Any, **headers: str) -> requests.Response:
        raw = json.dumps({"objects": objects}).encode()
        told = {"Content-Type": TAXII, **headers}
        return self.http.post(f"{self.place}objects/", data=raw, headers=told, timeout=60)

    def events(self, after: str | None) -> Iterator[tuple[str, Any]]:
        """Yield cursors and objects of the stream, from behind a cursor."""
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": after} if after else {})}
        where = f"{self.place}stream/?added_after=2020-01-01T00:00:00Z"
        with self.http.get(where, headers=headers, stream=True, timeout=30) as answer:
            assert answer.status_code == 200
            cursor = ""
            for line in answer.iter_lines(chunk_size=1):
                name, _, value = line.decode().partition(": ")
                if name == "id":
                    cursor = value
                elif name == "data":
                    yield cursor, json.loads(value)


def access(desk: Desk, url: str, name: str, alias: str, *told: str) -> Machine:
    granted = desk.ask("access", "grant", name, "--collection", alias, *told)
    return Machine(url, granted["token"], alias)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, str]]:
    desk = make(tmp_path_factory.mktemp("taxii"), "jp")
    with desk.served() as ready:
        yield desk, str(ready["url"])


@pytest.fixture(scope="module")
def narrow(served: tuple[Desk, str]) -> Machine:
    """Return a machine that may do different things in three collections, and nothing elsewhere."""
    desk, url = served
    access(desk, url, "other", "hidden", "--read")
    access(desk, url, "narrow", "ro", "--read")
    access(desk, url, "narrow", "wo", "--write")
    return access(desk, url, "narrow", "rw", "--read", "--write")


def collection_of(one: Machine, name: str) -> Any:
    server: Any = Server(one.url, user=name, password=one.token)
    (found,) = server.default.collections
    return found


def test_attack_goes_in_and_comes_back_byte_for_byte(served: tuple[Desk, str]) -> None:
    if not ATTACK.exists():
        pytest.skip(f"{ATTACK} is not here")
    desk, url = served
    one = access(desk, url, "attack", "attack", "--read", "--write")
    raw = lzma.decompress(ATTACK.read_bytes())
    headers = {"Content-Type": TAXII}
    told = one.http.post(f"{one.place}objects/", data=raw, headers=headers, timeout=120)
    assert told.status_code == 202
    sent = json.loads(raw)["objects"]
    assert (told.json()["success_count"], told.json()["failure_count"]) == (len(sent), 0)
    found: list[bytes] = []
    following = ""
    while True:
        page = one.http.get(f"{one.place}objects/{following}", timeout=60)
        body = page.json()
        start = page.content.index(b'"objects":[') + len(b'"objects":[')
        found.append(page.content[start:-2])
        if not body["more"]:
            break
        following = f"?next={body['next']}"
    assert b",".join(found) == raw[raw.index(b"[") + 1 : raw.rindex(b"]")].strip()
    client = collection_of(one, "attack")
    ids = [each["id"] for page in as_pages(client.get_manifest, per_request=1000)
           for each in page["objects"]]  # fmt: skip
    assert ids == [each["id"] for each in sent]
    tools = {each["id"] for each in sent if each["type"] == "tool"}
    asked = as_pages(client.get_objects, per_request=40, type="tool")
    assert {each["id"] for page in asked for each in page["objects"]} == tools


def test_the_standards_own_client(served: tuple[Desk, str]) -> None:
    desk, url = served
    one = access(desk, url, "client", "own", "--read", "--write")
    client = collection_of(one, "client")
    assert (client.title, client.alias, client.can_read, client.can_write) == (
        "own",
        "own",
        True,
        True,
    )
    later = "2026-01-02T00:00:00.000Z"
    status = client.add_objects({"objects": [an_object(1), an_object(2), {"type": "x"}]})
    status.refresh()
    assert (status.status, status.success_count, status.failure_count) == ("complete", 2, 1)
    client.add_objects({"objects": [an_object(1, modified=later)]})
    assert client.get_objects()["objects"] == [an_object(2), an_object(1, modified=later)]
    name = an_object(1)["id"]
    assert client.object_versions(name)["versions"] == [AT, later]
    assert client.get_object(name, version="first")["objects"] == [an_object(1)]
    assert client.get_object(name, version=later)["objects"] == [an_object(1, modified=later)]
    manifest = client.get_manifest()["objects"]
    after = manifest[0]["date_added"]
    delta = client.get_objects(added_after=after)["objects"]
    assert delta == [an_object(1, modified=later)]
    client.delete_object(name, version="last")
    assert client.get_object(name)["objects"] == [an_object(1)]
    client.delete_object(name)
    with pytest.raises(requests.HTTPError, match="404"):
        client.get_object(name)


def test_the_source_and_the_sink_of_stix2(served: tuple[Desk, str]) -> None:
    desk, url = served
    one = access(desk, url, "stix2", "stix2", "--read", "--write")
    client = collection_of(one, "stix2")
    mark = stix2.v21.Indicator(pattern="[url:value = 'x']", pattern_type="stix")
    TAXIICollectionSink(client).add(mark)
    source = TAXIICollectionSource(client)
    assert source.get(mark.id) == mark
    assert source.all_versions(mark.id) == [mark]
    found = source.query([stix2.Filter("type", "=", "indicator")])
    assert found == [mark]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "", {"Authorization": ""}, 401),
        ("GET", "", {"Authorization": "Bearer x"}, 401),
        ("GET", "", {"Authorization": "Basic x"}, 401),
        ("GET", "", {"Authorization": "Basic c2llbTp4"}, 401),
        ("GET", "", {"Accept": "application/taxii+json"}, 200),
        ("GET", "", {"Accept": "*/*"}, 200),
        ("GET", "", {"Accept": "text/html, application/*;q=0.1"}, 200),
        ("GET", "", {"Accept": "text/html"}, 406),
        ("GET", "", {"Accept": "application/taxii+json;version=2.0"}, 406),
        ("GET", "", {"Accept": "*/*;q=0"}, 406),
        ("GET", "nothing/", {}, 404),
        ("GET", "api/collections", {}, 404),
        ("GET", "api/collections/none/", {}, 404),
        ("GET", "api/collections/none/objects/", {}, 404),
        ("GET", "api/collections/hidden/", {}, 404),
        ("GET", "api/collections/hidden/objects/", {}, 404),
        ("GET", "api/status/none/", {}, 404),
        ("GET", "api/collections/wo/objects/", {}, 403),
        ("GET", "api/collections/wo/manifest/", {}, 403),
        ("POST", "api/collections/ro/objects/", {"Content-Type": TAXII}, 403),
        ("DELETE", "api/collections/ro/objects/x/", {}, 403),
        ("DELETE", "api/collections/wo/objects/x/", {}, 403),
        ("DELETE", "api/collections/rw/objects/x/", {}, 404),
        ("GET", "api/collections/rw/objects/x/", {}, 404),
        ("GET", "api/collections/rw/objects/x/versions/", {}, 404),
        ("GET", "api/collections/rw/objects/?limit=0", {}, 400),
        ("GET", "api/collections/rw/objects/?limit=1&limit=2", {}, 400),
        ("GET", "api/collections/rw/objects/?added_after=now", {}, 400),
        ("GET", "api/collections/rw/objects/?next=x", {}, 400),
        ("GET", "api/collections/rw/objects/?match[version]=x", {}, 400),
        ("POST", "api/collections/rw/objects/", {"Content-Type": "application/json"}, 415),
        ("POST", "api/collections/rw/objects/", {"Content-Type": TAXII, **PACKED}, 415),
        ("POST", "api/collections/rw/objects/", {"Content-Type": TAXII}, 400),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_is_told_as_an_error_object(
    narrow: Machine, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = narrow.http.request(method, narrow.url + path, data=b"{", headers=headers, timeout=30)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == TAXII
    if status >= 400:
        assert answer.json()["http_status"] == str(status)
        assert answer.json()["title"]
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_too_much_at_once_is_refused(served: tuple[Desk, str]) -> None:
    desk, url = served
    one = access(desk, url, "much", "much", "--write")
    chunks = itertools.repeat(b" " * (1 << 20), 101)
    headers = {"Content-Type": TAXII}
    answer = one.http.post(f"{one.place}objects/", data=chunks, headers=headers, timeout=60)
    assert (answer.status_code, answer.json()["error_code"]) == (413, "body-too-large")


def test_a_consumer_that_breaks_off_misses_nothing_and_gets_nothing_twice(tmp_path: Path) -> None:
    """A hundred times in the middle of a stream and of pages, and the node is killed between."""
    desk = make(tmp_path, "jp")
    draw, total = random.Random(1), 3000
    with served_until_killed(desk) as ready:
        writer = access(desk, ready["url"], "w", "c", "--write")
        reader = access(desk, ready["url"], "r", "c", "--read")
        port = ready["url"].rpartition(":")[2]
        streamed: list[tuple[str, Any]] = []
        paged: list[str] = []
        following = None
        done = threading.Event()

        def write() -> None:
            for number in range(0, total // 2, 10):
                assert writer.post(*(an_object(number + n) for n in range(10))).status_code == 202
            done.set()

        thread = threading.Thread(target=write)
        thread.start()
        for _ in range(50):
            streamed += itertools.islice(
                reader.events(streamed[-1][0] if streamed else None), draw.randrange(1, 30)
            )
            following = page_once(reader, following, draw.randrange(1, 40), paged)
        thread.join()
        assert done.is_set()
    with desk.served("--listen", f"127.0.0.1:{port}"):
        for number in range(total // 2, total, 100):
            writer.post(*(an_object(number + n) for n in range(100)))
        while len(streamed) < total:
            count = min(draw.randrange(1, 60), total - len(streamed))
            streamed += itertools.islice(reader.events(streamed[-1][0]), count)
        before = -1
        while len(paged) != before:
            before = len(paged)
            following = page_once(reader, following, draw.randrange(1, 60), paged)
    expected = [an_object(n)["id"] for n in range(total)]
    assert [found["id"] for _, found in streamed] == expected
    assert paged == expected


@contextmanager
def served_until_killed(desk: Desk) -> Generator[Any]:
    arguments = command("--home", desk.home, "--json", "serve")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


def page_once(reader: Machine, after: str | None, limit: int, found: list[str]) -> str | None:
    """Read a page as a consumer does that keeps the last date of it alone."""
    told = {"limit": str(limit), **({"added_after": after} if after else {})}
    answer = reader.http.get(f"{reader.place}objects/", params=told, timeout=30)
    found += [each["id"] for each in answer.json().get("objects", [])]
    return answer.headers.get("X-TAXII-Date-Added-Last", after)


def test_a_report_is_read_by_a_machine_and_revocation_ends_its_stream(tmp_path: Path) -> None:
    jp, nato = make(tmp_path, "jp"), make(tmp_path, "nato")
    befriend([jp, nato])
    with jp.served(), nato.served() as ready:
        one = access(nato, ready["url"], "siem", "desk-cyber", "--read")
        events = one.events(None)
        form = jp.run("kinds", "cyber-incident", "--example").output
        file = tmp_path / "report.json"
        file.write_bytes(form.replace(b'"exercise"', b'"actual"', 1))
        jp.ask("send", file, "--to", "cyber@nato")
        kinds = {next(events)[1]["type"] for _ in range(8)}
        assert {"report", "incident"} <= kinds
        nato.ask("access", "revoke", "siem")
        assert {found["type"] for _, found in events}
        assert one.http.get(f"{one.place}objects/", timeout=10).status_code == 401


def test_what_machines_handed_over_is_in_a_backup(tmp_path: Path) -> None:
    desk, file = make(tmp_path, "jp"), tmp_path / "jp.backup"
    with desk.served() as ready:
        one = access(desk, ready["url"], "siem", "c", "--read", "--write")
        one.post(*(an_object(n) for n in range(20)))
        desk.ask("backup", file)
        one.post(an_object(99))
    for told in ((), ("--new-keys",)):
        shutil.rmtree(desk.home)
        desk.ask("restore", file, *told)
        with desk.served() as ready:
            again = Machine(ready["url"], one.token, "c")
            answer = again.http.get(f"{again.place}objects/", timeout=30).json()
            assert answer["objects"] == [an_object(n) for n in range(20)]
