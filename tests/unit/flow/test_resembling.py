"""Partners whose names look alike: nobody sees one of them without being told."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from endure.clock import SetClock
from noroshi.bootstrap import create_node, embedded_node
from noroshi.flow import requests
from noroshi.settings import Settings
from tests.unit.flow.pair import House, Pair, open_pair


@pytest.fixture
def pair(tmp_path: Path) -> Generator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def card_of(folder: Path, partner: str, name: str, clock: SetClock) -> bytes:
    """Return the card of a new node."""
    settings = Settings(
        partner=partner, name=name, desks=("cyber",), profile="H3", peer="127.0.0.1:0",
        default_marking="TLP:GREEN",
    )  # fmt: skip
    create_node(folder / partner, settings, lambda: None, clock)
    with embedded_node(folder / partner, lambda: None, clock=clock) as node:
        assert node is not None
        return str(House(node, clock).ask(requests.OwnCard())["armoured"]).encode()


def resembling(house: House) -> dict[str, Any]:
    return {row["partner"]: row["resembles"] for row in house.ask(requests.Partners())}


@pytest.mark.parametrize(
    ("partner", "name"), [("nat0", "Zero"), ("na", "N\u0410TO"), ("n-to", "Nató"), ("xx", "nato")]
)
def test_a_name_like_another_partner_s_is_told(
    pair: Pair, tmp_path: Path, partner: str, name: str
) -> None:
    jp = pair.jp
    assert resembling(jp) == {"nato": []}
    told = jp.ask(requests.AddPartner(card=card_of(tmp_path, partner, name, pair.clock)))
    assert told["resembles"] == ["nato"]
    assert resembling(jp) == {"nato": [partner], partner: ["nato"]}
    assert jp.ask(requests.PartnerNumber(partner=partner))["resembles"] == ["nato"]


def test_nor_is_one_taken_for_this_node_itself(pair: Pair, tmp_path: Path) -> None:
    raw = card_of(tmp_path, "xx", "J.P.", pair.clock)
    assert pair.jp.ask(requests.AddPartner(card=raw))["resembles"] == ["jp"]


def test_who_releases_is_told(pair: Pair, tmp_path: Path) -> None:
    jp, nato = pair.jp, pair.nato
    jp.ask(requests.AddPartner(card=card_of(tmp_path, "nat0", "NATO", pair.clock)))
    agreement = (
        b'{"agreement": 1, "reference": "x", "sender": "jp", "receiver": "nato", "policy": "JPN",'
        b' "level": "\xe7\xa7\x98", "valid_from": "2026-01-01", "valid_until": "2027-12-31"}'
    )
    jp.ask(requests.AddAgreement(agreement=agreement, by="Lt Sato"))
    jp.send("cyber@nato", marking="JPN 秘//REL TO NATO", by="Lt Sato")
    (row,) = jp.ask(requests.ReleaseQueue())
    assert row["resembles"] == {"nato": ["nat0"]}
    assert resembling(nato) == {"jp": []}
