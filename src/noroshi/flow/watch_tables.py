"""The tables of the watch: serials, deadlines, alarms, desks, comms checks.

Beside :mod:`noroshi.flow.tables`; :mod:`noroshi.flow.watch` and the acts of a report's life
write them.
"""

from collections.abc import Iterable
from typing import Protocol

from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.delivery.check import Tombstone
from noroshi.core.delivery.clocks import Step
from noroshi.core.instant import Instant
from noroshi.core.precedence import Precedence
from noroshi.flow.records import (
    DeskWatch,
    Due,
    Gap,
    LineCheck,
    LoggedWatch,
    OpenAlarm,
    PeopleCheck,
)


class SerialTable(Protocol):
    """Serial numbers given out and heard."""

    def next(self, partner: str, precedence: Precedence) -> int:
        """Return the next serial number for a partner at a precedence."""
        ...

    def highest(self, partner: str) -> tuple[tuple[int, int], ...]:
        """Return pairs of precedence and highest serial issued to a partner."""
        ...

    def begin_anew(self) -> None:
        """Count own serials from 1 again: another epoch begins."""
        ...

    def bury(self, partner: str, precedence: Precedence, number: int, code: str) -> None:
        """Note that no report will come with a serial."""
        ...

    def tombstones(self, partner: str, limit: int) -> tuple[Tombstone, ...]:
        """Return the newest serials that a partner may still wait for in vain."""
        ...

    def settle(self, partner: str, precedence: int, up_to: int, at: Instant) -> None:
        """Note that a partner has heard of tombstones."""
        ...

    def unsettle(self, partner: str, since: Instant) -> None:
        """Tell a partner again of tombstones that it heard of from then on."""
        ...

    def purge(self, before: Instant) -> None:
        """Forget tombstones that partners heard of before then."""
        ...

    def is_new(self, sender: str, epoch: int, precedence: Precedence, number: int) -> bool:
        """Note a serial number of a sender; say whether no report used it before."""
        ...

    def is_told(self, sender: str, epoch: int, highest: Iterable[tuple[int, int]]) -> None:
        """Note up to which serial a sender says it has issued, by precedence."""
        ...

    def is_void(self, sender: str, epoch: int, precedence: int, number: int, code: str) -> None:
        """Note that a sender says no report will come with a serial."""
        ...

    def settled(self, sender: str) -> tuple[tuple[int, int, int], ...]:
        """Return epoch, precedence and number up to which all of a sender's serials are here."""
        ...

    def gaps(self, sender: str) -> list[Gap]:
        """Return what is missing of a sender's serials."""
        ...


class WatchTable(Protocol):
    """What people must hear of, and when."""

    def set_deadline(
        self, step: Step, partner: str, report_id: bytes, desk: str, due_at: Instant
    ) -> None:
        """Add a deadline; one that is there already stays as it is."""
        ...

    def drop_deadlines(
        self, report_id: bytes, partner: str, desk: str, steps: Iterable[Step]
    ) -> None:
        """Take deadlines away: what they watched has happened."""
        ...

    def due(self, now: Instant, limit: int) -> list[Due]:
        """Return deadlines that have passed, and take them away."""
        ...

    def move_deadlines(self, by: int) -> None:
        """Let every deadline pass by so many microseconds later, but for the time of day itself."""
        ...

    def next_due(self) -> Instant | None:
        """Return when the next deadline passes."""
        ...

    def raise_alarm(self, alarm: Alarm) -> int | None:
        """Add an alarm; return its number, None if the same is open already."""
        ...

    def end_alarms(
        self, kinds: Iterable[AlarmKind], partner: str, at: Instant,
        report_id: bytes | None = None, desk: str | None = None, but_for: str | None = None,
    ) -> None:  # fmt: skip
        """End open alarms whose cause is gone, but for one with that detail."""
        ...

    def end_alarm(self, number: int, at: Instant) -> None:
        """End one alarm."""
        ...

    def take_alarm(self, number: int, by: str, at: Instant) -> bool:
        """Note who takes care of an alarm; say whether it is open."""
        ...

    def alarm(self, number: int) -> OpenAlarm | None:
        """Return the alarm of that number."""
        ...

    def alarms(self, *, is_open: bool = True, after: int = 0) -> list[OpenAlarm]:
        """Return alarms with numbers above `after`, the newest last."""
        ...

    def newest_alarm(self) -> int:
        """Return the highest number of an alarm, 0 before the first."""
        ...

    def overdue(self, partner: str, now: Instant) -> dict[str, int]:
        """Return by desk how many reports a partner has and has not answered in time."""
        ...

    def assign(
        self, report_id: bytes, desk: str, to_desk: str, at: Instant, by: str | None
    ) -> bool:
        """Give a report that came to `desk` to another desk too; say whether that is new."""
        ...

    def assignments(self, report_id: bytes) -> list[tuple[str, str]]:
        """Return which desk's report was given to which other desk."""
        ...

    def put_desk(self, watch: DeskWatch) -> None:
        """Keep the state of a desk, own or a partner's."""
        ...

    def desks(self, partner: str) -> list[DeskWatch]:
        """Return the desks of a partner whose state is known."""
        ...

    def log_watch(self, logged: LoggedWatch) -> None:
        """Add a line to the watch log of an own desk."""
        ...

    def watch_log(self, desk: str, limit: int) -> list[LoggedWatch]:
        """Return the newest lines of a desk's watch log, the newest first."""
        ...

    def people_check(self, me: str, partner: str) -> PeopleCheck | None:
        """Return the newest comms check that people made over a line, in either direction."""
        ...

    def add_check(self, partner: str, check: LineCheck) -> None:
        """Add a comms check to the history of a line; old ones are dropped."""
        ...

    def last_check(self, partner: str, *, outgoing: bool, good: bool) -> LineCheck | None:
        """Return the newest check of a line in one direction; with `good` the newest that went."""
        ...

    def checks(self, partner: str, limit: int) -> list[LineCheck]:
        """Return the newest checks of a line in both directions, the newest first."""
        ...
