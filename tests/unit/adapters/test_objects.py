"""The store of objects: held against a naive one, over breaks, beside readers, sealed on disk."""

import json
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from noroshi.adapters.sqlite.object_rows import rows_of
from noroshi.adapters.sqlite.objects import SqliteObjects
from noroshi.core.errors import NoroshiError, UnavailableError
from noroshi.core.exchange.objects.handling import Handling
from noroshi.core.exchange.objects.query import Query, Version
from noroshi.core.exchange.objects.reading import SPECS, StixObject
from noroshi.core.instant import DAY
from noroshi.core.marking.label import Marking
from noroshi.flow.object_ports import Also, Handed, Kept, KeptStatus

KEY = bytes(range(32))
MARKINGS = tuple(Marking.parse(f"TLP:{each}") for each in ("CLEAR", "GREEN", "AMBER", "RED"))
GREEN, AMBER, RED = ((each,) for each in MARKINGS[1:])
EVERYTHING = frozenset({Version.ALL})


def anybody(_: Handling) -> bool:
    return True


def up_to(ceiling: Marking) -> Callable[[Handling], bool]:
    return lambda handling: all(
        MARKINGS.index(each) <= MARKINGS.index(ceiling) for each in handling
    )


def one(
    name: str, version: int | None = 1, *refs: str, kind: str = "indicator", spec: str = "2.1",
    raw: bytes = b"",
) -> StixObject:  # fmt: skip
    told = raw or json.dumps([name, version, refs]).encode()
    return StixObject(name, kind, version, spec, refs, (), told)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteObjects]:
    opened = SqliteObjects(tmp_path / "objects.db", KEY, os.urandom)
    yield opened
    opened.close()


def put(store: SqliteObjects, *objects: StixObject, handling: Handling = GREEN, at: int = 5) -> Any:
    return store.add(1, [Handed(each, handling) for each in objects], at)


def seen(store: SqliteObjects, may_read: Any = anybody, **query: Any) -> list[tuple[str, int]]:
    page = store.page(1, Query(**query), may_read, bodies=False)
    return [(each.id, each.version) for each in page.objects]


def test_versions(store: SqliteObjects) -> None:
    assert put(store, one("a", 5), one("b", 1), one("a", 9), one("a", 2), one("a", 9)) == [
        5,
        1,
        9,
        2,
        9,
    ]
    assert seen(store) == [("b", 1), ("a", 9)]
    assert seen(store, versions=frozenset({Version.FIRST})) == [("b", 1), ("a", 2)]
    assert seen(store, versions=EVERYTHING) == [("a", 5), ("b", 1), ("a", 9), ("a", 2)]
    both = frozenset({Version.FIRST})
    assert seen(store, versions=both, instants=(5,)) == [("a", 5), ("b", 1), ("a", 2)]
    assert seen(store, versions=frozenset(), instants=(9, 7)) == [("a", 9)]
    removed = store.remove(1, Query(ids=("a",), versions=frozenset(), instants=(9, 2)), anybody)
    assert removed == 2
    assert seen(store) == seen(store, versions=both) == [("a", 5), ("b", 1)]


def test_what_has_no_version_has_that_of_its_adding(store: SqliteObjects) -> None:
    assert put(store, one("u", None, raw=b"1")) == [5]
    assert put(store, one("u", None, raw=b"1"), at=100) == [5]
    assert put(store, one("u", None, raw=b"2"), at=100) == [100]
    assert seen(store) == [("u", 100)]
    assert store.newest() == 100


def test_versions_of_stix_are_apart(store: SqliteObjects) -> None:
    put(store, one("a", 5, spec="2.0"), one("b", 5, spec="2.0"), one("a", 5), one("a", 1))
    put(store, one("a", 7, spec="2.0"))
    assert seen(store) == [("b", 5), ("a", 5)]
    assert seen(store, specs=("2.0",)) == [("b", 5), ("a", 7)]
    assert seen(store, specs=SPECS) == [("b", 5), ("a", 5), ("a", 7)]
    assert seen(store, specs=("9",)) == []
    store.remove(1, Query(ids=("a",), specs=("2.1",), versions=EVERYTHING), anybody)
    assert seen(store) == [("b", 5), ("a", 7)]


