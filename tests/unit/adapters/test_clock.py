"""A clock that cannot be right stops everything before anything is done."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from endure.clock import SetClock
from noroshi.adapters.clock import (
    LATEST,
    MAX_REWIND,
    RELEASED_AT,
    SystemClock,
    check_clock,
    local_zone,
)
from noroshi.bootstrap import create_node, embedded_node
from noroshi.core.delivery.check import DeskState
from noroshi.core.errors import InputError, UnavailableError
from noroshi.core.instant import DAY, HOUR, SECOND
from noroshi.flow import answers, requests
from noroshi.settings import Settings

JP = Settings(
    partner="jp",
    name="Japan",
    desks=("cyber",),
    profile="H3",
    peer="127.0.0.1:0",
    default_marking="TLP:AMBER",
)


@pytest.mark.parametrize("now", [RELEASED_AT, LATEST, RELEASED_AT + DAY])
def test_a_plausible_clock(now: int) -> None:
    check_clock(now, None)
    check_clock(now, now + MAX_REWIND)


@pytest.mark.parametrize(
    ("now", "last_recorded"),
    [
        (RELEASED_AT - SECOND, None),
        (RELEASED_AT - 3650 * DAY, None),
        (LATEST + SECOND, None),
        (RELEASED_AT + 3650 * DAY, None),
        (RELEASED_AT + DAY, RELEASED_AT + 2 * DAY + HOUR),
    ],
)
def test_a_clock_that_cannot_be_right(now: int, last_recorded: int | None) -> None:
    with pytest.raises(UnavailableError, match="Set the clock") as refused:
        check_clock(now, last_recorded)
    assert refused.value.code == "clock-off"


@pytest.mark.parametrize("years", [-10, 10])
def test_no_node_is_made_ten_years_off(tmp_path: Path, years: int) -> None:
    clock = SetClock(SystemClock().now() + years * 366 * DAY)
    with pytest.raises(UnavailableError, match="Set the clock"):
        create_node(tmp_path / "jp", JP, lambda: None, clock)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("years", [-10, 10])
def test_no_node_is_opened_ten_years_off(tmp_path: Path, years: int) -> None:
    home = tmp_path / "jp"
    create_node(home, JP, lambda: None)
    clock = SetClock(SystemClock().now() + years * 366 * DAY)
    with (
        pytest.raises(UnavailableError, match="Set the clock"),
        embedded_node(home, lambda: None, clock=clock),
    ):
        pytest.fail("it was opened")
    with embedded_node(home, lambda: None) as node:
        assert node is not None
        with node.store.read() as tables:
            assert tables.journal.size == 2  # its card, its directory


def test_a_clock_that_is_set_is_followed_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    assert abs(clock.drift()) < SECOND
    before = clock.now()
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() - HOUR * 1000)
    assert 0 <= clock.now() - before < 10 * SECOND
    drift = clock.drift()
    assert abs(drift + HOUR) < SECOND
    clock.follow(drift)
    assert abs(clock.drift()) < SECOND
    assert before - HOUR - SECOND < clock.now() < before


def test_a_machine_without_an_uptime_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    clock = SystemClock()
    assert abs(clock.drift()) < SECOND


def test_an_officer_confirms_a_clock_that_was_ahead(tmp_path: Path) -> None:
    create_node(tmp_path / "jp", JP, lambda: None)
    now = SystemClock().now()
    with embedded_node(tmp_path / "jp", lambda: None, clock=SetClock(now + 3 * DAY)) as node:
        assert node is not None
        watch_desk = requests.SetDesk(desk="cyber", state=DeskState.STAFFED, by="Lt Sato")
        answers.handle(node.house, watch_desk)
    right = SetClock(now)
    with (
        pytest.raises(UnavailableError, match="noroshi clock confirm"),
        embedded_node(tmp_path / "jp", lambda: None, clock=right),
    ):
        pass
    with embedded_node(tmp_path / "jp", lambda: None, clock=right, confirmed_by="Lt Sato"):
        pass
    with embedded_node(tmp_path / "jp", lambda: None, clock=right) as node:
        assert node is not None
        (alarm,) = cast("list[dict[str, Any]]", answers.handle(node.house, requests.Alarms()))
    assert "is right, says Lt Sato" in alarm["message"]


def test_a_clock_that_is_not_in_doubt_is_not_confirmed(tmp_path: Path) -> None:
    create_node(tmp_path / "jp", JP, lambda: None)
    later = SetClock(SystemClock().now() + 2 * HOUR)
    with (
        pytest.raises(InputError, match="nothing to confirm"),
        embedded_node(tmp_path / "jp", lambda: None, clock=later, confirmed_by="Lt Sato"),
    ):
        pass
    with embedded_node(tmp_path / "jp", lambda: None, clock=later) as node:
        assert node is not None
        assert answers.handle(node.house, requests.Alarms()) == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Asia/Tokyo", "Asia/Tokyo"),
        (":Europe/London", "Europe/London"),
        ("UTC", None),
        ("X/Y", None),
    ],
)
def test_the_zone_is_that_of_whoever_is_there(
    name: str, found: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", name)
    zone = local_zone()
    assert (None if zone is None else str(zone)) == found


def test_without_a_name_the_zone_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    zone = local_zone()
    offset = time.localtime(RELEASED_AT / SECOND).tm_gmtoff
    there = datetime.fromtimestamp(RELEASED_AT / SECOND, zone or UTC).utcoffset()
    assert there == timedelta(seconds=offset)
