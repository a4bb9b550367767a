"""Deadlines of a chain: by when its sender owes the next report of it.

A deadline is data. It counts from a time that the form says, from the sending of its first
report, or from the report with which a field took a value:

    >>> form = "cyber-incident"
    >>> notice = Deadline(kind=form, wanted=("notification",), since="aware_at", hours=72)
    >>> final = Deadline(kind=form, wanted=("final",), since="notification", months=1)

The kinds ship their own in `deadlines.json` of their folders; a house may have others.
"""

import calendar
from collections.abc import Iterable
from datetime import MAXYEAR, UTC, datetime
from typing import Final

import msgspec

from noroshi.core.chains import Chain
from noroshi.core.errors import InputError
from noroshi.core.instant import HOUR, LATEST, SECOND, Instant, from_text, to_text
from noroshi.core.kinds.form import FieldType
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.lexicon.lexicon import Lexicon

SENT: Final = "sent"
_LONGEST_HOURS: Final = 10_000
_LONGEST_MONTHS: Final = 120
_YEAR: Final = 12


class Deadline(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """That a chain of a kind must reach a stage in time."""

    kind: str
    wanted: tuple[str, ...]
    """Values of `field`, of which one must have gone out."""
    field: str = "stage"
    since: str = SENT
    """A time in the form; or "sent"; or a value of `field`: when that went out."""
    hours: float = 0
    months: int = 0
    """Of the calendar, in UTC."""


class Due(msgspec.Struct, frozen=True):
    """What is owed, and by when."""

    field: str
    wanted: str
    at: Instant

    def __str__(self) -> str:
        return f"{self.wanted} by {to_text(self.at)[:16].replace('T', ' ')}Z"


def parse_deadlines(raw: bytes) -> tuple[Deadline, ...]:
    """Return the deadlines in a file.

    Raises:
        InputError: it has none.
    """
    try:
        return msgspec.json.decode(raw, type=tuple[Deadline, ...])
    except msgspec.MsgspecError as error:
        raise InputError("bad-json", f"it holds no deadlines: {error}") from error


def check_deadlines(deadlines: Iterable[Deadline], lexicon: Lexicon) -> None:
    """Return if a node can go by `deadlines`.

    Raises:
        InputError: one names what is in no form, or allows no time.
    """
    for number, each in enumerate(deadlines, 1):
        problem = _problem(each, lexicon)
        if problem:
            raise InputError("bad-input", f"deadline {number} cannot be used: {problem}")


def due(deadlines: Iterable[Deadline], chain: Chain, kind: str) -> tuple[Due, ...]:
    """Return what the sender of a chain still owes, the earliest first."""
    if chain.is_cancelled or not chain.statements:
        return ()
    found: list[Due] = []
    for each in deadlines:
        began = _began(each, chain) if each.kind == kind else None
        if began is not None and _went_out(chain, each.field, each.wanted) is None:
            at = _months_after(began, each.months) + round(each.hours * HOUR)
            found.append(Due(each.field, each.wanted[0], min(at, LATEST)))
    return tuple(sorted(found, key=lambda each: (each.at, each.wanted)))


def _began(deadline: Deadline, chain: Chain) -> Instant | None:
    """Return from when a deadline counts; None: that has not come, or nobody has said."""
    if deadline.since == SENT:
        return chain.statements[0].created_at
    fields = {field.name: field for field in all_kinds()[deadline.kind].fields}
    if deadline.since not in fields:
        return _went_out(chain, deadline.field, (deadline.since,))
    said = [each for each in chain.standing(deadline.since) if not each.is_cleared]
    try:
        # Taking the time back gives no more time; saying another one does.
        return from_text(str(said[-1].value)) if said else None
    except InputError:
        return None


def _went_out(chain: Chain, name: str, wanted: tuple[str, ...]) -> Instant | None:
    """Return when a field first took one of the values."""
    return next(
        (said.statement.created_at for said in chain.standing(name) if said.value in wanted), None
    )


def _months_after(at: Instant, months: int) -> Instant:
    """Return the same day and time so many months later, or the last day of that month."""
    moment = datetime.fromtimestamp(at // SECOND, UTC)
    year, month = divmod(moment.year * _YEAR + moment.month - 1 + months, _YEAR)
    if year > MAXYEAR:
        return LATEST
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    then = moment.replace(year=year, month=month + 1, day=day)
    return round(then.timestamp()) * SECOND + at % SECOND


def _problem(deadline: Deadline, lexicon: Lexicon) -> str:
    """Return why a node cannot go by a deadline, "" where it can."""
    kind = all_kinds().get(deadline.kind)
    if kind is None:
        return f"{deadline.kind!r} is no kind of report"
    fields = {field.name: field for field in kind.fields}
    stage, since = fields.get(deadline.field), fields.get(deadline.since)
    if stage is None or stage.type is not FieldType.CODE:
        return f"{deadline.kind} has no field {deadline.field!r} with a vocabulary"
    values = lexicon.values(stage.says.vocabulary)
    if not deadline.wanted or set(deadline.wanted) - set(values):
        return f"wanted are values of {deadline.field}: {', '.join(values)}"
    is_time = since is not None and since.type is FieldType.TIME and not since.is_many
    if not is_time and deadline.since not in {SENT, *values}:
        return f"since is a time in the form, sent, or one of {', '.join(values)}"
    allowed = (0 <= deadline.hours <= _LONGEST_HOURS, 0 <= deadline.months <= _LONGEST_MONTHS)
    if not all(allowed) or not (deadline.hours or deadline.months):
        return f"it allows up to {_LONGEST_HOURS} hours and {_LONGEST_MONTHS} months"
    return ""
