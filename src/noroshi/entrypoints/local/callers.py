"""Who is at the local door: the operating-system user, and the account that is named.

Noroshi-Account      the account's name, percent-encoded
Noroshi-Passphrase   its passphrase, Base64
"""

import base64
import binascii
import os
import pwd
import urllib.parse
from functools import cache
from typing import Final

from starlette.requests import Request

from noroshi.flow.caller import Caller

ACCOUNT: Final = "Noroshi-Account"
PASSPHRASE: Final = "Noroshi-Passphrase"  # noqa: S105 - the name of a header
_ROOT: Final = 0


def caller_of(http: Request) -> Caller:
    """Return who makes a request."""
    uid: int | None = getattr(http.state, "uid", None)
    name, passphrase = http.headers.get(ACCOUNT), http.headers.get(PASSPHRASE)
    return Caller(
        uid=uid,
        is_owner=uid is None or uid in {os.getuid(), _ROOT},
        claim=None if uid is None else user_name(uid),
        name=None if name is None else urllib.parse.unquote(name),
        passphrase=None if passphrase is None else _decoded(passphrase),
    )


def user_name(uid: int) -> str:
    """Return what the operating system calls a user."""
    try:
        return _name_of(uid)
    except KeyError:
        return f"user {uid}"


@cache
def _name_of(uid: int) -> str:
    return pwd.getpwuid(uid).pw_name


def _decoded(passphrase: str) -> bytes:
    try:
        return base64.b64decode(passphrase, validate=True)
    except binascii.Error:
        return b""
