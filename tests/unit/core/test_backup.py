"""A backup's framing: what is written is read; nothing that was cut or changed is taken."""

import hashlib
import io
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core import gate
from noroshi.core.backup import (
    MAGIC,
    MAX_PARTS,
    MAX_SMALL,
    BackupHead,
    Part,
    PartsReader,
    encode_head,
    encode_part,
    frame,
    read_head,
)
from noroshi.core.envelope.suite import MAX_ATTACHMENT
from noroshi.core.errors import MalformedError
from tests.unit.core.nodes import NOW, changed

ROOT = bytes(32)


def part_of(name: str, data: bytes) -> Part:
    return Part(name, len(data), hashlib.sha256(data).digest())


BLOB = b"an attachment"
FILES = {
    f"blobs/{hashlib.sha256(BLOB).hexdigest()}": BLOB,
    "keys/root.key": b"key",
    "node.db": b"pages" * 9,
    "noroshi.toml": b"",
    "spool/nato.00ff.1": b"volume",
    "tls.crt": b"certificate",
    "tls.key": b"private",
}
PARTS = [part_of(name, data) for name, data in FILES.items()]


def head_of(parts: Sequence[Part]) -> BackupHead:
    return frame(
        parts, partner="jp", epoch=1, created_at=NOW, journal=(3, ROOT), are_keys_wrapped=True
    )


def written(files: dict[str, bytes]) -> bytes:
    parts = [part_of(name, data) for name, data in files.items()]
    bodies = [encode_part(part) + files[part.name] for part in parts]
    return encode_head(head_of(parts)) + b"".join(bodies)


def read(raw: bytes) -> dict[str, bytes]:
    """Read as the adapter does, bytes and digests of parts included."""
    file, found = io.BytesIO(raw), {}
    head = read_head(file.read)
    if file.tell() + head.payload != len(raw):
        raise MalformedError("length")
    reader = PartsReader(head)
    while (part := reader.next(file.read)) is not None:
        found[part.name] = file.read(part.size)
        if hashlib.sha256(found[part.name]).digest() != part.digest:
            raise MalformedError("digest")
    return found


def test_what_is_written_is_read() -> None:
    assert read(written(FILES)) == FILES
    head = read_head(io.BytesIO(written(FILES)).read)
    assert (head.partner, head.epoch, head.size, head.parts) == ("jp", 1, 3, len(FILES))


def test_every_end_that_is_missing_is_noticed() -> None:
    raw = written(FILES)
    for size in range(len(raw)):
        with pytest.raises(MalformedError):
            read(raw[:size])
    with pytest.raises(MalformedError):
        read(raw + b"\0")


def test_every_byte_that_is_changed_is_noticed() -> None:
    raw = written(FILES)
    for place in range(len(raw)):
        for flip in (1, 0x80):
            with pytest.raises(MalformedError):
                read(raw[:place] + bytes((raw[place] ^ flip,)) + raw[place + 1 :])


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(raw: bytes) -> None:
    for beginning in (b"", MAGIC, encode_head(head_of(PARTS))):
        with pytest.raises(MalformedError):
            read(beginning + raw)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"partner": "../jp"},
        {"created_at": -1},
        {"epoch": 0},
        {"epoch": 2**53},
        {"size": 0},
        {"size": 2**53},
        {"root": b""},
        {"digest": b"x" * 33},
        {"parts": 0},
        {"parts": MAX_PARTS + 1},
        {"payload": -1},
        {"payload": 2**53},
    ],
)
def test_a_head_that_cannot_be_true_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedError) as caught:
        read_head(io.BytesIO(encode_head(changed(head_of(PARTS), **change))).read)
    assert caught.value.code == "bad-backup"


def test_a_head_of_other_fields_is_refused() -> None:
    encoded = gate.encode([1, "jp"])
    raw = MAGIC + len(encoded).to_bytes(2) + encoded + hashlib.sha256(encoded).digest()
    with pytest.raises(MalformedError) as caught:
        read_head(io.BytesIO(raw).read)
    assert caught.value.code == "bad-backup"


@pytest.mark.parametrize(
    "part",
    [
        changed(PARTS[1], name="../root.key"),
        changed(PARTS[1], name="keys/../../root.key"),
        changed(PARTS[1], name="keys/root.key\n"),
        changed(PARTS[1], name="/etc/passwd"),
        changed(PARTS[1], name="lock"),
        changed(PARTS[1], name=""),
        changed(PARTS[1], size=-1),
        changed(PARTS[1], size=MAX_SMALL + 1),
        changed(PARTS[1], size=2**53),
        changed(PARTS[1], digest=b""),
        changed(PARTS[0], name="blobs/" + 64 * "0"),
        changed(PARTS[0], size=2 * MAX_ATTACHMENT + 1),
        changed(PARTS[4], name="spool/-.00.1"),
        changed(PARTS[4], name="spool/nato.00.0"),
    ],
)
def test_a_part_that_no_home_has_is_refused(part: Part) -> None:
    head = changed(head_of([part]), payload=2**52)
    with pytest.raises(MalformedError) as caught:
        PartsReader(head).next(io.BytesIO(encode_part(part)).read)
    assert caught.value.code == "bad-backup"


def test_a_name_comes_once_and_in_order() -> None:
    for parts in ([PARTS[1], PARTS[1]], [PARTS[2], PARTS[1]]):
        reader = PartsReader(head_of(parts))
        reader.next(io.BytesIO(encode_part(parts[0])).read)
        with pytest.raises(MalformedError):
            reader.next(io.BytesIO(encode_part(parts[1])).read)


def test_no_part_is_larger_than_what_is_left() -> None:
    head = changed(head_of(PARTS[:1]), payload=PARTS[0].size)
    with pytest.raises(MalformedError):
        PartsReader(head).next(io.BytesIO(encode_part(PARTS[0])).read)
