"""A slice of `./dev endure simulate` and `planted`: 2,016 hours, and bugs that must be noticed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from endure.evidence import ROOT
from endure.planted import apply, notice
from endure.plants import PLANTS
from endure.siege import besiege, holds
from endure.simulate import live

EASY = [
    "a receipt that was refused is forgotten",
    "the second partner gets nothing",
    "the next desk is called late",
    "the text lies open beside the seal",
]


@pytest.mark.parametrize("seed", range(28))
def test_every_promise_is_kept_for_three_days(seed: int) -> None:
    """By the command that people use, in a process of its own."""
    command = [sys.executable, "-m", "noroshi", "--json", "simulate", "--hours", "72"]
    ran = subprocess.run([*command, "--seed", str(seed)], capture_output=True, check=False)
    told = json.loads(ran.stdout)
    assert told["violations"] == []
    assert told["reports"] > 50
    assert ran.returncode == 0


def test_after_a_long_cut_a_flash_comes_first() -> None:
    figures = besiege(5, reports=300, cut_seconds=4 * 3600.0)
    assert holds(figures), figures


def test_a_siege_is_not_passed_by_nothing() -> None:
    figures = besiege(5, reports=20, cut_seconds=600.0)
    for fault in ("lost", "twice", "through_the_cut", "still_waiting"):
        assert not holds({**figures, fault: 1})
    assert not holds({**figures, "first_flash_seconds": 30.1})
    assert not holds({**figures, "first_flash_seconds": None})


def test_one_seed_is_one_history() -> None:
    told = []
    for order in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-m", "noroshi", "--json", "simulate", "--hours", "24", "--seed", "7"],
            env={**os.environ, "PYTHONHASHSEED": order},
            capture_output=True,
            check=True,
        )
        told.append(json.loads(done.stdout))
    assert told[0] == told[1]
    assert told[0]["violations"] == []
    assert told[0]["trace"] != live(8, 24.0).trace


@pytest.mark.parametrize("name", EASY)
def test_a_planted_bug_is_noticed(name: str) -> None:
    (plant,) = (plant for plant in PLANTS if plant.name == name)
    assert notice(plant, first_seed=40, seeds=20, hours=24.0).broken


def test_every_planted_bug_is_true_to_the_code(tmp_path: Path) -> None:
    for number, plant in enumerate(PLANTS):
        copy = tmp_path / str(number)
        copytree(ROOT / "src" / "noroshi", copy)
        apply(plant, copy)
        for name, _, _ in plant.edits:
            compile((copy / name).read_text(), name, "exec")
    assert len({plant.name for plant in PLANTS}) == len(PLANTS) >= 30
