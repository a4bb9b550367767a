"""Alarms: what a person must hear of, in one sentence each."""

from enum import Enum
from typing import Final

import msgspec

from noroshi.core.instant import Instant
from noroshi.core.lexicon.lexicon import Language, Lexicon
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
    INTEREST = "INTEREST"
    SHARED = "SHARED"


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
        AlarmKind.INTEREST,
        AlarmKind.SHARED,
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


def sentence(alarm: Alarm, lexicon: Lexicon, language: Language) -> str:
    """Return what an alarm tells a person, in a language; its detail stays as it was raised."""
    place = f"{alarm.desk}@{alarm.partner}" if alarm.desk else alarm.partner
    return lexicon.sentence(
        f"alarm.{alarm.kind.value}",
        language,
        place=place,
        partner=alarm.partner,
        detail=alarm.detail,
    )
