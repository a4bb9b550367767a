"""Audit: is the journal whole, and is it what partners have signed to have seen of it.

`docs/formats/journal.md`; what can be proved of one report is in :mod:`noroshi.flow.proofs`.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

import msgspec

from noroshi.core.directory.card import Card, verify_card
from noroshi.core.envelope import cose
from noroshi.core.envelope.head import salted_digest
from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.envelope.primitives import Primitives
from noroshi.core.errors import MalformedError, NoroshiError
from noroshi.core.partner import DeskAddress
from noroshi.core.tlog.checkpoint import Checkpoint, epoch_of, origin_of, parse_note, verify_note
from noroshi.core.tlog.entry import Entry, EntryKind, decode_entry, report_id_of
from noroshi.core.tlog.merkle import Tree, leaf_hash
from noroshi.flow.compacting import signed_content
from noroshi.flow.records import StoredReport
from noroshi.flow.sightings import Sighting, Witnessed, cosigned_view
from noroshi.flow.tables import Tables

_ABOUT_CONTENT: Final = frozenset({EntryKind.SEALED, EntryKind.RECEIVED, EntryKind.ANSWERED})
"""The entries that stand for something of a report that is stored."""


class JournalState(msgspec.Struct, frozen=True):
    """The outcome of verifying the journal."""

    size: int
    root: bytes
    bad_between: tuple[int, int] | None
    """The indexes between which something is wrong: from the first, up to and without the last."""
    reason: str | None
    witnessed: Mapping[str, Sighting]
    """By partner, what it signed to have seen and that still stands."""


def verify_journal(
    tables: Tables,
    card: Card,
    primitives: Primitives,
    *,
    witnessed: tuple[Witnessed, ...] = (),
) -> JournalState:
    """Compute the whole tree anew and compare it with everything that depends on it.

    Entries with their stored hashes, inner nodes, every checkpoint's root and signature, the
    reports that point into it, and what partners signed to have seen: in receipts, and with
    cosignatures (`witnessed` adds to what is stored). What a partner contradicts lies behind the
    largest size that any has seen as it is.
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
        self._card = card
        self._me = card.partner
        self._epoch, self._last_epoch = 1, card.epoch
        self._keys = _journal_keys(tables, card, primitives)
        self._primitives = primitives
        self._witnessed = witnessed
        self._tree = Tree()
        self._good = 0
        self._bad: tuple[int, int] | None = None
        self._reason: str | None = None
        self._seen: dict[str, Sighting] = {}
        self._seen_up_to = 0

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
        return (
            pointer == stored.id
            and cose.digest(stored.signed_head) == entry.digest
            and self._is_as_signed(stored)
        )

    def _is_as_signed(self, stored: StoredReport) -> bool:
        """Say whether what a report says is what was signed, or its destruction is journalled."""
        if stored.destroyed is None:
            content = signed_content(stored)
            return salted_digest(stored.salt, content) == stored.head.content_digest
        journal = self._tables.journal
        return any(
            decode_entry(journal.leaf(index)).kind is EntryKind.CONTENT_DESTROYED
            for index in journal.entries_about(stored.id)
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
                self._bad = (self._seen_up_to, size)
                self._reason = f"{view.partner} has signed to have seen another journal than this"
                return False
        for view in seen:
            self._sight(view)
        self._good = size
        return True

    def _key_of(self, epoch: int) -> PublicKey:
        if epoch not in self._keys:
            raise MalformedError("a checkpoint names an epoch of no card")
        return self._keys[epoch]

    def _sight(self, view: Witnessed) -> None:
        """Note what a partner has signed to have seen; sizes come in rising order."""
        before = self._seen.get(view.partner, Sighting(0, None))
        at = view.at if before.size < view.size or before.at is None else before.at
        cosigned, cosigned_at = before.cosigned, before.cosigned_at
        if view.is_cosigned:
            cosigned, cosigned_at = view.size, view.at
        self._seen[view.partner] = Sighting(view.size, at, cosigned, cosigned_at)
        self._seen_up_to = view.size

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
        for view in (*stored, *self._cosigned(), *self._witnessed):
            by_size.setdefault(view.size, []).append(view)
        return by_size

    def _cosigned(self) -> Iterator[Witnessed]:
        """Yield the cosignatures that are stored, those that verify."""
        for kept in self._tables.witness.cosignatures():
            known = self._tables.partners.get(kept.partner)
            if known is not None:
                with suppress(MalformedError):
                    yield cosigned_view(
                        kept.cosigned, self._card, known.signed_card.card, self._primitives
                    )


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
