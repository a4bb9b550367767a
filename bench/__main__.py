"""Run benchmarks: `./dev bench [NAME] [--json FILE]`."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import (
    archive,
    chains,
    desk,
    directory,
    exchange,
    forms,
    line,
    page,
    parts,
    search,
    sustained,
    taxii,
)

_BENCHES: dict[str, Callable[[Path], dict[str, object]]] = {
    "line-h3": lambda folder: line.measure(folder, "H3"),
    "line-h5": lambda folder: line.measure(folder, "H5"),
    "desk": desk.measure,
    "page": page.measure,
    "sustained-h3": lambda folder: sustained.measure(folder, "H3"),
    "sustained-h5": lambda folder: sustained.measure(folder, "H5"),
    "sealing": parts.sealing,
    "release": parts.release,
    "archive": archive.archive,
    "chains": chains.measure,
    "forms": forms.forms,
    "sizes": forms.sizes,
    "journal": parts.journal,
    "directory": directory.measure,
    "taxii": taxii.measure,
    "taxii-growth": taxii.grow,
    "taxii-bulk": exchange.bulk,
    "taxii-latency": exchange.latency,
    "search": search.search,
    "start": parts.start,
    "rest": parts.rest,
}


def main() -> None:
    """Run one benchmark or all, and print their figures."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("name", nargs="?", help=", ".join(_BENCHES) + " [default: all]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    options = parser.parse_args()
    if options.name and not any(name.startswith(options.name) for name in _BENCHES):
        parser.error(f"no benchmark is called {options.name}; there are {', '.join(_BENCHES)}")
    chosen = [n for n in _BENCHES if options.name is None or n.startswith(options.name)]
    told: dict[str, object] = {"machine": _machine(), "commit": _commit()}
    for name in chosen:
        print(f"{name} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="noroshi-bench-") as folder:
            told[name] = _BENCHES[name](Path(folder))
        print(f"{name}: {json.dumps(told[name], indent=2)}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(told, indent=2) + "\n")


def _machine() -> dict[str, object]:
    return {
        "cores": os.cpu_count(),
        "load": [round(x, 2) for x in os.getloadavg()],
        "python": platform.python_version(),
        "system": platform.system(),
    }


def _commit() -> str:
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip()


if __name__ == "__main__":
    main()
