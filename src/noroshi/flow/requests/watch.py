"""Requests about the watch: lines, desks, alarms, what waits, what is carried."""

from noroshi.core.delivery.check import DeskState
from noroshi.flow.requests.base import Request


class CourierOut(Request, frozen=True, kw_only=True):
    """Pack all that waits for a partner into volumes of at most so many bytes."""

    to: str
    volume: int


class Alarms(Request, frozen=True, kw_only=True):
    """List the alarms, those that are open or all."""

    is_open: bool = True


class TakeAlarm(Request, frozen=True, kw_only=True):
    """Record who takes care of an alarm."""

    number: int
    by: str | None = None


class LineStates(Request, frozen=True, kw_only=True):
    """Say how each line is."""


class LineHistory(Request, frozen=True, kw_only=True):
    """List the newest comms checks of a line."""

    partner: str
    limit: int = 60


class Figures(Request, frozen=True, kw_only=True):
    """Say how soon reports are acknowledged, by whose desk and precedence, and what is sent."""

    days: int = 30
    """Of actual traffic of so many days."""


class Desks(Request, frozen=True, kw_only=True):
    """List the desks of this node, and who sits there."""


class SetDesk(Request, frozen=True, kw_only=True):
    """Say whether a desk of ours is staffed."""

    desk: str
    state: DeskState
    by: str | None = None
    note: str | None = None
    handed_by: str | None = None
    """Who hands the desk over; None where nobody does."""


class DeskLog(Request, frozen=True, kw_only=True):
    """List who watched a desk of ours."""

    desk: str
    limit: int = 100


class Assign(Request, frozen=True, kw_only=True):
    """Give a report that came in to another desk of the house too."""

    report: str
    desk: str
    from_desk: str | None = None
    """The desk that it came to; None where there is only one."""
    by: str | None = None


class Held(Request, frozen=True, kw_only=True):
    """List the reports that a restore keeps from going out."""


class SendHeld(Request, frozen=True, kw_only=True):
    """Let held reports go; none named: all."""

    by: str | None = None
    reports: tuple[str, ...] = ()
