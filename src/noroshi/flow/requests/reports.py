"""Requests about reports: writing, sending, releasing, passing on, reading, answering."""

from enum import Enum

from noroshi.core.delivery.ladder import Rung
from noroshi.flow.requests.base import Request


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
    areas: tuple[str, ...] = ()
    """Codes of the areas of cooperation that it is about."""
    answers: str | None = None
    """The report that came in which it goes back to; it is marked no milder than that."""
    check: bool = False
    explained: bool = False
    """With `check`: partner by partner as well, and why a second person has to release it."""
    describe: bool = False
    """With `check`: tell also how it would go, with every choice made."""


class Cancel(Request, frozen=True, kw_only=True):
    """Take back a report of ours, visibly, at all who were addressed."""

    report: str
    note: str | None = None
    by: str | None = None
    report_id: bytes | None = None


class _Onward(Request, frozen=True, kw_only=True):
    """Send on what came, or a part of what is here; if it needs consent, ask for that."""

    report: str
    to: tuple[str, ...]
    info: tuple[str, ...] = ()
    precedence: str | None = None
    desk: str | None = None
    by: str | None = None
    reason: str = ""
    """Where it is a partner's report: why it is to go further; the originator reads it."""
    again: bool = False
    """Ask although the originator has declined."""
    report_id: bytes | None = None
    check: bool = False


class SendTearline(_Onward, frozen=True, kw_only=True):
    """Send what stands below the tearline of a report as a report of its own."""

    subject: str | None = None


class PassOn(_Onward, frozen=True, kw_only=True):
    """Pass a partner's report on to others."""


class Consents(Request, frozen=True, kw_only=True):
    """List the consents that were asked for, here and of this node."""


class GrantConsent(Request, frozen=True, kw_only=True):
    """Let a partner pass on a report of ours."""

    request: str
    by: str | None = None
    until: str | None = None
    report_id: bytes | None = None


class SignStatement(Request, frozen=True, kw_only=True):
    """Sign a joint statement for this partner."""

    report: str
    digest: str
    """Of the text that was read, or its first eight or more digits."""
    desk: str | None = None
    by: str | None = None
    report_id: bytes | None = None


class PublishStatement(Request, frozen=True, kw_only=True):
    """Give a joint statement that all have signed as a file for anybody."""

    report: str


class Reply(Request, frozen=True, kw_only=True):
    """Send a report back to the desk that wrote one; it inherits precedence, marking, status."""

    report: str
    body: bytes
    marking: str | None = None
    as_text: bool = False
    desk: str | None = None
    by: str | None = None
    report_id: bytes | None = None


class Inbox(Request, frozen=True, kw_only=True):
    """List what came in."""

    desk: str | None = None
    unacknowledged: bool = False
    answered: bool = False
    """Only what somebody has answered, the newest first."""
    limit: int | None = None
    desks: tuple[str, ...] | None = None
    """Those that the person may read; None: all. The check of rights sets it."""


class Search(Request, frozen=True, kw_only=True):
    """Find reports by words in them."""

    words: str
    limit: int = 20
    desks: tuple[str, ...] | None = None
    """As in :class:`Inbox`."""


class Outbox(Request, frozen=True, kw_only=True):
    """List what was sent last, and how far it got."""

    limit: int = 50
    desks: tuple[str, ...] | None = None
    """Those that the person may read; None: all. The check of rights sets it."""


class Show(Request, frozen=True, kw_only=True):
    """Present a report, and record for a desk of ours that it was shown."""

    report: str
    desk: str | None = None
    by: str | None = None
    history: bool = False
    """All that was said of each field, and when."""
    at: str | None = None
    """What was known here then, which counts as shown to nobody; None: what is known now."""
    desks: tuple[str, ...] | None = None
    """As in :class:`Inbox`: of the reports in its chain."""


class Answering(Request, frozen=True, kw_only=True):
    """Acknowledge, decline, or say that it was acted on."""

    report: str
    rung: Rung
    desk: str | None = None
    by: str | None = None
    note: str | None = None
    desks: tuple[str, ...] | None = None
    """As in :class:`Show`."""


class Status(Request, frozen=True, kw_only=True):
    """Say how far a report got."""

    report: str


class Reached(Request, frozen=True, kw_only=True):
    """Say whether all action addressees reached a rung."""

    report: str
    rung: Rung


class WriteLabel(Request, frozen=True, kw_only=True):
    """Give the marking of a report in the words of other systems."""

    report: str


class Exchange(Enum):
    """In whose words a report is given."""

    STIX = "stix"
    CAP = "cap"
    ORIGINAL = "original"
    """Those that it came in."""


class Export(Request, frozen=True, kw_only=True):
    """Give a report in the words of other systems."""

    report: str
    form: Exchange = Exchange.STIX


class ReadLabel(Request, frozen=True, kw_only=True):
    """Say what the label of another system is as a marking."""

    label: bytes


class ReleaseQueue(Request, frozen=True, kw_only=True):
    """List what waits to be released."""

    desks: tuple[str, ...] | None = None
    """As in :class:`Inbox`."""


class Release(Request, frozen=True, kw_only=True):
    """Release a draft as a second person."""

    report: str
    by: str | None = None


class DropDraft(Request, frozen=True, kw_only=True):
    """Take a draft back."""

    report: str
    by: str | None = None
