"""The gate lets through one encoding of a value and nothing else."""

import cbor2
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from noroshi.core import gate
from noroshi.core.errors import MalformedError

INTEGERS = st.integers(-(2**63), 2**63 - 1)
LEAVES = st.none() | st.booleans() | INTEGERS | st.binary(max_size=40) | st.text(max_size=40)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(INTEGERS | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=30,
)


class Pair(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    name: str
    data: bytes


@given(VALUES)
def test_what_is_encoded_is_decoded(value: object) -> None:
    assert gate.decode(gate.encode(value), limit=10_000) == value


@given(st.binary(max_size=60))
@example(bytes.fromhex("a1a001"))
@example(bytes.fromhex("a18001"))
@example(bytes.fromhex("62c328"))
def test_any_bytes_are_the_one_encoding_of_a_value_or_malformed(raw: bytes) -> None:
    try:
        value = gate.decode(raw, limit=60)
    except MalformedError:
        return
    assert gate.encode(value) == raw


@given(VALUES, st.data())
def test_a_changed_encoding_is_another_value_or_malformed(
    value: object, data: st.DataObject
) -> None:
    raw = bytearray(gate.encode(value))
    position = data.draw(st.integers(0, len(raw) - 1))
    raw[position] ^= 1 << data.draw(st.integers(0, 7))
    try:
        decoded = gate.decode(bytes(raw), limit=10_000)
    except MalformedError:
        return
    assert gate.encode(decoded) == raw


@pytest.mark.parametrize(
    "hexadecimal",
    [
        pytest.param("", id="nothing"),
        pytest.param("0000", id="something behind it"),
        pytest.param("8101ff", id="a break behind it"),
        pytest.param("82 01", id="an item missing"),
        pytest.param("a1 01", id="a value missing"),
        pytest.param("42 01", id="a byte missing"),
        pytest.param("19 01", id="half an integer"),
        pytest.param("18 01", id="a wide integer"),
        pytest.param("1b 00000000ffffffff", id="a wider integer"),
        pytest.param("58 01 61", id="a wide length"),
        pytest.param("98 01 00", id="a wide count"),
        pytest.param("1b 8000000000000000", id="an integer above 63 bits"),
        pytest.param("3b 8000000000000000", id="an integer below -2 ** 63"),
        pytest.param("1c", id="a reserved length"),
        pytest.param("9f 01 ff", id="an indefinite array"),
        pytest.param("bf 01 02 ff", id="an indefinite map"),
        pytest.param("5f 41 01 ff", id="indefinite bytes"),
        pytest.param("7f 61 61 ff", id="an indefinite text"),
        pytest.param("ff", id="a break alone"),
        pytest.param("f7", id="undefined"),
        pytest.param("e0", id="a simple value"),
        pytest.param("f8 20", id="a wide simple value"),
        pytest.param("f9 3c00", id="a half float"),
        pytest.param("fa 3f800000", id="a single float"),
        pytest.param("fb 3ff0000000000000", id="a double float"),
        pytest.param("f9 7e00", id="NaN"),
        pytest.param("c0 60", id="tag 0, a time"),
        pytest.param("c2 41 01", id="tag 2, a big number"),
        pytest.param("d8 1c 80", id="tag 28, shareable"),
        pytest.param("d8 23 61 61", id="tag 35, a regular expression"),
        pytest.param("81 d8 60 00", id="a tag inside"),
        pytest.param("62 c328", id="a text that is not UTF-8"),
        pytest.param("63 eda080", id="a text with a surrogate"),
        pytest.param("a2 01 00 01 00", id="a name twice"),
        pytest.param("a2 00 00 f4 00", id="0 and false as names"),
        pytest.param("a2 01 00 f5 00", id="1 and true as names"),
        pytest.param("a2 02 00 01 00", id="names out of order"),
        pytest.param("a2 62 6161 00 61 61 00", id="texts out of order"),
    ],
)
def test_refused(hexadecimal: str) -> None:
    with pytest.raises(MalformedError):
        gate.decode(bytes.fromhex(hexadecimal), limit=1000)


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(b"\x9b" + b"\xff" * 8, id="an array of 2 ** 64 items"),
        pytest.param(b"\xbb" + b"\xff" * 8, id="a map of 2 ** 64 pairs"),
        pytest.param(b"\x5b" + b"\xff" * 8, id="2 ** 64 bytes"),
        pytest.param(b"\x7b\x00\x00\x01" + b"\x00" * 5, id="2 ** 40 characters"),
        pytest.param(b"\x9a\x7f\xff\xff\xff", id="an array of 2 ** 31 items"),
        pytest.param(b"\x81" * 100_000, id="100,000 arrays in one another"),
        pytest.param(b"\x99\xff\xff" * 30_000, id="large arrays in one another"),
        pytest.param(b"\x99\x13\x88" + b"\x00" * 5000, id="5,000 items"),
        pytest.param(b"\x82" + (b"\x99\x0b\xb8" + b"\x00" * 3000) * 2, id="6,000 items in all"),
    ],
)
def test_bombs_are_refused(bomb: bytes) -> None:
    with pytest.raises(MalformedError):
        gate.decode(bomb, limit=1_000_000)


