"""The envelope's primitives and private keys, computed by pyca/cryptography.

Nothing here is home-made: each method is one or two calls. Private keys are made from seeds,
so that what a key file holds is short and of one form: ML-DSA 32 bytes, ML-KEM 64, X25519
and Ed25519 32, P-384 its 48-byte scalar; a hybrid KEM key holds both in that order.
"""

from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, hpke, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, mlkem, x25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.envelope.suite import Alg

_P384_SIZE: Final = 48
_P384_POINT: Final = 1 + 2 * _P384_SIZE
_MLKEM_SEED: Final = 64
_ENCAPSULATED: Final = {Alg.HPKE_9_KE: 1120, Alg.HPKE_10_KE: 1665, Alg.HPKE_13_KE: 1568}
_MLKEM_PUBLIC: Final = {Alg.HPKE_9_KE: 1184, Alg.HPKE_10_KE: 1568}
_SUITES: Final = {
    Alg.HPKE_9_KE: hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.SHAKE256, hpke.AEAD.AES_256_GCM),
    Alg.HPKE_10_KE: hpke.Suite(hpke.KEM.MLKEM1024_P384, hpke.KDF.SHAKE256, hpke.AEAD.AES_256_GCM),
    Alg.HPKE_13_KE: hpke.Suite(hpke.KEM.MLKEM1024, hpke.KDF.SHAKE256, hpke.AEAD.AES_256_GCM),
}

SEED_SIZE: Final = {
    Alg.ML_DSA_65: 32,
    Alg.ML_DSA_87: 32,
    Alg.ED25519: 32,
    Alg.ESP384: _P384_SIZE,
    Alg.HPKE_9_KE: _MLKEM_SEED + 32,
    Alg.HPKE_10_KE: _MLKEM_SEED + _P384_SIZE,
    Alg.HPKE_13_KE: _MLKEM_SEED,
}
"""Bytes of the seed of one private key."""

_P384_ORDER: Final = int(
    "ffffffffffffffffffffffffffffffffffffffffffffffff"
    "c7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    16,
)

_MlDsaPrivate = mldsa.MLDSA65PrivateKey | mldsa.MLDSA87PrivateKey
_PrivateKem = (
    hpke.MLKEM768X25519PrivateKey | hpke.MLKEM1024P384PrivateKey | mlkem.MLKEM1024PrivateKey
)
_SigningKey = _MlDsaPrivate | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey


class PycaSigner:
    """A private signing key (:class:`noroshi.core.envelope.primitives.Signer`)."""

    def __init__(self, purpose: Purpose, alg: Alg, seed: bytes) -> None:
        self._key = _signing_key(alg, seed)
        self.public_key = PublicKey(purpose, alg, _public_bytes(self._key))

    def sign(self, message: bytes) -> bytes:
        """Return the signature over `message`; ML-DSA hedges, so two of them differ."""
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(hashes.SHA384())))
            s = min(s, _P384_ORDER - s)
            return r.to_bytes(_P384_SIZE) + s.to_bytes(_P384_SIZE)
        return self._key.sign(message)


class PycaUnwrapper:
    """A private KEM key (:class:`noroshi.core.envelope.primitives.Unwrapper`)."""

    def __init__(self, alg: Alg, seed: bytes) -> None:
        self._suite = _SUITES[alg]
        self._encapsulated = _ENCAPSULATED[alg]
        lattice, classical = seed[:_MLKEM_SEED], seed[_MLKEM_SEED:]
        self._key: _PrivateKem
        if alg is Alg.HPKE_9_KE:
            kem768 = mlkem.MLKEM768PrivateKey.from_seed_bytes(lattice)
            x = x25519.X25519PrivateKey.from_private_bytes(classical)
            self._key = hpke.MLKEM768X25519PrivateKey(kem768, x)
            material = kem768.public_key().public_bytes_raw() + x.public_key().public_bytes_raw()
        elif alg is Alg.HPKE_13_KE:
            self._key = kem1024 = mlkem.MLKEM1024PrivateKey.from_seed_bytes(lattice)
            material = kem1024.public_key().public_bytes_raw()
        else:
            kem1024 = mlkem.MLKEM1024PrivateKey.from_seed_bytes(lattice)
            p = ec.derive_private_key(int.from_bytes(classical), ec.SECP384R1())
            self._key = hpke.MLKEM1024P384PrivateKey(kem1024, p)
            material = kem1024.public_key().public_bytes_raw() + _public_bytes(p)
        self.public_key = PublicKey(Purpose.SEAL, alg, material)

    def unwrap(self, encapsulated: bytes, wrapped: bytes, info: bytes) -> bytes | None:
        """Return what was wrapped to this key, or None."""
        if len(encapsulated) != self._encapsulated:
            return None
        try:
            return self._suite.decrypt(encapsulated + wrapped, self._key, info)
        except InvalidTag:
            return None


