"""The vector of consent: a request, a grant, and the envelope that encloses the report by it."""

from collections.abc import Callable
from typing import Final

from noroshi.core import gate
from noroshi.core.consent import (
    USUAL_TERM,
    Asked,
    Grant,
    Scope,
    SignedGrant,
    encode_grant_message,
    encode_request,
)
from noroshi.core.enclosure import Enclosure, encode_enclosure
from noroshi.core.envelope import cose
from noroshi.core.envelope.head import Beside, salted_digest
from noroshi.core.report import PASSED_ON, encode_content
from tests.unit.core.nodes import AU, JP, NATO, NOW, Letter, a_content, a_letter, changed, draw
from tests.vectors.plain import to_plain

ORIGINAL: Final = a_letter(JP, [NATO])


def consent(envelope: Callable[[Letter], dict[str, object]]) -> dict[str, object]:
    """Return what nato asks of jp, what jp grants, and what nato then sends to au.

    `envelope` describes a letter as the vectors of envelopes do.
    """
    enclosure = Enclosure(ORIGINAL.signed, ORIGINAL.beside.salt, ORIGINAL.beside.content)
    digest = cose.digest(ORIGINAL.signed)
    asked = Asked(ORIGINAL.head.report_id, digest, ("au",), Scope.WHOLE, "they see it too")
    grant = Grant(
        version=1,
        grant_id=draw("consent grant", 16),
        originator="jp",
        holder="nato",
        report_id=ORIGINAL.head.report_id,
        head_digest=digest,
        scope=Scope.WHOLE,
        audience=("au",),
        granted_at=NOW,
        ends_at=NOW + USUAL_TERM,
        granted_by="Officer of JP",
    )
    signed = SignedGrant.issue(grant, JP.profile.number, JP.report_signers)
    return {
        "originator_keys": [gate.encode_struct(key).hex() for key in JP.keys],
        "request": to_plain(asked),
        "request_body": encode_request(asked).decode(),
        "grant": to_plain(grant),
        "grant_encoded": gate.encode_struct(grant).hex(),
        "grant_digest": signed.digest.hex(),
        "signed_grant": signed.raw.hex(),
        "grant_body": encode_grant_message(signed, draw("consent request", 16)).decode(),
        "original_signed": enclosure.signed.hex(),
        "original_salt": enclosure.salt.hex(),
        "original_content": enclosure.content.hex(),
        "passed_on": envelope(wrapping(encode_enclosure(enclosure, signed))),
    }


def wrapping(body: bytes) -> Letter:
    """Return the report of nato to au that has this body, marked as the original is."""
    letter = a_letter(NATO, [AU])
    content = changed(
        a_content([AU], "nato", body),
        kind=PASSED_ON,
        references=(),
        media_type="application/vnd.noroshi.report+json",
    )
    beside = Beside(letter.beside.salt, encode_content(content))
    head = changed(
        letter.head,
        marking=ORIGINAL.head.marking,
        status=ORIGINAL.head.status,
        content_digest=salted_digest(beside.salt, beside.content),
    )
    return changed(letter, beside=beside, head=head)
