"""What a machine proves itself with, in the header Authorization: RFC 6750, RFC 7617."""

import base64
import binascii
from typing import Final

CHALLENGE: Final = 'Basic realm="noroshi", charset="UTF-8", Bearer realm="noroshi"'
"""Of WWW-Authenticate, for whoever has proven nothing."""


def credentials(header: str) -> tuple[str | None, str] | None:
    """Return the name that somebody says, and the token; None: there is no token."""
    scheme, _, said = header.partition(" ")
    if scheme.lower() == "bearer" and said.strip():
        return None, said.strip()
    if scheme.lower() == "basic":
        try:
            name, _, token = base64.b64decode(said, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        return (name, token) if token else None
    return None
