"""Values that are common, by the warning lists of MISP: they point at nobody.

The lists come with `pymispwarninglists`, as files; those with up to some ten thousand lines are
read, at the first question, into eight bytes a line. The three of a million lines are left out:
what is ranked so low may well be hostile. A value counts as common if it stands on a list itself:
a network or a name under which a provider rents out places says nothing of one place there.
"""

import hashlib
import ipaddress
import threading
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from importlib import resources
from typing import Final

import msgspec

_PACKAGE: Final = "pymispwarninglists"
_LARGEST: Final = 2 * 1024 * 1024
"""Bytes of a list."""
_SIZE: Final = 8
_READ: Final = frozenset({"string", "hostname", "cidr"})


class _List(msgspec.Struct):
    type: str
    list: list[str]


class WarningLists:
    """Says of a value whether it is common."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: array[int] | None = None

    def __call__(self, value: str) -> bool:
        """Say whether a value is on a list, or in a network or under a name that is."""
        with self._lock:
            if self._read is None:
                self._read = array("Q", sorted(set(_digests())))
        return _is_reserved(value) or _is_in(self._read, _digest(value))


def _is_reserved(value: str) -> bool:
    """Say whether a value is an address that nobody has for themselves."""
    try:
        return not ipaddress.ip_address(value).is_global
    except ValueError:
        return False


def _digests() -> Iterator[int]:
    """Yield the digests of what stands on the lists: of networks, single addresses."""
    for each in _lists():
        if each.type in _READ:
            for line in each.list:
                yield _digest(line.partition("/")[0] if line.endswith(("/32", "/128")) else line)


def _lists() -> Iterator[_List]:
    folder = resources.files(_PACKAGE) / "data" / "misp-warninglists" / "lists"
    for each in folder.iterdir():
        raw = (each / "list.json").read_bytes()
        if len(raw) <= _LARGEST:
            yield msgspec.json.decode(raw, type=_List)


def _digest(line: str) -> int:
    told = line.strip().rstrip(".").casefold().encode(errors="replace")
    return int.from_bytes(hashlib.blake2b(told, digest_size=_SIZE).digest())


def _is_in(numbers: "array[int]", number: int) -> bool:
    at = bisect_left(numbers, number)
    return at < len(numbers) and numbers[at] == number
