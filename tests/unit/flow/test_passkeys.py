"""Passkeys of accounts: whose they are, who adds and removes them, what a copy gives away."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.passkey import MOST
from noroshi.core.tlog.entry import EntryKind
from noroshi.flow import requests
from noroshi.flow.caller import Caller
from noroshi.flow.passkeys import use_passkey
from tests.unit.flow.pair import House, Pair, open_pair
from tests.unit.flow.test_accounts import add, ask, by_user, by_words, entries, staff


@pytest.fixture
def nato(tmp_path: Path) -> Iterator[House]:
    pair: Pair
    with open_pair(tmp_path) as pair:
        yield pair.nato


def new(credential: bytes, label: str = "blue") -> requests.AddPasskey:
    return requests.AddPasskey(credential=credential, public_key=b"key", sign_count=4, label=label)


def test_a_passkey_belongs_to_whoever_adds_it(nato: House) -> None:
    with pytest.raises(InputError, match="there are none yet"):
        ask(nato, new(b"1"), by_user())
    staff(nato)
    told = ask(nato, new(b"1", "  blue   key "), by_words("Watch"))
    assert (told["account"], told["label"]) == ("Watch", "blue key")
    with pytest.raises(ConflictError, match="already"):
        ask(nato, new(b"1"), by_words("Drafter"))
    assert [p["label"] for p in ask(nato, requests.Passkeys(name="Watch"), by_words("watch"))] == [
        "blue key"
    ]
    with pytest.raises(InputError, match="may not"):
        ask(nato, requests.Passkeys(name="Watch"), by_words("Drafter"))
    noted = entries(nato, EntryKind.ACCOUNT_CHANGED)
    assert [entry.by for entry in noted] == ["Watch"]


def test_there_are_not_too_many(nato: House) -> None:
    staff(nato)
    for number in range(MOST):
        ask(nato, new(bytes([number])), by_words("Watch"))
    with pytest.raises(ConflictError, match="remove one first"):
        ask(nato, new(b"more"), by_words("Watch"))


def test_one_that_is_lost_is_removed_by_its_owner_or_an_administrator(nato: House) -> None:
    staff(nato)
    for credential in (b"1", b"2"):
        ask(nato, new(credential), by_words("Watch"))
    first = requests.RemovePasskey(name="Watch", credential=b"1")
    with pytest.raises(InputError, match="may not"):
        ask(nato, first, by_words("Drafter"))
    with pytest.raises(NotFoundError):
        ask(nato, requests.RemovePasskey(name="Drafter", credential=b"1"), by_words("Drafter"))
    with pytest.raises(NotFoundError):
        ask(nato, requests.RemovePasskey(name="Nobody", credential=b"1"), by_user())
    ask(nato, first, by_words("Watch"))
    ask(nato, requests.RemovePasskey(name="Watch", credential=b"2"), by_user())
    assert ask(nato, requests.Passkeys(name="Watch"), by_user()) == []
    with pytest.raises(NotFoundError):
        ask(nato, first, by_words("Watch"))


def test_a_copy_of_one_gives_itself_away(nato: House) -> None:
    staff(nato)
    ask(nato, new(b"1"), by_words("Watch"))
    store = nato.node.house.store
    assert store.perform(lambda tx: use_passkey(tx, b"1", 5)) == "Watch"
    for count in (5, 4, 0):
        with pytest.raises(InputError, match="a copy"):
            store.perform(partial(use_passkey, credential=b"1", count=count))
    assert store.perform(lambda tx: use_passkey(tx, b"1", 6)) == "Watch"
    with pytest.raises(NotFoundError):
        store.perform(lambda tx: use_passkey(tx, b"2", 1))


def test_one_that_does_not_count_is_used_again_and_again(nato: House) -> None:
    add(nato, "Capt Abe", "administrator")
    credential = requests.AddPasskey(credential=b"1", public_key=b"k", sign_count=0, label="x")
    ask(nato, credential, Caller(proven="Capt Abe", is_owner=False))
    for _ in range(2):
        nato.node.house.store.perform(lambda tx: use_passkey(tx, b"1", 0))


def test_an_account_that_has_ended_comes_in_no_more(nato: House) -> None:
    staff(nato)
    ask(nato, new(b"1"), by_words("Watch"))
    ask(nato, requests.EndAccount(name="Watch"), by_user())
    with pytest.raises(NotFoundError, match="ended"):
        nato.node.house.store.perform(lambda tx: use_passkey(tx, b"1", 9))
