"""Back-pressure and refusals where they act: FLASHes, a full disk, a busy door, bad content."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from endure.exchange import Pair, hand_in, open_pair
from noroshi.core.delivery.alarm import AlarmKind
from noroshi.core.delivery.ladder import Rung
from noroshi.core.delivery.quota import FLASHES, PLACES, RESERVED_BYTES, Disk
from noroshi.core.errors import UnavailableError
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence
from noroshi.entrypoints.local.door import _Room
from noroshi.flow import answers, arrivals, climbs, opening, receive, requests

FULL = Disk(RESERVED_BYTES - 1, 100 * RESERVED_BYTES)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path, {"jp": "H3", "nato": "H3"}) as made:
        yield made


def test_the_twenty_first_flash_in_ten_minutes_is_told_to_an_officer(pair: Pair) -> None:
    jp, nato = pair.nodes

    def floods() -> list[str]:
        with nato.store.read() as tables:
            kinds = [alarm.alarm.kind for alarm in tables.watch.alarms()]
        return [kind.value for kind in kinds if kind is AlarmKind.FLASH_FLOOD]

    for _ in range(FLASHES):
        pair.send(jp, "smoke", "flash")
    for raw in pair.waiting(jp):
        hand_in(nato, raw, "jp")
    assert floods() == []
    pair.send(jp, "smoke", "flash")
    for raw in pair.waiting(jp):
        hand_in(nato, raw, "jp")
    assert floods() == ["FLASH_FLOOD"]


def test_the_last_of_the_disk_takes_a_flash_and_nothing_else(pair: Pair) -> None:
    jp, nato = pair.nodes
    pair.send(jp, "smoke", "routine")
    pair.send(jp, "smoke", "flash")
    full = msgspec.structs.replace(nato.house, disk=lambda: FULL)
    taken = []
    for raw in pair.waiting(jp):
        (opened,) = arrivals.open_all(full, [raw])
        assert isinstance(opened, opening.VerifiedReport)
        if opened.precedence is Precedence.FLASH:
            (future,) = arrivals.submit_all(full, [opened], "jp")
            assert future.result() is None
            taken.append(opened.precedence)
            continue
        with pytest.raises(UnavailableError) as refused:
            arrivals.submit_all(full, [opened], "jp")
        assert refused.value.code == "disk-full"
    assert taken == [Precedence.FLASH]
    asked = requests.SendReport(body=b"smoke", to=("cyber@jp",), precedence="routine")
    with pytest.raises(UnavailableError, match="full but for FLASH"):
        answers.handle(full, asked)
    answers.handle(full, msgspec.structs.replace(asked, precedence="flash"))


def test_a_busy_door_keeps_places_for_a_flash_and_gives_them_back() -> None:
    room = _Room()
    held = [room.for_request(Precedence.ROUTINE) for _ in range(PLACES[Precedence.ROUTINE])]
    for place in held:
        place.__enter__()
    with pytest.raises(UnavailableError) as busy, room.for_request(Precedence.ROUTINE):
        pass
    assert busy.value.code == "busy"
    with room.for_request(Precedence.FLASH):
        pass
    held[0].__exit__(None, None, None)
    with room.for_request(Precedence.ROUTINE):
        pass


def test_content_that_cannot_be_read_is_answered_for_every_desk(pair: Pair) -> None:
    jp, nato = pair.nodes
    report_id = pair.send(jp, "smoke", "flash")
    (raw,) = pair.waiting(jp)
    (opened,) = arrivals.open_all(nato.house, [raw])
    assert isinstance(opened, opening.VerifiedReport)
    refused = opening.Refused(
        bytes(32), "malformed", "the content is none", opened.head, opened.digest,
        (climbs.WHOLE_NODE,), opened.own.serial,
    )  # fmt: skip
    nato.store.perform(
        lambda tx: receive.take(tx, refused, "jp", nato.identity, nato.house.entropy)
    )
    jp.store.perform(lambda tx: tx.outbox.remove("nato", tx.outbox.items_of("nato", report_id)))
    pair.carry()
    with jp.store.read() as tables:
        ladder = tables.reports.ladder(report_id, DeskAddress("cyber", "nato"))
        failure = tables.reports.failure(report_id, "nato")
    assert [record.rung for record in ladder] == [Rung.REFUSED]
    assert failure is not None
    assert failure.code == "malformed"
    with nato.store.read() as tables:
        assert tables.serials.gaps("jp") == []
