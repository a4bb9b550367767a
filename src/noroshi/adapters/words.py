"""What is shipped with the kinds: words, examples and deadlines, read from the package once."""

import importlib.resources
from functools import cache
from importlib.resources.abc import Traversable

from noroshi.core.deadlines import Deadline, parse_deadlines
from noroshi.core.kinds.kind import Kind, all_kinds
from noroshi.core.lexicon.codes import parse_framework
from noroshi.core.lexicon.lexicon import Lexicon, parse_terms

_EXAMPLE = "example.json"
_DEADLINES = "deadlines.json"
_RETIRED = "retired.json"


@cache
def shipped_lexicon() -> Lexicon:
    """Return every term of the line."""
    folders = [importlib.resources.files("noroshi.core.lexicon").joinpath("words")]
    folders += [importlib.resources.files(kind.folder) for kind in all_kinds().values()]
    tables = [folder.joinpath(_RETIRED) for folder in folders]
    return Lexicon(
        (parse_terms(file.read_bytes()) for each in folders for file in _catalogues(each)),
        [parse_framework(file.read_bytes()) for file in tables if file.is_file()],
    )


def example_of(kind: Kind) -> bytes:
    """Return a whole report JSON of a kind."""
    return importlib.resources.files(kind.folder).joinpath(_EXAMPLE).read_bytes()


@cache
def shipped_deadlines() -> tuple[Deadline, ...]:
    """Return by when chains owe their next report, where a house has nothing of its own."""
    folders = [importlib.resources.files(kind.folder) for kind in all_kinds().values()]
    files = [each.joinpath(_DEADLINES) for each in folders]
    return sum((parse_deadlines(file.read_bytes()) for file in files if file.is_file()), ())


def _catalogues(folder: Traversable) -> list[Traversable]:
    files = [file for file in folder.iterdir() if file.name.endswith(".json")]
    words = [file for file in files if file.name not in {_EXAMPLE, _DEADLINES, _RETIRED}]
    return sorted(words, key=lambda file: file.name)
