"""Markings: how a report may be handled and to whom it may go.

Two written forms are read: a TLP label (FIRST TLP 2.0), and a classification of a policy
with an optional releasability and TLP label. TLP is no classification and is never mapped
to one. What a classification means, and the agreements it needs, are not handled here yet:
a report with a level is therefore never releasable.

    >>> str(Marking.parse("tlp:amber+strict"))
    'TLP:AMBER+STRICT'
    >>> Marking.parse("NATO RESTRICTED//REL TO JPN, AUS").releasable_to
    ('JPN', 'AUS')
"""

import re
from enum import Enum
from typing import Final, Self

import msgspec

from noroshi.core.errors import InputError

_POLICY: Final = re.compile(r"([A-Z]{2,8}) ([^\s/][^/]{0,39})")
_COUNTRY: Final = re.compile(r"[A-Z]{2,8}")


class Tlp(Enum):
    """The labels of TLP 2.0, each in its written form."""

    CLEAR = "TLP:CLEAR"
    GREEN = "TLP:GREEN"
    AMBER = "TLP:AMBER"
    AMBER_STRICT = "TLP:AMBER+STRICT"
    RED = "TLP:RED"


class Marking(msgspec.Struct, frozen=True):
    """A marking as its originator wrote it."""

    tlp: Tlp | None = None
    policy: str | None = None
    level: str | None = None
    releasable_to: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the marking written as `text`.

        Raises:
            InputError: it is not in a written form that is known.
        """
        parts = [" ".join(part.split()) for part in text.split("//")]
        tlp = _tlp(parts[-1])
        if tlp is not None:
            parts.pop()
        if not parts and tlp is not None:
            return cls(tlp)
        classified = _POLICY.fullmatch(parts[0]) if parts else None
        releasable_to = _releasable_to(parts[1:])
        if classified is None or releasable_to is None or not classified[0].isprintable():
            msg = (
                f"{text!r} is no marking; write TLP:CLEAR, TLP:GREEN, TLP:AMBER, "
                "TLP:AMBER+STRICT or TLP:RED, or a policy and level such as "
                "'NATO RESTRICTED//REL TO JPN, AUS'"
            )
            raise InputError("bad-marking", msg)
        return cls(tlp, classified[1], classified[2], releasable_to)

    def __str__(self) -> str:
        parts: list[str] = []
        if self.policy:
            parts.append(f"{self.policy} {self.level}")
        if self.releasable_to:
            parts.append("REL TO " + ", ".join(self.releasable_to))
        if self.tlp:
            parts.append(self.tlp.value)
        return "//".join(parts)


def may_release(marking: Marking) -> tuple[str, ...]:
    """Return the reasons why a report so marked may not go to a verified partner; none: it may."""
    if marking.level is None:
        return ()
    reason = (
        f"{marking.policy} {marking.level} is a classification level: it needs an agreement with "
        "each addressee, and this release keeps no agreements yet; only TLP markings may go"
    )
    return (reason,)


def _tlp(text: str) -> Tlp | None:
    try:
        return Tlp(text.upper())
    except ValueError:
        return None


def _releasable_to(parts: list[str]) -> tuple[str, ...] | None:
    if not parts:
        return ()
    if len(parts) > 1 or not parts[0].startswith("REL TO "):
        return None
    names = tuple(name.strip() for name in parts[0].removeprefix("REL TO ").split(","))
    return names if all(_COUNTRY.fullmatch(name) for name in names) else None
