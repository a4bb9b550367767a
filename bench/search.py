"""Search: reading 10,000 reports into memory, and asking for words in them.

Beside it the same texts, opened beforehand, are looked through one by one: what a search without
an index costs at the least. With `NOROSHI_BENCH_TEXTS=FOLDER` the sentences are the last columns of
its `*.tsv` files, each of a language, as in NTREX; a few made up here have far fewer words.
"""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import apsw
import msgspec

from bench.nodes import quantiles
from endure.federation import found
from noroshi.adapters.sqlite.connection import Database
from noroshi.adapters.sqlite.word_index import MemoryIndex
from noroshi.bootstrap import embedded_node
from noroshi.core.search import read_query
from noroshi.flow import answers, finding, requests
from noroshi.flow.house import House

_REPORTS = 10_000
_ASKED = 200
_SENTENCES = (
    "An intrusion at two ports was seen; the gateway was cut off at 03:20Z.",
    "不正通信を遮断し、端末を隔離した。調査を続ける。",
    "가짜뉴스가 세 언어로 퍼지고 있다. 측정값은 공개되어 있다.",
    "Des comptes publient le même texte en quatre langues.",
    "Dua pelabuhan melaporkan gangguan pada sistem kendali.",
)
_QUERIES = ("遮断", "gateway", '"cut off"', "언어로 측정값", "7919", "gateway from:nato")
_QUERIES_OF_TEXTS = (
    "政府",
    "government",
    '"prime minister"',
    "정부",
    "7919",
    "government from:nato",
)

Figures = dict[str, object]


def search(folder: Path) -> Figures:
    """Return how fast reports are taken in and found."""
    homes = found(folder, {"jp": "H3", "nato": "H3"})
    rng = random.Random(1)
    with embedded_node(homes["jp"], lambda: None) as node:
        if node is None:
            raise RuntimeError("the node is served")
        languages = _languages()
        queries = _QUERIES_OF_TEXTS if languages else _QUERIES
        texts = [_text(rng, number, languages) for number in range(_REPORTS)]
        for text in texts:
            report = requests.SendReport(body=text.encode(), to=("cyber@nato",))
            answers.handle(node.house, report)
        house = msgspec.structs.replace(node.house, index=MemoryIndex())
        before = _resident()
        began = time.perf_counter()
        with house.index.alone():
            finding.catch_up(house)
        taken = time.perf_counter() - began
        return {
            "reports": _REPORTS,
            "characters": sum(map(len, texts)),
            "read into memory, s": round(taken, 2),
            "reports/s": round(_REPORTS / taken),
            "memory, MiB": round(_resident() - before, 1),
            "found, ms": {query: _times(house, query) for query in queries},
            "found by one who may read none, ms": _times(house, queries[1], ("none",)),
            "looked through one by one, ms": {
                "in": _scan([text.casefold() for text in texts], queries[0]),
                "LIKE": _like(texts, queries[0]),
            },
        }


def _languages() -> list[list[str]]:
    folder = os.environ.get("NOROSHI_BENCH_TEXTS")
    files = sorted(Path(folder).glob("*.tsv")) if folder else []
    return [
        [line.rpartition("\t")[2] for line in file.read_text("utf-8").splitlines()]
        for file in files
    ]


def _text(rng: random.Random, number: int, languages: list[list[str]]) -> str:
    if languages:
        said = rng.choices(languages[number % len(languages)], k=8)
    else:
        said = rng.choices(_SENTENCES, weights=(4, 1, 1, 2, 2), k=8)
    return f"{number} " + " ".join(said) + f" {rng.getrandbits(64):x}"


def _times(house: House, query: str, desks: tuple[str, ...] | None = None) -> dict[str, float]:
    return quantiles([_timed(lambda: _ask(house, query, desks)) for _ in range(_ASKED)])


def _ask(house: House, query: str, desks: tuple[str, ...] | None) -> None:
    finding.find(house, read_query(query), desks, 20)


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _scan(texts: list[str], word: str) -> dict[str, float]:
    return quantiles([_timed(lambda: [text for text in texts if word in text]) for _ in range(50)])


def _like(texts: list[str], word: str) -> dict[str, float]:
    database = Database(apsw.Connection(":memory:"))
    database.run("CREATE TABLE said (text TEXT)")
    database.run_many("INSERT INTO said VALUES (?)", [(text,) for text in texts])
    ask = "SELECT rowid FROM said WHERE text LIKE ?"
    return quantiles([_timed(lambda: list(database.rows(ask, (f"%{word}%",)))) for _ in range(50)])


def _resident() -> float:
    line = next(
        each for each in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in each
    )
    return int(line.split()[1]) / 1024
