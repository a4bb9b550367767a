"""Comms checks: what is written is read, and nothing else."""

import pytest

from noroshi.core import gate
from noroshi.core.delivery.check import (
    MAX_TOMBSTONES,
    CommsCheck,
    DeskState,
    DeskTold,
    Tally,
    Tombstone,
    decode_check,
    encode_check,
)
from noroshi.core.errors import MalformedError
from tests.unit.core.nodes import NOW, changed

TALLY = Tally(2, ((2, 40), (5, 1)), (Tombstone(2, 39, "expired"),))
STONES = (Tombstone(5, 1, ""),) * (MAX_TOMBSTONES + 1)
CHECK = CommsCheck(1, NOW, TALLY, ((1, 5, 7),), (DeskTold("cyber", DeskState.SILENT, NOW),))


RESTORED = changed(CHECK, backup_at=NOW)


@pytest.mark.parametrize("check", [CHECK, RESTORED])
def test_what_is_written_is_read(check: CommsCheck) -> None:
    assert decode_check(encode_check(check)) == check


@pytest.mark.parametrize(
    "check",
    [
        changed(CHECK, version=2),
        changed(CHECK, at=-1),
        changed(CHECK, backup_at=-1),
        changed(CHECK, desks=(DeskTold("../x", DeskState.STAFFED, NOW),)),
        changed(CHECK, desks=(DeskTold("cyber", DeskState.STAFFED, -1),)),
        changed(CHECK, tally=changed(TALLY, epoch=0)),
        changed(CHECK, tally=changed(TALLY, highest=((6, 1),))),
        changed(CHECK, tally=changed(TALLY, highest=((0, 1),))),
        changed(CHECK, tally=changed(TALLY, highest=((5, 0),))),
        changed(CHECK, tally=changed(TALLY, tombstones=(Tombstone(5, 2**53, ""),))),
        changed(CHECK, tally=changed(TALLY, tombstones=STONES)),
    ],
)
def test_what_cannot_be_true_is_refused(check: CommsCheck) -> None:
    with pytest.raises(MalformedError):
        decode_check(gate.encode_struct(check))


def test_other_bytes_are_refused() -> None:
    with pytest.raises(MalformedError):
        decode_check(b"\x80")
