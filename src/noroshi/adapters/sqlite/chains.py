"""What refers to what: chains and answers (:class:`noroshi.flow.chain_tables.ChainTable`).

The reports of a chain are found by one statement and opened once, without their heads.
"""

from collections.abc import Collection
from typing import Final

from noroshi.adapters.sqlite.connection import Database, Value
from noroshi.adapters.sqlite.contents import Contents
from noroshi.adapters.sqlite.rows import blob, head_of, integer, optional_text, text
from noroshi.core.chains import MAX_FOLDED, MAX_FOLDED_BYTES, updated_by
from noroshi.core.instant import Instant
from noroshi.core.report import Content, decode_content
from noroshi.flow.chain_tables import ChainedReport, Referrer

_SHARED: Final = (
    "r.id, r.sender, r.kind, r.stored_at, r.created_at,"
    " CASE WHEN r.created_at IS NULL THEN r.signed_head END,"
    " CASE r.outgoing WHEN 1 THEN r.from_desk ELSE (SELECT group_concat(desk, ' ') FROM"
    " (SELECT a.desk FROM addressee a WHERE a.report = r.number AND a.incoming = 1"
    " UNION SELECT s.to_desk FROM assignment s WHERE s.report = r.id)) END,"
    " r.retention_key, r.slip"
)
_CHAINED: Final = (
    "WITH RECURSIVE chained (number) AS (SELECT number FROM report WHERE id = ?1"
    " UNION SELECT report FROM reference WHERE referred = ?1 AND is_update = 1"
    " UNION SELECT s.number FROM chained c JOIN report e ON e.number = c.number"
    " JOIN reference x ON x.referred = e.id JOIN report s ON s.number = x.report"
    " WHERE s.kind = 'supersession' AND s.sender = e.sender)"
)
_CHAIN: Final = (
    f"{_CHAINED} SELECT {_SHARED}, r.marking, r.sealed_content"  # noqa: S608 - ours
    " FROM chained JOIN report r USING (number) WHERE r.sender = ?2"
)
_REFERRERS: Final = (
    "SELECT DISTINCT r.number, r.id FROM reference x JOIN report r ON r.number = x.report"
    " WHERE x.referred IN (SELECT ?1 UNION SELECT e.id FROM reference y JOIN report e"
    " ON e.number = y.report WHERE y.referred = ?1 AND y.is_update = 1 AND e.sender = ?2)"
    " ORDER BY r.number"
)
_REFERRER: Final = f"SELECT {_SHARED}, r.from_desk FROM report r WHERE r.number = ?"  # noqa: S608 - ours


class SqliteChains:
    """What refers to what."""

    def __init__(self, database: Database, contents: Contents) -> None:
        self._db = database
        self._contents = contents

    def reports(self, first: bytes, sender: str) -> list[ChainedReport] | None:
        """Return a report of `sender`, what says that it updates it, and what superseded these.

        None: they are more, or larger, than is folded.
        """
        found: list[ChainedReport] = []
        room = MAX_FOLDED_BYTES
        for row in self._db.rows(_CHAIN, (first, sender)):
            report_id, _, _, stored_at, created_at, head, desks, key, slip, marking, sealed = row
            room -= 0 if sealed is None else len(blob(sealed))
            if room < 0 or len(found) == MAX_FOLDED:
                return None
            found.append(
                ChainedReport(
                    id=blob(report_id),
                    content=self._contents.content(blob(report_id), key, slip, sealed),
                    marking=text(marking),
                    created_at=_created(created_at, head),
                    stored_at=integer(stored_at),
                    desks=_desks(desks),
                )
            )
        return found

    def referrers(self, first: bytes, sender: str, but_for: Collection[bytes]) -> list[Referrer]:
        """Return what refers to a report of `sender` or to an update of it, in its order here."""
        found = list(self._db.rows(_REFERRERS, (first, sender)))
        others = [number for number, report_id in found if blob(report_id) not in but_for]
        return [
            Referrer(
                id=blob(report_id),
                sender=text(origin),
                from_desk=text(from_desk),
                kind=text(kind),
                subject=self._contents.subject(blob(report_id), key, slip),
                created_at=_created(created_at, head),
                stored_at=integer(stored_at),
                desks=_desks(desks),
            )
            for number in others
            for report_id, origin, kind, stored_at, created_at, head, desks, key, slip, from_desk
            in self._db.rows(_REFERRER, (number,))
        ]  # fmt: skip


def note_references(database: Database, number: int, content: Content) -> None:
    """Note what a report refers to, by its row's number."""
    updates = updated_by(content)
    referred = set(content.references)
    if updates is not None:
        referred.add(updates)
    database.run_many(
        "INSERT INTO reference (referred, report, is_update) VALUES (?, ?, ?)",
        [(each, number, each == updates) for each in referred],
    )


def fill_in_references(database: Database) -> None:
    """Note what the reports of earlier releases refer to; none of them is an update."""
    for number, husk in list(database.rows("SELECT number, husk FROM report")):
        note_references(database, integer(number), decode_content(blob(husk)))


def _created(created_at: Value, head: Value) -> Instant:
    return integer(created_at) if head is None else head_of(blob(head)).created_at


def _desks(desks: Value) -> tuple[str, ...]:
    return tuple((optional_text(desks) or "").split())
