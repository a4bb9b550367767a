"""Prekeys: which key a partner is sealed to, own ones that come and go, and telling of them.

Part of sealing, of receiving, and of what :func:`noroshi.flow.renewal.renew` asks to be recorded.
"""

from collections.abc import Iterable

import msgspec

from noroshi.core.directory.prekeys import VERSION, Prekey, PrekeysHead
from noroshi.core.envelope import suite
from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.instant import HOUR, Instant
from noroshi.core.precedence import Precedence
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.epochs import epoch_known, hear_epoch
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Identity, KnownPartner
from noroshi.flow.statements import routing, state
from noroshi.flow.tables import Tables, Transaction

_MARGIN = HOUR
"""By how much a partner may destroy a key before we think so."""


class VerifiedPrekeys(msgspec.Struct, frozen=True):
    """A partner's statement of its prekeys, whose sender is proven."""

    head: PrekeysHead
    digest: bytes

    @property
    def precedence(self) -> Precedence:
        """How urgent it is to commit this."""
        return Precedence.DEFERRED


def seal_key(tables: Tables, known: KnownPartner, now: Instant) -> tuple[PublicKey, Instant | None]:
    """Return the key to seal to for a partner, and until when it opens; None: for ever."""
    card = known.signed_card.card
    prekey = tables.prekeys.of(card.partner, now)
    if prekey is None:
        return card.key(Purpose.SEAL), None
    return prekey.key, prekey.kept_until - _MARGIN


def change_own(
    tx: Transaction, made: Iterable[Prekey], gone: Iterable[Prekey], me: str, entropy: Entropy
) -> None:
    """Record own prekeys that were made, and those whose private halves were destroyed."""
    for prekey in gone:
        salt = entropy.draw(SALT_SIZE)
        entry = new_entry(EntryKind.PREKEY_DESTROYED, tx.now, salt, me, digest=prekey.digest)
        tx.journal.append(entry)
    tx.prekeys.drop_own(prekey.key.kid for prekey in gone)
    for prekey in made:
        salt = entropy.draw(SALT_SIZE)
        entry = new_entry(EntryKind.PREKEY_MADE, tx.now, salt, me, digest=prekey.digest)
        tx.journal.append(entry)
    tx.prekeys.add_own(made)


def tell_own(tx: Transaction, identity: Identity, entropy: Entropy) -> None:
    """Send the own prekeys that are in use to each verified partner that does not know them."""
    prekeys = tuple(prekey for prekey in tx.prekeys.own() if prekey.ends_at > tx.now)
    for partner in tx.prekeys.untold() if prekeys else ():
        known = tx.partners.get(partner)
        if known is not None:
            _tell(tx, known, prekeys, identity, entropy)


def _tell(
    tx: Transaction,
    known: KnownPartner,
    prekeys: tuple[Prekey, ...],
    identity: Identity,
    entropy: Entropy,
) -> None:
    partner = known.signed_card.card.partner
    head = PrekeysHead(
        version=VERSION,
        envelope_id=entropy.draw(suite.ID_SIZE),
        sender=identity.me,
        # The clock may have been set back since; the newest must be told from the others.
        created_at=max(tx.now, tx.prekeys.told_at(partner) + 1),
        expires_at=None,
        to=routing(known),
        epoch=identity.card.card.epoch,
        prekeys=prekeys,
    )
    digest = state(
        tx, known, head, head.envelope_id, suite.PREKEYS, Precedence.DEFERRED, identity, entropy
    )
    salt = entropy.draw(SALT_SIZE)
    tx.journal.append(new_entry(EntryKind.PREKEYS_TOLD, tx.now, salt, partner, digest=digest))
    tx.prekeys.is_told(partner, head.created_at)


def take_prekeys(tx: Transaction, told: VerifiedPrekeys, me: str, entropy: Entropy) -> None:
    """Seal to these prekeys of a partner from now on, if they are its newest."""
    head = told.head
    hear_epoch(tx, head.sender, head.epoch, me, entropy)
    # One of an older epoch was on its way while the partner was restored; its keys are lost.
    if head.epoch < epoch_known(tx, head.sender):
        return
    if (head.epoch, head.created_at) <= tx.prekeys.heard(head.sender):
        return
    tx.prekeys.take(head.sender, head.epoch, head.created_at, head.prekeys)
    salt = entropy.draw(SALT_SIZE)
    entry = new_entry(EntryKind.PREKEYS_TAKEN, tx.now, salt, head.sender, digest=told.digest)
    tx.journal.append(entry)
