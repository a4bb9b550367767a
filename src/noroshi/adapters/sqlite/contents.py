"""What reports and drafts say, on its way into columns and out of them: sealed by the archive.

Subjects lie on the slips that hold the keys, so that a list opens them without the bodies.
"""

from typing import Final

import msgspec

from noroshi.adapters.sqlite.connection import Database, Value
from noroshi.adapters.sqlite.rows import blob, integer, optional_integer, optional_text, text
from noroshi.core.report import Content, decode_content, encode_content, husk_of
from noroshi.flow.plan import Plan
from noroshi.flow.ports import Archive
from noroshi.flow.retention_tables import Destroyed

_REPORT: Final = b"report/"
_DRAFT: Final = b"draft/"

KEY_LOST: Final = Destroyed(None, "")


class Contents:
    """The sealed columns of the tables of reports and drafts."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def of_report(self, report_id: bytes, content: Content, at: int) -> tuple[Value, ...]:
        """Return husk, retention_key, slip and sealed_content."""
        subject, said = content.subject.encode(), encode_content(content)
        sealed = self._archive.seal(at, _REPORT + report_id, subject, said)
        return encode_content(husk_of(content)), sealed.retention_key, sealed.slip, sealed.text

    def content(self, report_id: bytes, name: Value, slip: Value, sealed: Value) -> Content | None:
        """Return what a report says; None: it cannot be read any more."""
        said = self._open(_REPORT + report_id, name, slip, sealed)
        return None if said is None else decode_content(said)

    def subject(self, report_id: bytes, name: Value, slip: Value) -> str | None:
        """Return the subject of a report; None: it cannot be read any more."""
        if name is None:
            return None
        said = self._archive.label(text(name), blob(slip), _REPORT + report_id)
        return None if said is None else said.decode()

    def of_draft(self, plan: Plan, at: int) -> tuple[Value, ...]:
        """Return blobs, retention_key, slip and sealed_plan."""
        packed = msgspec.msgpack.encode(plan)
        sealed = self._archive.seal(at, _DRAFT + plan.report_id, b"", packed)
        blobs = b"".join(file.blob_id for file in plan.attachments)
        return blobs, sealed.retention_key, sealed.slip, sealed.text

    def plan(self, report_id: bytes, name: Value, slip: Value, sealed: Value) -> Plan | None:
        """Return a draft's plan; None: its key is not on this disk."""
        packed = self._open(_DRAFT + report_id, name, slip, sealed)
        return None if packed is None else msgspec.msgpack.decode(packed, type=Plan)

    def rewrapped_report(self, report_id: bytes, name: str, slip: bytes, to: str) -> bytes | None:
        """Return the slip of a report under another retention key."""
        return self._archive.rewrap(name, slip, _REPORT + report_id, to)

    def rewrapped_draft(self, report_id: bytes, name: str, slip: bytes, to: str) -> bytes | None:
        """Return the slip of a draft under another retention key."""
        return self._archive.rewrap(name, slip, _DRAFT + report_id, to)

    def _open(self, owner: bytes, name: Value, slip: Value, sealed: Value) -> bytes | None:
        if name is None:
            return None
        return self._archive.open(text(name), blob(slip), owner, blob(sealed))


def destroyed(doomed_by: Value, destroyed_at: Value) -> Destroyed:
    """Return why a report cannot be read any more."""
    rule = optional_text(doomed_by)
    return KEY_LOST if rule is None else Destroyed(optional_integer(destroyed_at), rule)


def seal_what_is_plain(database: Database, archive: Archive) -> None:
    """Seal what earlier releases stored in the clear, each under a key of its own day."""
    contents = Contents(archive)
    numbers = [integer(number) for (number,) in database.rows("SELECT number FROM report")]
    for number in numbers:
        row = database.row("SELECT id, content, stored_at FROM report WHERE number = ?", (number,))
        report_id, content, at = row or (None, None, None)
        said = decode_content(blob(content))
        database.run(
            "UPDATE report SET husk = ?, retention_key = ?, slip = ?, sealed_content = ?,"
            " content = zeroblob(length(content)), subject = ''"
            " WHERE number = ?",
            (*contents.of_report(blob(report_id), said, integer(at)), number),
        )
    for plan, at in list(database.rows("SELECT plan, drafted_at FROM draft")):
        draft = msgspec.msgpack.decode(blob(plan), type=Plan)
        database.run(
            "UPDATE draft SET blobs = ?, retention_key = ?, slip = ?, sealed_plan = ?,"
            " plan = zeroblob(length(plan)) WHERE report = ?",
            (*contents.of_draft(draft, integer(at)), draft.report_id),
        )
