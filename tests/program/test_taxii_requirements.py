"""What TAXII 2.1 asks of a server, each as docs/taxii-requirements.md names it, and how it bears
what nobody should ask: over plain HTTP, with nothing of our own code to compare by."""

import base64
import http.client
import json
import re
import socket
import ssl
import uuid
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import pytest

from tests.program.conftest import Desk, make

TAXII = "application/taxii+json;version=2.1"
STIX = "application/stix+json;version=2.1"
AT = "2026-01-01T00:00:00.000Z"
LATER = "2026-01-02T00:00:00.000Z"
GREEN = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"
AMBER = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"
LARGEST = 100 * 1024 * 1024
ROOT = "/taxii2/api/"


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    raw: bytes

    @property
    def told(self) -> Any:
        return json.loads(self.raw)


class Machine:
    """A machine with a token, and a collection that it asks for."""

    def __init__(self, url: str, token: str, alias: str) -> None:
        self.address = urlsplit(url).netloc
        self.token = token
        self.alias = alias
        self.place = f"{ROOT}collections/{alias}/"

    def ask(self, method: str, path: str, body: bytes | None = None, **more: str) -> Answer:
        headers = {"Accept": TAXII, "Authorization": f"Bearer {self.token}"}
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        if body is not None:
            headers = {"Content-Type": TAXII, **headers}
        with closing(http.client.HTTPConnection(self.address, timeout=20)) as line:
            line.request(method, path, body, {n: v for n, v in headers.items() if v})
            answer = line.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def get(self, path: str = "objects/", **more: str) -> Answer:
        return self.ask("GET", self.place + path, None, **more)

    def post(self, *objects: Any, **more: str) -> Answer:
        body = json.dumps({"objects": objects}).encode()
        return self.ask("POST", f"{self.place}objects/", body, **more)

    def ids(self, query: str = "") -> list[str]:
        return [each["id"] for each in self.get(f"objects/{query}").told.get("objects", [])]

    @contextmanager
    def open(self, method: str, path: str, *headers: str) -> Generator[socket.socket]:
        """Send a head, and leave the rest to whoever asks."""
        host, _, port = self.address.rpartition(":")
        said = (f"Host: {self.address}", f"Authorization: Bearer {self.token}", *headers)
        with socket.create_connection((host, int(port)), 20) as line:
            line.sendall("\r\n".join((f"{method} {path} HTTP/1.1", *said, "", "")).encode())
            yield line


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, str]]:
    desk = make(tmp_path_factory.mktemp("taxii"), "jp")
    with desk.served() as ready:
        yield desk, str(ready["url"])
    assert "Exception in ASGI application" not in desk.home.with_suffix(".log").read_text()


def access(served: tuple[Desk, str], name: str, alias: str, *told: str) -> Machine:
    desk, url = served
    granted = desk.ask("access", "grant", name, "--collection", alias, *told)
    return Machine(url, granted["token"], alias)


@pytest.fixture(scope="module")
def one(served: tuple[Desk, str]) -> Machine:
    """Return a machine whose collection has two objects, one of them in two versions."""
    found = access(served, "one", "one", "--read", "--write")
    assert found.post(*(mark(n) for n in range(2)), mark(1, modified=LATER)).status == 202
    return found


@pytest.fixture(scope="module")
def fresh(served: tuple[Desk, str]) -> Machine:
    return access(served, "fresh", "fresh", "--read", "--write")


def mark(number: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "indicator", "spec_version": "2.1", "created": AT, "modified": AT,
        "id": f"indicator--{uuid.UUID(int=number, version=4)}", "valid_from": AT,
        "pattern": f"[url:value = 'http://{number}.example/']", "pattern_type": "stix", **more,
    }  # fmt: skip


def is_error(answer: Answer, status: int) -> None:
    """Check an error object: what it must have, and a title that says something."""
    assert (answer.status, answer.headers["Content-Type"]) == (status, TAXII), answer
    assert answer.told["http_status"] == str(status)
    assert len(answer.told["title"].split()) > 3


def is_instant(text: str) -> bool:
    written = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text)
    return written is not None and datetime.fromisoformat(text).utcoffset() == timedelta(0)


