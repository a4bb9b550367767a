"""What a custodian signs: online keys are theirs to compare, whatever a file says of them."""

from collections.abc import Generator
from pathlib import Path

import pytest

from noroshi import custody
from noroshi.core.directory.armour import armoured, marks, read_armoured
from noroshi.core.directory.ceremony import Proposal
from noroshi.core.errors import InputError
from noroshi.flow import requests
from tests.unit.flow.pair import House, Pair, open_pair

NAMES = ("sato", "ito", "abe")


@pytest.fixture
def pair(tmp_path: Path) -> Generator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def request(house: House) -> tuple[bytes, str]:
    """Return what a node gives for the ceremony, and the fingerprint that its people read out."""
    told = house.ask(requests.RequestRoot())
    return str(told["armoured"]).encode(), str(told["online_keys"])


def custodians(folder: Path) -> list[bytes]:
    files = [folder / f"{name}.key" for name in NAMES]
    return [custody.make_custodian(file, lambda: None).armoured.encode() for file in files]


def sign(made: Proposal, key: Path, online_keys: str | None = None) -> Proposal:
    return custody.sign(made.armoured.encode(), key, lambda: None, online_keys)


def swapped(asked: bytes, other: bytes) -> bytes:
    """Return a request with the online keys of another one in it."""
    begin, end = (mark.encode() for mark in marks("ROOT KEYS"))
    raw = read_armoured("ROOT KEYS", other)
    assert raw is not None
    head, rest = asked.split(begin)[0], asked.split(end)[1]
    return head + armoured("ROOT KEYS", raw).encode() + rest


def test_online_keys_that_somebody_exchanged_are_signed_by_nobody(
    pair: Pair, tmp_path: Path
) -> None:
    asked, told = request(pair.jp)
    evil, _ = request(pair.nato)
    made = custody.propose(swapped(asked, evil), custodians(tmp_path), 2, 1000)
    said = custody.summary(made)
    assert said["online_keys"] != told
    assert said["online_keys_as_before"] is False
    first = pair.jp.node.home / "keys" / "root.key"
    for key in (first, tmp_path / "sato.key"):
        with pytest.raises(InputError, match="new to this key") as caught:
            sign(made, key)
        assert str(said["online_keys"]) not in caught.value.message, "nobody may copy it from here"
        with pytest.raises(InputError, match="do not sign"):
            sign(made, key, told)


def test_a_custodian_compares_the_online_keys_once(pair: Pair, tmp_path: Path) -> None:
    asked, told = request(pair.jp)
    made = custody.propose(asked, custodians(tmp_path), 2, 1000)
    assert custody.summary(made)["online_keys"] == told
    assert custody.summary(made)["online_keys_as_before"] is True
    # The first key signed version 1, which names the same ones; the new custodians did not.
    made = sign(made, pair.jp.node.home / "keys" / "root.key")
    with pytest.raises(InputError, match="new to this key"):
        sign(made, tmp_path / "sato.key")
    made = sign(made, tmp_path / "sato.key", told.replace(" ", "").upper())
    made = sign(made, tmp_path / "ito.key", told)
    pair.jp.ask(requests.TakeRoot(root=made.armoured.encode(), by="Capt Abe"))
    made = custody.propose(request(pair.jp)[0], [], 2, 1000)
    made = sign(made, tmp_path / "sato.key")
    with pytest.raises(InputError, match="new to this key"):
        sign(made, tmp_path / "abe.key")
    made = sign(made, tmp_path / "abe.key", told)
    taken = pair.jp.ask(requests.TakeRoot(root=made.armoured.encode(), by="Capt Abe"))
    assert taken["version"] == 3


def test_a_chain_that_somebody_made_up_does_not_speak_for_its_online_keys(
    pair: Pair, tmp_path: Path
) -> None:
    """Its root before names the custodian, and was signed by the forger alone."""
    asked, evil = request(pair.nato)
    forger = pair.nato.node.home / "keys" / "root.key"
    own = custody.public_half(forger, lambda: None).armoured.encode()
    public = custodians(tmp_path)
    made = sign(custody.propose(asked, [own, public[0]], 1, 1000), forger)
    pair.nato.ask(requests.TakeRoot(root=made.armoured.encode(), by="Mallory"))
    made = custody.propose(request(pair.nato)[0], public, 2, 1000)
    assert custody.summary(made)["online_keys_as_before"] is True
    with pytest.raises(InputError, match="new to this key"):
        sign(made, tmp_path / "sato.key")
    with pytest.raises(InputError, match="do not sign"):
        sign(made, tmp_path / "sato.key", request(pair.jp)[1])
    assert evil != request(pair.jp)[1]


@pytest.mark.parametrize("told", ["", "12", "zz" * 12, "é" * 24])
def test_what_is_no_fingerprint_is_none_of_these_keys(
    pair: Pair, tmp_path: Path, told: str
) -> None:
    made = custody.propose(request(pair.jp)[0], custodians(tmp_path), 2, 1000)
    with pytest.raises(InputError, match="do not sign"):
        sign(made, tmp_path / "sato.key", told)
