"""TAXII beside its peers, in one run: objects handed over, read whole, in part and one by one.

The driver reads answers as bytes and looks in them for `next` alone; a second pass, not timed,
compares every object. medallion is asked for 1,000 objects, for it grows with their square. The
peers check no marking, and OpenTAXII is asked without a token, which costs it less.
"""

import asyncio
import json
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import aiohttp

from bench.nodes import Served, ask, quantiles, served, session
from bench.peers import Peer, medallion, opentaxii
from endure.federation import found
from noroshi.flow import requests

TAXII = "application/taxii+json;version=2.1"
_BATCH = 500
_PAGE = 1000
_ASKED = 200
_NEXT = re.compile(rb'"next": ?"([^"]+)"')
_AT = "2026-01-01T00:00:00.000Z"
_ROUNDS = {1_000: 5, 10_000: 3, 100_000: 1}

Figures = dict[str, object]


def measure(folder: Path) -> Figures:
    """Return figures of every server and size, and our ratios to the better of the peers."""
    told: Figures = {}
    for count, servers in (
        (1_000, (noroshi, medallion, opentaxii)),
        (10_000, (noroshi, opentaxii)),
        (100_000, (noroshi, opentaxii)),
    ):
        of_size: dict[str, Figures] = {}
        for serve in servers:
            own = folder / f"{serve.__name__}-{count}"
            own.mkdir()
            with serve(own) as server:
                of_size[server.name] = asyncio.run(_measure(server, count))
        told[f"{count:,} objects"] = {**of_size, "times the better peer": _ratios(of_size)}
    return told


def grow(folder: Path, count: int = 1_000_000) -> Figures:
    """Return the speed of paged reads and of the first page, at 10,000 objects and at many."""
    told: Figures = {}
    with noroshi(folder) as server:
        done = 0
        for size in (10_000, count):
            told[f"{size:,} objects"] = asyncio.run(_grown(server, done, size))
            done = size
    return told


@contextmanager
def noroshi(folder: Path) -> Generator[Peer]:
    homes = found(folder, {"jp": "H3"})
    with served(homes) as (node,):
        headers = {"Authorization": f"Bearer {asyncio.run(_grant(node))}", "Accept": TAXII}
        url = f"{node.url}/taxii2/api/collections/bench/"
        yield Peer("noroshi", url, headers, node.pid)


async def _grant(node: Served) -> str:
    request = requests.GrantAccess(
        name="bench", collection="bench", read=True, write=True, by="Lt Bench"
    )
    async with session(node.home) as local:
        return str((await ask(local, request))["token"])


def _object(number: int) -> dict[str, object]:
    kind = ("indicator", "indicator", "malware", "relationship", "report")[number % 5]
    own = f"{kind}--{uuid.UUID(int=(number * 2_654_435_761 << 64) + number, version=4)}"
    told: dict[str, object] = {
        "type": kind, "spec_version": "2.1", "id": own, "created": _AT, "modified": _AT,
    }  # fmt: skip
    pattern = f"[ipv4-addr:value = '192.0.{number >> 8 & 255}.{number & 255}']"
    other = f"malware--{uuid.UUID(int=number + 1, version=4)}"
    more: dict[str, dict[str, object]] = {
        "indicator": {"pattern": pattern, "pattern_type": "stix", "valid_from": _AT,
                      "name": f"Indicator {number}", "description": "Seen at a mail server. " * 10},
        "malware": {"name": f"Malware {number}", "is_family": False, "description": "x" * 300},
        "relationship": {"relationship_type": "indicates", "target_ref": other,
                         "source_ref": f"indicator--{uuid.UUID(int=number + 2, version=4)}"},
        "report": {"name": f"Report {number}", "published": _AT, "object_refs": [other],
                   "description": "A report of a watch. " * 30},
    }  # fmt: skip
    return {**told, **more[kind]}


