"""A clock that whoever uses a node sets."""

from typing import Final

from noroshi.core.instant import MINUTE

NOW: Final = 1_795_316_404_000_000


class SetClock:
    """A clock (:class:`noroshi.flow.ports.SteppedClock`) that goes on when it is told to."""

    def __init__(self, at: int = NOW) -> None:
        self.at = at

    def now(self) -> int:
        return self.at

    def drift(self) -> int:
        return 0

    def follow(self, drift: int) -> None:
        self.at += drift

    def go_on(self, minutes: float) -> None:
        self.at += round(minutes * MINUTE)
