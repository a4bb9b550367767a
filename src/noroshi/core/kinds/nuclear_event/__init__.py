"""A nuclear test or accident."""

from typing import Annotated

from noroshi.core.kinds.form import (
    Becomes,
    Code,
    InAlert,
    Line,
    Number,
    Says,
    Tense,
    Text,
    Time,
    Where,
)
from noroshi.core.kinds.kind import Kind
from noroshi.core.kinds.shared import Assessed


class NuclearEvent(Assessed, frozen=True, kw_only=True):
    """A nuclear test or accident."""

    happened_at: Annotated[
        Time, Says("f.time_event", first=True, tense=Tense.PAST), InAlert("onset")
    ]
    place: Annotated[Where | None, Says("f.position_geo", first=True), InAlert("area")] = None
    magnitude: Annotated[Number | None, Says("ms.magnitude", first=True)] = None
    depth_km: Annotated[Number | None, Says("ms.depth", unit="unit.km")] = None
    released: Annotated[Text | None, Says("ms.release", first=True)] = None
    detecting_party: Annotated[Code | None, Says("ms.detecting_party", vocabulary="co")] = None
    sensitivity: Annotated[Line | None, Says("ms.sensitivity")] = None
    summary: Annotated[
        Text | None, Says("f.summary"), Becomes("report", "description"), InAlert("description")
    ] = None


KIND = Kind("nuclear-event", "kind.nuclear", NuclearEvent, categories=("CBRNE",))
