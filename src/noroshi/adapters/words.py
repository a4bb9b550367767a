"""The lexicon and the examples that are shipped, read from the package once."""

import importlib.resources
from functools import cache
from importlib.resources.abc import Traversable

from noroshi.core.kinds.kind import Kind, all_kinds
from noroshi.core.lexicon.lexicon import Lexicon, parse_terms

_EXAMPLE = "example.json"


@cache
def shipped_lexicon() -> Lexicon:
    """Return every term of the line."""
    folders = [importlib.resources.files("noroshi.core.lexicon").joinpath("words")]
    folders += [importlib.resources.files(kind.folder) for kind in all_kinds().values()]
    return Lexicon(parse_terms(file.read_bytes()) for each in folders for file in _catalogues(each))


def example_of(kind: Kind) -> bytes:
    """Return a whole report JSON of a kind."""
    return importlib.resources.files(kind.folder).joinpath(_EXAMPLE).read_bytes()


def _catalogues(folder: Traversable) -> list[Traversable]:
    files = [file for file in folder.iterdir() if file.name.endswith(".json")]
    return sorted((f for f in files if f.name != _EXAMPLE), key=lambda file: file.name)
