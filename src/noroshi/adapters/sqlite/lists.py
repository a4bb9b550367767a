"""Lists of reports: what came in, what was sent, and how far each got."""

import json
from collections.abc import Sequence
from typing import Final

from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.contents import Contents
from noroshi.adapters.sqlite.rows import blob, integer, optional_text, text
from noroshi.core.delivery.ladder import Ladder, Rung, RungRecord, merge
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence
from noroshi.core.report import Change
from noroshi.flow.records import InboxRow

_AT_DESKS: Final = (
    "(a.desk IN (SELECT value FROM json_each(?1)) OR EXISTS (SELECT 1 FROM report g"
    " JOIN assignment s ON s.report = g.id WHERE g.number = a.report AND s.desk = a.desk"
    " AND s.to_desk IN (SELECT value FROM json_each(?1))))"
)
"""An addressee is one of some desks, or one of them was given what came to it."""


class SqliteLists:
    """Reports, as they are listed."""

    def __init__(self, database: Database, contents: Contents) -> None:
        self._db = database
        self._contents = contents

    def ladder(self, report_id: bytes, desk: DeskAddress) -> Ladder:
        """Return how far a report got at a desk."""
        rows = self._db.rows(
            "SELECT rung, at, by, note FROM rung WHERE report = ? AND partner = ? AND desk = ?",
            (report_id, desk.partner, desk.desk),
        )
        return merge((), map(_record, rows))

    def changes(self, sender: str, report_id: bytes) -> tuple[Change, ...]:
        """Return what changed a report, the earliest first."""
        rows = self._db.rows(
            "SELECT at, by_report, kind FROM change WHERE sender = ? AND report = ?",
            (sender, report_id),
        )
        found = [Change(text(kind), blob(by), integer(at)) for at, by, kind in rows]
        return tuple(sorted(found, key=lambda change: (change.at, change.by_report)))

    def inbox(
        self,
        desks: Sequence[str] | None = None,
        *,
        answered: bool | None = None,
        limit: int | None = None,
    ) -> list[InboxRow]:
        """Return received reports, the most urgent first; of answered ones alone, the newest.

        A report that came enclosed is not listed where its desk has it otherwise as well.
        """
        order = "r.number DESC" if answered else "a.precedence DESC, r.number"
        whose = " AND ".join(
            (
                "a.incoming = 1",
                *(() if answered is None else (f"a.answered = {int(answered)}",)),
                *(() if desks is None else (_AT_DESKS,)),
            )
        )
        rows = self._db.rows(
            f"WITH a AS MATERIALIZED (SELECT a.* FROM addressee a WHERE {whose}"  # noqa: S608 - of constants
            f" ORDER BY {order.replace('r.number', 'a.report')} LIMIT ?2)"
            " SELECT r.id, r.sender, r.from_desk, a.partner, a.desk, a.precedence, r.status,"
            " r.kind, r.marking, r.retention_key, r.slip, r.stored_at,"
            " (SELECT group_concat(s.to_desk, ' ') FROM assignment s"
            " WHERE s.report = r.id AND s.desk = a.desk),"
            " EXISTS (SELECT 1 FROM revocation v WHERE v.partner = r.sender"
            " AND v.since <= r.stored_at AND (v.until IS NULL OR r.stored_at < v.until)),"
            " (SELECT x.referred FROM reference x WHERE x.report = r.number AND x.is_update = 1"
            " AND NOT EXISTS (SELECT 1 FROM report u WHERE u.id = x.referred"
            " AND u.sender <> r.sender)),"
            " a.is_action, e.originator, e.from_desk, e.kind, e.original"
            " FROM a JOIN report r ON r.number = a.report"
            " LEFT JOIN enclosed e ON e.report = r.id"
            " WHERE NOT EXISTS (SELECT 1 FROM report d"
            " CROSS JOIN addressee b ON b.report = d.number"
            " WHERE d.id = e.original AND d.head_digest = e.head_digest AND b.partner = a.partner"
            " AND b.desk = a.desk AND b.incoming = 1)"
            # CROSS JOIN: begun with the addressees, this would read all of them for each row.
            " AND NOT EXISTS (SELECT 1 FROM enclosed f CROSS JOIN report d ON d.id = f.report"
            " CROSS JOIN addressee b ON b.report = d.number WHERE f.head_digest = e.head_digest"
            " AND d.number < r.number AND b.partner = a.partner AND b.desk = a.desk"
            " AND b.incoming = 1)"
            f" ORDER BY {order}",
            (json.dumps(desks), -1 if limit is None else limit),
        )
        return [self._inbox_row(row[:-4], row[-4:]) for row in rows]

    def sent(self, desks: Sequence[str] | None, limit: int) -> list[bytes]:
        """Return the ids of the newest reports that one of `desks` (None: any) has sent."""
        rows = self._db.rows(
            "WITH a AS MATERIALIZED (SELECT DISTINCT report FROM addressee WHERE incoming = 0"
            " ORDER BY report DESC)"
            " SELECT r.id FROM a CROSS JOIN report r ON r.number = a.report"
            " WHERE ?1 = 'null' OR r.from_desk IN (SELECT value FROM json_each(?1))"
            " LIMIT ?2",
            (json.dumps(desks), limit),
        )
        return [blob(row[0]) for row in rows]

    def _inbox_row(self, row: Row, enclosed: Row) -> InboxRow:
        report_id, sender, from_desk, partner, desk, precedence, *words = row
        status, kind, marking, key, slip, at, given, suspect, updates, is_action = words
        subject = self._contents.subject(blob(report_id), key, slip)
        originator, writer, enclosed_kind, original = enclosed
        is_enclosed = originator is not None
        changes = self.changes(text(sender), blob(report_id))
        if is_enclosed:
            changes += self.changes(text(originator), blob(original))
        return InboxRow(
            report_id=blob(report_id),
            sender=text(originator if is_enclosed else sender),
            from_desk=text(writer if is_enclosed else from_desk),
            desk=text(desk),
            precedence=Precedence(integer(precedence)),
            status=text(status),
            kind=text(enclosed_kind if is_enclosed else kind),
            subject=subject or "",
            marking=text(marking),
            received_at=integer(at),
            ladder=self.ladder(blob(report_id), DeskAddress(text(desk), text(partner))),
            assigned_to=tuple((optional_text(given) or "").split()),
            changes=changes,
            by_way_of=text(sender) if is_enclosed else None,
            is_suspect=bool(suspect),
            is_destroyed=subject is None,
            is_action=bool(is_action),
            updates=None if updates is None else blob(updates),
        )


def _record(row: Row) -> RungRecord:
    rung, at, by, note = row
    return RungRecord(Rung(text(rung)), integer(at), optional_text(by), optional_text(note))
