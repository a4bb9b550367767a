import calendar
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.errors import InputError
from noroshi.core.instant import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    day_of,
    from_day,
    from_text,
    is_instant,
    to_text,
)

LAST = from_text("9999-12-31T00:00:00Z")
INSTANTS = st.integers(0, LAST)


@given(INSTANTS)
def test_text_and_back(at: int) -> None:
    assert from_text(to_text(at)) == at


@given(INSTANTS, INSTANTS)
def test_texts_sort_as_instants_do(one: int, other: int) -> None:
    assert (to_text(one) < to_text(other)) == (one < other)


@given(st.datetimes(datetime(1971, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds are naive
def test_agrees_with_the_calendar(moment: datetime) -> None:
    seconds = calendar.timegm(moment.timetuple())
    assert from_text(moment.isoformat()) == seconds * SECOND + moment.microsecond


def test_units() -> None:
    assert (DAY, HOUR, MINUTE) == (24 * HOUR, 60 * MINUTE, 60 * SECOND)
    assert from_text("1970-01-02T01:01:01.000001Z") == DAY + HOUR + MINUTE + SECOND + 1


def test_a_zone_counts() -> None:
    assert from_text("2026-11-22T12:00:00+09:00") == from_text("2026-11-22T03:00:00Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-22",
        "2026-11-22T03:00:00",
        "2026-13-01T00:00:00Z",
        "2026-11-22T25:00:00Z",
        "1969-12-31T23:59:59Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "=" * 60_000,
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(InputError, match="write it like 2026-11-22T03:00:00Z") as caught:
        from_text(text)
    assert caught.value.code == "bad-input"
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("value", "is_one"), [(-1, False), (0, True), (LAST, True), (LAST + 1, False), (2**63, False)]
)
def test_bounds(value: int, is_one: bool) -> None:  # noqa: FBT001 - the expected value
    assert is_instant(value) is is_one


def test_every_instant_can_be_written() -> None:
    assert to_text(0) == "1970-01-01T00:00:00.000000Z"
    assert to_text(LAST) == "9999-12-31T00:00:00.000000Z"


def test_a_day_begins_at_midnight_in_utc() -> None:
    assert day_of(from_day(date(2026, 11, 22))) == date(2026, 11, 22)
    assert day_of(from_day(date(2026, 11, 22)) - 1) == date(2026, 11, 21)