def test_depth_is_bounded() -> None:
    assert gate.decode(b"\x81" * 12 + b"\x00", limit=100) is not None
    with pytest.raises(MalformedError):
        gate.decode(b"\x81" * 13 + b"\x00", limit=100)


def test_count_is_bounded() -> None:
    assert gate.decode(gate.encode([0] * 4095), limit=10_000) == [0] * 4095
    with pytest.raises(MalformedError):
        gate.decode(gate.encode([0] * 4096), limit=10_000)


def test_size_is_bounded() -> None:
    raw = gate.encode(bytes(97))
    assert gate.decode(raw, limit=99) == bytes(97)
    with pytest.raises(MalformedError, match="99 bytes where at most 98 are allowed"):
        gate.decode(raw, limit=98)


def test_the_leading_tag_is_demanded_and_no_other() -> None:
    raw = gate.encode([1], tag=98)
    assert raw == bytes.fromhex("d8628101")
    assert gate.decode(raw, limit=10, tag=98) == [1]
    for tag in (None, 96):
        with pytest.raises(MalformedError):
            gate.decode(raw, limit=10, tag=tag)
    with pytest.raises(MalformedError):
        gate.decode(gate.encode([1]), limit=10, tag=98)


def test_a_struct_is_an_array_of_its_fields() -> None:
    assert gate.encode_struct(Pair("a", b"b")) == gate.encode(["a", b"b"])
    assert gate.decode_struct(gate.encode(["a", b"b"]), Pair, limit=10) == Pair("a", b"b")


@pytest.mark.parametrize(
    "value",
    [["a"], ["a", b"b", 1], ["a", "b"], [b"a", b"b"], ["a", None], {"name": "a"}, "a", None, True],
)
def test_a_struct_has_exactly_its_fields_of_exactly_their_types(value: object) -> None:
    with pytest.raises(MalformedError):
        gate.decode_struct(gate.encode(value), Pair, limit=100)


@pytest.mark.parametrize(("value", "kind"), [(True, int), (0, bool), ("aGk=", bytes), (b"a", str)])
def test_no_type_stands_for_another(value: object, kind: type) -> None:
    with pytest.raises(MalformedError):
        gate.convert(value, kind)


def test_an_error_does_not_repeat_the_bytes() -> None:
    raw = cbor2.dumps(["a", "canary"])
    with pytest.raises(MalformedError) as caught:
        gate.decode_struct(raw, Pair, limit=100)
    assert "canary" not in str(caught.value)


def test_an_error_holds_nothing_of_what_was_read() -> None:
    secret = b"\x81\x64\xff\xfe\xfd\xfc"
    with pytest.raises(MalformedError) as caught:
        gate.decode(secret, limit=100)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    with pytest.raises(MalformedError, match=r"at `\$\[0\]`") as refused:
        gate.convert(["secret"], tuple[int])
    assert refused.value.__context__ is None
    assert "secret" not in str(refused.value)
