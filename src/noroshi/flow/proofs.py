"""Proofs: what can be shown of one report to somebody outside.

A proof holds signed heads, receipt entries, inclusion proofs and cosignatures; no content.
Whoever has the partners' cards can check it with no node (:func:`verify_proof`).
`docs/formats/proof.md`.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.delivery.receipt import ReceiptHead, digest, open_entry
from noroshi.core.directory.card import Card
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import ReportHead
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.primitives import Primitives
from noroshi.core.errors import InputError, MalformedError, NotFoundError
from noroshi.core.instant import Instant
from noroshi.core.report import report_id_text
from noroshi.core.tlog.checkpoint import Checkpoint, epoch_of, origin_of, parse_note, verify_note
from noroshi.core.tlog.entry import EntryKind, decode_entry
from noroshi.core.tlog.merkle import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from noroshi.flow.sightings import Witnessed, cosigned_view
from noroshi.flow.tables import Tables

MAX_PROOF: Final = 4 * 1024 * 1024
_VERSION: Final = 1


class Proof(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A proof about one report, as a file."""

    version: int
    partner: str
    """Who made it."""
    signed_head: bytes
    receipts: tuple[tuple[str, bytes, bytes], ...]
    """Issuer, signed receipt head, and the one entry about this report."""
    checkpoint: bytes
    leaves: tuple[tuple[int, bytes, tuple[bytes, ...]], ...]
    """Index, leaf and inclusion path of the maker's journal entries about this report."""
    witnesses: tuple[tuple[str, bytes, tuple[bytes, ...]], ...] = ()
    """Who cosigned a tree with all of these entries, that checkpoint, and the consistency proof
    between it and `checkpoint`."""


class Claim(msgspec.Struct, frozen=True):
    """One thing that a proof shows."""

    type: str
    report: str
    partner: str
    at: Instant
    by: str | None = None
    desk: str | None = None


def make_proof(tables: Tables, report_id: bytes, me: str) -> bytes:
    """Return the proof about a report: an encoded :class:`Proof`.

    Raises:
        NotFoundError: the report is not here.
    """
    report = tables.reports.get(report_id)
    if report is None:
        raise NotFoundError("not-found", f"no report {report_id_text(report_id)} is here")
    journal = tables.journal
    note = journal.newest_note()
    size = parse_note(note).size
    # Who was called about it, and to whom it was assigned, is the house's own affair.
    leaves = tuple(
        (index, journal.leaf(index), inclusion_proof(index, size, journal.node))
        for index in journal.entries_about(report_id)
        if index < size and decode_entry(journal.leaf(index)).digest == report.head_digest
    )
    receipts = tuple((r.issuer, r.signed, r.entry) for r in tables.receipts.about(report_id))
    after = max((index for index, _, _ in leaves), default=size)
    witnesses = tuple(
        (kept.partner, kept.cosigned, consistency_proof(kept.size, size, journal.node))
        for kept in tables.witness.cosignatures()
        if after < kept.size <= size
    )
    proof = Proof(_VERSION, me, report.signed_head, receipts, note, leaves, witnesses)
    fields = msgspec.to_builtins(proof, builtin_types=(bytes,))
    return gate.encode(fields if witnesses else fields[:-1])


def verify_proof(
    raw: bytes, cards: Mapping[str, Card], primitives: Primitives
) -> tuple[Claim, ...]:
    """Return what a proof shows; every claim is signed by a partner in `cards`.

    Raises:
        InputError: something in it does not verify, or a card is missing.
    """
    try:
        return _verify_proof(raw, cards, primitives)
    except MalformedError as error:
        msg = f"the proof does not hold: {error.message}"
        raise InputError("bad-proof", msg) from error


def witnessed_in(
    raw: bytes, partner: str, cards: Mapping[str, Card], primitives: Primitives
) -> tuple[Witnessed, ...]:
    """Return what the receipts in a proof say their issuers have seen of `partner`'s journal.

    Raises:
        InputError: the proof does not verify.
    """
    verify_proof(raw, cards, primitives)
    proof = gate.decode_struct(raw, Proof, limit=MAX_PROOF)
    views: list[Witnessed] = []
    for issuer, signed, _ in proof.receipts:
        head = _receipt_head(cose.parse(signed, (suite.RECEIPT,), limit=suite.MAX_SIGNED))
        if issuer != partner and head.seen_size and [name for name, _ in head.to] == [partner]:
            views.append(Witnessed(issuer, head.seen_size, head.seen_root, head.created_at))
    return tuple(views)


