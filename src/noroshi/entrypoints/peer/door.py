"""The peer door: takes envelopes and pieces of blobs from partners' nodes.

Admission first (a signature by a verified partner's request key), then each envelope on its
own: what it is, is decided by its seal and signatures alone, and one that is refused stops
nothing. The answer goes out after the commit. `docs/formats/peer-door.md`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from noroshi.adapters import admission
from noroshi.core import gate
from noroshi.core.delivery.check import MAX_CHECK
from noroshi.core.delivery.pull import MAX_POLL, Offer, Poll, decode_poll, encode_offer
from noroshi.core.envelope.suite import MAX_ENVELOPE
from noroshi.core.errors import (
    MalformedError,
    NoroshiError,
    NotFoundError,
    UnavailableError,
)
from noroshi.core.partner import PartnerState
from noroshi.flow import arrivals, opening
from noroshi.flow.house import House

MAX_REQUEST: Final = MAX_ENVELOPE + 2 * 1024 * 1024
MAX_PIECE: Final = 2 * 1024 * 1024
MAX_BATCH: Final = 64
READ_SECONDS: Final = 60
SLOWEST_RATE: Final = 100
"""Bytes a second that a body must reach on average, or the request ends."""

_log = structlog.get_logger()


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one envelope."""

    taken: bool
    code: str = ""
    message: str = ""


