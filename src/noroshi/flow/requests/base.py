"""What every request is, and every answer."""

import msgspec

Json = dict[str, object]
Answer = Json | list[Json]
"""JSON-ready, in the shape that scripts rely on; only a proof is bytes."""


class Request(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Something asked of the node."""
