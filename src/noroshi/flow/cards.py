"""Cards: a partner's is taken, or takes the place of an older one.

Part of adding a partner, and of hearing its directory, which names its newest card.
"""

from noroshi.core.directory.card import SignedCard
from noroshi.core.envelope.keys import Purpose
from noroshi.core.errors import ConflictError, InputError
from noroshi.core.partner import PartnerState
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.epochs import hear_epoch
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Announcement, KnownPartner
from noroshi.flow.revocations import check_succession, close_to
from noroshi.flow.tables import Transaction


def take_card(
    tx: Transaction, signed: SignedCard, entropy: Entropy, by: str | None = None
) -> KnownPartner:
    """Take a verified card: of a new partner, or a newer one under the same root.

    Raises:
        InputError: it is this node's own card.
        ConflictError: it is older than the one known, or another root signed it.
    """
    card, own = signed.card, tx.partners.own_card()
    if own is not None and card.partner == own.card.partner:
        msg = f"the card is for {card.partner}, which is this node itself"
        raise InputError("bad-card", msg)
    known = tx.partners.get(card.partner)
    kind = EntryKind.PARTNER_ADDED
    partner = KnownPartner(signed, PartnerState.UNVERIFIED, tx.now, None, None)
    if known is not None:
        if known.signed_card.raw == signed.raw:
            return known
        state = known.state
        if state is PartnerState.REVOKED:
            # New keys, and if the root was on the node a new root: people compare again.
            check_succession(tx, known.signed_card, signed)
            state = PartnerState.UNVERIFIED
        else:
            check_follows(known.signed_card, signed)
        if known.signed_card.card.root_digest != card.root_digest:
            tx.directories.forget(card.partner)
        hear_epoch(tx, card.partner, card.epoch, own.card.partner if own else "", entropy)
        if known.signed_card.card.key(Purpose.SEAL) != card.key(Purpose.SEAL):
            close_to(tx, card.partner)
        kind = EntryKind.PARTNER_UPDATED
        partner = KnownPartner(signed, state, known.added_at, known.verified_at, known.verified_by)
    tx.partners.put(partner)
    salt = entropy.draw(SALT_SIZE)
    tx.journal.append(new_entry(kind, tx.now, salt, card.partner, digest=signed.digest, by=by))
    tx.announce(Announcement("partner", card.partner))
    return partner


def check_follows(old: SignedCard, new: SignedCard) -> None:
    """Return if a card may take the place of one that is not revoked.

    Raises:
        ConflictError: it is older, or under another root key.
    """
    if old.card.root_digest != new.card.root_digest:
        msg = (
            f"the card for {new.card.partner} is signed by another root key than the one known: "
            "somebody may pretend to be them. Nothing was changed; ask them over another way"
        )
        raise ConflictError("root-changed", msg)
    if new.card.serial <= old.card.serial:
        msg = (
            f"a newer card of {new.card.partner} is already known (number {old.card.serial}, "
            f"this one has {new.card.serial}); nothing was changed"
        )
        raise ConflictError("card-older", msg)
