"""What happens at sea, so that nobody gets into its way."""

from typing import Annotated

from noroshi.core.kinds.form import Code, Form, Line, Name, Says, Text, Where, Window
from noroshi.core.kinds.kind import Kind


class MaritimeNotice(Form, frozen=True, kw_only=True):
    """What happens at sea, so that nobody gets into its way."""

    activity: Annotated[Line, Says("nt.activity", first=True)]
    window: Annotated[Window | None, Says("nt.window", first=True)] = None
    area: Annotated[tuple[Where, ...], Says("nt.area", first=True)] = ()
    hazards: Annotated[tuple[Code, ...], Says("nt.hazard", vocabulary="hazard", first=True)] = ()
    own_units: Annotated[tuple[Line, ...], Says("nt.own_units")] = ()
    platforms: Annotated[tuple[Code, ...], Says("nt.platforms", vocabulary="plat")] = ()
    backup_windows: Annotated[tuple[Window, ...], Says("nt.backup")] = ()
    depth: Annotated[Line | None, Says("nt.depth")] = None
    radio: Annotated[Name | None, Says("nt.radio")] = None
    warning: Annotated[Name | None, Says("nt.navarea")] = None
    summary: Annotated[Text | None, Says("f.summary")] = None
    contact: Annotated[Line | None, Says("f.contact_24h")] = None


KIND = Kind("maritime-notice", "kind.maritime", MaritimeNotice)
