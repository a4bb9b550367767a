"""A test of the line by people."""

from typing import Annotated

from noroshi.core.kinds.form import Becomes, Form, Line, Says
from noroshi.core.kinds.kind import Kind


class CommsCheck(Form, frozen=True, kw_only=True):
    """A test of the line by people."""

    text: Annotated[Line | None, Says("f.text", first=True), Becomes("report", "description")] = (
        None
    )
    contact: Annotated[Line | None, Says("f.contact_24h")] = None


KIND = Kind("comms-check", "kind.comms_check", CommsCheck)
