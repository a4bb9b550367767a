"""The tables of consents (:class:`noroshi.flow.consent_tables.ConsentTable`)."""

from typing import Final

from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.rows import blob, integer, text
from noroshi.core.consent import Asked, Scope, kept_grant
from noroshi.flow.consent_tables import EnclosedReport, KeptGrant, KeptRequest

_REQUEST: Final = (
    "SELECT request, originator, asker, desk, report, head_digest, audience, scope, reason, at"
    " FROM consent_request"
)
_GRANT: Final = "SELECT g.raw, g.request, g.at FROM consent_grant g"


class SqliteConsents:
    """Consents."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put_request(self, kept: KeptRequest) -> None:
        """Add a request; one that is there stays as it is."""
        asked = kept.asked
        self._db.run(
            "INSERT OR IGNORE INTO consent_request (request, originator, asker, desk, report,"
            " head_digest, audience, scope, reason, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                kept.request_id,
                kept.originator,
                kept.asker,
                kept.desk,
                asked.report_id,
                asked.head_digest,
                " ".join(asked.audience),
                asked.scope.value,
                asked.reason,
                kept.at,
            ),
        )

    def request(self, request_id: bytes) -> KeptRequest | None:
        """Return a request."""
        row = self._db.row(f"{_REQUEST} WHERE request = ?", (request_id,))
        return None if row is None else _request(row)

    def requests(self) -> list[KeptRequest]:
        """Return all requests, the newest first."""
        return [_request(row) for row in self._db.rows(f"{_REQUEST} ORDER BY at DESC, request")]

    def put_grant(self, kept: KeptGrant) -> bool:
        """Add a grant; say whether it was not there before."""
        signed = kept.signed
        self._db.run(
            "INSERT OR IGNORE INTO consent_grant (digest, request, head_digest, ends_at, raw, at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                signed.digest,
                kept.request_id,
                signed.grant.head_digest,
                signed.grant.ends_at,
                signed.raw,
                kept.at,
            ),
        )
        return bool(self._db.changes())

    def grant(self, digest: bytes) -> KeptGrant | None:
        """Return a grant."""
        row = self._db.row(f"{_GRANT} WHERE g.digest = ?", (digest,))
        return None if row is None else _grant(row)

    def grant_of(self, request_id: bytes) -> KeptGrant | None:
        """Return the newest grant that answers a request."""
        row = self._db.row(f"{_GRANT} WHERE g.request = ? ORDER BY g.at DESC", (request_id,))
        return None if row is None else _grant(row)

    def grants_about(self, head_digest: bytes) -> list[KeptGrant]:
        """Return the grants about a report, the one that ends last first."""
        rows = self._db.rows(
            f"{_GRANT} WHERE g.head_digest = ? ORDER BY g.ends_at DESC", (head_digest,)
        )
        return [_grant(row) for row in rows]

    def put_under(self, report_id: bytes, digest: bytes) -> None:
        """Note the grant under which a report of ours goes out."""
        self._db.run(
            "INSERT INTO under_consent (report, grant_digest) VALUES (?, ?)", (report_id, digest)
        )

    def under(self, report_id: bytes) -> KeptGrant | None:
        """Return the grant under which a report of ours goes out."""
        row = self._db.row(
            f"{_GRANT} JOIN under_consent u ON u.grant_digest = g.digest WHERE u.report = ?",
            (report_id,),
        )
        return None if row is None else _grant(row)

    def put_enclosed(self, report_id: bytes, enclosed: EnclosedReport) -> None:
        """Note what a report that came in encloses."""
        self._db.run(
            "INSERT INTO enclosed (report, original, head_digest, originator, from_desk, kind)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                report_id,
                enclosed.original,
                enclosed.head_digest,
                enclosed.originator,
                enclosed.from_desk,
                enclosed.kind,
            ),
        )

    def enclosed(self, report_id: bytes) -> EnclosedReport | None:
        """Return what a report encloses."""
        row = self._db.row(
            "SELECT original, head_digest, originator, from_desk, kind FROM enclosed"
            " WHERE report = ?",
            (report_id,),
        )
        if row is None:
            return None
        original, digest, originator, from_desk, kind = row
        return EnclosedReport(
            blob(original), blob(digest), text(originator), text(from_desk), text(kind)
        )

    def twins(self, report_id: bytes) -> list[bytes]:
        """Return the other reports that came in and say the same: directly, or enclosed."""
        # Asked of every report that comes in; hardly any has one.
        if not self._db.value(
            "SELECT EXISTS (SELECT 1 FROM enclosed WHERE report = ?1)"
            " OR EXISTS (SELECT 1 FROM enclosed WHERE original = ?1)",
            (report_id,),
        ):
            return []
        rows = self._db.rows(
            "WITH said AS (SELECT head_digest AS digest FROM enclosed WHERE report = ?1"
            " UNION SELECT e.head_digest FROM enclosed e JOIN report r ON r.id = e.original"
            " WHERE e.original = ?1 AND r.outgoing = 0 AND r.head_digest = e.head_digest)"
            " SELECT e.report FROM enclosed e JOIN said ON e.head_digest = said.digest"
            " WHERE e.report <> ?1"
            " UNION SELECT r.id FROM enclosed e CROSS JOIN report r ON r.id = e.original"
            " JOIN said ON r.head_digest = said.digest WHERE r.outgoing = 0 AND r.id <> ?1",
            (report_id,),
        )
        return [blob(twin) for (twin,) in rows]


def _request(row: Row) -> KeptRequest:
    request, originator, asker, desk, report, digest, audience, scope, reason, at = row
    asked = Asked(
        blob(report), blob(digest), tuple(text(audience).split()), Scope(text(scope)), text(reason)
    )
    return KeptRequest(blob(request), text(originator), text(asker), text(desk), asked, integer(at))


def _grant(row: Row) -> KeptGrant:
    raw, request, at = row
    return KeptGrant(kept_grant(blob(raw)), blob(request), integer(at))
