"""A campaign of disinformation, after ABCDE, with techniques of DISARM."""

from typing import Annotated

from noroshi.core.kinds.form import (
    Becomes,
    Code,
    Count,
    Evidence,
    Line,
    Name,
    Number,
    Says,
    Tense,
    Text,
    Time,
)
from noroshi.core.kinds.kind import Kind
from noroshi.core.kinds.shared import Assessed


class DisinformationCampaign(Assessed, frozen=True, kw_only=True):
    """A campaign of disinformation, after ABCDE, with techniques of DISARM."""

    narrative: Annotated[Text, Says("di.narrative", first=True), Becomes("campaign", "description")]
    why_false: Annotated[Text | None, Says("di.why_false", first=True)] = None
    first_seen: Annotated[
        Time | None,
        Says("f.first_seen", first=True, tense=Tense.PAST),
        Becomes("campaign", "first_seen"),
    ] = None
    targets: Annotated[
        tuple[Code, ...],
        Says("di.target_country", vocabulary="co", first=True),
        Becomes("location"),
    ] = ()
    posture: Annotated[Code | None, Says("di.posture", vocabulary="posture", first=True)] = None
    claim: Annotated[Text | None, Says("di.claim")] = None
    claim_language: Annotated[Name | None, Says("di.claim_language")] = None
    audiences: Annotated[tuple[Line, ...], Says("di.target_audience"), Becomes("identity")] = ()
    platforms: Annotated[tuple[Name, ...], Says("di.platform")] = ()
    channels: Annotated[tuple[Code, ...], Says("di.channel", vocabulary="channel")] = ()
    actor: Annotated[Text | None, Says("di.actor")] = None
    behaviour: Annotated[Text | None, Says("di.behaviour")] = None
    content: Annotated[Text | None, Says("di.content")] = None
    degree: Annotated[Text | None, Says("di.degree")] = None
    effect: Annotated[Text | None, Says("di.effect")] = None
    views: Annotated[Count | None, Says("di.views")] = None
    shares: Annotated[Count | None, Says("di.shares")] = None
    growth: Annotated[Number | None, Says("di.growth")] = None
    objectives: Annotated[tuple[Code, ...], Says("di.objective", vocabulary="five_d")] = ()
    tactics: Annotated[tuple[Code, ...], Says("di.tactic", vocabulary="disarm", coded=True)] = ()
    techniques: Annotated[
        tuple[Name, ...],
        Says("di.technique", framework="DISARM"),
        Becomes("attack-pattern", source="DISARM"),
    ] = ()
    event: Annotated[Line | None, Says("di.trigger")] = None
    evidence: Annotated[tuple[Evidence, ...], Says("di.evidence")] = ()
    line_to_take: Annotated[Text | None, Says("di.line")] = None
    embargo_until: Annotated[Time | None, Says("mark.embargo", tense=Tense.COMING)] = None
    who_speaks: Annotated[Line | None, Says("di.who_speaks")] = None
    is_seen: Annotated[Text | None, Says("di.seen_here")] = None


KIND = Kind("disinformation-campaign", "kind.disinfo", DisinformationCampaign)
