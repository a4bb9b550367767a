"""Checkpoints as C2SP notes."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.errors import MalformedError
from noroshi.core.tlog.checkpoint import (
    MAX_NOTE,
    Checkpoint,
    epoch_of,
    origin_of,
    parse_note,
    partner_of,
    sign_checkpoint,
    verify_note,
)
from tests.unit.core.nodes import JP, NZ, PRIMITIVES, draw

ORIGIN = origin_of("jp", 1)
CHECKPOINT = Checkpoint(ORIGIN, 42, draw("a root", 32))
NOTE = sign_checkpoint(CHECKPOINT, JP.journal)
KEY = JP.journal.public_key


def test_a_note() -> None:
    root = base64.b64encode(CHECKPOINT.root)
    text = b"noroshi/jp/1\n42\n" + root + b"\n"
    assert CHECKPOINT.text == text
    key_id = hashlib.sha256(b"noroshi/jp/1\n\x01" + KEY.material).digest()[:4]
    signature = base64.b64encode(key_id + JP.journal.sign(text))
    assert text + b"\n\xe2\x80\x94 noroshi/jp/1 " + signature + b"\n" == NOTE


@given(st.integers(0, 10**18 - 1), st.binary(min_size=32, max_size=32), st.integers(1, 99))
def test_what_is_signed_is_read_and_verified(size: int, root: bytes, epoch: int) -> None:
    checkpoint = Checkpoint(origin_of("jp", epoch), size, root)
    note = sign_checkpoint(checkpoint, JP.journal)
    assert len(note) <= MAX_NOTE
    assert parse_note(note) == checkpoint
    assert verify_note(note, checkpoint.origin, KEY, PRIMITIVES) == checkpoint


@given(st.integers(1, 10**16 - 1))
def test_an_origin_names_its_epoch(epoch: int) -> None:
    assert epoch_of(origin_of("jp", epoch), "jp") == epoch


@pytest.mark.parametrize("epoch", ["", "0", "01", "-1", "1 ", "1/2", "x", "\u0663", "9" * 17])
def test_the_origin_of_another_journal_has_no_epoch(epoch: str) -> None:
    with pytest.raises(MalformedError, match="another journal"):
        epoch_of(f"noroshi/jp/{epoch}", "jp")
    with pytest.raises(MalformedError, match="another journal"):
        epoch_of("noroshi/jp/1", "nz")


def test_an_origin_names_its_partner() -> None:
    assert partner_of("noroshi/jp/7") == "jp"
    for origin in ("noroshi/jp", "other/jp/7", "jp/7", "noroshi/jp/x", "noroshi/jp/7/8"):
        with pytest.raises(MalformedError, match="another journal"):
            partner_of(origin)


def test_another_journal_is_refused() -> None:
    with pytest.raises(MalformedError, match="another journal"):
        verify_note(NOTE, origin_of("jp", 2), KEY, PRIMITIVES)
    renamed = NOTE.replace("\N{EM DASH} noroshi/jp/1".encode(), "\N{EM DASH} noroshi/nz/1".encode())
    with pytest.raises(MalformedError, match="another journal"):
        verify_note(renamed, ORIGIN, KEY, PRIMITIVES)


def test_another_key_is_refused() -> None:
    with pytest.raises(MalformedError, match="not signed"):
        verify_note(NOTE, ORIGIN, NZ.journal.public_key, PRIMITIVES)


def test_a_signature_by_another_key_under_this_key_id_is_refused() -> None:
    key_id = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + KEY.material).digest()[:4]
    forged = base64.b64encode(key_id + NZ.journal.sign(CHECKPOINT.text))
    line = b"\n\xe2\x80\x94 noroshi/jp/1 " + forged + b"\n"
    with pytest.raises(MalformedError, match="not signed"):
        verify_note(CHECKPOINT.text + line, ORIGIN, KEY, PRIMITIVES)


def test_a_signature_without_its_key_id_is_refused() -> None:
    bare = base64.b64encode(JP.journal.sign(CHECKPOINT.text))
    line = b"\n\xe2\x80\x94 noroshi/jp/1 " + bare + b"\n"
    with pytest.raises(MalformedError, match="not signed"):
        verify_note(CHECKPOINT.text + line, ORIGIN, KEY, PRIMITIVES)


@pytest.mark.parametrize("old", [b"\n42\n", b"jp/1\n"])
def test_a_changed_text_is_refused(old: bytes) -> None:
    changed = NOTE.replace(old, old.replace(b"2", b"3").replace(b"jp", b"nz"), 1)
    with pytest.raises(MalformedError):
        verify_note(changed, ORIGIN, KEY, PRIMITIVES)


def test_every_flipped_bit_is_refused() -> None:
    for position in range(len(NOTE)):
        flipped = bytearray(NOTE)
        flipped[position] ^= 1
        with pytest.raises(MalformedError):
            verify_note(bytes(flipped), ORIGIN, KEY, PRIMITIVES)


TEXT, _, LINE = NOTE.partition(b"\n\n")


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(CHECKPOINT.text, id="not signed"),
        pytest.param(NOTE[:-1], id="no last line end"),
        pytest.param(NOTE + b"\n", id="a line more"),
        pytest.param(NOTE + LINE, id="two signatures"),
        pytest.param(NOTE.replace(b"\n", b"\r\n"), id="other line ends"),
        pytest.param(NOTE.replace(b"\n42\n", b"\n042\n"), id="a leading zero"),
        pytest.param(NOTE.replace(b"\n42\n", b"\n-1\n"), id="a negative size"),
        pytest.param(NOTE.replace(b"\n42\n", b"\n\n"), id="no size"),
        pytest.param(NOTE.replace(b"\n42\n", "\n\u0664\u0662\n".encode()), id="other digits"),
        pytest.param(NOTE.replace(b"\n42\n", b"\n" + b"9" * 19 + b"\n"), id="a size too large"),
        pytest.param(TEXT[:-1] + b"\n\n" + LINE, id="a short root"),
        pytest.param(TEXT + b"A\n\n" + LINE, id="a long root"),
        pytest.param(NOTE.replace("\N{EM DASH}".encode(), b"-"), id="a hyphen"),
        pytest.param(NOTE.replace(b"noroshi/jp/1", b"noroshi jp+1"), id="no name"),
        pytest.param(TEXT + b"\nextension\n\n" + LINE, id="an extension line"),
        pytest.param(b"\xff" + NOTE, id="not UTF-8"),
        pytest.param(NOTE + b" " * MAX_NOTE, id="too long"),
    ],
)
def test_what_is_no_note(note: bytes) -> None:
    with pytest.raises(MalformedError, match="not a checkpoint note"):
        parse_note(note)


def test_a_note_longer_than_allowed_is_refused_even_where_its_start_is_one() -> None:
    origin = "\U0001f525" * 100
    note = sign_checkpoint(Checkpoint(origin, 1, bytes(32)), JP.journal)
    padded = sign_checkpoint(Checkpoint(origin * 2, 1, bytes(32)), JP.journal)
    assert parse_note(note).origin == origin
    assert len(padded) > MAX_NOTE
    with pytest.raises(MalformedError):
        parse_note(padded)


@pytest.mark.parametrize("signature", ["AAA", "AAAAA", "AB==", "A", "AAAA="])
def test_a_signature_in_no_canonical_base64_is_refused(signature: str) -> None:
    note = CHECKPOINT.text + f"\n\N{EM DASH} {ORIGIN} {signature}\n".encode()
    with pytest.raises(MalformedError, match="not a checkpoint note"):
        verify_note(note, ORIGIN, KEY, PRIMITIVES)


def test_a_root_in_no_canonical_base64_is_refused() -> None:
    root = base64.b64encode(CHECKPOINT.root)
    spellings = [root[:42] + bytes([char]) + b"=" for char in range(ord("0"), ord("z") + 1)]
    same = [s for s in spellings if s[42:43].isalnum() and base64.b64decode(s) == CHECKPOINT.root]
    assert root in same
    assert len(same) > 1
    for other in same:
        if other != root:
            with pytest.raises(MalformedError, match="not a checkpoint note"):
                parse_note(NOTE.replace(root, other))


@given(st.binary(max_size=200))
def test_any_bytes_are_no_note(note: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_note(note)
