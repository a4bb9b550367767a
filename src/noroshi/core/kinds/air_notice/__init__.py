"""What happens in the air, so that nobody gets into its way."""

from typing import Annotated

from noroshi.core.kinds.form import Line, Says
from noroshi.core.kinds.kind import Kind
from noroshi.core.kinds.shared import Notice


class AirNotice(Notice, frozen=True, kw_only=True):
    """What happens in the air, so that nobody gets into its way."""

    altitude: Annotated[Line | None, Says("nt.altitude")] = None


KIND = Kind("air-notice", "kind.air", AirNotice, categories=("Transport",))
