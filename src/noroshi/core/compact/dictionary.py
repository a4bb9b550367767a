"""The shared dictionary: numbers for the words and the names of fields that both sides know.

Each version is a file that has what came new in it. An entry's number is its place in its list, all
versions one after the other; so a file that was released is never changed, and the next version is
another file. The files are read like modules, once and where they are needed: what a number
means is no choice of a house.
"""

import importlib.resources
from collections.abc import Iterable
from functools import cache
from typing import Final

import msgspec

from noroshi.core.errors import MalformedError

COMMON: Final = ""
"""The fields that every report JSON may have; their numbers are negative."""
MANY: Final = "*"
"""Behind a type: several values, in a list."""

_Told = tuple[str, ...]
"""Name, type and, of some types, a list of words or parts."""


class Entry(msgspec.Struct, frozen=True):
    """A field, or a part of a value: its name, and how its value is carried."""

    name: str
    type: str
    of: str = ""
    """Of a word: its list. Of parts: theirs."""
    is_many: bool = False


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version, as it is written down."""

    dictionary: int
    words: dict[str, tuple[str, ...]] = {}
    fields: dict[str, tuple[_Told, ...]] = {}
    parts: dict[str, tuple[_Told, ...]] = {}


class Names:
    """Numbered entries, or words; found by their numbers and by their names."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self._numbers = {entry.name: number for number, entry in enumerate(self.entries)}

    def number(self, name: str) -> int | None:
        """Return the number of a name; None: it has none."""
        return self._numbers.get(name)

    def at(self, number: int) -> Entry:
        """Return the entry of a number.

        Raises:
            MalformedError: there is none.
        """
        if not 0 <= number < len(self.entries):
            raise MalformedError("a number that is not in the dictionary")
        return self.entries[number]


class Dictionary:
    """All that is numbered up to one version."""

    def __init__(self, version: int, files: Iterable[_File]) -> None:
        """Join the files of all versions up to this one."""
        words: dict[str, list[Entry]] = {}
        fields: dict[str, list[Entry]] = {COMMON: []}
        parts: dict[str, list[Entry]] = {}
        for file in files:
            for name, added in file.words.items():
                words.setdefault(name, []).extend(Entry(word, "word") for word in added)
            for known, told in ((fields, file.fields), (parts, file.parts)):
                for name, rows in told.items():
                    known.setdefault(name, []).extend(map(_entry, rows))
        self.version = version
        self._words = {name: Names(entries) for name, entries in words.items()}
        self._fields = {name: Names(entries) for name, entries in fields.items()}
        self._parts = {name: Names(entries) for name, entries in parts.items()}

    def words(self, name: str) -> Names:
        """Return a list of words; an empty one where there is none of that name."""
        return self._words.get(name, _NOTHING)

    def fields(self, kind: str) -> Names:
        """Return the fields that a kind has of its own; none where the kind is not known."""
        return self._fields.get(kind, _NOTHING)

    def parts(self, name: str) -> Names:
        """Return what a value with parts is made of."""
        return self._parts[name]


_NOTHING: Final = Names(())


def dictionary(version: int) -> Dictionary:
    """Return the dictionary of that version.

    Raises:
        MalformedError: this release does not know it.
    """
    found = _all().get(version)
    if found is None:
        raise MalformedError("it is written with a dictionary that is not known here")
    return found


def newest() -> int:
    """Return the newest version that this release knows."""
    return max(_all())


@cache
def _all() -> dict[int, Dictionary]:
    folder = importlib.resources.files("noroshi.core.compact").joinpath("versions")
    raws = (file.read_bytes() for file in folder.iterdir() if file.name.endswith(".json"))
    files = sorted((msgspec.json.decode(raw, type=_File) for raw in raws), key=_version)
    return {file.dictionary: Dictionary(file.dictionary, files[: n + 1])
            for n, file in enumerate(files)}  # fmt: skip


def _version(file: _File) -> int:
    return file.dictionary


def _entry(told: _Told) -> Entry:
    name, how, of = (*told, "")[:3]
    return Entry(name, how.removesuffix(MANY), of, is_many=how.endswith(MANY))
