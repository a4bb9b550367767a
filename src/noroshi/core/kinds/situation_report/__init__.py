"""What is known, what it means, and what is done."""

from typing import Annotated

from noroshi.core.kinds.form import Code, Form, Grade, Line, Says, Text, Time, Where
from noroshi.core.kinds.kind import Kind


class SituationReport(Form, frozen=True, kw_only=True):
    """What is known, what it means, and what is done."""

    information: Annotated[Text | None, Says("f.information", first=True)] = None
    assessment: Annotated[Text | None, Says("f.assessment", first=True)] = None
    as_of: Annotated[Time | None, Says("sit.as_of", first=True)] = None
    place: Annotated[Where | None, Says("f.position_geo")] = None
    position: Annotated[Text | None, Says("f.position")] = None
    measures: Annotated[Text | None, Says("f.measures_taken")] = None
    next_steps: Annotated[Text | None, Says("f.next_steps")] = None
    ask: Annotated[Text | None, Says("f.request")] = None
    grading: Annotated[Grade | None, Says("f.source_grading")] = None
    likelihood: Annotated[Code | None, Says("f.likelihood", vocabulary="likelihood")] = None
    confidence: Annotated[Code | None, Says("f.confidence", vocabulary="confidence")] = None
    contact: Annotated[Line | None, Says("f.contact_24h")] = None


KIND = Kind("situation-report", "kind.sitrep", SituationReport)
