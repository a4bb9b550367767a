"""Signed objects: exactly the demanded signatures, each over exactly this purpose."""

import hashlib
from collections.abc import Callable

import cbor2
import pytest

from noroshi.core import gate
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.keys import Purpose, SignerSet
from noroshi.core.errors import MalformedError, UnreadableError
from tests.unit.core.nodes import JP, NATO, NZ, PRIMITIVES, Node

PAYLOAD = b"what is said"
LIMIT = 100_000
BOTH = pytest.mark.parametrize("node", [JP, NZ], ids=["H5", "H3"])

Wire = list[object]


def sign(node: Node, context: suite.Context = suite.REPORT) -> bytes:
    return cose.sign(PAYLOAD, context, node.profile.number, node.report_signers)


def parse(raw: bytes) -> cose.Signed:
    return cose.parse(raw, (suite.REPORT,), limit=LIMIT)


def verify(raw: bytes, node: Node) -> None:
    parse(raw).verify(node.signers(Purpose.REPORT), PRIMITIVES)


def rearranged(raw: bytes, change: Callable[[list[list[object]]], object]) -> bytes:
    """Return the object with its list of signatures changed in place."""
    wire = cbor2.loads(raw[2:])
    signatures = [list(signature) for signature in wire[3]]
    change(signatures)
    return gate.encode([*wire[:3], signatures], tag=98)


def with_body(raw: bytes, header: object, unprotected: object = None) -> bytes:
    """Return the object with another protected header of its body."""
    wire = cbor2.loads(raw[2:])
    return gate.encode([gate.encode(header), unprotected or {}, *wire[2:]], tag=98)


@BOTH
def test_what_was_signed_is_read_and_verified(node: Node) -> None:
    raw = sign(node)
    signed = parse(raw)
    assert signed.raw_payload == PAYLOAD
    assert signed.context is suite.REPORT
    assert signed.profile == node.profile.number
    assert len(signed.signatures) == 2
    assert signed.digest == hashlib.sha256(raw).digest()
    signed.verify(node.signers(Purpose.REPORT), PRIMITIVES)


def test_a_reader_that_takes_two_purposes_learns_which_it_is() -> None:
    both = (suite.REPORT, suite.RECEIPT)
    raw = cose.sign(PAYLOAD, suite.RECEIPT, JP.profile.number, JP.receipt_signers)
    signed = cose.parse(raw, both, limit=LIMIT)
    assert signed.context is suite.RECEIPT
    signed.verify(JP.signers(Purpose.RECEIPT), PRIMITIVES)


@BOTH
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda s: s.clear(), id="no signature"),
        pytest.param(lambda s: s.pop(0), id="the post-quantum one stripped"),
        pytest.param(lambda s: s.pop(1), id="the classical one stripped"),
        pytest.param(lambda s: s.append(s[0]), id="one twice"),
        pytest.param(lambda s: s.append(s[1]), id="the other twice"),
        pytest.param(lambda s: s.__setitem__(1, s[0]), id="one instead of the other"),
        pytest.param(lambda s: s.reverse(), id="the other order"),
        pytest.param(lambda s: s[0].__setitem__(2, s[1][2]), id="the other's bytes"),
        pytest.param(lambda s: s[0].__setitem__(0, s[1][0]), id="the other's header"),
        pytest.param(lambda s: s[0].__setitem__(2, b""), id="an empty one"),
        pytest.param(lambda s: s[1].__setitem__(2, b""), id="the other empty"),
        pytest.param(lambda s: s[1].__setitem__(2, s[1][2] + b"\x00"), id="a longer one"),
        pytest.param(lambda s: s[0].__setitem__(0, b""), id="no header"),
    ],
)
def test_other_signatures_than_the_demanded_are_refused(
    node: Node, change: Callable[[list[list[object]]], object]
) -> None:
    raw = sign(node)
    verify(raw, node)
    with pytest.raises(UnreadableError):
        verify(rearranged(raw, change), node)


@BOTH
def test_a_foreign_signature_beside_the_demanded_ones_is_refused(node: Node) -> None:
    foreign = cbor2.loads(sign(NATO)[2:])[3]
    with pytest.raises(UnreadableError):
        verify(rearranged(sign(node), lambda s: s.extend(foreign)), node)


@BOTH
@pytest.mark.parametrize("which", [0, 1])
def test_one_wrong_bit_in_either_signature_is_refused(node: Node, which: int) -> None:
    def flip(signatures: list[list[object]]) -> None:
        signature = signatures[which][2]
        assert isinstance(signature, bytes)
        signatures[which][2] = signature[:-9] + bytes([signature[-9] ^ 1]) + signature[-8:]

    with pytest.raises(UnreadableError):
        verify(rearranged(sign(node), flip), node)


