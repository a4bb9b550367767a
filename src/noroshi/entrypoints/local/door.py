"""The local door: HTTP over a Unix socket that only the node's own user can open.

    POST /v1/request      a request (MessagePack)      -> its answer, or error and message
    POST /v1/stage        a file, ?name=               -> token
    GET  /v1/attachment   ?report= & name=             -> the file
    GET  /v1/volume        ?set= & number=             -> a courier volume
    POST /v1/volume        a courier volume            -> what came of it
    GET  /v1/events       what happens from now on, a JSON object a line

It is internal to one release: the command line and the node it speaks to are the same version.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from noroshi.core.envelope.suite import MAX_BODY
from noroshi.core.errors import InputError, NoroshiError, UnavailableError
from noroshi.core.report import report_id_text
from noroshi.flow import answers, requests
from noroshi.flow.house import House
from noroshi.flow.records import Announcement  # noqa: TC001 - part of a public signature

MAX_REQUEST: Final = MAX_BODY + 1024 * 1024

Events = Callable[[], "asyncio.Queue[Announcement | None]"]
"""Subscribes to announcements; None ends them."""


def local_door(house: Callable[[], House], subscribe: Events) -> Starlette:
    """Return the application of the local door."""

    async def request(http: Request) -> Response:
        raw = await _body(http, MAX_REQUEST)
        asked = msgspec.msgpack.decode(raw, type=requests.AnyRequest)
        answer = await asyncio.to_thread(answers.handle, house(), asked)
        return _packed(answer)

    async def stage(http: Request) -> Response:
        name = http.query_params["name"]
        chunks = _from_loop(http.stream(), asyncio.get_running_loop())
        token = await asyncio.to_thread(answers.stage, house(), name, chunks)
        return _packed({"token": token})

    async def attachment(http: Request) -> Response:
        query = http.query_params
        size, chunks = await asyncio.to_thread(
            answers.attachment, house(), query["report"], query["name"]
        )
        first = await asyncio.to_thread(next, chunks, b"")
        return StreamingResponse(
            _chain(first, chunks), media_type="application/octet-stream",
            headers={"Content-Length": str(size)},
        )  # fmt: skip

    async def volume(http: Request) -> Response:
        query = http.query_params
        size, chunks = await asyncio.to_thread(
            answers.volume, house(), query["set"], int(query["number"])
        )
        first = await asyncio.to_thread(next, chunks, b"")
        return StreamingResponse(
            _chain(first, chunks), media_type="application/octet-stream",
            headers={"Content-Length": str(size)},
        )  # fmt: skip

    async def import_volume(http: Request) -> Response:
        chunks = _from_loop(http.stream(), asyncio.get_running_loop())
        return _packed(await asyncio.to_thread(answers.import_volume, house(), chunks))

    async def events(_http: Request) -> Response:
        return StreamingResponse(_lines(subscribe()), media_type="application/x-ndjson")

    return Starlette(
        routes=[
            Route("/v1/request", _explained(request), methods=["POST"]),
            Route("/v1/stage", _explained(stage), methods=["POST"]),
            Route("/v1/attachment", _explained(attachment)),
            Route("/v1/volume", _explained(volume), methods=["GET"]),
            Route("/v1/volume", _explained(import_volume), methods=["POST"]),
            Route("/v1/events", _explained(events)),
        ]
    )


def _explained(
    answer: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Return `answer` with its errors turned into answers."""

    async def explained(http: Request) -> Response:
        try:
            return await answer(http)
        except NoroshiError as error:
            return _packed({"error": error.code, "message": error.message}, 400)
        except (msgspec.MsgspecError, KeyError):
            message = "the serving process is of another release; start it again"
            return _packed({"error": "bad-input", "message": message}, 400)

    return explained


async def _body(http: Request, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for chunk in http.stream():
        size += len(chunk)
        if size > limit:
            msg = f"the body may have at most {MAX_BODY:,} bytes (4 MiB)"
            raise InputError("body-too-large", msg)
        parts.append(chunk)
    return b"".join(parts)


def _from_loop(chunks: AsyncIterator[bytes], loop: asyncio.AbstractEventLoop) -> Iterator[bytes]:
    """Yield on a thread what arrives on the loop."""
    while True:
        try:
            coming = asyncio.run_coroutine_threadsafe(_next(chunks), loop)
            chunk = coming.result()
        except ClientDisconnect:
            msg = "the file broke off before its end"
            raise UnavailableError("connection-lost", msg) from None
        if chunk is None:
            return
        if chunk:
            yield chunk


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)


async def _chain(first: bytes, rest: Iterator[bytes]) -> AsyncIterator[bytes]:
    chunk = first
    while chunk:
        yield chunk
        chunk = await asyncio.to_thread(next, rest, b"")


async def _lines(queue: "asyncio.Queue[Announcement | None]") -> AsyncIterator[bytes]:
    yield b'{"event":"listening"}\n'
    while (said := await queue.get()) is not None:
        told = {
            "event": said.event,
            "partner": said.partner,
            "report": report_id_text(said.report_id) if said.report_id else None,
            "desk": said.desk,
            "precedence": said.precedence.name,
        }
        yield msgspec.json.encode(told) + b"\n"


def _packed(answer: object, status: int = 200) -> Response:
    raw = msgspec.msgpack.encode(answer)
    return Response(raw, status, media_type="application/msgpack")
