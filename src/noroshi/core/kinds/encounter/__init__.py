"""Two units that came close to each other, at sea or in the air."""

from typing import Annotated

from noroshi.core.kinds.form import (
    Becomes,
    Code,
    Count,
    Form,
    InAlert,
    Line,
    Name,
    Number,
    Says,
    Tense,
    Text,
    Time,
    Where,
)
from noroshi.core.kinds.kind import Kind


class Encounter(Form, frozen=True, kw_only=True):
    """Two units that came close to each other, at sea or in the air."""

    happened_at: Annotated[
        Time, Says("f.time_event", first=True, tense=Tense.PAST), InAlert("onset")
    ]
    place: Annotated[Where | None, Says("f.position_geo", first=True), InAlert("area")] = None
    behaviour: Annotated[Text | None, Says("nt.behaviour", first=True)] = None
    own_units: Annotated[tuple[Line, ...], Says("nt.own_units")] = ()
    platforms: Annotated[tuple[Code, ...], Says("nt.platforms", vocabulary="plat", first=True)] = ()
    distance_m: Annotated[Number | None, Says("nt.distance", unit="m")] = None
    signals: Annotated[Line | None, Says("nt.signals")] = None
    damage: Annotated[Text | None, Says("nt.damage")] = None
    injured: Annotated[Count | None, Says("nt.injured")] = None
    calm: Annotated[Code | None, Says("nt.request_calm", vocabulary="ternary")] = None
    radio: Annotated[Name | None, Says("nt.radio")] = None
    summary: Annotated[
        Text | None, Says("f.summary"), Becomes("report", "description"), InAlert("description")
    ] = None
    contact: Annotated[Line | None, Says("f.contact_24h"), InAlert("contact")] = None


KIND = Kind("encounter", "kind.encounter", Encounter, categories=("Security", "Transport"))