def _verify_proof(
    raw: bytes, cards: Mapping[str, Card], primitives: Primitives
) -> tuple[Claim, ...]:
    proof = gate.decode_struct(raw, Proof, limit=MAX_PROOF)
    signed = cose.parse(proof.signed_head, (suite.REPORT,), limit=suite.MAX_SIGNED)
    head = gate.decode_struct(signed.raw_payload, ReportHead, limit=suite.MAX_SIGNED)
    signed.verify(_card(cards, head.sender).signers(Purpose.REPORT), primitives)
    report = report_id_text(head.report_id)
    claims = [Claim("SENT", report, head.sender, head.created_at)]
    recipients = {partner for partner, _ in head.to}
    for issuer, raw_receipt, raw_entry in proof.receipts:
        receipt = cose.parse(raw_receipt, (suite.RECEIPT,), limit=suite.MAX_SIGNED)
        receipt.verify(_card(cards, issuer).signers(Purpose.RECEIPT), primitives)
        told = _receipt_head(receipt)
        entry = open_entry(raw_entry)
        if (
            told.sender != issuer
            or issuer not in recipients
            or [partner for partner, _ in told.to] != [head.sender]
            or digest(raw_entry) not in told.entries
            or entry.report_id != head.report_id
            or entry.head_digest != signed.digest
        ):
            raise MalformedError("a receipt in it is about something else")
        claims += [
            Claim(record.rung.value, report, issuer, record.at, record.by, entry.desk)
            for record in entry.ladder
        ]
    claims += _journal_claims(proof, head, signed.digest, cards, primitives)
    return tuple(claims)


def _journal_claims(
    proof: Proof,
    head: ReportHead,
    head_digest: bytes,
    cards: Mapping[str, Card],
    primitives: Primitives,
) -> Iterator[Claim]:
    """Yield what the maker's journal shows: that it recorded sealing or receiving, and when."""
    card = _card(cards, proof.partner)
    epoch = epoch_of(parse_note(proof.checkpoint).origin, card.partner)
    if epoch > card.epoch:
        msg = f"it needs a newer card of {card.partner}, which was restored from a backup"
        raise MalformedError(msg)
    origin = origin_of(card.partner, epoch)
    checkpoint = verify_note(proof.checkpoint, origin, card.key(Purpose.JOURNAL), primitives)
    for index, leaf, path in proof.leaves:
        verify_inclusion(leaf_hash(leaf), index, checkpoint.size, path, checkpoint.root)
        entry = decode_entry(leaf)
        if entry.report_id != head.report_id or entry.digest != head_digest:
            raise MalformedError("a journal entry in it is about something else")
        if entry.kind in {EntryKind.SEALED, EntryKind.RECEIVED}:
            kind = f"JOURNALLED_{entry.kind.name}"
            yield Claim(kind, report_id_text(head.report_id), proof.partner, entry.at)
    report = report_id_text(head.report_id)
    for name, cosigned, path in proof.witnesses:
        if name in cards and name != proof.partner:
            at = _witnessed_at(proof, checkpoint, (cosigned, path), (card, cards[name]), primitives)
            yield Claim("WITNESSED", report, name, at)


def _witnessed_at(
    proof: Proof,
    checkpoint: Checkpoint,
    sighting: tuple[bytes, tuple[bytes, ...]],
    cards: tuple[Card, Card],
    primitives: Primitives,
) -> Instant:
    """Return when a witness cosigned a tree that holds all entries of a proof.

    `cards` are those of the maker and of the witness.

    Raises:
        MalformedError: it did not.
    """
    cosigned, path = sighting
    view = cosigned_view(cosigned, *cards, primitives)
    verify_consistency(view.size, view.root, checkpoint.size, checkpoint.root, path)
    if view.at is None or not all(index < view.size for index, _, _ in proof.leaves):
        raise MalformedError("a cosignature in it is of before the entries")
    return view.at


def _receipt_head(signed: cose.Signed) -> ReceiptHead:
    return gate.decode_struct(signed.raw_payload, ReceiptHead, limit=suite.MAX_SIGNED)


def _card(cards: Mapping[str, Card], partner: str) -> Card:
    if partner not in cards:
        msg = f"the proof needs the card of {partner}; give it with --card FILE"
        raise InputError("unknown-partner", msg)
    return cards[partner]