def lists_in(value: Any) -> Iterator[list[Any]]:
    """Yield every list of a resource; STIX objects have rules of their own."""
    for name, each in value.items():
        if isinstance(each, list):
            yield each
            if name != "objects" or "date_added" in each[0]:
                yield from (
                    found for one in each if isinstance(one, dict) for found in lists_in(one)
                )


# Speaking: headers, errors, who asks


def test_every_answer_has_the_media_type_of_taxii(one: Machine) -> None:
    for path in ("/taxii2/", ROOT, f"{ROOT}collections/", one.place, f"{one.place}manifest/"):
        answer = one.ask("GET", path)
        assert (answer.status, answer.headers["Content-Type"]) == (200, TAXII)
        assert isinstance(answer.told, dict)


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (TAXII, 200),
        ("application/taxii+json", 200),
        ('application/taxii+json; version="2.1"', 200),
        ("text/html, application/taxii+json;version=2.1;q=0.2", 200),
        ("*/*;q=abc", 200),
        ("application/taxii+json;version=2.0", 406),
        ("application/vnd.oasis.taxii+json;version=2.0", 406),
        (STIX, 406),
        (";;;,,,", 406),
        ("a" * 5000, 406),
        ("\xff", 406),
    ],
)
def test_what_is_accepted_is_negotiated(one: Machine, accept: str, status: int) -> None:
    answer = one.ask("GET", "/taxii2/", Accept=accept)
    assert answer.status == status
    if status == 406:
        is_error(answer, 406)


@pytest.mark.parametrize("kind", ["application/json", f"{TAXII}0", "text/plain", STIX])
def test_another_type_of_content_is_refused(one: Machine, kind: str) -> None:
    is_error(one.post(Content_Type=kind), 415)


@pytest.mark.parametrize("packed", ["gzip", "br", "identity, gzip"])
def test_packed_content_is_refused(one: Machine, packed: str) -> None:
    answer = one.post(Content_Encoding=packed)
    is_error(answer, 415)
    assert "Content-Encoding" in answer.told["title"]


@pytest.mark.parametrize("said", ["", "Bearer x", "Basic x", "Basic b25lOng=", "Digest x"])
def test_a_stranger_is_told_how_to_authenticate(one: Machine, said: str) -> None:
    for path in ("/taxii2/", ROOT, f"{one.place}objects/"):
        answer = one.ask("GET", path, Authorization=said)
        is_error(answer, 401)
        assert "basic" in answer.headers["WWW-Authenticate"].lower()
        assert one.alias not in answer.told["title"].split()


def test_basic_authentication(one: Machine) -> None:
    said = base64.b64encode(f"one:{one.token}".encode()).decode()
    assert one.ask("GET", "/taxii2/", Authorization=f"Basic {said}").status == 200


def test_rights_are_of_each_collection(served: tuple[Desk, str], one: Machine) -> None:
    reads = access(served, "reads", "reads", "--read")
    access(served, "writes", "writes", "--write")
    writes = access(served, "writes", "writes-2", "--write")
    is_error(reads.post(mark(1)), 403)
    is_error(reads.ask("DELETE", f"{reads.place}objects/x/"), 403)
    is_error(writes.get(), 403)
    is_error(writes.get("manifest/"), 403)
    told = writes.ask("GET", f"{ROOT}collections/").told["collections"]
    assert {each["alias"] for each in told} == {"writes", "writes-2"}
    assert {(each["can_read"], each["can_write"]) for each in told} == {(False, True)}
    for path in ("", "objects/", "manifest/", "stream/"):
        is_error(reads.ask("GET", one.place + path), 404)


# Discovery, API root, status


def test_discovery_names_the_api_root(one: Machine) -> None:
    told = one.ask("GET", "/taxii2/").told
    assert told["title"]
    assert told["default"] in told["api_roots"]
    assert urlsplit(told["default"]).path == ROOT


def test_the_api_root_says_what_it_takes(one: Machine) -> None:
    told = one.ask("GET", ROOT).told
    assert told["title"]
    assert told["versions"] == [TAXII]
    assert told["max_content_length"] == LARGEST


