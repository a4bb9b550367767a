"""Bulk at the TAXII door, and how soon a report of a partner is there to be read by machines.

taxii-bulk      the ATT&CK bundle and 100 MB, handed over with the schema check and read back,
                byte for byte; the largest resident size
taxii-latency   a report is sent at jp; its objects are in the collection of all reports at nato:
                an open stream says so, and a page has them
"""

import asyncio
import json
import lzma
import time
import uuid
from pathlib import Path

import aiohttp

from bench.nodes import ask, quantiles, served, session
from bench.taxii import TAXII, noroshi, peak
from endure.federation import found
from noroshi.flow import requests

_ATTACK = (
    Path(__file__).parents[2] / "shared" / "data" / "attack" / "enterprise-attack-bundle.json.xz"
)
_AT = "2026-01-01T00:00:00.000Z"
_BULK = 95 * 1024 * 1024
_REPORTS = 150
_WARM = 10

Figures = dict[str, object]


def bulk(folder: Path) -> Figures:
    """Return the seconds of ATT&CK and of 100 MB, in and out."""
    told: Figures = {}
    batches = {"100 MB": _hundred()}
    if _ATTACK.exists():
        batches["ATT&CK"] = lzma.decompress(_ATTACK.read_bytes())
    for name, raw in batches.items():
        own = folder / name
        own.mkdir()
        with noroshi(own) as server:
            told[name] = asyncio.run(_bulk(server.collection, server.headers, raw)) | {
                "peak RSS, MiB": peak(server.pid)
            }
    return told


def latency(folder: Path) -> Figures:
    """Return how long after the beginning of `send` a report's objects can be read elsewhere."""
    with served(found(folder, {"jp": "H3", "nato": "H3"})) as (jp, nato):
        return asyncio.run(_latency(jp.home, nato.home, nato.url))


def _hundred() -> bytes:
    """Return an envelope of some 100 MB, with 1.9 KB an object."""
    objects: list[str] = []
    size = 0
    while size < _BULK:
        objects.append(json.dumps({
            "type": "indicator", "spec_version": "2.1", "created": _AT, "modified": _AT,
            "id": f"indicator--{uuid.UUID(int=len(objects), version=4)}", "valid_from": _AT,
            "pattern": f"[url:value = 'http://{len(objects)}.example/']", "pattern_type": "stix",
            "description": "Seen at a mail server of a partner. " * 45,
        }))  # fmt: skip
        size += len(objects[-1]) + 1
    return f'{{"objects":[{",".join(objects)}]}}'.encode()


async def _bulk(collection: str, headers: dict[str, str], raw: bytes) -> Figures:
    url = f"{collection}objects/"
    timeout = aiohttp.ClientTimeout(total=600)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as http:
        began = time.perf_counter()
        async with http.post(url, data=raw, headers={"Content-Type": TAXII}) as answer:
            status = await answer.json(content_type=None)
        taken = time.perf_counter() - began
        began, pages, following = time.perf_counter(), [], ""
        while True:
            async with http.get(f"{url}?match[version]=all&limit=1000{following}") as answer:
                pages.append(await answer.read())
            cursor = pages[-1][:200].partition(b'"next":"')[2].partition(b'"')[0].decode()
            if not cursor:
                break
            following = f"&next={cursor}"
        read = time.perf_counter() - began
    sent = [json.dumps(each) for each in json.loads(raw)["objects"]]
    got = [json.dumps(each) for page in pages for each in json.loads(page).get("objects", [])]
    if sorted(sent) != sorted(got) or status["failure_count"]:
        raise RuntimeError(f"{len(sent)} objects were handed over and {len(got)} read")
    return {
        "MB": round(len(raw) / 1e6, 1),
        "objects": len(sent),
        "in, s": round(taken, 2),
        "out, s": round(read, 2),
    }


async def _latency(jp: Path, nato: Path, url: str) -> Figures:
    async with session(nato) as local:
        grant = requests.GrantAccess(name="siem", collection="reports", read=True, by="Lt Bench")
        token = str((await ask(local, grant))["token"])
    place = f"{url}/taxii2/api/collections/reports/"
    headers = {"Authorization": f"Bearer {token}"}
    streamed: list[float] = []
    paged: list[float] = []
    async with (
        session(jp) as local,
        aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=None)) as http,
        http.get(f"{place}stream/", headers={"Accept": "text/event-stream"}) as stream,
    ):
        for number in range(_WARM + _REPORTS):
            subject = f"Report {number:06}"
            body = json.dumps({"noroshi": 1, "kind": "cyber-incident", "summary": subject})
            report = requests.SendReport(body=body.encode(), to=("cyber@nato",), subject=subject)
            began = time.perf_counter()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(ask(local, report))
                await _until(stream, subject.encode())
                streamed.append(time.perf_counter() - began)
            query = "objects/?match[type]=report&limit=1000"
            async with http.get(f"{place}{query}", headers={"Accept": TAXII}) as answer:
                page = await answer.read()
            paged.append(time.perf_counter() - began)
            if subject.encode() not in page:
                raise RuntimeError(f"the stream tells of {subject}, and no page has it")
    return {
        "reports": _REPORTS,
        "told by the stream, ms": quantiles(streamed[_WARM:]),
        "read on a page, ms": quantiles(paged[_WARM:]),
    }


async def _until(stream: aiohttp.ClientResponse, wanted: bytes) -> None:
    async for line in stream.content:
        if wanted in line:
            return
