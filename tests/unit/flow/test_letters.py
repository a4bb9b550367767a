"""Witnesses by courier: what volumes tell of journals where no comms check goes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from noroshi.core.courier import volume as volumes
from noroshi.core.courier.volume import READS_WITNESS, Placed
from noroshi.core.delivery.alarm import AlarmKind
from noroshi.core.delivery.check import decode_check, encode_check
from noroshi.core.delivery.item import Cargo
from noroshi.core.delivery.witness import decode_part, encode_part
from noroshi.core.errors import MalformedError
from noroshi.core.tlog.checkpoint import parse_note
from noroshi.core.tlog.cosignature import note_in
from noroshi.flow import answers, letters, requests
from noroshi.flow.witness_tables import Proven
from tests.unit.flow.pair import House, Pair, open_pair
from tests.unit.flow.test_cosign import last_note, rewrite


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def write(house: House, partner: str) -> list[bytes]:
    """Return the volumes of a set for a partner."""
    told = house.ask(requests.CourierOut(to=partner, volume=10_000_000))
    found = [
        answers.volume(house.node.house, told["set"], number)
        for number in range(1, told["volumes"] + 1)
    ]
    return [b"".join(chunks) for _, chunks in found]


def read(house: House, raws: list[bytes]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for raw in raws:
        told = answers.import_volume(house.node.house, iter([raw]))
    return told


def carry(source: House, target: House) -> None:
    read(target, write(source, target.node.house.me))


def to_and_fro(pair: Pair, times: int) -> None:
    for _ in range(times):
        carry(pair.jp, pair.nato)
        carry(pair.nato, pair.jp)


def fragments(raw: bytes) -> dict[Cargo, Placed]:
    position = 0

    def take(size: int) -> bytes:
        nonlocal position
        position += size
        return raw[position - size : position]

    head = volumes.read_head(take).head
    payload = raw[position:]
    found = volumes.read_fragments(lambda at, size: payload[at : at + size], 1, head.size)
    return {placed.fragment.cargo: placed for placed in found}


def proven(house: House, partner: str) -> Proven | None:
    with house.node.store.read() as tables:
        return tables.witness.proven(partner)


def size_of(house: House) -> int:
    with house.node.store.read() as tables:
        return tables.journal.size


def cosigned(house: House, partner: str) -> int:
    told = house.ask(requests.VerifyJournal())
    assert told["ok"] is True
    return int(told["witnessed"].get(partner, {"cosigned": 0})["cosigned"])


def test_who_does_not_say_that_it_reads_letters_gets_none(pair: Pair) -> None:
    (raw,) = write(pair.jp, "nato")
    assert Cargo.WITNESS not in fragments(raw)
    read(pair.nato, [raw])
    (raw,) = write(pair.nato, "jp")
    assert Cargo.WITNESS in fragments(raw)


def test_by_files_too_each_cosigns_the_other(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    to_and_fro(pair, 3)
    assert proven(nato, "jp") is not None
    assert cosigned(jp, "nato") > 0
    assert cosigned(nato, "jp") > 0
    before = cosigned(jp, "nato")
    jp.send("cyber@nato")
    to_and_fro(pair, 2)
    assert cosigned(jp, "nato") > before
    assert jp.alarms(is_open=False) == nato.alarms(is_open=False) == []


def test_what_is_lost_late_or_comes_twice_accuses_nobody(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    to_and_fro(pair, 2)
    late = write(jp, "nato")
    for number in range(6):
        jp.send("cyber@nato", body=b"%d" % number)
        write(jp, "nato")  # and it is lost
        write(nato, "jp")
    to_and_fro(pair, 3)
    held = proven(nato, "jp")
    assert held is not None
    read(nato, late)
    read(nato, late)
    assert proven(nato, "jp") == held
    to_and_fro(pair, 2)
    assert jp.alarms(is_open=False) == nato.alarms(is_open=False) == []
    assert cosigned(jp, "nato") > parse_note(note_in(held.cosigned)).size


def test_a_rewritten_tail_is_found_with_the_next_file(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    to_and_fro(pair, 3)
    held = proven(nato, "jp")
    assert held is not None
    size = parse_note(note_in(held.cosigned)).size
    rewrite(jp.node, last_note(jp.node, size - 1))
    for number in range(6):
        jp.send("cyber@nato", body=b"another history %d" % number)
    assert size_of(jp) > size
    to_and_fro(pair, 2)
    assert AlarmKind.JOURNAL_CONFLICT.value in nato.alarms(is_open=False)
    assert AlarmKind.LOST_TAIL.value in jp.alarms(is_open=False)


def test_a_letter_that_is_none_is_refused_and_stops_nothing(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    to_and_fro(pair, 1)
    jp.send("cyber@nato")
    told = jp.ask(requests.CourierOut(to="nato", volume=10_000_000))
    packed = jp.node.house.packed[told["set"]]
    garbage = b"\xff" * len(packed.letter)
    jp.node.house.packed[told["set"]] = msgspec.structs.replace(packed, letter=garbage)
    _, chunks = answers.volume(jp.node.house, told["set"], 1)
    came = read(nato, [b"".join(chunks)])
    assert came["envelopes"] == 1
    assert nato.alarms(is_open=False) == []
    assert len(nato.ask(requests.Inbox())) == 1


def test_a_letter_of_another_epoch_or_with_a_bad_part_says_nothing(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    to_and_fro(pair, 2)
    with jp.node.store.read() as tables:
        raw = letters.make_letter(tables, "nato", jp.node.identity, jp.clock.now())
    before = proven(nato, "jp")
    told = decode_check(raw)
    part = decode_part(told.witness)
    old_tally = msgspec.structs.replace(told.tally, epoch=9)
    for changed in (
        msgspec.structs.replace(told, tally=old_tally),
        msgspec.structs.replace(told, witness=b"\x80"),
        msgspec.structs.replace(told, witness=b""),
        msgspec.structs.replace(
            told, witness=encode_part(msgspec.structs.replace(part, note=b"no note"))
        ),
    ):
        hear(nato, encode_check(changed))
        assert proven(nato, "jp") == before
    with pytest.raises(MalformedError):
        hear(nato, b"no check")
    assert nato.alarms(is_open=False) == []


def hear(house: House, raw: bytes) -> None:
    identity, entropy = house.node.identity, house.node.house.entropy
    house.node.store.perform(lambda tx: letters.take_letter(tx, "jp", raw, identity, entropy))


def test_the_mark_looks_like_a_set_that_nobody_has() -> None:
    assert len(READS_WITNESS) == 16
