"""The command line: parses, makes one request, presents the answer.

Exit status 0: done; 1: refused or failed, the reason on stderr (and as JSON with --json);
2: wrong usage. No traceback reaches a person.
"""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from noroshi.core.errors import NoroshiError
from noroshi.core.lexicon.lexicon import Language
from noroshi.entrypoints.cli.commands import Commands
from noroshi.entrypoints.cli.context import Context, Serving, default_home, print_json
from noroshi.entrypoints.cli.person import Person

_HELP = """Noroshi, a hotline between partners: sealed reports, acknowledged by name.

Set up a node, exchange cards, compare numbers, send:

\b
  noroshi init --partner jp --name Japan --desk cyber
  noroshi serve
  noroshi partner card -o jp.card          # give it to your partner
  noroshi partner add nato.card            # take theirs
  noroshi partner number nato              # compare over the telephone
  noroshi partner verify nato --number "12345 ..." --by "Lt Sato"
  noroshi send report.txt --to cyber@nato --precedence flash
  noroshi status ID
"""


@click.group(
    help=_HELP, commands=Commands(), context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="noroshi", prog_name="noroshi")
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    help="The node's folder [default: $NOROSHI_HOME, else the user's data folder].",
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON, and nothing else.")
@click.option(
    "--lang",
    type=click.Choice([language.value for language in Language]),
    default="en",
    help="The reader's language: reports and forms are read in it, the commands are in English.",
)
@click.option(
    "--as",
    "as_name",
    metavar="NAME",
    help="Your account [default: $NOROSHI_ACCOUNT, else what --by says, else who is logged in].",
)
@click.pass_context
def program(
    ctx: click.Context, home: Path | None, lang: str, as_name: str | None, *, as_json: bool
) -> None:
    """Take the options that all commands share."""
    serving: Callable[[Serving], None] = ctx.obj
    door = os.environ.get("NOROSHI_DOOR")
    ctx.obj = Context(
        home or default_home(),
        as_json=as_json,
        serve=serving,
        person=Person(as_name or os.environ.get("NOROSHI_ACCOUNT")),
        door=Path(door) if door and home is None else None,
        language=Language(lang),
    )


def run(arguments: Sequence[str], serve: Callable[[Serving], None]) -> int:  # noqa: PLR0911
    """Run one command; return its exit status."""
    as_json = "--json" in arguments
    try:
        program.main(list(arguments), prog_name="noroshi", standalone_mode=False, obj=serve)
    except NoroshiError as error:
        return _fail(error.code, error.message, as_json=as_json)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.UsageError as error:
        if as_json:
            print_json({"error": "usage", "message": error.format_message()})
        error.show()
        return 2
    except click.ClickException as error:
        return _fail("bad-input", error.format_message(), as_json=as_json)
    except (KeyboardInterrupt, click.Abort):
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        # Standard output cannot be written any more, so nothing may try to at the end.
        sys.stdout = sys.stderr
        click.echo(f"noroshi: the answer cannot be written: {error.strerror}", err=True)
        return 1
    except Exception as error:  # noqa: BLE001 - nobody gets to see a traceback
        place = traceback.extract_tb(error.__traceback__)[-1]
        message = (
            f"a fault in Noroshi itself ({type(error).__name__} in {place.name}, "
            f"{Path(place.filename).name}:{place.lineno}); what was committed is safe. "
            "Please report it with this line"
        )
        return _fail("internal", message, as_json=as_json)
    return 0


def _fail(code: str, message: str, *, as_json: bool) -> int:
    if as_json:
        print_json({"error": code, "message": message})
    click.secho("noroshi: ", fg="red", err=True, nl=False)
    click.echo(message, err=True)
    return 1
