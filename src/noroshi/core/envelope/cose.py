"""COSE_Sign (RFC 9052 section 4): a payload and exactly the signatures its profile demands.

Reading is two steps, because who must have signed is known only after looking inside:
``parse`` returns what is claimed, ``Signed.verify`` makes it true. Nothing may act on a
payload in between, other than looking up the claimed signer's keys.
"""

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from noroshi.core import gate
from noroshi.core.envelope import suite
from noroshi.core.envelope.keys import PublicKey, SignerSet
from noroshi.core.envelope.primitives import Primitives, Signer
from noroshi.core.errors import UnreadableError


class Signed(msgspec.Struct, frozen=True):
    """A COSE_Sign object as read: unverified until :meth:`verify` returns."""

    raw: bytes
    context: suite.Context
    profile: int
    raw_payload: bytes
    body_protected: bytes
    signatures: tuple[tuple[bytes, bytes], ...]
    """Pairs of protected header and signature."""

    @property
    def digest(self) -> bytes:
        """What receipts and journals name this object by."""
        return digest(self.raw)

    def names(self, keys: Sequence[PublicKey]) -> bool:
        """Say whether it claims to be signed by these keys, in their order."""
        return [p for p, _ in self.signatures] == [_signer_protected(k.alg, k.kid) for k in keys]

    def among(self, keys: Iterable[PublicKey]) -> tuple[PublicKey, ...]:
        """Return those of `keys` that it claims to be signed by, in its order, each once.

        Raises:
            UnreadableError: it claims to be signed by another, by one twice, or by nobody.
        """
        named = {_signer_protected(key.alg, key.kid): key for key in keys}
        claimed = [protected for protected, _ in self.signatures]
        if not claimed or len(set(claimed)) != len(claimed) or not named.keys() >= set(claimed):
            raise UnreadableError
        return tuple(named[protected] for protected in claimed)

    def verify(self, signers: SignerSet, primitives: Primitives) -> None:
        """Return if exactly the keys of `signers` signed, in their order.

        Raises:
            UnreadableError: a signature is missing, extra, of another key, or wrong.
        """
        if self.profile != signers.profile or not self.names(signers.keys):
            raise UnreadableError
        for key, (protected, signature) in zip(signers.keys, self.signatures, strict=True):
            message = _to_sign(self.context, self.body_protected, protected, self.raw_payload)
            if not primitives.is_signed(key, message, signature):
                raise UnreadableError


class _Wire(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    protected: bytes
    unprotected: dict[int, bytes]
    payload: bytes
    signatures: tuple[tuple[bytes, dict[int, bytes], bytes], ...]


def digest(signed: bytes) -> bytes:
    """Return the SHA-256 of a whole COSE_Sign: what receipts and journals name it by."""
    return hashlib.sha256(signed).digest()


def sign(payload: bytes, context: suite.Context, profile: int, signers: Sequence[Signer]) -> bytes:
    """Return `payload` signed by all `signers` for the purpose of `context`."""
    body = gate.encode(
        {suite.LABEL_CONTENT_TYPE: context.content_type, suite.LABEL_PROFILE: profile}
    )
    signatures: list[list[object]] = []
    for signer in signers:
        key = signer.public_key
        protected = _signer_protected(key.alg, key.kid)
        signature = signer.sign(_to_sign(context, body, protected, payload))
        signatures.append([protected, {}, signature])
    wire: list[object] = [body, {}, payload, signatures]
    return gate.encode(wire, tag=suite.TAG_SIGN)


def joined(one: bytes, other: bytes, *, limit: int) -> bytes:
    """Return one object with the signatures of two that are otherwise the same.

    Raises:
        MalformedError: one of them is none.
    """
    first, second = (
        gate.decode_struct(raw, _Wire, limit=limit, tag=suite.TAG_SIGN) for raw in (one, other)
    )
    signatures = [list(each) for each in (*first.signatures, *second.signatures)]
    wire: list[object] = [first.protected, {}, first.payload, signatures]
    return gate.encode(wire, tag=suite.TAG_SIGN)


def parse(raw: bytes, contexts: Sequence[suite.Context], *, limit: int) -> Signed:
    """Return what `raw` claims, for one of `contexts`.

    Raises:
        MalformedError: `raw` is no COSE_Sign of ours.
    """
    wire = gate.decode_struct(raw, _Wire, limit=limit, tag=suite.TAG_SIGN)
    header = gate.convert(gate.decode(wire.protected, limit=suite.MAX_SIGNED), dict[int, str | int])
    content_type, profile = (
        header.get(suite.LABEL_CONTENT_TYPE),
        header.get(suite.LABEL_PROFILE),
    )
    context = next((c for c in contexts if c.content_type == content_type), None)
    plain = len(header) == 2 and not wire.unprotected  # noqa: PLR2004 - just the two labels
    if (
        context is None
        or not isinstance(profile, int)
        or not plain
        or any(unprotected for _, unprotected, _ in wire.signatures)
    ):
        raise UnreadableError
    return Signed(
        raw=raw,
        context=context,
        profile=profile,
        raw_payload=wire.payload,
        body_protected=wire.protected,
        signatures=tuple((protected, signature) for protected, _, signature in wire.signatures),
    )


def _signer_protected(alg: int, kid: bytes) -> bytes:
    return gate.encode({suite.LABEL_ALG: int(alg), suite.LABEL_KID: kid})


def _to_sign(context: suite.Context, body: bytes, signer: bytes, payload: bytes) -> bytes:
    """Return the Sig_structure of RFC 9052 section 4.4."""
    return gate.encode(["Signature", body, signer, context.aad, payload])
