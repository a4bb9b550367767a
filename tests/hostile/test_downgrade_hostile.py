"""Mixed audiences of H5, H3 and P5: nobody talks anybody into a weaker KEM or fewer signatures.

The enemy has broken one half of a hybrid, or one of two signatures, and rewrites what goes to
three partners of three profiles so that this half is enough. Each of the three must refuse it.
"""

from collections.abc import Callable, Sequence
from typing import Final

import cbor2
import pytest

from noroshi.core import gate
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.seal import Recipient, recipient_header, seal
from noroshi.core.envelope.suite import Alg
from noroshi.core.errors import UnreadableError
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
    read,
)

US: Final = Node.make("us", suite.P5)
READERS: Final = (NATO, NZ, US)
SENDERS: Final = (JP, AU, KR)
EVERY_SENDER: Final = pytest.mark.parametrize("sender", SENDERS, ids=["H5", "H3", "P5"])
EVERY_READER: Final = pytest.mark.parametrize("at", range(3), ids=["H5", "H3", "P5"])

CLASSICAL: Final = (-25, -29, -31, 35, 37, 39, 41, 46, 53)
"""Numbers of key agreement and HPKE that no quantum computer would respect, and unknown ones."""
ENCAPSULATED: Final = {Alg.HPKE_9_KE: 1120, Alg.HPKE_10_KE: 1665, Alg.HPKE_13_KE: 1568}

Block = list[object]


def refused(raw: bytes, reader: Node) -> None:
    with pytest.raises(UnreadableError):
        read(raw, reader)


def rebuilt(raw: bytes, at: int, change: Callable[[Block], Block]) -> bytes:
    """Return an envelope with one of its recipient blocks changed."""
    wire = cbor2.loads(raw[2:])
    blocks = [list(block) for block in wire[3]]
    blocks[at] = change(blocks[at])
    return gate.encode([*wire[:3], blocks], tag=96)


def with_alg(alg: int, kid: bytes) -> Callable[[Block], Block]:
    return lambda block: [recipient_header(alg, kid), *block[1:]]


def with_encapsulated(change: Callable[[bytes], bytes]) -> Callable[[Block], Block]:
    def changed(block: Block) -> Block:
        unprotected = block[1]
        assert isinstance(unprotected, dict)
        return [block[0], {-4: change(unprotected[-4])}, block[2]]

    return changed


@EVERY_SENDER
def test_each_of_the_three_reads_what_is_right(sender: Node) -> None:
    raw = a_letter(sender, READERS).seal()
    for reader in READERS:
        assert read(raw, reader).content.body == b"Smoke is seen."


@EVERY_READER
@pytest.mark.parametrize("alg", CLASSICAL)
def test_a_block_without_a_post_quantum_kem_spoils_it_for_all(at: int, alg: int) -> None:
    """Its content key would be the key of everybody's content."""
    raw = rebuilt(a_letter(JP, READERS).seal(), at, with_alg(alg, READERS[at].key.kid))
    for reader in READERS:
        refused(raw, reader)


@EVERY_READER
def test_no_block_is_read_by_the_kem_of_another_profile(at: int) -> None:
    reader, whole = READERS[at], a_letter(JP, READERS).seal()
    for alg in suite.POST_QUANTUM_KEMS - {reader.profile.kem}:
        refused(rebuilt(whole, at, with_alg(int(alg), reader.key.kid)), reader)


@EVERY_READER
@pytest.mark.parametrize("size", [0, 32, 64, 97, 1088, 1120, 1568, 1665], ids=str)
def test_half_an_encapsulation_is_none(at: int, size: int) -> None:
    """The lattice's part alone, the curve's alone, or what another profile would have there."""
    reader, whole = READERS[at], a_letter(JP, READERS).seal()
    if size != ENCAPSULATED[reader.profile.kem]:
        for cut in (
            lambda raw: raw[:size].ljust(size, b"\0"),
            lambda raw: raw[max(0, len(raw) - size) :].rjust(size, b"\0"),
        ):
            refused(rebuilt(whole, at, with_encapsulated(cut)), reader)


@EVERY_READER
def test_each_half_of_an_encapsulation_counts(at: int) -> None:
    reader, whole = READERS[at], a_letter(JP, READERS).seal()

    def flipped(place: int) -> Callable[[bytes], bytes]:
        return lambda raw: raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]

    for place in (1, -2):
        at_place = place % ENCAPSULATED[reader.profile.kem]
        refused(rebuilt(whole, at, with_encapsulated(flipped(at_place))), reader)


# A sender's signatures: the payload may say anything, if fewer keys are enough.


def sealed(letter: Letter, signed: bytes) -> bytes:
    parts = zip(letter.recipients, letter.own_parts, strict=True)
    return seal(
        signed,
        gate.encode_struct(letter.beside),
        outer=letter.outer,
        recipients=[Recipient(node.key, gate.encode_struct(part)) for node, part in parts],
        draws=letter.draws,
        primitives=PRIMITIVES,
    )


def downgrades(sender: Node, payload: bytes) -> list[bytes]:
    """Return what whoever has some of the sender's keys, and others of their own, can sign."""
    forger = Node.make("forger", sender.profile)
    own, theirs = sender.report_signers, forger.report_signers
    signer_sets: list[Sequence[object]] = [
        *([each] for each in own if len(own) > 1),
        *([each, each] for each in own),
        [*own, *theirs],
        [*theirs, *own],
        list(theirs),
        [*own[:1], *theirs[1:]] if len(own) > 1 else [*own, *own],
        [*theirs[:1], *own[1:]] if len(own) > 1 else list(theirs),
        list(reversed(own)) if len(own) > 1 else [],
        list(sender.receipt_signers),
        [sender.journal],
        [sender.root],
        [],
    ]
    return [
        cose.sign(payload, suite.REPORT, number, chosen)  # type: ignore[arg-type]
        for chosen in signer_sets
        for number in (0, *suite.PROFILES)
    ] + [
        cose.sign(payload, suite.REPORT, number, own)
        for number in (0, 4, *suite.PROFILES)
        if number != sender.profile.number
    ]


@EVERY_SENDER
def test_no_other_set_of_signatures_is_enough(sender: Node) -> None:
    letter = a_letter(sender, READERS)
    payload = gate.encode_struct(letter.head)
    whole = cose.sign(payload, suite.REPORT, sender.profile.number, sender.report_signers)
    for reader in READERS:
        assert read(sealed(letter, whole), reader).head.sender == sender.name
    for signed in downgrades(sender, payload):
        raw = sealed(letter, signed)
        for reader in READERS:
            refused(raw, reader)


@pytest.mark.parametrize("sender", [JP, AU], ids=["H5", "H3"])
def test_a_signature_that_is_taken_off_is_missed(sender: Node) -> None:
    letter = a_letter(sender, READERS)
    body = cbor2.loads(letter.signed[2:])
    for kept in ([body[3][0]], [body[3][1]], [body[3][1], body[3][0]], [], [body[3][0]] * 2):
        raw = sealed(letter, gate.encode([*body[:3], kept], tag=98))
        for reader in READERS:
            refused(raw, reader)
