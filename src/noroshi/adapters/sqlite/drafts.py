"""The table of drafts (:class:`noroshi.flow.draft_tables.DraftTable`)."""

from collections.abc import Iterator

from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.contents import Contents
from noroshi.adapters.sqlite.rows import blob, integer
from noroshi.core.envelope.suite import DIGEST_SIZE
from noroshi.flow.draft_tables import KeptDraft

_SEALED = "report, retention_key, slip, sealed_plan, drafted_at"


class SqliteDrafts:
    """Reports that wait to be released."""

    def __init__(self, database: Database, contents: Contents) -> None:
        self._db = database
        self._contents = contents

    def put(self, draft: KeptDraft) -> None:
        """Add a draft."""
        self._db.run(
            "INSERT INTO draft (report, drafted_at, blobs, retention_key, slip, sealed_plan)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                draft.plan.report_id,
                draft.drafted_at,
                *self._contents.of_draft(draft.plan, draft.drafted_at),
            ),
        )

    def get(self, report_id: bytes) -> KeptDraft | None:
        """Return the draft of a report."""
        row = self._db.row(f"SELECT {_SEALED} FROM draft WHERE report = ?", (report_id,))  # noqa: S608 - ours
        return None if row is None else next(self._opened(row), None)

    def all(self) -> list[KeptDraft]:
        """Return all drafts that can be read, the oldest first."""
        rows = self._db.rows(f"SELECT {_SEALED} FROM draft ORDER BY drafted_at, report")  # noqa: S608 - ours
        return [draft for row in rows for draft in self._opened(row)]

    def ids(self) -> list[bytes]:
        """Return the reports that wait."""
        return [blob(report_id) for (report_id,) in self._db.rows("SELECT report FROM draft")]

    def remove(self, report_id: bytes) -> None:
        """Forget a draft."""
        self._db.run("DELETE FROM draft WHERE report = ?", (report_id,))

    def blob_ids(self) -> set[bytes]:
        """Return the attachments that drafts need."""
        packed = b"".join(blob(blobs) for (blobs,) in self._db.rows("SELECT blobs FROM draft"))
        return {packed[at : at + DIGEST_SIZE] for at in range(0, len(packed), DIGEST_SIZE)}

    def _opened(self, row: Row) -> Iterator[KeptDraft]:
        report_id, name, slip, sealed, drafted_at = row
        plan = self._contents.plan(blob(report_id), name, slip, sealed)
        if plan is not None:
            yield KeptDraft(plan, integer(drafted_at))
