"""Makes the frozen vectors of `docs/formats/vectors`; never overwrites one.

    PYTHONPATH=src:. .venv/bin/python tests/vectors/make.py

Signing and KEM encapsulation draw at random, so a vector that is made anew has other bytes: a
changed format takes new files, made here after the old ones were taken out by hand.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import cbor2

from noroshi.adapters.sealing.pyca import PycaSigner
from noroshi.core import gate
from noroshi.core.courier.volume import Fragment, VolumeHead, begin_fragment, begin_volume
from noroshi.core.delivery.check import Tally, Tombstone
from noroshi.core.delivery.item import Cargo
from noroshi.core.delivery.ladder import Rung, RungRecord
from noroshi.core.delivery.receipt import (
    Issued,
    ReceiptEntry,
    ReceiptHead,
    digest,
    encode_beside,
)
from noroshi.core.directory.card import SignedCard
from noroshi.core.directory.number import root_number
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.keys import Purpose
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
from noroshi.core.instant import SECOND, from_text
from noroshi.core.precedence import Precedence
from noroshi.core.report import decode_content
from noroshi.core.tlog.checkpoint import Checkpoint, origin_of, sign_checkpoint
from noroshi.core.tlog.cosignature import cosign
from noroshi.core.tlog.entry import Entry, EntryKind, encode_entry, new_entry
from noroshi.core.tlog.merkle import Tree, consistency_proof, inclusion_proof
from tests.unit.core.nodes import (
    AU,
    JP,
    NATO,
    NOW,
    NZ,
    PRIMITIVES,
    File,
    Letter,
    Node,
    a_letter,
    changed,
    draw,
    seed,
)
from tests.vectors.compact import compact_forms
from tests.vectors.consent import consent
from tests.vectors.directory import directory
from tests.vectors.plain import to_plain

FOLDER: Final = Path(__file__).parents[2] / "docs" / "formats" / "vectors"
ABOUT: Final = (
    "Test keys only: every private key below is public. Bytes are in hex, instants in "
    "microseconds since 1970-01-01T00:00:00Z."
)
SMOKE: Final = File("smoke.csv", "text/csv", b"hill,minute\nnorth,12\neast,14\n")

Vector = dict[str, object]


def main() -> None:
    """Write every vector that is not there."""
    makers: dict[str, Callable[[], Vector]] = {
        "envelope-h5": lambda: envelope(a_letter(JP, [NATO])),
        "envelope-h3": lambda: envelope(a_letter(NZ, [AU])),
        "envelope-mixed": lambda: envelope(a_letter(JP, [NATO, NZ], files=[SMOKE]), [SMOKE]),
        "receipt": receipt,
        "card": card,
        "journal": journal,
        "cosignature": cosignature,
        "courier": courier,
        "consent": lambda: consent(envelope),
        "compact": compact_forms,
        "directory": directory,
    }
    for name, make in makers.items():
        path = FOLDER / f"{name}.json"
        if path.exists():
            print(f"{path.name} is there; it stays as it is")  # noqa: T201 - a script
            continue
        text = json.dumps({"about": ABOUT, **make()}, indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")


def envelope(letter: Letter, files: Sequence[File] = ()) -> Vector:
    """Return a report with all that it is made of."""
    note = sign_checkpoint(
        Checkpoint(origin_of(letter.sender.name, 1), 3, draw("a root", 32)), letter.sender.journal
    )
    letter = changed(
        letter, own_parts=tuple(changed(part, checkpoint=note) for part in letter.own_parts)
    )
    content = letter.beside.content
    own_parts = [gate.encode_struct(part) for part in letter.own_parts]
    return {
        "sender": _signing(letter.sender, letter.sender.report_signers),
        **_sealed(
            suite.REPORT,
            letter.recipients,
            letter.signed,
            gate.encode_struct(letter.beside),
            own_parts,
            letter.outer,
            letter.draws,
        ),
        "head": to_plain(letter.head),
        "head_encoded": gate.encode_struct(letter.head).hex(),
        "salt": letter.beside.salt.hex(),
        "content": to_plain(decode_content(content)),
        "content_encoded": content.hex(),
        "own_parts": [to_plain(part) for part in letter.own_parts],
        "own_parts_encoded": [part.hex() for part in own_parts],
        "blobs": [{"plain": file.plain.hex(), "blob": file.blob.hex()} for file in files],
    }


def receipt() -> Vector:
    """Return a receipt of NZ for two reports of JP."""
    entries = [
        ReceiptEntry(
            salt=draw(f"entry {i}", 32),
            report_id=draw(f"report {i}", 16),
            head_digest=draw(f"head {i}", 32),
            desk="watch",
            ladder=ladder,
            attachments_held=1 - i,
        )
        for i, ladder in enumerate(
            (
                (
                    RungRecord(Rung.DELIVERED, NOW, None, None),
                    RungRecord(Rung.OPENED, NOW + SECOND, "Officer of NZ", None),
                    RungRecord(Rung.SHOWN, NOW + SECOND, "Officer of NZ", None),
                    RungRecord(Rung.ACKNOWLEDGED, NOW + SECOND, "Officer of NZ", "boats are out"),
                ),
                (RungRecord(Rung.REFUSED, NOW, None, "expired: it arrived after its time"),),
            )
        )
    ]
    raw = [gate.encode_struct(entry) for entry in entries]
    issued = Issued(
        draw("issued", 32),
        Tally(
            1,
            ((int(Precedence.ROUTINE), 3), (int(Precedence.FLASH), 1)),
            (Tombstone(int(Precedence.ROUTINE), 2, "expired"),),
        ),
    )
    raw_issued = gate.encode_struct(issued)
    head = ReceiptHead(
        version=1,
        envelope_id=draw("receipt envelope", 16),
        sender="nz",
        created_at=NOW + 2 * SECOND,
        expires_at=None,
        to=(("jp", JP.key.kid),),
        entries=tuple(map(digest, raw)),
        issued=digest(raw_issued),
        checkpoint=sign_checkpoint(
            Checkpoint(origin_of("nz", 1), 9, draw("b root", 32)), NZ.journal
        ),
        seen_size=3,
        seen_root=draw("a root", 32),
    )
    signed = cose.sign(
        gate.encode_struct(head), suite.RECEIPT, NZ.profile.number, NZ.receipt_signers
    )
    return {
        "sender": _signing(NZ, NZ.receipt_signers),
        **_sealed(
            suite.RECEIPT,
            [JP],
            signed,
            encode_beside(raw, raw_issued),
            [b""],
            Outer(head.envelope_id, Precedence.FLASH, None),
            Draws(draw("receipt key", 32), draw("receipt iv", 12)),
        ),
        "head": to_plain(head),
        "head_encoded": gate.encode_struct(head).hex(),
        "entries": [to_plain(entry) for entry in entries],
        "entries_encoded": [entry.hex() for entry in raw],
        "issued": to_plain(issued),
        "issued_encoded": raw_issued.hex(),
    }


def card() -> Vector:
    """Return a signed card, and the number of its root with another."""
    signed = SignedCard.issue(JP.card(), JP.root)
    other = NZ.card().root_digest
    return {
        "root_seed": seed("jp", Purpose.ROOT, suite.ROOT_ALG).hex(),
        "card": to_plain(signed.card),
        "kids": [key.kid.hex() for key in signed.card.keys],
        "root_digest": signed.card.root_digest.hex(),
        "signed": signed.raw.hex(),
        "signed_sha256": signed.digest.hex(),
        "armoured": signed.armoured,
        "other_root_digest": other.hex(),
        "number": root_number(signed.card.root_digest, other),
    }


def cosignature() -> Vector:
    """Return a checkpoint that a witness cosigned."""
    checkpoint = Checkpoint(origin_of("jp", 1), 42, draw("cosigned root", 32))
    note = sign_checkpoint(checkpoint, JP.journal)
    at = from_text("2026-11-22T03:00:00Z")
    return {
        "checkpoint": to_plain(checkpoint),
        "key": JP.journal.public_key.material.hex(),
        "note": note.decode(),
        "witness": NATO.name,
        "witness_seed": seed(NATO.name, Purpose.JOURNAL, suite.Alg.ED25519).hex(),
        "witness_key": NATO.journal.public_key.material.hex(),
        "at": at,
        "cosigned": cosign(note, NATO.name, at, NATO.journal).decode(),
    }


def journal() -> Vector:
    """Return a small journal with its proofs and a checkpoint."""
    start = from_text("2026-11-22T03:00:00Z")
    entries = [
        _entry(i, start + i * SECOND, kind)
        for i, kind in enumerate(
            (
                EntryKind.INITIALISED,
                EntryKind.CARD_ISSUED,
                EntryKind.PARTNER_ADDED,
                EntryKind.PARTNER_VERIFIED,
                EntryKind.SEALED,
                EntryKind.RECEIPT_RECORDED,
                EntryKind.ANSWERED,
            )
        )
    ]
    leaves = [encode_entry(entry) for entry in entries]
    tree, roots, nodes = Tree(), [Tree().root], {}
    for leaf in leaves:
        tree, new = tree.append(leaf.hash)
        roots.append(tree.root)
        nodes.update({(n.level, n.index): n.hash for n in new})

    def node(level: int, index: int) -> bytes:
        return nodes[level, index]

    size = tree.size
    checkpoint = Checkpoint(origin_of("jp", 1), size, tree.root)
    return {
        "entries": [to_plain(entry) for entry in entries],
        "entries_encoded": [leaf.raw.hex() for leaf in leaves],
        "leaf_hashes": [leaf.hash.hex() for leaf in leaves],
        "roots": [root.hex() for root in roots],
        "inclusion_proofs": [
            {"index": i, "size": size, "path": to_plain(inclusion_proof(i, size, node))}
            for i in range(size)
        ],
        "consistency_proofs": [
            {"old": old, "new": size, "path": to_plain(consistency_proof(old, size, node))}
            for old in range(1, size + 1)
        ],
        "key_seed": seed("jp", Purpose.JOURNAL, suite.Alg.ED25519).hex(),
        "key": JP.journal.public_key.material.hex(),
        "origin": checkpoint.origin,
        "note": sign_checkpoint(checkpoint, JP.journal).decode(),
    }


def courier() -> Vector:
    """Return a volume of NZ for JP: a whole envelope and a part of an attachment."""
    letter, piece = a_letter(NZ, [JP]).seal(), draw("piece of a blob", 300)
    contents = (
        (Fragment(Cargo.ENVELOPE, draw("envelope", 16), len(letter), 0, len(letter)), letter),
        (Fragment(Cargo.BLOB, draw("blob", 32), 1_000_000, 10_000, 300), piece),
    )
    payload = b"".join(begin_fragment(fragment) + data for fragment, data in contents)
    head = VolumeHead(
        version=1,
        set_id=draw("set", 16),
        sender="nz",
        to="jp",
        number=2,
        count=3,
        created_at=NOW,
        size=len(payload),
        digest=hashlib.sha256(payload).digest(),
        imported=(draw("their set", 16),),
    )
    begin, signed_digest = begin_volume(head, NZ.profile.number, NZ.receipt_signers)
    return {
        "sender": _signing(NZ, NZ.receipt_signers),
        "head": to_plain(head),
        "head_encoded": gate.encode_struct(head).hex(),
        "begin": begin.hex(),
        "signed_sha256": signed_digest.hex(),
        "fragments": [to_plain(fragment) for fragment, _ in contents],
        "fragments_encoded": [begin_fragment(fragment).hex() for fragment, _ in contents],
        "payload": payload.hex(),
    }


def _entry(number: int, at: int, kind: EntryKind) -> Entry:
    salt = draw(f"entry salt {number}", 16)
    if kind is EntryKind.SEALED:
        return new_entry(
            kind,
            at,
            salt,
            "jp",
            report_id=draw("journal report", 16),
            digest=draw("journal head", 32),
            desk="cyber",
            by="Officer of JP",
        )
    if kind is EntryKind.ANSWERED:
        return new_entry(
            kind,
            at,
            salt,
            "jp",
            report_id=draw("another report", 16),
            digest=draw("another head", 32),
            desk="watch",
            rung="ACKNOWLEDGED",
            by="当直",
        )
    partner = "nz" if kind.value.startswith(("Partner", "Receipt")) else "jp"
    return new_entry(kind, at, salt, partner, digest=draw(f"digest {number}", 32))


def _signing(node: Node, signers: Sequence[PycaSigner]) -> Vector:
    return {
        "partner": node.name,
        "profile": node.profile.number,
        "keys": [
            {
                "purpose": int(s.public_key.purpose),
                "alg": int(s.public_key.alg),
                "seed": seed(node.name, s.public_key.purpose, s.public_key.alg).hex(),
                "public": s.public_key.material.hex(),
                "kid": s.public_key.kid.hex(),
            }
            for s in signers
        ],
    }


def _sealed(
    context: suite.Context,
    recipients: Sequence[Node],
    signed: bytes,
    beside: bytes,
    own_parts: Sequence[bytes],
    outer: Outer,
    draws: Draws,
) -> Vector:
    """Return the envelope, everything that sealing computed, and the recipients' keys."""
    inner = encode_inner(signed, beside)
    protected = outer_header(outer, hashlib.sha256(inner).digest())
    raw = seal(
        signed,
        beside,
        outer=outer,
        recipients=[
            Recipient(node.key, part) for node, part in zip(recipients, own_parts, strict=True)
        ],
        draws=draws,
        primitives=PRIMITIVES,
    )
    body, _, payload, signatures = cbor2.loads(signed[2:])
    headers = [recipient_header(node.key.alg, node.key.kid) for node in recipients]
    return {
        "recipients": [
            {
                "partner": node.name,
                "alg": int(node.key.alg),
                "seed": seed(node.name, Purpose.SEAL, node.key.alg).hex(),
                "public": node.key.material.hex(),
                "kid": node.key.kid.hex(),
            }
            for node in recipients
        ],
        "read_at": NOW + SECOND,
        "draws": to_plain(draws),
        "outer": to_plain(outer),
        "envelope": raw.hex(),
        "signed": signed.hex(),
        "sig_structures_sha256": [
            hashlib.sha256(
                cbor2.dumps(["Signature", body, header, context.aad, payload], canonical=True)
            ).hexdigest()
            for header, _, _ in signatures
        ],
        "inner_sha256": hashlib.sha256(inner).hexdigest(),
        "inner_size": len(inner),
        "outer_header": protected.hex(),
        "enc_structure": to_authenticate(protected).hex(),
        "recipient_structures": [to_bind(header, protected).hex() for header in headers],
    }


if __name__ == "__main__":
    main()