async def _measure(server: Peer, count: int) -> Figures:
    objects = [_object(number) for number in range(count)]
    async with aiohttp.ClientSession(headers=server.headers) as http:
        await _hand_over(http, server, objects[:1])  # what it loads for the first is no speed
        before = _cpu(server.pid)
        taken = await _hand_over(http, server, objects[1:])
        ingest_cpu = _cpu(server.pid) - before
        dates = await _dates(http, server, count)
        rounds = 1 if server.name == "medallion" else _ROUNDS[count]
        figures: Figures = {"ingest, objects/s": round((count - 1) / taken)}
        figures["ingest, CPU ms per object"] = round(ingest_cpu / count * 1000, 3)
        reads: dict[str, tuple[str, int]] = {
            "full read": ("", count),
            "full read, all versions": ("match[version]=all&", count),
            "last tenth": _last_tenth(dates),
            "indicators": ("match[type]=indicator&", count * 2 // 5),
            "reports and malware": ("match[type]=report,malware&", count * 2 // 5),
        }
        for name, (told, wanted) in reads.items():
            seconds = [await _read(http, server, told, wanted) for _ in range(rounds)]
            figures[f"{name}, objects/s"] = round(wanted / sorted(seconds)[len(seconds) // 2])
        asked = [objects[n * 7919 % count]["id"] for n in range(_ASKED if rounds > 1 else 20)]
        for name, path in (("one by match[id]", "objects/?match[id]={}"), ("one", "objects/{}/")):
            times = [
                await _timed(lambda one=one, path=path: _get(http, server, path.format(one)))
                for one in asked
            ]
            figures[f"{name}, ms"] = quantiles(times)
        figures["peak RSS, MiB"] = peak(server.pid)
        await _compare(http, server, objects)
    return figures


def _last_tenth(dates: list[str]) -> tuple[str, int]:
    """Return what asks for about a tenth, and how many that is: peers add many at one instant."""
    wanted = len(dates) // 10
    later = {date: len(dates) - place for place, date in enumerate(dates, 1)}
    after = min((d for d in later if later[d]), key=lambda date: abs(later[date] - wanted))
    return f"added_after={after}&", later[after]


async def _grown(server: Peer, done: int, size: int) -> Figures:
    async with aiohttp.ClientSession(headers=server.headers) as http:
        for start in range(done, size, 10_000):
            await _hand_over(http, server, [_object(n) for n in range(start, start + 10_000)])
        first = [await _timed(lambda: _get(http, server, "objects/?limit=1000")) for _ in range(20)]
        after = (await _dates(http, server, 1))[0]
        told = f"added_after={after}&"
        pages = [await _timed(lambda: _get(http, server, f"objects/?{told}")) for _ in range(20)]
        seconds = await _read(http, server, "", size - size // 1000)
        return {
            "first page of 1,000, ms": quantiles(first),
            "a page of 1,000, ms": quantiles(pages),
            "full read, objects/s": round(size / seconds),
            "peak RSS, MiB": peak(server.pid),
        }


async def _hand_over(
    http: aiohttp.ClientSession, server: Peer, objects: Sequence[dict[str, object]]
) -> float:
    """Return the seconds until all is durable and answered."""
    bodies = [
        json.dumps({"objects": objects[start : start + _BATCH]}).encode()
        for start in range(0, len(objects), _BATCH)
    ]
    headers = {"Content-Type": TAXII}
    began = time.perf_counter()
    for body in bodies:
        url = f"{server.collection}objects/"
        async with http.post(url, data=body, headers=headers) as answer:
            status = await answer.json(content_type=None)
            if answer.status != 202 or status["failure_count"]:
                msg = f"{server.name} refused objects: {answer.status} {status}"[:500]
                raise RuntimeError(msg)
    return time.perf_counter() - began


async def _read(http: aiohttp.ClientSession, server: Peer, told: str, wanted: int) -> float:
    """Return the seconds of reading page by page, without parsing what comes."""
    began, read, following = time.perf_counter(), 0, ""
    while True:
        body = await _get(http, server, f"objects/?{told}limit={_PAGE}{following}")
        read += body.count(b'"spec_version"')
        found = _NEXT.search(body, 0, 200) or _NEXT.search(body, max(0, len(body) - 200))
        if found is None:
            break
        following = f"&next={found[1].decode()}"
    if read < wanted:
        msg = f"{server.name} answered with {read} of {wanted} objects to {told!r}"
        raise RuntimeError(msg)
    return time.perf_counter() - began


async def _compare(
    http: aiohttp.ClientSession, server: Peer, objects: Sequence[dict[str, object]]
) -> None:
    """Return if every object comes back as it was handed over."""
    if server.name == "medallion" and len(objects) > 1000:
        return
    found: dict[object, object] = {}
    following = ""
    while True:
        body = json.loads(await _get(http, server, f"objects/?limit={_PAGE}{following}"))
        found |= {each["id"]: each for each in body.get("objects", [])}
        if not body.get("more"):
            break
        following = f"&next={body['next']}"
    if found != {each["id"]: each for each in objects}:
        msg = f"{server.name} gives other objects than it was handed"
        raise RuntimeError(msg)


async def _dates(http: aiohttp.ClientSession, server: Peer, count: int) -> list[str]:
    """Return when each of the first `count` objects was added."""
    dates: list[str] = []
    following = ""
    while len(dates) < count:
        body = json.loads(await _get(http, server, f"manifest/?limit={_PAGE}{following}"))
        dates += [each["date_added"] for each in body["objects"]]
        if not body.get("more") or len(dates) >= count:
            break
        following = f"&next={body['next']}" if "next" in body else f"&added_after={dates[-1]}"
    return dates


async def _get(http: aiohttp.ClientSession, server: Peer, path: str) -> bytes:
    async with http.get(server.collection + path) as answer:
        body = await answer.read()
        if answer.status != 200:
            msg = f"{server.name} answered {answer.status} to {path}: {body[:200]!r}"
            raise RuntimeError(msg)
        return body


async def _timed(act: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await act()
    return time.perf_counter() - began


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _family(int(child)))]


def _cpu(pid: int) -> float:
    """Return the seconds of CPU of a process and its children."""
    ticks = 0
    for each in _family(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / 100


def peak(pid: int) -> float:
    sizes = [
        int(line.split()[1])
        for each in _family(pid)
        for line in Path(f"/proc/{each}/status").read_text().splitlines()
        if line.startswith("VmHWM")
    ]
    return round(sum(sizes) / 1024, 1)


def _ratios(of_size: dict[str, Figures]) -> Figures:
    ours = of_size["noroshi"]
    told: Figures = {}
    for name, figure in ours.items():
        peers = [figures[name] for server, figures in of_size.items() if server != "noroshi"]
        if name.endswith("objects/s"):
            best = max(float(str(each)) for each in peers)
            told[name] = round(float(str(figure)) / best, 1)
        elif name.endswith(", ms"):
            best = min(_median(each) for each in peers)
            told[name] = round(best / _median(figure), 1)
    return told


def _median(figure: object) -> float:
    if not isinstance(figure, dict):
        raise TypeError
    return float(figure["p50"])
