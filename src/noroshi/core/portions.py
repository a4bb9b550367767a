"""Portions: the parts of a report JSON that are marked each by itself, and its tearline.

    "portions": [{"marking": "NATO SECRET//REL TO JPN", "text": "..."}, ...]
    "tearline": {"marking": "NATO UNCLASSIFIED", "text": "...", "subject": "..."}

What stands below the tearline is written to go further than the report itself. Both are parts of
the report, whose own marking covers them (:mod:`noroshi.core.marking.whole`).
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.marking.label import Marking
from noroshi.core.marking.whole import Part

MAX_PORTIONS: Final = 1000


class Portion(msgspec.Struct, frozen=True):
    """A text with a marking of its own."""

    marking: str
    text: str


class Tearline(msgspec.Struct, frozen=True):
    """What stands below the line: a report of its own, once it is sent on."""

    marking: str
    text: str
    subject: str = ""


def portion_parts(portions: tuple[Portion, ...], tearline: Tearline | None) -> Iterator[Part]:
    """Yield each portion, and the tearline, with its marking.

    Raises:
        InputError: there are too many, one has no text, or its marking cannot be read.
    """
    if len(portions) > MAX_PORTIONS:
        raise InputError("bad-json", f"a report has at most {MAX_PORTIONS:,} portions")
    for number, portion in enumerate(portions, 1):
        yield _part(f"portion {number}", portion)
    if tearline is not None:
        yield _part("the tearline", tearline)


def _part(name: str, told: Portion | Tearline) -> Part:
    if not told.text.strip():
        raise InputError("bad-json", f"{name} has no text")
    try:
        return Part(name, Marking.parse(told.marking))
    except InputError as error:
        raise InputError("bad-marking", f"{name}: {error.message}") from None
