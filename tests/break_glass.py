"""An authenticator of one-time codes."""

import base64
import urllib.parse

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from noroshi.core.instant import SECOND, Instant


def code_at(key_uri: str, now: Instant) -> str:
    """Return the code that an authenticator shows for a key."""
    told = urllib.parse.parse_qs(urllib.parse.urlsplit(key_uri).query)
    secret = base64.b32decode(told["secret"][0])
    return TOTP(secret, 6, SHA1(), 30).generate(now // SECOND).decode()  # noqa: S303 - RFC 6238
