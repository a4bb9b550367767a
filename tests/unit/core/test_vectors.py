"""The frozen vectors: read by this package and by a second implementation, and written again."""

import base64
import hashlib
import io
import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import cbor2
import pytest

from noroshi.adapters.sealing.pyca import PycaPrimitives, PycaSigner, PycaUnwrapper
from noroshi.core import gate
from noroshi.core.courier.volume import (
    Fragment,
    VolumeHead,
    begin_fragment,
    payload_digest,
    read_fragments,
    read_head,
)
from noroshi.core.delivery.receipt import (
    Issued,
    ReceiptEntry,
    ReceiptHead,
    digest,
    encode_beside,
    open_beside,
)
from noroshi.core.directory.card import Card, SignedCard, read_armour, verify_card
from noroshi.core.directory.number import root_number
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import (
    Beside,
    OwnPart,
    ReportHead,
    check_report,
    check_routing,
    claimed_sender,
    commitment,
    salted_digest,
)
from noroshi.core.envelope.keys import PublicKey, Purpose, SignerSet
from noroshi.core.envelope.open import Opened, open_envelope
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
from noroshi.core.envelope.suite import Alg
from noroshi.core.report import Content, check_content, decode_content, encode_content
from noroshi.core.tlog.checkpoint import (
    Checkpoint,
    parse_note,
    sign_checkpoint,
    verify_note,
)
from noroshi.core.tlog.cosignature import Cosigned, cosign, note_in, verify_cosigned
from noroshi.core.tlog.entry import Entry, decode_entry, encode_entry
from noroshi.core.tlog.merkle import Tree, verify_consistency, verify_inclusion
from tests import second_implementation
from tests.vectors.plain import from_plain, to_plain

FOLDER: Final = Path(__file__).parents[3] / "docs" / "formats" / "vectors"
VECTORS: Final = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json")
}
PRIMITIVES: Final = PycaPrimitives()

Vector = Mapping[str, Any]

REPORTS: Final = ("envelope-h5", "envelope-h3", "envelope-mixed")
SEALED: Final = (*REPORTS, "receipt")
READERS: Final = [
    (name, index) for name in SEALED for index in range(len(VECTORS[name]["recipients"]))
]


def test_all_vectors_are_there_and_warn_of_their_keys() -> None:
    others = {"card", "journal", "courier", "cosignature", "consent", "directory", "compact"}
    assert set(VECTORS) == {*SEALED, *others}
    assert all(vector["about"].startswith("Test keys only") for vector in VECTORS.values())


def sender_keys(vector: Vector) -> tuple[PublicKey, ...]:
    return tuple(
        PublicKey(Purpose(k["purpose"]), Alg(k["alg"]), bytes.fromhex(k["public"]))
        for k in vector["sender"]["keys"]
    )


def recipient_keys(vector: Vector) -> list[PublicKey]:
    return [
        PublicKey(Purpose.SEAL, Alg(r["alg"]), bytes.fromhex(r["public"]))
        for r in vector["recipients"]
    ]


def opened_by(vector: Vector, index: int) -> Opened:
    recipient = vector["recipients"][index]
    mine = PycaUnwrapper(Alg(recipient["alg"]), bytes.fromhex(recipient["seed"]))
    raw = bytes.fromhex(vector["envelope"])
    return open_envelope(raw, {mine.public_key.kid: mine}, PRIMITIVES)


def blocks(vector: Vector) -> list[Any]:
    return list(cbor2.loads(bytes.fromhex(vector["envelope"])[2:])[3])


@pytest.mark.parametrize("name", SEALED)
def test_private_keys_are_those_of_the_public_ones(name: str) -> None:
    vector = VECTORS[name]
    for described, key in zip(vector["sender"]["keys"], sender_keys(vector), strict=True):
        assert PycaSigner(key.purpose, key.alg, bytes.fromhex(described["seed"])).public_key == key
        assert key.kid.hex() == described["kid"]
    for described, key in zip(vector["recipients"], recipient_keys(vector), strict=True):
        assert PycaUnwrapper(key.alg, bytes.fromhex(described["seed"])).public_key == key
        assert key.kid.hex() == described["kid"]


