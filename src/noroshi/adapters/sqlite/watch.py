"""The tables of the watch (:class:`noroshi.flow.watch_tables.WatchTable`)."""

from collections.abc import Iterable
from typing import Final

from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.rows import blob, integer, optional_integer, optional_text, text
from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.delivery.check import DeskState
from noroshi.core.delivery.clocks import Step
from noroshi.core.delivery.ladder import Rung
from noroshi.core.instant import Instant
from noroshi.flow.records import (
    DeskWatch,
    Due,
    LineCheck,
    LoggedWatch,
    OpenAlarm,
    PeopleCheck,
)

_KEPT_CHECKS: Final = 1000
"""Per line: ten days of a check every quarter of an hour."""
_LAST_CHECK: Final = (
    "SELECT outgoing, at, bearer, round_trip, code FROM comms_check"
    " WHERE partner = ? AND outgoing = ? ORDER BY number DESC LIMIT 1"
)
_LAST_GOOD_CHECK: Final = (
    "SELECT outgoing, at, bearer, round_trip, code FROM comms_check"
    " WHERE partner = ? AND outgoing = ? AND code IS NULL ORDER BY number DESC LIMIT 1"
)


class SqliteWatch:
    """What people must hear of, and when."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def set_deadline(
        self, step: Step, partner: str, report_id: bytes, desk: str, due_at: Instant
    ) -> None:
        """Add a deadline; one that is there already stays as it is."""
        self._db.run(
            "INSERT OR IGNORE INTO deadline (step, partner, report, desk, due_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (step.value, partner, report_id, desk, due_at),
        )

    def drop_deadlines(
        self, report_id: bytes, partner: str, desk: str, steps: Iterable[Step]
    ) -> None:
        """Take deadlines away: what they watched has happened."""
        self._db.run_many(
            "DELETE FROM deadline WHERE step = ? AND partner = ? AND report = ? AND desk = ?",
            [(step.value, partner, report_id, desk) for step in steps],
        )

    def due(self, now: Instant, limit: int) -> list[Due]:
        """Return deadlines that have passed, and take them away."""
        rows = self._db.rows(
            "SELECT step, partner, report, desk, due_at FROM deadline WHERE due_at <= ?"
            " ORDER BY due_at, partner, report, desk LIMIT ?",
            (now, limit),
        )
        found = [
            Due(Step(text(step)), text(partner), blob(report), text(desk), integer(due_at))
            for step, partner, report, desk, due_at in rows
        ]
        for due in found:
            self.drop_deadlines(due.report_id, due.partner, due.desk, (due.step,))
        return found

    def move_deadlines(self, by: int) -> None:
        """Let every deadline pass by so many microseconds later, but for the time of day itself."""
        statement = "UPDATE deadline SET due_at = due_at + ? WHERE step <> ?"
        self._db.run(statement, (by, Step.REPORT.value))

    def next_due(self) -> Instant | None:
        """Return when the next deadline passes."""
        return optional_integer(self._db.value("SELECT MIN(due_at) FROM deadline"))

    def raise_alarm(self, alarm: Alarm) -> int | None:
        """Add an alarm; return its number, None if the same is open already."""
        self._db.run(
            "INSERT OR IGNORE INTO alarm (kind, partner, report, desk, detail, at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                alarm.kind.value,
                alarm.partner,
                alarm.report_id or b"",
                alarm.desk or "",
                alarm.detail,
                alarm.at,
            ),
        )
        return self._db.last_number() if self._db.changes() else None

    def end_alarms(
        self, kinds: Iterable[AlarmKind], partner: str, at: Instant,
        report_id: bytes | None = None, desk: str | None = None, but_for: str | None = None,
    ) -> None:  # fmt: skip
        """End open alarms whose cause is gone, but for one with that detail."""
        if self._db.value("SELECT 1 FROM alarm WHERE ended_at IS NULL LIMIT 1") is None:
            return
        self._db.run_many(
            "UPDATE alarm SET ended_at = ? WHERE kind = ? AND partner = ? AND report = ?"
            " AND desk = ? AND detail IS NOT ? AND ended_at IS NULL",
            [(at, kind.value, partner, report_id or b"", desk or "", but_for) for kind in kinds],
        )

    def end_alarm(self, number: int, at: Instant) -> None:
        """End one alarm."""
        self._db.run("UPDATE alarm SET ended_at = ? WHERE number = ?", (at, number))

    def take_alarm(self, number: int, by: str, at: Instant) -> bool:
        """Note who takes care of an alarm; say whether it is open."""
        self._db.run(
            "UPDATE alarm SET taken_at = COALESCE(taken_at, ?), taken_by = COALESCE(taken_by, ?)"
            " WHERE number = ? AND ended_at IS NULL",
            (at, by, number),
        )
        return self._db.changes() > 0

    def alarm(self, number: int) -> OpenAlarm | None:
        """Return the alarm of that number."""
        row = self._db.row(
            "SELECT number, kind, partner, report, desk, detail, at, taken_at, taken_by, ended_at"
            " FROM alarm WHERE number = ?",
            (number,),
        )
        return None if row is None else _alarm(row)

    def alarms(self, *, is_open: bool = True, after: int = 0) -> list[OpenAlarm]:
        """Return alarms with numbers above `after`, the newest last."""
        rows = self._db.rows(
            "SELECT number, kind, partner, report, desk, detail, at, taken_at, taken_by, ended_at"
            " FROM alarm WHERE number > ? AND (ended_at IS NULL OR NOT ?) ORDER BY number",
            (after, is_open),
        )
        return [_alarm(row) for row in rows]

    def newest_alarm(self) -> int:
        """Return the highest number of an alarm, 0 before the first."""
        return optional_integer(self._db.value("SELECT MAX(number) FROM alarm")) or 0

    def overdue(self, partner: str, now: Instant) -> dict[str, int]:
        """Return by desk how many reports a partner has and has not answered in time."""
        # The deadline lies twice the time after the sending; half of the way is the time.
        rows = self._db.rows(
            "SELECT w.desk, COUNT(*) FROM ("
            " SELECT d.report, d.desk FROM deadline d JOIN report r ON r.id = d.report"
            " WHERE d.step = ?1 AND d.partner = ?2 AND d.due_at + r.stored_at <= 2 * ?3"
            " UNION SELECT report, desk FROM alarm"
            " WHERE kind = ?4 AND partner = ?2 AND ended_at IS NULL) w"
            " JOIN rung g ON g.report = w.report AND g.partner = ?2 AND g.desk = w.desk"
            " AND g.rung = ?5 GROUP BY w.desk",
            (
                Step.UNACKNOWLEDGED.value,
                partner,
                now,
                AlarmKind.UNACKNOWLEDGED.value,
                Rung.DELIVERED.value,
            ),
        )
        return {text(desk): integer(count) for desk, count in rows}

    def assign(
        self, report_id: bytes, desk: str, to_desk: str, at: Instant, by: str | None
    ) -> bool:
        """Give a report that came to `desk` to another desk too; say whether that is new."""
        self._db.run(
            "INSERT OR IGNORE INTO assignment (report, desk, to_desk, at, by)"
            " VALUES (?, ?, ?, ?, ?)",
            (report_id, desk, to_desk, at, by),
        )
        return self._db.changes() > 0

    def assignments(self, report_id: bytes) -> list[tuple[str, str]]:
        """Return which desk's report was given to which other desk."""
        rows = self._db.rows(
            "SELECT desk, to_desk FROM assignment WHERE report = ? ORDER BY 1, 2", (report_id,)
        )
        return [(text(desk), text(to_desk)) for desk, to_desk in rows]

    def put_desk(self, watch: DeskWatch) -> None:
        """Keep the state of a desk, own or a partner's."""
        self._db.run(
            "INSERT OR REPLACE INTO desk (partner, desk, state, officer, since)"
            " VALUES (?, ?, ?, ?, ?)",
            (watch.partner, watch.desk, watch.state.value, watch.officer, watch.since),
        )

    def desks(self, partner: str) -> list[DeskWatch]:
        """Return the desks of a partner whose state is known."""
        rows = self._db.rows(
            "SELECT desk, state, officer, since FROM desk WHERE partner = ? ORDER BY desk",
            (partner,),
        )
        return [
            DeskWatch(
                partner, text(desk), DeskState(text(state)), optional_text(officer), integer(since)
            )
            for desk, state, officer, since in rows
        ]

    def log_watch(self, logged: LoggedWatch) -> None:
        """Add a line to the watch log of an own desk."""
        self._db.run(
            "INSERT INTO watch_log (desk, state, officer, at, handed_by, note, open_reports)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                logged.desk,
                logged.state.value,
                logged.officer,
                logged.at,
                logged.handed_by,
                logged.note,
                logged.open_reports,
            ),
        )

    def watch_log(self, desk: str, limit: int) -> list[LoggedWatch]:
        """Return the newest lines of a desk's watch log, the newest first."""
        rows = self._db.rows(
            "SELECT state, officer, at, handed_by, note, open_reports FROM watch_log"
            " WHERE desk = ? ORDER BY number DESC LIMIT ?",
            (desk, limit),
        )
        return [
            LoggedWatch(
                desk,
                DeskState(text(state)),
                optional_text(officer),
                integer(at),
                optional_text(handed_by),
                optional_text(note),
                integer(open_reports),
            )
            for state, officer, at, handed_by, note, open_reports in rows
        ]

    def people_check(self, me: str, partner: str) -> PeopleCheck | None:
        """Return the newest comms check that people made over a line, in either direction."""
        row = self._db.row(
            "SELECT r.id, g.desk || '@' || g.partner, g.by, g.at FROM report r"
            " JOIN rung g ON g.report = r.id AND g.rung = ?1 WHERE r.kind = 'comms-check'"
            " AND ((r.sender = ?2 AND g.partner = ?3) OR (r.sender = ?3 AND g.partner = ?2))"
            " ORDER BY g.at DESC LIMIT 1",
            (Rung.ACKNOWLEDGED.value, me, partner),
        )
        if row is None:
            return None
        report_id, desk, by, at = row
        return PeopleCheck(blob(report_id), text(desk), optional_text(by), integer(at))

    def add_check(self, partner: str, check: LineCheck) -> None:
        """Add a comms check to the history of a line; old ones are dropped.

        Of many in a row that were missed in the same way the first and the last stand, so that a
        long cut does not push everything before it out of the history.
        """
        if check.code is not None:
            newest = list(
                self._db.rows(
                    "SELECT number, code FROM comms_check WHERE partner = ? AND outgoing = ?"
                    " ORDER BY number DESC LIMIT 2",
                    (partner, check.outgoing),
                )
            )
            if [code for _, code in newest] == [check.code] * 2:
                self._db.run(
                    "UPDATE comms_check SET at = ?, bearer = ? WHERE number = ?",
                    (check.at, check.bearer, newest[0][0]),
                )
                return
        self._db.run(
            "INSERT INTO comms_check (partner, outgoing, at, bearer, round_trip, code)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (partner, check.outgoing, check.at, check.bearer, check.round_trip, check.code),
        )
        number = self._db.last_number()
        if number % 100 == 0:
            self._db.run(
                "DELETE FROM comms_check WHERE partner = ?1 AND number <= (SELECT number FROM"
                " comms_check WHERE partner = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)",
                (partner, _KEPT_CHECKS),
            )

    def last_check(self, partner: str, *, outgoing: bool, good: bool) -> LineCheck | None:
        """Return the newest check of a line in one direction; with `good` the newest that went."""
        statement = _LAST_GOOD_CHECK if good else _LAST_CHECK
        row = self._db.row(statement, (partner, outgoing))
        return None if row is None else _check(row)

    def checks(self, partner: str, limit: int) -> list[LineCheck]:
        """Return the newest checks of a line in both directions, the newest first."""
        rows = self._db.rows(
            "SELECT outgoing, at, bearer, round_trip, code FROM comms_check WHERE partner = ?"
            " ORDER BY number DESC LIMIT ?",
            (partner, limit),
        )
        return [_check(row) for row in rows]


def _check(row: Row) -> LineCheck:
    outgoing, at, bearer, round_trip, code = row
    return LineCheck(
        bool(outgoing), integer(at), text(bearer), optional_integer(round_trip),
        optional_text(code),
    )  # fmt: skip


def _alarm(row: Row) -> OpenAlarm:
    number, kind, partner, report, desk, detail, at, taken_at, taken_by, ended_at = row
    return OpenAlarm(
        number=integer(number),
        alarm=Alarm(
            AlarmKind(text(kind)),
            text(partner),
            integer(at),
            blob(report) or None,
            text(desk) or None,
            text(detail),
        ),
        taken_at=optional_integer(taken_at),
        taken_by=optional_text(taken_by),
        ended_at=optional_integer(ended_at),
    )
