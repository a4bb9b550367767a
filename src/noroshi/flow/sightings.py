"""Sightings: what partners have signed to have seen of a node's journal."""

from collections.abc import Iterable
from contextlib import suppress

import msgspec

from noroshi.core.directory.card import Card
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.primitives import Primitives
from noroshi.core.errors import InputError, MalformedError
from noroshi.core.instant import Instant
from noroshi.core.tlog.checkpoint import epoch_of, parse_note
from noroshi.core.tlog.cosignature import note_in, verify_cosigned


class Witnessed(msgspec.Struct, frozen=True):
    """What a partner signed to have seen of this journal."""

    partner: str
    size: int
    root: bytes
    at: Instant | None = None
    """When it signed that, or when that came; None: not known."""
    is_cosigned: bool = False
    """It has verified that the journal goes on from all that it saw before."""


class Sighting(msgspec.Struct, frozen=True):
    """How much of this journal a partner has signed to have seen, and that still stands so."""

    size: int
    at: Instant | None
    cosigned: int = 0
    """The largest size that it cosigned; 0: none."""
    cosigned_at: Instant | None = None


def cosigned_in(
    cosigned: bytes, card: Card, cards: Iterable[Card], primitives: Primitives
) -> tuple[Witnessed, ...]:
    """Return what the nodes of `cards` have cosigned of the journal of the node of `card`.

    Raises:
        InputError: nothing in it verifies.
    """
    views: list[Witnessed] = []
    for witness in cards:
        with suppress(MalformedError):
            views.append(cosigned_view(cosigned, card, witness, primitives))
    if not views:
        msg = f"it is no checkpoint of {card.partner} that a partner known here has cosigned"
        raise InputError("bad-proof", msg)
    return tuple(views)


def cosigned_view(cosigned: bytes, card: Card, witness: Card, primitives: Primitives) -> Witnessed:
    """Return what a witness has cosigned of the journal of the node of `card`, in any epoch.

    Raises:
        MalformedError: it is no checkpoint of that node, or not cosigned by that witness.
    """
    origin = parse_note(note_in(cosigned)).origin
    if epoch_of(origin, card.partner) > card.epoch:
        msg = f"it needs a newer card of {card.partner}, which was restored from a backup"
        raise MalformedError(msg)
    keys = (card.key(Purpose.JOURNAL), witness.partner, witness.key(Purpose.JOURNAL))
    seen = verify_cosigned(cosigned, origin, *keys, primitives)
    size, root = seen.checkpoint.size, seen.checkpoint.root
    return Witnessed(witness.partner, size, root, seen.at, is_cosigned=True)