# Reading.


@pytest.mark.parametrize(("name", "index"), READERS)
def test_envelopes_open_and_verify(name: str, index: int) -> None:
    vector = VECTORS[name]
    opened = opened_by(vector, index)
    assert opened.outer == from_plain(Outer, vector["outer"])
    assert opened.recipient_kids == {key.kid for key in recipient_keys(vector)}
    assert opened.signed.raw.hex() == vector["signed"]
    assert opened.signed.raw_payload.hex() == vector["head_encoded"]
    assert claimed_sender(opened.signed.raw_payload) == vector["sender"]["partner"]
    signers = SignerSet(vector["sender"]["profile"], sender_keys(vector))
    opened.signed.verify(signers, PRIMITIVES)


@pytest.mark.parametrize(("name", "index"), [r for r in READERS if r[0] in REPORTS])
def test_reports_say_what_the_vector_says(name: str, index: int) -> None:
    vector = VECTORS[name]
    opened, me = opened_by(vector, index), vector["recipients"][index]["partner"]
    head = gate.decode_struct(opened.signed.raw_payload, ReportHead, limit=suite.MAX_SIGNED)
    assert to_plain(head) == vector["head"]
    addressed = frozenset({(me, dict(head.to)[me])})
    check_routing(head, opened, addressed, vector["read_at"])
    beside, own = check_report(head, opened, addressed)
    assert to_plain(own) == vector["own_parts"][index]
    assert opened.own_part.hex() == vector["own_parts_encoded"][index]
    assert beside.salt.hex() == vector["salt"]
    assert beside.content.hex() == vector["content_encoded"]
    content = decode_content(beside.content)
    assert to_plain(content) == vector["content"]
    check_content(head, content, me)
    for attachment, signed, file in zip(
        content.attachments, head.attachments, vector["blobs"], strict=True
    ):
        blob, plain = bytes.fromhex(file["blob"]), bytes.fromhex(file["plain"])
        assert attachment.blob_id == signed.blob_id == hashlib.sha256(blob).digest()
        assert PRIMITIVES.decrypt(attachment.key, attachment.iv, blob, b"") == plain
        assert signed.digest == salted_digest(attachment.salt, plain)


def test_the_mixed_vector_has_two_kems_and_an_attachment() -> None:
    vector = VECTORS["envelope-mixed"]
    assert [r["alg"] for r in vector["recipients"]] == [59, 57]
    assert len(vector["blobs"]) == 1
    assert VECTORS["envelope-h5"]["recipients"][0]["alg"] == 59
    assert VECTORS["envelope-h3"]["recipients"][0]["alg"] == 57
    assert VECTORS["envelope-h3"]["sender"]["profile"] == 2


def test_the_receipt_says_what_the_vector_says() -> None:
    vector = VECTORS["receipt"]
    opened = opened_by(vector, 0)
    assert opened.signed.context is suite.RECEIPT
    head = gate.decode_struct(opened.signed.raw_payload, ReceiptHead, limit=suite.MAX_SIGNED)
    assert to_plain(head) == vector["head"]
    check_routing(head, opened, frozenset(head.to), vector["read_at"])
    entries, issued = open_beside(head, opened.beside)
    assert to_plain(entries) == vector["entries"]
    assert to_plain(issued) == vector["issued"]
    assert opened.own_part == b""


# The second implementation reads the same.


@pytest.mark.parametrize(("name", "index"), READERS)
def test_a_second_implementation_reads_the_same(name: str, index: int) -> None:
    vector = VECTORS[name]
    found = second_read(vector, index, bytes.fromhex(vector["envelope"]))
    kind = ReceiptHead if name == "receipt" else ReportHead
    assert to_plain(gate.convert(found.head, kind)) == vector["head"]
    if found.content is None:
        entries = [gate.convert(cbor2.loads(raw), ReceiptEntry) for raw in found.beside[0]]
        assert to_plain(entries) == vector["entries"]
        assert to_plain(gate.convert(cbor2.loads(found.beside[1]), Issued)) == vector["issued"]
    else:
        assert to_plain(gate.convert(found.content, Content)) == vector["content"]
        own = gate.convert(cbor2.loads(found.own_part), OwnPart)
        assert to_plain(own) == vector["own_parts"][index]


