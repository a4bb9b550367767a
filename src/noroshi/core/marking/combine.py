"""Combining: the marking of several things together, which is never wider than any of them."""

from collections.abc import Sequence
from enum import Enum
from typing import TypeVar

from noroshi.core.errors import InputError
from noroshi.core.marking.label import Marking, Pap, Tlp
from noroshi.core.marking.rules import Classification, Rules

_E = TypeVar("_E", bound=Enum)


def combine(markings: Sequence[Marking], rules: Rules) -> Marking:
    """Return the narrowest marking that all of `markings` allow.

    The highest level, every caveat, the audience that all share, the strictest labels.

    Raises:
        InputError: there is none, a marking is not known, or they are of two policies, for
            which only a person can find one marking.
    """
    if not markings:
        raise InputError("bad-marking", "there is nothing to combine a marking from")
    classified = [(m, c) for m in markings if (c := rules.classification(m)) is not None]
    tlp = _strictest(Tlp, [m.tlp for m in markings])
    pap = _strictest(Pap, [m.pap for m in markings])
    if not classified:
        return Marking(tlp, pap=pap)
    highest = _highest([c for _, c in classified])
    caveats = dict.fromkeys(caveat for m, _ in classified for caveat in m.caveats)
    return Marking(
        tlp, highest.policy.name, highest.level.name,
        _shared_audience(classified, rules), tuple(caveats), pap,
    )  # fmt: skip


def _strictest(labels: type[_E], present: Sequence[_E | None]) -> _E | None:
    """Return the strictest label; they are defined mildest first."""
    order = list(labels)
    return max((label for label in present if label is not None), key=order.index, default=None)


def _highest(classifications: Sequence[Classification]) -> Classification:
    policies = {classification.policy.name for classification in classifications}
    if len(policies) > 1:
        msg = (
            f"markings of {', '.join(sorted(policies))} cannot be combined by a machine; "
            "a person has to mark the whole"
        )
        raise InputError("bad-marking", msg)
    return max(classifications, key=lambda classification: classification.level.rank)


def _shared_audience(
    classified: Sequence[tuple[Marking, Classification]], rules: Rules
) -> tuple[str, ...]:
    """Return the codes whose partners every part is releasable to.

    Raises:
        InputError: parts name audiences that share nobody, which no marking can say.
    """
    limited = [
        marking.releasable_to
        for marking, classification in classified
        if marking.releasable_to or classification.level.is_classified
    ]
    if not limited or () in limited:
        return ()
    shared = [
        code
        for code in limited[0]
        if all(rules.partner_of(code) in map(rules.partner_of, codes) for codes in limited[1:])
    ]
    if not shared:
        owners = classified[0][1].policy
        if not any(classification.level.is_classified for _, classification in classified):
            msg = f"no partner may have all parts; take apart what is marked {owners.name}"
            raise InputError("bad-marking", msg)
    return tuple(shared)
