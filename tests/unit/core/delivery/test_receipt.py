"""Receipts: many reports under one signature, each provable alone."""

import hashlib
from collections.abc import Mapping

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core import gate
from noroshi.core.delivery.check import Tally
from noroshi.core.delivery.ladder import Rung, RungRecord
from noroshi.core.delivery.receipt import (
    MAX_ENTRIES,
    VERSION,
    Issued,
    ReceiptEntry,
    ReceiptHead,
    digest,
    encode_beside,
    open_beside,
    open_entry,
)
from noroshi.core.envelope import suite
from noroshi.core.envelope.head import claimed_sender
from noroshi.core.errors import MalformedError, RefusalError
from tests.unit.core.nodes import JP, NOW, changed, draw

LADDER = (
    RungRecord(Rung.DELIVERED, NOW, None, None),
    RungRecord(Rung.ACKNOWLEDGED, NOW + 1, "Officer of NZ", "seen"),
)
ENTRY = ReceiptEntry(draw("s", 32), draw("r", 16), draw("h", 32), "watch", LADDER, 0)
OTHER = changed(ENTRY, desk="cyber", salt=draw("t", 32))
ISSUED = Issued(draw("i", 32), Tally(1, ((3, 8), (5, 7)), ()))
RAW = [gate.encode_struct(entry) for entry in (ENTRY, OTHER)]
RAW_ISSUED = gate.encode_struct(ISSUED)
HEAD = ReceiptHead(
    version=VERSION,
    envelope_id=draw("e", 16),
    sender="nz",
    created_at=NOW,
    expires_at=None,
    to=(("jp", JP.key.kid),),
    entries=tuple(map(digest, RAW)),
    issued=digest(RAW_ISSUED),
    checkpoint=b"",
    seen_size=0,
    seen_root=b"",
)

ENTRIES = st.builds(
    ReceiptEntry,
    salt=st.binary(max_size=32),
    report_id=st.binary(min_size=16, max_size=16),
    head_digest=st.binary(max_size=32),
    desk=st.text(max_size=8),
    ladder=st.lists(
        st.builds(
            RungRecord,
            st.sampled_from(Rung),
            st.integers(0, 2**50),
            st.none() | st.text(max_size=8),
            st.none() | st.text(max_size=8),
        ),
        max_size=4,
        unique_by=lambda record: record.rung,
    ).map(tuple),
    attachments_held=st.integers(0, 64),
)


@given(st.lists(ENTRIES, max_size=5))
def test_what_is_signed_is_opened(entries: list[ReceiptEntry]) -> None:
    raw = [gate.encode_struct(entry) for entry in entries]
    head = changed(HEAD, entries=tuple(map(digest, raw)))
    beside = encode_beside(raw, RAW_ISSUED)
    assert open_beside(head, beside) == (tuple(entries), ISSUED)
    assert claimed_sender(gate.encode_struct(head)) == "nz"


def test_the_fields_stand_in_their_order() -> None:
    assert cbor2.loads(RAW[0]) == [
        draw("s", 32),
        draw("r", 16),
        draw("h", 32),
        "watch",
        [["DELIVERED", NOW, None, None], ["ACKNOWLEDGED", NOW + 1, "Officer of NZ", "seen"]],
        0,
    ]
    assert cbor2.loads(RAW_ISSUED) == [draw("i", 32), [1, [[3, 8], [5, 7]], []]]
    assert digest(RAW[0]) == hashlib.sha256(RAW[0]).digest()


def test_an_entry_can_be_opened_alone() -> None:
    assert open_entry(RAW[1]) == OTHER


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param([], id="none"),
        pytest.param(RAW[:1], id="one less"),
        pytest.param([*RAW, RAW[0]], id="one twice"),
        pytest.param(RAW[::-1], id="the other order"),
        pytest.param([RAW[0], gate.encode_struct(changed(OTHER, desk="press"))], id="another"),
    ],
)
def test_other_entries_than_were_signed_are_refused(raw: list[bytes]) -> None:
    with pytest.raises(RefusalError, match="not those that were signed"):
        open_beside(HEAD, encode_beside(raw, RAW_ISSUED))


def test_other_serial_numbers_than_were_signed_are_refused() -> None:
    raw = gate.encode_struct(changed(ISSUED, tally=changed(ISSUED.tally, highest=((5, 8),))))
    with pytest.raises(RefusalError, match="not those that were signed"):
        open_beside(HEAD, encode_beside(RAW, raw))


@pytest.mark.parametrize(
    "fields",
    [
        {"report_id": bytes(15)},
        {"ladder": (LADDER[0], LADDER[0])},
        {"ladder": (RungRecord(Rung.SHOWN, -1, None, None),)},
        {"ladder": (RungRecord(Rung.SHOWN, 2**62, None, None),)},
        {"ladder": (RungRecord("GUESSED", 0, None, None),)},  # type: ignore[arg-type]
        {"desk": None},
        {"attachments_held": "all"},
    ],
)
def test_an_entry_that_says_what_cannot_be_is_refused(fields: Mapping[str, object]) -> None:
    raw = gate.encode_struct(changed(ENTRY, **fields))
    with pytest.raises(MalformedError):
        open_entry(raw)
    head = changed(HEAD, entries=(digest(raw),))
    with pytest.raises(MalformedError):
        open_beside(head, encode_beside([raw], RAW_ISSUED))


def test_the_number_of_entries_is_bounded() -> None:
    raw = [gate.encode_struct(changed(ENTRY, attachments_held=i)) for i in range(MAX_ENTRIES + 1)]
    for count in (MAX_ENTRIES, MAX_ENTRIES + 1):
        head = changed(HEAD, entries=tuple(map(digest, raw[:count])))
        beside = encode_beside(raw[:count], RAW_ISSUED)
        if count == MAX_ENTRIES:
            assert len(open_beside(head, beside)[0]) == MAX_ENTRIES
            assert len(gate.encode_struct(head)) < suite.MAX_SIGNED
        else:
            with pytest.raises(RefusalError, match="at most 256"):
                open_beside(head, beside)


@pytest.mark.parametrize("beside", [b"", gate.encode([[]]), gate.encode([[], b"", 0])])
def test_what_lies_beside_no_receipt(beside: bytes) -> None:
    with pytest.raises(MalformedError):
        open_beside(HEAD, beside)


def test_serial_numbers_that_cannot_be_read_are_malformed() -> None:
    raw = gate.encode([b"", "all"])
    head = changed(HEAD, issued=digest(raw))
    with pytest.raises(MalformedError):
        open_beside(head, encode_beside(RAW, raw))