def second_read(vector: Vector, index: int, raw: bytes) -> second_implementation.Read:
    recipient = vector["recipients"][index]
    keys = [(int(k.purpose), int(k.alg), k.material) for k in sender_keys(vector)]
    return second_implementation.read(
        raw,
        me=recipient["partner"],
        mine={
            bytes.fromhex(recipient["kid"]): (recipient["alg"], bytes.fromhex(recipient["seed"]))
        },
        cards={vector["sender"]["partner"]: (vector["sender"]["profile"], keys)},
        now=vector["read_at"],
    )


@pytest.mark.parametrize(("name", "index"), READERS)
def test_a_second_implementation_refuses_what_was_changed(name: str, index: int) -> None:
    vector = VECTORS[name]
    raw = bytes.fromhex(vector["envelope"])
    whole = second_read(vector, index, raw)
    passed = 0
    for position in range(0, len(raw), 97):
        flipped = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
        try:
            found = second_read(vector, index, flipped)
        except ValueError:
            continue
        passed += 1
        assert found == whole
    if len(vector["recipients"]) == 1:
        assert passed == 0  # else the block of another recipient may have been hit


# Writing again: all but the random parts of signing and encapsulation, which are replayed.


class ReplayedSigner:
    """Signs as it once did."""

    def __init__(self, key: PublicKey, signature: bytes, message_digest: str) -> None:
        self.public_key = key
        self._signature = signature
        self._message_digest = message_digest

    def sign(self, message: bytes) -> bytes:
        assert hashlib.sha256(message).hexdigest() == self._message_digest
        return self._signature


class ReplayedWraps(PycaPrimitives):
    """Encapsulates as it once did."""

    def __init__(self, vector: Vector) -> None:
        self._wraps: Iterator[tuple[bytes, bytes]] = ((b[1][-4], b[2]) for b in blocks(vector))
        self._infos = iter(vector["recipient_structures"])

    def wrap(self, key: PublicKey, plaintext: bytes, info: bytes) -> tuple[bytes, bytes]:
        assert key.purpose is Purpose.SEAL
        assert plaintext
        assert info.hex() == next(self._infos)
        return next(self._wraps)


@pytest.mark.parametrize("name", SEALED)
def test_envelopes_are_written_again_byte_for_byte(name: str) -> None:
    vector = VECTORS[name]
    is_receipt = name == "receipt"
    if is_receipt:
        payload = gate.encode_struct(from_plain(ReceiptHead, vector["head"]))
        beside = receipt_beside(vector)
        own_parts = [b""]
    else:
        payload = gate.encode_struct(from_plain(ReportHead, vector["head"]))
        content = encode_content(from_plain(Content, vector["content"]))
        beside = gate.encode_struct(Beside(bytes.fromhex(vector["salt"]), content))
        own_parts = [gate.encode_struct(from_plain(OwnPart, p)) for p in vector["own_parts"]]
        assert [part.hex() for part in own_parts] == vector["own_parts_encoded"]
        assert content.hex() == vector["content_encoded"]
    assert payload.hex() == vector["head_encoded"]
    signed = cose.sign(
        payload,
        suite.RECEIPT if is_receipt else suite.REPORT,
        vector["sender"]["profile"],
        replayed_signers(vector),
    )
    assert signed.hex() == vector["signed"]
    draws = from_plain(Draws, vector["draws"])
    raw = seal(
        signed,
        beside,
        outer=from_plain(Outer, vector["outer"]),
        recipients=list(map(Recipient, recipient_keys(vector), own_parts)),
        draws=draws,
        primitives=ReplayedWraps(vector),
    )
    assert raw.hex() == vector["envelope"]


def replayed_signers(vector: Vector) -> list[ReplayedSigner]:
    signatures = cbor2.loads(bytes.fromhex(vector["signed"])[2:])[3]
    return [
        ReplayedSigner(key, signature, message)
        for key, (_, _, signature), message in zip(
            sender_keys(vector), signatures, vector["sig_structures_sha256"], strict=True
        )
    ]


