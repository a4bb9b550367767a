"""Retention: how long what a report says is kept, by its marking and its areas.

    >>> rules = (Rule(days=90), Rule(marking="TLP:RED", days=7), Rule(area="space"))
    >>> told = Retention(rules, Rules((), ()))
    >>> told.rule_for("TLP:RED", ()).days, told.rule_for("TLP:RED", ("space",)).days
    (7, 7)
    >>> told.rule_for("TLP:GREEN", ("space",)).days is None  # for ever
    True

The most specific rule counts: one that names a level goes before one that names a TLP, that before
one that names an area alone, that before one that names nothing. What no rule fits is kept for
ever. Days are whole days, and end at midnight UTC.
"""

import re
from collections.abc import Container, Iterable
from datetime import date
from functools import lru_cache
from typing import Final

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.instant import DAY, Instant, day_of
from noroshi.core.marking.label import Marking
from noroshi.core.marking.rules import Rules
from noroshi.core.partner import is_name

LONGEST_DAYS: Final = 36_500
MOST_RULES: Final = 100
_DAY_LENGTH: Final = len("2026-11-22")
_KEY_NAME: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-[0-3][0-9]\.[0-9a-f]{8}")


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How long reports are kept that a marking and an area fit."""

    marking: str | None = None
    """A level such as NATO SECRET, or a TLP such as TLP:AMBER; None: any."""
    area: str | None = None
    """An area of cooperation; None: any, and none."""
    days: int | None = None
    """Since the last thing that happened to a report that is closed; None: for ever."""

    def __str__(self) -> str:
        area = None if self.area is None else f"area {self.area}"
        days = "for ever" if self.days is None else f"{self.days} days"
        return ", ".join(part for part in (self.marking, area, days) if part is not None)

    def ends_at(self, last_at: Instant) -> Instant | None:
        """Return when a report is destroyed that was closed at `last_at`; None: never."""
        return None if self.days is None else -(-(last_at + self.days * DAY) // DAY) * DAY


def check_rules(rules: Iterable[Rule]) -> None:
    """Return if a node can go by the rules.

    Raises:
        InputError: one of them cannot be used, or two are for the same.
    """
    seen: set[tuple[Marking | None, str | None]] = set()
    for number, rule in enumerate(rules, 1):
        try:
            marking = None if rule.marking is None else Marking.parse(rule.marking)
        except InputError as error:
            raise _unusable(number, error.message) from None
        if marking is not None and marking not in _plain(marking):
            raise _unusable(number, "its marking is one level, or one TLP, and nothing beside it")
        if rule.area is not None and not is_name(rule.area):
            raise _unusable(number, f"{rule.area!r} is no area; see: noroshi areas")
        if rule.days is not None and not 1 <= rule.days <= LONGEST_DAYS:
            raise _unusable(number, f"days is a whole number from 1 to {LONGEST_DAYS}")
        if (marking, rule.area) in seen:
            raise _unusable(number, "another one is for the same marking and area")
        seen.add((marking, rule.area))
        if number > MOST_RULES:
            raise _unusable(number, f"there are at most {MOST_RULES}")


class Retention:
    """The rules of a house."""

    def __init__(self, rules: Iterable[Rule], meanings: Rules) -> None:
        """Go by `rules`; `meanings` says which written levels are the same."""
        self._meanings = meanings
        self._rules = [
            (rule, None if rule.marking is None else Marking.parse(rule.marking)) for rule in rules
        ]
        self._found = lru_cache(maxsize=4096)(self._find)
        ending = [rule.days for rule, _ in self._rules if rule.days is not None]
        self.shortest: int | None = min(ending, default=None)
        """In days; None: all is kept for ever."""

    def unknown(self, areas: Container[str]) -> list[str]:
        """Return what is wrong with rules that name a level or an area that is not known here.

        Such a rule fits nothing of this house, so that what it was for is kept for ever.
        """
        found: list[str] = []
        for number, (rule, wanted) in enumerate(self._rules, 1):
            try:
                if wanted is not None:
                    self._meanings.classification(wanted)
            except InputError as error:
                found.append(f"rule {number}: {error.message}")
            if rule.area is not None and rule.area not in areas:
                found.append(f"rule {number}: there is no area {rule.area!r}")
        return found

    def rule_for(self, marking: str, areas: tuple[str, ...]) -> Rule | None:
        """Return the rule for a report so marked and about these areas; None: there is none."""
        return self._found(marking, areas)

    def ends_at(self, marking: str, areas: tuple[str, ...], last_at: Instant) -> Instant | None:
        """Return when a report is destroyed that was closed at `last_at`; None: never."""
        rule = self.rule_for(marking, areas)
        return None if rule is None else rule.ends_at(last_at)

    def _find(self, marking: str, areas: tuple[str, ...]) -> Rule | None:
        told = Marking.parse(marking)
        best: tuple[int, int] | None = None
        found: Rule | None = None
        for rule, wanted in self._rules:
            rank = self._rank(rule, wanted, told, areas)
            # Of two that are as specific (a report has several areas) the longer keeps.
            key = None if rank is None else (rank, rule.days or LONGEST_DAYS + 1)
            if key is not None and (best is None or key > best):
                best, found = key, rule
        return found

    def _rank(
        self, rule: Rule, wanted: Marking | None, told: Marking, areas: tuple[str, ...]
    ) -> int | None:
        """Return how specific a rule is for a report; None: it does not fit."""
        if rule.area is not None and rule.area not in areas:
            return None
        by_area = 0 if rule.area is None else 1
        if wanted is None:
            return by_area
        if wanted.policy is None:
            return 2 + by_area if wanted.tlp is told.tlp else None
        return 4 + by_area if self._level(wanted) == self._level(told) else None

    def _level(self, marking: Marking) -> tuple[str | None, str | None]:
        """Return policy and level by their own names, where they are known."""
        try:
            found = self._meanings.classification(marking)
        except InputError:
            found = None
        if found is None:
            return marking.policy, marking.level
        return found.policy.name, found.level.name


def key_name(at: Instant, tag: bytes) -> str:
    """Return what a retention key is called that is made for what is stored on the day of `at`."""
    return f"{day_of(at).isoformat()}.{tag.hex()}"


def is_key_name(text: str) -> bool:
    """Say whether a retention key may be called so."""
    return _KEY_NAME.fullmatch(text) is not None


def key_day(name: str) -> date:
    """Return the day of a retention key."""
    return date.fromisoformat(name[:_DAY_LENGTH])


def _plain(marking: Marking) -> tuple[Marking, Marking]:
    """Return a marking with its TLP alone, and with its level alone."""
    return Marking(tlp=marking.tlp), Marking(policy=marking.policy, level=marking.level)


def _unusable(number: int, why: str) -> InputError:
    return InputError("bad-input", f"retention rule {number} cannot be used: {why}")
