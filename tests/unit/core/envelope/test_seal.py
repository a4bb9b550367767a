"""Sealing: what stands where, byte for byte."""

import hashlib

import cbor2
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core import gate
from noroshi.core.envelope import suite
from noroshi.core.envelope.padding import padme
from noroshi.core.envelope.seal import (
    Outer,
    encode_inner,
    outer_header,
    recipient_header,
    to_authenticate,
    to_bind,
)
from noroshi.core.precedence import Precedence
from tests.unit.core.nodes import JP, NATO, NZ, PRIMITIVES, a_letter

OUTER = Outer(bytes(range(16)), Precedence.FLASH, 1_800_000_000_000_000)


def test_the_outer_header() -> None:
    header = cbor2.loads(outer_header(OUTER, bytes(32)))
    assert header == {
        1: 3,
        2: [-70001, -70002, -70003, -70004],
        3: "application/vnd.noroshi.envelope+cbor",
        -70001: bytes(range(16)),
        -70002: bytes(32),
        -70003: 5,
        -70004: 1_800_000_000_000_000,
    }


def test_the_outer_header_of_what_does_not_expire() -> None:
    header = cbor2.loads(outer_header(Outer(bytes(16), Precedence.ROUTINE, None), bytes(32)))
    assert header[2] == [-70001, -70002, -70003]
    assert set(header) == {1, 2, 3, -70001, -70002, -70003}


def test_the_structures_that_are_authenticated() -> None:
    assert cbor2.loads(to_authenticate(b"outer")) == ["Encrypt", b"outer", b"noroshi/v1/envelope"]
    assert cbor2.loads(recipient_header(59, bytes(8))) == {1: 59, 4: bytes(8)}
    assert cbor2.loads(to_bind(b"block", b"outer")) == [
        "HPKE Recipient",
        3,
        b"block",
        hashlib.sha256(b"outer").digest(),
    ]


@given(st.binary(max_size=300), st.integers(0, 100_000))
def test_the_inner_object_is_padded_with_zeros(signed: bytes, size: int) -> None:
    inner = encode_inner(signed, bytes(size))
    decoded = cbor2.loads(inner)
    assert decoded[:2] == [signed, bytes(size)]
    assert decoded[2] == bytes(len(decoded[2]))
    assert gate.encode(decoded) == inner


@given(st.integers(0, 100_000))
def test_the_length_of_the_inner_object_says_little(size: int) -> None:
    bare = len(gate.encode([b"", bytes(size), b""]))
    padded = len(encode_inner(b"", bytes(size)))
    # One byte short where the pad's own length would overshoot.
    assert padme(bare + 4) - 1 <= padded <= padme(bare + 4)
    assert padded - bare <= 0.12 * bare + 5


def test_an_envelope() -> None:
    letter = a_letter(JP, [NATO, NZ])
    raw = letter.seal()
    assert raw[:2] == bytes.fromhex("d860")
    protected, unprotected, ciphertext, blocks = cbor2.loads(raw[2:])
    assert unprotected == {5: letter.draws.iv}
    inner = PRIMITIVES.decrypt(
        letter.draws.content_key, letter.draws.iv, ciphertext, to_authenticate(protected)
    )
    assert inner is not None
    assert protected == outer_header(letter.outer, hashlib.sha256(inner).digest())
    assert len(blocks) == 2
    for (header, encapsulated, wrapped), node, own in zip(
        blocks, (NATO, NZ), letter.own_parts, strict=True
    ):
        assert header == recipient_header(node.key.alg, node.key.kid)
        assert list(encapsulated) == [-4]
        plain = node.unwrapper.unwrap(encapsulated[-4], wrapped, to_bind(header, protected))
        assert plain is not None
        assert cbor2.loads(plain) == [letter.draws.content_key, gate.encode_struct(own)]


def test_sizes() -> None:
    # What a thin link pays for; a change here is a change of format.
    assert len(a_letter(NZ, [NZ]).seal()) < 5300
    assert len(a_letter(JP, [NATO]).seal()) < 7400
    assert suite.MAX_ENVELOPE > suite.MAX_INNER
