"""Consent: the originator lets a partner pass one of its reports on.

A *request* asks for it, a *grant* gives it. Both travel as reports, in JSON; the grant holds a
statement that the originator signs for this purpose alone, so that whoever is shown it later can
verify it. `docs/formats/consent.md`.
"""

import hashlib
import uuid
from collections.abc import Sequence
from enum import Enum
from typing import Final, Self

import msgspec

from noroshi.core import gate
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import MAX_SKEW
from noroshi.core.envelope.keys import SignerSet
from noroshi.core.envelope.primitives import Primitives, Signer
from noroshi.core.errors import MalformedError, RefusalError
from noroshi.core.instant import DAY, Instant, is_instant, to_text
from noroshi.core.lexicon.sentence import Sentence
from noroshi.core.partner import is_name
from noroshi.core.report import (
    CONSENT_GRANT,
    CONSENT_REQUEST,
    MAX_NAME,
    MAX_NOTE,
    report_id_text,
)

VERSION: Final = 1
USUAL_TERM: Final = 30 * DAY
"""How long a grant holds where nobody says."""
LONGEST_TERM: Final = 366 * DAY


class Scope(Enum):
    """How much of a report may be passed on."""

    WHOLE = "WHOLE"
    TEARLINE = "TEARLINE"
    """What stands below its tearline alone."""


class Asked(msgspec.Struct, frozen=True):
    """What is asked of an originator."""

    report_id: bytes
    head_digest: bytes
    """SHA-256 of the report's signed head: this very report."""
    audience: tuple[str, ...]
    """The partners who are to have it, sorted."""
    scope: Scope = Scope.WHOLE
    reason: str = ""


