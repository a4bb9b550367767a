"""Views: all reads, as values that a screen or a machine can show."""

from collections.abc import Iterable

import msgspec
from msgspec import structs

from noroshi.core.compact.content import open_content
from noroshi.core.consent import Grant, kept_grant
from noroshi.core.delivery.ladder import Ladder, Rung, highest
from noroshi.core.enclosure import head_of, read_enclosure
from noroshi.core.envelope.head import ReportHead
from noroshi.core.errors import InputError, NotFoundError
from noroshi.core.instant import Instant, to_text
from noroshi.core.partner import DeskAddress
from noroshi.core.recognition import NOROSHI, Recognised, recognise
from noroshi.core.report import (
    CANCELLATION,
    PASSED_ON,
    SUPERSESSION,
    Change,
    Content,
    report_id_text,
)
from noroshi.flow.records import Addressee, Failure, InboxRow, KnownPartner, StoredReport
from noroshi.flow.revocations import suspicion
from noroshi.flow.tables import Tables

_SHORTEST_PREFIX = 4


class RecipientStatus(msgspec.Struct, frozen=True):
    """How far a report got at one desk."""

    addressee: Addressee
    ladder: Ladder
    failure: Failure | None
    attachments_held: int
    proven: Instant | None = None
    """Since when the persons in the ladder are proven; None: they are claims."""


class Said(msgspec.Struct, frozen=True):
    """What a reader reads, and by which consent it was passed on; None: it was not."""

    head: ReportHead
    content: Content
    grant: Grant | None = None


class ReportStatus(msgspec.Struct, frozen=True):
    """A report and how far it got at every desk this node knows of."""

    report: StoredReport
    recipients: tuple[RecipientStatus, ...]
    changes: tuple[Change, ...] = ()
    assignments: tuple[tuple[str, str], ...] = ()
    suspect: str | None = None
    """Why a received report may not be its sender's."""
    enclosed: Said | None = None
    """The partner's report that it passes on."""


def resolve(tables: Tables, text: str) -> bytes:
    """Return the id of the report whose id begins with `text`.

    Raises:
        InputError: `text` cannot begin an id, or several begin so.
        NotFoundError: none does.
    """
    digits = text.replace("-", "").lower()
    if not _SHORTEST_PREFIX <= len(digits) <= 32 or set(digits) - set("0123456789abcdef"):  # noqa: PLR2004
        msg = f"{text!r} is no id; give one whole, or its first four or more digits"
        raise InputError("bad-input", msg)
    found = tables.reports.find(digits)
    if len(found) > 1:
        raise InputError(
            "ambiguous-id", f"more than one report begins with {text}; give more digits"
        )
    if not found and any(waiting.hex().startswith(digits) for waiting in tables.drafts.ids()):
        raise NotFoundError("not-found", f"{text} waits to be released; see: noroshi release queue")
    if not found:
        raise NotFoundError("not-found", f"no report {text} is here; see 'noroshi inbox'")
    return found[0]


def report(tables: Tables, report_id: bytes) -> StoredReport:
    """Return a report.

    Raises:
        NotFoundError: it is not here.
    """
    stored = tables.reports.get(report_id)
    if stored is None:
        raise NotFoundError("not-found", f"no report {report_id_text(report_id)} is here")
    return stored


def readable(tables: Tables, report_id: bytes) -> StoredReport:
    """Return a report whose content is here.

    Raises:
        NotFoundError: the report is not here, or what it said was destroyed.
    """
    stored = report(tables, report_id)
    if stored.destroyed is not None:
        raise NotFoundError("content-destroyed", str(stored.destroyed))
    return stored


def status(tables: Tables, report_id: bytes) -> ReportStatus:
    """Return how far a report got.

    Raises:
        NotFoundError: it is not here.
    """
    stored = report(tables, report_id)
    recipients = (
        RecipientStatus(
            addressee=addressee,
            ladder=tables.reports.ladder(report_id, addressee.desk),
            failure=tables.reports.failure(report_id, addressee.desk.partner),
            attachments_held=(
                tables.reports.remote_held(report_id, addressee.desk.partner)
                if stored.outgoing
                else tables.reports.held_blobs(report_id)
            ),
            proven=None if stored.outgoing else proven_since(tables),
        )
        for addressee in tables.reports.addressees(report_id)
    )
    changes = tables.reports.changes(stored.head.sender, report_id)
    given = tuple(tables.watch.assignments(report_id))
    return ReportStatus(stored, tuple(recipients), changes, given, _suspect(tables, stored))


