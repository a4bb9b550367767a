"""The local door: HTTP over a Unix socket that only the node's own user can open, or a group.

    POST /v1/request      a request (MessagePack)      -> its answer, or error and message
    POST /v1/stage        a file, ?name=               -> token
    GET  /v1/attachment   ?report= & name=             -> the file
    GET  /v1/volume        ?set= & number=             -> a courier volume
    POST /v1/volume        a courier volume            -> what came of it
    GET  /v1/events       what happens from now on, a JSON object a line
                          ?alarms=open: first the alarms that are open; ?alarms=N: those above N

Who asks is who the operating system says is at the other end, or the account that the headers name
and prove (:mod:`noroshi.entrypoints.local.callers`).
It is internal to one release: the command line and the node it speaks to are the same version.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from noroshi.adapters.telemetry import note, note_refusal
from noroshi.core.account import Act
from noroshi.core.delivery.quota import has_place
from noroshi.core.envelope.suite import MAX_BODY
from noroshi.core.errors import InputError, NoroshiError, UnavailableError
from noroshi.core.precedence import Precedence
from noroshi.core.report import report_id_text
from noroshi.entrypoints.local.callers import caller_of
from noroshi.flow import answers, requests
from noroshi.flow.house import House
from noroshi.flow.records import Announcement

RETRY_SECONDS: Final = 2
_MOST_BYTES: Final = 64 * 1024 * 1024
_BUSY: Final = (
    "the node has more to do than it can, so nothing was taken; try again in a few seconds. "
    "A FLASH has places of its own"
)

MAX_REQUEST: Final = MAX_BODY + 1024 * 1024
ALIVE_SECONDS: Final = 20
"""A stream of alarms says at least so often that it lives."""
_LONGEST_NUMBER: Final = 18
_DOOR: Final = "local"
"""What this door is called in the log."""

Events = Callable[[], "asyncio.Queue[Announcement | None]"]
"""Subscribes to announcements; None ends them."""


def local_door(house: Callable[[], House], subscribe: Events) -> Starlette:
    """Return the application of the local door."""
    room = _Room()

    async def request(http: Request) -> Response:
        with room.for_body(int(http.headers.get("content-length", MAX_REQUEST))):
            raw = await _body(http, MAX_REQUEST)
            asked = msgspec.msgpack.decode(raw, type=requests.AnyRequest)
            caller = caller_of(http)
            with room.for_request(_precedence(asked)):
                told = await asyncio.to_thread(answers.handle, house(), asked, caller)
            if caller.passphrase is not None:
                about = {"uid": caller.uid, "asked": type(asked).__name__}
                note("proven", _DOOR, way="passphrase", account=caller.name or _by(asked), **about)
            return _packed(told)

    async def stage(http: Request) -> Response:
        name = http.query_params["name"]
        chunks = _from_loop(http.stream(), asyncio.get_running_loop())
        token = await asyncio.to_thread(answers.stage, house(), name, chunks, caller_of(http))
        return _packed({"token": token})

    async def attachment(http: Request) -> Response:
        query = http.query_params
        _, size, chunks = await asyncio.to_thread(
            answers.attachment, house(), query["report"], query["name"], caller_of(http)
        )
        first = await asyncio.to_thread(next, chunks, b"")
        return StreamingResponse(
            _chain(first, chunks), media_type="application/octet-stream",
            headers={"Content-Length": str(size)},
        )  # fmt: skip

    async def volume(http: Request) -> Response:
        query = http.query_params
        size, chunks = await asyncio.to_thread(
            answers.volume, house(), query["set"], int(query["number"]), caller_of(http)
        )
        first = await asyncio.to_thread(next, chunks, b"")
        return StreamingResponse(
            _chain(first, chunks), media_type="application/octet-stream",
            headers={"Content-Length": str(size)},
        )  # fmt: skip

    async def import_volume(http: Request) -> Response:
        chunks = _from_loop(http.stream(), asyncio.get_running_loop())
        return _packed(
            await asyncio.to_thread(answers.import_volume, house(), chunks, caller_of(http))
        )

    async def events(http: Request) -> Response:
        await asyncio.to_thread(answers.permit, house(), Act.OVERSEE, caller_of(http))
        asked = http.query_params.get("alarms")
        if asked is None:
            lines = _lines(house(), subscribe())
        else:
            after = None if asked == "open" else _number(asked)
            lines = _with_alarms(house(), subscribe(), after)
        return StreamingResponse(lines, media_type="application/x-ndjson")

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


class _Room:
    """What is under way at this door; what has no room is refused before it is taken."""

    def __init__(self) -> None:
        self._requests = 0
        self._bytes = 0

    @contextmanager
    def for_body(self, size: int) -> Generator[None]:
        """Take `size` bytes of memory, for a while; one body always has room."""
        if self._bytes and self._bytes + size > _MOST_BYTES:
            raise UnavailableError("busy", _BUSY)
        self._bytes += size
        try:
            yield
        finally:
            self._bytes -= size

    @contextmanager
    def for_request(self, precedence: Precedence) -> Generator[None]:
        """Take a place, for a while."""
        if not has_place(precedence, self._requests):
            raise UnavailableError("busy", _BUSY)
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1


def _by(asked: requests.AnyRequest) -> str | None:
    by: str | None = getattr(asked, "by", None)
    return by


def _precedence(asked: requests.AnyRequest) -> Precedence:
    """Return how urgent a request is: a report's own precedence; people's acts are IMMEDIATE."""
    if not isinstance(asked, requests.SendReport):
        return Precedence.IMMEDIATE
    try:
        return Precedence.parse(asked.precedence or Precedence.ROUTINE.name)
    except InputError:
        return Precedence.DEFERRED


def _explained(
    answer: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Return `answer` with its errors turned into answers."""

    async def explained(http: Request) -> Response:
        try:
            return await answer(http)
        except NoroshiError as error:
            caller = caller_of(http)
            note_refusal(error.code, _DOOR, uid=caller.uid, account=caller.name)
            told = {"error": error.code, "message": error.message}
            if error.code == "busy":
                return _packed(told, 503, {"Retry-After": str(RETRY_SECONDS)})
            return _packed(told, 400)
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


