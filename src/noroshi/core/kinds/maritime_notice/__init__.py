"""What happens at sea, so that nobody gets into its way."""

from typing import Annotated

from noroshi.core.kinds.form import Line, Says
from noroshi.core.kinds.kind import Kind
from noroshi.core.kinds.shared import Notice


class MaritimeNotice(Notice, frozen=True, kw_only=True):
    """What happens at sea, so that nobody gets into its way."""

    depth: Annotated[Line | None, Says("nt.depth")] = None


KIND = Kind("maritime-notice", "kind.maritime", MaritimeNotice, categories=("Transport",))
