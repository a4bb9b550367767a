"""The installed program: the command line, with the doors that its `serve` opens."""

import sys
from typing import TYPE_CHECKING

from noroshi.entrypoints.cli import run

if TYPE_CHECKING:
    from noroshi.entrypoints.cli.context import Serving


def _serve(serving: "Serving") -> None:
    # Imported here: only `serve` needs the servers, and every other command starts faster.
    from noroshi.doors import serve

    serve(serving)


def main() -> None:
    """Run the program and exit."""
    sys.exit(run(sys.argv[1:], _serve))


if __name__ == "__main__":
    main()