class _Stop(Exception):  # noqa: N818 - not an error of ours but an answer
    """Ends a request with a status and nothing else."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def peer_door(
    house: Callable[[], House],
    verifier: admission.RequestVerifier,
    peer_url: Callable[[], str],
    poll: Callable[[str, Poll], Awaitable[Offer | None]],
) -> Starlette:
    """Return the application of the peer door.

    `peer_url` is what partners sign as its address; `poll` holds a partner's poll open.
    """
    door = _PeerDoor(house, verifier, peer_url, poll)
    return Starlette(
        routes=[
            Route("/node/envelopes", door.envelopes, methods=["POST"]),
            Route("/node/pull", door.pull, methods=["POST"]),
            Route("/node/check", door.check, methods=["POST"]),
            Route("/node/blobs/{blob_id}", door.blob, methods=["POST"]),
        ]
    )


class _PeerDoor:
    def __init__(
        self,
        house: Callable[[], House],
        verifier: admission.RequestVerifier,
        peer_url: Callable[[], str],
        poll: Callable[[str, Poll], Awaitable[Offer | None]],
    ) -> None:
        self._house = house
        self._verifier = verifier
        self._peer_url = peer_url
        self._poll = poll

    async def envelopes(self, http: Request) -> Response:
        """Take a batch of envelopes."""
        try:
            peer, body = await self._admitted(http, MAX_REQUEST)
            outcomes = await self._take(peer, body)
        except _Stop as stop:
            return Response(status_code=stop.status)
        return Response(msgspec.json.encode(outcomes), media_type="application/json")

    async def check(self, http: Request) -> Response:
        """Answer a comms check."""
        try:
            peer, body = await self._admitted(http, MAX_CHECK)
            answer = await asyncio.to_thread(
                arrivals.answer_check, self._house(), peer, body, "push"
            )
        except _Stop as stop:
            return Response(status_code=stop.status)
        except MalformedError:
            return Response(status_code=400)
        except UnavailableError:
            return Response(status_code=503)
        return Response(answer, media_type="application/cbor")

    async def pull(self, http: Request) -> Response:
        """Hold a poll open; answer with what there is for the partner, 200 and nothing if not."""
        try:
            peer, body = await self._admitted(http, MAX_POLL)
            poll = decode_poll(body)
        except _Stop as stop:
            return Response(status_code=stop.status)
        except MalformedError:
            return Response(status_code=400)
        answers: list[Response] = []

        async def answer() -> None:
            try:
                offer = await self._poll(peer, poll)
                raw = encode_offer(offer) if offer else b""
                answers.append(Response(raw, media_type="application/cbor"))
            except MalformedError:
                _log.warning("not-offered", partner=peer)
                answers.append(Response(status_code=409))

        async with asyncio.TaskGroup() as tasks:
            polling = tasks.create_task(answer())
            listening = tasks.create_task(_cancel_when_gone(http, polling))
            polling.add_done_callback(lambda _: listening.cancel())
        # Nobody is offered anything by a connection that has ended.
        return answers[0] if answers else Response(status_code=408)

    async def blob(self, http: Request) -> Response:
        """Take a piece of a blob."""
        try:
            peer, body = await self._admitted(http, MAX_PIECE)
            held = await asyncio.to_thread(self._take_piece, http, peer, body)
        except _Stop as stop:
            return Response(status_code=stop.status)
        return Response(msgspec.json.encode({"held": held}), media_type="application/json")

    async def _take(self, peer: str, body: bytes) -> list[Outcome]:
        opened = await asyncio.to_thread(self._open, body)
        outcomes: list[Outcome] = []
        for taken in arrivals.submit_all(self._house(), opened, peer):
            try:
                # Those of one group are done together: the loop is woken once for all.
                refused = taken.result() if taken.done() else await asyncio.wrap_future(taken)
            except UnavailableError as error:
                _log.error("not-stored", partner=peer, code=error.code)
                raise _Stop(507 if error.code == "disk-full" else 503) from error
            except NoroshiError as error:
                _log.error("not-taken", partner=peer, code=error.code)
                raise _Stop(503) from error
            outcomes.append(
                Outcome(taken=True)
                if refused is None
                else Outcome(taken=False, code=refused.code, message=refused.message)
            )
        return outcomes

    def _open(self, body: bytes) -> list[opening.Incoming]:
        """Open what a request carries; runs on a worker thread."""
        try:
            raw = gate.convert(gate.decode(body, limit=MAX_REQUEST), list[bytes])
        except MalformedError as error:
            raise _Stop(400) from error
        if len(raw) > MAX_BATCH:
            raise _Stop(413)
        return arrivals.open_all(self._house(), raw)

    def _take_piece(self, http: Request, peer: str, body: bytes) -> int:
        try:
            blob_id = bytes.fromhex(http.path_params["blob_id"])
            offset = int(http.headers.get("noroshi-offset", ""))
        except ValueError as error:
            raise _Stop(400) from error
        try:
            return arrivals.take_piece(self._house(), peer, blob_id, offset, body)
        except NotFoundError as error:
            raise _Stop(404) from error
        except MalformedError as error:
            raise _Stop(422) from error
        except UnavailableError as error:
            raise _Stop(507) from error

    async def _admitted(self, http: Request, limit: int) -> tuple[str, bytes]:
        """Return the verified partner that signed the request, and its body.

        The signature is checked before the body is read, so a stranger cannot make us hold one.
        """
        url = self._peer_url() + http.url.path
        request = admission.Request(http.method, url, dict(http.headers))
        # Checked here and not on a thread: it is short, and every report waits for it.
        admitted = self._verifier.admit(request, self._house().clock.now())
        if admitted is None:
            _log.warning("not-admitted", path=http.url.path)
            raise _Stop(401)
        if admitted.partner.state is not PartnerState.VERIFIED:
            raise _Stop(403)
        http.state.admitted()
        body = await _body(http, limit)
        if not admitted.is_body(body):
            raise _Stop(401)
        return admitted.partner.signed_card.card.partner, body


async def _cancel_when_gone(http: Request, task: asyncio.Task[None]) -> None:
    """End a task when the client has gone: after its body nothing else can come of it."""
    if (await http.receive())["type"] == "http.disconnect":
        task.cancel()


async def _body(http: Request, limit: int) -> bytes:
    """Return the body; a request that is too large or too slow ends here."""
    if "content-encoding" in http.headers:
        raise _Stop(415)
    parts: list[bytes] = []
    size = 0
    try:
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(READ_SECONDS) as deadline:
            async for chunk in http.stream():
                size += len(chunk)
                deadline.reschedule(began + READ_SECONDS + size / SLOWEST_RATE)
                if size > limit:
                    raise _Stop(413)
                parts.append(chunk)
    except (TimeoutError, ClientDisconnect) as error:
        raise _Stop(408) from error
    return b"".join(parts)
