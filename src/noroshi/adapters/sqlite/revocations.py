"""The tables of revocations (:class:`noroshi.flow.revocation_tables.RevocationTable`)."""

from noroshi.adapters.sqlite.connection import Database
from noroshi.adapters.sqlite.rows import blob, integer, optional_integer, text
from noroshi.core.instant import Instant
from noroshi.flow.records import KeptRevocation, Quarantined


class SqliteRevocations:
    """Revocations of partners, and what came from revoked ones."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def of(self, partner: str) -> list[KeptRevocation]:
        """Return all revocations of a partner."""
        rows = self._db.rows(
            "SELECT root, card, since, until, by, reason, raw FROM revocation WHERE partner = ?",
            (partner,),
        )
        return [
            KeptRevocation(
                partner, blob(root), integer(card), integer(since), optional_integer(until),
                text(by), text(reason), blob(raw),
            )
            for root, card, since, until, by, reason, raw in rows
        ]  # fmt: skip

    def put(self, revocation: KeptRevocation) -> None:
        """Add a revocation, or replace that of the same card."""
        each = revocation
        self._db.run(
            "INSERT OR REPLACE INTO revocation"
            " (partner, root, card, since, until, by, reason, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                each.partner, each.root_digest, each.card, each.since, each.until, each.by,
                each.reason, each.raw,
            ),
        )  # fmt: skip

    def end(self, partner: str, at: Instant) -> None:
        """Note that a partner was verified again."""
        self._db.run(
            "UPDATE revocation SET until = ? WHERE partner = ? AND until IS NULL", (at, partner)
        )

    def hold(self, quarantined: Quarantined) -> bool:
        """Keep an envelope of a revoked partner; say whether it was not kept before."""
        each = quarantined
        self._db.run(
            "INSERT OR IGNORE INTO quarantine (digest, partner, card, raw, report, signed_at, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                each.digest,
                each.partner,
                each.card,
                each.raw,
                each.report_id,
                each.signed_at,
                each.at,
            ),
        )
        return self._db.changes() > 0

    def held(self) -> list[Quarantined]:
        """Return all envelopes that are kept."""
        rows = self._db.rows(
            "SELECT digest, partner, card, raw, report, signed_at, at FROM quarantine"
            " ORDER BY number"
        )
        return [
            Quarantined(
                blob(digest), text(partner), blob(card), blob(raw), blob(report),
                integer(signed_at), integer(at),
            )
            for digest, partner, card, raw, report, signed_at, at in rows
        ]  # fmt: skip

    def drop(self, digest: bytes) -> None:
        """Forget an envelope: a person has decided."""
        self._db.run("DELETE FROM quarantine WHERE digest = ?", (digest,))