def test_who_may_not_have_an_object_does_not_hear_of_it(store: SqliteObjects) -> None:
    put(store, one("x"), one("r", 1, "x", "gone"), one("q", 1, "r"))
    put(store, one("x", 2), handling=RED)
    amber = up_to(MARKINGS[2])
    assert seen(store) == [("r", 1), ("q", 1), ("x", 2)]
    assert seen(store, amber) == [], "what names x names it, and what names that as well"
    assert seen(store, amber, versions=EVERYTHING) == []
    assert store.remove(1, Query(ids=("x",), versions=EVERYTHING), amber) == 0
    put(store, one("x", 3), handling=AMBER)
    assert seen(store, amber) == [("r", 1), ("q", 1), ("x", 3)]
    store.add(2, [Handed(one("x", 3, raw=b"other"), RED)], 5)
    assert seen(store, amber) == [], "in another collection it is marked stricter"


def test_who_writes_elsewhere_opens_nothing_here(store: SqliteObjects) -> None:
    green = up_to(MARKINGS[1])
    put(store, one("x", 1), one("r", 1, "x"))
    put(store, one("x", 2), handling=RED)
    assert seen(store, green) == []
    store.add(2, [Handed(one("x", 9), GREEN)], 5)
    assert seen(store, green) == []


def test_circles_and_long_chains_lead_to_what_is_hidden(store: SqliteObjects) -> None:
    green = up_to(MARKINGS[1])
    put(store, one("a", 1, "b"), one("b", 1, "c", "a"), one("c", 1, "a"), one("d", 1, "d"))
    assert [name for name, _ in seen(store, green)] == ["a", "b", "c", "d"]
    put(store, one("e"), handling=RED)
    assert [name for name, _ in seen(store, green)] == ["a", "b", "c", "d"]
    put(store, one("c", 2, "a", "e"))
    assert [name for name, _ in seen(store, green)] == ["d"]
    chain = [one(f"n{number}", 1, f"n{number + 1}") for number in range(5_000)]
    put(store, *chain, one("n5000", 1, "m"))
    assert len(seen(store, green, limit=10_000)) == 5_002
    put(store, one("m"), handling=RED)
    began = time.process_time()
    assert [name for name, _ in seen(store, green, limit=10_000)] == ["d"]
    assert time.process_time() - began < 5, "each object is looked at once"


def test_a_version_told_again_is_handled_by_the_strictest_telling(store: SqliteObjects) -> None:
    green = up_to(MARKINGS[1])
    put(store, one("a", 1, raw=b"first"), handling=GREEN)
    assert put(store, one("a", 1, raw=b"again"), handling=RED) == [1]
    assert seen(store, green) == []
    (kept,) = store.page(1, Query(), anybody, bodies=True).objects
    assert kept.raw == b"first", "nothing is written over"
    put(store, one("a", 1, raw=b"third"), handling=GREEN)
    assert seen(store, green) == [], "a milder telling takes nothing back"
    put(store, one("b", 1, raw=b"same"), handling=GREEN)
    put(store, one("b", 1, raw=b"same"), handling=RED)
    assert [name for name, _ in seen(store, green)] == ["b"], "the same bytes say nothing new"


def test_pages_miss_nothing_while_others_write(store: SqliteObjects) -> None:
    done = threading.Event()

    def write() -> None:
        for number in range(200):
            put(store, *(one(f"{number}-{each}") for each in range(5)))
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    found: list[Kept] = []
    is_last = False
    while not is_last:
        is_last = done.is_set()
        more = True
        while more:
            after = found[-1].added if found else -1
            page = store.page(1, Query(after=after, limit=7), anybody, bodies=True)
            found += page.objects
            more = page.more
    writer.join()
    assert [each.id for each in found] == [f"{n}-{i}" for n in range(200) for i in range(5)]
    assert all(json.loads(each.raw)[0] == each.id for each in found)


