"""Hostile envelopes: whatever comes in, one of our errors comes out, and nothing of the text.

Two kinds of enemy: someone on the way, who changes bytes; and a partner with keys of its own,
who signs and seals whatever it likes. `MUTATIONS` is how many random changes of each kind.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Final

import cbor2
import pytest

from endure.mutate import mutations
from noroshi.core import gate
from noroshi.core.delivery.check import Tally
from noroshi.core.delivery.ladder import Rung, RungRecord
from noroshi.core.delivery.receipt import (
    Issued,
    ReceiptEntry,
    ReceiptHead,
    digest,
    encode_beside,
    open_beside,
)
from noroshi.core.directory.card import SignedCard, read_armour, verify_card
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import Beside, OwnPart, check_routing, commitment, salted_digest
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.open import open_envelope
from noroshi.core.envelope.seal import (
    Draws,
    Outer,
    Recipient,
    encode_inner,
    outer_header,
    recipient_header,
    seal,
    to_authenticate,
    to_bind,
)
from noroshi.core.errors import InputError, MalformedError
from noroshi.core.precedence import Precedence
from tests.unit.core.nodes import (
    AU,
    JP,
    NATO,
    NOW,
    NZ,
    PRIMITIVES,
    Letter,
    Node,
    Read,
    a_letter,
    changed,
    draw,
    read,
)

MUTATIONS = 2_000

CANARY: Final = "the-canary-sings-at-dawn"
BODY: Final = f"Smoke is seen; {CANARY}; more follows.".encode()

H3: Final = a_letter(AU, [NZ], BODY)
H5: Final = a_letter(JP, [NATO], BODY)
RAW_H3, RAW_H5 = H3.seal(), H5.seal()


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and all that it came from."""
    while error is not None:
        yield error
        if error.__cause__ is not None:
            yield from chain(error.__cause__)
        error = error.__context__


def outcome(raw: bytes, me: Node, reader: Callable[[bytes, Node], object] = read) -> object:
    """Return what was read, or None where it was refused as it must be."""
    try:
        return reader(raw, me)
    except MalformedError as error:
        for one in chain(error):
            told = f"{one} {one!r} {one.__notes__ if hasattr(one, '__notes__') else ''}"
            assert CANARY not in told
        return None


# Someone on the way.


@pytest.mark.parametrize(
    ("raw", "me", "step"), [(RAW_H3, NZ, 1), (RAW_H5, NATO, 2)], ids=["H3", "H5"]
)
def test_every_flipped_byte_is_refused(raw: bytes, me: Node, step: int) -> None:
    assert outcome(raw, me) is not None
    for position in range(0, len(raw), step):
        flipped = bytearray(raw)
        flipped[position] ^= 1 << position % 8
        assert outcome(bytes(flipped), me) is None, position


@pytest.mark.parametrize(("raw", "me"), [(RAW_H3, NZ), (RAW_H5, NATO)], ids=["H3", "H5"])
def test_every_truncation_is_refused(raw: bytes, me: Node) -> None:
    for length in (*range(300), *range(300, len(raw), 17), len(raw) - 1):
        assert outcome(raw[:length], me) is None, length


@pytest.mark.parametrize(("raw", "me"), [(RAW_H3, NZ), (RAW_H5, NATO)], ids=["H3", "H5"])
def test_random_changes_are_refused(raw: bytes, me: Node) -> None:
    for number, mutated in enumerate(mutations(raw, seed=1, count=MUTATIONS)):
        if mutated != raw:
            assert outcome(mutated, me) is None, number


def test_with_two_recipients_the_same_is_read_or_nothing() -> None:
    raw = a_letter(JP, [NATO, NZ], BODY).seal()
    whole = read(raw, NZ)
    passed = 0
    for number, mutated in enumerate(mutations(raw, seed=2, count=MUTATIONS)):
        found = outcome(mutated, NZ)
        if isinstance(found, Read):
            passed += 1
            assert (found.head, found.content, found.own) == (whole.head, whole.content, whole.own)
        else:
            assert found is None, number
    assert passed < MUTATIONS  # some hit the other's block alone


def test_two_envelopes_spliced_are_refused() -> None:
    other = a_letter(AU, [NZ, JP], BODY).seal()
    for cut in range(53, len(RAW_H3), 53):
        for spliced in (RAW_H3[:cut] + other[cut:], other[:cut] + RAW_H3[cut:]):
            assert spliced in {RAW_H3, other} or outcome(spliced, NZ) is None, cut


