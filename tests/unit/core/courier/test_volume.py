import hashlib
import itertools
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core import gate
from noroshi.core.courier import volume as volumes
from noroshi.core.courier.cut import HEAD_ROOM
from noroshi.core.courier.volume import (
    MAGIC,
    MAX_FILE,
    MAX_IMPORTED,
    PURPOSE,
    Fragment,
    Placed,
    VolumeHead,
    begin_fragment,
    begin_volume,
    payload_digest,
    read_fragments,
    read_head,
    volume_name,
)
from noroshi.core.delivery.item import Cargo
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.primitives import Signer
from noroshi.core.envelope.suite import MAX_ENVELOPE
from noroshi.core.errors import MalformedError
from tests.unit.core.nodes import AU, JP, NOW, NZ, PRIMITIVES, Node, changed, draw

LETTER = draw("letter", 300)
BLOB = draw("blob", 200)
CONTENTS = (
    (Fragment(Cargo.ENVELOPE, draw("letter id", 16), 300, 0, 300), LETTER),
    (Fragment(Cargo.BLOB, hashlib.sha256(BLOB).digest(), 500, 100, 200), BLOB),
)

Contents = Sequence[tuple[Fragment, bytes]]


def payload_of(contents: Contents) -> bytes:
    return b"".join(begin_fragment(fragment) + data for fragment, data in contents)


PAYLOAD = payload_of(CONTENTS)
HEAD = VolumeHead(
    version=1,
    set_id=draw("set", 16),
    sender="nz",
    to="jp",
    number=2,
    count=3,
    created_at=NOW,
    size=len(PAYLOAD),
    digest=hashlib.sha256(PAYLOAD).digest(),
    imported=(draw("their set", 16),),
)


def write(head: VolumeHead = HEAD, signer: Node = NZ) -> bytes:
    begin, digest = begin_volume(head, signer.profile.number, signer.receipt_signers)
    assert read_head(taker(begin)).digest == digest
    return begin


def taker(raw: bytes) -> volumes.Take:
    position = 0

    def take(size: int) -> bytes:
        nonlocal position
        taken = raw[position : position + size]
        position += len(taken)
        return taken

    return take


def read(raw: bytes) -> tuple[VolumeHead, list[Placed]]:
    """Read a whole volume as a node does: head, signature, digest, fragments."""
    take = taker(raw)
    signed = read_head(take)
    signed.verify(NZ.signers(PURPOSE), PRIMITIVES)
    payload = take(len(raw))
    head = signed.head
    if payload_digest(iter((payload,))) != (head.size, head.digest):
        raise MalformedError("not the payload", "bad-volume")
    return head, fragments_of(payload, head.number)


def fragments_of(payload: bytes, number: int = 1) -> list[Placed]:
    return list(read_fragments(lambda at, n: payload[at : at + n], number, len(payload)))


WHOLE = write() + PAYLOAD


def test_a_volume_is_read_as_it_was_written() -> None:
    head, placed = read(WHOLE)
    assert head == HEAD
    assert [p.fragment for p in placed] == [fragment for fragment, _ in CONTENTS]
    for p, (_, data) in zip(placed, CONTENTS, strict=True):
        assert p.volume == 2
        assert PAYLOAD[p.position : p.position + p.fragment.size] == data
    assert placed[0].fragment.is_whole
    assert not placed[1].fragment.is_whole


@pytest.mark.parametrize("signer", [JP, NZ, AU])
def test_the_head_leaves_the_room_that_is_kept_for_it(signer: Node) -> None:
    largest = changed(
        HEAD,
        sender="a" * 32,
        to="b" * 32,
        number=9999,
        count=9999,
        size=MAX_FILE,
        imported=tuple(draw(f"set {i}", 16) for i in range(MAX_IMPORTED)),
    )
    assert len(write(largest, signer)) <= HEAD_ROOM


def test_every_truncation_is_refused() -> None:
    for size in range(len(WHOLE)):
        with pytest.raises(MalformedError) as caught:
            read(WHOLE[:size])
        assert caught.value.code == "bad-volume"


def test_every_flipped_byte_is_refused() -> None:
    for position in range(len(WHOLE)):
        flipped = WHOLE[:position] + bytes([WHOLE[position] ^ 1]) + WHOLE[position + 1 :]
        with pytest.raises(MalformedError) as caught:
            read(flipped)
        assert caught.value.code == "bad-volume"


@pytest.mark.parametrize("more", [b"\0", PAYLOAD, WHOLE])
def test_what_follows_is_refused(more: bytes) -> None:
    with pytest.raises(MalformedError):
        read(WHOLE + more)


@given(st.binary(max_size=200))
def test_bytes_from_anywhere_raise_our_error_alone(raw: bytes) -> None:
    for begin in (b"", MAGIC):
        with pytest.raises(MalformedError):
            read(begin + raw)