def test_a_status_counts_what_was_handed_over(fresh: Machine) -> None:
    answer = fresh.post(mark(20), {"type": "indicator", "id": mark(21)["id"]})
    assert (answer.status, answer.headers["Content-Type"]) == (202, TAXII)
    told = answer.told
    counts = [told[f"{each}_count"] for each in ("total", "success", "failure", "pending")]
    assert (told["status"], counts) == ("complete", [2, 1, 1, 0])
    assert told["successes"] == [{"id": mark(20)["id"], "version": AT}]
    assert told["failures"][0]["id"] == mark(21)["id"]
    assert told["failures"][0]["message"]
    assert uuid.UUID(told["id"]).version == 4
    assert is_instant(told["request_timestamp"])
    assert fresh.ask("GET", f"{ROOT}status/{told['id']}/").told == told


def test_a_status_is_told_to_whom_it_belongs(one: Machine, fresh: Machine) -> None:
    name = fresh.post().told["id"]
    is_error(one.ask("GET", f"{ROOT}status/{name}/"), 404)
    is_error(one.ask("GET", f"{ROOT}status/{uuid.UUID(int=0)}/"), 404)


def test_a_resource_has_no_empty_list(served: tuple[Desk, str], one: Machine) -> None:
    poor = access(served, "poor", "poor", "--read", "--write")
    batches = ((), (mark(50),), ({"type": "indicator", "id": mark(51)["id"]},))
    told = [poor.get().told, poor.get("manifest/").told]
    told += [poor.post(*batch).told for batch in batches]
    for path in ("/taxii2/", ROOT, f"{ROOT}collections/", poor.place, one.place):
        told.append(one.ask("GET", path).told if path != poor.place else poor.get("").told)
    told += [one.get("manifest/").told, one.get(f"objects/{mark(1)['id']}/versions/").told]
    found = [each for resource in told for each in lists_in(resource)]
    assert len(found) > 8
    assert all(found), told


def test_a_collection_has_an_identifier_of_chance(one: Machine) -> None:
    (listed,) = one.ask("GET", f"{ROOT}collections/").told["collections"]
    assert uuid.UUID(listed["id"]).version == 4


# Collections, objects, manifests, versions


def test_a_collection_by_its_id_and_its_alias(one: Machine) -> None:
    (listed,) = one.ask("GET", f"{ROOT}collections/").told["collections"]
    assert str(uuid.UUID(listed["id"])) == listed["id"]
    assert (listed["title"], listed["alias"]) == ("one", "one")
    assert (listed["can_read"], listed["can_write"]) == (True, True)
    assert STIX in listed["media_types"]
    for name in ("one", listed["id"]):
        assert one.ask("GET", f"{ROOT}collections/{name}/").told == listed
        answer = one.ask("GET", f"{ROOT}collections/{name}/objects/")
        assert len(answer.told["objects"]) == 2


def test_what_is_not_there_is_told(one: Machine) -> None:
    name = f"indicator--{uuid.UUID(int=99, version=4)}"
    for path in (f"objects/{name}/", f"objects/{name}/versions/"):
        is_error(one.get(path), 404)
    is_error(one.ask("DELETE", f"{one.place}objects/{name}/"), 404)
    is_error(one.ask("GET", "/taxii2/other/collections/"), 404)
    is_error(one.ask("GET", f"{ROOT}collections/none/objects/"), 404)


def test_an_empty_collection_answers_with_an_empty_object(served: tuple[Desk, str]) -> None:
    empty = access(served, "empty", "empty", "--read")
    assert empty.get().told == {}
    assert empty.get("manifest/").told == {}


def test_objects_come_in_the_order_of_their_adding_with_dates(one: Machine) -> None:
    objects, manifest = one.get(), one.get("manifest/")
    rows = manifest.told["objects"]
    dates = [row["date_added"] for row in rows]
    assert dates == sorted(dates)
    assert all(map(is_instant, dates))
    assert [row["id"] for row in rows] == [each["id"] for each in objects.told["objects"]]
    assert [row["version"] for row in rows] == [AT, LATER]
    assert {row["media_type"] for row in rows} == {STIX}
    for answer in (objects, manifest):
        assert answer.headers["X-TAXII-Date-Added-First"] == dates[0]
        assert answer.headers["X-TAXII-Date-Added-Last"] == dates[-1]


