import hashlib

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core import gate
from noroshi.core.errors import MalformedError
from noroshi.core.tlog.entry import (
    MAX_ENTRY,
    Entry,
    EntryKind,
    decode_entry,
    encode_entry,
    new_entry,
    report_id_of,
)
from tests.unit.core.nodes import NOW, changed

ENTRIES = st.builds(
    new_entry,
    st.sampled_from(EntryKind),
    st.integers(0, 2**60),
    st.binary(max_size=16),
    st.text(max_size=8),
    report_id=st.none() | st.binary(max_size=16),
    digest=st.none() | st.binary(max_size=32),
    desk=st.none() | st.text(max_size=8),
    rung=st.none() | st.text(max_size=8),
    by=st.none() | st.text(max_size=8),
    code=st.none() | st.text(max_size=8),
)
ENTRY = new_entry(EntryKind.SEALED, NOW, bytes(16), "jp", report_id=bytes(16), digest=bytes(32))


@given(ENTRIES)
def test_an_entry_is_encoded_and_decoded(entry: Entry) -> None:
    leaf = encode_entry(entry)
    assert decode_entry(leaf.raw) == entry
    assert leaf.hash == hashlib.sha256(b"\x00" + leaf.raw).digest()


def test_the_fields_stand_in_their_order() -> None:
    raw = encode_entry(changed(ENTRY, desk="cyber", by="Officer")).raw
    assert cbor2.loads(raw) == [
        1, "Sealed", NOW, "jp", bytes(16), bytes(32), "cyber", None, "Officer", None, bytes(16),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", EntryKind)
def test_kinds_are_written_as_what_happened(kind: EntryKind) -> None:
    assert cbor2.loads(encode_entry(changed(ENTRY, kind=kind)).raw)[1] == kind.value
    assert kind.value.replace("_", "").lower() == kind.name.replace("_", "").lower()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        gate.encode([]),
        gate.encode([1, "Sealed"]),
        gate.encode([1, "Guessed", 0, None, None, None, None, None, None, None, b""]),
        gate.encode([1, "Sealed", "now", None, None, None, None, None, None, None, b""]),
        gate.encode([1, "Sealed", 0, None, None, None, None, None, None, None, None]),
        encode_entry(ENTRY).raw + b"\x00",
        encode_entry(changed(ENTRY, by="x" * MAX_ENTRY)).raw,
    ],
)
def test_what_is_no_entry(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        decode_entry(raw)


@given(ENTRIES)
def test_the_report_is_found_without_decoding(entry: Entry) -> None:
    assert report_id_of(encode_entry(entry).raw) == entry.report_id


@pytest.mark.parametrize(
    "raw", [b"", b"\x8b", b"\x8b\x01\xff", b"\xc1", encode_entry(ENTRY).raw[:6]]
)
def test_what_does_not_begin_like_an_entry(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        report_id_of(raw)
