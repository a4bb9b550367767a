"""Opening: each step of `docs/formats/envelope.md` refuses what it must, and says no more."""

import hashlib
from collections.abc import Callable, Mapping

import cbor2
import pytest

from noroshi.core import gate
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.open import open_envelope, read_outer
from noroshi.core.envelope.seal import (
    Outer,
    encode_inner,
    only_for,
    outer_header,
    recipient_header,
    to_authenticate,
    to_bind,
)
from noroshi.core.errors import MalformedError, UnreadableError
from noroshi.core.precedence import Precedence
from tests.unit.core.nodes import (
    AU,
    JP,
    KR,
    NATO,
    NZ,
    PRIMITIVES,
    Letter,
    Node,
    a_letter,
    changed,
    draw,
    read,
)

PAIRS = pytest.mark.parametrize(
    ("sender", "reader"),
    [(JP, NATO), (AU, NZ), (JP, NZ), (NZ, JP), (JP, KR), (KR, NZ)],
    ids=["H5", "H3", "H5 to H3", "H3 to H5", "H5 to P5", "P5 to H3"],
)
Change = Callable[[list[object]], object]


def unpack(raw: bytes) -> list[object]:
    """Return the four fields of an envelope, to be changed."""
    protected, unprotected, ciphertext, blocks = cbor2.loads(raw[2:])
    return [protected, unprotected, ciphertext, [list(block) for block in blocks]]


def pack(wire: list[object]) -> bytes:
    return gate.encode(wire, tag=96)


def blocks_of(wire: list[object]) -> list[list[object]]:
    blocks = wire[3]
    assert isinstance(blocks, list)
    return blocks


def refused(raw: bytes, me: Node) -> None:
    """Assert that `raw` is refused without a reason."""
    with pytest.raises(UnreadableError) as caught:
        open_envelope(raw, me.mine, PRIMITIVES)
    assert str(caught.value) == str(UnreadableError())


def forge(
    letter: Letter,
    *,
    inner: bytes | None = None,
    digest: bytes | None = None,
    protected: bytes | None = None,
    outer: Outer | None = None,
    part: bytes | None = None,
) -> bytes:
    """Return the envelope that a dishonest sender makes, who can seal whatever it likes."""
    draws = letter.draws
    if inner is None:
        inner = encode_inner(letter.signed, gate.encode_struct(letter.beside))
    if protected is None:
        protected = outer_header(outer or letter.outer, digest or hashlib.sha256(inner).digest())
    ciphertext = PRIMITIVES.encrypt(draws.content_key, draws.iv, inner, to_authenticate(protected))
    blocks: list[object] = []
    for node, own in zip(letter.recipients, letter.own_parts, strict=True):
        plain = gate.encode([draws.content_key, gate.encode_struct(own)]) if part is None else part
        header = recipient_header(node.key.alg, node.key.kid)
        encapsulated, wrapped = PRIMITIVES.wrap(node.key, plain, to_bind(header, protected))
        blocks.append([header, {-4: encapsulated}, wrapped])
    return pack([protected, {5: draws.iv}, ciphertext, blocks])


@PAIRS
def test_an_envelope_opens(sender: Node, reader: Node) -> None:
    letter = a_letter(sender, [reader])
    opened = open_envelope(letter.seal(), reader.mine, PRIMITIVES)
    assert opened.outer == letter.outer
    assert opened.kid == reader.key.kid
    assert opened.recipient_kids == {reader.key.kid}
    assert opened.signed.raw_payload == gate.encode_struct(letter.head)
    assert opened.beside == gate.encode_struct(letter.beside)
    assert opened.own_part == gate.encode_struct(letter.own_parts[0])


def test_one_envelope_opens_for_all_profiles() -> None:
    letter = a_letter(JP, [NATO, NZ, KR])
    raw = letter.seal()
    for node, own in zip(letter.recipients, letter.own_parts, strict=True):
        opened = open_envelope(raw, node.mine, PRIMITIVES)
        assert opened.own_part == gate.encode_struct(own)
        assert opened.recipient_kids == {n.key.kid for n in letter.recipients}
        alone = open_envelope(only_for(raw, node.key.kid), node.mine, PRIMITIVES)
        assert alone == changed(opened, recipient_kids=frozenset({node.key.kid}))


