"""What keeps others out of the console: headers, origins, cookies.

A page may load what this door gives and nothing else; nothing in it runs that is not one of our
own modules. Whatever changes something comes by POST from a page of this very door.
"""

import urllib.parse
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from noroshi.adapters.telemetry import note_refusal

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; object-src 'none'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'; "
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
TLS_ALONE: Final = ("strict-transport-security", "max-age=63072000; includeSubDomains")
"""What a browser that came by TLS is told (RFC 6797): come by nothing else for two years."""
LARGEST_FORM: Final = 64 * 1024
_ELSEWHERE: Final = frozenset({b"same-site", b"cross-site"})


class Guarded:
    """An application whose every answer carries the headers, and that no other site loads from."""

    def __init__(self, application: ASGIApp) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the headers."""
        told = [(name.lower(), value) for name, value in HEADERS.items()]
        if scope.get("scheme") == "https":
            told.append(TLS_ALONE)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.encode(), value.encode())
                        for name, value in told
                        if name.encode() not in given
                    ),
                ]
            await send(message)

        if is_loaded_elsewhere(scope):
            note_refusal("not-permitted", "desk", asked="a page from another site")
            refused = PlainTextResponse("This page is not for other sites to load.\n", 403)
            await refused(scope, receive, guarded)
            return
        await self.application(scope, receive, guarded)


def is_loaded_elsewhere(scope: Scope) -> bool:
    """Say whether a page of another site loads this, and no person went here.

    Ports of one host are one site, so that cookies come along; a report that is loaded as a
    picture of somebody's page would count as shown.
    """
    headers: dict[bytes, bytes] = dict(scope.get("headers", ()))
    if scope.get("method") not in {"GET", "HEAD"}:
        return False
    way = headers.get(b"sec-fetch-mode"), headers.get(b"sec-fetch-dest")
    return headers.get(b"sec-fetch-site") in _ELSEWHERE and way != (b"navigate", b"document")


def is_own_page(http: Request, door: str) -> bool:
    """Say whether a page of this door sent what changes something: by all that a browser tells."""
    origin, site = http.headers.get("origin"), http.headers.get("sec-fetch-site")
    host = http.headers.get("host", "")
    own = {None, door, f"{http.url.scheme}://{host}"}
    return origin in own and site in {None, "same-origin"} and (origin, site) != (None, None)


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
