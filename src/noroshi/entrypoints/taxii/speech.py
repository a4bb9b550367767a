"""How a TAXII server speaks: media types, errors as objects, who asks (TAXII 2.1, chapter 3)."""

import json
from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from noroshi.adapters import tokens
from noroshi.core.errors import NoroshiError, NotFoundError

MEDIA_TYPE: Final = "application/taxii+json;version=2.1"
STIX_TYPES: Final = ("application/stix+json;version=2.1", "application/stix+json;version=2.0")
SSE_TYPE: Final = "text/event-stream"
_RANGES: Final = frozenset({"application/taxii+json", "application/*", "*/*"})


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """An answer that is an error object."""

    def __init__(self, status: int, title: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.headers = headers or {}


def told(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer in the media type of TAXII."""
    return Response(body, status, headers, MEDIA_TYPE)


def told_of(value: object, status: int = 200) -> Response:
    """Return an answer of JSON values."""
    return told(json.dumps(value, ensure_ascii=False).encode(), status)


def error_of(status: int, title: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error object (section 3.6.1)."""
    body = msgspec.json.encode({"title": title, "http_status": str(status)})
    return told(body, status, headers)


def error_from(error: NoroshiError) -> Response:
    """Return an error of ours as an error object."""
    status = 404 if isinstance(error, NotFoundError) else 400
    if error.code == "body-too-large":
        status = 413
    body = {"title": error.message, "error_code": error.code, "http_status": str(status)}
    return told(msgspec.json.encode(body), status)


def check_accept(http: Request, *also: str) -> None:
    """Return if the answer's media type is one that is wanted (section 3.1).

    Without `version`, the newest is meant. A type with weight 0 is not wanted.

    Raises:
        Refusal: it is none of them.
    """
    said = http.headers.getlist("accept")
    wanted = [part for line in said for part in line.split(",") if part.strip()]
    if not wanted or any(_fits(part, also) for part in wanted):
        return
    raise Refusal(406, f"this server answers as {MEDIA_TYPE}; ask for that in Accept")


def check_content(http: Request) -> None:
    """Return if what is handed over says that it is of TAXII 2.1.

    Raises:
        Refusal: it is of another type, or compressed.
    """
    kind, parameters = _media(http.headers.get("content-type", ""))
    if kind != "application/taxii+json" or parameters.get("version", "2.1") != "2.1":
        raise Refusal(415, f"hand objects over as Content-Type: {MEDIA_TYPE}")
    if http.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(415, "hand objects over as they are, without Content-Encoding")


def credentials(http: Request) -> tuple[str | None, str]:
    """Return the name that somebody says, and the token that proves it.

    Raises:
        Refusal: there is none that can be read.
    """
    found = tokens.credentials(http.headers.get("authorization", ""))
    if found is None:
        raise unknown()
    return found


def unknown() -> Refusal:
    """Return the answer to whoever has not proven to be a machine with access (section 3.6)."""
    title = "say who you are by a token of `noroshi access grant`: as Bearer, or as Basic with NAME"
    return Refusal(401, title, {"WWW-Authenticate": tokens.CHALLENGE})


def _fits(part: str, also: tuple[str, ...]) -> bool:
    kind, parameters = _media(part)
    if _is_nothing(parameters.get("q", "1")):
        return False
    if kind in also:
        return True
    return kind in _RANGES and parameters.get("version", "2.1") == "2.1"


def _is_nothing(weight: str) -> bool:
    return weight.replace(".", "").strip("0") == "" and weight != ""


def _media(text: str) -> tuple[str, dict[str, str]]:
    kind, *rest = (part.strip() for part in text.split(";"))
    pairs = (part.partition("=") for part in rest)
    return kind.lower(), {n.strip().lower(): v.strip().strip('"') for n, _, v in pairs}
