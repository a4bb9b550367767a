"""The release check: may a report so marked go to a partner on a day, and if not, why.

    TLP alone            yes, to any verified partner: TLP binds the reader, it needs no treaty
    a level              its policy and level must be known; then
      REL TO             names the partner, or the partner owns the policy; where it is left out
                         a classified level goes to owners of the policy alone
      a classified level an agreement with the partner covers it on that day
      caveats            each is known; an agreement that covers the level names the restrictive

What a report drags along (portions, objects, reports that it refers to) is asked for as well, each
by its own marking. Every reason is told, so that a person can see all that is to be done.
"""

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from noroshi.core.agreement import Agreement
from noroshi.core.errors import InputError
from noroshi.core.lexicon.sentence import Sentence
from noroshi.core.marking.equivalence import Confidence
from noroshi.core.marking.label import Marking
from noroshi.core.marking.rules import Classification, Rules
from noroshi.core.marking.whole import Part


class Question(msgspec.Struct, frozen=True):
    """Who wants to send what to whom, and when."""

    marking: Marking
    sender: str
    receiver: str
    day: date
    """In UTC."""
    areas: tuple[str, ...] = ()
    """Of cooperation, that the report is about."""


def may_release(
    question: Question, agreements: Iterable[Agreement], rules: Rules
) -> tuple[str, ...]:
    """Return the reasons why not, as sentences for people; none: it may go."""
    try:
        classification = rules.classification(question.marking)
        restrictive = rules.restrictive(question.marking)
    except InputError as error:
        return (error.message,)
    if classification is None:
        return ()
    reasons = _audience(question, classification, rules)
    if classification.level.is_classified or restrictive:
        reasons += _agreed(question, classification, restrictive, agreements, rules)
    return reasons


def may_release_all(
    question: Question, dragged: Iterable[Part], agreements: Sequence[Agreement], rules: Rules
) -> tuple[str, ...]:
    """Return the reasons against a report and against each thing that it drags along."""
    reasons = list(may_release(question, agreements, rules))
    for part in dragged:
        asked = msgspec.structs.replace(question, marking=part.marking)
        against = may_release(asked, agreements, rules)
        reasons += [reason_of(part.name, reason) for reason in against]
    return tuple(reasons)


def reason_of(name: str, reason: str) -> Sentence:
    """Return a reason with what it is about, a partner or a part, before it."""
    return Sentence("why.of", "{name}: {reason}", name=name, reason=reason)


def _audience(question: Question, classification: Classification, rules: Rules) -> tuple[str, ...]:
    """Return why the marking itself leaves the receiver out."""
    receiver, codes = question.receiver, question.marking.releasable_to
    if receiver in classification.policy.owners:
        return ()
    if receiver in map(rules.partner_of, codes):
        return ()
    if codes:
        reason = Sentence(
            "why.rel_to", "it is releasable to {codes}, which does not name {receiver}",
            codes=", ".join(codes), receiver=receiver,
        )  # fmt: skip
        return (reason,)
    if classification.level.is_classified:
        reason = Sentence(
            "why.owners",
            "{level} without REL TO goes to owners of that policy alone; {receiver} is none. "
            "If it may have it, mark it '{marking}//REL TO ...'",
            level=str(classification), receiver=receiver, marking=str(question.marking),
        )  # fmt: skip
        return (reason,)
    return ()


def _agreed(
    question: Question,
    classification: Classification,
    restrictive: Sequence[str],
    agreements: Iterable[Agreement],
    rules: Rules,
) -> tuple[str, ...]:
    """Return why no agreement covers it; none: one does."""
    between = [a for a in agreements if a.is_between(question.sender, question.receiver)]
    if not between:
        reason = Sentence(
            "why.no_agreement",
            "{level} needs an agreement between {sender} and {receiver}, and there is none; "
            "see: noroshi agreement list",
            level=str(classification), sender=question.sender, receiver=question.receiver,
        )  # fmt: skip
        return (reason,)
    reasons: list[str] = []
    for agreement in between:
        lacking = _lacking(agreement, question, classification, restrictive, rules)
        if not lacking:
            return ()
        reason = Sentence(
            "why.not_covered", "the agreement '{agreement}' does not cover it: {lacking}",
            agreement=agreement.reference, lacking=lacking,
        )  # fmt: skip
        reasons.append(reason)
    return tuple(reasons)


def _lacking(
    agreement: Agreement,
    question: Question,
    classification: Classification,
    restrictive: Sequence[str],
    rules: Rules,
) -> str:
    """Return what an agreement lacks, "" for nothing."""
    if question.day < agreement.valid_from:
        return Sentence("why.begins", "it begins on {day}", day=str(agreement.valid_from))
    if question.day > agreement.valid_until:
        return Sentence("why.ended", "it ended on {day}", day=str(agreement.valid_until))
    uncleared = [name for name in restrictive if name not in agreement.caveats]
    if uncleared:
        named = ", ".join(uncleared)
        return Sentence("why.caveats", "it clears nobody for {caveats}", caveats=named)
    about = ", ".join(agreement.areas)
    outside = [area for area in question.areas if area not in agreement.areas]
    if about and not question.areas:
        return Sentence(
            "why.no_area", "it is about {areas} alone, and the report names no area: --area CODE",
            areas=about,
        )  # fmt: skip
    if about and outside:
        return Sentence(
            "why.other_area", "it is about {areas} alone, the report also about {others}",
            areas=about, others=", ".join(outside),
        )  # fmt: skip
    return _too_high(agreement, classification, rules)


def _too_high(agreement: Agreement, classification: Classification, rules: Rules) -> str:
    """Return why the level is not within the agreement's, "" if it is."""
    try:
        highest = rules.level(agreement.policy, agreement.level)
    except InputError as error:
        return error.message
    if highest.policy is classification.policy:
        is_within = classification.level.rank <= highest.level.rank
        return "" if is_within else _up_to(highest)
    answering = rules.equivalents(classification, highest.policy.name)
    if not answering:
        return Sentence(
            "why.no_equivalent", "it speaks of {policy}, which has no equivalent of {level}",
            policy=highest.policy.name, level=str(classification),
        )  # fmt: skip
    # The highest that answers counts: where in doubt a level is rounded up.
    top = answering[-1]
    if top.confidence is Confidence.INDICATIVE and not agreement.accepts_indicative:
        return Sentence(
            "why.indicative", "that {level} answers to {other} is indicative",
            level=str(classification), other=highest.policy.banner(top.level),
        )  # fmt: skip
    return "" if top.level.rank <= highest.level.rank else _up_to(highest)


def _up_to(highest: Classification) -> Sentence:
    return Sentence("why.highest", "it goes up to {level}", level=str(highest))
