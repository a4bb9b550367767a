"""Forms with files in them (RFC 7578)."""

from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Final, cast

from starlette.requests import Request

from noroshi.adapters.telemetry import note_refusal
from noroshi.core.errors import InputError
from noroshi.entrypoints.console.desk import DOOR, Console
from noroshi.entrypoints.console.security import is_own_page

if TYPE_CHECKING:
    from email.message import Message

_FORM: Final = "multipart/form-data"
_MOST_PARTS: Final = 8


async def uploaded(console: Console, http: Request, largest: int) -> dict[str, bytes]:
    """Return the fields of a form with files that a page of this door has sent.

    Raises:
        InputError: another site has sent it, it is too large, or it is no such form.
    """
    if not is_own_page(http, console.door):
        note_refusal("not-permitted", DOOR, asked="a form from another site")
        raise InputError("not-permitted", "a page of another site asked for that")
    kind = http.headers.get("content-type", "")
    raw = bytearray()
    async for chunk in http.stream():
        raw += chunk
        if len(raw) > largest:
            raise InputError("body-too-large", "the file is too large")
    if kind.partition(";")[0].strip().lower() != _FORM or not kind.isprintable():
        raise InputError("bad-input", "that is no form with a file; use the form of the page")
    return fields(kind, bytes(raw))


def fields(kind: str, raw: bytes) -> dict[str, bytes]:
    """Return the fields of a form as it was sent, whose Content-Type is `kind`.

    Raises:
        InputError: it cannot be read, or has more fields than any of our pages.
    """
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    parsed = cast("Message", BytesParser(policy=HTTP).parsebytes(head + raw))
    parts = cast("list[Message]", parsed.get_payload()) if parsed.is_multipart() else []
    if not parts or len(parts) > _MOST_PARTS:
        raise InputError("bad-input", "the form cannot be read; send it again from the page")
    told: dict[str, bytes] = {}
    for part in parts:
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            told[name] = content
    return told
