"""A slice of `./dev endure journal`: three hundred edits, all found."""

from pathlib import Path

from endure.edits import ALONE, TAILS
from endure.journal import FOUND, UNSEEN, WITH_PROOF, run_round


def test_every_edit_of_a_journal_is_found(tmp_path: Path) -> None:
    outcome = run_round(tmp_path, 300, seed=1)
    assert outcome.missed == []
    assert sum(outcome.total(how) for how in (FOUND, "damaged", WITH_PROOF, UNSEEN)) == 300
    seen = {name.partition(":")[0] for name in outcome.counts}
    assert seen == {*ALONE, *TAILS, "roll-back", "flip-page"}


def test_what_one_node_alone_cannot_find_the_partners_proof_shows(tmp_path: Path) -> None:
    outcome = run_round(tmp_path, 150, seed=2)
    for name in ("cut-all", "resign-alone", "roll-back"):
        assert outcome.counts[f"{name}: {WITH_PROOF}"] > 0
