"""The desk door: for now it says that the node lives; the console grows here.

It answers on loopback for the names of loopback alone, so that no page of another site can
reach it by pointing its own name here.
"""

from collections.abc import Callable
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from noroshi.flow.house import House

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def desk_door(house: Callable[[], House], hosts: list[str]) -> Starlette:
    """Return the application of the desk door, for requests to one of `hosts`."""

    async def front(_http: Request) -> Response:
        text = (
            f"The Noroshi node of {house().me} is up.\n"
            "Work with it on this machine's command line: noroshi inbox, noroshi --help\n"
        )
        return PlainTextResponse(text, headers=_HEADERS)

    async def healthz(_http: Request) -> Response:
        with house().store.read() as tables:
            told = {"ok": True, "partner": house().me, "journal": tables.journal.size}
        return Response(msgspec.json.encode(told), media_type="application/json", headers=_HEADERS)

    application = Starlette(routes=[Route("/", front), Route("/healthz", healthz)])
    application.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    return application
