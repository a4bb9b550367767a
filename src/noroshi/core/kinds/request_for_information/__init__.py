"""A question to partners."""

from typing import Annotated

from noroshi.core.kinds.form import Becomes, Form, Line, Says, Tense, Text, Time
from noroshi.core.kinds.kind import Kind


class RequestForInformation(Form, frozen=True, kw_only=True):
    """A question to partners."""

    question: Annotated[Text, Says("rfi.question", first=True), Becomes("report", "description")]
    respond_by: Annotated[Time | None, Says("f.respond_by", first=True, tense=Tense.COMING)] = None
    background: Annotated[Text | None, Says("rfi.background")] = None
    purpose: Annotated[Text | None, Says("rfi.purpose")] = None
    contact: Annotated[Line | None, Says("f.contact_24h")] = None


KIND = Kind("request-for-information", "kind.rfi", RequestForInformation)
