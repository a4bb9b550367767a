"""What a report says, in another language; the report itself stays authoritative."""

from typing import Annotated

from noroshi.core.kinds.form import Code, Form, Line, Name, Says
from noroshi.core.kinds.form import Translation as Translated
from noroshi.core.kinds.kind import Kind


class Translation(Form, frozen=True, kw_only=True):
    """What a report says, in another language; `noroshi translate` writes it."""

    translates: Annotated[Name, Says("tr.translates", first=True)]
    """The id of the report, of a chain that of its first one."""
    into: Annotated[Name, Says("tr.into", first=True)]
    """BCP 47."""
    made_by: Annotated[Code, Says("tr.made_by", vocabulary="translator", first=True)]
    translator: Annotated[Line | None, Says("tr.translator", first=True)] = None
    """The person's name, or what the machine is called."""
    texts: Annotated[tuple[Translated, ...], Says("tr.texts", first=True)] = ()


KIND = Kind("translation", "kind.translation", Translation)
