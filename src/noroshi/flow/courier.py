"""Courier: envelopes, receipts and blobs on files, for a partner whom no net reaches.

What a courier takes along stays in the outbox. A report leaves it when its receipt comes, an
attachment when a receipt says that it is held: as on every bearer. A receipt has no receipt
of its own; it leaves when the partner's next volume lists the set that carried it among those
imported completely. So whatever is lost on the way is simply carried again.

    pack        -> what waits is noted as carried by a new set
    issue       -> a volume is journalled before its bytes leave
    import      -> a durable volume is journalled; what the partner imported is settled
    finish      -> a set is imported; older sets of the partner that lack volumes are given up
"""

from collections.abc import Iterable

import msgspec

from noroshi.core.courier.volume import MAX_IMPORTED, READS_WITNESS, Placed, VolumeHead
from noroshi.core.delivery.item import Cargo, Item
from noroshi.core.errors import InputError
from noroshi.core.partner import PartnerState
from noroshi.core.precedence import Precedence
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.letters import make_letter
from noroshi.flow.ports import Entropy
from noroshi.flow.records import CourierVolume, Identity, KnownPartner
from noroshi.flow.tables import Tables, Transaction


class Packed(msgspec.Struct, frozen=True):
    """What a set takes along."""

    items: tuple[Item, ...]
    imported: tuple[bytes, ...]
    """Sets of the partner that were imported here, and that this node reads letters."""
    letter: bytes
    """What the set tells the partner of journals; b"": nothing."""


def verified(tables: Tables, partner: str) -> KnownPartner:
    """Return a partner with whom files may be exchanged.

    Raises:
        InputError: it is unknown or not verified.
    """
    known = tables.partners.get(partner)
    if known is None:
        msg = f"no partner {partner!r} is known; ask for its card: noroshi partner add FILE"
        raise InputError("unknown-partner", msg)
    if known.state is PartnerState.REVOKED:
        raise InputError("partner-revoked", f"{partner} is revoked, so nothing goes there")
    if known.state is not PartnerState.VERIFIED:
        msg = (
            f"{partner} is {known.state.value.lower()}, so nothing goes there or comes from there; "
            f"compare the sixty digits of 'noroshi partner number {partner}' with them"
        )
        raise InputError("partner-unverified", msg)
    return known


def sender(tables: Tables, partner: str) -> KnownPartner:
    """Return a partner whose files may be read; what is in those of a revoked one is held.

    Raises:
        InputError: it is unknown or not verified.
    """
    known = tables.partners.get(partner)
    if known is not None and known.state is PartnerState.REVOKED:
        return known
    return verified(tables, partner)


def pack(tx: Transaction, partner: str, set_id: bytes, identity: Identity) -> Packed:
    """Return all that waits for a partner, and note which receipts the set carries.

    Raises:
        InputError: the partner is unknown or not verified.
    """
    verified(tx, partner)
    items = tuple(tx.outbox.items(partner))
    receipts = [item.id for item in items if item.cargo is Cargo.RECEIPT]
    tx.courier.carry(partner, set_id, receipts)
    letter = make_letter(tx, partner, identity, tx.now)
    if letter:
        items += (Item(set_id, 0, Cargo.WITNESS, Precedence.IMMEDIATE, len(letter)),)
    imported = tx.courier.completed(partner, MAX_IMPORTED - 1)
    return Packed(items, (*imported, READS_WITNESS), letter)


def issue_volume(
    tx: Transaction, partner: str, digest: bytes, entropy: Entropy, by: str | None = None
) -> None:
    """Record a volume that is about to be given out."""
    salt = entropy.draw(SALT_SIZE)
    entry = new_entry(EntryKind.VOLUME_ISSUED, tx.now, salt, partner, digest=digest, by=by)
    tx.journal.append(entry)


def import_volume(
    tx: Transaction,
    head: VolumeHead,
    digest: bytes,
    loose: Iterable[Placed],
    entropy: Entropy,
    by: str | None = None,
) -> None:
    """Record a volume whose payload is durable, and settle what the partner has imported."""
    if not tx.courier.add_volume(volume_of(head), loose):
        return
    entry = new_entry(
        EntryKind.VOLUME_IMPORTED,
        tx.now,
        entropy.draw(SALT_SIZE),
        head.sender,
        digest=digest,
        by=by,
    )
    tx.journal.append(entry)
    if READS_WITNESS in head.imported:
        tx.witness.reads_letters(head.sender)
    settled = tx.courier.settle(head.sender, head.imported)
    if settled:
        tx.outbox.remove(head.sender, settled)


def finish_volume(tx: Transaction, volume: CourierVolume) -> list[CourierVolume]:
    """Record that a volume was applied; return the volumes whose payloads are needed no more.

    A set that is complete repeats what its sender's older sets held and had not been confirmed,
    so those of them that still lack volumes are given up.
    """
    tx.courier.mark_applied(volume.partner, volume.set_id, volume.number)
    others = tx.courier.volumes(volume.partner)
    here = [other for other in others if other.set_id == volume.set_id]
    if len(here) < volume.count or not all(other.applied for other in here):
        return []
    tx.courier.complete(volume.partner, volume.set_id)
    older = [other for other in others if other.created_at < volume.created_at]
    for set_id in {other.set_id for other in older}:
        tx.courier.drop(volume.partner, set_id)
    return here + older


def volume_of(head: VolumeHead) -> CourierVolume:
    """Return what is kept of a volume's head."""
    return CourierVolume(
        partner=head.sender,
        set_id=head.set_id,
        number=head.number,
        count=head.count,
        created_at=head.created_at,
        size=head.size,
        digest=head.digest,
    )
