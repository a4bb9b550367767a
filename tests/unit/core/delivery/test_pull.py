"""Polls and offers: read as they were written, and nothing else is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core import gate
from noroshi.core.delivery.item import Lane
from noroshi.core.delivery.pull import (
    VERSION,
    Kind,
    Offer,
    Outcome,
    Poll,
    Result,
    decode_offer,
    decode_poll,
    encode_offer,
    encode_poll,
)
from noroshi.core.errors import MalformedError

ID = bytes(range(16))

RESULTS = st.builds(
    Result,
    id=st.binary(min_size=16, max_size=16),
    failure=st.sampled_from(["", "disk-full"]),
    outcomes=st.lists(
        st.builds(Outcome, taken=st.booleans(), code=st.just("x"), message=st.text()), max_size=3
    ).map(tuple),
    held=st.integers(0, 2**40),
    answer=st.binary(max_size=20),
)


@given(lane=st.sampled_from(Lane), result=st.none() | RESULTS)
def test_polls_are_read_as_they_were_written(lane: Lane, result: Result | None) -> None:
    poll = Poll(VERSION, lane, result)
    assert decode_poll(encode_poll(poll)) == poll


@given(
    items=st.lists(st.binary(max_size=50), min_size=1, max_size=64).map(tuple),
    start=st.integers(0, 2**40),
)
def test_offers_are_read_as_they_were_written(items: tuple[bytes, ...], start: int) -> None:
    for offer in (
        Offer(ID, Kind.ENVELOPES, items),
        Offer(ID, Kind.PIECE, items[:1], bytes(32), start),
        Offer(ID, Kind.CHECK, items[:1]),
    ):
        assert decode_offer(encode_offer(offer)) == offer


@pytest.mark.parametrize(
    "offer",
    [
        Offer(b"short", Kind.ENVELOPES, (b"x",)),
        Offer(ID, Kind.ENVELOPES, ()),
        Offer(ID, Kind.ENVELOPES, (b"x",) * 65),
        Offer(ID, Kind.PIECE, (b"x", b"y"), bytes(32)),
        Offer(ID, Kind.CHECK, ()),
        Offer(ID, Kind.PIECE, (b"x",), bytes(32), -1),
    ],
)
def test_what_cannot_be_offered(offer: Offer) -> None:
    with pytest.raises(MalformedError):
        decode_offer(encode_offer(offer))


@pytest.mark.parametrize("value", [[2, 1, None], [1, 3, None], [1, 1], [1, 1, None, 0], {}, b""])
def test_what_is_no_poll(value: object) -> None:
    with pytest.raises(MalformedError):
        decode_poll(gate.encode(value))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_our_words(raw: bytes) -> None:
    for decode in (decode_poll, decode_offer):
        with pytest.raises(MalformedError):
            decode(raw)
