"""Tallies: what a node says it has issued, compared with what its partner has."""

from noroshi.core.delivery.alarm import AlarmKind
from noroshi.core.delivery.check import MAX_TOMBSTONES, Tally
from noroshi.core.delivery.clocks import GAP_PATIENCE, Step
from noroshi.flow.records import Announcement, Identity
from noroshi.flow.tables import Tables, Transaction


def make_tally(tables: Tables, partner: str, identity: Identity) -> Tally:
    """Return the serials that this node has given a partner."""
    return Tally(
        identity.card.card.epoch,
        tables.serials.highest(partner),
        tables.serials.tombstones(partner, MAX_TOMBSTONES),
    )


def note_tally(tx: Transaction, partner: str, tally: Tally) -> None:
    """Compare the serials that a partner says it has issued with those that are here."""
    for stone in tally.tombstones:
        tx.serials.is_void(partner, tally.epoch, stone.precedence, stone.number, stone.code)
    tx.serials.is_told(partner, tally.epoch, tally.highest)
    expect_missing(tx, partner)


def expect_missing(tx: Transaction, partner: str) -> None:
    """Start the clock for serials that are missing: they may be on their way."""
    gaps = tx.serials.gaps(partner)
    if not gaps:
        tx.watch.end_alarms((AlarmKind.GAP,), partner, tx.now)
    for gap in gaps:
        due_at = tx.now + GAP_PATIENCE[gap.precedence]
        tx.watch.set_deadline(Step.GAP, partner, b"", gap.precedence.name, due_at)
        tx.announce(Announcement("watch", partner))
