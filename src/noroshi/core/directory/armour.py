"""Armour: signed bytes as text that survives mail, between two marker lines.

>>> read_armoured("CARD", b"Dear all, " + armoured("CARD", b"bytes").encode() + b"Regards")
b'bytes'
"""

import base64
import binascii
import textwrap

from noroshi.core.errors import InputError


def marks(label: str) -> tuple[str, str]:
    """Return the line before and the line after."""
    return f"-----BEGIN NOROSHI {label}-----", f"-----END NOROSHI {label}-----"


def armoured(label: str, raw: bytes) -> str:
    """Return `raw` as text."""
    begin, end = marks(label)
    return "\n".join((begin, *textwrap.wrap(base64.b64encode(raw).decode(), 76), end)) + "\n"


def read_armoured(label: str, text: bytes) -> bytes | None:
    """Return the bytes within the armour of `label`; None where none is whole.

    The same part may be there again, as in a mail of two forms.

    Raises:
        InputError: there are different ones, of which a reader would have to guess one.
    """
    begin, end = (mark.encode() for mark in marks(label))
    _, *parts = text.split(begin)
    found = {_within(part, end) for part in parts}
    if len(found) > 1:
        msg = f"there are several different parts {marks(label)[0]} in it; give a file with one"
        raise InputError("bad-input", msg)
    return found.pop() if found else None


def _within(part: bytes, end: bytes) -> bytes | None:
    """Return the bytes from the beginning of a part to its end; None where it is not whole."""
    within, ended, _ = part.partition(end)
    try:
        return base64.b64decode(b"".join(within.split()), validate=True) if ended else None
    except binascii.Error:
        return None
