"""Notice: what a node tells its partners of another partner's keys.

With the word of that partner's root it is an order that everybody follows and passes on. Without
it, it is one officer's decision about their own line, told to the others as advice.
`docs/formats/revocation.md`.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from noroshi.core.directory.revocation import (
    MAX_REVOCATION,
    SignedRevocation,
    verify_revocation,
)
from noroshi.core.envelope.keys import PublicKey
from noroshi.core.envelope.primitives import Primitives
from noroshi.core.errors import InputError, MalformedError
from noroshi.core.instant import Instant, is_instant
from noroshi.core.partner import is_name

VERSION: Final = 1
MAX_REASON: Final = 500


class NoticeHead(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The signed statement, to one partner."""

    version: int
    envelope_id: bytes
    sender: str
    created_at: Instant
    expires_at: Instant | None
    to: tuple[tuple[str, bytes], ...]
    partner: str
    """Whose keys it is about."""
    root_digest: bytes
    """SHA-256 of the root key under which the teller knows that partner."""
    since: Instant
    reason: str
    revocation: bytes
    """The signed :class:`~noroshi.core.directory.revocation.Revocation`; b"": the teller's own
    decision."""


def check_notice(
    head: NoticeHead, primitives: Primitives, custodians: Sequence[PublicKey] = ()
) -> SignedRevocation | None:
    """Return the word of the root that a verified notice carries, None where it carries none.

    `custodians` are those of the root of the partner that it is about.

    Raises:
        MalformedError: it says what cannot be.
    """
    if not (
        is_name(head.partner)
        and head.partner != head.sender
        and is_instant(head.since)
        and len(head.reason) <= MAX_REASON
        and head.reason.isprintable()
        and len(head.revocation) <= MAX_REVOCATION
    ):
        raise MalformedError("a notice that cannot be")
    if not head.revocation:
        return None
    try:
        signed = verify_revocation(head.revocation, primitives, custodians)
    except InputError as error:
        raise MalformedError(error.message) from error
    told = (signed.revocation.partner, signed.revocation.since)
    if told != (head.partner, head.since):
        raise MalformedError("a notice that says something else than the revocation in it")
    return signed
