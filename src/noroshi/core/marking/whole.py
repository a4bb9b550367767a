"""Whole: whether a report's marking is strict enough for all that the report drags along.

A part is a portion, what stands below the tearline, or an object of a bundle. The whole may not be
wider than any of them: not lower, without none of their caveats, for nobody whom one of them
leaves out, with labels at least as strict.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.marking.combine import combine
from noroshi.core.marking.label import Marking, Pap, Tlp
from noroshi.core.marking.rules import Rules

MAX_MARKINGS: Final = 64
"""Different markings in one report; what has more is taken apart by a person."""


class Part(msgspec.Struct, frozen=True):
    """Something that a report drags along, by its marking."""

    name: str
    """As people find it: portion 2."""
    marking: Marking


def distinct(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return the first part of each marking.

    Raises:
        InputError: there are too many markings.
    """
    found: dict[Marking, Part] = {}
    for part in parts:
        found.setdefault(part.marking, part)
        if len(found) > MAX_MARKINGS:
            msg = f"it holds more than {MAX_MARKINGS} different markings; send it in several"
            raise InputError("bad-marking", msg)
    return tuple(found.values())


def covers(whole: Marking, part: Marking, rules: Rules) -> bool:
    """Say whether `whole` is at least as strict as `part` in everything.

    Raises:
        InputError: a policy, level or caveat is not known here.
    """
    if _weight(whole.tlp) < _weight(part.tlp) or _weight(whole.pap) < _weight(part.pap):
        return False
    inner = rules.classification(part)
    rules.restrictive(part)
    if inner is None:
        return True
    outer = rules.classification(whole)
    if outer is None or outer.policy is not inner.policy:
        return False
    widest, narrowest = rules.audience(part), rules.audience(whole)
    return (
        outer.level.rank >= inner.level.rank
        and set(whole.caveats) >= set(part.caveats)
        and (widest is None or (narrowest is not None and narrowest <= widest))
    )


def is_milder(marking: Marking, than: Marking, rules: Rules) -> bool:
    """Say whether what was marked one way would be given away more widely under another.

    Levels of two policies have no order that a machine knows: there labels alone are compared.

    Raises:
        InputError: a policy, level or caveat is not known here.
    """
    inner, outer = rules.classification(than), rules.classification(marking)
    if inner is not None and outer is not None and outer.policy is not inner.policy:
        marking, than = (Marking(each.tlp, pap=each.pap) for each in (marking, than))
    return not covers(marking, than, rules)


def check_whole(whole: Marking, parts: Sequence[Part], rules: Rules) -> None:
    """Return if `whole` is strict enough for every part.

    Raises:
        InputError: it is not, or a part's marking is not known here; the sentence names the part
            and what the whole would have to be.
    """
    for part in parts:
        try:
            if covers(whole, part.marking, rules):
                continue
            needed = combine([whole, *(each.marking for each in parts)], rules)
        except InputError as error:
            msg = f"{part.name}, marked {part.marking}: {error.message}"
            raise InputError("bad-marking", msg) from error
        msg = (
            f"{part.name} is marked {part.marking}, which {whole} does not cover; the whole would "
            f"have to be marked {needed}"
        )
        raise InputError("bad-marking", msg)


def _weight(label: Tlp | Pap | None) -> int:
    """Return how strict a label is; none asks for as little as the mildest."""
    return 0 if label is None else list(type(label)).index(label)