class Grant(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the originator signs."""

    version: int
    grant_id: bytes
    originator: str
    holder: str
    """Who may pass it on."""
    report_id: bytes
    head_digest: bytes
    scope: Scope
    audience: tuple[str, ...]
    """The partners who may be given it, sorted."""
    granted_at: Instant
    ends_at: Instant
    granted_by: str


class SignedGrant(msgspec.Struct, frozen=True):
    """A grant with the signed bytes that it was read from."""

    grant: Grant
    raw: bytes

    @classmethod
    def issue(cls, grant: Grant, profile: int, signers: Sequence[Signer]) -> Self:
        """Return a grant signed by its originator's report keys."""
        return cls(grant, cose.sign(gate.encode_struct(grant), suite.GRANT, profile, signers))

    @property
    def digest(self) -> bytes:
        """What it is known by: the same for the same grant, however often it was signed."""
        return hashlib.sha256(gate.encode_struct(self.grant)).digest()


def kept_grant(raw: bytes) -> SignedGrant:
    """Return a grant that was verified before it was kept.

    Raises:
        MalformedError: it is no grant.
    """
    signed = cose.parse(raw, (suite.GRANT,), limit=suite.MAX_SIGNED)
    return SignedGrant(gate.decode_struct(signed.raw_payload, Grant, limit=suite.MAX_SIGNED), raw)


def read_grant(raw: bytes, signers: SignerSet, primitives: Primitives) -> SignedGrant:
    """Return the grant that exactly the keys of `signers` have signed.

    Raises:
        RefusalError: they have not, or it is no grant.
    """
    try:
        signed = cose.parse(raw, (suite.GRANT,), limit=suite.MAX_SIGNED)
        signed.verify(signers, primitives)
        grant = kept_grant(raw).grant
    except MalformedError:
        raise RefusalError("no-consent", "the consent is not one that its giver signed") from None
    if not _is_whole(grant):
        raise RefusalError("no-consent", "a field of the consent is not as it must be")
    return SignedGrant(grant, raw)


def against(
    grant: Grant, head_digest: bytes, holder: str, readers: Sequence[str], now: Instant
) -> str:
    """Return why `holder` may not give a report to `readers` by a grant now, "" if it may."""
    if grant.head_digest != head_digest:
        return Sentence(
            "why.consent_report", "the consent of {originator} is for another report",
            originator=grant.originator,
        )  # fmt: skip
    if grant.holder != holder:
        return Sentence(
            "why.consent_holder", "{originator} lets {other} pass it on, not {holder}",
            originator=grant.originator, other=grant.holder, holder=holder,
        )  # fmt: skip
    left_out = [reader for reader in readers if reader not in grant.audience]
    if left_out:
        return Sentence(
            "why.consent_audience", "the consent of {originator} is for {named}, not for {others}",
            originator=grant.originator, named=", ".join(grant.audience),
            others=", ".join(left_out),
        )  # fmt: skip
    if now >= grant.ends_at:
        return Sentence(
            "why.consent_ended", "the consent of {originator} ended at {time}",
            originator=grant.originator, time=to_text(grant.ends_at),
        )  # fmt: skip
    if grant.granted_at > now + MAX_SKEW:
        return Sentence(
            "why.consent_future",
            "the consent of {originator} was given in the future; compare the clocks",
            originator=grant.originator,
        )  # fmt: skip
    return ""


def encode_request(asked: Asked) -> bytes:
    """Return the body of a request."""
    return msgspec.json.encode(
        {
            "noroshi": 1,
            "kind": CONSENT_REQUEST,
            "report": report_id_text(asked.report_id),
            "head_digest": asked.head_digest.hex(),
            "audience": asked.audience,
            "scope": asked.scope.value,
            "reason": asked.reason,
        }
    )


def read_request(body: bytes) -> Asked:
    """Return what a request asks.

    Raises:
        RefusalError: it is none.
    """
    try:
        told = msgspec.json.decode(body, type=_Request)
        report_id, digest = uuid.UUID(told.report).bytes, bytes.fromhex(told.head_digest)
    except (msgspec.MsgspecError, ValueError):
        raise RefusalError("malformed", "it is no request for consent") from None
    asked = Asked(report_id, digest, told.audience, told.scope, told.reason)
    if (
        len(asked.head_digest) != suite.DIGEST_SIZE
        or not _is_audience(asked.audience)
        or len(asked.reason) > MAX_NOTE
    ):
        raise RefusalError("malformed", "a field of the request for consent is not as it must be")
    return asked


def encode_grant_message(signed: SignedGrant, request_id: bytes) -> bytes:
    """Return the body that takes a grant to its holder."""
    grant = signed.grant
    return msgspec.json.encode(
        {
            "noroshi": 1,
            "kind": CONSENT_GRANT,
            "request": report_id_text(request_id),
            "report": report_id_text(grant.report_id),
            "audience": grant.audience,
            "scope": grant.scope.value,
            "ends_at": to_text(grant.ends_at),
            "granted_by": grant.granted_by,
            "grant": signed.raw,
        }
    )


def read_grant_message(body: bytes) -> tuple[bytes, bytes]:
    """Return the request that was granted, and the signed grant, still to be verified.

    Raises:
        RefusalError: it is no such message.
    """
    try:
        told = msgspec.json.decode(body, type=_GrantMessage)
        return uuid.UUID(told.request).bytes, told.grant
    except (msgspec.MsgspecError, ValueError):
        raise RefusalError("malformed", "it is no grant of consent") from None


class _Request(msgspec.Struct, frozen=True):
    report: str
    head_digest: str
    audience: tuple[str, ...]
    scope: Scope = Scope.WHOLE
    reason: str = ""


class _GrantMessage(msgspec.Struct, frozen=True):
    request: str
    grant: bytes


def _is_audience(audience: tuple[str, ...]) -> bool:
    return (
        0 < len(audience) <= suite.MAX_RECIPIENTS
        and all(map(is_name, audience))
        and list(audience) == sorted(set(audience))
    )


def _is_whole(grant: Grant) -> bool:
    """Say whether every field of a grant is as it must be."""
    return (
        grant.version == VERSION
        and len(grant.grant_id) == len(grant.report_id) == suite.ID_SIZE
        and len(grant.head_digest) == suite.DIGEST_SIZE
        and is_name(grant.holder)
        and _is_audience(grant.audience)
        and is_instant(grant.granted_at)
        and is_instant(grant.ends_at)
        and 0 < len(grant.granted_by) <= MAX_NAME
        and grant.granted_by.isprintable()
    )
