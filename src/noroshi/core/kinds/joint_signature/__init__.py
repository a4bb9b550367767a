"""A partner's signature under a joint statement."""

from typing import Annotated

from noroshi.core.kinds.form import Bytes, Digest, FieldType, Form, Line, Name, Says
from noroshi.core.kinds.kind import Kind


class JointSignature(Form, frozen=True, kw_only=True):
    """A partner's signature under a joint statement; `noroshi statement sign` writes it."""

    statement: Annotated[Name, Says("jg.statement", first=True)]
    """The id of the first report of its chain."""
    digest: Annotated[Digest, FieldType.NAME, Says("jg.digest", first=True)]
    """Of the text that is signed, and of no other."""
    signed_by: Annotated[Line, Says("jg.signed_by", first=True)]
    signature: Annotated[Bytes, Says("jg.signature", first=True)]


KIND = Kind("joint-signature", "kind.joint_signature", JointSignature)