def test_a_partner_who_is_forbidden_hybrids_writes_and_reads() -> None:
    assert read(a_letter(KR, [JP]).seal(), JP).content.body == b"Smoke is seen."
    assert read(a_letter(AU, [KR]).seal(), KR).content.body == b"Smoke is seen."


def test_what_a_forger_makes_unchanged_opens() -> None:
    assert read(forge(a_letter(JP, [NATO, NZ])), NZ).content.body == b"Smoke is seen."


def test_an_envelope_need_not_expire() -> None:
    letter = a_letter(JP, [NZ])
    raw = forge(letter, outer=changed(letter.outer, expires_at=None))
    assert open_envelope(raw, NZ.mine, PRIMITIVES).outer.expires_at is None


# Step 1: size and canonical form.


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xd8\x60",
        gate.encode([], tag=96),
        gate.encode([b"", {}, b""], tag=96),
        gate.encode([b"", {}, b"", [], 0], tag=96),
        gate.encode([b"", {}, b"", []], tag=96),
        gate.encode([b"", {5: bytes(12)}, None, []], tag=96),
        gate.encode({0: 1}, tag=96),
        bytes(suite.MAX_ENVELOPE + 1),
    ],
)
def test_what_is_no_envelope(raw: bytes) -> None:
    refused(raw, NZ)


def test_other_leading_tags_trailing_bytes_and_wider_lengths() -> None:
    raw = a_letter(JP, [NZ]).seal()
    for other in (
        raw[2:],
        b"\xd8\x62" + raw[2:],
        b"\xd9\x00\x60" + raw[2:],
        raw + b"\x00",
        raw[:-1],
        raw[:2] + b"\x98\x04" + raw[3:],
        b"\xd8\x60" + raw,
    ):
        refused(other, NZ)


def test_a_list_without_end_is_refused() -> None:
    raw = a_letter(JP, [NZ]).seal()
    refused(raw[:2] + b"\x9f" + raw[3:] + b"\xff", NZ)


# Step 2: the header, known labels only, exactly as prescribed.


def header_of(letter: Letter, changes: Mapping[int, object]) -> bytes:
    """Return the letter's outer header with some labels changed; None takes one out."""
    inner = encode_inner(letter.signed, gate.encode_struct(letter.beside))
    header = cbor2.loads(outer_header(letter.outer, hashlib.sha256(inner).digest()))
    merged = {**header, **changes}
    return gate.encode({label: value for label, value in merged.items() if value is not None})


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({1: None}, id="no algorithm"),
        pytest.param({1: 1}, id="A128GCM"),
        pytest.param({1: 24}, id="ChaCha20/Poly1305"),
        pytest.param({2: None}, id="no crit"),
        pytest.param({2: []}, id="empty crit"),
        pytest.param({2: [-70001, -70002, -70003]}, id="expiry not critical"),
        pytest.param({2: [-70001, -70002, -70003, -70004, -70005]}, id="an unknown critical label"),
        pytest.param({2: [-70002, -70001, -70003, -70004]}, id="crit in another order"),
        pytest.param({3: "application/cose"}, id="another type"),
        pytest.param({4: b"kid"}, id="a label more"),
        pytest.param({-70005: 1}, id="a label of a later release"),
        pytest.param({-70001: None}, id="no id"),
        pytest.param({-70001: bytes(15)}, id="a short id"),
        pytest.param({-70001: "x" * 16}, id="an id of text"),
        pytest.param({-70002: None}, id="no digest"),
        pytest.param({-70002: b""}, id="an empty digest"),
        pytest.param({-70002: "x" * 32}, id="a digest of text"),
        pytest.param({-70002: draw("other", 32)}, id="another digest"),
        pytest.param({-70003: None}, id="no precedence"),
        pytest.param({-70003: 0}, id="precedence 0"),
        pytest.param({-70003: 6}, id="precedence 6"),
        pytest.param({-70003: "FLASH"}, id="precedence of text"),
        pytest.param({-70003: True}, id="precedence true"),
        pytest.param({-70003: []}, id="precedence a list"),
        pytest.param({-70003: {}}, id="precedence a map"),
        pytest.param({-70004: None}, id="no expiry, but critical"),
        pytest.param({-70004: -1}, id="expiry before 1970"),
        pytest.param({-70004: 2**62}, id="expiry after 9999"),
        pytest.param({-70004: True}, id="expiry true"),
        pytest.param({-70004: "2030"}, id="expiry of text"),
        pytest.param({-70004: []}, id="expiry a list"),
    ],
)
def test_another_header_is_refused_even_from_its_sender(changes: Mapping[int, object]) -> None:
    letter = a_letter(JP, [NZ])
    refused(forge(letter, protected=header_of(letter, changes)), NZ)


