"""The sixty digits that two officers compare, one on each side, to know each other's root.

Twelve groups of five digits, the same on both sides: 60 bytes of SHA-512 over both root
digests in order, five bytes a group, modulo 100,000.

    >>> root_number(b"a" * 32, b"b" * 32) == root_number(b"b" * 32, b"a" * 32)
    True
"""

import hashlib
import re
from typing import Final

_GROUPS: Final = 12
NUMBER_DIGITS: Final = 5 * _GROUPS
_CONTEXT: Final = b"noroshi/v1/number"


def root_number(one: bytes, other: bytes) -> str:
    """Return the digits of two root digests."""
    low, high = sorted((one, other))
    digest = hashlib.sha512(_CONTEXT + low + high).digest()
    groups = (digest[5 * i : 5 * i + 5] for i in range(_GROUPS))
    return " ".join(f"{int.from_bytes(group) % 100_000:05}" for group in groups)


def same_number(one: str, other: str) -> bool:
    """Say whether two notations have the same digits; blanks and hyphens do not count."""
    return _digits(one) == _digits(other)


def _digits(text: str) -> str:
    return re.sub(r"[\s-]", "", text)