@pytest.mark.parametrize("seed", range(8))
def test_against_a_naive_store(store: SqliteObjects, seed: int) -> None:
    """Nobody reads what the rule refuses, and everybody all the rest, whatever is asked for."""
    draw = random.Random(seed)
    kept: list[tuple[int, int, StixObject, int, Handling]] = []
    names = [f"{kind}--{number}" for kind in ("tool", "url", "note") for number in range(12)]
    for _ in range(40):
        batch = []
        for _ in range(draw.randrange(1, 8)):
            name = draw.choice(names)
            refs = tuple(draw.sample(names, draw.choice((0, 0, 1, 3))))
            batch.append(Handed(
                one(name, draw.choice((None, *range(1, 6))), *refs, kind=name.partition("--")[0],
                    spec=draw.choice(SPECS), raw=b"%d" % draw.randrange(3)),
                tuple(sorted(draw.sample(MARKINGS, draw.choice((1, 1, 2))), key=str)),
            ))  # fmt: skip
        collection = draw.choice((1, 2))
        versions = store.add(collection, batch, 10)
        for handed, version in zip(batch, versions, strict=True):
            place = (collection, handed.object.id, handed.object.spec, version)
            same = [k for k in kept if (k[0], k[2].id, k[2].spec, k[3]) == place]
            if same and same[0][2].raw != handed.object.raw:
                (known,) = same
                both = tuple(sorted({*known[4], *handed.handling}, key=str))
                kept[kept.index(known)] = (*known[:4], both)
            elif not same:
                added = max([9, *(k[1] for k in kept)]) + 1
                kept.append((collection, added, handed.object, version, handed.handling))
        if draw.random() < 0.1:
            target = draw.choice(names)
            assert store.remove(
                1, Query(ids=(target,), versions=EVERYTHING, specs=SPECS), anybody
            ) == sum(k[0] == 1 and k[2].id == target for k in kept)
            kept = [k for k in kept if k[0] != 1 or k[2].id != target]
        for _ in range(4):
            _compare(store, kept, draw, names)


def _compare(store: SqliteObjects, kept: list[Any], draw: random.Random, names: list[str]) -> None:
    ceiling = draw.choice(MARKINGS)
    may_read = up_to(ceiling)
    query = Query(
        after=draw.choice((-1, -1, 20, 60)),
        limit=draw.choice((1, 3, 1000)),
        ids=tuple(draw.sample(names, draw.choice((0, 0, 1, 4)))),
        types=tuple(draw.sample(("tool", "url", "note"), draw.choice((0, 0, 1, 2)))),
        versions=frozenset(draw.sample(list(Version), draw.choice((1, 1, 2)))),
        instants=tuple(draw.sample(range(1, 6), draw.choice((0, 0, 2)))),
        specs=draw.choice(((), (), ("2.0",), ("2.1",), SPECS)),
    )
    expected = [k for k in kept if _is_asked(k, kept, query) and _is_open(k, kept, may_read)]
    page = store.page(1, query, may_read, bodies=True)
    assert [(o.added, o.id, o.version, o.spec, o.raw) for o in page.objects] == [
        (added, o.id, version, o.spec, o.raw) for _, added, o, version, _ in expected[: query.limit]
    ], (query, ceiling)
    assert page.more == (len(expected) > query.limit)


def _is_asked(row: Any, kept: list[Any], query: Query) -> bool:
    collection, added, found, version, _ = row
    if collection != 1 or added <= query.after:
        return False
    if (query.ids and found.id not in query.ids) or (query.types and found.type not in query.types):
        return False
    of_id = [k for k in kept if k[0] == 1 and k[2].id == found.id]
    if query.specs and found.spec not in query.specs:
        return False
    if not query.specs and any(k[2].spec > found.spec for k in of_id):
        return False
    versions = sorted(k[3] for k in of_id if k[2].spec == found.spec)
    return (
        Version.ALL in query.versions
        or (Version.LAST in query.versions and version == versions[-1])
        or (Version.FIRST in query.versions and version == versions[0])
        or version in query.instants
    )


