"""The peer door's certificate: self-signed, pinned by its digest in the partner card.

It has no expiry that means anything (RFC 5280 section 4.1.2.5: the year 9999), for what makes
it valid is the card that names its digest, and a newer card replaces it.
"""

import hashlib
import ssl
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_SINCE = datetime(2000, 1, 1, tzinfo=UTC)
_UNTIL = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def make_certificate(partner: str, passphrase: bytes | None) -> tuple[bytes, bytes]:
    """Return a new certificate and its private key, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"noroshi node of {partner}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_SINCE)
        .not_valid_after(_UNTIL)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    wrap: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        wrap = serialization.BestAvailableEncryption(passphrase)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, wrap)
    return certificate.public_bytes(serialization.Encoding.PEM), private


def certificate_digest(pem: bytes) -> bytes:
    """Return SHA-256 of a PEM certificate's DER form: what the card pins."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.decode())).digest()
