"""The tables of reports, ladders and blobs (:class:`noroshi.flow.tables.ReportTable`)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from noroshi.adapters.sqlite.chains import note_references
from noroshi.adapters.sqlite.contents import destroyed
from noroshi.adapters.sqlite.lists import SqliteLists
from noroshi.adapters.sqlite.rows import blob, head_of, integer, text
from noroshi.core.delivery.ladder import ANSWERS, RungRecord
from noroshi.core.envelope.head import ReportHead
from noroshi.core.instant import Instant
from noroshi.core.marking.label import Marking
from noroshi.core.marking.whole import Part
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence
from noroshi.core.report import Change, decode_content
from noroshi.flow.records import Addressee, Failure, SentReport, StoredReport

_FLASH: Final = int(Precedence.FLASH)  # as in the index addressee_flash


class SqliteReports(SqliteLists):
    """Reports sent and received, and how far they got."""

    def add(self, report: StoredReport, addressees: Sequence[Addressee]) -> None:
        """Add a report with the desks that this node keeps a ladder for."""
        head, content = report.head, report.content
        self._db.run(
            "INSERT INTO report (id, envelope, outgoing, sender, signed_head, head_digest, salt,"
            " stored_at, entry_index, kind, marking, status, from_desk, areas,"
            " created_at, husk, retention_key, slip, sealed_content)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                report.id,
                head.envelope_id,
                report.outgoing,
                head.sender,
                report.signed_head,
                report.head_digest,
                report.salt,
                report.stored_at,
                report.entry_index,
                content.kind,
                head.marking,
                head.status.value,
                content.from_desk,
                " ".join(content.areas),
                head.created_at,
                *self._contents.of_report(report.id, content, report.stored_at),
            ),
        )
        number = self._db.last_number()
        note_references(self._db, number, content)
        self._db.run_many(
            "INSERT INTO addressee"
            " (report, partner, desk, is_action, precedence, serial, incoming, opening)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (number, a.desk.partner, a.desk.desk, a.is_action, a.precedence, a.serial,
                 not report.outgoing, a.opening)
                for a in addressees
            ],
        )  # fmt: skip

    def get(self, report_id: bytes) -> StoredReport | None:
        """Return a report."""
        row = self._db.row(
            "SELECT outgoing, signed_head, head_digest, salt, stored_at, entry_index, husk,"
            " retention_key, slip, sealed_content, doomed_by, destroyed_at"
            " FROM report WHERE id = ?",
            (report_id,),
        )
        if row is None:
            return None
        outgoing, signed_head, digest, salt, stored_at, entry_index, *sealed = row
        husk, key, slip, said, rule, at = sealed
        content = self._contents.content(report_id, key, slip, said)
        return StoredReport(
            id=report_id,
            outgoing=bool(outgoing),
            head=head_of(blob(signed_head)),
            signed_head=blob(signed_head),
            head_digest=blob(digest),
            salt=blob(salt),
            content=decode_content(blob(husk)) if content is None else content,
            stored_at=integer(stored_at),
            entry_index=integer(entry_index),
            destroyed=destroyed(rule, at) if content is None else None,
        )

    def head(self, report_id: bytes) -> ReportHead | None:
        """Return the head of a report, without reading what it says."""
        signed = self._db.value("SELECT signed_head FROM report WHERE id = ?", (report_id,))
        return None if signed is None else head_of(blob(signed))

    def drag(self, report_id: bytes, partner: str | None, parts: Iterable[Part]) -> None:
        """Note what a report drags along; None: to all that it addresses."""
        self._db.run_many(
            "INSERT OR IGNORE INTO dragged (report, partner, marking, name) VALUES (?, ?, ?, ?)",
            [(report_id, partner or "", str(part.marking), part.name) for part in parts],
        )

    def dragged(self, report_id: bytes, partner: str) -> list[Part]:
        """Return what a report drags along on its way to a partner."""
        rows = self._db.rows(
            "SELECT name, marking FROM dragged WHERE report = ? AND partner IN ('', ?)",
            (report_id, partner),
        )
        return [Part(text(name), Marking.parse(text(marking))) for name, marking in rows]

    def sent_to(self, report_id: bytes, desk: DeskAddress) -> SentReport | None:
        """Return a report that was sent to a desk."""
        row = self._db.row(
            "SELECT r.envelope, r.head_digest FROM report r JOIN addressee a ON a.report = r.number"
            " WHERE r.id = ? AND r.outgoing = 1 AND a.partner = ? AND a.desk = ?",
            (report_id, desk.partner, desk.desk),
        )
        return None if row is None else SentReport(blob(row[0]), blob(row[1]))

    def find(self, prefix: str) -> list[bytes]:
        """Return up to two ids whose text begins with `prefix`, or that enclose such a report."""
        digits = prefix.replace("-", "").lower()
        low = bytes.fromhex(digits.ljust(32, "0"))
        high = bytes.fromhex(digits.ljust(32, "f"))
        rows = self._db.rows(
            "SELECT id FROM report WHERE id BETWEEN ?1 AND ?2 UNION SELECT report FROM enclosed e"
            " WHERE original BETWEEN ?1 AND ?2"
            " AND NOT EXISTS (SELECT 1 FROM report r WHERE r.id = e.original) LIMIT 2",
            (low, high),
        )
        return [blob(report_id) for (report_id,) in rows]

    def addressees(self, report_id: bytes) -> list[Addressee]:
        """Return the desks of a report that this node keeps a ladder for."""
        rows = self._db.rows(
            "SELECT a.desk, a.partner, a.is_action, a.precedence, a.serial FROM addressee a"
            " JOIN report r ON r.number = a.report WHERE r.id = ?"
            " ORDER BY a.is_action DESC, a.partner, a.desk",
            (report_id,),
        )
        return [
            Addressee(
                desk=DeskAddress(text(desk), text(partner)),
                is_action=bool(is_action),
                precedence=Precedence(integer(precedence)),
                serial=integer(serial),
            )
            for desk, partner, is_action, precedence, serial in rows
        ]

    def opening(self, report_id: bytes, partner: str) -> bytes | None:
        """Return the encoded opening of the serial with which a report went to a partner."""
        row = self._db.value(
            "SELECT a.opening FROM addressee a JOIN report r ON r.number = a.report"
            " WHERE r.id = ? AND r.outgoing = 1 AND a.partner = ? LIMIT 1",
            (report_id, partner),
        )
        return None if row is None else blob(row)

    def precedence_at(self, report_id: bytes, desk: DeskAddress) -> Precedence:
        """Return the precedence at which a report goes to a desk; ROUTINE if it does not."""
        row = self._db.row(
            "SELECT a.precedence FROM addressee a JOIN report r ON r.number = a.report"
            " WHERE r.id = ? AND a.partner = ? AND a.desk = ?",
            (report_id, desk.partner, desk.desk),
        )
        return Precedence.ROUTINE if row is None else Precedence(integer(row[0]))

    def rise(self, report_id: bytes, desk: DeskAddress, records: Iterable[RungRecord]) -> None:
        """Add rungs; those already there stay as they are."""
        added = list(records)
        self._db.run_many(
            "INSERT OR IGNORE INTO rung (report, partner, desk, rung, at, by, note)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(report_id, desk.partner, desk.desk, r.rung.value, r.at, r.by, r.note) for r in added],
        )
        if any(record.rung in ANSWERS for record in added):
            self._db.run(
                "UPDATE addressee SET answered = 1 WHERE partner = ? AND desk = ?"
                " AND report = (SELECT number FROM report WHERE id = ?)",
                (desk.partner, desk.desk, report_id),
            )

    def add_change(self, sender: str, report_id: bytes, change: Change) -> None:
        """Note that a report of `sender` was changed by a later one of it."""
        self._db.run(
            "INSERT OR IGNORE INTO change (sender, report, by_report, kind, at)"
            " VALUES (?, ?, ?, ?, ?)",
            (sender, report_id, change.by_report, change.kind, change.at),
        )

    def failure(self, report_id: bytes, partner: str) -> Failure | None:
        """Return what last went wrong on the way to a partner."""
        row = self._db.row(
            "SELECT code, message, at FROM failure WHERE report = ? AND partner = ?",
            (report_id, partner),
        )
        return None if row is None else Failure(text(row[0]), text(row[1]), integer(row[2]))

    def set_failure(self, report_id: bytes, partner: str, failure: Failure | None) -> None:
        """Record what went wrong, or that it is well again."""
        if failure is None:
            self._db.run(
                "DELETE FROM failure WHERE report = ? AND partner = ?", (report_id, partner)
            )
        else:
            self._db.run(
                "INSERT OR REPLACE INTO failure (report, partner, code, message, at)"
                " VALUES (?, ?, ?, ?, ?)",
                (report_id, partner, failure.code, failure.message, failure.at),
            )

    def failing(self) -> dict[str, Failure]:
        """Return the newest failure by partner, where reports still wait."""
        rows = self._db.rows(
            "SELECT f.partner, f.code, f.message, MAX(f.at) FROM failure f"
            " JOIN outbox o ON o.partner = f.partner AND o.report = f.report"
            " WHERE o.left_at IS NULL GROUP BY f.partner"
        )
        return {
            text(partner): Failure(text(code), text(message), integer(at))
            for partner, code, message, at in rows
        }

    def flashes_since(self, sender: str, since: Instant) -> int:
        """Return how many FLASH reports came from a partner."""
        return integer(
            self._db.value(
                "SELECT COUNT(DISTINCT r.number) FROM addressee a JOIN report r"  # noqa: S608 - ours
                f" ON r.number = a.report WHERE a.incoming = 1 AND a.precedence = {_FLASH}"
                " AND a.report > (SELECT COALESCE(MAX(number), 0) - 500 FROM report)"
                " AND r.sender = ? AND r.stored_at > ?",
                (sender, since),
            )
        )

    def pointers(self) -> Iterator[tuple[int, bytes]]:
        """Yield entry index and id of every report."""
        for index, report_id in self._db.rows("SELECT entry_index, id FROM report"):
            yield integer(index), blob(report_id)

    def want_blob(self, report_id: bytes, blob_id: bytes, size: int, *, held: bool) -> None:
        """Note a blob that a report needs; `held` when it is here already."""
        self._db.run(
            "INSERT OR IGNORE INTO blob (id, report, size, held) VALUES (?, ?, ?, ?)",
            (blob_id, report_id, size, held),
        )

    def blob(self, blob_id: bytes, sender: str = "") -> tuple[str, int, bool] | None:
        """Return sender, size and whether it is held, of a blob that a report needs.

        Where reports of several partners need it, that of `sender` counts.
        """
        row = self._db.row(
            "SELECT r.sender, b.size, b.held FROM blob b JOIN report r ON r.id = b.report"
            " WHERE b.id = ? ORDER BY r.sender = ? DESC LIMIT 1",
            (blob_id, sender),
        )
        return None if row is None else (text(row[0]), integer(row[1]), bool(row[2]))

    def hold_blob(self, blob_id: bytes) -> list[bytes]:
        """Note that a blob is here; return the reports that need it."""
        rows = self._db.rows(
            "UPDATE blob SET held = 1 WHERE id = ? AND held = 0 RETURNING report", (blob_id,)
        )
        return [blob(report) for (report,) in rows]

    def held_blobs(self, report_id: bytes) -> int:
        """Return how many of a report's blobs are here."""
        return integer(
            self._db.value("SELECT COUNT(*) FROM blob WHERE report = ? AND held = 1", (report_id,))
        )

    def blob_ids(self) -> set[bytes]:
        """Return all blobs that reports need."""
        return {blob(blob_id) for (blob_id,) in self._db.rows("SELECT id FROM blob")}

    def set_remote_held(self, report_id: bytes, partner: str, count: int) -> None:
        """Note how many attachments a partner says it holds."""
        if count == 0:
            return
        self._db.run(
            "INSERT INTO remote_held (report, partner, count) VALUES (?1, ?2, ?3)"
            " ON CONFLICT DO UPDATE SET count = MAX(count, ?3)",
            (report_id, partner, count),
        )

    def remote_held(self, report_id: bytes, partner: str) -> int:
        """Return how many attachments a partner holds."""
        row = self._db.value(
            "SELECT count FROM remote_held WHERE report = ? AND partner = ?", (report_id, partner)
        )
        return 0 if row is None else integer(row)