def _suspect(tables: Tables, stored: StoredReport) -> str | None:
    """Return why a received report may not be its sender's."""
    if stored.outgoing:
        return None
    found = suspicion(tables, stored.head.sender, stored.stored_at)
    if found is None:
        return None
    since = to_text(found.since)
    return f"it came after {since}, since when the keys of {found.partner} may be somebody else's"


def presented(tables: Tables, report_id: bytes) -> ReportStatus:
    """Return a report as its reader sees it: how far it got, and what it encloses.

    Raises:
        NotFoundError: it is not here.
    """
    seen = status(tables, report_id)
    enclosed = opened_enclosure(tables, seen.report)
    if enclosed is None:
        return seen
    original = enclosed.head
    changes = tables.reports.changes(original.sender, original.report_id)
    return structs.replace(seen, changes=seen.changes + changes, enclosed=enclosed)


def opened_enclosure(tables: Tables, stored: StoredReport) -> Said | None:
    """Return the report that another passes on, as it was verified on arrival or made here."""
    is_unread = stored.content.kind != PASSED_ON or stored.destroyed is not None
    if is_unread or not (stored.outgoing or tables.consents.enclosed(stored.id)):
        return None
    return enclosed_in(stored.content)


def enclosed_in(content: Content) -> Said:
    """Return the report that the content of another encloses, verified before or made here."""
    enclosure, grant = read_enclosure(content.body)
    return Said(head_of(enclosure), open_content(enclosure.content), kept_grant(grant).grant)


def said_by(tables: Tables, stored: StoredReport) -> Said:
    """Return what its reader reads in a report: what it encloses, or itself."""
    return opened_enclosure(tables, stored) or Said(stored.head, stored.content)


def find_original(tables: Tables, report_id: bytes) -> StoredReport | None:
    """Return a report by the id that its originator gave it, whichever way it came."""
    found = tables.reports.find(report_id.hex())
    return tables.reports.get(found[0]) if found else None


def has_reached(seen: ReportStatus, rung: Rung) -> bool:
    """Say whether all action addressees reached `rung` (all addressees where none must act)."""
    awaited = [r for r in seen.recipients if r.addressee.is_action] or seen.recipients
    return all(any(record.rung is rung for record in r.ladder) for r in awaited)


def status_json(seen: ReportStatus) -> dict[str, object]:
    """Return a status as CONTRACT's JSON."""
    total = len(seen.report.content.attachments)
    return {
        "report": report_id_text(seen.report.id),
        "recipients": [_recipient_json(r, total) for r in seen.recipients],
        **changes_json(seen.changes),
    }


def inbox_json(row: InboxRow, me: str) -> dict[str, object]:
    """Return a line of the inbox as CONTRACT's JSON."""
    rung = highest(row.ladder)
    return {
        "report": report_id_text(row.report_id),
        "from": str(DeskAddress(row.from_desk, row.sender)),
        "to": str(DeskAddress(row.desk, me)),
        "action": row.is_action,
        "precedence": row.precedence.name,
        "status": row.status,
        "kind": row.kind,
        "subject": row.subject,
        "destroyed": row.is_destroyed,
        "marking": row.marking,
        "received_at": to_text(row.received_at),
        "state": rung.value if rung else None,
        "assigned_to": list(row.assigned_to),
        "suspect": row.is_suspect,
        "by_way_of": row.by_way_of,
        "updates": None if row.updates is None else report_id_text(row.updates),
        **changes_json(row.changes),
    }


def changes_json(changes: Iterable[Change]) -> dict[str, object]:
    """Return by which reports a report was cancelled and superseded."""
    by_kind = {change.kind: report_id_text(change.by_report) for change in changes}
    return {
        "cancelled_by": by_kind.get(CANCELLATION),
        "superseded_by": by_kind.get(SUPERSESSION),
    }


def partner_json(known: KnownPartner) -> dict[str, object]:
    """Return a partner as JSON."""
    card = known.signed_card.card
    return {
        "partner": card.partner,
        "name": card.name,
        "state": known.state.value,
        "peer_url": card.peer_url,
        "desks": list(card.desks),
        "card": card.serial,
        "issued_at": to_text(card.issued_at),
        "added_at": to_text(known.added_at),
        "verified_at": to_text(known.verified_at) if known.verified_at is not None else None,
        "verified_by": known.verified_by,
    }


def sent_json(seen: ReportStatus) -> dict[str, object]:
    """Return a line of what was sent: what it is, and how far it got at each desk."""
    told = report_json(seen)
    names = ("precedence", "status", "marking", "kind", "subject", "stored_at", "destroyed")
    return {name: told[name] for name in names} | status_json(seen)


