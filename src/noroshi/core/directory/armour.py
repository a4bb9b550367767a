"""Armour: signed bytes as text that survives mail, between two marker lines.

>>> read_armoured("CARD", b"Dear all, " + armoured("CARD", b"bytes").encode() + b"Regards")
b'bytes'
"""

import base64
import binascii
import textwrap


def marks(label: str) -> tuple[str, str]:
    """Return the line before and the line after."""
    return f"-----BEGIN NOROSHI {label}-----", f"-----END NOROSHI {label}-----"


def armoured(label: str, raw: bytes) -> str:
    """Return `raw` as text."""
    begin, end = marks(label)
    return "\n".join((begin, *textwrap.wrap(base64.b64encode(raw).decode(), 76), end)) + "\n"


def read_armoured(label: str, text: bytes) -> bytes | None:
    """Return the bytes within the first armour of `label`; None where none is whole."""
    begin, end = (mark.encode() for mark in marks(label))
    _, begun, rest = text.partition(begin)
    within, ended, _ = rest.partition(end)
    try:
        return (
            base64.b64decode(b"".join(within.split()), validate=True) if begun and ended else None
        )
    except binascii.Error:
        return None