def _is_open(row: Any, kept: list[Any], may_read: Callable[[Handling], bool]) -> bool:
    _, _, found, _, handling = row
    if not may_read(handling):
        return False
    reached, waiting = set[str](), [found.id, *found.refs]
    while waiting:
        name = waiting.pop()
        for place in (1, 2):
            rows = [k for k in kept if k[2].id == name and k[0] == place]
            newest = [k for k in rows if k[3] == max(each[3] for each in rows)]
            if not all(may_read(k[4]) for k in newest):
                return False
            waiting += [each for k in newest for each in k[2].refs if each not in reached]
        reached.add(name)
    return True


def test_nothing_lies_open_on_disk_and_all_is_there_again(tmp_path: Path) -> None:
    canary = os.urandom(24).hex().encode()
    path = tmp_path / "objects.db"
    for number in range(3):
        opened = SqliteObjects(path, KEY, os.urandom)
        put(opened, one(f"n{number}", 1, raw=b"%d %b" % (number, canary)))
        found = opened.page(1, Query(), anybody, bodies=True).objects
        assert [each.raw for each in found] == [b"%d %b" % (n, canary) for n in range(number + 1)]
        assert all(canary not in file.read_bytes() for file in tmp_path.iterdir())
        opened.close()
    wrong = SqliteObjects(path, bytes(32), os.urandom)
    with pytest.raises(UnavailableError, match="damaged"):
        wrong.page(1, Query(), anybody, bodies=True)
    wrong.close()


def test_a_batch_that_fails_leaves_nothing_and_its_key_is_not_used_again(
    store: SqliteObjects,
) -> None:
    put(store, one("a"))
    bad = msgspec.structs.replace(one("b"), raw="no bytes")
    with pytest.raises(TypeError):
        put(store, one("c"), bad, handling=RED)
    assert seen(store) == [("a", 1)]
    put(store, one("d"), handling=RED)
    assert seen(store) == [("a", 1), ("d", 1)]
    assert seen(store, up_to(MARKINGS[2])) == [("a", 1)]
    with store._reading() as database:
        assert list(database.rows("SELECT number FROM chapter")) == [(1,), (2,)]


def test_definitions_and_statuses(store: SqliteObjects) -> None:
    put(store, one("m", 1, kind="marking-definition", raw=b"first"), one("x", 1))
    store.add(2, [Handed(one("m", 2, kind="marking-definition", raw=b"second"), GREEN)], 5)
    assert store.definition("m") == b"first"
    assert store.definition("x") is None
    for days in (0, 5, 9):
        told = KeptStatus(f"after {days}", "siem", days * DAY, b"{}")
        store.add(1, [], 5, Also(status=partial(when_empty, told)))
    assert store.status("after 0") is None
    assert store.status("after 5") == KeptStatus("after 5", "siem", 5 * DAY, b"{}")


def when_empty(told: KeptStatus, versions: list[int]) -> KeptStatus:
    assert versions == []
    return told


def test_what_is_asked_for_is_found_by_an_index(store: SqliteObjects) -> None:
    asked: list[str] = []

    class Explained:
        def rows(self, statement: str, values: Any) -> Any:
            told = store._database.rows(f"EXPLAIN QUERY PLAN {statement}", values)
            asked.append(str(next(told)[3]))
            return iter(())

    queries = (Query(), Query(versions=EVERYTHING), Query(types=("a",)), Query(ids=("a",)))
    for query in queries:
        list(rows_of(Explained(), 1, query, "[1]", bodies=True))  # type: ignore[arg-type]
    assert asked == [
        "SEARCH object USING INDEX object_all (collection=? AND added>?)",
        "SEARCH object USING INDEX object_all (collection=? AND added>?)",
        "SEARCH object USING INDEX object_last (collection=? AND type=? AND added>?)",
        "SEARCH object USING INDEX object_version (id=?)",
    ]


def test_another_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "objects.db"
    path.write_bytes(b"something else" * 100)
    with pytest.raises(NoroshiError):
        SqliteObjects(path, KEY, os.urandom)
