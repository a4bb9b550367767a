"""Links that work once, and sessions that end."""

import pytest

from noroshi.adapters.clock import SystemEntropy
from noroshi.core.errors import InputError
from noroshi.core.instant import DAY, HOUR, MINUTE
from noroshi.flow.visitors import (
    CHALLENGE_LIFE,
    FRESH,
    IDLE,
    LINK_LIFE,
    LONGEST,
    MOST,
    Visitors,
    called,
)

NOW = 1_800_000_000_000_000


@pytest.fixture
def visitors() -> Visitors:
    return Visitors(SystemEntropy())


def name_of(visitors: Visitors, secret: str, now: int, *, is_touch: bool = True) -> str | None:
    session = visitors.find(secret, now, is_touch=is_touch)
    return None if session is None else session.name


def test_a_proof_is_fresh_for_a_while(visitors: Visitors) -> None:
    secret = visitors.open("Lt Sato", NOW)

    def is_fresh(now: int) -> bool:
        session = visitors.find(secret, now, is_touch=False)
        assert session is not None
        return session.is_fresh(now)

    assert is_fresh(NOW + FRESH)
    assert not is_fresh(NOW + FRESH + 1)
    before, secret = secret, visitors.prove(secret, NOW + FRESH + 1)
    assert visitors.find(before, NOW + FRESH + 1) is None, "it has another secret"
    assert visitors.prove("nobody's", NOW) == ""
    assert is_fresh(NOW + 2 * FRESH)
    assert not is_fresh(NOW + FRESH), "before it was proven"


def test_a_challenge_is_answered_once_for_its_purpose(visitors: Visitors) -> None:
    first, second, third = (visitors.challenge("enter", NOW) for _ in range(3))
    visitors.redeem(first, "enter", NOW + CHALLENGE_LIFE)
    for challenge, purpose, now in (
        (first, "enter", NOW),
        (second, "confirm Lt Sato", NOW),
        (second, "enter", NOW - 1),
        (third, "enter", NOW + CHALLENGE_LIFE + 1),
        (b"", "enter", NOW),
    ):
        with pytest.raises(InputError, match="too old"):
            visitors.redeem(challenge, purpose, now)
    for other in (third[:-1], third + b"x", bytes(len(third)), third[1:] + third[:1]):
        with pytest.raises(InputError, match="too old"):
            visitors.redeem(other, "enter", NOW)
    with pytest.raises(InputError, match="too old"):
        Visitors(SystemEntropy()).redeem(third, "enter", NOW)
    visitors.redeem(third, "enter", NOW)


def test_whoever_asks_for_many_challenges_takes_none_from_others(visitors: Visitors) -> None:
    oldest = visitors.challenge("enter", NOW)
    for _ in range(2 * MOST):
        visitors.challenge("enter", NOW)
    visitors.redeem(oldest, "enter", NOW)
    later = NOW + 2 * CHALLENGE_LIFE
    visitors.redeem(visitors.challenge("enter", later), "enter", later)
    assert len(visitors._used) == 1, "what is too old anyway is forgotten"


def test_a_link_lets_one_browser_in(visitors: Visitors) -> None:
    link = visitors.invite("Lt Sato", NOW)
    session = visitors.enter(link, NOW + LINK_LIFE)
    assert visitors.find(session, NOW) is None, "before it began"
    again = visitors.enter(visitors.invite("Lt Sato", NOW), NOW)
    assert name_of(visitors, again, NOW) == "Lt Sato"
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
    assert name_of(visitors, session, NOW + IDLE) == "Lt Sato"
    assert name_of(visitors, session, NOW + 2 * IDLE, is_touch=False) == "Lt Sato"
    assert visitors.find(session, NOW + 2 * IDLE + 1, is_touch=False) is None
    assert visitors.find(session, NOW + 2 * IDLE) is None, "it does not come back"


def test_a_session_ends_with_the_watch(visitors: Visitors) -> None:
    session = visitors.enter(visitors.invite("Lt Sato", NOW), NOW)
    for passed in range(0, LONGEST + 1, 10 * MINUTE):
        assert name_of(visitors, session, NOW + passed) == "Lt Sato"
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
    assert name_of(visitors, sessions[1], NOW + HOUR // 60) == "Lt Sato"


def test_a_browser_that_comes_in_anew_has_one_session(visitors: Visitors) -> None:
    first = visitors.open("Lt Sato", NOW)
    second = visitors.enter(visitors.invite("Cdr Ito", NOW), NOW, before=first)
    assert visitors.find(first, NOW) is None
    third = visitors.open("Lt Sato", NOW, before=second)
    assert visitors.find(second, NOW) is None
    assert name_of(visitors, third, NOW) == "Lt Sato"


def test_sessions_are_named_listed_and_ended(visitors: Visitors) -> None:
    old, young = visitors.open("Lt Sato", NOW), visitors.open("Lt Sato", NOW + 1)
    other, link = visitors.open("Cdr Ito", NOW), visitors.invite("Lt Sato", NOW)
    listed = visitors.sessions("Lt Sato", NOW + 1)
    assert [name for name, _ in listed] == [called(young), called(old)]
    assert visitors.sessions("Lt Sato", NOW + IDLE + 1) == listed[:1]
    assert old not in repr(listed)
    assert visitors.end("Lt Sato", which=called(other)) == 0, "it is another person's"
    assert visitors.end("Lt Sato", which=called(old)) == 1
    assert visitors.find(old, NOW + 1) is None
    assert visitors.end("Lt Sato", but=young) == 0
    with pytest.raises(InputError):
        visitors.enter(link, NOW)
    assert visitors.end("Lt Sato") == 1
    assert visitors.find(young, NOW + 1) is None
    assert name_of(visitors, other, NOW) == "Cdr Ito"
