"""A slice of `./dev endure fuzz`: two thousand hostile inputs for every decoder."""

from collections.abc import Iterator, Mapping

import pytest

from endure.decoders import Decoder, decoders
from endure.exchange import open_pair
from endure.fuzz import PROFILES, attack

INPUTS = 2_000
DECODERS = (
    "envelope",
    "receipt",
    "card",
    "directory",
    "proof",
    "checkpoint",
    "cosignature",
    "witness",
    "entry",
    "courier",
    "compact",
    "json",
    "import",
    "peer-door",
)

pytestmark = pytest.mark.xdist_group("fuzz")


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Decoder]]:
    folder = tmp_path_factory.mktemp("fuzz")
    with open_pair(folder, PROFILES) as pair, decoders(pair) as all_decoders:
        yield all_decoders


def test_all_decoders_are_attacked(attacked: Mapping[str, Decoder]) -> None:
    assert tuple(attacked) == DECODERS


@pytest.mark.parametrize("name", DECODERS)
def test_hostile_bytes_are_read_or_refused(attacked: Mapping[str, Decoder], name: str) -> None:
    shown = attack(name, attacked[name], INPUTS, seed=1)
    assert shown.findings == []
    assert shown.inputs == INPUTS