@BOTH
def test_another_node_did_not_sign(node: Node) -> None:
    with pytest.raises(UnreadableError):
        verify(sign(node), NATO)


@BOTH
def test_a_receipt_key_signs_no_report(node: Node) -> None:
    raw = cose.sign(PAYLOAD, suite.REPORT, node.profile.number, node.receipt_signers)
    with pytest.raises(UnreadableError):
        verify(raw, node)


@BOTH
def test_another_payload_was_not_signed(node: Node) -> None:
    wire = cbor2.loads(sign(node)[2:])
    raw = gate.encode([wire[0], {}, PAYLOAD + b".", wire[3]], tag=98)
    with pytest.raises(UnreadableError):
        verify(raw, node)


def test_a_signature_for_one_purpose_is_none_for_another() -> None:
    # Only the content type is changed, the keys stay: the external AAD keeps them apart too.
    raw = with_body(sign(JP, suite.REPORT), {3: suite.RECEIPT.content_type, -70010: 1})
    signed = cose.parse(raw, (suite.RECEIPT,), limit=LIMIT)
    with pytest.raises(UnreadableError):
        signed.verify(JP.signers(Purpose.REPORT), PRIMITIVES)


def test_the_purpose_is_in_the_external_aad_as_well() -> None:
    disguised = suite.Context(suite.RECEIPT.aad, suite.REPORT.content_type)
    with pytest.raises(UnreadableError):
        verify(sign(JP, disguised), JP)


def test_a_purpose_that_is_not_expected_is_refused() -> None:
    with pytest.raises(UnreadableError):
        cose.parse(sign(JP, suite.CARD), (suite.REPORT, suite.RECEIPT), limit=LIMIT)


@pytest.mark.parametrize("profile", [0, 2, 3, -1])
def test_another_profile_than_the_signers_is_refused(profile: int) -> None:
    raw = cose.sign(PAYLOAD, suite.REPORT, profile, JP.report_signers)
    with pytest.raises(UnreadableError):
        verify(raw, JP)


def test_a_profile_that_was_changed_after_signing_is_refused() -> None:
    raw = with_body(sign(JP), {3: suite.REPORT.content_type, -70010: 2})
    keys = JP.signers(Purpose.REPORT).keys
    with pytest.raises(UnreadableError):
        parse(raw).verify(SignerSet(2, keys), PRIMITIVES)


@pytest.mark.parametrize(
    "header",
    [
        {},
        {3: suite.REPORT.content_type},
        {-70010: 1},
        {3: 0, -70010: 1},
        {3: "text/plain", -70010: 1},
        {3: suite.REPORT.content_type, -70010: "1"},
        {3: suite.REPORT.content_type, -70010: True},
        {3: suite.REPORT.content_type, -70010: None},
        {3: suite.REPORT.content_type, -70010: 1, 1: -50},
        {3: suite.REPORT.content_type, -70010: 1, "x": 1},
        [3, suite.REPORT.content_type],
        5,
    ],
)
def test_other_headers_are_refused(header: object) -> None:
    with pytest.raises(MalformedError):
        parse(with_body(sign(JP), header))


def test_nothing_may_stand_unprotected() -> None:
    header = {3: suite.REPORT.content_type, -70010: 1}
    with pytest.raises(UnreadableError):
        parse(with_body(sign(JP), header, {4: b"kid"}))
    with pytest.raises(UnreadableError):
        parse(rearranged(sign(JP), lambda s: s[0].__setitem__(1, {1: b"alg"})))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        PAYLOAD,
        gate.encode([], tag=98),
        gate.encode([b"", {}, PAYLOAD, []], tag=98),
        gate.encode([b"", {}, None, []], tag=98),
        gate.encode({}, tag=98),
        sign(JP)[2:],
        b"\xd8\x60" + sign(JP)[2:],
        sign(JP) + b"\x00",
        sign(JP)[:-1],
    ],
)
def test_what_is_no_signed_object_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        parse(raw)


def test_size_is_bounded() -> None:
    raw = sign(NZ)
    assert cose.parse(raw, (suite.REPORT,), limit=len(raw)).raw == raw
    with pytest.raises(MalformedError):
        cose.parse(raw, (suite.REPORT,), limit=len(raw) - 1)


@BOTH
def test_what_is_signed_is_the_sig_structure(node: Node) -> None:
    signed = parse(sign(node))
    for key, (protected, signature) in zip(
        node.signers(Purpose.REPORT).keys, signed.signatures, strict=True
    ):
        assert protected == cbor2.dumps({1: int(key.alg), 4: key.kid}, canonical=True)
        message = cbor2.dumps(
            ["Signature", signed.body_protected, protected, b"noroshi/v1/report", PAYLOAD]
        )
        assert PRIMITIVES.is_signed(key, message, signature)