def test_the_header_that_is_prescribed_opens() -> None:
    letter = a_letter(JP, [NZ])
    assert read(forge(letter, protected=header_of(letter, {})), NZ).opened.outer == letter.outer


@pytest.mark.parametrize(
    "protected", [b"", b"\xa0", gate.encode([]), gate.encode({"a": 1}), bytes(2000)]
)
def test_what_is_no_header_is_refused(protected: bytes) -> None:
    refused(forge(a_letter(JP, [NZ]), protected=protected), NZ)
    with pytest.raises(MalformedError):
        read_outer(protected)


def test_a_header_can_be_read_alone() -> None:
    letter = a_letter(JP, [NZ])
    assert read_outer(outer_header(letter.outer, bytes(32))) == (letter.outer, bytes(32))


def test_a_header_that_was_changed_on_the_way_is_refused() -> None:
    letter = a_letter(JP, [NZ])
    wire = unpack(letter.seal())
    wire[0] = header_of(letter, {-70003: int(Precedence.DEFERRED)})
    refused(pack(wire), NZ)


def test_a_header_that_was_changed_by_someone_who_holds_the_key_is_refused() -> None:
    # Another recipient can encrypt again with the content key, but not make my block anew.
    letter = a_letter(JP, [NATO, NZ])
    wire = unpack(letter.seal())
    protected = header_of(letter, {-70003: int(Precedence.DEFERRED)})
    inner = encode_inner(letter.signed, gate.encode_struct(letter.beside))
    wire[0] = protected
    wire[2] = PRIMITIVES.encrypt(
        letter.draws.content_key, letter.draws.iv, inner, to_authenticate(protected)
    )
    refused(pack(wire), NZ)


@pytest.mark.parametrize(
    "unprotected",
    [{}, {5: b""}, {5: bytes(11)}, {5: bytes(13)}, {6: bytes(12)}, {5: bytes(12), 6: b""}, {5: 0}],
)
def test_beside_the_header_stands_the_iv_alone(unprotected: dict[int, object]) -> None:
    wire = unpack(a_letter(JP, [NZ]).seal())
    wire[1] = unprotected
    refused(pack(wire), NZ)


def test_nothing_stands_beside_the_iv() -> None:
    wire = unpack(a_letter(JP, [NZ]).seal())
    assert isinstance(wire[1], dict)
    wire[1] = {**wire[1], 6: b"partial iv"}
    refused(pack(wire), NZ)


def test_another_iv_is_refused() -> None:
    wire = unpack(a_letter(JP, [NZ]).seal())
    wire[1] = {5: draw("another iv", 12)}
    refused(pack(wire), NZ)


# Step 3: every recipient block is post-quantum, and step 4: exactly one is mine.


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({1: 35, 4: NATO.key.kid}, id="HPKE-0, classical"),
        pytest.param({1: 53, 4: NATO.key.kid}, id="HPKE-7-KE, classical"),
        pytest.param({1: 56, 4: NATO.key.kid}, id="integrated encryption"),
        pytest.param({1: -6, 4: NATO.key.kid}, id="direct"),
        pytest.param({1: b"9", 4: NATO.key.kid}, id="an algorithm of bytes"),
        pytest.param({4: NATO.key.kid}, id="no algorithm"),
        pytest.param({1: 59}, id="no key id"),
        pytest.param({1: 59, 4: 5}, id="a key id that is a number"),
        pytest.param({1: 59, 4: bytes(7)}, id="a short key id"),
        pytest.param({1: 59, 4: bytes(9)}, id="a long key id"),
        pytest.param({1: 59, 4: NATO.key.kid, 5: 0}, id="a label more"),
        pytest.param({1: 59, 4: "text"}, id="a key id of text"),
        pytest.param([], id="no map"),
        pytest.param({1: 59, 4: bytes(80)}, id="longer than allowed"),
    ],
)
def test_one_other_block_that_is_not_as_it_must_be_spoils_all(header: object) -> None:
    # One classical block would let a recorded envelope be opened later.
    wire = unpack(a_letter(JP, [NATO, NZ]).seal())
    blocks_of(wire)[0][0] = gate.encode(header)
    refused(pack(wire), NZ)


