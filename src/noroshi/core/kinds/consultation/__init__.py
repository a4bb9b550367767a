"""A matter to talk over, in free text."""

from typing import Annotated

from noroshi.core.kinds.form import Becomes, Form, Line, Says, Tense, Text, Time
from noroshi.core.kinds.kind import Kind


class Consultation(Form, frozen=True, kw_only=True):
    """A matter to talk over, in free text."""

    text: Annotated[Text, Says("f.text", first=True), Becomes("report", "description")]
    position: Annotated[Text | None, Says("f.position")] = None
    respond_by: Annotated[Time | None, Says("f.respond_by", first=True, tense=Tense.COMING)] = None
    contact: Annotated[Line | None, Says("f.contact_24h")] = None


KIND = Kind("consultation", "kind.consultation", Consultation)
