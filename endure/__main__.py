"""The long proofs of Noroshi.

python -m endure NAME [--minutes N] [--seed S] [--count N]

Exit code 0: proved. 1: not so. 3: this machine cannot try it; the message says what is missing.
"""

import argparse
import importlib
import secrets
import sys
from typing import Final, Protocol, cast

from endure.link import NoRigError

PROOFS: Final = {
    "kill": "nodes under load are killed at every named point and at random",
    "powercut": "the store on a disk that loses what was not synced",
    "journal": "edits of a journal on disk are found and bracketed",
    "simulate": "federations in virtual time and bad weather keep every promise",
    "siege": "after a simulated cut of 72 hours with 10,000 reports a FLASH comes first",
    "planted": "every planted bug is noticed by the simulator",
    "exits": "nothing leaves to somebody whom the rules, stated a second time, refuse",
    "forms": "forms of every kind come back from STIX and from CAP, equal",
    "soak": "memory, open files and the WAL stay flat under steady load",
    "overload": "ten times more than a node can take, and a FLASH goes through",
    "fuzz": "hostile bytes for every decoder",
    "distance": "FLASHes over a far, bad line are acknowledged within 10 s",
    "thin": "a FLASH over 9.6 kbit/s, an attachment under way, is acknowledged within 60 s",
    "outage": "after a cut the FLASHes come first, and everything exactly once",
}
CANNOT: Final = 3
PLANTS: Final = ("ack-before-commit",)


class Proof(Protocol):
    """A module of a proof."""

    def prove(
        self,
        minutes: float,
        seed: int,
        count: int | None,
        plant: str | None,
        **options: float,
    ) -> bool:
        """Go on with the proof; return whether it holds."""
        ...


def main() -> int:
    """Run a proof; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="./dev endure",
        description="Long proofs; they resume, and keep their totals in docs/evidence/.",
        epilog="\n".join(f"  {name:10} {what}" for name, what in PROOFS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", choices=list(PROOFS), metavar="NAME")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None, help="of the first round")
    parser.add_argument("--count", type=int, default=None, help="end after so many")
    parser.add_argument("--plant", choices=PLANTS, help="a fault that must be noticed (kill)")
    parser.add_argument("--cut", type=float, help="seconds that the link is cut (outage)")
    asked = parser.parse_args()
    if asked.name is None:
        parser.print_help()
        return 0
    seed = secrets.randbits(32) if asked.seed is None else asked.seed
    proof = cast("Proof", importlib.import_module(f"endure.{asked.name}"))
    if asked.cut is not None and asked.name != "outage":
        parser.error("--cut is for outage alone")
    options = {} if asked.cut is None else {"cut_seconds": asked.cut}
    try:
        proved = proof.prove(asked.minutes, seed, asked.count, asked.plant, **options)
    except NoRigError as error:
        print(error, file=sys.stderr)
        return CANNOT
    return 0 if proved else 1


if __name__ == "__main__":
    sys.exit(main())
