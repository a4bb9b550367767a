"""Cosignatures as the lines of witnesses behind a C2SP note."""

import base64
import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from noroshi.core.errors import MalformedError
from noroshi.core.instant import SECOND
from noroshi.core.tlog.checkpoint import Checkpoint, origin_of, sign_checkpoint, verify_note
from noroshi.core.tlog.cosignature import (
    MAX_COSIGNED,
    Cosigned,
    cosign,
    cosigner_of,
    note_in,
    verify_cosigned,
)
from tests.unit.core.nodes import JP, NOW, NZ, PRIMITIVES, draw

ORIGIN = origin_of("jp", 1)
CHECKPOINT = Checkpoint(ORIGIN, 42, draw("a root", 32))
NOTE = sign_checkpoint(CHECKPOINT, JP.journal)
COSIGNED = cosign(NOTE, "nz", NOW, NZ.journal)


def read(raw: bytes, witness: str = "nz") -> Cosigned:
    keys = (JP.journal.public_key, witness, NZ.journal.public_key)
    return verify_cosigned(raw, ORIGIN, *keys, PRIMITIVES)


def test_a_line_is_made_as_the_specification_says() -> None:
    seconds = NOW // SECOND
    key_id = hashlib.sha256(b"noroshi/nz\n\x04" + NZ.journal.public_key.material).digest()[:4]
    message = f"cosignature/v1\ntime {seconds}\n".encode() + CHECKPOINT.text
    signature = base64.b64encode(key_id + seconds.to_bytes(8) + NZ.journal.sign(message))
    assert NOTE + b"\xe2\x80\x94 noroshi/nz " + signature + b"\n" == COSIGNED
    assert cosigner_of("nz") == "noroshi/nz"


@given(st.integers(1, 10**18 - 1), st.binary(min_size=32, max_size=32), st.integers(0, 2**37))
def test_what_is_cosigned_is_read(size: int, root: bytes, seconds: int) -> None:
    note = sign_checkpoint(Checkpoint(ORIGIN, size, root), JP.journal)
    raw = cosign(note, "nz", seconds * SECOND + 7, NZ.journal)
    assert note_in(raw) == note
    assert read(raw) == Cosigned(Checkpoint(ORIGIN, size, root), seconds * SECOND)


def test_lines_of_others_say_nothing() -> None:
    both = cosign(COSIGNED[: len(NOTE)], "au", NOW, JP.journal) + COSIGNED[len(NOTE) :]
    assert read(both) == read(COSIGNED)
    with pytest.raises(MalformedError, match="not cosigned by au"):
        read(COSIGNED, "au")


def test_the_signatures_of_both_kinds_never_pass_for_each_other() -> None:
    """One key signs both: a journal's own line is no cosignature, and a cosignature no note."""
    own = NOTE[len(CHECKPOINT.text) + 1 :].replace(b"noroshi/jp/1", b"noroshi/nz")
    with pytest.raises(MalformedError, match="not cosigned"):
        read(NOTE + own)
    line = COSIGNED[len(NOTE) :].replace(b"noroshi/nz", b"noroshi/nz/1")
    with pytest.raises(MalformedError):
        verify_note(
            CHECKPOINT.text + b"\n" + line, "noroshi/nz/1", NZ.journal.public_key, PRIMITIVES
        )


@example(len(COSIGNED) - 4, 1)  # another spelling of the same Base64
@given(st.integers(0, len(COSIGNED) - 1), st.integers(1, 255))
def test_any_change_is_refused(position: int, change: int) -> None:
    raw = bytearray(COSIGNED)
    raw[position] ^= change
    with pytest.raises(MalformedError):
        read(bytes(raw))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        NOTE,
        NOTE + b"\xff\n",
        NOTE + "\N{EM DASH} noroshi/nz AAAAA\n".encode(),
        NOTE + "\N{EM DASH} noroshi/nz AAAA\n".encode(),
        NOTE + COSIGNED[len(NOTE) : -1],
        COSIGNED + b"x" * MAX_COSIGNED,
        cosign(NOTE, "nz", 2**62 * SECOND, NZ.journal),
    ],
)
def test_what_is_no_cosignature_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        read(raw)


def test_only_a_checkpoint_is_cosigned() -> None:
    with pytest.raises(MalformedError):
        cosign(b"cosignature/v1\n", "nz", NOW, NZ.journal)
