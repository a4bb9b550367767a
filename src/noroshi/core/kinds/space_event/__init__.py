"""A close approach, a re-entry, or what else happens to what is in orbit."""

from typing import Annotated

from noroshi.core.kinds.form import Becomes, Code, InAlert, Line, Name, Says, Text, Time, Where
from noroshi.core.kinds.kind import Kind
from noroshi.core.kinds.shared import Assessed


class SpaceEvent(Assessed, frozen=True, kw_only=True):
    """A close approach, a re-entry, or what else happens to what is in orbit."""

    happens_at: Annotated[Time, Says("f.time_event", first=True), InAlert("onset")]
    satellite: Annotated[Name | None, Says("ms.satellite", first=True)] = None
    conjunction: Annotated[Text | None, Says("ms.conjunction")] = None
    reentry: Annotated[Text | None, Says("ms.reentry")] = None
    place: Annotated[Where | None, Says("f.position_geo"), InAlert("area")] = None
    debris: Annotated[Text | None, Says("ms.debris")] = None
    detecting_party: Annotated[Code | None, Says("ms.detecting_party", vocabulary="co")] = None
    sensitivity: Annotated[Line | None, Says("ms.sensitivity")] = None
    summary: Annotated[
        Text | None,
        Says("f.summary", first=True),
        Becomes("report", "description"),
        InAlert("description"),
    ] = None


KIND = Kind("space-event", "kind.space", SpaceEvent, categories=("Safety",))