def receipt_beside(vector: Vector) -> bytes:
    entries = [gate.encode_struct(from_plain(ReceiptEntry, e)) for e in vector["entries"]]
    assert [entry.hex() for entry in entries] == vector["entries_encoded"]
    issued = gate.encode_struct(from_plain(Issued, vector["issued"]))
    assert issued.hex() == vector["issued_encoded"]
    head = from_plain(ReceiptHead, vector["head"])
    assert head.entries == tuple(map(digest, entries))
    assert head.issued == digest(issued)
    return encode_beside(entries, issued)


@pytest.mark.parametrize("name", SEALED)
def test_intermediate_values_are_computed_again(name: str) -> None:
    vector = VECTORS[name]
    inner = encode_inner(bytes.fromhex(vector["signed"]), opened_by(vector, 0).beside)
    assert hashlib.sha256(inner).hexdigest() == vector["inner_sha256"]
    assert len(inner) == vector["inner_size"]
    protected = outer_header(from_plain(Outer, vector["outer"]), hashlib.sha256(inner).digest())
    assert protected.hex() == vector["outer_header"]
    assert to_authenticate(protected).hex() == vector["enc_structure"]
    for key, expected in zip(recipient_keys(vector), vector["recipient_structures"], strict=True):
        assert to_bind(recipient_header(key.alg, key.kid), protected).hex() == expected


@pytest.mark.parametrize("name", REPORTS)
def test_serial_numbers_open_their_commitments(name: str) -> None:
    vector = VECTORS[name]
    head = from_plain(ReportHead, vector["head"])
    serials = {part["serial"]["partner"]: part for part in vector["own_parts"]}
    for (partner, _), committed in zip(head.to, head.serials, strict=True):
        assert commitment(from_plain(OwnPart, serials[partner]).serial) == committed


def test_the_card() -> None:
    vector = VECTORS["card"]
    signed = verify_card(read_armour(vector["armoured"].encode()), PRIMITIVES)
    assert to_plain(signed.card) == vector["card"]
    assert signed.raw.hex() == vector["signed"]
    assert signed.digest.hex() == vector["signed_sha256"]
    assert signed.armoured == vector["armoured"]
    card = signed.card
    assert card == from_plain(Card, vector["card"])
    assert [key.kid.hex() for key in card.keys] == vector["kids"]
    assert card.root_digest.hex() == vector["root_digest"]
    other = bytes.fromhex(vector["other_root_digest"])
    assert root_number(card.root_digest, other) == vector["number"]


def test_the_card_is_written_again() -> None:
    vector = VECTORS["card"]
    card = from_plain(Card, vector["card"])
    body, _, payload, [[protected, _, signature]] = cbor2.loads(bytes.fromhex(vector["signed"])[2:])
    assert gate.encode_struct(card) == payload
    message = cbor2.dumps(
        ["Signature", body, protected, b"noroshi/v1/card", payload], canonical=True
    )
    root = PycaSigner(Purpose.ROOT, Alg.ML_DSA_87, bytes.fromhex(vector["root_seed"]))
    assert root.public_key == card.root
    replayed = ReplayedSigner(root.public_key, signature, hashlib.sha256(message).hexdigest())
    assert SignedCard.issue(card, replayed).raw.hex() == vector["signed"]


def test_the_journal_is_read_and_written_again() -> None:
    vector = VECTORS["journal"]
    tree = Tree()
    roots = [tree.root.hex()]
    for described, encoded, leaf_hash in zip(
        vector["entries"], vector["entries_encoded"], vector["leaf_hashes"], strict=True
    ):
        entry = from_plain(Entry, described)
        leaf = encode_entry(entry)
        assert leaf.raw.hex() == encoded
        assert leaf.hash.hex() == leaf_hash
        assert decode_entry(bytes.fromhex(encoded)) == entry
        tree, _ = tree.append(leaf.hash)
        roots.append(tree.root.hex())
    assert roots == vector["roots"]


