"""What the long proofs leave behind: one JSON line per round, and totals over all of them.

A round is a proof of its own: it has its seed, and nothing of it is needed later. So a proof
can be stopped after any round and gone on with another day.
"""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from noroshi.adapters.clock import SystemClock
from noroshi.core.instant import to_text

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "docs" / "evidence"


def record(proof: str, figures: Mapping[str, object], folder: Path = FOLDER) -> None:
    """Append a round's figures."""
    folder.mkdir(parents=True, exist_ok=True)
    line = {"at": to_text(SystemClock().now())[:19] + "Z", "commit": commit(), **figures}
    with (folder / f"{proof}.jsonl").open("a") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def totals(proof: str, folder: Path = FOLDER) -> dict[str, int]:
    """Return the sum of every count over all rounds on record."""
    sums: dict[str, int] = {"rounds": 0}
    path = folder / f"{proof}.jsonl"
    for line in path.read_text().splitlines() if path.exists() else ():
        sums["rounds"] += 1
        figures: dict[str, object] = json.loads(line)
        for name, value in figures.items():
            if isinstance(value, int) and name != "seed":
                sums[name] = sums.get(name, 0) + value
    return sums


def commit() -> str:
    """Return the commit that was proved, with a "+" if the sources differ from it."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        return head + ("+" if _git("status", "--porcelain", "--", "src") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def spread(seconds: list[float]) -> dict[str, float]:
    """Return p50, p99 and maximum."""
    ordered = sorted(seconds) or [0.0]
    last = len(ordered) - 1
    return {
        "p50": round(ordered[round(last * 0.50)], 3),
        "p99": round(ordered[round(last * 0.99)], 3),
        "max": round(ordered[-1], 3),
    }


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()
