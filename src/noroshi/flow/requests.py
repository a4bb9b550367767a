"""Requests: all that people and machines at the desk may ask of a node, as typed values.

The command line makes them in its own process or over the local door, the console over its
own; :mod:`noroshi.flow.answers` answers each by one act or one view.
"""

import msgspec

from noroshi.core.delivery.check import DeskState
from noroshi.core.delivery.ladder import Rung

Json = dict[str, object]
Answer = Json | list[Json]
"""JSON-ready, in the shape that scripts rely on; only a proof is bytes."""


class Request(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Something asked of the node."""


class SendReport(Request, frozen=True, kw_only=True):
    """Send a report, or with `check` only say whether it may go."""

    body: bytes
    to: tuple[str, ...]
    info: tuple[str, ...] = ()
    precedence: str | None = None
    info_precedence: str | None = None
    kind: str | None = None
    subject: str | None = None
    marking: str | None = None
    status: str | None = None
    expires: str | None = None
    as_text: bool = False
    from_desk: str | None = None
    by: str | None = None
    attachments: tuple[str, ...] = ()
    """Tokens of :func:`noroshi.flow.answers.stage`."""
    report_id: bytes | None = None
    supersedes: str | None = None
    """The report of ours that it replaces; None: none."""
    references: tuple[str, ...] = ()
    """Reports held here that it refers to."""
    check: bool = False


class Cancel(Request, frozen=True, kw_only=True):
    """Take back a report of ours, visibly, at all who were addressed."""

    report: str
    note: str | None = None
    by: str | None = None
    report_id: bytes | None = None


class SendTearline(Request, frozen=True, kw_only=True):
    """Send what stands below the tearline of a report as a report of its own."""

    report: str
    to: tuple[str, ...]
    info: tuple[str, ...] = ()
    precedence: str | None = None
    subject: str | None = None
    desk: str | None = None
    by: str | None = None
    reason: str = ""
    """Where it is a partner's report: why it is to go further."""
    again: bool = False
    report_id: bytes | None = None
    check: bool = False


class PassOn(Request, frozen=True, kw_only=True):
    """Pass a partner's report on to others; without its originator's consent, ask for that."""

    report: str
    to: tuple[str, ...]
    info: tuple[str, ...] = ()
    precedence: str | None = None
    desk: str | None = None
    by: str | None = None
    reason: str = ""
    """Why it is to be passed on; the originator reads it."""
    again: bool = False
    """Ask although the originator has declined."""
    report_id: bytes | None = None
    check: bool = False


class Consents(Request, frozen=True, kw_only=True):
    """List the consents that were asked for, here and of this node."""


class GrantConsent(Request, frozen=True, kw_only=True):
    """Let a partner pass on a report of ours."""

    request: str
    by: str
    until: str | None = None
    report_id: bytes | None = None


class Reply(Request, frozen=True, kw_only=True):
    """Send a report back to the desk that wrote one; it inherits precedence, marking, status."""

    report: str
    body: bytes
    as_text: bool = False
    desk: str | None = None
    by: str | None = None
    report_id: bytes | None = None


class Inbox(Request, frozen=True, kw_only=True):
    """List what came in."""

    desk: str | None = None
    unacknowledged: bool = False


class Show(Request, frozen=True, kw_only=True):
    """Present a report, and record for a desk of ours that it was shown."""

    report: str
    desk: str | None = None
    by: str | None = None


class Answering(Request, frozen=True, kw_only=True):
    """Acknowledge, decline, or say that it was acted on."""

    report: str
    rung: Rung
    desk: str | None = None
    by: str | None = None
    note: str | None = None


class Status(Request, frozen=True, kw_only=True):
    """Say how far a report got."""

    report: str


class Reached(Request, frozen=True, kw_only=True):
    """Say whether all action addressees reached a rung."""

    report: str
    rung: Rung


class OwnCard(Request, frozen=True, kw_only=True):
    """Give this node's card."""


class AddPartner(Request, frozen=True, kw_only=True):
    """Take a partner's card."""

    card: bytes


class AddAgreement(Request, frozen=True, kw_only=True):
    """Go by an agreement."""

    agreement: bytes
    by: str


class Agreements(Request, frozen=True, kw_only=True):
    """List the agreements."""


class WriteLabel(Request, frozen=True, kw_only=True):
    """Give the marking of a report in the words of other systems."""

    report: str


class ReadLabel(Request, frozen=True, kw_only=True):
    """Say what the label of another system is as a marking."""

    label: bytes


class ReleaseQueue(Request, frozen=True, kw_only=True):
    """List what waits to be released."""


class Release(Request, frozen=True, kw_only=True):
    """Release a draft as a second person."""

    report: str
    by: str


class DropDraft(Request, frozen=True, kw_only=True):
    """Take a draft back."""

    report: str
    by: str


class Partners(Request, frozen=True, kw_only=True):
    """List the partners."""


class PartnerNumber(Request, frozen=True, kw_only=True):
    """Give the sixty digits to compare."""

    partner: str


class VerifyPartner(Request, frozen=True, kw_only=True):
    """Record that the digits were compared."""

    partner: str
    number: str
    by: str


class VerifyJournal(Request, frozen=True, kw_only=True):
    """Compute the journal anew; `proofs` are partners' proofs to compare it with."""

    proofs: tuple[bytes, ...] = ()


class MakeProof(Request, frozen=True, kw_only=True):
    """Make the proof about a report."""

    report: str


class CourierOut(Request, frozen=True, kw_only=True):
    """Pack all that waits for a partner into volumes of at most so many bytes."""

    to: str
    volume: int


class Alarms(Request, frozen=True, kw_only=True):
    """List the alarms, those that are open or all."""

    is_open: bool = True


class TakeAlarm(Request, frozen=True, kw_only=True):
    """Record who takes care of an alarm."""

    number: int
    by: str


class LineStates(Request, frozen=True, kw_only=True):
    """Say how each line is."""


class LineHistory(Request, frozen=True, kw_only=True):
    """List the newest comms checks of a line."""

    partner: str
    limit: int = 60


class Desks(Request, frozen=True, kw_only=True):
    """List the desks of this node, and who sits there."""


class SetDesk(Request, frozen=True, kw_only=True):
    """Say whether a desk of ours is staffed."""

    desk: str
    state: DeskState
    by: str
    note: str | None = None
    handed_by: str | None = None
    """Who hands the desk over; None where nobody does."""


class DeskLog(Request, frozen=True, kw_only=True):
    """List who watched a desk of ours."""

    desk: str
    limit: int = 100


class Assign(Request, frozen=True, kw_only=True):
    """Give a report that came in to another desk of the house too."""

    report: str
    desk: str
    from_desk: str | None = None
    """The desk that it came to; None where there is only one."""
    by: str | None = None


class Held(Request, frozen=True, kw_only=True):
    """List the reports that a restore keeps from going out."""


class SendHeld(Request, frozen=True, kw_only=True):
    """Let held reports go; none named: all."""

    by: str
    reports: tuple[str, ...] = ()


class Examine(Request, frozen=True, kw_only=True):
    """Say what is wrong with the node."""


AnyRequest = (
    SendReport
    | SendTearline
    | PassOn
    | Consents
    | GrantConsent
    | Reply
    | Inbox
    | Show
    | Answering
    | Status
    | Reached
    | OwnCard
    | AddPartner
    | AddAgreement
    | Agreements
    | ReleaseQueue
    | Release
    | DropDraft
    | WriteLabel
    | ReadLabel
    | Partners
    | PartnerNumber
    | VerifyPartner
    | VerifyJournal
    | MakeProof
    | CourierOut
    | Cancel
    | Alarms
    | TakeAlarm
    | LineStates
    | LineHistory
    | Desks
    | SetDesk
    | DeskLog
    | Assign
    | Held
    | SendHeld
    | Examine
)
