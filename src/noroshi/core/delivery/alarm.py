"""Alarms: what a person must hear of, in one sentence each."""

from enum import Enum
from typing import Final, assert_never

import msgspec

from noroshi.core.instant import Instant
from noroshi.core.precedence import Precedence


class AlarmKind(Enum):
    """Why somebody is called."""

    NEXT_DESK = "NEXT_DESK"
    NEXT_OFFICER = "NEXT_OFFICER"
    UNACKNOWLEDGED = "UNACKNOWLEDGED"
    UNDELIVERED = "UNDELIVERED"
    REFUSED = "REFUSED"
    EXPIRED = "EXPIRED"
    GAP = "GAP"
    LINE_DOWN = "LINE_DOWN"
    UNHEARD = "UNHEARD"
    FLASH_FLOOD = "FLASH_FLOOD"
    JOURNAL_CONFLICT = "JOURNAL_CONFLICT"
    UNPROVEN = "UNPROVEN"
    NEW_EPOCH = "NEW_EPOCH"
    RESTORED = "RESTORED"
    SENT_AFTER_BACKUP = "SENT_AFTER_BACKUP"
    OLD_COPY = "OLD_COPY"
    LOST_TAIL = "LOST_TAIL"
    CLOCK_STEP = "CLOCK_STEP"
    NO_PEOPLE_CHECK = "NO_PEOPLE_CHECK"
    AGREEMENT_ENDS = "AGREEMENT_ENDS"
    WITHHELD = "WITHHELD"
    UNRELEASED = "UNRELEASED"
    REVOKED = "REVOKED"
    REVOCATION_ADVISED = "REVOCATION_ADVISED"
    QUARANTINED = "QUARANTINED"
    CONSENT_ASKED = "CONSENT_ASKED"
    CONSENT_ANSWERED = "CONSENT_ANSWERED"
    DIRECTORY_STALE = "DIRECTORY_STALE"
    REPORT_DUE = "REPORT_DUE"
    BREAK_GLASS = "BREAK_GLASS"


EVENTS: Final = frozenset(
    {
        AlarmKind.REFUSED,
        AlarmKind.EXPIRED,
        AlarmKind.JOURNAL_CONFLICT,
        AlarmKind.NEW_EPOCH,
        AlarmKind.RESTORED,
        AlarmKind.SENT_AFTER_BACKUP,
        AlarmKind.OLD_COPY,
        AlarmKind.LOST_TAIL,
        AlarmKind.CLOCK_STEP,
        AlarmKind.WITHHELD,
        AlarmKind.REVOKED,
        AlarmKind.REVOCATION_ADVISED,
        AlarmKind.CONSENT_ANSWERED,
        AlarmKind.BREAK_GLASS,
    }
)
"""What has happened, and will not have gone by itself: each is news, and ends when a person takes
it. The others tell of a state, and end with it."""


class Alarm(msgspec.Struct, frozen=True):
    """An alarm that was raised."""

    kind: AlarmKind
    partner: str
    """The partner it concerns; the node's own for its own desks."""
    at: Instant
    report_id: bytes | None = None
    desk: str | None = None
    detail: str = ""
    """What the sentence fills in: the next desk, the officer, the missing numbers."""
    precedence: Precedence = Precedence.IMMEDIATE


def sentence(alarm: Alarm) -> str:  # noqa: C901, PLR0911, PLR0912 - a table
    """Return what an alarm tells a person."""
    desk = f"{alarm.desk}@{alarm.partner}" if alarm.desk else alarm.partner
    match alarm.kind:
        case AlarmKind.NEXT_DESK:
            return f"{desk} has not acknowledged in time; {alarm.detail}"
        case AlarmKind.NEXT_OFFICER:
            return f"{desk} has not acknowledged; the duty officer is called ({alarm.detail})"
        case AlarmKind.UNACKNOWLEDGED:
            return f"nobody at {desk} has acknowledged: {alarm.detail}"
        case AlarmKind.UNDELIVERED:
            return f"the report is not delivered to {desk} yet: {alarm.detail}"
        case AlarmKind.REFUSED:
            return f"{desk} refused the report: {alarm.detail}"
        case AlarmKind.EXPIRED:
            return f"the report expired before {desk} had it; it is not sent any more"
        case AlarmKind.GAP:
            return f"reports of {alarm.partner} are missing: {alarm.detail}"
        case AlarmKind.LINE_DOWN:
            return f"the line to {alarm.partner} is down: {alarm.detail}"
        case AlarmKind.UNHEARD:
            return f"the comms checks of {alarm.partner} do not arrive"
        case AlarmKind.FLASH_FLOOD:
            return f"{alarm.partner} sends many FLASH reports ({alarm.detail}); the line is shared"
        case AlarmKind.JOURNAL_CONFLICT:
            return f"{alarm.partner} has shown journals that contradict each other: {alarm.detail}"
        case AlarmKind.UNPROVEN:
            return f"{alarm.partner} does not prove that its journal only grew: {alarm.detail}"
        case AlarmKind.NEW_EPOCH:
            return f"{alarm.partner} was restored from a backup: {alarm.detail}"
        case AlarmKind.RESTORED:
            return f"this node was restored from a backup: {alarm.detail}"
        case AlarmKind.SENT_AFTER_BACKUP:
            return f"{desk} has a report that this node sent after its backup: {alarm.detail}"
        case AlarmKind.OLD_COPY:
            return f"an old or second copy of the node of {alarm.partner} speaks: {alarm.detail}"
        case AlarmKind.LOST_TAIL:
            return f"the end of this node's journal is not on its disk: {alarm.detail}"
        case AlarmKind.CLOCK_STEP:
            return f"the clock of this machine was set {alarm.detail}; deadlines moved with it"
        case AlarmKind.NO_PEOPLE_CHECK:
            return f"people have not tested the line with {alarm.partner}: {alarm.detail}"
        case AlarmKind.AGREEMENT_ENDS:
            return f"an agreement with {alarm.partner} comes to its end: {alarm.detail}"
        case AlarmKind.UNRELEASED:
            return f"a report of {desk} waits for somebody to release it: {alarm.detail}"
        case AlarmKind.CONSENT_ASKED:
            return f"{desk} is asked for consent: {alarm.detail}"
        case AlarmKind.CONSENT_ANSWERED:
            return f"{alarm.partner} was asked for consent: {alarm.detail}"
        case AlarmKind.DIRECTORY_STALE:
            return f"nothing newer is heard of the keys of {alarm.partner}: {alarm.detail}"
        case AlarmKind.REPORT_DUE:
            return f"{desk} owes a report: {alarm.detail}; send it: noroshi update ID"
        case AlarmKind.WITHHELD:
            return f"the report may not go to {alarm.partner} any more: {alarm.detail}"
        case AlarmKind.REVOKED:
            return f"{alarm.partner} is revoked: {alarm.detail}"
        case AlarmKind.REVOCATION_ADVISED:
            return f"a partner does not trust {alarm.partner} any more: {alarm.detail}"
        case AlarmKind.QUARANTINED:
            return f"a report of {alarm.partner}, which is revoked, is held: {alarm.detail}"
        case AlarmKind.BREAK_GLASS:
            return f"somebody came in by break-glass as {alarm.detail}; ask whether it was they"
        case _:  # pragma: no cover
            assert_never(alarm.kind)
