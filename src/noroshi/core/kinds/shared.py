"""What several kinds of report ask for alike."""

from typing import Annotated

from noroshi.core.kinds.form import (
    Becomes,
    Code,
    Form,
    Grade,
    InAlert,
    Line,
    Name,
    Says,
    Text,
    Where,
    Window,
)


class Assessed(Form, frozen=True, kw_only=True):
    """What is done about it, and how sure it is."""

    measures: Annotated[Text | None, Says("f.measures_taken")] = None
    next_steps: Annotated[Text | None, Says("f.next_steps")] = None
    ask: Annotated[Text | None, Says("f.request"), InAlert("instruction")] = None
    grading: Annotated[Grade | None, Says("f.source_grading")] = None
    likelihood: Annotated[Code | None, Says("f.likelihood", vocabulary="likelihood")] = None
    confidence: Annotated[
        Code | None, Says("f.confidence", vocabulary="confidence"), Becomes("report", "confidence")
    ] = None
    contact: Annotated[Line | None, Says("f.contact_24h"), InAlert("contact")] = None


class Notice(Form, frozen=True, kw_only=True):
    """What happens somewhere, so that nobody gets into its way."""

    activity: Annotated[Line, Says("nt.activity", first=True), InAlert("event")]
    window: Annotated[Window | None, Says("nt.window", first=True), InAlert("window")] = None
    area: Annotated[tuple[Where, ...], Says("nt.area", first=True), InAlert("area")] = ()
    hazards: Annotated[tuple[Code, ...], Says("nt.hazard", vocabulary="hazard", first=True)] = ()
    own_units: Annotated[tuple[Line, ...], Says("nt.own_units")] = ()
    platforms: Annotated[tuple[Code, ...], Says("nt.platforms", vocabulary="plat")] = ()
    backup_windows: Annotated[tuple[Window, ...], Says("nt.backup")] = ()
    radio: Annotated[Name | None, Says("nt.radio")] = None
    warning: Annotated[Name | None, Says("nt.navarea")] = None
    summary: Annotated[
        Text | None, Says("f.summary"), Becomes("report", "description"), InAlert("description")
    ] = None
    contact: Annotated[Line | None, Says("f.contact_24h"), InAlert("contact")] = None