def test_versions_of_an_object(one: Machine) -> None:
    answer = one.get(f"objects/{mark(1)['id']}/versions/")
    assert answer.told["versions"] == [AT, LATER]
    assert is_instant(answer.headers["X-TAXII-Date-Added-First"])


def test_added_after_is_strict(one: Machine) -> None:
    first, last = (row["date_added"] for row in one.get("manifest/").told["objects"])
    assert one.ids(f"?added_after={first}") == [mark(1)["id"]]
    assert one.get(f"objects/?added_after={last}").told == {}


def test_filters_are_joined_by_and_their_values_by_or(one: Machine) -> None:
    first, second = mark(0)["id"], mark(1)["id"]
    assert one.ids(f"?match[id]={first},{second}") == [first, second]
    assert one.ids(f"?match[id]={first}&match[type]=indicator,tool") == [first]
    assert one.ids(f"?match[id]={first}&match[type]=tool") == []
    assert one.ids("?match[spec_version]=2.1") == [first, second]
    assert one.ids("?match[spec_version]=2.0") == []


@pytest.mark.parametrize(
    ("asked", "versions"),
    [("", [LATER]), ("last", [LATER]), ("first", [AT]), ("all", [AT, LATER]), (AT, [AT]),
     (f"first,{LATER}", [AT, LATER]), ("2020-01-01T00:00:00Z", [])],
)  # fmt: skip
def test_versions_are_matched(one: Machine, asked: str, versions: list[str]) -> None:
    query = f"?match[version]={asked}" if asked else ""
    for path in (f"objects/{mark(1)['id']}/{query}",
                 f"objects/?match[id]={mark(1)['id']}{query.replace('?', '&')}"):  # fmt: skip
        told = one.get(path).told
        assert [each["modified"] for each in told.get("objects", [])] == versions


def test_pages_follow_one_another(served: tuple[Desk, str]) -> None:
    many = access(served, "many", "many", "--read", "--write")
    many.post(*(mark(n) for n in range(7)))
    for path, most in (("objects/", 3), ("manifest/", 3)):
        found: list[str] = []
        following = ""
        while True:
            told = many.get(f"{path}?limit={most}{following}").told
            assert len(told["objects"]) <= most
            found += [each["id"] for each in told["objects"]]
            assert ("next" in told) == told["more"]
            if not told["more"]:
                break
            following = f"&next={quote(told['next'])}"
        assert found == [mark(n)["id"] for n in range(7)]


def test_a_page_ends_when_it_is_large(served: tuple[Desk, str]) -> None:
    large = access(served, "heavy", "heavy", "--read", "--write")
    sent = [mark(n, description="a" * (6 << 20)) for n in range(5)]
    assert large.post(*sent).told["success_count"] == 5
    first = large.get()
    assert first.told["more"]
    assert len(first.raw) < 25 << 20
    rest = large.get(f"objects/?next={first.told['next']}").told
    assert first.told["objects"] + rest["objects"] == sent
    assert len(large.get("manifest/").told["objects"]) == 5


def test_an_object_is_not_written_over(fresh: Machine) -> None:
    fresh.post(mark(30))
    again = fresh.post(mark(30, name="another"))
    assert again.told["failure_count"] == 0
    assert fresh.get(f"objects/{mark(30)['id']}/").told["objects"] == [mark(30)]


def test_what_has_no_version_has_the_date_of_its_adding(fresh: Machine) -> None:
    name = f"ipv4-addr--{uuid.uuid5(uuid.NAMESPACE_URL, 'x')}"
    fresh.post({"type": "ipv4-addr", "spec_version": "2.1", "id": name, "value": "192.0.2.1"})
    (row,) = fresh.get(f"manifest/?match[id]={name}").told["objects"]
    assert row["version"] == row["date_added"]


