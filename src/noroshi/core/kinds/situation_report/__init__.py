"""What is known, what it means, and what is done."""

from typing import Annotated

from noroshi.core.kinds.form import Becomes, Code, InAlert, Says, Tense, Text, Time, Where
from noroshi.core.kinds.kind import Kind
from noroshi.core.kinds.shared import Assessed


class SituationReport(Assessed, frozen=True, kw_only=True):
    """What is known, what it means, and what is done."""

    information: Annotated[
        Text | None,
        Says("f.information", first=True),
        Becomes("report", "description"),
        InAlert("description"),
    ] = None
    assessment: Annotated[Text | None, Says("f.assessment", first=True)] = None
    as_of: Annotated[
        Time | None, Says("sit.as_of", first=True, tense=Tense.LATEST), InAlert("effective")
    ] = None
    place: Annotated[Where | None, Says("f.position_geo"), InAlert("area")] = None
    urgency: Annotated[
        Code | None, Says("cap.urgency", vocabulary="cap.urgency"), InAlert("urgency")
    ] = None
    severity: Annotated[
        Code | None, Says("cap.severity", vocabulary="cap.severity"), InAlert("severity")
    ] = None
    certainty: Annotated[
        Code | None, Says("cap.certainty", vocabulary="cap.certainty"), InAlert("certainty")
    ] = None
    position: Annotated[Text | None, Says("f.position")] = None


KIND = Kind("situation-report", "kind.sitrep", SituationReport, categories=("Other",))
