"""Witness: the journals of partners as this node has seen them, and this one as they have.

Part of taking a report or a receipt: both carry checkpoints. A checkpoint that came so is a claim,
which the partner has to prove in the next comms checks (:mod:`noroshi.flow.cosign`).
"""

import hashlib

import msgspec

from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.delivery.receipt import ReceiptHead
from noroshi.core.envelope.keys import Purpose
from noroshi.core.errors import MalformedError
from noroshi.core.tlog.checkpoint import epoch_of, origin_of, parse_note, verify_note
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.core.tlog.merkle import tree_at
from noroshi.flow.alarms import raise_alarm
from noroshi.flow.epochs import epoch_known
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Announcement, Identity
from noroshi.flow.tables import Transaction
from noroshi.flow.witness_tables import Conflict, Proven


def note_checkpoint(
    tx: Transaction, partner: str, note: bytes, identity: Identity, entropy: Entropy
) -> None:
    """Keep a partner's checkpoint if it goes on from the one held; journal one that does not.

    One of an older epoch was on its way while the partner was restored, and says nothing; the
    first of a newer one begins afresh.
    """
    held = tx.witness.peer_note(partner)
    if not note or note == held:
        return
    known = tx.partners.get(partner)
    if known is None:
        return
    card = known.signed_card.card
    try:
        epoch = epoch_of(parse_note(note).origin, partner)
        origin = origin_of(partner, epoch)
        new = verify_note(note, origin, card.key(Purpose.JOURNAL), identity.primitives)
    except MalformedError:
        _suspect(tx, partner, note, "malformed", entropy)
        return
    if epoch < epoch_known(tx, partner):
        return
    old = parse_note(held) if held else None
    if old is None or old.origin != new.origin or new.size > old.size:
        tx.witness.put_peer_note(partner, note, tx.now)
    elif new.size < old.size:
        tx.witness.claim(partner, note, tx.now)  # late, or of another journal: to be proven
    elif new.root != old.root:
        _suspect(tx, partner, note, "duplicate-id", entropy)
        detail = f"two roots of {new.size:,} entries"
        find_conflict(tx, partner, (held, note), detail, identity, entropy)


def find_conflict(
    tx: Transaction,
    partner: str,
    notes: tuple[bytes, bytes],
    detail: str,
    identity: Identity,
    entropy: Entropy,
) -> None:
    """Keep two checkpoints that contradict each other as evidence, and call somebody.

    The partner is cosigned no more, as long as its journal has this name.
    """
    before = tx.witness.proven(partner) or Proven(b"", tx.now)
    tx.witness.put_proven(partner, msgspec.structs.replace(before, is_broken=True))
    tx.witness.keep_conflict(Conflict(partner, *notes, tx.now))
    alarm = Alarm(AlarmKind.JOURNAL_CONFLICT, partner, tx.now, detail=detail)
    raise_alarm(tx, alarm, identity.me, entropy)


def compare_own(
    tx: Transaction, partner: str, note: bytes, identity: Identity, entropy: Entropy
) -> None:
    """Compare this journal with the end of it that a partner has seen, and call if it is gone.

    A disk that lied about what was durable, or the copy of an old one, shows here at the first
    contact. What this node did not sign in its present epoch says nothing.
    """
    card = identity.card.card
    origin, key = origin_of(identity.me, card.epoch), card.key(Purpose.JOURNAL)
    try:
        if tx.journal.note(parse_note(note).size) == note:
            return
        seen = verify_note(note, origin, key, identity.primitives)
    except MalformedError:
        return
    size = tx.journal.size
    if seen.size <= size and tree_at(seen.size, tx.journal.node).root == seen.root:
        return
    detail = f"{partner} has seen {seen.size:,} entries of it, signed by this node"
    alarm = Alarm(AlarmKind.LOST_TAIL, partner, tx.now, detail=detail)
    raise_alarm(tx, alarm, identity.me, entropy)


def view_of(tx: Transaction, head: ReceiptHead) -> tuple[int, bytes]:
    """Return size and root of this journal that a receipt's issuer has seen; 0 for none of it.

    After a restore a partner who has not heard of it yet signs what it saw of the lost end.
    That is no contradiction; from the first view on that reaches beyond the backup it would be.
    """
    view = (head.seen_size, head.seen_root)
    opened = tx.epochs.opened()
    if opened is None or head.seen_size <= opened.size:
        return view
    size = tx.journal.size
    if head.seen_size <= size and tree_at(head.seen_size, tx.journal.node).root == head.seen_root:
        tx.epochs.is_seen(head.sender, head.created_at)
        return view
    since = tx.epochs.seen_since(head.sender)
    return view if since is not None and head.created_at >= since else (0, b"")


def _suspect(tx: Transaction, partner: str, note: bytes, code: str, entropy: Entropy) -> None:
    """Journal a checkpoint that cannot be right."""
    salt, digest = entropy.draw(SALT_SIZE), hashlib.sha256(note).digest()
    tx.journal.append(new_entry(EntryKind.REFUSED, tx.now, salt, partner, digest=digest, code=code))
    tx.announce(Announcement("refused", partner))
