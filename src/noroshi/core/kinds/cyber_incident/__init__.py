"""A cyber incident, from the early warning (NIS2, 24 hours) to the final report."""

from typing import Annotated

from noroshi.core.kinds.form import (
    Becomes,
    Code,
    InAlert,
    Indicator,
    Line,
    Name,
    Percent,
    Says,
    Tense,
    Text,
    Time,
)
from noroshi.core.kinds.kind import Kind
from noroshi.core.kinds.shared import Assessed


class CyberIncident(Assessed, frozen=True, kw_only=True):
    """A cyber incident, from the early warning (NIS2, 24 hours) to the final report."""

    stage: Annotated[Code | None, Says("cy.stage", vocabulary="cy.stage", first=True)] = None
    summary: Annotated[
        Text,
        Says("f.summary", first=True),
        Becomes("incident", "description"),
        InAlert("description"),
    ]
    incident_types: Annotated[
        tuple[Code, ...],
        Says("cy.type", vocabulary="inctype", first=True),
        Becomes("incident", "incident_types"),
    ] = ()
    aware_at: Annotated[Time | None, Says("cy.awareness", first=True, tense=Tense.PAST)] = None
    sectors: Annotated[tuple[Code, ...], Says("cy.sector", vocabulary="sector", first=True)] = ()
    malicious: Annotated[Code | None, Says("cy.malicious", vocabulary="ternary")] = None
    cross_border: Annotated[Code | None, Says("cy.cross_border", vocabulary="ternary")] = None
    entity: Annotated[Line | None, Says("cy.entity"), Becomes("identity")] = None
    victim_may_be_named: Annotated[Code | None, Says("cy.victim_named", vocabulary="ternary")] = (
        None
    )
    first_seen: Annotated[Time | None, Says("f.first_seen", tense=Tense.PAST), InAlert("onset")] = (
        None
    )
    last_seen: Annotated[Time | None, Says("f.last_seen", tense=Tense.PAST)] = None
    determination: Annotated[
        Code | None,
        Says("cy.determination", vocabulary="determination"),
        Becomes("incident", "determination"),
    ] = None
    investigation: Annotated[
        Code | None,
        Says("cy.investigation", vocabulary="investigation"),
        Becomes("incident", "investigation_status"),
    ] = None
    criticality: Annotated[
        Percent | None, Says("cy.criticality"), Becomes("incident", "criticality")
    ] = None
    detection: Annotated[
        tuple[Code, ...],
        Says("cy.detection", vocabulary="detection"),
        Becomes("incident", "detection_methods"),
    ] = ()
    impacts: Annotated[tuple[Code, ...], Says("cy.impact", vocabulary="impact")] = ()
    recoverability: Annotated[
        Code | None,
        Says("cy.recoverability", vocabulary="recoverability"),
        Becomes("incident", "recoverability"),
    ] = None
    affected: Annotated[Text | None, Says("cy.affected")] = None
    products: Annotated[tuple[Name, ...], Says("cy.product"), Becomes("software")] = ()
    vulnerabilities: Annotated[
        tuple[Name, ...], Says("cy.vulnerability"), Becomes("vulnerability", source="cve")
    ] = ()
    techniques: Annotated[
        tuple[Name, ...], Says("cy.technique"), Becomes("attack-pattern", source="mitre-attack")
    ] = ()
    indicators: Annotated[tuple[Indicator, ...], Says("cy.ioc")] = ()
    permitted_action: Annotated[Code | None, Says("mark.pap", vocabulary="mark.pap")] = None
    root_cause: Annotated[Text | None, Says("cy.root_cause")] = None
    mitigation: Annotated[Text | None, Says("cy.mitigation")] = None
    attribution: Annotated[Code | None, Says("cy.attribution", vocabulary="cy.attr")] = None
    is_exposed: Annotated[Text | None, Says("cy.exposed")] = None


KIND = Kind("cyber-incident", "kind.cyber", CyberIncident, categories=("Infra", "Security"))