def test_properties_of_others_are_kept(fresh: Machine) -> None:
    fresh.post(mark(31, x_mine={"a": 1}))
    assert fresh.get(f"objects/{mark(31)['id']}/").told["objects"] == [mark(31, x_mine={"a": 1})]


def test_a_version_is_deleted_alone_or_with_all(fresh: Machine) -> None:
    fresh.post(mark(32), mark(32, modified=LATER))
    path = f"{fresh.place}objects/{mark(32)['id']}/"
    assert fresh.ask("DELETE", f"{path}?match[version]=last").status == 200
    assert fresh.ask("GET", path).told["objects"] == [mark(32)]
    assert fresh.ask("DELETE", path).status == 200
    is_error(fresh.ask("GET", path), 404)


def test_no_envelope_is_refused_whole(fresh: Machine) -> None:
    for body in (b"", b"[]", b"null", b"\xff", b'{"objects":{}}', b"[" * 100_000,
                 b'{"objects":[' + b"[" * 100_000 + b"]}"):  # fmt: skip
        is_error(fresh.ask("POST", f"{fresh.place}objects/", body), 400)


# What nobody should ask


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=-1", "limit=a", "limit=%00", "limit=1&limit=2", "next=", "next=x",
        "next=%FF", "next=%E2%82%AC", "added_after=", "added_after=now", "added_after=%00",
        "added_after=2020-01-01", "added_after=2020-13-01T00:00:00Z", "match[version]=",
        "match[version]=x", "match[version]=all,2020-02-30T00:00:00Z",
        f"match[id]={',' * 200}",
        f"match[type]={','.join(map(str, range(101)))}",
    ],
)  # fmt: skip
def test_queries_that_mean_nothing_are_refused(one: Machine, query: str) -> None:
    is_error(one.get(f"objects/?{query}"), 400)
    is_error(one.get(f"manifest/?{query}"), 400)


@pytest.mark.parametrize(
    "query",
    ["limit=1000000000", f"limit={'9' * 30}", "match[id]=%00", "match[id]=%ED%A0%80",
     "match[foo]=1", f"x={'a' * 20_000}", "&" * 5000, "next=AAAAAAAAAAA", "next=f_________8"],
)  # fmt: skip
def test_odd_queries_are_answered(one: Machine, query: str) -> None:
    assert one.get(f"objects/?{query}").status == 200


def test_a_query_without_end_is_refused(one: Machine) -> None:
    assert one.get(f"objects/?x={'a' * 80_000}").status == 400


@pytest.mark.parametrize("name", ["%00", "%ff%fe", "%ED%A0%80", "a%2Fb", "..", "x" * 5000])
def test_odd_addresses_are_told_as_not_there(one: Machine, name: str) -> None:
    for path in (f"{ROOT}collections/{name}/", f"{ROOT}collections/{name}/objects/",
                 f"{one.place}objects/{name}/", f"{one.place}objects/{name}/versions/",
                 f"{ROOT}status/{name}/", f"/taxii2/{name}/"):  # fmt: skip
        is_error(one.ask("GET", path), 404)
    is_error(one.ask("GET", "/taxii2"), 404)


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "PATCH", "TRACE", "PROPFIND"])
def test_other_methods_are_told_what_there_is(one: Machine, method: str) -> None:
    answer = one.ask(method, f"{one.place}objects/")
    is_error(answer, 405)
    assert answer.headers["Allow"] == "GET, HEAD, POST"
    is_error(one.ask(method, "/taxii2/nothing/"), 404)


def test_heads_are_told_without_bodies(one: Machine) -> None:
    answer = one.ask("HEAD", f"{one.place}objects/")
    assert (answer.status, answer.headers["Content-Type"], answer.raw) == (200, TAXII, b"")
    assert one.ask("HEAD", f"{one.place}stream/").status == 405