@pytest.mark.parametrize(
    "fields",
    [
        {"version": 2},
        {"set_id": bytes(15)},
        {"sender": "../nz"},
        {"to": ""},
        {"number": 0},
        {"number": 4},
        {"count": 10_000},
        {"created_at": -1},
        {"size": -1},
        {"size": MAX_FILE + 1},
        {"digest": bytes(31)},
        {"imported": (bytes(17),)},
        {"imported": (bytes(16),) * (MAX_IMPORTED + 1)},
        {"imported": "all"},
    ],
)
def test_a_head_that_says_what_cannot_be_is_refused(fields: Mapping[str, object]) -> None:
    begin, _ = begin_volume(changed(HEAD, **fields), NZ.profile.number, NZ.receipt_signers)
    with pytest.raises(MalformedError) as caught:
        read_head(taker(begin))
    assert caught.value.code == "bad-volume"


@pytest.mark.parametrize(
    ("profile", "signers"),
    [
        (NZ.profile.number, NZ.report_signers),
        (NZ.profile.number, AU.receipt_signers),
        (NZ.profile.number, NZ.receipt_signers[:1]),
        (NZ.profile.number, (*NZ.receipt_signers, AU.receipt_signers[0])),
        (JP.profile.number, NZ.receipt_signers),
    ],
)
def test_only_the_receipt_keys_of_the_sender_s_card_sign(
    profile: int, signers: Sequence[Signer]
) -> None:
    begin, _ = begin_volume(HEAD, profile, signers)
    with pytest.raises(MalformedError, match="not by nz"):
        read(begin + PAYLOAD)
    assert PURPOSE is Purpose.RECEIPT


def test_a_signature_for_another_purpose_does_not_count() -> None:
    signed = cose.sign(
        gate.encode_struct(HEAD), suite.RECEIPT, NZ.profile.number, NZ.receipt_signers
    )
    with pytest.raises(MalformedError, match="damaged"):
        read(MAGIC + len(signed).to_bytes(4) + signed + PAYLOAD)


@pytest.mark.parametrize("size", [suite.MAX_SIGNED + 1, 2**32 - 1])
def test_a_head_of_any_size_is_not_read(size: int) -> None:
    asked: list[int] = []
    take = taker(MAGIC + size.to_bytes(4) + bytes(100))

    def watched(wanted: int) -> bytes:
        asked.append(wanted)
        return take(wanted)

    with pytest.raises(MalformedError):
        read_head(watched)
    assert max(asked) <= suite.MAX_SIGNED + 1


@pytest.mark.parametrize(
    "fields",
    [
        {"item": bytes(32)},
        {"start": -1},
        {"size": 0},
        {"start": 1},
        {"total": MAX_ENVELOPE + 1},
        {"cargo": 5},
        {"cargo": Cargo.BLOB},
        {"total": "all"},
    ],
)
def test_a_fragment_that_says_what_cannot_be_is_refused(fields: Mapping[str, object]) -> None:
    fragment, data = CONTENTS[0]
    with pytest.raises(MalformedError) as caught:
        fragments_of(payload_of([(changed(fragment, **fields), data)]))
    assert caught.value.code == "bad-volume"


def test_an_item_twice_is_refused() -> None:
    with pytest.raises(MalformedError, match="twice"):
        fragments_of(payload_of([CONTENTS[0], CONTENTS[0]]))


def test_too_many_items_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volumes, "MAX_FRAGMENTS", 5)
    contents = [(Fragment(Cargo.RECEIPT, i.to_bytes(16), 1, 0, 1), b"x") for i in range(6)]
    assert len(fragments_of(payload_of(contents[:5]))) == 5
    with pytest.raises(MalformedError, match="more than 5"):
        fragments_of(payload_of(contents))


@pytest.mark.parametrize(
    "payload",
    [
        b"\0",
        b"\0\0\0\0",
        b"\xff\xff\xff\xff",
        begin_fragment(CONTENTS[0][0]),
        begin_fragment(CONTENTS[0][0]) + LETTER[:-1],
        PAYLOAD[:-1],
        PAYLOAD + b"\0\0",
    ],
)
def test_what_is_no_sequence_of_fragments_is_refused(payload: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        fragments_of(payload)
    assert caught.value.code == "bad-volume"


def test_an_empty_payload_is_one() -> None:
    assert fragments_of(b"") == []
    assert payload_digest(iter(())) == (0, hashlib.sha256(b"").digest())


def test_a_volume_has_a_name_for_people() -> None:
    assert volume_name(bytes.fromhex("1f3a5b7c" + "00" * 12), 2, 3) == "set 1f3a5b7c: volume 2 of 3"


def test_a_doubled_or_swapped_part_is_refused() -> None:
    half = len(WHOLE) // 2
    parts = (WHOLE[:half], WHOLE[half:])
    for order in itertools.product(parts, repeat=2):
        if order != parts:
            with pytest.raises(MalformedError):
                read(b"".join(order))
