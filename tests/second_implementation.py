"""A second reader of envelopes, written from `docs/formats/envelope.md` alone.

It shares no code with the package, and is slow and blunt on purpose: what it reads, anybody
can read who has that page. Everything that does not fit raises ValueError.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import cbor2
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, mlkem, x25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Key = tuple[int, int, bytes]
"""Purpose, algorithm, material."""

SIGNATURES = {1: [-50, -51], 2: [-49, -19]}
PURPOSES = {
    "application/vnd.noroshi.report-head+cbor": (3, b"noroshi/v1/report"),
    "application/vnd.noroshi.receipt+cbor": (4, b"noroshi/v1/receipt"),
}
DAY = 24 * 60 * 60 * 1_000_000


class Read(NamedTuple):
    """What an envelope said; decoded as arrays."""

    content_type: str
    head: list[Any]
    beside: list[Any]
    own_part: bytes
    content: list[Any] | None


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def check(*conditions: bool) -> None:
    if not all(conditions):
        raise ValueError


def encode(value: object) -> bytes:
    return cbor2.dumps(value, canonical=True)


def decode(data: bytes, limit: int, tag: int | None = None) -> Any:
    check(len(data) <= limit)
    if tag is not None:
        check(data[:2] == bytes([0xD8, tag]))
        data = data[2:]
    check(bounded(cbor2.loads(data), 12) <= 4096, encode(cbor2.loads(data)) == data)
    return cbor2.loads(data)


def bounded(value: object, levels: int) -> int:
    """Return how many items there are; refuse other types and too many levels."""
    check(value is None or type(value) in {bool, int, bytes, str, list, dict}, levels >= 0)
    check(type(value) is not int or -(2**63) <= value < 2**63)
    inside: list[object] = []
    if isinstance(value, list):
        inside = value
    elif isinstance(value, dict):
        inside = [*value, *value.values()]
    check(levels > 0 or not isinstance(value, list | dict))
    return 1 + sum(bounded(item, levels - 1) for item in inside)


def key_id(key: Key) -> bytes:
    return sha256(encode(list(key)))[:8]


def verify(key: Key, signature: bytes, message: bytes) -> None:
    _, alg, material = key
    if alg == -50:
        mldsa.MLDSA87PublicKey.from_public_bytes(material).verify(signature, message)
    elif alg == -49:
        mldsa.MLDSA65PublicKey.from_public_bytes(material).verify(signature, message)
    elif alg == -19:
        ed25519.Ed25519PublicKey.from_public_bytes(material).verify(signature, message)
    else:
        check(alg == -51, len(signature) == 96, len(material) == 97)
        r, s = int.from_bytes(signature[:48], "big"), int.from_bytes(signature[48:], "big")
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), material)
        point.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA384()))


def unwrap(alg: int, seed: bytes, sealed: bytes, info: bytes) -> bytes:
    """Open with HPKE; `seed` is the ML-KEM seed of 64 bytes, then X25519 key or P-384 scalar."""
    kdf, aead = hpke.KDF.SHAKE256, hpke.AEAD.AES_256_GCM
    if alg == 57:
        lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(seed[:64])
        curve = x25519.X25519PrivateKey.from_private_bytes(seed[64:])
        wing = hpke.MLKEM768X25519PrivateKey(lattice, curve)
        return hpke.Suite(hpke.KEM.MLKEM768_X25519, kdf, aead).decrypt(sealed, wing, info)
    larger = mlkem.MLKEM1024PrivateKey.from_seed_bytes(seed[:64])
    scalar = ec.derive_private_key(int.from_bytes(seed[64:], "big"), ec.SECP384R1())
    pair = hpke.MLKEM1024P384PrivateKey(larger, scalar)
    return hpke.Suite(hpke.KEM.MLKEM1024_P384, kdf, aead).decrypt(sealed, pair, info)


def padded(length: int) -> int:
    e = length.bit_length() - 1
    unit = 1 << max(e - e.bit_length(), 0)
    return -(-length // unit) * unit


def pad(signed: bytes, beside: bytes) -> bytes:
    target = padded(len(encode([signed, beside, b""])) + 4)
    zeros = target
    while len(encode([signed, beside, bytes(zeros)])) > target:
        zeros -= 1
    return encode([signed, beside, bytes(zeros)])


def read(
    data: bytes,
    *,
    me: str,
    mine: Mapping[bytes, tuple[int, bytes]],
    cards: Mapping[str, tuple[int, Sequence[Key]]],
    now: int,
) -> Read:
    """Open and verify; `mine` has algorithm and seed by key id, `cards` profile and keys."""
    try:
        return _read(data, me, mine, cards, now)
    except (LookupError, TypeError, InvalidTag, InvalidSignature, cbor2.CBORError) as error:
        raise ValueError from error


def _read(
    data: bytes,
    me: str,
    mine: Mapping[bytes, tuple[int, bytes]],
    cards: Mapping[str, tuple[int, Sequence[Key]]],
    now: int,
) -> Read:
    # 1 to 4
    outer_bytes, unprotected, ciphertext, blocks = decode(data, 5632 * 1024, 96)
    outer = decode(outer_bytes, 1024)
    critical = [-70001, -70002, -70003] + ([-70004] if -70004 in outer else [])
    check(set(outer) == {1, 2, 3, *critical}, outer[1] == 3, outer[2] == critical)
    check(outer[3] == "application/vnd.noroshi.envelope+cbor", len(outer[-70001]) == 16)
    check(outer[-70003] in range(1, 6), list(unprotected) == [5], len(unprotected[5]) == 12)
    by_kid = {}
    for header_bytes, encapsulated, wrapped in blocks:
        header = decode(header_bytes, 64)
        check(set(header) == {1, 4}, header[1] in {57, 59}, len(header[4]) == 8)
        check(list(encapsulated) == [-4], header[4] not in by_kid)
        by_kid[header[4]] = (header_bytes, encapsulated[-4], wrapped)
    check(1 <= len(by_kid) <= 32)
    (kid,) = set(by_kid) & set(mine)
    # 5 to 8
    header_bytes, encapsulated, wrapped = by_kid[kid]
    alg, seed = mine[kid]
    check(len(encapsulated) == {57: 1120, 59: 1665}[alg])
    info = encode(["HPKE Recipient", 3, header_bytes, sha256(outer_bytes)])
    part = unwrap(alg, seed, encapsulated + wrapped, info)
    content_key, own_part = decode(part, 65536)
    aad = encode(["Encrypt", outer_bytes, b"noroshi/v1/envelope"])
    inner = AESGCM(content_key).decrypt(unprotected[5], ciphertext, aad)
    check(sha256(inner) == outer[-70002])
    signed, beside, _ = decode(inner, 5120 * 1024)
    check(inner == pad(signed, beside))
    # 9 and 10
    body_bytes, nothing, head_bytes, signatures = decode(signed, 65536, 98)
    body, head = decode(body_bytes, 65536), decode(head_bytes, 65536)
    purpose, external = PURPOSES[body[3]]
    profile, keys = cards[head[2]]
    check(set(body) == {3, -70010}, body[-70010] == profile, nothing == {})
    check(len(signatures) == len(SIGNATURES[profile]))
    for alg, (protected, empty, signature) in zip(SIGNATURES[profile], signatures, strict=True):
        (key,) = (k for k in keys if k[:2] == (purpose, alg))
        check(protected == encode({1: alg, 4: key_id(key)}), empty == {})
        message = encode(["Signature", body_bytes, protected, external, head_bytes])
        verify(key, signature, message)
    # 12
    version, envelope_id, _, created_at, expires_at, to = head[:6]
    check(version == 1, to == sorted(to), len({tuple(pair) for pair in to}) == len(to))
    check(envelope_id == outer[-70001], expires_at == outer.get(-70004), [me, kid] in to)
    check(set(by_kid) <= {k for _, k in to}, created_at <= now + DAY)
    check(expires_at is None or expires_at > now)
    found = Read(body[3], head, decode(beside, 5120 * 1024), own_part, None)
    return found if purpose == 4 else found._replace(content=read_report(found, outer, me, kid))


def read_report(found: Read, outer: Mapping[int, object], me: str, kid: bytes) -> list[Any]:
    to, report_id, precedence, info_precedence, _, _, serials, digest, files = found.head[5:]
    salt, content_bytes = found.beside
    # 11
    check(len(report_id) == 16, len(salt) == 32, sha256(salt + content_bytes) == digest)
    serial, _ = decode(found.own_part, 65536)
    check(len(serials) == len(to), serials[to.index([me, kid])] == sha256(encode(serial)))
    check(
        serial[1] == me,
        serial[2] >= 1,
        serial[4] >= 1,
        outer[-70003] == max(precedence, info_precedence),
    )
    # 13
    content: list[Any] = decode(content_bytes, 5120 * 1024)
    _, subject, _, _, _, action, info, _, _, text, attachments = content
    check(0 < len(text) <= 4 * 1024 * 1024, len(subject) <= 200, subject.isprintable())
    desks = [tuple(address) for address in action + info]
    check(len(desks) == len(set(desks)) <= 64, {p for _, p in desks} <= {p for p, _ in to})
    check(me in {p for _, p in desks}, len(attachments) <= 64)
    check([(a[3], a[2] + 16) for a in attachments] == [(f[0], f[1]) for f in files])
    mine = precedence if me in {p for _, p in action} else info_precedence
    check(serial[3] == mine)
    return content
