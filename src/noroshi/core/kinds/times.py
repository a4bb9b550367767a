"""Times as people type them, and times of a form that contradict one another.

A clock's time alone is in UTC, and means what its field asks for: of what has happened the latest
such moment, of a deadline the next one, else that of today.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.instant import DAY, MINUTE, Instant, day_of, from_day, from_text, to_text
from noroshi.core.kinds.form import FieldType, Tense
from noroshi.core.kinds.kind import Kind
from noroshi.core.kinds.quantities import narrow

TOLERANCE: Final = 5 * MINUTE
"""How far two clocks of one desk may be apart."""
IN_ORDER: Final = (
    ("first_seen", "last_seen"),
    ("first_seen", "aware_at"),
    ("detected_at", "impact_at"),
)
"""Of these the first cannot be after the second."""
_NOW: Final = "now"
_ZONE: Final = r"(Z|[-+](?:[01][0-9]|2[0-3]):?[0-5][0-9])?"
_CLOCK: Final = re.compile(rf"([01]?[0-9]|2[0-3]):([0-5][0-9])\s*{_ZONE}", re.IGNORECASE)
_DIGITS: Final = re.compile(rf"([01][0-9]|2[0-3])([0-5][0-9])\s*{_ZONE}", re.IGNORECASE)
_WHOLE: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T|\s+|\s*T\s*)([0-9]{1,2}):([0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    rf"\s*{_ZONE}(?:\s+\([^()]*\))?",
    re.IGNORECASE,
)
"""As RFC 3339, as a sheet shows it (with the desk's own clock behind), or without a zone: UTC."""
_BETWEEN: Final = re.compile(r"\s*/\s*|\s+[\N{EN DASH}\N{EM DASH}~]\s+")


def read_time(text: str, now: Instant, tense: Tense = Tense.TODAY) -> str:
    """Return the time that `text` means, as RFC 3339 in UTC.

    Raises:
        InputError: it means none.
    """
    typed = narrow(text).strip()
    if typed.casefold() == _NOW:
        return to_text(now)
    clock = _of_day(typed)
    if clock is not None:
        return _short(_moment(clock, now, tense))
    whole = _WHOLE.fullmatch(typed)
    try:
        if whole is not None:
            day, hour, rest, zone = whole.groups()
            return to_text(from_text(f"{day}T{hour:0>2}:{rest}{(zone or 'Z').upper()}"))
        return to_text(from_text(typed))
    except InputError:
        msg = (
            f"{text!r} is no time; write 06:12 (UTC), 06:12+09:00, 2026-11-21 06:12 (UTC), "
            "2026-11-21T06:12:00Z, or now"
        )
        raise InputError("bad-form", msg) from None


def read_window(text: str, now: Instant) -> dict[str, str]:
    """Return from when until when `text` means: of clock's times the window that is not over.

    Raises:
        InputError: it means none, or ends before it begins.
    """
    parts = _BETWEEN.split(narrow(text).strip())
    if len(parts) != 2:  # noqa: PLR2004 - a beginning and an end
        msg = f"{text!r} is no window; write 06:00/09:30 or two whole times with / between"
        raise InputError("bad-form", msg)
    first, last = parts
    if _of_day(first) is None:
        begins = read_time(first, now)
        ends = read_time(last, from_text(begins), Tense.COMING)
    else:
        ends = read_time(last, now, Tense.COMING)
        begins = _short(_moment(_of_day(first) or 0, from_text(ends), Tense.PAST, 0))
    if from_text(ends) < from_text(begins):
        raise InputError("bad-form", f"{text!r} ends before it begins")
    return {"begins_at": begins, "ends_at": ends}


class Contradiction(msgspec.Struct, frozen=True):
    """A time of a form that cannot be as it says."""

    code: str
    """Of a sentence in the lexicon."""
    field: str
    other: str = ""
    """The field that it contradicts; "": the time of writing."""


def contradictions(
    kind: Kind,
    values: Mapping[str, object],
    written_at: Instant | None = None,
    said: Collection[str] | None = None,
) -> list[Contradiction]:
    """Return what contradicts itself in a form, and for the fields `said` the time of writing.

    It never fails: what is no time contradicts nothing.
    """
    times = {
        field.name: (field.says.tense, at)
        for field in kind.fields
        if field.type is FieldType.TIME and (at := _instant(values.get(field.name))) is not None
    }
    found = [
        Contradiction("sheet.time_order", later, earlier)
        for earlier, later in IN_ORDER
        if earlier in times and later in times and times[earlier][1] > times[later][1]
    ]
    for name, (tense, at) in times.items():
        if written_at is None or (said is not None and name not in said):
            continue
        if tense is Tense.PAST and at > written_at + TOLERANCE:
            found.append(Contradiction("sheet.time_ahead", name))
        if tense is Tense.COMING and name in _ASKS and at < written_at - TOLERANCE:
            found.append(Contradiction("sheet.time_over", name))
    return found


_ASKS: Final = frozenset({"respond_by"})
"""By when others shall have done something: nobody can once that is over."""


def _instant(value: object) -> Instant | None:
    try:
        return from_text(value) if isinstance(value, str) else None
    except InputError:
        return None


def _of_day(typed: str) -> Instant | None:
    """Return how far into a day in UTC a clock's time lies; None: it is none."""
    found = _CLOCK.fullmatch(typed) or _DIGITS.fullmatch(typed)
    if found is None:
        return None
    zone = (found[3] or "Z").upper()
    away = 0
    if zone != "Z":
        digits = zone[1:].replace(":", "")
        away = (int(digits[:2]) * 60 + int(digits[2:])) * (1 if zone[0] == "+" else -1)
    return ((int(found[1]) * 60 + int(found[2]) - away) * MINUTE) % DAY


def _moment(clock: Instant, now: Instant, tense: Tense, tolerance: Instant = TOLERANCE) -> Instant:
    """Return the moment that a clock's time means."""
    today = from_day(day_of(now)) + clock
    match tense:
        case Tense.PAST | Tense.LATEST:
            return _last_before(today, now + tolerance)
        case Tense.COMING:
            return today if today >= now - now % MINUTE else today + DAY
        case _:
            return today


def _last_before(today: Instant, now: Instant) -> Instant:
    """Return the newest moment of that time of day which is not after `now`."""
    later = today + DAY
    return later if later <= now else today if today <= now else today - DAY


def _short(at: Instant) -> str:
    return f"{to_text(at)[:19]}Z"
