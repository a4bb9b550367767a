"""The table of drafts (:class:`noroshi.flow.draft_tables.DraftTable`)."""

import msgspec

from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.rows import blob, integer
from noroshi.flow.draft_tables import KeptDraft
from noroshi.flow.plan import Plan


class SqliteDrafts:
    """Reports that wait to be released."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, draft: KeptDraft) -> None:
        """Add a draft."""
        self._db.run(
            "INSERT INTO draft (report, plan, drafted_at) VALUES (?, ?, ?)",
            (draft.plan.report_id, msgspec.msgpack.encode(draft.plan), draft.drafted_at),
        )

    def get(self, report_id: bytes) -> KeptDraft | None:
        """Return the draft of a report."""
        row = self._db.row("SELECT plan, drafted_at FROM draft WHERE report = ?", (report_id,))
        return None if row is None else _draft(row)

    def all(self) -> list[KeptDraft]:
        """Return all drafts, the oldest first."""
        rows = self._db.rows("SELECT plan, drafted_at FROM draft ORDER BY drafted_at, report")
        return [_draft(row) for row in rows]

    def remove(self, report_id: bytes) -> None:
        """Forget a draft."""
        self._db.run("DELETE FROM draft WHERE report = ?", (report_id,))

    def blob_ids(self) -> set[bytes]:
        """Return the attachments that drafts need."""
        return {file.blob_id for draft in self.all() for file in draft.plan.attachments}


def _draft(row: Row) -> KeptDraft:
    plan, drafted_at = row
    return KeptDraft(msgspec.msgpack.decode(blob(plan), type=Plan), integer(drafted_at))
