"""Partners and their desks: who can be addressed, and how an address is written.

>>> DeskAddress.parse("cyber@jp")
DeskAddress(desk='cyber', partner='jp')
"""

import re
from enum import Enum
from typing import Final, Self

import msgspec

from noroshi.core.errors import InputError

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


class PartnerState(Enum):
    """How far a partner is trusted; only a verified one sends or receives."""

    UNVERIFIED = "UNVERIFIED"
    VERIFIED = "VERIFIED"
    REVOKED = "REVOKED"


class DeskAddress(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A duty team of a partner."""

    desk: str
    partner: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the address written as ``desk@partner``.

        Raises:
            InputError: it is not written so.
        """
        desk, at, partner = text.partition("@")
        if not (at and is_name(desk) and is_name(partner)):
            msg = f"{text!r} is no desk; write it as desk@partner, such as cyber@jp"
            raise InputError("bad-input", msg)
        return cls(desk, partner)

    def __str__(self) -> str:
        return f"{self.desk}@{self.partner}"


def is_name(text: str) -> bool:
    """Say whether `text` may name a partner or a desk: 1 to 32 of a-z, 0-9 and inner hyphens."""
    return _NAME.fullmatch(text) is not None


def check_name(text: str, what: str) -> str:
    """Return `text` if it may name a partner or a desk.

    Raises:
        InputError: it may not.
    """
    if not is_name(text):
        msg = f"{text!r} cannot name a {what}; use 1 to 32 of a-z, 0-9 and hyphens, such as jp"
        raise InputError("bad-input", msg)
    return text
