"""The table of agreements (:class:`noroshi.flow.tables.AgreementTable`)."""

from functools import lru_cache

from noroshi.adapters.sqlite.connection import Database
from noroshi.adapters.sqlite.rows import blob, integer, text
from noroshi.core.agreement import Agreement, encode_agreement, parse_agreement
from noroshi.flow.records import KeptAgreement


class SqliteAgreements:
    """The agreements that this node goes by."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, kept: KeptAgreement) -> None:
        """Add an agreement, or replace the one of that reference."""
        self._db.run(
            "INSERT OR REPLACE INTO agreement (reference, raw, added_at, added_by)"
            " VALUES (?, ?, ?, ?)",
            (
                kept.agreement.reference,
                encode_agreement(kept.agreement),
                kept.added_at,
                kept.added_by,
            ),
        )

    def all(self) -> list[KeptAgreement]:
        """Return all agreements by reference."""
        rows = self._db.rows("SELECT raw, added_at, added_by FROM agreement ORDER BY reference")
        return [
            KeptAgreement(_parsed(blob(raw)), integer(added_at), text(added_by))
            for raw, added_at, added_by in rows
        ]


@lru_cache(maxsize=256)
def _parsed(raw: bytes) -> Agreement:
    return parse_agreement(raw)