@pytest.mark.parametrize(
    "unprotected",
    [{}, {-4: b"", 4: b""}, {4: b"kid"}, {-4: 5}, {-4: None}],
)
def test_beside_a_block_stands_the_encapsulated_key_alone(
    unprotected: dict[int, object],
) -> None:
    wire = unpack(a_letter(JP, [NATO, NZ]).seal())
    blocks_of(wire)[0][1] = unprotected
    refused(pack(wire), NZ)


def test_a_bearer_may_cut_the_blocks_of_others() -> None:
    wire = unpack(a_letter(JP, [NATO, NZ, AU]).seal())
    blocks = blocks_of(wire)
    for me, kept in ((NZ, [blocks[1]]), (AU, [blocks[2]]), (NATO, blocks[:2])):
        found = read(pack([*wire[:3], kept]), me)
        assert found.content.body == b"Smoke is seen."
        assert len(found.opened.recipient_kids) == len(kept)


@PAIRS
def test_an_envelope_for_others_does_not_open(sender: Node, reader: Node) -> None:
    other = next(node for node in (JP, NATO, AU, NZ) if node not in (sender, reader))
    raw = a_letter(sender, [reader]).seal()
    refused(raw, other)
    refused(raw, sender)
    with pytest.raises(UnreadableError):
        open_envelope(raw, {}, PRIMITIVES)


def test_an_envelope_opens_with_the_one_of_several_keys_it_names() -> None:
    mine = {**NATO.mine, **NZ.mine, **AU.mine}
    assert open_envelope(a_letter(JP, [NZ]).seal(), mine, PRIMITIVES).kid == NZ.key.kid


def test_an_envelope_with_two_blocks_of_mine_is_refused() -> None:
    with pytest.raises(UnreadableError):
        open_envelope(a_letter(JP, [NATO, NZ]).seal(), {**NATO.mine, **NZ.mine}, PRIMITIVES)


def test_two_blocks_with_one_key_id_are_refused() -> None:
    wire = unpack(a_letter(JP, [NATO, NZ]).seal())
    blocks = blocks_of(wire)
    refused(pack([*wire[:3], [*blocks, blocks[1]]]), NZ)
    refused(pack([*wire[:3], [*blocks, blocks[0]]]), NZ)


def test_the_number_of_blocks_is_bounded() -> None:
    wire = unpack(a_letter(JP, [NZ]).seal())
    (block,) = blocks_of(wire)
    others = [[recipient_header(57, draw(str(i), 8)), {-4: b""}, b""] for i in range(32)]
    assert open_envelope(pack([*wire[:3], [block, *others[1:]]]), NZ.mine, PRIMITIVES).own_part
    refused(pack([*wire[:3], [block, *others]]), NZ)
    refused(pack([*wire[:3], []]), NZ)


# Step 5: the content key, out of the block.


def test_a_block_fits_one_envelope_alone() -> None:
    one, other = (unpack(a_letter(s, [NZ]).seal()) for s in (JP, NATO))
    refused(pack([*one[:3], other[3]]), NZ)
    refused(pack([*other[:3], one[3]]), NZ)


def test_a_block_fits_its_envelope_even_where_the_content_key_is_the_same() -> None:
    letter = a_letter(JP, [NZ])
    raw = forge(letter, outer=changed(letter.outer, envelope_id=draw("another id", 16)))
    assert open_envelope(raw, NZ.mine, PRIMITIVES).own_part
    one, other = unpack(letter.seal()), unpack(raw)
    refused(pack([*other[:3], one[3]]), NZ)


def test_a_block_fits_one_key_id_alone() -> None:
    wire = unpack(a_letter(JP, [NATO, AU]).seal())
    blocks_of(wire)[1][0] = recipient_header(NZ.key.alg, NZ.key.kid)
    refused(pack(wire), NZ)
    blocks_of(wire)[1][0] = recipient_header(NATO.key.alg, AU.key.kid)
    refused(pack(wire), AU)


