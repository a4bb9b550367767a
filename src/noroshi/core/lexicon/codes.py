"""Codes of frameworks that others keep, whose versions retire some of them.

What was written keeps its code for ever. Whoever reads it sees beside it what the framework says
in its place now.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from noroshi.core.errors import InputError

_CODE: Final = re.compile(r"(?P<code>[^@\s]+)(?:@(?P<version>\d+(?:\.\d+)*))?", re.ASCII)
_LARGEST: Final = 1024 * 1024


class Retired(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code that a framework has no more."""

    until: str
    """The last version that had it."""
    now: tuple[str, ...]
    """The codes in its place."""
    stated: bool = False
    """Whether the framework itself says so; False: what comes nearest, to our mind."""


class Framework(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A framework, as far as its codes change."""

    framework: str
    version: str
    """The one whose codes are in the place of retired ones."""
    source: str
    retired: Mapping[str, Retired]

    def retirement(self, written: str) -> Retired | None:
        """Return what became of a code, such as T0019@1.3; None: it is not retired.

        A code with a version later than its last one has come back, and means something else.
        """
        told = _CODE.fullmatch(written)
        retired = None if told is None else self.retired.get(told["code"])
        if told is None or retired is None:
            return None
        version = told["version"] or retired.until
        return retired if _parts(version) <= _parts(retired.until) else None


def parse_framework(raw: bytes) -> Framework:
    """Return a framework that a file describes.

    Raises:
        InputError: it describes none.
    """
    try:
        if len(raw) > _LARGEST:
            raise msgspec.ValidationError("it is too large")
        return msgspec.json.decode(raw, type=Framework)
    except msgspec.MsgspecError as error:
        raise InputError("bad-json", f"it is no table of retired codes: {error}") from error


def _parts(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