class PycaPrimitives:
    """Operations with public keys and content keys."""

    def is_usable(self, key: PublicKey) -> bool:
        """Say whether `key` is a well-formed key of its algorithm."""
        try:
            if key.purpose is Purpose.SEAL:
                self.wrap(key, b"", b"")
            else:
                _verifying_key(key)
        except (KeyError, ValueError):
            return False
        return True

    def is_signed(self, key: PublicKey, message: bytes, signature: bytes) -> bool:
        """Say whether `key` signed `message`."""
        try:
            _verify(key, message, signature)
        except (InvalidSignature, ValueError):
            return False
        return True

    def wrap(self, key: PublicKey, plaintext: bytes, info: bytes) -> tuple[bytes, bytes]:
        """Return the encapsulated key and the wrapped `plaintext`.

        Raises:
            ValueError: `key` is no key of its algorithm.
        """
        public = _kem_key(key)
        sealed = _SUITES[key.alg].encrypt(plaintext, public, info)
        size = _ENCAPSULATED[key.alg]
        return sealed[:size], sealed[size:]

    def encrypt(self, key: bytes, iv: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """Return AES-256-GCM ciphertext with its tag."""
        return AESGCM(key).encrypt(iv, plaintext, aad)

    def decrypt(self, key: bytes, iv: bytes, ciphertext: bytes, aad: bytes) -> bytes | None:
        """Return the plaintext, or None when the tag does not fit."""
        try:
            return AESGCM(key).decrypt(iv, ciphertext, aad)
        except InvalidTag:
            return None


def seed_from(alg: Alg, random: bytes) -> bytes:
    """Return the seed of a private key of `alg`, made of 16 random bytes more than it has.

    The surplus makes a P-384 scalar uniform (FIPS 186-5 appendix A.2.1: extra random bits).
    """
    size = SEED_SIZE[alg]
    if alg not in {Alg.ESP384, Alg.HPKE_10_KE}:
        return random[:size]
    head, rest = random[: size - _P384_SIZE], random[size - _P384_SIZE :]
    scalar = int.from_bytes(rest) % (_P384_ORDER - 1) + 1
    return head + scalar.to_bytes(_P384_SIZE)


def _signing_key(alg: Alg, seed: bytes) -> _SigningKey:
    match alg:
        case Alg.ML_DSA_65:
            return mldsa.MLDSA65PrivateKey.from_seed_bytes(seed)
        case Alg.ML_DSA_87:
            return mldsa.MLDSA87PrivateKey.from_seed_bytes(seed)
        case Alg.ED25519:
            return ed25519.Ed25519PrivateKey.from_private_bytes(seed)
        case Alg.ESP384:
            return ec.derive_private_key(int.from_bytes(seed), ec.SECP384R1())
        case _:
            msg = f"{alg.name} does not sign"
            raise ValueError(msg)


def _public_bytes(key: _SigningKey) -> bytes:
    public = key.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        return public.public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
    return public.public_bytes_raw()


def _p384(point: bytes) -> ec.EllipticCurvePublicKey:
    if len(point) != _P384_POINT:  # a compressed point would be a second name of the same key
        raise ValueError
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), point)


_KemKey = hpke.MLKEM768X25519PublicKey | hpke.MLKEM1024P384PublicKey | mlkem.MLKEM1024PublicKey


@lru_cache(maxsize=256)
def _kem_key(key: PublicKey) -> _KemKey:
    if key.alg is Alg.HPKE_13_KE:
        return mlkem.MLKEM1024PublicKey.from_public_bytes(key.material)
    size = _MLKEM_PUBLIC[key.alg]
    lattice, classical = key.material[:size], key.material[size:]
    if key.alg is Alg.HPKE_9_KE:
        return hpke.MLKEM768X25519PublicKey(
            mlkem.MLKEM768PublicKey.from_public_bytes(lattice),
            x25519.X25519PublicKey.from_public_bytes(classical),
        )
    return hpke.MLKEM1024P384PublicKey(
        mlkem.MLKEM1024PublicKey.from_public_bytes(lattice), _p384(classical)
    )


_VerifyingKey = (
    mldsa.MLDSA65PublicKey
    | mldsa.MLDSA87PublicKey
    | ed25519.Ed25519PublicKey
    | ec.EllipticCurvePublicKey
)


@lru_cache(maxsize=1024)
def _verifying_key(key: PublicKey) -> _VerifyingKey:
    match key.alg:
        case Alg.ML_DSA_65:
            return mldsa.MLDSA65PublicKey.from_public_bytes(key.material)
        case Alg.ML_DSA_87:
            return mldsa.MLDSA87PublicKey.from_public_bytes(key.material)
        case Alg.ED25519:
            return ed25519.Ed25519PublicKey.from_public_bytes(key.material)
        case Alg.ESP384:
            return _p384(key.material)
        case _:
            msg = f"{key.alg.name} does not sign"
            raise ValueError(msg)


def _verify(key: PublicKey, message: bytes, signature: bytes) -> None:
    public = _verifying_key(key)
    if not isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(signature, message)
        return
    if len(signature) != 2 * _P384_SIZE:
        raise InvalidSignature
    r, s = int.from_bytes(signature[:_P384_SIZE]), int.from_bytes(signature[_P384_SIZE:])
    if s > _P384_ORDER // 2:
        # The other s would verify as well; with one form there is one signature, one digest.
        raise InvalidSignature
    der = encode_dss_signature(r, s)
    public.verify(der, message, ec.ECDSA(hashes.SHA384()))