def test_a_cosignature_is_read_and_written_again() -> None:
    vector = VECTORS["cosignature"]
    witness = PycaSigner(Purpose.JOURNAL, Alg.ED25519, bytes.fromhex(vector["witness_seed"]))
    assert witness.public_key.material.hex() == vector["witness_key"]
    note, cosigned = vector["note"].encode(), vector["cosigned"].encode()
    assert cosign(note, vector["witness"], vector["at"], witness) == cosigned
    assert note_in(cosigned) == note
    key = PublicKey(Purpose.JOURNAL, Alg.ED25519, bytes.fromhex(vector["key"]))
    checkpoint = from_plain(Checkpoint, vector["checkpoint"])
    read = verify_cosigned(
        cosigned, checkpoint.origin, key, vector["witness"], witness.public_key, PRIMITIVES
    )
    assert read == Cosigned(checkpoint, vector["at"])


def test_the_journal_s_proofs() -> None:
    vector = VECTORS["journal"]
    roots = [bytes.fromhex(root) for root in vector["roots"]]
    leaves = [bytes.fromhex(leaf) for leaf in vector["leaf_hashes"]]
    assert [p["index"] for p in vector["inclusion_proofs"]] == list(range(len(leaves)))
    for proof in vector["inclusion_proofs"]:
        path = [bytes.fromhex(step) for step in proof["path"]]
        index, size = proof["index"], proof["size"]
        verify_inclusion(leaves[index], index, size, path, roots[size])
    for proof in vector["consistency_proofs"]:
        path = [bytes.fromhex(step) for step in proof["path"]]
        old, new = proof["old"], proof["new"]
        verify_consistency(old, roots[old], new, roots[new], path)


def test_the_checkpoint_is_read_and_written_again() -> None:
    vector = VECTORS["journal"]
    signer = PycaSigner(Purpose.JOURNAL, Alg.ED25519, bytes.fromhex(vector["key_seed"]))
    note = vector["note"].encode()
    checkpoint = verify_note(note, vector["origin"], signer.public_key, PRIMITIVES)
    assert signer.public_key.material.hex() == vector["key"]
    assert checkpoint == Checkpoint(
        vector["origin"], len(vector["entries"]), bytes.fromhex(vector["roots"][-1])
    )
    assert parse_note(note) == checkpoint
    assert sign_checkpoint(checkpoint, signer) == note
    assert base64.b64encode(checkpoint.root).decode() == vector["note"].split("\n")[2]


def test_the_courier_volume_is_read_and_written_again() -> None:
    vector = VECTORS["courier"]
    begin, payload = bytes.fromhex(vector["begin"]), bytes.fromhex(vector["payload"])
    file = io.BytesIO(begin + payload)
    signed = read_head(file.read)
    assert to_plain(signed.head) == vector["head"]
    assert signed.digest.hex() == vector["signed_sha256"]
    assert signed.signed.raw_payload.hex() == vector["head_encoded"]
    signed.verify(SignerSet(vector["sender"]["profile"], sender_keys(vector)), PRIMITIVES)
    assert file.read() == payload
    assert payload_digest(iter((payload,))) == (signed.head.size, signed.head.digest)
    placed = list(
        read_fragments(lambda at, n: payload[at : at + n], signed.head.number, len(payload))
    )
    assert [to_plain(p.fragment) for p in placed] == vector["fragments"]
    fragments = [from_plain(Fragment, fragment) for fragment in vector["fragments"]]
    written = [begin_fragment(fragment) for fragment in fragments]
    assert [raw.hex() for raw in written] == vector["fragments_encoded"]
    for raw, p in zip(written, placed, strict=True):
        assert payload[: p.position].endswith(raw)
    assert (
        gate.encode_struct(from_plain(VolumeHead, vector["head"])).hex() == vector["head_encoded"]
    )


def test_a_changed_vector_is_noticed() -> None:
    # The comparisons above would mean nothing if two vectors could be taken for one another.
    for one, other in itertools.combinations(SEALED, 2):
        assert VECTORS[one]["envelope"] != VECTORS[other]["envelope"]