def test_random_bytes_are_refused() -> None:
    for number in range(200):
        assert outcome(draw(f"noise {number}", number * 7), NZ) is None


# A partner with keys of its own: every layer changed before it is signed and sealed.


def enclose(letter: Letter, signed: bytes, beside: bytes, own_part: bytes) -> bytes:
    return seal(
        signed,
        beside,
        outer=letter.outer,
        recipients=[Recipient(letter.recipients[0].key, own_part)],
        draws=letter.draws,
        primitives=PRIMITIVES,
    )


def sign(letter: Letter, payload: bytes) -> bytes:
    sender = letter.sender
    return cose.sign(payload, suite.REPORT, sender.profile.number, sender.report_signers)


def with_head(raw: bytes) -> bytes:
    """A head of other bytes, rightly signed."""
    own = gate.encode_struct(H3.own_parts[0])
    return enclose(H3, sign(H3, raw), gate.encode_struct(H3.beside), own)


def with_content(raw: bytes) -> bytes:
    """A content of other bytes, rightly digested and signed."""
    beside = Beside(H3.beside.salt, raw)
    head = changed(H3.head, content_digest=salted_digest(beside.salt, raw))
    own = gate.encode_struct(H3.own_parts[0])
    return enclose(H3, sign(H3, gate.encode_struct(head)), gate.encode_struct(beside), own)


def with_beside(raw: bytes) -> bytes:
    return enclose(H3, H3.signed, raw, gate.encode_struct(H3.own_parts[0]))


def with_own_part(raw: bytes) -> bytes:
    return enclose(H3, H3.signed, gate.encode_struct(H3.beside), raw)


def with_signed(raw: bytes) -> bytes:
    own = gate.encode_struct(H3.own_parts[0])
    return enclose(H3, raw, gate.encode_struct(H3.beside), own)


def resealed(
    *, inner: bytes | None = None, header: bytes | None = None, part: bytes | None = None
) -> bytes:
    """Any inner object, outer header or wrapped part, rightly encrypted."""
    letter, draws = H3, H3.draws
    inner = (
        encode_inner(letter.signed, gate.encode_struct(letter.beside)) if inner is None else inner
    )
    protected = outer_header(letter.outer, hashlib.sha256(inner).digest())
    protected = protected if header is None else header
    own = gate.encode_struct(letter.own_parts[0])
    plain = gate.encode([draws.content_key, own]) if part is None else part
    block = recipient_header(NZ.key.alg, NZ.key.kid)
    encapsulated, wrapped = PRIMITIVES.wrap(NZ.key, plain, to_bind(block, protected))
    ciphertext = PRIMITIVES.encrypt(draws.content_key, draws.iv, inner, to_authenticate(protected))
    return gate.encode(
        [protected, {5: draws.iv}, ciphertext, [[block, {-4: encapsulated}, wrapped]]], tag=96
    )


INNER: Final = encode_inner(H3.signed, gate.encode_struct(H3.beside))
HEADER: Final = outer_header(H3.outer, hashlib.sha256(INNER).digest())
OWN: Final = gate.encode_struct(H3.own_parts[0])

LAYERS: Final[list[tuple[str, bytes, Callable[[bytes], bytes]]]] = [
    ("head", gate.encode_struct(H3.head), with_head),
    ("content", H3.beside.content, with_content),
    ("beside", gate.encode_struct(H3.beside), with_beside),
    ("own part", OWN, with_own_part),
    ("signed", H3.signed, with_signed),
    ("inner", INNER, lambda raw: resealed(inner=raw)),
    ("header", HEADER, lambda raw: resealed(header=raw)),
    ("part", gate.encode([H3.draws.content_key, OWN]), lambda raw: resealed(part=raw)),
]


