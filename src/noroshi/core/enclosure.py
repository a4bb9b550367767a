"""Enclosure: a partner's report inside another's, unaltered, with the consent to pass it on.

    the signed head as it came    the originator's signatures, still to be verified by the reader
    salt and content              what the head's digest commits to
    the grant                     the originator's consent, for the reader by way of the sender

`docs/formats/consent.md`, "Reading an enclosure", is what :func:`open_enclosure` does.
"""

from collections.abc import Callable

import msgspec

from noroshi.core import gate
from noroshi.core.compact.content import open_content
from noroshi.core.consent import Scope, SignedGrant, against, read_grant
from noroshi.core.directory.card import Card
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import VERSION, ReportHead, claimed_sender, salted_digest
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.primitives import Primitives
from noroshi.core.errors import MalformedError, RefusalError
from noroshi.core.instant import Instant
from noroshi.core.partner import is_name
from noroshi.core.report import PASSED_ON, Content, check_fields


class Enclosure(msgspec.Struct, frozen=True):
    """A report as it was signed, with all that is needed to verify and read it."""

    signed: bytes
    salt: bytes
    content: bytes


class Enclosed(msgspec.Struct, frozen=True):
    """An enclosed report that was verified, and the consent by which it was passed on."""

    head: ReportHead
    digest: bytes
    content: Content
    grant: SignedGrant


def encode_enclosure(enclosure: Enclosure, grant: SignedGrant) -> bytes:
    """Return the body of a report that encloses another: JSON, its bytes in base64."""
    return msgspec.json.encode(
        {
            "noroshi": 1,
            "kind": PASSED_ON,
            "originator": grant.grant.originator,
            "signed": enclosure.signed,
            "salt": enclosure.salt,
            "content": enclosure.content,
            "grant": grant.raw,
        }
    )


def read_enclosure(body: bytes) -> tuple[Enclosure, bytes]:
    """Return what a body encloses, and the signed grant; nothing is verified yet.

    Raises:
        RefusalError: it encloses nothing.
    """
    try:
        told = msgspec.json.decode(body, type=_Body)
    except msgspec.MsgspecError:
        raise RefusalError("malformed", "it encloses no report") from None
    return Enclosure(told.signed, told.salt, told.content), told.grant


def head_of(enclosure: Enclosure) -> ReportHead:
    """Return the head of an enclosed report that was verified before it was kept.

    Raises:
        MalformedError: it is none.
    """
    signed = cose.parse(enclosure.signed, (suite.REPORT,), limit=suite.MAX_SIGNED)
    return gate.decode_struct(signed.raw_payload, ReportHead, limit=suite.MAX_SIGNED)


def open_enclosure(
    body: bytes,
    outer: ReportHead,
    me: str,
    find_card: Callable[[str], Card | None],
    primitives: Primitives,
    now: Instant,
) -> Enclosed:
    """Return the report that the verified report with the head `outer` encloses in its `body`.

    `find_card` returns the card of a verified partner, None for any other.

    Raises:
        RefusalError: it is not the originator's, or the originator has not consented to this.
    """
    enclosure, raw_grant = read_enclosure(body)
    head, digest, card = _verified(enclosure, outer, me, find_card, primitives)
    content = _content(enclosure, head)
    if (outer.marking, outer.status) != (head.marking, head.status) or (
        outer.attachments != head.attachments
    ):
        raise RefusalError(
            "malformed", "marking, status or attachments are not those of the enclosed report"
        )
    if head.expires_at is not None and head.expires_at <= now:
        raise RefusalError("expired", "the enclosed report arrived after its time")
    grant = read_grant(raw_grant, card.signers(Purpose.REPORT), primitives)
    if grant.grant.originator != head.sender or grant.grant.report_id != head.report_id:
        raise RefusalError("no-consent", "the consent is for another report")
    reason = against(grant.grant, digest, outer.sender, (me,), now)
    if not reason and grant.grant.scope is not Scope.WHOLE:
        reason = f"{head.sender} consents to what stands below the tearline alone"
    if reason:
        raise RefusalError("no-consent", reason)
    return Enclosed(head, digest, content, grant)


def _verified(
    enclosure: Enclosure,
    outer: ReportHead,
    me: str,
    find_card: Callable[[str], Card | None],
    primitives: Primitives,
) -> tuple[ReportHead, bytes, Card]:
    """Return head and digest of what its originator signed, and the originator's card."""
    try:
        signed = cose.parse(enclosure.signed, (suite.REPORT,), limit=suite.MAX_SIGNED)
        originator = claimed_sender(signed.raw_payload)
    except MalformedError:
        raise RefusalError("malformed", "it encloses no signed report") from None
    if not is_name(originator) or originator in {me, outer.sender}:
        raise RefusalError("malformed", "it encloses a report that needs no passing on")
    card = find_card(originator)
    if card is None:
        msg = (
            f"it encloses a report of {originator}, whose card is not verified here; only with "
            "that can the enclosed signature be checked"
        )
        raise RefusalError("unknown-partner", msg)
    try:
        signed.verify(card.signers(Purpose.REPORT), primitives)
        head = head_of(enclosure)
    except MalformedError:
        msg = f"the enclosed report is not as {originator} signed it"
        raise RefusalError("malformed", msg) from None
    return head, signed.digest, card


def _content(enclosure: Enclosure, head: ReportHead) -> Content:
    """Return the content that a verified head commits to."""
    if (
        head.version != VERSION
        or len(head.report_id) != suite.ID_SIZE
        or len(enclosure.salt) != suite.SALT_SIZE
        or head.content_digest != salted_digest(enclosure.salt, enclosure.content)
    ):
        raise RefusalError("malformed", "the enclosed content is not the one that was signed")
    try:
        content = open_content(enclosure.content)
    except MalformedError:
        raise RefusalError("malformed", "the enclosed content cannot be read") from None
    check_fields(head, content)
    return content


class _Body(msgspec.Struct, frozen=True):
    signed: bytes
    salt: bytes
    content: bytes
    grant: bytes
