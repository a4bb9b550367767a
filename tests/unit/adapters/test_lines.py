"""The line driver: what became of an item is recorded, also by a disk that fails for a while."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from noroshi.adapters import lines as driver
from noroshi.adapters.bearers.push import Outcome
from noroshi.adapters.lines import Lines
from noroshi.core.delivery.item import Lane
from noroshi.core.directory.card import Card
from noroshi.core.errors import UnavailableError
from noroshi.core.precedence import Precedence
from tests.unit.flow.pair import House, open_pair

REFUSALS = 3


class Taking:
    """A bearer whose partner takes everything."""

    def __init__(self) -> None:
        self.carried: list[bytes] = []
        self.bytes_carried = 0

    async def transmit(self, lane: Lane, card: Card, envelopes: list[bytes]) -> list[Outcome]:
        del lane, card
        self.carried += envelopes
        return [Outcome(taken=True) for _ in envelopes]

    async def transmit_piece(self, card: Card, blob_id: bytes, offset: int, data: bytes) -> int:
        del card, blob_id
        self.bytes_carried += len(data)
        return offset + len(data)


def refuse_records(house: House, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the disk refuse the first acts that lines record; return the refusals."""
    store = house.node.store
    submit = store.submit
    refused: list[str] = []

    def submit_if_room(act: Any, precedence: Precedence = Precedence.ROUTINE) -> Future[Any]:
        if precedence is not Precedence.DEFERRED or len(refused) == REFUSALS:
            return submit(act, precedence)
        refused.append(act.func.__name__)
        future: Future[Any] = Future()
        future.set_exception(UnavailableError("disk-full", "no room"))
        return future

    monkeypatch.setattr(store, "submit", submit_if_room)
    return refused


def waiting(house: House, partner: str) -> int:
    with house.node.store.read() as tables:
        return len(tables.outbox.items(partner))


async def drive(house: House, bearer: Taking, is_done: Callable[[], bool]) -> None:
    """Let the lines run until something is so."""
    node = house.node
    lines = Lines(
        node.store, node.house.blobs, bearer, node.identity, house.clock, node.house.entropy,
        node.house.rules,
    )  # fmt: skip
    node.store.listen(lines)
    stop = asyncio.Event()
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(lines.run(stop))
        while not is_done():  # noqa: ASYNC110 - the writer is another thread
            await asyncio.sleep(0.01)  # noqa: TID251
        stop.set()


def test_what_is_done_with_is_recorded_once_the_disk_has_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "RECORD_AGAIN_SECONDS", 0.01)
    with open_pair(tmp_path) as pair:
        pair.jp.send("cyber@nato")
        pair.nato.take(pair.jp.waiting("nato"), "jp")
        pair.nato.issue_receipts("jp")
        refused = refuse_records(pair.nato, monkeypatch)
        asyncio.run(drive(pair.nato, Taking(), lambda: not waiting(pair.nato, "jp")))
        assert refused == ["forget"] * REFUSALS