@pytest.mark.parametrize(("layer", "raw", "wrap"), LAYERS, ids=[layer[0] for layer in LAYERS])
def test_a_hostile_partner_can_only_be_refused_or_say_something_else(
    layer: str, raw: bytes, wrap: Callable[[bytes], bytes]
) -> None:
    assert isinstance(outcome(wrap(raw), NZ), Read)
    # Whoever signs may say what it likes: but only in the head, the content and its checkpoint.
    may_differ = layer in {"head", "content", "own part"}
    for number, mutated in enumerate(mutations(raw, seed=3, count=max(MUTATIONS // 4, 1))):
        found = outcome(wrap(mutated), NZ)
        assert found is None or may_differ or mutated == raw, number


def test_numbers_of_any_size_are_refused_or_kept_within_64_bits() -> None:
    for number in (-(2**64), -(2**63) - 1, -1, 0, 2**63 - 1, 2**63, 2**64 - 1):
        serial = changed(H3.own_parts[0].serial, number=number)
        head = changed(H3.head, serials=(commitment(serial),))
        letter = changed(H3, head=head, own_parts=(OwnPart(serial, b""),))
        found = outcome(letter.seal(), NZ)
        assert (found is None) == (not 1 <= number < 2**63)


# Receipts and cards from the same enemies.


def read_receipt(raw: bytes, me: Node) -> object:
    opened = open_envelope(raw, me.mine, PRIMITIVES)
    opened.signed.verify(AU.signers(Purpose.RECEIPT), PRIMITIVES)
    head = gate.decode_struct(opened.signed.raw_payload, ReceiptHead, limit=suite.MAX_SIGNED)
    check_routing(head, opened, me.addressed, NOW)
    return open_beside(head, opened.beside)


ENTRY: Final = ReceiptEntry(
    draw("salt", 32),
    draw("report", 16),
    draw("head", 32),
    "watch",
    (RungRecord(Rung.DECLINED, NOW, "Officer of AU", CANARY),),
    0,
)
ISSUED: Final = gate.encode_struct(Issued(draw("issued", 32), Tally(1, ((5, 7),), ())))


def receipt_of(entry: bytes, issued: bytes = ISSUED, head: bytes | None = None) -> bytes:
    """A receipt with this one entry, rightly digested and signed."""
    right = ReceiptHead(
        version=1,
        envelope_id=draw("receipt", 16),
        sender="au",
        created_at=NOW,
        expires_at=None,
        to=(("nz", NZ.key.kid),),
        entries=(digest(entry),),
        issued=digest(issued),
        checkpoint=b"",
        seen_size=0,
        seen_root=b"",
    )
    payload = gate.encode_struct(right) if head is None else head
    signed = cose.sign(payload, suite.RECEIPT, AU.profile.number, AU.receipt_signers)
    return seal(
        signed,
        encode_beside([entry], issued),
        outer=Outer(right.envelope_id, Precedence.FLASH, None),
        recipients=[Recipient(NZ.key, b"")],
        draws=Draws(draw("key", 32), draw("iv", 12)),
        primitives=PRIMITIVES,
    )


def test_hostile_receipts() -> None:
    raw = gate.encode_struct(ENTRY)
    whole = receipt_of(raw)
    assert outcome(whole, NZ, read_receipt) is not None
    for mutated in mutations(whole, seed=4, count=MUTATIONS // 2):
        assert mutated == whole or outcome(mutated, NZ, read_receipt) is None
    for mutated in mutations(raw, seed=5, count=MUTATIONS // 4):
        outcome(receipt_of(mutated), NZ, read_receipt)
    for mutated in mutations(ISSUED, seed=6, count=MUTATIONS // 10):
        outcome(receipt_of(raw, mutated), NZ, read_receipt)
    head = open_envelope(whole, NZ.mine, PRIMITIVES).signed.raw_payload
    for mutated in mutations(head, seed=7, count=MUTATIONS // 10):
        outcome(receipt_of(raw, head=mutated), NZ, read_receipt)


def test_a_report_is_no_receipt_and_a_receipt_no_report() -> None:
    assert outcome(RAW_H3, NZ, read_receipt) is None
    assert outcome(receipt_of(gate.encode_struct(ENTRY)), NZ) is None


def card_outcome(raw: bytes) -> SignedCard | None:
    try:
        return verify_card(raw, PRIMITIVES)
    except InputError:
        return None


def test_hostile_cards() -> None:
    whole = SignedCard.issue(AU.card(), AU.root)
    for mutated in mutations(whole.raw, seed=8, count=MUTATIONS):
        assert mutated == whole.raw or card_outcome(mutated) is None
    payload = gate.encode_struct(AU.card())
    for mutated in mutations(payload, seed=9, count=MUTATIONS // 4):
        found = card_outcome(cose.sign(mutated, suite.CARD, 0, [AU.root]))
        assert found is None or found.card.root == AU.root.public_key
    for mutated in mutations(whole.armoured.encode(), seed=10, count=MUTATIONS // 4):
        try:
            raw = read_armour(mutated)
        except InputError:
            continue
        assert raw == whole.raw or card_outcome(raw) is None


def test_the_canary_would_be_noticed() -> None:
    def tell(raw: bytes, _: Node) -> object:
        raise MalformedError("no: " + cbor2.loads(raw))

    with pytest.raises(AssertionError):
        outcome(cbor2.dumps(CANARY), NZ, tell)
