"""What keeps others out of the console: headers, origins, cookies.

A page may load what this door gives and nothing else; nothing in it runs that is not one of our
own modules. Whatever changes something comes by POST from a page of this very door.
"""

import urllib.parse
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
LARGEST_FORM: Final = 64 * 1024


class Guarded:
    """An application whose every answer carries the headers."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the headers."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.lower().encode(), value.encode())
                        for name, value in HEADERS.items()
                        if name.lower().encode() not in given
                    ),
                ]
            await send(message)

        await self._application(scope, receive, guarded)


def is_own_page(http: Request, door: str) -> bool:
    """Say whether a page of this door sent what changes something."""
    origin, site = http.headers.get("origin"), http.headers.get("sec-fetch-site")
    host = http.headers.get("host", "")
    own = {door, f"{http.url.scheme}://{host}"}
    return (origin in own) if origin is not None else site == "same-origin"


def cookie_of(door: str) -> str:
    """Return the name of the session's cookie at a door.

    It is bound to this host and to whole TLS; browsers take it from localhost as well. It has the
    port in it, for browsers give a cookie to all ports of a host.
    """
    return f"__Host-noroshi-{urllib.parse.urlsplit(door).port or 443}"


def give_session(answer: Response, door: str, secret: str) -> None:
    """Let the browser keep the secret of its session until it is closed."""
    answer.set_cookie(
        cookie_of(door), secret, path="/", secure=True, httponly=True, samesite="strict"
    )


def take_session(answer: Response, door: str) -> None:
    """Let the browser forget its session."""
    answer.delete_cookie(cookie_of(door), path="/", secure=True, httponly=True, samesite="strict")