def test_a_forged_cursor_shows_nothing_that_is_hidden(served: tuple[Desk, str]) -> None:
    writer = access(served, "marker", "marked", "--read", "--write")
    writer.post(mark(40, object_marking_refs=[GREEN]), mark(41, object_marking_refs=[AMBER]))
    first, second = (row["date_added"] for row in writer.get("manifest/").told["objects"])
    reader = access(served, "low", "marked", "--read", "--up-to", "TLP:GREEN")
    assert reader.ids() == [mark(40)["id"]]
    following = writer.get("objects/?limit=1").told["next"]
    for query in (f"?next={following}", f"?added_after={first}", "?next=AAAAAAAAAAA&limit=9",
                  "?match[version]=all", f"?match[id]={mark(41)['id']}"):  # fmt: skip
        assert mark(41)["id"] not in reader.ids(query)
    assert second not in str(reader.get("manifest/").headers)
    is_error(reader.get(f"objects/{mark(41)['id']}/"), 404)


def test_a_length_beyond_the_largest_is_refused_before_it_comes(one: Machine) -> None:
    said = (f"Content-Type: {TAXII}", f"Content-Length: {LARGEST + 1}")
    with one.open("POST", f"{one.place}objects/", *said) as line:
        line.settimeout(5)
        assert line.recv(12) == b"HTTP/1.1 413"


@pytest.mark.parametrize("length", ["-1", "x", "1, 2", "5"])
def test_a_length_that_lies_is_refused(one: Machine, length: str) -> None:
    said = (f"Content-Type: {TAXII}", f"Content-Length: {length}")
    with one.open("POST", f"{one.place}objects/", *said) as line:
        line.sendall(b'{"objects":[]}')
        assert line.recv(12) == b"HTTP/1.1 400"


def test_a_batch_that_breaks_off_does_no_harm(one: Machine) -> None:
    said = (f"Content-Type: {TAXII}", "Content-Length: 1000")
    with one.open("POST", f"{one.place}objects/", *said) as line:
        line.sendall(b'{"objects":[')
    assert len(one.ids()) == 2


def test_memory_for_batches_is_bounded(served: tuple[Desk, str]) -> None:
    said = (f"Content-Type: {TAXII}", f"Content-Length: {LARGEST}", "Expect: 100-continue")
    with ExitStack() as held:
        for number in range(2):
            each = access(served, f"large-{number}", "large", "--write")
            line = held.enter_context(each.open("POST", f"{each.place}objects/", *said))
            assert line.recv(12) == b"HTTP/1.1 100"
        late = access(served, "late", "large", "--write")
        line = held.enter_context(late.open("POST", f"{late.place}objects/", *said))
        head = line.recv(1000)
        assert head.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 10" in head
        assert late.post(mark(1)).status == 202


def test_streams_of_one_machine_are_bounded(one: Machine) -> None:
    with ExitStack() as held:
        for _ in range(16):
            line = held.enter_context(one.open("GET", f"{one.place}stream/"))
            assert line.recv(15) == b"HTTP/1.1 200 OK"
        answer = one.get("stream/", Accept="text/event-stream")
        is_error(answer, 429)
        assert answer.headers["Retry-After"] == "10"
        assert len(one.ids()) == 2
    for _ in range(50):
        with one.open("GET", f"{one.place}stream/") as line:
            if line.recv(15) == b"HTTP/1.1 200 OK":
                return
    pytest.fail("places of streams that ended were not given back")


def test_beyond_this_machine_there_is_tls_alone(tmp_path: Path) -> None:
    """And that of the newest version; without a certificate there is no such door."""
    other = make(tmp_path, "kr")
    assert "--tls-cert" in other.fail("serve", "--listen", "192.0.2.1:0")["message"]
    given = ("--tls-cert", str(other.home / "tls.crt"), "--tls-key", str(other.home / "tls.key"))
    with other.served(*given) as ready:
        place = urlsplit(ready["url"])
        assert place.scheme == "https"
        for version, is_taken in ((ssl.TLSVersion.TLSv1_2, False), (ssl.TLSVersion.TLSv1_3, True)):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.minimum_version = context.maximum_version = version
            line = http.client.HTTPSConnection(place.netloc, timeout=10, context=context)
            with closing(line), nullcontext() if is_taken else pytest.raises(ssl.SSLError):
                line.request("GET", "/taxii2/", headers={"Accept": TAXII})
                assert line.getresponse().status == 401
