"""The chooser: which bearer goes to a partner now.

Who has no peer door, or polls at this moment, is handed things over when it polls; all others
are pushed to.
"""

from collections.abc import Sequence

from noroshi.adapters.bearers.pull import PullBearer
from noroshi.adapters.bearers.push import Outcome, PushBearer
from noroshi.core.delivery import pull
from noroshi.core.delivery.item import Lane
from noroshi.core.directory.card import Card


class ChoosingBearer:
    """Push or pull, by partner and moment."""

    def __init__(self, push: PushBearer, pull: PullBearer) -> None:
        self.name = "push"
        self._push = push
        self._pull = pull

    def bearer_of(self, card: Card) -> str:
        """Return the name of the bearer that goes to a partner now."""
        return self._to(card).name

    async def transmit(
        self, lane: Lane, card: Card, envelopes: list[bytes]
    ) -> Sequence[Outcome | pull.Outcome]:
        """Offer envelopes; return the outcome of each.

        Raises:
            UnavailableError: the partner could not be reached.
        """
        return await self._to(card).transmit(lane, card, envelopes)

    async def transmit_piece(self, card: Card, blob_id: bytes, offset: int, data: bytes) -> int:
        """Offer bytes of a blob; return how many bytes the partner holds.

        Raises:
            UnavailableError: the partner could not be reached.
        """
        return await self._to(card).transmit_piece(card, blob_id, offset, data)

    async def check(self, card: Card, raw: bytes) -> bytes:
        """Hand over this side's half of a comms check; return the other's.

        Raises:
            UnavailableError: the partner could not be reached.
        """
        return await self._to(card).check(card, raw)

    def _to(self, card: Card) -> PushBearer | PullBearer:
        is_pulled = not card.peer_url or self._pull.is_polling(card.partner)
        return self._pull if is_pulled else self._push