async def _lines(house: House, queue: "asyncio.Queue[Announcement | None]") -> AsyncIterator[bytes]:
    yield b'{"event":"listening"}\n'
    is_ended = False
    while not is_ended:
        waiting = [await queue.get()] + [queue.get_nowait() for _ in range(queue.qsize())]
        is_ended = None in waiting
        yield b"".join([_line(await _told(house, said)) for said in waiting if said is not None])


async def _with_alarms(
    house: House, queue: "asyncio.Queue[Announcement | None]", after: int | None
) -> AsyncIterator[bytes]:
    """Yield the alarms there are and then all that happens, without a gap or a double.

    The queue was opened first. Numbers rise with the commits, and an alarm is announced after
    its commit: what is announced with a number up to `newest` was seen by the reading.
    """
    alarms, newest = await asyncio.to_thread(answers.alarms_since, house, after)
    for told in alarms:
        yield _line({"event": "alarm", **told})
    yield _line({"event": "listening", "number": newest})
    while True:
        try:
            async with asyncio.timeout(ALIVE_SECONDS):
                said = await queue.get()
        except TimeoutError:
            yield _line({"event": "alive"})
            continue
        if said is None:
            return
        if said.number is None or said.number > newest:
            yield _line(await _told(house, said))


async def _told(house: House, said: Announcement) -> dict[str, object]:
    told: dict[str, object] = {
        "event": said.event,
        "partner": said.partner,
        "report": report_id_text(said.report_id) if said.report_id else None,
        "desk": said.desk,
        "precedence": said.precedence.name,
    }
    if said.number is not None:
        raised = await asyncio.to_thread(answers.alarm, house, said.number)
        told.update(raised or {})
    return told


def _line(told: dict[str, object]) -> bytes:
    return msgspec.json.encode(told) + b"\n"


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > _LONGEST_NUMBER:
        raise InputError("bad-input", "?alarms= is 'open' or the number of an alarm")
    return int(text)


def _packed(
    answer: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    raw = msgspec.msgpack.encode(answer, enc_hook=str)  # sentences, in English
    return Response(raw, status, headers, media_type="application/msgpack")
