"""The peer door: takes envelopes and pieces of blobs from partners' nodes.

Admission first (a signature by a verified partner's request key), then each envelope on its
own: what it is, is decided by its seal and signatures alone, and one that is refused stops
nothing. The answer goes out after the commit. `docs/formats/peer-door.md`.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from noroshi.adapters import admission
from noroshi.core import gate
from noroshi.core.envelope.suite import DIGEST_SIZE, MAX_ENVELOPE
from noroshi.core.errors import MalformedError, NoroshiError, UnavailableError
from noroshi.core.partner import PartnerState
from noroshi.flow import deliver, receive
from noroshi.flow.house import House

MAX_REQUEST: Final = MAX_ENVELOPE + 2 * 1024 * 1024
MAX_PIECE: Final = 2 * 1024 * 1024
MAX_BATCH: Final = 64
READ_SECONDS: Final = 60

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
    house: Callable[[], House], verifier: admission.RequestVerifier, peer_url: Callable[[], str]
) -> Starlette:
    """Return the application of the peer door; `peer_url` is what partners sign as its address."""
    door = _PeerDoor(house, verifier, peer_url)
    return Starlette(
        routes=[
            Route("/node/envelopes", door.envelopes, methods=["POST"]),
            Route("/node/blobs/{blob_id}", door.blob, methods=["POST"]),
        ]
    )


class _PeerDoor:
    def __init__(
        self,
        house: Callable[[], House],
        verifier: admission.RequestVerifier,
        peer_url: Callable[[], str],
    ) -> None:
        self._house = house
        self._verifier = verifier
        self._peer_url = peer_url

    async def envelopes(self, http: Request) -> Response:
        """Take a batch of envelopes."""
        try:
            peer, body = await self._admitted(http, MAX_REQUEST)
            outcomes = await self._take(peer, body)
        except _Stop as stop:
            return Response(status_code=stop.status)
        return Response(msgspec.json.encode(outcomes), media_type="application/json")

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
        house = self._house()
        identity, entropy = house.identity(), house.entropy
        futures = [
            asyncio.wrap_future(
                house.store.submit(
                    partial(
                        receive.take,
                        incoming=incoming,
                        peer=peer,
                        identity=identity,
                        entropy=entropy,
                    ),
                    incoming.precedence,
                )
            )
            for incoming in opened
        ]
        outcomes: list[Outcome] = []
        for future in futures:
            try:
                refused = await future
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

    def _open(self, body: bytes) -> list[receive.Incoming]:
        """Open what a request carries; runs on a worker thread."""
        house = self._house()
        try:
            raw = gate.convert(gate.decode(body, limit=MAX_REQUEST), list[bytes])
        except MalformedError as error:
            raise _Stop(400) from error
        if len(raw) > MAX_BATCH:
            raise _Stop(413)
        identity, now = house.identity(), house.clock.now()
        with house.store.read() as tables:
            return [receive.open_raw(tables, envelope, identity, now) for envelope in raw]

    def _take_piece(self, http: Request, peer: str, body: bytes) -> int:
        house = self._house()
        try:
            blob_id = bytes.fromhex(http.path_params["blob_id"])
            offset = int(http.headers.get("noroshi-offset", ""))
        except ValueError as error:
            raise _Stop(400) from error
        with house.store.read() as tables:
            wanted = tables.reports.blob(blob_id) if len(blob_id) == DIGEST_SIZE else None
        if wanted is None or wanted[0] != peer:
            raise _Stop(404)
        _, size, held = wanted
        if held:
            return size
        try:
            here = house.blobs.write_piece(blob_id, offset, body, size)
        except MalformedError as error:
            raise _Stop(422) from error
        except UnavailableError as error:
            raise _Stop(507) from error
        if here == size:
            house.store.perform(partial(deliver.hold_blob, blob_id=blob_id, me=house.me))
        return here

    async def _admitted(self, http: Request, limit: int) -> tuple[str, bytes]:
        """Return the verified partner that signed the request, and its body.

        The signature is checked before the body is read, so a stranger cannot make us hold one.
        """
        url = self._peer_url() + http.url.path
        request = admission.Request(http.method, url, dict(http.headers))
        admitted = await asyncio.to_thread(self._verifier.admit, request, self._house().clock.now())
        if admitted is None:
            _log.warning("not-admitted", path=http.url.path)
            raise _Stop(401)
        if admitted.partner.state is not PartnerState.VERIFIED:
            raise _Stop(403)
        body = await _body(http, limit)
        if not admitted.is_body(body):
            raise _Stop(401)
        return admitted.partner.signed_card.card.partner, body


async def _body(http: Request, limit: int) -> bytes:
    """Return the body; a request that is too large or too slow ends here."""
    if "content-encoding" in http.headers:
        raise _Stop(415)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for chunk in http.stream():
                size += len(chunk)
                if size > limit:
                    raise _Stop(413)
                parts.append(chunk)
    except (TimeoutError, ClientDisconnect) as error:
        raise _Stop(408) from error
    return b"".join(parts)
