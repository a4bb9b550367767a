"""The installed program: the command line, with the doors that its `serve` opens."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from noroshi.entrypoints.cli.context import Serving


def _serve(serving: "Serving") -> None:
    # Imported here: only `serve` needs the servers, and every other command starts faster.
    from noroshi.doors import serve

    serve(serving)


def main() -> None:
    """Run the program and exit."""
    try:
        # Imported here: whoever changes their mind while it starts sees no traceback either.
        from noroshi.entrypoints.cli import run

        status = run(sys.argv[1:], _serve)
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    main()
