"""Feeds at a node: what comes of them, what is held back, what is handed on."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from noroshi.core.errors import ConflictError, InputError, NotFoundError, UnavailableError
from noroshi.core.feed import Feed
from noroshi.core.instant import SECOND, from_text, to_text
from noroshi.core.tlog.entry import EntryKind
from noroshi.flow import requests
from noroshi.flow.feed_ports import Login, Reply, Session
from noroshi.flow.feed_tables import FeedState, Fetched
from noroshi.flow.feeds.pulling import due, follow, login_of
from tests.unit.flow.pair import House, Pair, open_pair
from tests.unit.flow.test_accounts import entries
from tests.unit.flow.test_objects import an_object, grant, hand_over, ids, machine

URL = "https://cert.example/api/collections/c/"
MISP = "https://misp.example"
NAMES = [f"{n}99506a6-1255-4b71-afa5-7b8ba48c3b1b" for n in range(1, 5)]
GROUP = "5f2e9a1c-7b1d-4c3e-9a77-0123456789ab"
WORD = "word"
LAST = "x-taxii-date-added-last"


class Server:
    """A server of others: answers by `answer`, and remembers what it was asked."""

    def __init__(self, answer: Callable[[str, str, bytes | None], Reply]) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str]] = []
        self.login = Login()
        self.paused = 0.0

    @contextlib.contextmanager
    def __call__(self, feed: Feed, login: Login) -> Iterator[Session]:
        assert feed.ended_at is None
        self.login = login
        yield self

    def close(self) -> None:
        pass

    def ask(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None = None,
        *,
        most: int,
    ) -> Reply:
        assert most == 100 * 1024 * 1024
        assert ("Content-Type" in headers) is (body is not None)
        self.asked.append((method, url))
        return self.answer(method, url, body)

    def pause(self, seconds: float) -> None:
        self.paused += seconds


def reply(told: object, status: int = 200, **headers: str) -> Reply:
    return Reply(status, headers, json.dumps(told).encode())


class Taxii:
    """A collection of TAXII 2.1, whose pages have two objects."""

    def __init__(self) -> None:
        self.kept: list[tuple[int, dict[str, Any]]] = []
        self.posted: list[dict[str, Any]] = []
        self.says_next = True
        self.refuses: str | None = None

    def add(self, at: int, *told: dict[str, Any]) -> None:
        self.kept += [(at, each) for each in told]

    def __call__(self, method: str, url: str, body: bytes | None) -> Reply:
        if method == "POST":
            assert body is not None
            objects = json.loads(body)["objects"]
            self.posted += objects
            failures = [
                {"id": o["id"], "message": "no"} for o in objects if o["id"] == self.refuses
            ]
            return reply({"id": "s", "status": "complete", "failures": failures}, 202)
        asked = {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}
        assert asked["match[version]"] == "all"
        after = from_text(asked["added_after"]) if "added_after" in asked else -1
        rows = [each for each in self.kept if each[0] > after]
        begin = int(asked.get("next", "0"))
        page, more = rows[begin : begin + 2], len(rows) > begin + 2
        told: dict[str, Any] = {"more": more, "objects": [o for _, o in page]} if page else {}
        if more and self.says_next:
            told["next"] = str(begin + 2)
        headers = {LAST: to_text(page[-1][0])} if page else {}
        return Reply(200, headers, json.dumps(told).encode())


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def at(house: House, server: Server) -> House:
    parts = msgspec.structs.replace(house.node.house, outside=server)
    return House(msgspec.structs.replace(house.node, house=parts), house.clock)


def add(house: House, **told: Any) -> Any:
    known = {"name": "cert", "url": URL, "kind": "taxii", "collection": "c", "by": "Lt Sato"}
    return house.ask(requests.AddFeed(**{**known, **told}))


def pull(house: House, name: str = "cert") -> Any:
    return house.ask(requests.PullFeed(name=name))


def held(house: House) -> list[Any]:
    return list(house.ask(requests.HeldOfFeeds()))


def read(house: House, alias: str = "c", ceiling: str = "TLP:RED") -> list[str]:
    name = f"reader-{ceiling}".replace(":", "-")
    one = machine(house, grant(house, name, alias, ceiling=ceiling)["token"])
    return ids(house, one, alias)


def test_feeds_are_added_listed_and_removed(pair: Pair) -> None:
    jp = at(pair.jp, Server(Taxii()))
    told = add(jp, secret=WORD, user="jp", authorities="x")
    assert (told["way"], told["up_to"], told["done_at"]) == ("pull", "TLP:AMBER+STRICT", None)
    with pytest.raises(ConflictError, match="there is a feed cert"):
        add(jp)
    with pytest.raises(InputError, match="no kind of feed"):
        add(jp, name="b", kind="rss")
    with pytest.raises(InputError, match="no partner 'xx'"):
        add(jp, name="b", partner="xx")
    with pytest.raises(InputError, match="is filled by reports"):
        add(jp, name="b", collection="reports")
    with pytest.raises(InputError, match="as reports alone"):
        add(jp, name="b", collection="reports", push=True, partner="nato")
    assert add(jp, name="b", collection="reports", push=True)["way"] == "push"
    assert [each["name"] for each in jp.ask(requests.Feeds())] == ["b", "cert"]
    (feed,) = (f for f in tables_feeds(jp) if f.name == "cert")
    assert login_of(jp.node.house, feed) == Login("word", "jp", "x")
    assert "word" not in repr(login_of(jp.node.house, feed))
    asked = requests.AddFeed(name="n", url=URL, kind="taxii", collection="c", secret=WORD)
    assert "word" not in repr(asked)
    assert jp.ask(requests.RemoveFeed(name="cert", by="Lt Sato"))["ended_at"]
    assert login_of(jp.node.house, feed) == Login()
    for request in (requests.RemoveFeed(name="cert", by="Lt Sato"), requests.PullFeed(name="cert")):
        with pytest.raises(NotFoundError, match="no feed 'cert'"):
            jp.ask(request)
    add(jp, collection="d")
    told = [e.kind.value for e in entries(jp, EntryKind.FEED_CHANGED, EntryKind.FEED_ENDED)]
    assert told == ["FeedChanged", "FeedChanged", "FeedEnded", "FeedChanged"]


def tables_feeds(house: House) -> list[Feed]:
    with house.node.store.read() as tables:
        return tables.feeds.all()


def test_a_collection_is_pulled_page_by_page_and_only_what_is_new(pair: Pair) -> None:
    taxii = Taxii()
    server = Server(taxii)
    jp = at(pair.jp, server)
    taxii.add(10 * SECOND, an_object(1), an_object(2), an_object(3))
    taxii.add(20 * SECOND, an_object(4), an_object(5))
    add(jp)
    told = pull(jp)
    assert (told["taken_now"], told["taken"], told["problem"]) == (5, 5, None)
    assert read(jp) == [an_object(n)["id"] for n in range(1, 6)]
    taxii.add(20 * SECOND, an_object(6))  # late, at the instant of the last
    taxii.add(21 * SECOND, an_object(1, modified="2026-02-01T00:00:00.000Z"))
    assert pull(jp)["taken_now"] == 2
    pair.clock.go_on(2)
    assert pull(jp)["taken_now"] == 0
    asked = len(server.asked)
    assert pull(jp)["taken_now"] == 0
    assert "added_after=1970-01-01T00%3A00%3A21" in server.asked[asked][1]


def test_a_server_that_does_not_say_where_it_goes_on_is_followed_all_the_same(pair: Pair) -> None:
    taxii = Taxii()
    taxii.says_next = False
    jp = at(pair.jp, Server(taxii))
    for n in range(1, 6):
        taxii.add(n * SECOND, an_object(n))
    add(jp)
    assert pull(jp)["taken"] == 5
    stuck = Taxii()
    stuck.says_next = False
    stuck.add(SECOND, *(an_object(n) for n in range(10, 15)))
    nato = at(pair.nato, Server(stuck))
    add(nato)
    with pytest.raises(UnavailableError, match="there is more, and not where"):
        pull(nato)
    (told,) = nato.ask(requests.Feeds())
    assert "not where" in told["problem"]
    assert told["taken"] == 2


def test_what_cannot_be_taken_is_held_back_and_admitted_or_dropped(pair: Pair) -> None:
    taxii = Taxii()
    jp = at(pair.jp, Server(taxii))
    unknown = "marking-definition--00000000-0000-4000-8000-000000000001"
    secret = an_object(1, markings=[unknown])
    taxii.add(SECOND, secret, {"type": "indicator", "id": "nonsense"}, an_object(3))
    add(jp, marking="TLP:AMBER")
    assert pull(jp)["taken"] == 1
    by_item = {each["item"]: each for each in held(jp)}
    assert "not known here" in by_item[secret["id"]]["reason"] or by_item[secret["id"]]["reason"]
    pull(jp)
    assert len(held(jp)) == 2
    assert read(jp) == [an_object(3)["id"]]
    assert read(jp, ceiling="TLP:GREEN") == []
    number = by_item[secret["id"]]["number"]
    with pytest.raises(InputError):
        jp.ask(requests.AdmitHeld(number=number, marking="NOWHERE SECRET", by="Lt Sato"))
    admitted = jp.ask(requests.AdmitHeld(number=number, marking="TLP:RED", by="Lt Sato"))
    assert admitted["taken"] == 1
    assert set(read(jp)) == {secret["id"], an_object(3)["id"]}
    (left,) = held(jp)
    with pytest.raises(InputError, match="no marking helps"):
        jp.ask(requests.AdmitHeld(number=left["number"], marking="TLP:RED", by="Lt Sato"))
    assert jp.ask(requests.AdmitHeld(number=left["number"], by="Lt Sato"))["taken"] == 0
    with pytest.raises(NotFoundError, match="held back as number"):
        jp.ask(requests.AdmitHeld(number=left["number"], by="Lt Sato"))
    kinds = [e.kind.value for e in entries(jp, EntryKind.FEED_ADMITTED, EntryKind.FEED_DROPPED)]
    assert kinds == ["FeedAdmitted", "FeedDropped"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Reply(401, {}, b""), "does not let the node in"),
        (Reply(302, {"location": "http://169.254.169.254/\x1b[31m"}, b""), "nothing is followed"),
        (Reply(500, {}, b"\x1b[2Jsorry"), r"answered 500: \S*\[2Jsorry"),
        (Reply(200, {}, b"<html>"), "cannot be read"),
        (Reply(200, {}, b"[]"), "cannot be read"),
        (Reply(200, {}, b'{"objects": 1}'), "no envelope"),
        (Reply(200, {}, b'{"more": 1}'), "cannot be read"),
    ],
)
def test_what_a_server_answers_wrongly_is_told_and_costs_nothing(
    pair: Pair, answer: Reply, told: str
) -> None:
    jp = at(pair.jp, Server(lambda *_: answer))
    add(jp)
    with pytest.raises(UnavailableError, match=told) as caught:
        pull(jp)
    assert caught.value.code == "feed-failed"
    assert "\x1b" not in caught.value.message
    (row,) = jp.ask(requests.Feeds())
    assert row["problem"] == caught.value.message
    assert row["done_at"] is None


def test_a_feed_is_due_when_its_pause_is_over(pair: Pair) -> None:
    jp = at(pair.jp, Server(Taxii()))
    add(jp, every=60)
    assert due(jp.node.house) == [("cert", 0)]
    follow(jp.node.house, "cert")
    ((_, then),) = due(jp.node.house)
    now = jp.node.house.clock.now()
    assert 30 * SECOND < then - now <= 60 * SECOND
    jp.node.house.objects().feeds.note(Fetched(FeedState("cert", tried_at=now, problem="it fell")))
    assert due(jp.node.house) == [("cert", now + 30 * SECOND)]
    silent = msgspec.structs.replace(jp.node.house, is_silent=True)
    assert due(silent) == []
    with pytest.raises(UnavailableError, match="only receives"):
        follow(silent, "cert")


def test_a_collection_is_handed_on_once_up_to_its_ceiling(pair: Pair) -> None:
    taxii = Taxii()
    server = Server(taxii)
    jp = at(pair.jp, server)
    one = machine(jp, grant(jp, "sensor", write=True)["token"])
    green = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
    red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
    hand_over(jp, one, an_object(1, markings=[green]), an_object(2, markings=[red]))
    add(jp, push=True, ceiling="TLP:GREEN")
    taxii.refuses = an_object(1)["id"]
    told = pull(jp)
    assert [each["id"] for each in taxii.posted] == [an_object(1)["id"]]
    assert told["taken"] == 0
    (row,) = held(jp)
    assert row["reason"] == "refused there: no"
    with pytest.raises(InputError, match="refused it"):
        jp.ask(requests.AdmitHeld(number=row["number"], marking="TLP:RED", by="Lt Sato"))
    hand_over(jp, one, *(an_object(n, markings=[green]) for n in range(4, 8)))
    assert pull(jp)["taken_now"] == 4
    assert pull(jp)["taken_now"] == 0
    assert len(taxii.posted) == 5


def test_a_batch_that_is_pending_is_asked_for_until_it_is_done(pair: Pair) -> None:
    left = [3]

    def answer(method: str, url: str, _body: bytes | None) -> Reply:
        if method == "GET":
            assert url == "https://cert.example/api/status/s/"
            left[0] -= 1
        return reply({"id": "s", "status": "complete" if left[0] <= 0 else "pending"}, 202)

    server = Server(answer)
    jp = at(pair.jp, server)
    one = machine(jp, grant(jp, "sensor", write=True)["token"])
    hand_over(jp, one, an_object(1))
    add(jp, push=True)
    assert pull(jp)["taken"] == 1
    assert server.paused > 0
    left[0] = 10**9
    hand_over(jp, one, an_object(2))
    with pytest.raises(UnavailableError, match="still says that the batch is pending"):
        pull(jp)
    left[0] = 0
    assert pull(jp)["taken"] == 2
