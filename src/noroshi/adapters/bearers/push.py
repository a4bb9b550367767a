"""The push bearer: HTTPS POST to a partner's peer door, over warm connections.

    POST /node/envelopes       a CBOR array of envelopes  -> JSON, one outcome each
    POST /node/pull            a poll -> an offer, or nothing
    POST /node/check           this side's half of a comms check -> the other's
    POST /node/blobs/{id}      bytes of a blob from Noroshi-Offset on -> JSON, bytes held

The partner's certificate is the one that its card pins; no other is spoken to. What comes
back is believed for admission only: that a report arrived is said by a sealed receipt.
`docs/formats/peer-door.md`.
"""

import socket
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, TypeVar

import aiohttp
import msgspec

from noroshi.core import gate
from noroshi.core.delivery.item import Lane
from noroshi.core.delivery.pull import MAX_OFFER
from noroshi.core.directory.card import Card
from noroshi.core.errors import NoroshiError, UnavailableError
from noroshi.core.instant import Instant

SignRequest = Callable[[str, str, bytes, Instant], Mapping[str, str]]
"""Returns the admission headers for method, URL, body and time."""

T = TypeVar("T")

TIMEOUT_SECONDS: Final = 60.0
SLOWEST_RATE: Final = 100
"""Bytes a second below which a line counts as broken."""
KEEP_ALIVE_SECONDS: Final = 1800
_CONNECT_SECONDS: Final = 60.0
_SYN_RETRIES: Final = 3
"""A connection is tried after 0, 1, 3 and 7 s and given up after 15: once a line is back after
a long cut, a FLASH must not wait for an attempt that began before."""
_DROP_AT_ONCE: Final = struct.pack("ii", 1, 0)
_UNSENT_BYTES: Final = 16 * 1024
_MAX_ANSWER: Final = 64 * 1024
_SKEW_SECONDS: Final = 60


class Outcome(msgspec.Struct, frozen=True):
    """What the partner's node says of one envelope."""

    taken: bool
    code: str = ""
    message: str = ""


class Pieces(msgspec.Struct, frozen=True):
    """What the partner's node says of a blob."""

    held: int


class PushBearer:
    """Speaks to the peer doors of partners."""

    def __init__(self, sign: SignRequest, now: Callable[[], Instant]) -> None:
        self.name = "push"
        self._sign = sign
        self._now = now
        self._sessions: dict[Lane, aiohttp.ClientSession] = {}
        self._pins: dict[bytes, aiohttp.Fingerprint] = {}

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()

    async def transmit(self, lane: Lane, card: Card, envelopes: list[bytes]) -> list[Outcome]:
        """Offer envelopes by the connection of `lane`; return the outcome of each.

        Raises:
            UnavailableError: the partner could not be reached or did not admit the request.
        """
        answer = await self._post(card, "/node/envelopes", gate.encode(envelopes), {}, lane)
        outcomes = _decode(answer, list[Outcome])
        if len(outcomes) != len(envelopes):
            raise UnavailableError("unreachable", f"{card.partner} answered out of turn")
        return outcomes

    async def transmit_piece(self, card: Card, blob_id: bytes, offset: int, data: bytes) -> int:
        """Offer bytes of a blob; return how many bytes the partner holds.

        Raises:
            UnavailableError: the partner could not be reached or did not want them.
        """
        headers = {"Noroshi-Offset": str(offset)}
        answer = await self._post(card, f"/node/blobs/{blob_id.hex()}", data, headers, Lane.BULK)
        return _decode(answer, Pieces).held

    async def check(self, card: Card, raw: bytes) -> bytes:
        """Hand over this side's half of a comms check; return the other's.

        It goes by the FLASH lane's connection, which it keeps warm.

        Raises:
            UnavailableError: the partner could not be reached or did not admit the request.
        """
        return await self._post(card, "/node/check", raw, {}, Lane.FLASH)

    async def poll(self, card: Card, lane: Lane, raw: bytes) -> bytes:
        """Ask a partner what waits there for this node; b"" if nothing came in a while.

        Raises:
            UnavailableError: the partner could not be reached or did not admit the request.
        """
        # What is offered may be large and the line slow: silence ends a poll, not its length.
        patience = aiohttp.ClientTimeout(
            total=None, connect=_CONNECT_SECONDS, sock_read=TIMEOUT_SECONDS
        )
        return await self._post(card, "/node/pull", raw, {}, lane, patience, MAX_OFFER)

    async def _post(
        self,
        card: Card,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        lane: Lane,
        patience: aiohttp.ClientTimeout | None = None,
        most: int = _MAX_ANSWER,
    ) -> bytes:
        url = card.peer_url + path
        signed = self._sign("POST", url, body, self._now())
        try:
            async with self._session(lane).post(
                url,
                data=body,
                headers={**headers, **signed, "Content-Type": "application/cbor"},
                ssl=self._pin(card.tls_digest),
                allow_redirects=False,
                timeout=patience
                or aiohttp.ClientTimeout(
                    total=TIMEOUT_SECONDS + len(body) / SLOWEST_RATE, connect=_CONNECT_SECONDS
                ),
            ) as response:
                answer = await _read(response, most)
                if response.status != HTTPStatus.OK:
                    raise _refused(card.partner, response, self._now())
                return answer
        except aiohttp.ServerFingerprintMismatch as error:
            msg = (
                f"the node at {card.peer_url} does not show the certificate of {card.partner}'s "
                "card: the card is old, or somebody stands in between. Ask for a newer card"
            )
            raise UnavailableError("unreachable", msg) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            msg = f"{card.partner} at {card.peer_url} cannot be reached: {_reason(error)}"
            raise UnavailableError("unreachable", msg) from error

    def _pin(self, digest: bytes) -> aiohttp.Fingerprint:
        """Return the pin of a certificate; always the same, for connections are kept by it."""
        return self._pins.setdefault(digest, aiohttp.Fingerprint(digest))

    def _session(self, lane: Lane) -> aiohttp.ClientSession:
        """Return the session of a lane; it must be made inside the running loop.

        Each lane has its own connection to a partner, kept warm: on a slow line a handshake
        takes longer than a FLASH.
        """
        if lane not in self._sessions:
            self._sessions[lane] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    keepalive_timeout=KEEP_ALIVE_SECONDS,
                    limit_per_host=1,
                    socket_factory=_bulk_socket if lane is Lane.BULK else _socket,
                ),
                # On a thin line each header is time; without Accept-Encoding nothing is packed.
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        return self._sessions[lane]


