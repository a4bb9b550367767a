"""A slice of `./dev endure powercut`: sixty cuts, and proof that the disk is cruel."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from endure.disklife import Bench
from endure.powercut import cut, set_up


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with set_up(tmp_path / "nodes") as made:
        yield made


def test_a_commit_survives_every_cut(bench: Bench, tmp_path: Path) -> None:
    shown = cut(bench, tmp_path, "FULL", 60, seed=1)
    assert (shown.lost, shown.damaged, shown.problems) == (0, 0, [])
    assert shown.cuts == 60
    assert shown.answered > 300


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_a_weaker_setting_loses_data(bench: Bench, tmp_path: Path, synchronous: str) -> None:
    assert cut(bench, tmp_path, synchronous, 12, seed=1).lost > 0
