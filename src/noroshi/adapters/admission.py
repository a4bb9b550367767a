"""Admission at the peer door: RFC 9421 signatures on requests between nodes.

They keep strangers from costing anything; they grant nothing else. What a request carries is
believed for its own seal and signatures alone. The key is Ed25519, from the partner's card;
method, target URI and content digest are covered, a nonce is good once, and a signature is
good for a minute. `http-message-signatures` does the work.
"""

import threading

# The library exports its names without saying so to type checkers, and types little.
# pyright: reportPrivateImportUsage=false, reportUnknownMemberType=false, reportPrivateLocalImportUsage=false
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)

from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.primitives import Signer
from noroshi.core.instant import MINUTE, SECOND, Instant
from noroshi.flow.records import KnownPartner

TAG: Final = "noroshi/v1"
COMPONENTS: Final = ("@method", "@target-uri", "content-digest")
MAX_AGE: Final = MINUTE
MAX_NONCES: Final = 200_000
_SKEW: Final = timedelta(seconds=60)


class Request(msgspec.Struct):
    """What of an HTTP request is signed."""

    method: str
    url: str
    headers: MutableMapping[str, str]


class Admitted(msgspec.Struct, frozen=True):
    """A request whose head a known partner signed."""

    partner: KnownPartner
    is_body: Callable[[bytes], bool]
    """Says whether a body is the one that was signed."""


class RequestSigner:
    """Signs this node's requests."""

    def __init__(self, me: str, signer: Signer, draw_nonce: Callable[[], str]) -> None:
        self._me = me
        self._signer = signer
        self._draw_nonce = draw_nonce
        self._library = HTTPMessageSigner(signature_algorithm=algorithms.ED25519)

    def sign(self, method: str, url: str, body: bytes, now: Instant) -> Mapping[str, str]:
        """Return the headers that admit a request."""
        request = Request(method, url, {})
        prepared = self._library.prepare(
            request,
            key_id=self._me,
            created=datetime.fromtimestamp(now // SECOND, UTC),
            nonce=self._draw_nonce(),
            tag=TAG,
            label="noroshi",
            covered_component_ids=COMPONENTS,
            body=body,
        )
        self._library.apply(request, prepared, self._signer.sign(prepared.signature_base))
        return request.headers


class RequestVerifier:
    """Says which partner a request comes from."""

    def __init__(self, find: Callable[[str], KnownPartner | None]) -> None:
        self._keys = _Keys(find)
        self._library = HTTPMessageVerifier(
            signature_algorithm=algorithms.ED25519, key_resolver=self._keys
        )
        self._library.max_clock_skew = _SKEW
        self._nonces: dict[tuple[str, str], Instant] = {}
        self._lock = threading.Lock()

    def admit(self, request: Request, now: Instant) -> "Admitted | None":
        """Return who signed the request's head, or None when nobody known did, or twice.

        The body may be read after that; :meth:`Admitted.is_body` says whether it is the signed one.
        """
        try:
            results = self._library.verify(
                request,
                max_age=timedelta(microseconds=MAX_AGE),
                expect_tag=TAG,
                require_components=COMPONENTS,
            )
        except InvalidSignature:
            return None
        if len(results) != 1:
            return None
        partner, nonce = results[0].parameters.get("keyid"), results[0].nonce
        if not isinstance(partner, str) or nonce is None:
            return None
        known = self._keys.find(partner)
        if known is None or not self._is_first(partner, nonce, now):
            return None

        def is_body(body: bytes) -> bool:
            try:
                self._library.verify_body(request, results, body)
            except InvalidSignature:
                return False
            return True

        return Admitted(known, is_body)

    def _is_first(self, partner: str, nonce: str, now: Instant) -> bool:
        """Say whether a nonce was not used in the time in which a signature is good."""
        with self._lock:
            oldest = now - 3 * MAX_AGE
            while self._nonces and next(iter(self._nonces.values())) < oldest:
                del self._nonces[next(iter(self._nonces))]
            if (partner, nonce) in self._nonces or len(self._nonces) >= MAX_NONCES:
                return False
            self._nonces[partner, nonce] = now
            return True


class _Keys(HTTPSignatureKeyResolver):
    """Request keys out of partner cards."""

    def __init__(self, find: Callable[[str], KnownPartner | None]) -> None:
        self.find = find

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        """Return the request key of a partner."""
        known = self.find(key_id)
        if known is None:
            raise InvalidSignature
        material = known.signed_card.card.key(Purpose.REQUEST).material
        return Ed25519PublicKey.from_public_bytes(material)
