"""Revocation: a partner's own word, by its root key, that its keys are not its alone any more.

Made where the root key is, away from the node, and passed on by everybody who has it: whoever
knows the partner's root can verify it. `docs/formats/revocation.md`.
"""

import hashlib
from collections.abc import Sequence
from typing import Final, Self

import msgspec

from noroshi.core import gate
from noroshi.core.directory.armour import armoured, read_armoured
from noroshi.core.directory.repository import Directory
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.keys import PublicKey, Purpose, SignerSet
from noroshi.core.envelope.primitives import Primitives, Signer
from noroshi.core.errors import InputError, MalformedError
from noroshi.core.instant import Instant, is_instant
from noroshi.core.partner import is_name

VERSION: Final = 1
MAX_REVOCATION: Final = 48 * 1024
"""Within what a notice may sign: nine signatures."""
LABEL: Final = "REVOCATION"

_ROOT_PROFILE: Final = 0
"""Signed by the root key alone, as a card is."""


class Revocation(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What is revoked, and from when on."""

    version: int
    partner: str
    root: PublicKey
    card: int
    """The serial of the newest card whose keys are void; those of earlier ones are as well."""
    since: Instant
    """From then on the keys may have been somebody else's too."""
    issued_at: Instant


class SignedRevocation(msgspec.Struct, frozen=True):
    """A verified revocation and the bytes that prove it."""

    revocation: Revocation
    raw: bytes
    signers: tuple[PublicKey, ...]
    """Who signed it: the root key that it names, or custodians of the root since."""

    @classmethod
    def issue(cls, revocation: Revocation, *roots: Signer) -> Self:
        """Return `revocation` signed by the root key, or by custodians of the root since."""
        payload = gate.encode_struct(revocation)
        signers = tuple(root.public_key for root in roots)
        return cls(revocation, cose.sign(payload, suite.REVOCATION, _ROOT_PROFILE, roots), signers)

    def joined(self, other: Self) -> Self:
        """Return the same word with the signatures of both.

        Raises:
            InputError: they are two different words, or one key signed both.
        """
        if self.revocation != other.revocation or set(self.signers) & set(other.signers):
            msg = "these are two revocations, or one key signed both; nothing was joined"
            raise InputError("bad-revocation", msg)
        raw = cose.joined(self.raw, other.raw, limit=MAX_REVOCATION)
        return type(self)(self.revocation, raw, self.signers + other.signers)

    def counts(self, directory: Directory | None) -> bool:
        """Say whether those who signed may speak for the partner, as its directory has it.

        Until others took over that is the root key alone; from then on as many custodians as
        have to sign a root.
        """
        if directory is None or not directory.custodians:
            return self.signers == (self.revocation.root,)
        found = {key for key in self.signers if key in directory.root_keys}
        return len(found) >= directory.threshold

    @property
    def root_digest(self) -> bytes:
        """SHA-256 of the root key, as a card gives it."""
        return hashlib.sha256(gate.encode_struct(self.revocation.root)).digest()

    @property
    def digest(self) -> bytes:
        """SHA-256 of the signed bytes."""
        return cose.digest(self.raw)

    @property
    def armoured(self) -> str:
        """The revocation as text."""
        return armoured(LABEL, self.raw)


def verify_revocation(
    raw: bytes, primitives: Primitives, custodians: Sequence[PublicKey] = ()
) -> SignedRevocation:
    """Return the revocation in `raw`, signed by the root key that it names or by `custodians`.

    Whether they are enough, :meth:`SignedRevocation.counts` says.

    Raises:
        InputError: it is none, is not whole, or a signature does not verify.
    """
    try:
        signed = cose.parse(raw, (suite.REVOCATION,), limit=MAX_REVOCATION)
        revocation = gate.decode_struct(signed.raw_payload, Revocation, limit=MAX_REVOCATION)
        _check(revocation, primitives)
        signers = signed.among((revocation.root, *custodians))
        signed.verify(SignerSet(_ROOT_PROFILE, signers), primitives)
    except MalformedError as error:
        msg = "this is no valid revocation; ask the partner for a new one"
        raise InputError("bad-revocation", msg) from error
    return SignedRevocation(revocation, raw, signers)


def read_revocation(
    text: bytes, primitives: Primitives, custodians: Sequence[PublicKey] = ()
) -> SignedRevocation:
    """Return the revocation within the text armour; text around it (a mail) is ignored.

    Raises:
        InputError: there is none, or it is not valid.
    """
    raw = read_armoured(LABEL, text)
    if raw is None:
        msg = "there is no whole revocation in it (from BEGIN to END NOROSHI REVOCATION)"
        raise InputError("bad-revocation", msg)
    return verify_revocation(raw, primitives, custodians)


def _check(revocation: Revocation, primitives: Primitives) -> None:
    if not (
        revocation.version == VERSION
        and is_name(revocation.partner)
        and (revocation.root.purpose, revocation.root.alg) == (Purpose.ROOT, suite.ROOT_ALG)
        and revocation.card > 0
        and is_instant(revocation.since)
        and is_instant(revocation.issued_at)
        and primitives.is_usable(revocation.root)
    ):
        raise MalformedError("a revocation with values that cannot be")
