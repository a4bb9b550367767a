"""Labels: a marking as its originator wrote it, and nothing of what it means.

Two written forms are read: a TLP label (FIRST TLP 2.0), and a classification of a policy with
optional caveats, releasability, TLP and PAP labels.

    >>> str(Marking.parse("tlp:amber+strict"))
    'TLP:AMBER+STRICT'
    >>> Marking.parse("NATO RESTRICTED//REL TO JPN, AUS").releasable_to
    ('JPN', 'AUS')
    >>> str(Marking.parse("NATO SECRET//ATOMAL//REL TO JPN//PAP:RED//TLP:AMBER"))
    'NATO SECRET//ATOMAL//REL TO JPN//TLP:AMBER//PAP:RED'
"""

import re
from enum import Enum
from typing import Final, Self, TypeVar

import msgspec

from noroshi.core.errors import InputError

_POLICY: Final = re.compile(r"([A-Z]{2,8}) ([^\s/][^/]{0,39})")
_CODE: Final = re.compile(r"[A-Z]{2,8}")
_CAVEAT: Final = re.compile(r"[A-Z][A-Z0-9]*(?:[ -][A-Z0-9]+){0,5}")
_LONGEST_CAVEAT: Final = 40
_MOST_CAVEATS: Final = 8
_REL_TO: Final = "REL TO "


class Tlp(Enum):
    """The labels of TLP 2.0, each in its written form; the widest audience first."""

    CLEAR = "TLP:CLEAR"
    GREEN = "TLP:GREEN"
    AMBER = "TLP:AMBER"
    AMBER_STRICT = "TLP:AMBER+STRICT"
    RED = "TLP:RED"


class Pap(Enum):
    """The permissible actions protocol, each in its written form; the most permitted first."""

    CLEAR = "PAP:CLEAR"
    GREEN = "PAP:GREEN"
    AMBER = "PAP:AMBER"
    RED = "PAP:RED"


_L = TypeVar("_L", Tlp, Pap)


class Marking(msgspec.Struct, frozen=True):
    """A marking as its originator wrote it."""

    tlp: Tlp | None = None
    policy: str | None = None
    level: str | None = None
    releasable_to: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    pap: Pap | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the marking written as `text`.

        Raises:
            InputError: it is not in a written form that is known.
        """
        parts = [" ".join(part.split()) for part in text.split("//")]
        pap = _pop(parts, Pap)
        tlp = _pop(parts, Tlp)
        if pap is None:
            pap = _pop(parts, Pap)
        if not parts and tlp is not None:
            return cls(tlp, pap=pap)
        classified = _POLICY.fullmatch(parts[0]) if parts else None
        handling = _handling(parts[1:])
        if classified is None or handling is None or not classified[0].isprintable():
            msg = (
                f"{text[:100]!r} is no marking; write TLP:CLEAR, TLP:GREEN, TLP:AMBER, "
                "TLP:AMBER+STRICT or TLP:RED, or a policy and level such as "
                "'NATO RESTRICTED//REL TO JPN, AUS'"
            )
            raise InputError("bad-marking", msg)
        caveats, releasable_to = handling
        return cls(tlp, classified[1], classified[2], releasable_to, caveats, pap)

    def __str__(self) -> str:
        parts: list[str] = []
        if self.policy:
            parts.append(f"{self.policy} {self.level}")
        parts += self.caveats
        if self.releasable_to:
            parts.append(_REL_TO + ", ".join(self.releasable_to))
        parts += [label.value for label in (self.tlp, self.pap) if label]
        return "//".join(parts)


def is_classification(policy: str, level: str) -> bool:
    """Say whether these are written as a policy and a level are; not whether there are such."""
    found = _POLICY.fullmatch(f"{policy} {level}")
    return found is not None and found.groups() == (policy, level) and level.isprintable()


def _pop(parts: list[str], labels: type[_L]) -> _L | None:
    """Take a label off the end."""
    try:
        label = labels(parts[-1].upper()) if parts else None
    except ValueError:
        return None
    if label is not None:
        parts.pop()
    return label


def _handling(parts: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return caveats and releasability; None if they are not well written."""
    releasable_to: tuple[str, ...] = ()
    if parts and parts[-1].startswith(_REL_TO):
        names = parts.pop().removeprefix(_REL_TO).split(",")
        releasable_to = tuple(name.strip() for name in names)
        if not all(map(_CODE.fullmatch, releasable_to)):
            return None
    are_caveats = all(_CAVEAT.fullmatch(p) and len(p) <= _LONGEST_CAVEAT for p in parts)
    if not are_caveats or len(parts) > _MOST_CAVEATS or any(p.startswith("REL ") for p in parts):
        return None
    return tuple(parts), releasable_to
