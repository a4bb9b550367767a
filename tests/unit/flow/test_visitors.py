"""Links that work once, and sessions that end."""

import pytest

from noroshi.adapters.clock import SystemEntropy
from noroshi.core.errors import InputError
from noroshi.core.instant import DAY, HOUR, MINUTE
from noroshi.flow.visitors import IDLE, LINK_LIFE, LONGEST, MOST, Visitors

NOW = 1_800_000_000_000_000


@pytest.fixture
def visitors() -> Visitors:
    return Visitors(SystemEntropy())


def test_a_link_lets_one_browser_in(visitors: Visitors) -> None:
    link = visitors.invite("Lt Sato", NOW)
    session = visitors.enter(link, NOW + LINK_LIFE)
    assert visitors.find(session, NOW) is None, "before it began"
    again = visitors.enter(visitors.invite("Lt Sato", NOW), NOW)
    assert visitors.find(again, NOW) == "Lt Sato"
    for secret in (link, "", again):
        with pytest.raises(InputError, match="used before"):
            visitors.enter(secret, NOW)
    assert visitors.find(link, NOW) is None
    assert visitors.find("", NOW) is None


@pytest.mark.parametrize("later", [LINK_LIFE + 1, -1, DAY])
def test_an_old_link_lets_nobody_in(visitors: Visitors, later: int) -> None:
    with pytest.raises(InputError, match="too old"):
        visitors.enter(visitors.invite("Lt Sato", NOW), NOW + later)


def test_a_session_that_nobody_touches_ends(visitors: Visitors) -> None:
    session = visitors.enter(visitors.invite("Lt Sato", NOW), NOW)
    assert visitors.find(session, NOW + IDLE) == "Lt Sato"
    assert visitors.find(session, NOW + 2 * IDLE, is_touch=False) == "Lt Sato"
    assert visitors.find(session, NOW + 2 * IDLE + 1, is_touch=False) is None
    assert visitors.find(session, NOW + 2 * IDLE) is None, "it does not come back"


def test_a_session_ends_with_the_watch(visitors: Visitors) -> None:
    session = visitors.enter(visitors.invite("Lt Sato", NOW), NOW)
    for passed in range(0, LONGEST + 1, 10 * MINUTE):
        assert visitors.find(session, NOW + passed) == "Lt Sato"
    assert visitors.find(session, NOW + LONGEST + MINUTE) is None


def test_who_leaves_is_gone(visitors: Visitors) -> None:
    session = visitors.enter(visitors.invite("Lt Sato", NOW), NOW)
    visitors.leave(session)
    visitors.leave(session)
    assert visitors.find(session, NOW) is None


def test_of_too_many_the_oldest_go(visitors: Visitors) -> None:
    sessions = [
        visitors.enter(visitors.invite("Lt Sato", NOW + n), NOW + n) for n in range(MOST + 1)
    ]
    assert visitors.find(sessions[0], NOW + HOUR // 60) is None
    assert visitors.find(sessions[1], NOW + HOUR // 60) == "Lt Sato"
