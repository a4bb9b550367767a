"""The one place where cryptography happens, against published numbers and independent calls."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, mlkem, x25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from noroshi.adapters.sealing.pyca import (
    SEED_SIZE,
    PycaPrimitives,
    PycaSigner,
    PycaUnwrapper,
    seed_from,
)
from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.envelope.seal import to_authenticate
from noroshi.core.envelope.suite import Alg
from tests.unit.core.nodes import draw

PUBLISHED: Final = json.loads(
    Path(__file__).with_name("hpke_vectors.json").read_text(encoding="utf-8")
)
PRIMITIVES: Final = PycaPrimitives()
KEMS: Final = (Alg.HPKE_9_KE, Alg.HPKE_10_KE)
SIGNING: Final = (Alg.ML_DSA_65, Alg.ML_DSA_87, Alg.ED25519, Alg.ESP384)
P384_ORDER: Final = int(
    "39402006196394479212279040100143613805079739270465446667946905279627"
    "659399113263569398956308152294913554433653942643"
)


def signer(alg: Alg, label: str = "a signer") -> PycaSigner:
    return PycaSigner(Purpose.REPORT, alg, seed_from(alg, draw(label, SEED_SIZE[alg] + 16)))


def unwrapper(alg: Alg, label: str = "an unwrapper") -> PycaUnwrapper:
    return PycaUnwrapper(alg, seed_from(alg, draw(label, SEED_SIZE[alg] + 16)))


@pytest.mark.parametrize("vector", PUBLISHED["vectors"], ids=lambda v: v["name"])
def test_the_published_hpke_vectors_open(vector: Mapping[str, str]) -> None:
    alg = Alg[vector["name"].replace("-", "_")]
    field = {name: bytes.fromhex(value) for name, value in vector.items() if name != "name"}
    assert cbor2.loads(field["recipient_protected"])[1] == alg
    mine = PycaUnwrapper(alg, hashlib.shake_256(field["seed"]).digest(SEED_SIZE[alg]))
    assert mine.public_key.material == field["public"]
    info = cbor2.dumps(["HPKE Recipient", 3, field["recipient_protected"], b""])
    content_key = mine.unwrap(field["encapsulated"], field["wrapped"], info)
    assert content_key is not None
    aad = cbor2.dumps(["Encrypt", field["protected"], bytes.fromhex(PUBLISHED["external_aad"])])
    plaintext = PRIMITIVES.decrypt(content_key, field["iv"], field["ciphertext"], aad)
    assert plaintext is not None
    assert hashlib.sha256(plaintext).hexdigest() == PUBLISHED["plaintext_sha256"]
    assert mine.unwrap(field["encapsulated"], field["wrapped"], info + b"\x00") is None


@pytest.mark.parametrize("alg", KEMS)
def test_what_is_wrapped_is_unwrapped_by_its_key_alone(alg: Alg) -> None:
    mine = unwrapper(alg)
    encapsulated, wrapped = PRIMITIVES.wrap(mine.public_key, b"content key", b"info")
    assert mine.unwrap(encapsulated, wrapped, b"info") == b"content key"
    assert unwrapper(alg, "another").unwrap(encapsulated, wrapped, b"info") is None
    assert len(wrapped) == len(b"content key") + 16


@pytest.mark.parametrize("alg", KEMS)
def test_wrapping_twice_gives_other_bytes(alg: Alg) -> None:
    key = unwrapper(alg).public_key
    assert PRIMITIVES.wrap(key, b"", b"") != PRIMITIVES.wrap(key, b"", b"")


@pytest.mark.parametrize("alg", KEMS)
def test_nothing_is_unwrapped_from_anything_else(alg: Alg) -> None:
    mine = unwrapper(alg)
    encapsulated, wrapped = PRIMITIVES.wrap(mine.public_key, b"content key", b"info")
    for one, two, info in (
        (encapsulated, wrapped, b""),
        (encapsulated, wrapped[:-1], b"info"),
        (encapsulated, wrapped[:15], b"info"),
        (encapsulated, b"", b"info"),
        (encapsulated[:-1], wrapped, b"info"),
        (encapsulated + wrapped[:1], wrapped[1:], b"info"),
        (b"", wrapped, b"info"),
        (bytes(len(encapsulated)), wrapped, b"info"),
        (b"\xff" * len(encapsulated), wrapped, b"info"),
        (encapsulated[:-32] + bytes(32), wrapped, b"info"),
    ):
        assert mine.unwrap(one, two, info) is None


@pytest.mark.parametrize("alg", KEMS)
def test_every_flipped_byte_of_an_encapsulated_key_is_refused(alg: Alg) -> None:
    mine = unwrapper(alg)
    encapsulated, wrapped = PRIMITIVES.wrap(mine.public_key, b"content key", b"info")
    for position in range(0, len(encapsulated), 5):
        flipped = bytearray(encapsulated)
        flipped[position] ^= 0x40
        assert mine.unwrap(bytes(flipped), wrapped, b"info") is None


def test_an_unwrapper_opens_what_independent_calls_sealed() -> None:
    seed = seed_from(Alg.HPKE_10_KE, draw("independent", 128))
    lattice = mlkem.MLKEM1024PrivateKey.from_seed_bytes(seed[:64])
    curve = ec.derive_private_key(int.from_bytes(seed[64:], "big"), ec.SECP384R1())
    public = hpke.MLKEM1024P384PublicKey(lattice.public_key(), curve.public_key())
    suite = hpke.Suite(hpke.KEM.MLKEM1024_P384, hpke.KDF.SHAKE256, hpke.AEAD.AES_256_GCM)
    sealed = suite.encrypt(b"content key", public, b"info")
    mine = PycaUnwrapper(Alg.HPKE_10_KE, seed)
    assert mine.unwrap(sealed[:1665], sealed[1665:], b"info") == b"content key"

    seed = seed_from(Alg.HPKE_9_KE, draw("independent", 112))
    lattice3 = mlkem.MLKEM768PrivateKey.from_seed_bytes(seed[:64])
    curve3 = x25519.X25519PrivateKey.from_private_bytes(seed[64:])
    public3 = hpke.MLKEM768X25519PublicKey(lattice3.public_key(), curve3.public_key())
    suite = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.SHAKE256, hpke.AEAD.AES_256_GCM)
    sealed = suite.encrypt(b"content key", public3, b"info")
    mine = PycaUnwrapper(Alg.HPKE_9_KE, seed)
    assert mine.unwrap(sealed[:1120], sealed[1120:], b"info") == b"content key"


@pytest.mark.parametrize("alg", SIGNING)
def test_what_is_signed_is_verified(alg: Alg) -> None:
    key, other = signer(alg), signer(alg, "another")
    signature = key.sign(b"message")
    assert PRIMITIVES.is_signed(key.public_key, b"message", signature)
    assert not PRIMITIVES.is_signed(other.public_key, b"message", signature)
    assert not PRIMITIVES.is_signed(key.public_key, b"massage", signature)


@pytest.mark.parametrize("alg", SIGNING)
def test_no_other_bytes_are_a_signature(alg: Alg) -> None:
    key = signer(alg)
    signature = key.sign(b"message")
    for wrong in (
        b"",
        signature[:-1],
        signature + b"\x00",
        bytes(len(signature)),
        b"\xff" * len(signature),
        signature[:-1] + bytes([signature[-1] ^ 1]),
        bytes([signature[0] ^ 1]) + signature[1:],
    ):
        assert not PRIMITIVES.is_signed(key.public_key, b"message", wrong)


@pytest.mark.parametrize("alg", SIGNING)
def test_a_key_that_is_none_signed_nothing(alg: Alg) -> None:
    key = signer(alg)
    signature = key.sign(b"message")
    material = key.public_key.material
    for wrong in (b"", material[:-1], material + b"\x00", bytes(len(material) + 3)):
        assert not PRIMITIVES.is_signed(PublicKey(Purpose.REPORT, alg, wrong), b"", signature)
    for kem in KEMS:
        stranger = PublicKey(Purpose.REPORT, kem, material)
        assert not PRIMITIVES.is_signed(stranger, b"message", signature)


def test_signatures_have_the_form_that_their_standard_gives() -> None:
    sizes = {alg: len(signer(alg).sign(b"message")) for alg in SIGNING}
    assert sizes == {Alg.ML_DSA_65: 3309, Alg.ML_DSA_87: 4627, Alg.ED25519: 64, Alg.ESP384: 96}
    keys = {alg: len(signer(alg).public_key.material) for alg in SIGNING}
    assert keys == {Alg.ML_DSA_65: 1952, Alg.ML_DSA_87: 2592, Alg.ED25519: 32, Alg.ESP384: 97}
    kems = {alg: len(unwrapper(alg).public_key.material) for alg in KEMS}
    assert kems == {Alg.HPKE_9_KE: 1216, Alg.HPKE_10_KE: 1665}


def test_signatures_verify_by_independent_calls() -> None:
    material = {alg: signer(alg).public_key.material for alg in SIGNING}
    signed = {alg: signer(alg).sign(b"message") for alg in SIGNING}
    mldsa.MLDSA65PublicKey.from_public_bytes(material[Alg.ML_DSA_65]).verify(
        signed[Alg.ML_DSA_65], b"message"
    )
    mldsa.MLDSA87PublicKey.from_public_bytes(material[Alg.ML_DSA_87]).verify(
        signed[Alg.ML_DSA_87], b"message", b""
    )
    ed25519.Ed25519PublicKey.from_public_bytes(material[Alg.ED25519]).verify(
        signed[Alg.ED25519], b"message"
    )
    r, s = signed[Alg.ESP384][:48], signed[Alg.ESP384][48:]
    der = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), material[Alg.ESP384])
    public.verify(der, b"message", ec.ECDSA(hashes.SHA384()))


def test_the_larger_s_is_refused() -> None:
    key = signer(Alg.ESP384)
    for number in range(8):
        message = bytes([number])
        signature = key.sign(message)
        r, s = signature[:48], int.from_bytes(signature[48:], "big")
        assert s <= P384_ORDER // 2
        assert PRIMITIVES.is_signed(key.public_key, message, signature)
        other = r + (P384_ORDER - s).to_bytes(48, "big")
        assert not PRIMITIVES.is_signed(key.public_key, message, other)


def test_a_der_signature_is_none() -> None:
    key = signer(Alg.ESP384)
    signature = key.sign(b"message")
    der = encode_dss_signature(
        int.from_bytes(signature[:48], "big"), int.from_bytes(signature[48:], "big")
    )
    assert decode_dss_signature(der) == (
        int.from_bytes(signature[:48], "big"),
        int.from_bytes(signature[48:], "big"),
    )
    assert not PRIMITIVES.is_signed(key.public_key, b"message", der)


def test_a_lattice_signature_with_a_context_is_none() -> None:
    key = signer(Alg.ML_DSA_65)
    private = mldsa.MLDSA65PrivateKey.from_seed_bytes(
        seed_from(Alg.ML_DSA_65, draw("a signer", 48))
    )
    assert PRIMITIVES.is_signed(key.public_key, b"message", private.sign(b"message"))
    other = private.sign(b"message", b"another purpose")
    assert not PRIMITIVES.is_signed(key.public_key, b"message", other)


def test_content_encryption_is_aes_256_gcm() -> None:
    key, iv = draw("content key", 32), draw("iv", 12)
    aad = to_authenticate(b"outer")
    ciphertext = PRIMITIVES.encrypt(key, iv, b"inner", aad)
    assert ciphertext == AESGCM(key).encrypt(iv, b"inner", aad)
    assert PRIMITIVES.decrypt(key, iv, ciphertext, aad) == b"inner"
    for wrong in (
        (bytes(32), iv, ciphertext, aad),
        (key, bytes(12), ciphertext, aad),
        (key, iv, ciphertext[:-1], aad),
        (key, iv, ciphertext[:15], aad),
        (key, iv, b"", aad),
        (key, iv, ciphertext, b""),
    ):
        assert PRIMITIVES.decrypt(*wrong) is None


@pytest.mark.parametrize("alg", [*SIGNING, *KEMS])
def test_a_seed_has_its_size(alg: Alg) -> None:
    random = draw("randomness", SEED_SIZE[alg] + 16)
    assert len(seed_from(alg, random)) == SEED_SIZE[alg]
    assert seed_from(alg, random) != seed_from(alg, random[::-1])


@given(st.binary(min_size=64, max_size=64))
def test_a_scalar_of_p384_is_one_of_the_group(random: bytes) -> None:
    scalar = int.from_bytes(seed_from(Alg.ESP384, random), "big")
    assert scalar == int.from_bytes(random, "big") % (P384_ORDER - 1) + 1
    assert 0 < scalar < P384_ORDER


@pytest.mark.parametrize("random", [bytes(64), b"\xff" * 64])
def test_a_key_can_be_made_of_any_randomness(random: bytes) -> None:
    assert (
        len(PycaSigner(Purpose.REPORT, Alg.ESP384, seed_from(Alg.ESP384, random)).sign(b"")) == 96
    )


def test_a_hybrid_seed_keeps_its_lattice_half() -> None:
    random = draw("randomness", 128)
    seed = seed_from(Alg.HPKE_10_KE, random)
    assert seed[:64] == random[:64]
    assert seed[64:] == seed_from(Alg.ESP384, random[64:])


@pytest.mark.parametrize("alg", KEMS)
def test_what_seals_does_not_sign(alg: Alg) -> None:
    with pytest.raises(ValueError, match="does not sign"):
        PycaSigner(Purpose.REPORT, alg, bytes(SEED_SIZE[alg]))


@pytest.mark.parametrize("alg", SIGNING)
def test_signing_keys_are_usable_if_well_formed(alg: Alg) -> None:
    key = signer(alg).public_key
    assert PRIMITIVES.is_usable(key)
    for material in (b"", key.material[:-1], key.material + b"\x00"):
        assert not PRIMITIVES.is_usable(PublicKey(Purpose.REPORT, alg, material))
    assert not PRIMITIVES.is_usable(PublicKey(Purpose.SEAL, alg, key.material))


@pytest.mark.parametrize("alg", KEMS)
def test_sealing_keys_are_usable_if_well_formed(alg: Alg) -> None:
    key = unwrapper(alg).public_key
    assert PRIMITIVES.is_usable(key)
    bad_lattice = b"\xff" * 1184 + key.material[1184:]
    for material in (b"", key.material[:-1], key.material + b"\x00", bad_lattice):
        assert not PRIMITIVES.is_usable(PublicKey(Purpose.SEAL, alg, material))
        with pytest.raises(ValueError):  # noqa: PT011 - the library's own words
            PRIMITIVES.wrap(PublicKey(Purpose.SEAL, alg, material), b"", b"")
    assert not PRIMITIVES.is_usable(PublicKey(Purpose.REPORT, alg, key.material))


def test_a_point_that_is_not_on_the_curve_is_no_key() -> None:
    point = signer(Alg.ESP384).public_key.material
    for wrong in (point[:-1] + bytes([point[-1] ^ 1]), b"\x04" + bytes(96)):
        assert not PRIMITIVES.is_usable(PublicKey(Purpose.REPORT, Alg.ESP384, wrong))
    kem = unwrapper(Alg.HPKE_10_KE).public_key.material
    wrong_kem = kem[:-1] + bytes([kem[-1] ^ 1])
    assert not PRIMITIVES.is_usable(PublicKey(Purpose.SEAL, Alg.HPKE_10_KE, wrong_kem))


def test_a_compressed_point_is_no_second_name_of_a_key() -> None:
    key = signer(Alg.ESP384)
    point = key.public_key.material
    compressed = bytes([2 + point[-1] % 2]) + point[1:49]
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), compressed)
    other = PublicKey(Purpose.REPORT, Alg.ESP384, compressed)
    assert not PRIMITIVES.is_usable(other)
    assert not PRIMITIVES.is_signed(other, b"message", key.sign(b"message"))


def test_printing_a_private_key_shows_nothing_of_it() -> None:
    for alg in SIGNING:
        seed = seed_from(alg, draw("a signer", SEED_SIZE[alg] + 16))
        assert seed.hex() not in repr(signer(alg))
        assert repr(seed)[2:-1] not in repr(signer(alg))
