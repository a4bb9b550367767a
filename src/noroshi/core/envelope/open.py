"""Opening: the steps of `docs/formats/envelope.md`, "Opening", in their order.

    1 size and canonical form      5 the content key, out of the recipient block
    2 header: known labels only    6 the content
    3 every recipient block PQ     7 digest of the inner object
    4 exactly one block of mine    8 canonical inner object, zero padding

What comes out is still only a claim: the signed statement inside is parsed but not verified.
All failures of these steps look alike to the sender.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.primitives import Primitives, Unwrapper
from noroshi.core.envelope.seal import Outer, encode_inner, outer_header, to_authenticate, to_bind
from noroshi.core.errors import MalformedError, UnreadableError
from noroshi.core.instant import is_instant
from noroshi.core.precedence import Precedence

_CONTEXTS: Final = (suite.REPORT, suite.RECEIPT, suite.PREKEYS, suite.NOTICE, suite.DIRECTORY)


class Opened(msgspec.Struct, frozen=True):
    """An envelope opened with one of this node's keys."""

    outer: Outer
    kid: bytes
    """The key of ours it was opened with."""
    recipient_kids: frozenset[bytes]
    signed: cose.Signed
    beside: bytes
    own_part: bytes


class _Wire(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    protected: bytes
    unprotected: dict[int, bytes]
    ciphertext: bytes
    recipients: tuple[tuple[bytes, dict[int, bytes], bytes], ...]


class _Inner(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    signed: bytes
    beside: bytes
    padding: bytes


class _Wrapped(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    content_key: bytes
    own_part: bytes


def open_envelope(raw: bytes, mine: Mapping[bytes, Unwrapper], primitives: Primitives) -> Opened:
    """Return what `raw` holds for the holder of one of the keys `mine` (by key id).

    Raises:
        UnreadableError: any step failed; which one is not told.
    """
    try:
        return _open(raw, mine, primitives)
    except UnreadableError:
        raise
    except MalformedError as error:
        raise UnreadableError from error


def read_outer(protected: bytes) -> tuple[Outer, bytes]:
    """Return the outer header's values and the digest of the inner object.

    Raises:
        MalformedError: a label, value or algorithm is not exactly as prescribed.
    """
    header = gate.convert(gate.decode(protected, limit=1024), dict[int, object])
    envelope_id = header.get(suite.LABEL_ENVELOPE_ID)
    digest = header.get(suite.LABEL_INNER_DIGEST)
    precedence = header.get(suite.LABEL_PRECEDENCE)
    expires_at = header.get(suite.LABEL_EXPIRES_AT)
    if (
        not isinstance(envelope_id, bytes)
        or len(envelope_id) != suite.ID_SIZE
        or not isinstance(digest, bytes)
        or not (expires_at is None or (type(expires_at) is int and is_instant(expires_at)))
    ):
        raise UnreadableError
    outer = Outer(envelope_id, gate.convert(precedence, Precedence), expires_at)
    if outer_header(outer, digest) != protected:
        raise UnreadableError
    return outer, digest


def _open(raw: bytes, mine: Mapping[bytes, Unwrapper], primitives: Primitives) -> Opened:
    wire = gate.decode_struct(raw, _Wire, limit=suite.MAX_ENVELOPE, tag=suite.TAG_ENCRYPT)
    outer, inner_digest = read_outer(wire.protected)
    iv = wire.unprotected.get(suite.LABEL_IV, b"")
    if len(wire.unprotected) != 1 or len(iv) != suite.IV_SIZE:
        raise UnreadableError
    blocks = _blocks(wire)
    found = [kid for kid in blocks if kid in mine]
    if len(found) != 1:
        raise UnreadableError
    kid = found[0]
    protected, encapsulated, wrapped = blocks[kid]
    plain = mine[kid].unwrap(encapsulated, wrapped, to_bind(protected, wire.protected))
    if plain is None:
        raise UnreadableError
    part = gate.decode_struct(plain, _Wrapped, limit=suite.MAX_SIGNED)
    if len(part.content_key) != suite.KEY_SIZE:
        raise UnreadableError
    inner = primitives.decrypt(
        part.content_key, iv, wire.ciphertext, to_authenticate(wire.protected)
    )
    if inner is None or hashlib.sha256(inner).digest() != inner_digest:
        raise UnreadableError
    content = gate.decode_struct(inner, _Inner, limit=suite.MAX_INNER)
    if inner != encode_inner(content.signed, content.beside):
        raise UnreadableError
    signed = cose.parse(content.signed, _CONTEXTS, limit=suite.MAX_SIGNED)
    return Opened(
        outer=outer,
        kid=kid,
        recipient_kids=frozenset(blocks),
        signed=signed,
        beside=content.beside,
        own_part=part.own_part,
    )


def _blocks(wire: _Wire) -> dict[bytes, tuple[bytes, bytes, bytes]]:
    """Return header, encapsulated key and wrapped part by key id: distinct, all post-quantum."""
    if not 1 <= len(wire.recipients) <= suite.MAX_RECIPIENTS:
        raise UnreadableError
    blocks: dict[bytes, tuple[bytes, bytes, bytes]] = {}
    for protected, unprotected, wrapped in wire.recipients:
        header = gate.convert(gate.decode(protected, limit=64), dict[int, int | bytes])
        alg, kid = header.get(suite.LABEL_ALG), header.get(suite.LABEL_KID)
        encapsulated = unprotected.get(suite.LABEL_ENCAPSULATED)
        if (
            alg not in suite.POST_QUANTUM_KEMS
            or not isinstance(kid, bytes)
            or len(kid) != suite.KID_SIZE
            or len(header) != 2  # noqa: PLR2004 - just the two labels
            or encapsulated is None
            or len(unprotected) != 1
            or kid in blocks
        ):
            raise UnreadableError
        blocks[kid] = (protected, encapsulated, wrapped)
    return blocks
