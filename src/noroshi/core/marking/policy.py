"""Policies: the levels and caveats of a security policy, as a data file says them.

The file is JSON: its form is that of :class:`Policy`, its levels stand lowest first.
"""

from enum import Enum
from typing import Final

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.partner import is_name

VERSION: Final = 1
_LARGEST: Final = 256 * 1024
_MOST_LEVELS: Final = 32


class CaveatKind(Enum):
    """What a caveat demands (as STANAG 4774 calls the types of its categories)."""

    RESTRICTIVE = "RESTRICTIVE"
    """Only who is cleared for it may have it: the agreement must name it."""
    INFORMATIVE = "INFORMATIVE"
    """It says something and demands nothing."""


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A level of a policy."""

    name: str
    """As it is written after the policy's name."""
    rank: int
    """Higher is more secret; of one policy only. Two levels may have one rank."""
    is_classified: bool = True
    """Whether an agreement is needed."""
    short: str = ""
    """As portions are marked, such as NS."""
    written: str = ""
    """On banners, where that is not policy and name: COSMIC TOP SECRET."""
    aliases: tuple[str, ...] = ()
    """Other spellings that are read."""


class Caveat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A caveat of a policy."""

    name: str
    kind: CaveatKind


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A security policy."""

    version: int
    name: str
    """As it is written before the level: NATO, JPN."""
    title: str
    owners: tuple[str, ...]
    """The partners whose own policy it is: their material needs no REL TO for them."""
    levels: tuple[Level, ...]
    source: str
    """Who says so."""
    codes: tuple[str, ...] = ()
    """How REL TO names its owner; for a policy of one owner."""
    aliases: tuple[str, ...] = ()
    """Other names that are read: COSMIC for NATO."""
    uri: str = ""
    """Its identifier in STANAG 4774 labels."""
    context: str = ""
    """The context that its labels must name."""
    caveats: tuple[Caveat, ...] = ()
    two_persons_from: str = ""
    """The lowest level that one person writes and another releases; "": none."""

    def level(self, name: str) -> Level | None:
        """Return the level of that name or alias."""
        return next((each for each in self.levels if name in (each.name, *each.aliases)), None)

    def caveat(self, name: str) -> Caveat | None:
        """Return the caveat of that name."""
        return next((each for each in self.caveats if each.name == name), None)

    def needs_two_persons(self, level: Level) -> bool:
        """Say whether one person writes at that level and another releases."""
        lowest = self.level(self.two_persons_from)
        return lowest is not None and level.rank >= lowest.rank

    def banner(self, level: Level) -> str:
        """Return how a level is written."""
        return level.written or f"{self.name} {level.name}"


def parse_policy(raw: bytes) -> Policy:
    """Return the policy that a data file holds.

    Raises:
        InputError: it is none, or contradicts itself.
    """
    if len(raw) > _LARGEST:
        raise InputError("bad-input", f"a policy has at most {_LARGEST:,} bytes")
    try:
        policy = msgspec.json.decode(raw, type=Policy)
    except msgspec.MsgspecError as error:
        raise InputError("bad-input", f"it is no marking policy: {error}") from None
    problem = _problem(policy)
    if problem:
        raise InputError("bad-input", f"the policy {policy.name!r} cannot be used: {problem}")
    return policy


def _problem(policy: Policy) -> str:
    """Return what contradicts itself, "" for nothing."""
    names = [name for level in policy.levels for name in (level.name, *level.aliases)]
    ranks = [level.rank for level in policy.levels]
    caveats = [caveat.name for caveat in policy.caveats]
    secret = [level.is_classified for level in policy.levels]
    problems = {
        f"its version is not {VERSION}": policy.version != VERSION,
        f"it has no levels, or more than {_MOST_LEVELS}": not 0 < len(ranks) <= _MOST_LEVELS,
        "two levels have one name": len(set(names)) < len(names),
        "two caveats have one name": len(set(caveats)) < len(caveats),
        "its levels do not stand lowest first": ranks != sorted(ranks),
        "a level above a classified one is not classified": secret != sorted(secret),
        "an owner is no partner's name": not all(map(is_name, policy.owners)),
        "two_persons_from is none of its levels": bool(policy.two_persons_from)
        and policy.level(policy.two_persons_from) is None,
        "codes can name one owner only": bool(policy.codes) and len(policy.owners) != 1,
    }
    return next((problem for problem, is_so in problems.items() if is_so), "")