def _reason(error: Exception) -> str:
    """Return why nothing came back, in words."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return (error.strerror or "no connection").lower()
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__


def _socket(address: tuple[int, int, int, str, object]) -> socket.socket:
    """Return a socket that gives up soon where nobody answers."""
    family, kind, protocol, *_ = address
    new = socket.socket(family, kind, protocol)
    if hasattr(socket, "TCP_SYNCNT"):
        new.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, _SYN_RETRIES)
    return new


def _bulk_socket(address: tuple[int, int, int, str, object]) -> socket.socket:
    """Return one whose closing drops what it holds: a FLASH must not wait behind that."""
    bulk = _socket(address)
    bulk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DROP_AT_ONCE)
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        bulk.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
    return bulk


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    """Return the whole answer, so that the connection stays good for the next request."""
    answer = bytearray()
    async for chunk in response.content.iter_any():
        answer += chunk
        if len(answer) > most:
            raise UnavailableError("unreachable", "the partner's node answers without end")
    return bytes(answer)


def _refused(partner: str, response: aiohttp.ClientResponse, now: Instant) -> NoroshiError:
    """Return what a partner's answer other than 200 means."""
    theirs = _date(response.headers.get("Date", ""))
    if theirs is not None:
        behind = (theirs - datetime.fromtimestamp(now / 1_000_000, UTC)).total_seconds()
        if abs(behind) > _SKEW_SECONDS:
            msg = f"the clocks differ: {partner}'s is {behind:+.0f} s from ours. Set the wrong one"
            return UnavailableError("clock-off", msg)
    meanings = {
        HTTPStatus.UNAUTHORIZED: (
            "partner-unverified",
            f"{partner} does not admit this node: it lacks our newest card",
        ),
        HTTPStatus.FORBIDDEN: (
            "partner-unverified",
            f"{partner} has not verified this node yet; compare the sixty digits with them",
        ),
        HTTPStatus.CONFLICT: ("timed-out", f"{partner} does not wait for that any more"),
        HTTPStatus.INSUFFICIENT_STORAGE: ("disk-full", f"the disk of {partner}'s node is full"),
    }
    code, msg = meanings.get(
        HTTPStatus(response.status) if response.status in set(HTTPStatus) else HTTPStatus.OK,
        ("unreachable", f"{partner}'s node answered with status {response.status}"),
    )
    return UnavailableError(code, msg)


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


def _decode(raw: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.MsgspecError as error:
        raise UnavailableError("unreachable", "the partner's node answered nonsense") from error
