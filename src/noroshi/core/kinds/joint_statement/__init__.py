"""One text that several partners sign."""

from typing import Annotated

from noroshi.core.kinds.form import (
    Becomes,
    Code,
    Count,
    Form,
    Line,
    Says,
    Tense,
    Text,
    Time,
    Version,
)
from noroshi.core.kinds.kind import Kind


class JointStatement(Form, frozen=True, kw_only=True):
    """One text that several partners sign: `noroshi.core.joint` says how."""

    text: Annotated[Text, Says("f.text", first=True), Becomes("report", "description")]
    version: Annotated[Count | None, Says("js.version", first=True)] = None
    signatories: Annotated[
        tuple[Code, ...], Says("js.signatories", vocabulary="co", first=True)
    ] = ()
    versions: Annotated[tuple[Version, ...], Says("js.versions")] = ()
    embargo_until: Annotated[Time | None, Says("mark.embargo", tense=Tense.COMING)] = None
    contact: Annotated[Line | None, Says("f.contact_24h")] = None


KIND = Kind("joint-statement", "kind.joint_statement", JointStatement)
