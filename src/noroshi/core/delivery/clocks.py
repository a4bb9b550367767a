"""The clocks of people: by when a report must be delivered and acknowledged, and who is called.

    after a fifth of the time   the sender: it is not even delivered       UNDELIVERED
    after the time              the addressed desk's house: the next desk  NEXT_DESK
    after one and a half        the addressed desk's house: the officer    NEXT_OFFICER
    after twice the time        the sender: nobody has acknowledged        UNACKNOWLEDGED

The deadlines of a report are fixed when it is sent or received and stored with it; so each fires
once, over any number of crashes. Only action addressees owe an acknowledgement.
"""

from enum import Enum
from typing import Final

import msgspec

from noroshi.core.instant import HOUR, MINUTE, Instant
from noroshi.core.precedence import Precedence


class Step(Enum):
    """What is due when a deadline passes."""

    UNDELIVERED = "undelivered"
    NEXT_DESK = "next-desk"
    NEXT_OFFICER = "next-officer"
    UNACKNOWLEDGED = "unacknowledged"
    GAP = "gap"
    """Serials of a partner are missing."""
    RELEASE = "release"
    """A draft waits for a second person."""
    AGREEMENT = "agreement"
    """An agreement ends soon, or has ended; `desk` is its reference."""
    DIRECTORY = "directory"
    """A partner's directory grows stale; `desk` says how far."""
    REPORT = "report"
    """What a chain of ours still owes is to be looked at."""


class Clocks(msgspec.Struct, frozen=True):
    """The time to acknowledge by precedence, in microseconds."""

    flash: int = 10 * MINUTE
    immediate: int = 30 * MINUTE
    priority: int = 3 * HOUR
    routine: int = 6 * HOUR
    deferred: int = 24 * HOUR

    def allowed(self, precedence: Precedence) -> int:
        """Return how long a desk may take, in microseconds."""
        return {
            Precedence.FLASH: self.flash,
            Precedence.IMMEDIATE: self.immediate,
            Precedence.PRIORITY: self.priority,
            Precedence.ROUTINE: self.routine,
            Precedence.DEFERRED: self.deferred,
        }[precedence]


GAP_PATIENCE: Final = {
    Precedence.FLASH: MINUTE,
    Precedence.IMMEDIATE: 5 * MINUTE,
    Precedence.PRIORITY: 15 * MINUTE,
    Precedence.ROUTINE: HOUR,
    Precedence.DEFERRED: 6 * HOUR,
}
"""How long a missing serial may be on its way behind a later one, in microseconds."""

Deadline = tuple[Step, Instant]


def sender_deadlines(sent_at: Instant, allowed: int, *, is_action: bool) -> tuple[Deadline, ...]:
    """Return what the sender watches for one addressed desk."""
    delivered = (Step.UNDELIVERED, sent_at + allowed // 5)
    acknowledged = (Step.UNACKNOWLEDGED, sent_at + 2 * allowed)
    return (delivered, acknowledged) if is_action else (delivered,)


def receiver_deadlines(received_at: Instant, allowed: int) -> tuple[Deadline, ...]:
    """Return what the house of an addressed action desk watches."""
    return (
        (Step.NEXT_DESK, received_at + allowed),
        (Step.NEXT_OFFICER, received_at + allowed + allowed // 2),
    )


def next_desk(desks: tuple[str, ...], desk: str) -> str | None:
    """Return the desk that is called after `desk`: the next of the house, or None."""
    at = desks.index(desk) if desk in desks else -1
    following = desks[(at + 1) % len(desks)]
    return following if following != desk else None
