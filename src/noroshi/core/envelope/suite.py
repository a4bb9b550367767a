"""Every identifier of the envelope: algorithms, profiles, contexts, labels, limits.

Algorithm numbers are COSE's: ML-DSA from RFC 9964, ESP384 and Ed25519 from RFC 9864, and
HPKE key encryption from draft-ietf-cose-hpke-pq-pqt, whose numbers are not final. A node
publishes one profile; what its keys are follows from the profile's own number, never from
a name.
"""

from enum import IntEnum
from typing import Final

import msgspec


class Alg(IntEnum):
    """COSE algorithm numbers in use."""

    A256GCM = 3
    ED25519 = -19
    ML_DSA_65 = -49
    ML_DSA_87 = -50
    ESP384 = -51
    HPKE_9_KE = 57
    """X-Wing (HPKE KEM 0x647a), SHAKE256, AES-256-GCM."""
    HPKE_10_KE = 59
    """ML-KEM-1024 with P-384 (HPKE KEM 0x0051), SHAKE256, AES-256-GCM."""
    HPKE_13_KE = 65
    """ML-KEM-1024 alone (HPKE KEM 0x0042), SHAKE256, AES-256-GCM."""


class Profile(msgspec.Struct, frozen=True):
    """What a node seals to and signs with. Signatures are all required, in this order."""

    number: int
    name: str
    kem: Alg
    signatures: tuple[Alg, ...]


H5: Final = Profile(1, "H5", Alg.HPKE_10_KE, (Alg.ML_DSA_87, Alg.ESP384))
H3: Final = Profile(2, "H3", Alg.HPKE_9_KE, (Alg.ML_DSA_65, Alg.ED25519))
P5: Final = Profile(3, "P5", Alg.HPKE_13_KE, (Alg.ML_DSA_87,))
"""For those who are forbidden hybrids."""
PROFILES: Final = {profile.number: profile for profile in (H5, H3, P5)}
PROFILES_BY_NAME: Final = {profile.name: profile for profile in PROFILES.values()}

ROOT_ALG: Final = Alg.ML_DSA_87

POST_QUANTUM_KEMS: Final = frozenset({Alg.HPKE_9_KE, Alg.HPKE_10_KE, Alg.HPKE_13_KE})


class Context(msgspec.Struct, frozen=True):
    """What a signature is for: the external AAD and content type that keep purposes apart."""

    aad: bytes
    content_type: str


REPORT: Final = Context(b"noroshi/v1/report", "application/vnd.noroshi.report-head+cbor")
RECEIPT: Final = Context(b"noroshi/v1/receipt", "application/vnd.noroshi.receipt+cbor")
CARD: Final = Context(b"noroshi/v1/card", "application/vnd.noroshi.card+cbor")
PREKEYS: Final = Context(b"noroshi/v1/prekeys", "application/vnd.noroshi.prekeys+cbor")
REVOCATION: Final = Context(b"noroshi/v1/revocation", "application/vnd.noroshi.revocation+cbor")
NOTICE: Final = Context(b"noroshi/v1/notice", "application/vnd.noroshi.notice+cbor")
DIRECTORY: Final = Context(b"noroshi/v1/directory", "application/vnd.noroshi.directory+cbor")
GRANT: Final = Context(b"noroshi/v1/grant", "application/vnd.noroshi.grant+cbor")
JOINT: Final = Context(b"noroshi/v1/joint", "application/vnd.noroshi.joint+cbor")
COURIER: Final = Context(b"noroshi/v1/courier", "application/vnd.noroshi.courier-head+cbor")

ENVELOPE_AAD: Final = b"noroshi/v1/envelope"
ENVELOPE_TYPE: Final = "application/vnd.noroshi.envelope+cbor"

TAG_ENCRYPT: Final = 96
TAG_SIGN: Final = 98

# Header labels: RFC 9052 section 3.1, and our own below -65536 (private use).
LABEL_ALG: Final = 1
LABEL_CRIT: Final = 2
LABEL_CONTENT_TYPE: Final = 3
LABEL_KID: Final = 4
LABEL_IV: Final = 5
LABEL_ENCAPSULATED: Final = -4
LABEL_ENVELOPE_ID: Final = -70001
LABEL_INNER_DIGEST: Final = -70002
LABEL_PRECEDENCE: Final = -70003
LABEL_EXPIRES_AT: Final = -70004
LABEL_PROFILE: Final = -70010

ID_SIZE: Final = 16
KID_SIZE: Final = 8
KEY_SIZE: Final = 32
IV_SIZE: Final = 12
GCM_TAG_SIZE: Final = 16
SALT_SIZE: Final = 32
DIGEST_SIZE: Final = 32

MAX_RECIPIENTS: Final = 32
MAX_BODY: Final = 4 * 1024 * 1024
MAX_ATTACHMENT: Final = 256 * 1024 * 1024
MAX_ATTACHMENTS: Final = 64
MAX_SIGNED: Final = 64 * 1024
MAX_INNER: Final = 5 * 1024 * 1024
MAX_ENVELOPE: Final = MAX_INNER + 512 * 1024
