"""A nuclear test or accident."""

from typing import Annotated

from noroshi.core.kinds.form import Code, Form, Grade, Line, Number, Says, Text, Time, Where
from noroshi.core.kinds.kind import Kind


class NuclearEvent(Form, frozen=True, kw_only=True):
    """A nuclear test or accident."""

    happened_at: Annotated[Time, Says("f.time_event", first=True)]
    place: Annotated[Where | None, Says("f.position_geo", first=True)] = None
    magnitude: Annotated[Number | None, Says("ms.magnitude", first=True)] = None
    depth_km: Annotated[Number | None, Says("ms.depth", unit="unit.km")] = None
    released: Annotated[Text | None, Says("ms.release", first=True)] = None
    detecting_party: Annotated[Code | None, Says("ms.detecting_party", vocabulary="co")] = None
    sensitivity: Annotated[Line | None, Says("ms.sensitivity")] = None
    summary: Annotated[Text | None, Says("f.summary")] = None
    measures: Annotated[Text | None, Says("f.measures_taken")] = None
    next_steps: Annotated[Text | None, Says("f.next_steps")] = None
    ask: Annotated[Text | None, Says("f.request")] = None
    grading: Annotated[Grade | None, Says("f.source_grading")] = None
    likelihood: Annotated[Code | None, Says("f.likelihood", vocabulary="likelihood")] = None
    confidence: Annotated[Code | None, Says("f.confidence", vocabulary="confidence")] = None
    contact: Annotated[Line | None, Says("f.contact_24h")] = None


KIND = Kind("nuclear-event", "kind.nuclear", NuclearEvent)
