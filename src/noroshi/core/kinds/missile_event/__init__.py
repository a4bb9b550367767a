"""A launch that was detected: four fields at once, the others as they become known."""

from typing import Annotated

from noroshi.core.kinds.form import (
    Bearing,
    Becomes,
    Code,
    Count,
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


class MissileEvent(Assessed, frozen=True, kw_only=True):
    """A launch that was detected: four fields at once, the others as they become known."""

    detected_at: Annotated[
        Time, Says("ms.detected_at", first=True, tense=Tense.PAST), InAlert("onset")
    ]
    launch_place: Annotated[Where | None, Says("ms.launch_place", first=True)] = None
    type: Annotated[Code | None, Says("ms.type", vocabulary="mtype", first=True)] = None
    state: Annotated[Code | None, Says("ms.state", vocabulary="mstatus", first=True)] = None
    number: Annotated[Count | None, Says("ms.number", first=True)] = None
    detecting_party: Annotated[Code | None, Says("ms.detecting_party", vocabulary="co")] = None
    azimuth: Annotated[
        Bearing | None,
        Says("ms.azimuth", unit="°"),
    ] = None
    apogee_km: Annotated[Number | None, Says("ms.apogee", unit="unit.km")] = None
    range_km: Annotated[Number | None, Says("ms.range", unit="unit.km")] = None
    impact_place: Annotated[Where | None, Says("ms.impact_area"), InAlert("area")] = None
    impact_at: Annotated[Time | None, Says("ms.impact_time")] = None
    within_eez: Annotated[Code | None, Says("ms.eez", vocabulary="ternary")] = None
    overflight: Annotated[tuple[Code, ...], Says("ms.overflight", vocabulary="co")] = ()
    debris: Annotated[Text | None, Says("ms.debris")] = None
    sensitivity: Annotated[Line | None, Says("ms.sensitivity")] = None
    summary: Annotated[
        Text | None, Says("f.summary"), Becomes("report", "description"), InAlert("description")
    ] = None


KIND = Kind("missile-event", "kind.missile", MissileEvent, categories=("Security",))
