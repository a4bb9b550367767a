"""Statements: what a node says to one partner by itself, in an envelope of its own.

Signed with the receipt keys, which speak for the node, and sealed to the key of the partner's card:
a partner that was restored must be able to read it.
"""

import msgspec

from noroshi.core import gate
from noroshi.core.delivery.item import Cargo, Item
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.seal import Draws, Outer, Recipient, seal
from noroshi.core.precedence import Precedence
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Identity, KnownPartner
from noroshi.flow.tables import Transaction


def routing(known: KnownPartner) -> tuple[tuple[str, bytes], ...]:
    """Return how a statement to a partner names it."""
    card = known.signed_card.card
    return ((card.partner, card.key(Purpose.SEAL).kid),)


def state(
    tx: Transaction,
    known: KnownPartner,
    head: msgspec.Struct,
    envelope_id: bytes,
    context: suite.Context,
    precedence: Precedence,
    identity: Identity,
    entropy: Entropy,
    beside: bytes = b"",
) -> bytes:
    """Queue a statement and what lies beside it; return the digest of what is signed."""
    card = known.signed_card.card
    profile, signers = identity.card.card.profile, identity.receipt_signers
    signed = cose.sign(gate.encode_struct(head), context, profile, signers)
    raw = seal(
        signed,
        beside,
        outer=Outer(envelope_id, precedence, None),
        recipients=[Recipient(card.key(Purpose.SEAL), b"")],
        draws=Draws(entropy.draw(suite.KEY_SIZE), entropy.draw(suite.IV_SIZE)),
        primitives=identity.primitives,
    )
    item = Item(envelope_id, 0, Cargo.RECEIPT, precedence, len(raw))
    tx.outbox.add(card.partner, item, raw, None, told=())
    return cose.digest(signed)