@PAIRS
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda b: b.__setitem__(2, b[2][:-1]), id="wrapped shorter"),
        pytest.param(lambda b: b.__setitem__(2, b[2] + b"\x00"), id="wrapped longer"),
        pytest.param(lambda b: b.__setitem__(2, b""), id="nothing wrapped"),
        pytest.param(lambda b: b.__setitem__(1, {-4: b[1][-4][:-1]}), id="encapsulated shorter"),
        pytest.param(lambda b: b.__setitem__(1, {-4: b[1][-4] + b"0"}), id="encapsulated longer"),
        pytest.param(lambda b: b.__setitem__(1, {-4: b""}), id="nothing encapsulated"),
        pytest.param(lambda b: b.__setitem__(1, {-4: bytes(len(b[1][-4]))}), id="all zeros"),
        pytest.param(lambda b: b.__setitem__(1, {-4: b"\xff" * len(b[1][-4])}), id="all ones"),
    ],
)
def test_my_block_damaged(sender: Node, reader: Node, change: Change) -> None:
    wire = unpack(a_letter(sender, [reader]).seal())
    change(blocks_of(wire)[0])
    refused(pack(wire), reader)


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(draw("key", 32), id="a bare key"),
        pytest.param(gate.encode([bytes(32)]), id="no own part"),
        pytest.param(gate.encode([bytes(31), b""]), id="a short key"),
        pytest.param(gate.encode([b"", b""]), id="no key"),
        pytest.param(gate.encode([bytes(32), "text"]), id="an own part of text"),
        pytest.param(gate.encode([bytes(32), b"", b""]), id="a field more"),
        pytest.param(gate.encode([draw("another key", 32), b""]), id="another key"),
        pytest.param(gate.encode([bytes(32), bytes(suite.MAX_SIGNED)]), id="too long"),
    ],
)
def test_a_wrapped_part_that_is_not_as_it_must_be(part: bytes) -> None:
    refused(forge(a_letter(JP, [NZ]), part=part), NZ)


# Step 6 and 7: the content, and the digest of the inner object.


@PAIRS
def test_a_damaged_ciphertext_is_refused(sender: Node, reader: Node) -> None:
    wire = unpack(a_letter(sender, [reader]).seal())
    ciphertext = wire[2]
    assert isinstance(ciphertext, bytes)
    for damaged in (
        b"",
        ciphertext[:15],
        ciphertext[:-1],
        ciphertext + b"\x00",
        ciphertext[:-1] + bytes([ciphertext[-1] ^ 1]),
        bytes([ciphertext[0] ^ 1]) + ciphertext[1:],
    ):
        refused(pack([wire[0], wire[1], damaged, wire[3]]), reader)


def test_an_inner_object_of_another_digest_is_refused() -> None:
    # Without this one ciphertext could be made to open to two texts under two keys.
    refused(forge(a_letter(JP, [NZ]), digest=draw("another digest", 32)), NZ)


# Step 8: the inner object, canonical, with zeros as padding and no other length.


def inner_of(letter: Letter, change: Change) -> bytes:
    wire = list(cbor2.loads(encode_inner(letter.signed, gate.encode_struct(letter.beside))))
    change(wire)
    return gate.encode(wire)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda w: w.__setitem__(2, b"\x01" * len(w[2])), id="padding of ones"),
        pytest.param(lambda w: w.__setitem__(2, w[2][:-1] + b"\x01"), id="a last byte"),
        pytest.param(lambda w: w.__setitem__(2, b""), id="no padding"),
        pytest.param(lambda w: w.__setitem__(2, w[2][:-1]), id="shorter padding"),
        pytest.param(lambda w: w.__setitem__(2, w[2] + b"\x00"), id="longer padding"),
        pytest.param(lambda w: w.pop(), id="a field less"),
        pytest.param(lambda w: w.append(b""), id="a field more"),
        pytest.param(lambda w: w.__setitem__(1, None), id="nothing beside"),
        pytest.param(lambda w: w.__setitem__(0, w[0][:-1]), id="half a signed object"),
    ],
)
def test_an_inner_object_that_is_not_as_it_must_be(change: Change) -> None:
    letter = a_letter(JP, [NZ])
    refused(forge(letter, inner=inner_of(letter, change)), NZ)


@pytest.mark.parametrize("inner", [b"", b"\x00", bytes(100), b"\x83\x40\x40\x40"])
def test_what_is_no_inner_object(inner: bytes) -> None:
    refused(forge(a_letter(JP, [NZ]), inner=inner), NZ)


def test_a_card_is_neither_report_nor_receipt() -> None:
    letter = a_letter(JP, [NZ])
    card = cose.sign(b"", suite.CARD, 1, JP.report_signers)
    refused(forge(letter, inner=encode_inner(card, b"")), NZ)
