"""Break-glass: whose it is, that it opens once, and that everybody hears of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from noroshi.core.errors import InputError, NoroshiError, NotFoundError
from noroshi.core.tlog.entry import EntryKind
from noroshi.flow import requests
from noroshi.flow.attempts import MOST, WAIT_SECONDS, Attempts
from noroshi.flow.break_glass import enter
from noroshi.flow.caller import Caller
from tests.break_glass import code_at
from tests.unit.flow.pair import House, Pair, open_pair
from tests.unit.flow.test_accounts import ask, by_user, by_words, entries, staff


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as both:
        yield both


def prepare(nato: House, name: str, caller: Caller) -> dict[str, str]:
    told: dict[str, str] = ask(nato, requests.PrepareBreakGlass(name=name), caller)
    return told


def use(nato: House, made: dict[str, str], name: str = "Watch", code: str = "") -> str:
    house = nato.node.house
    return enter(
        house, name, made["passphrase"], code or code_at(made["key_uri"], house.clock.now())
    )


def test_it_opens_once_and_an_alarm_tells_of_it(pair: Pair) -> None:
    nato = pair.nato
    staff(nato)
    made = prepare(nato, "Watch", by_words("Watch"))
    assert use(nato, made, "WATCH") == "Watch"
    (alarm,) = ask(nato, requests.Alarms(), by_words("Watch"))
    assert (alarm["alarm"], "break-glass as Watch" in alarm["message"]) == ("BREAK_GLASS", True)
    noted = entries(nato, EntryKind.ACCOUNT_CHANGED)
    assert [entry.by for entry in noted] == ["Watch", "Watch"]
    assert noted[0].digest == noted[1].digest
    with pytest.raises(InputError, match="do not open"):
        use(nato, made)


def test_it_is_ones_own_or_an_administrators_to_make(pair: Pair) -> None:
    nato = pair.nato
    staff(nato)
    with pytest.raises(InputError, match="may not"):
        prepare(nato, "Watch", by_words("Drafter"))
    with pytest.raises(NotFoundError):
        prepare(nato, "Nobody", by_user())
    first, second = prepare(nato, "Watch", by_user()), prepare(nato, "Watch", by_words("Watch"))
    with pytest.raises(InputError):
        use(nato, first)
    assert use(nato, second) == "Watch"


def test_nothing_tells_what_was_wrong(pair: Pair) -> None:
    nato = pair.nato
    staff(nato)
    made = prepare(nato, "Watch", by_words("Watch"))
    told = set()
    wrong = made | {"passphrase": "aaaa-bbbb"}
    for tried, name, code in (
        (made, "Nobody", ""),
        (wrong, "Watch", ""),
        (made, "Watch", "12345x"),
    ):
        with pytest.raises(InputError) as error:
            use(nato, tried, name, code)
        told.add((error.value.code, error.value.message))
    assert len(told) == 1


def test_guessing_is_slow(pair: Pair) -> None:
    nato = pair.nato
    staff(nato)
    made = prepare(nato, "Watch", by_words("Watch"))
    for number in range(MOST):
        with pytest.raises(InputError):
            use(nato, made, f"Somebody {number}")
    with pytest.raises(NoroshiError, match="too many wrong"):
        use(nato, made)
    pair.clock.go_on(1)
    assert use(nato, made) == "Watch"


def test_an_account_that_has_ended_has_none(pair: Pair) -> None:
    nato = pair.nato
    staff(nato)
    made = prepare(nato, "Watch", by_words("Watch"))
    ask(nato, requests.EndAccount(name="Watch"), by_user())
    with pytest.raises(InputError, match="do not open"):
        use(nato, made)


def test_only_so_many_are_remembered_to_have_been_wrong() -> None:
    attempts = Attempts()
    for number in range(1_001):
        for _ in range(MOST if number == 0 else 1):
            assert not attempts.is_right(f"{number}", 0, lambda: False)
    assert attempts.is_right("0", 0, lambda: True)
    assert not attempts.is_right("0", WAIT_SECONDS, lambda: False)
