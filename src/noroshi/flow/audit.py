"""Audit: is the journal whole, and what can be proved of one report to somebody outside.

A proof holds signed heads, receipt entries and inclusion proofs; no content. Whoever has the
partners' cards can check it with no node (:func:`verify_proof`). `docs/formats/proof.md`.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.delivery.receipt import ReceiptHead, digest, open_entry
from noroshi.core.directory.card import Card, verify_card
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import ReportHead, salted_digest
from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.envelope.primitives import Primitives
from noroshi.core.errors import InputError, MalformedError, NoroshiError, NotFoundError
from noroshi.core.instant import Instant
from noroshi.core.partner import DeskAddress
from noroshi.core.report import encode_content, report_id_text
from noroshi.core.tlog.checkpoint import Checkpoint, epoch_of, origin_of, parse_note, verify_note
from noroshi.core.tlog.entry import Entry, EntryKind, decode_entry, report_id_of
from noroshi.core.tlog.merkle import Tree, inclusion_proof, leaf_hash, verify_inclusion
from noroshi.flow.tables import Tables

MAX_PROOF: Final = 4 * 1024 * 1024
_VERSION: Final = 1
_ABOUT_CONTENT: Final = frozenset({EntryKind.SEALED, EntryKind.RECEIVED, EntryKind.ANSWERED})
"""The entries that stand for something of a report that is stored."""


class Witnessed(msgspec.Struct, frozen=True):
    """What a partner signed to have seen of this journal."""

    partner: str
    size: int
    root: bytes


class JournalState(msgspec.Struct, frozen=True):
    """The outcome of verifying the journal."""

    size: int
    root: bytes
    bad_between: tuple[int, int] | None
    """The indexes between which something is wrong: from the first, up to and without the last."""
    reason: str | None
    witnessed: Mapping[str, int]
    """By partner, the largest size that it signed to have seen and that still stands."""


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


class Claim(msgspec.Struct, frozen=True):
    """One thing that a proof shows."""

    type: str
    report: str
    partner: str
    at: Instant
    by: str | None = None
    desk: str | None = None


def verify_journal(
    tables: Tables,
    card: Card,
    primitives: Primitives,
    *,
    witnessed: tuple[Witnessed, ...] = (),
) -> JournalState:
    """Compute the whole tree anew and compare it with everything that depends on it.

    Entries with their stored hashes, inner nodes, every checkpoint's root and signature, the
    reports that point into it, and what partners signed to have seen (`witnessed` adds to
    what is stored).
    """
    check = _JournalCheck(tables, card, primitives, witnessed)
    try:
        check.run()
    except (NoroshiError, ValueError) as error:
        check.fail(str(error))
    return check.state()


_OF_CONTENT: Final = frozenset({EntryKind.SEALED, EntryKind.RECEIVED, EntryKind.ANSWERED})
"""The entries that name a report by digest; those of the watch only say which it is about."""


class _JournalCheck:
    """One pass over the journal; remembers the last checkpoint that was right."""

    def __init__(
        self,
        tables: Tables,
        card: Card,
        primitives: Primitives,
        witnessed: tuple[Witnessed, ...],
    ) -> None:
        self._tables = tables
        self._me = card.partner
        self._epoch, self._last_epoch = 1, card.epoch
        self._keys = _journal_keys(tables, card, primitives)
        self._primitives = primitives
        self._witnessed = witnessed
        self._tree = Tree()
        self._good = 0
        self._bad: tuple[int, int] | None = None
        self._reason: str | None = None
        self._seen: dict[str, int] = {}

    def run(self) -> None:
        """Check everything, in the order in which a fault can be bracketed."""
        notes = self._tables.journal.notes()
        seen = self._seen_by_size()
        points = dict(self._tables.reports.pointers())
        note = next(notes, None)
        for index, leaf, stored, report in self._tables.journal.leaves():
            if (
                note is None
                or index != self._tree.size
                or leaf_hash(leaf) != stored
                or report_id_of(leaf) != report
            ):
                self._break("an entry is missing, added or changed", notes, note)
                return
            self._grow(stored)
            if report is not None and not self._stands_for(
                decode_entry(leaf), points.pop(index, None)
            ):
                self._break("a report or a ladder is not as it was recorded", notes, note)
                return
            if note[0] == self._tree.size:
                if not self._is_right(*note, seen.pop(self._tree.size, [])):
                    return
                note = next(notes, None)
        if note is not None:
            self._break("entries are missing at the end", notes, note)
        else:
            self._conclude(seen, is_pointed_to=bool(points))

    def _conclude(self, seen: dict[int, list[Witnessed]], *, is_pointed_to: bool) -> None:
        """Check what is left when all entries are there with their checkpoints."""
        if self._good != self._tree.size:
            self._break("the last entries have no checkpoint", iter(()), None)
        elif is_pointed_to or self._tables.journal.node_count() != _nodes_of(self._tree.size):
            self.fail("entries are missing that reports or tree nodes point to")
        elif self._epoch != self._last_epoch:
            self.fail("the card names another epoch than the last checkpoint")
        elif seen:
            partner = next(iter(seen.values()))[0].partner
            self._good = min(self._good, *seen)
            self.fail(f"{partner} has signed to have seen a longer or other journal than this")

    def state(self) -> JournalState:
        """Return the outcome."""
        return JournalState(self._tree.size, self._tree.root, self._bad, self._reason, self._seen)

    def fail(self, reason: str) -> None:
        """Note a fault somewhere after the last right checkpoint."""
        if self._bad is None:
            self._bad = (self._good, max(self._tree.size, self._good))
            self._reason = reason

    def _break(
        self, reason: str, notes: Iterator[tuple[int, bytes]], note: tuple[int, bytes] | None
    ) -> None:
        """Note a fault before the next checkpoint that could have shown it."""
        self._bad = (self._good, note[0] if note else self._tree.size + 1)
        self._reason = reason
        for _ in notes:
            pass

    def _stands_for(self, entry: Entry, pointer: bytes | None) -> bool:
        """Say whether what an entry recorded of a report is still stored just so."""
        if entry.kind not in _ABOUT_CONTENT:
            return pointer is None
        reports = self._tables.reports
        stored = reports.get(entry.report_id or b"")
        if entry.kind not in _OF_CONTENT:
            return stored is not None and pointer is None
        if stored is None or stored.head_digest != entry.digest:
            return False
        if entry.kind is EntryKind.ANSWERED:
            address = DeskAddress(entry.desk or "", self._me)
            told = {(r.rung.value, r.by) for r in reports.ladder(stored.id, address)}
            return (entry.rung, entry.by) in told
        content = encode_content(stored.content)
        return (
            pointer == stored.id
            and cose.digest(stored.signed_head) == entry.digest
            and salted_digest(stored.salt, content) == stored.head.content_digest
        )

    def _grow(self, leaf: bytes) -> None:
        self._tree, nodes = self._tree.append(leaf)
        for node in nodes:
            if self._tables.journal.node(node.level, node.index) != node.hash:
                raise MalformedError("a node of the tree is changed")

    def _is_right(self, size: int, note: bytes, seen: list[Witnessed]) -> bool:
        try:
            epoch = epoch_of(parse_note(note).origin, self._me)
            origin = origin_of(self._me, epoch)
            checkpoint = verify_note(note, origin, self._key_of(epoch), self._primitives)
            self._enter(epoch, size)
        except MalformedError as error:
            self._bad, self._reason = (self._good, size), error.message
            return False
        if checkpoint != Checkpoint(origin, size, self._tree.root):
            self._bad = (self._good, size)
            self._reason = "the entries do not lead to the root of their checkpoint"
            return False
        for view in seen:
            if view.root != self._tree.root:
                self._bad = (0, size)
                self._reason = f"{view.partner} has signed to have seen another journal than this"
                return False
            self._seen[view.partner] = size
        self._good = size
        return True

    def _key_of(self, epoch: int) -> PublicKey:
        if epoch not in self._keys:
            raise MalformedError("a checkpoint names an epoch of no card")
        return self._keys[epoch]

    def _enter(self, epoch: int, size: int) -> None:
        """Go on in `epoch`, which begins where a restore is recorded, and nowhere else."""
        if epoch != self._epoch:
            leaves = map(self._tables.journal.leaf, range(self._good, size))
            is_restored = any(decode_entry(leaf).kind is EntryKind.RESTORED for leaf in leaves)
            if epoch < self._epoch or not is_restored:
                raise MalformedError("a checkpoint names another epoch than the entries")
        self._epoch = epoch

    def _seen_by_size(self) -> dict[int, list[Witnessed]]:
        stored = (Witnessed(*row) for row in self._tables.receipts.seen_by_partners())
        by_size: dict[int, list[Witnessed]] = {}
        for view in (*stored, *self._witnessed):
            by_size.setdefault(view.size, []).append(view)
        return by_size


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
    return gate.encode_struct(Proof(_VERSION, me, report.signed_head, receipts, note, leaves))


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
            views.append(Witnessed(issuer, head.seen_size, head.seen_root))
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


def _journal_keys(tables: Tables, card: Card, primitives: Primitives) -> dict[int, PublicKey]:
    """Return which key signs checkpoints in which epoch, as cards under the root of `card` say."""
    keys = {card.epoch: card.key(Purpose.JOURNAL)}
    for stored in tables.partners.own_cards():
        former = verify_card(stored.raw, primitives).card
        if former.root_digest == card.root_digest:
            keys.setdefault(former.epoch, former.key(Purpose.JOURNAL))
    return keys


def _nodes_of(size: int) -> int:
    """Return how many complete subtrees a tree of `size` leaves has."""
    return sum(size >> level for level in range(size.bit_length()))


def _receipt_head(signed: cose.Signed) -> ReceiptHead:
    return gate.decode_struct(signed.raw_payload, ReceiptHead, limit=suite.MAX_SIGNED)


def _card(cards: Mapping[str, Card], partner: str) -> Card:
    if partner not in cards:
        msg = f"the proof needs the card of {partner}; give it with --card FILE"
        raise InputError("unknown-partner", msg)
    return cards[partner]
