"""What is known of what was asked."""

from typing import Annotated

from noroshi.core.kinds.form import Becomes, Code, Form, Grade, Line, Says, Text
from noroshi.core.kinds.kind import Kind


class AnswerToRequest(Form, frozen=True, kw_only=True):
    """What is known of what was asked."""

    text: Annotated[Text, Says("rfi.answer", first=True), Becomes("report", "description")]
    grading: Annotated[Grade | None, Says("f.source_grading", first=True)] = None
    likelihood: Annotated[Code | None, Says("f.likelihood", vocabulary="likelihood")] = None
    confidence: Annotated[
        Code | None,
        Says("f.confidence", vocabulary="confidence", first=True),
        Becomes("report", "confidence"),
    ] = None
    missing: Annotated[Text | None, Says("rfi.open")] = None
    contact: Annotated[Line | None, Says("f.contact_24h")] = None


KIND = Kind("answer", "kind.rfi_answer", AnswerToRequest)
