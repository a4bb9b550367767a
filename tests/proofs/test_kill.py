"""A slice of `./dev endure kill`: real processes, killed sixty times."""

from pathlib import Path

import pytest

from endure.kill import NEEDED, run_round
from endure.killable import ACK_BEFORE_COMMIT

KILLS = 60

pytestmark = [pytest.mark.xdist_group("kill"), pytest.mark.timeout(600)]


def test_nothing_answered_is_lost_or_announced_twice(tmp_path: Path) -> None:
    shown = run_round(tmp_path, KILLS, seed=1)
    assert (shown.findings.lost, shown.findings.twice, shown.findings.wrong) == ([], [], [])
    assert shown.missed == set()
    assert shown.kills >= KILLS
    assert max(shown.ready) <= 5
    for partner in ("jp", "nato"):
        killed_at = {point for name, point in shown.points if name == partner}
        assert killed_at >= NEEDED


def test_a_store_that_answers_before_it_commits_is_noticed(tmp_path: Path) -> None:
    shown = run_round(tmp_path, 8, seed=2, plant=ACK_BEFORE_COMMIT, only="committing")
    # Which answered act it forgets is chance: a report, or the card of a third partner.
    assert not shown.findings.is_clean