def report_json(seen: ReportStatus) -> dict[str, object]:
    """Return the whole report as JSON; `body` is text, for every body is UTF-8."""
    stored = seen.report
    said = seen.enclosed or Said(stored.head, stored.content)
    head, content = said.head, said.content
    found = _portions(content)
    return {
        "report": report_id_text(stored.id),
        "direction": "SENT" if stored.outgoing else "RECEIVED",
        "from": str(DeskAddress(content.from_desk, head.sender)),
        "to": [str(address) for address in content.action],
        "info": [str(address) for address in content.info],
        "precedence": head.precedence.name,
        "info_precedence": head.info_precedence.name,
        "status": head.status.value,
        "marking": head.marking,
        "kind": content.kind,
        "subject": content.subject,
        "drafter": content.drafter,
        "releaser": content.releaser,
        "references": [report_id_text(reference) for reference in content.references],
        "created_at": to_text(head.created_at),
        "expires_at": to_text(head.expires_at) if head.expires_at is not None else None,
        "stored_at": to_text(stored.stored_at),
        "media_type": content.body_type,
        "areas": list(content.areas),
        "destroyed": _destroyed_json(stored),
        "body": content.body.decode(),
        "portions": [structs.asdict(portion) for portion in found.portions],
        "tearline": None if found.tearline is None else structs.asdict(found.tearline),
        "attachments": [
            {
                "name": attachment.name,
                "media_type": attachment.media_type,
                "size": attachment.size,
            }
            for attachment in content.attachments
        ],
        "passed_on": _passed_on(stored, seen.enclosed),
        "assigned": [{"from": giver, "to": given} for giver, given in seen.assignments],
        "recipients": status_json(seen)["recipients"],
        "suspect": seen.suspect,
        **changes_json(seen.changes),
    }


def _destroyed_json(stored: StoredReport) -> dict[str, object] | None:
    """Return why what a report says is not here any more; None: it is here."""
    gone = stored.destroyed
    if gone is None:
        return None
    at = None if gone.at is None else to_text(gone.at)
    return {"at": at, "rule": gone.rule, "message": str(gone)}


def _passed_on(stored: StoredReport, enclosed: Said | None) -> dict[str, object] | None:
    """Return by whom a report was passed on, and with which consent; None: it was not."""
    if enclosed is None or enclosed.grant is None:
        return None
    head, content, grant = stored.head, stored.content, enclosed.grant
    return {
        "by": str(DeskAddress(content.from_desk, head.sender)),
        "person": content.drafter,
        "at": to_text(head.created_at),
        "to": [str(address) for address in content.addressees],
        "original": report_id_text(enclosed.head.report_id),
        "consent": {
            "granted_by": grant.granted_by,
            "granted_at": to_text(grant.granted_at),
            "ends_at": to_text(grant.ends_at),
            "audience": list(grant.audience),
        },
    }


def _portions(content: Content) -> Recognised:
    """Return what a report of ours says of its portions; a body that says nothing has none."""
    nothing = Recognised(content.body_type)
    if content.body_type != NOROSHI or not content.body:
        return nothing
    try:
        return recognise(content.body)
    except InputError:  # it came before bodies were looked into on arrival
        return nothing


def proven_since(tables: Tables) -> Instant | None:
    """Return since when acts of this house carry proven persons; None: there are no accounts."""
    return min((account.added_at for account in tables.accounts.all()), default=None)


def ladder_json(ladder: Ladder, proven: Instant | None = None) -> dict[str, dict[str, object]]:
    """Return a ladder as CONTRACT's JSON: each rung with its time and what else is known.

    `proven` is since when the persons in it are proven; None: they are claims.
    """
    rungs: dict[str, dict[str, object]] = {}
    for record in ladder:
        told: dict[str, object] = {"at": to_text(record.at)}
        if record.by is not None:
            is_proven = proven is not None and record.at >= proven
            told |= {"by": record.by, "by_proven": is_proven}
        if record.note is not None:
            told["note"] = record.note
        rungs[record.rung.value] = told
    return rungs


def _recipient_json(recipient: RecipientStatus, attachments: int) -> dict[str, object]:
    rung = highest(recipient.ladder)
    failure = recipient.failure
    told: dict[str, object] = {
        "desk": str(recipient.addressee.desk),
        "action": recipient.addressee.is_action,
        "serial": recipient.addressee.serial,
        "rung": rung.value if rung else None,
        "rungs": ladder_json(recipient.ladder, recipient.proven),
        "failure": None
        if failure is None
        else {"code": failure.code, "message": failure.message, "at": to_text(failure.at)},
    }
    if attachments:
        told["attachments"] = {"held": recipient.attachments_held, "of": attachments}
    return told
