"""Rounds of a proof over a link: each in a folder and on record, as many as are asked or fit."""

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from endure import evidence
from endure.link import NoRigError

Round = Callable[[Path, int], tuple[bool, Mapping[str, object]]]
"""Plays a round in a folder, with a seed; returns verdict and figures."""


def repeat(proof: str, play: Round, *, minutes: float, seed: int, rounds: int | None) -> bool:
    """Play so many rounds, or as many as fit into the time, one at least; say whether all hold.

    The folder of a round that does not is kept. What a round says of its "steps" goes on record
    alone.

    Raises:
        NoRigError: this machine cannot have a link; nothing is left.
    """
    began, played, proved = time.monotonic(), 0, True
    while _is_another_due(began, played, minutes, rounds):
        folder = Path(tempfile.mkdtemp(prefix=f"noroshi-{proof}-"))
        try:
            is_proved, figures = play(folder, seed)
        except NoRigError:
            shutil.rmtree(folder)
            raise
        print({name: value for name, value in figures.items() if name != "steps"})
        if is_proved:
            shutil.rmtree(folder)
        else:
            print(f"   kept for a look: {folder}")
        evidence.record(proof, figures)
        proved = proved and is_proved
        played, seed = played + 1, seed + 1
    print("total", evidence.totals(proof))
    return proved


def _is_another_due(began: float, played: int, minutes: float, rounds: int | None) -> bool:
    if rounds is not None or not played:
        return played < (rounds or 1)
    spent = time.monotonic() - began
    return spent * (played + 1) / played < minutes * 60
