"""What a line says right after its partners have verified each other."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from noroshi.core.instant import SECOND
from noroshi.flow import requests
from noroshi.flow.records import LineCheck
from noroshi.flow.tables import Transaction
from tests.unit.flow.pair import House, Pair, open_pair


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as both:
        yield both


def noted(house: House, at: int, code: str | None, *, outgoing: bool = True) -> str:
    check = LineCheck(outgoing=outgoing, at=at, bearer="push", round_trip=None, code=code)
    house.node.store.perform(lambda tx: tx.watch.add_check("nato", check))
    (told,) = house.ask(requests.LineStates())
    return str(told["state"])


def test_a_check_that_failed_for_want_of_trust_is_over_once_the_other_checks(pair: Pair) -> None:
    at = pair.clock.at + SECOND
    assert noted(pair.jp, at, "partner-unverified") == "DOWN"
    assert noted(pair.jp, at + 1, None, outgoing=False) == "UNTESTED"
    assert noted(pair.jp, at + 2, "timed-out") == "DOWN"
    assert noted(pair.jp, at + 3, "partner-unverified") == "DOWN"


def test_a_check_that_failed_for_want_of_trust_is_over_once_it_is_verified_here(pair: Pair) -> None:
    at = pair.clock.at + SECOND
    assert noted(pair.jp, at, "partner-unverified") == "DOWN"

    def verify(tx: Transaction) -> None:
        known = tx.partners.get("nato")
        assert known is not None
        tx.partners.put(msgspec.structs.replace(known, verified_at=at + 1))

    pair.jp.node.store.perform(verify)
    (told,) = pair.jp.ask(requests.LineStates())
    assert (told["state"], told["reason"]) == ("UNTESTED", None)
