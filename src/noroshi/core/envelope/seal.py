"""Sealing: a signed statement and what lies beside it, encrypted for each recipient node.

    signed statement + beside + padding --AES-256-GCM--> ciphertext   one for all
    content key + the recipient's own part --HPKE--> recipient block   one each

The outer header is all that a bearer sees: envelope id, precedence, expiry, digest of the
inner object, key ids. `docs/formats/envelope.md`, "Sealing", has the same steps.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from noroshi.core import gate
from noroshi.core.envelope import suite
from noroshi.core.envelope.keys import PublicKey
from noroshi.core.envelope.padding import padme
from noroshi.core.envelope.primitives import Primitives
from noroshi.core.instant import Instant
from noroshi.core.precedence import Precedence


class Outer(msgspec.Struct, frozen=True):
    """What stands outside the seal."""

    envelope_id: bytes
    precedence: Precedence
    expires_at: Instant | None


class Recipient(msgspec.Struct, frozen=True):
    """A node to seal to, and the part that it alone may read."""

    key: PublicKey
    own_part: bytes


class Draws(msgspec.Struct, frozen=True):
    """The random draws of one envelope."""

    content_key: bytes
    iv: bytes

    def __repr__(self) -> str:
        return "Draws(hidden)"


def seal(
    signed: bytes,
    beside: bytes,
    *,
    outer: Outer,
    recipients: Sequence[Recipient],
    draws: Draws,
    primitives: Primitives,
) -> bytes:
    """Return the envelope of `signed` (a COSE_Sign) and `beside` for `recipients`."""
    inner = encode_inner(signed, beside)
    protected = outer_header(outer, hashlib.sha256(inner).digest())
    ciphertext = primitives.encrypt(draws.content_key, draws.iv, inner, to_authenticate(protected))
    blocks: list[list[object]] = []
    for recipient in recipients:
        block = recipient_header(recipient.key.alg, recipient.key.kid)
        encapsulated, wrapped = primitives.wrap(
            recipient.key,
            gate.encode([draws.content_key, recipient.own_part]),
            to_bind(block, protected),
        )
        blocks.append([block, {suite.LABEL_ENCAPSULATED: encapsulated}, wrapped])
    return gate.encode(
        [protected, {suite.LABEL_IV: draws.iv}, ciphertext, blocks], tag=suite.TAG_ENCRYPT
    )


def only_for(raw: bytes, kid: bytes) -> bytes:
    """Return an own envelope with the block of one recipient alone: no bearer needs the others."""
    protected, unprotected, ciphertext, blocks = gate.convert(
        gate.decode(raw, limit=suite.MAX_ENVELOPE, tag=suite.TAG_ENCRYPT), list[object]
    )
    own = [block for block in gate.convert(blocks, list[list[object]]) if _is_for(block, kid)]
    return gate.encode([protected, unprotected, ciphertext, own], tag=suite.TAG_ENCRYPT)


def _is_for(block: list[object], kid: bytes) -> bool:
    header = gate.convert(gate.decode(gate.convert(block[0], bytes), limit=64), dict[int, object])
    return header[suite.LABEL_KID] == kid


def encode_inner(signed: bytes, beside: bytes) -> bytes:
    """Return the inner object, padded with zeros to a Padmé length where one can be met."""
    bare = len(gate.encode([signed, beside, b""]))
    # The pad's own length takes up to four more bytes, so aim for those too.
    target = padme(bare + 4)
    for pad in range(target - bare, -1, -1):
        inner = gate.encode([signed, beside, bytes(pad)])
        if len(inner) <= target:
            return inner
    raise AssertionError("a pad of nothing always fits")  # pragma: no cover


def outer_header(outer: Outer, inner_digest: bytes) -> bytes:
    """Return the protected header of the envelope."""
    own = [suite.LABEL_ENVELOPE_ID, suite.LABEL_INNER_DIGEST, suite.LABEL_PRECEDENCE]
    header: dict[int, object] = {
        suite.LABEL_ALG: int(suite.Alg.A256GCM),
        suite.LABEL_CONTENT_TYPE: suite.ENVELOPE_TYPE,
        suite.LABEL_ENVELOPE_ID: outer.envelope_id,
        suite.LABEL_INNER_DIGEST: inner_digest,
        suite.LABEL_PRECEDENCE: int(outer.precedence),
    }
    if outer.expires_at is not None:
        own.append(suite.LABEL_EXPIRES_AT)
        header[suite.LABEL_EXPIRES_AT] = outer.expires_at
    header[suite.LABEL_CRIT] = own
    return gate.encode(header)


def recipient_header(alg: int, kid: bytes) -> bytes:
    """Return the protected header of one recipient block."""
    return gate.encode({suite.LABEL_ALG: int(alg), suite.LABEL_KID: kid})


def to_authenticate(protected: bytes) -> bytes:
    """Return the Enc_structure of RFC 9052 section 5.3."""
    return gate.encode(["Encrypt", protected, suite.ENVELOPE_AAD])


def to_bind(recipient_protected: bytes, outer_protected: bytes) -> bytes:
    """Return the HPKE info: the Recipient_structure of draft-ietf-cose-hpke.

    Its extra info is the digest of the outer header, so a block fits one envelope alone.
    """
    extra = hashlib.sha256(outer_protected).digest()
    return gate.encode(["HPKE Recipient", int(suite.Alg.A256GCM), recipient_protected, extra])
