"""Rules: the policies and equivalences that a node goes by, joined for quick answers."""

from collections.abc import Iterable

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.marking.equivalence import Cell, Confidence
from noroshi.core.marking.label import Marking
from noroshi.core.marking.policy import CaveatKind, Level, Policy


class Equivalent(msgspec.Struct, frozen=True):
    """A level of another policy, and who says that it answers."""

    policy: Policy
    level: Level
    confidence: Confidence
    source: str


class Classification(msgspec.Struct, frozen=True):
    """The policy and level of a marking."""

    policy: Policy
    level: Level

    def __str__(self) -> str:
        return self.policy.banner(self.level)


class Rules:
    """What markings mean."""

    def __init__(self, policies: Iterable[Policy], cells: Iterable[Cell]) -> None:
        """Join policies and equivalences.

        Raises:
            InputError: two policies have one name or code, or a cell names a level that is none.
        """
        self.policies: dict[str, Policy] = {}
        self._partners: dict[str, str] = {}
        for policy in policies:
            self._add(policy)
        self._equivalents: dict[tuple[str, str], dict[str, list[Equivalent]]] = {}
        for cell in cells:
            self._relate(cell.one, cell.other, cell)
            self._relate(cell.other, cell.one, cell)

    def classification(self, marking: Marking) -> Classification | None:
        """Return the policy and level of a marking; None: it has TLP alone.

        Raises:
            InputError: the policy or the level is not known here.
        """
        if marking.policy is None or marking.level is None:
            return None
        return self.level(marking.policy, marking.level)

    def level(self, name: str, level: str) -> Classification:
        """Return a level by its policy's name and its own.

        Raises:
            InputError: the policy or the level is not known here.
        """
        policy = self.policies.get(name)
        if policy is None:
            known = ", ".join(sorted({each.name for each in self.policies.values()}))
            raise InputError("bad-marking", f"{name[:80]} is no marking policy known here: {known}")
        found = policy.level(level)
        if found is None:
            levels = ", ".join(each.name for each in policy.levels)
            msg = f"{policy.name} has no level {level[:80]!r}; it has {levels}"
            raise InputError("bad-marking", msg)
        return Classification(policy, found)

    def shown_to(self, marking: Marking, reader: str) -> list[Equivalent]:
        """Return what the level of a marking is in the reader's own policy; [] for nothing.

        It stands beside the originator's marking and never in its place. The reader's own
        policy is the one that is its alone; for its own material, and where the table says
        nothing, there is nothing to show.
        """
        try:
            classification = self.classification(marking)
        except InputError:
            return []
        own = [p.name for p in self.policies.values() if p.owners == (reader,)]
        if classification is None or not own:
            return []
        return self.equivalents(classification, own[0])

    def needs_two_persons(self, marking: Marking) -> bool:
        """Say whether one person writes what is so marked and another releases it.

        Raises:
            InputError: the policy or the level is not known here.
        """
        found = self.classification(marking)
        return found is not None and found.policy.needs_two_persons(found.level)

    def restrictive(self, marking: Marking) -> tuple[str, ...]:
        """Return the caveats of a marking for which its reader must be cleared.

        Raises:
            InputError: the policy, the level or a caveat is not known here.
        """
        found = self.classification(marking)
        if found is None:
            return ()
        restrictive: list[str] = []
        for name in marking.caveats:
            caveat = found.policy.caveat(name)
            if caveat is None:
                known = ", ".join(each.name for each in found.policy.caveats) or "none"
                msg = f"{found.policy.name} has no caveat {name[:80]!r}; it has {known}"
                raise InputError("bad-marking", msg)
            if caveat.kind is CaveatKind.RESTRICTIVE:
                restrictive.append(name)
        return tuple(restrictive)

    def audience(self, marking: Marking) -> frozenset[str] | None:
        """Return the partners beside the owners to which a marking releases; None: to any.

        Raises:
            InputError: the policy or the level is not known here.
        """
        found = self.classification(marking)
        if found is None or not (marking.releasable_to or found.level.is_classified):
            return None
        named = frozenset(map(self.partner_of, marking.releasable_to))
        return named.difference(found.policy.owners)

    def partner_of(self, code: str) -> str:
        """Return whom a code of REL TO names: by a policy, else the partner of that name."""
        return self._partners.get(code, code.lower())

    def equivalents(self, classification: Classification, policy: str) -> list[Equivalent]:
        """Return the levels of another policy that answer to one; the lowest first."""
        key = (classification.policy.name, classification.level.name)
        return self._equivalents.get(key, {}).get(policy, [])

    def _add(self, policy: Policy) -> None:
        for name in (policy.name, *policy.aliases):
            if name in self.policies:
                raise InputError("bad-input", f"two marking policies have the name {name!r}")
            self.policies[name] = policy
        for code in policy.codes:
            if code in self._partners:
                raise InputError("bad-input", f"the code {code!r} names two partners")
            self._partners[code] = policy.owners[0]

    def _relate(self, one: tuple[str, str], other: tuple[str, str], cell: Cell) -> None:
        known, answering = self.level(*one), self.level(*other)
        key = (known.policy.name, known.level.name)
        found = self._equivalents.setdefault(key, {}).setdefault(answering.policy.name, [])
        found.append(Equivalent(answering.policy, answering.level, cell.confidence, cell.source))
        found.sort(key=lambda each: each.level.rank)
