"""Relief that is requested, offered and committed, with the quantities that are left open."""

from typing import Annotated

from noroshi.core.kinds.form import Code, Count, Form, Line, Need, Says, Text, Time, Where
from noroshi.core.kinds.kind import Kind


class DisasterRelief(Form, frozen=True, kw_only=True):
    """Relief that is requested, offered and committed, with the quantities that are left open."""

    state: Annotated[Code, Says("rl.state", vocabulary="relief", first=True)]
    disaster: Annotated[Code | None, Says("rl.disaster", vocabulary="hazard", first=True)] = None
    place: Annotated[Where | None, Says("rl.where", first=True)] = None
    needs: Annotated[tuple[Need, ...], Says("rl.need", first=True)] = ()
    by_when: Annotated[Time | None, Says("rl.by_when", first=True)] = None
    authority: Annotated[Line | None, Says("rl.authority", first=True)] = None
    happened_at: Annotated[Time | None, Says("f.time_event")] = None
    urgency: Annotated[Code | None, Says("cap.urgency", vocabulary="cap.urgency")] = None
    severity: Annotated[Code | None, Says("cap.severity", vocabulary="cap.severity")] = None
    certainty: Annotated[Code | None, Says("cap.certainty", vocabulary="cap.certainty")] = None
    access: Annotated[Text | None, Says("rl.access")] = None
    clearance: Annotated[Text | None, Says("rl.clearance")] = None
    customs: Annotated[Text | None, Says("rl.customs")] = None
    hns: Annotated[Text | None, Says("rl.hns")] = None
    dead: Annotated[Count | None, Says("rl.dead")] = None
    missing: Annotated[Count | None, Says("rl.missing")] = None
    people_affected: Annotated[Count | None, Says("rl.affected")] = None
    summary: Annotated[Text | None, Says("f.summary")] = None
    contact: Annotated[Line | None, Says("f.contact_24h")] = None


KIND = Kind("disaster-relief", "kind.relief", DisasterRelief)
