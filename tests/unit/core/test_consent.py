"""Requests, grants and enclosures: read as written, and every step of reading them refused."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from noroshi.core import gate
from noroshi.core.consent import (
    LONGEST_TERM,
    USUAL_TERM,
    Asked,
    Grant,
    Scope,
    SignedGrant,
    against,
    encode_grant_message,
    encode_request,
    kept_grant,
    read_grant,
    read_grant_message,
    read_request,
)
from noroshi.core.directory.card import Card
from noroshi.core.enclosure import (
    Enclosed,
    Enclosure,
    encode_enclosure,
    head_of,
    open_enclosure,
    read_enclosure,
)
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import Beside, salted_digest
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.primitives import Signer
from noroshi.core.errors import RefusalError
from noroshi.core.instant import DAY
from noroshi.core.report import decode_content, encode_content
from tests.unit.core.nodes import (
    AU,
    JP,
    NATO,
    NOW,
    NZ,
    PRIMITIVES,
    Letter,
    a_letter,
    changed,
    draw,
)

ORIGINAL = a_letter(JP, [NATO])
DIGEST = cose.digest(ORIGINAL.signed)
ASKED = Asked(ORIGINAL.head.report_id, DIGEST, ("au", "nz"), Scope.WHOLE, "they see it too")
GRANT = Grant(
    version=1,
    grant_id=draw("grant", 16),
    originator="jp",
    holder="nato",
    report_id=ORIGINAL.head.report_id,
    head_digest=DIGEST,
    scope=Scope.WHOLE,
    audience=("au", "nz"),
    granted_at=NOW,
    ends_at=NOW + USUAL_TERM,
    granted_by="Cdr Ito",
)
WRAPPER = changed(
    a_letter(NATO, [AU]).head, marking=ORIGINAL.head.marking, status=ORIGINAL.head.status
)
CARDS = {node.name: node.card() for node in (JP, NATO, AU)}


def signed(
    grant: Grant = GRANT,
    signers: Sequence[Signer] = JP.report_signers,
    context: suite.Context = suite.GRANT,
) -> bytes:
    return cose.sign(gate.encode_struct(grant), context, JP.profile.number, signers)


ISSUED = SignedGrant.issue(GRANT, JP.profile.number, JP.report_signers)


def enclosing(letter: Letter = ORIGINAL) -> Enclosure:
    return Enclosure(letter.signed, letter.beside.salt, letter.beside.content)


def opened(
    enclosure: Enclosure | None = None,
    grant: bytes = ISSUED.raw,
    outer: Any = WRAPPER,
    cards: Mapping[str, Card] = CARDS,
    now: int = NOW,
) -> Enclosed:
    body = encode_enclosure(enclosure or enclosing(), SignedGrant(GRANT, grant))
    return open_enclosure(body, outer, "au", cards.get, PRIMITIVES, now)


def refused(**told: Any) -> tuple[str, str]:
    with pytest.raises(RefusalError) as caught:
        opened(**told)
    return caught.value.code, caught.value.message


def test_a_request_is_read_as_it_was_written() -> None:
    assert read_request(encode_request(ASKED)) == ASKED
    told = json.loads(encode_request(ASKED))
    assert (told["noroshi"], told["kind"], told["audience"]) == (1, "consent-request", ["au", "nz"])
    del told["scope"], told["reason"]
    later = json.dumps({**told, "colour": "red"}).encode()
    assert read_request(later) == changed(ASKED, reason="")


@pytest.mark.parametrize(
    "field",
    [
        {"report": "zz"},
        {"report": "00"},
        {"head_digest": "00"},
        {"head_digest": 5},
        {"audience": []},
        {"audience": ["nz", "au"]},
        {"audience": ["au", "au"]},
        {"audience": ["A U"]},
        {"audience": [f"p{n:02}" for n in range(33)]},
        {"scope": "ALL"},
        {"reason": "x" * 1001},
    ],
)
def test_a_request_that_is_none(field: dict[str, object]) -> None:
    body = json.dumps(json.loads(encode_request(ASKED)) | field).encode()
    with pytest.raises(RefusalError) as caught:
        read_request(body)
    assert caught.value.code == "malformed"


def test_a_grant_is_read_as_it_was_signed() -> None:
    assert read_grant(ISSUED.raw, JP.signers(Purpose.REPORT), PRIMITIVES) == ISSUED
    assert kept_grant(ISSUED.raw) == ISSUED
    again = SignedGrant.issue(GRANT, JP.profile.number, JP.report_signers)
    assert again.raw != ISSUED.raw
    assert again.digest == ISSUED.digest, "the same grant, however often it is signed"
    message = encode_grant_message(ISSUED, draw("request", 16))
    assert read_grant_message(message) == (draw("request", 16), ISSUED.raw)
    assert json.loads(message)["ends_at"] == "2026-12-22T03:00:00.000000Z"


@pytest.mark.parametrize("body", [b"{", b"{}", b'{"request": "zz", "grant": ""}'])
def test_a_message_that_holds_no_grant(body: bytes) -> None:
    with pytest.raises(RefusalError):
        read_grant_message(body)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        signed(signers=JP.receipt_signers),
        signed(signers=NATO.report_signers),
        signed(signers=JP.report_signers[:1]),
        signed(signers=[*JP.report_signers, JP.journal]),
        signed(context=suite.REPORT),
        signed(context=suite.CARD),
        signed(context=suite.Context(suite.REPORT.aad, suite.GRANT.content_type)),
        ORIGINAL.signed,
        cose.sign(b"\x80", suite.GRANT, JP.profile.number, JP.report_signers),
        *(
            signed(changed(GRANT, **field))
            for field in (
                {"version": 2},
                {"grant_id": b""},
                {"report_id": b""},
                {"head_digest": b""},
                {"holder": "NATO"},
                {"audience": ()},
                {"audience": ("nz", "au")},
                {"granted_at": -1},
                {"ends_at": 1 << 60},
                {"granted_by": ""},
                {"granted_by": "x" * 121},
                {"granted_by": "a\nb"},
            )
        ),
    ],
)
def test_a_grant_that_its_originator_did_not_sign_so(raw: bytes) -> None:
    with pytest.raises(RefusalError) as caught:
        read_grant(raw, JP.signers(Purpose.REPORT), PRIMITIVES)
    assert caught.value.code == "no-consent"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({}, ""),
        ({"now": GRANT.ends_at - 1}, ""),
        ({"readers": ("au", "nz")}, ""),
        ({"head_digest": bytes(32)}, "is for another report"),
        ({"holder": "kr"}, "jp lets nato pass it on, not kr"),
        ({"readers": ("au", "kr")}, "is for au, nz, not for kr"),
        ({"now": GRANT.ends_at}, "the consent of jp ended at 2026-12-22"),
        ({"now": NOW - 2 * DAY}, "given in the future"),
    ],
)
def test_what_a_grant_lets_through(told: dict[str, Any], reason: str) -> None:
    usual = {"head_digest": DIGEST, "holder": "nato", "readers": ("au",), "now": NOW}
    asked: dict[str, Any] = {**usual, **told}
    found = against(GRANT, **asked)
    assert reason in found
    assert bool(found) == bool(reason)
    assert USUAL_TERM < LONGEST_TERM


def test_an_enclosed_report_is_the_originators() -> None:
    found = opened()
    assert found.head == ORIGINAL.head
    assert found.digest == DIGEST
    assert encode_content(found.content) == ORIGINAL.beside.content
    assert found.grant == ISSUED
    enclosure, raw = read_enclosure(encode_enclosure(enclosing(), ISSUED))
    assert (enclosure, raw) == (enclosing(), ISSUED.raw)
    assert head_of(enclosure) == ORIGINAL.head


def test_what_encloses_nothing() -> None:
    for body in (b"{", b"{}", b'{"signed": "!", "salt": "", "content": "", "grant": ""}'):
        with pytest.raises(RefusalError):
            read_enclosure(body)


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ({"head_digest": bytes(32)}, "the consent of jp is for another report"),
        ({"report_id": bytes(16)}, "the consent is for another report"),
        ({"originator": "nz"}, "the consent is for another report"),
        ({"holder": "nz"}, "jp lets nz pass it on, not nato"),
        ({"audience": ("kr", "nz")}, "is for kr, nz, not for au"),
        ({"ends_at": NOW}, "ended at 2026-11-22"),
        ({"scope": Scope.TEARLINE}, "below the tearline alone"),
    ],
)
def test_a_consent_to_something_else_is_refused_by_the_reader(
    field: dict[str, Any], reason: str
) -> None:
    code, message = refused(grant=signed(changed(GRANT, **field)))
    assert (code, reason in message) == ("no-consent", True), message


def test_a_consent_signed_by_another_or_for_another_purpose_is_refused() -> None:
    for signers in (NATO.report_signers, JP.receipt_signers):
        assert refused(grant=signed(signers=signers))[0] == "no-consent"


def letter_of(**content: Any) -> Letter:
    """Return the original with other content, rightly signed."""
    told = changed(decode_content(ORIGINAL.beside.content), **content)
    beside = Beside(ORIGINAL.beside.salt, encode_content(told))
    digest = salted_digest(beside.salt, beside.content)
    return changed(ORIGINAL, beside=beside, head=changed(ORIGINAL.head, content_digest=digest))


def with_head(**fields: Any) -> Enclosure:
    return enclosing(changed(ORIGINAL, head=changed(ORIGINAL.head, **fields)))


GARBLED = b"\x80"


@pytest.mark.parametrize(
    ("told", "code", "reason"),
    [
        ({"enclosure": changed(enclosing(), signed=b"")}, "malformed", "no signed report"),
        ({"enclosure": changed(enclosing(), signed=ISSUED.raw)}, "malformed", "no signed report"),
        ({"enclosure": with_head(sender="au")}, "malformed", "needs no passing on"),
        ({"enclosure": with_head(sender="nato")}, "malformed", "needs no passing on"),
        ({"enclosure": with_head(sender="J P")}, "malformed", "needs no passing on"),
        ({"cards": {"nato": NATO.card()}}, "unknown-partner", "a report of jp, whose card is not"),
        ({"cards": {"jp": NZ.card()}}, "malformed", "not as jp signed it"),
        (
            {"enclosure": changed(enclosing(), signed=cose.sign(
                gate.encode(["x", b"", "jp"]), suite.REPORT, 1, JP.report_signers))},
            "malformed",
            "not as jp signed it",
        ),
        ({"enclosure": with_head(version=2)}, "malformed", "not the one that was signed"),
        ({"enclosure": with_head(report_id=b"")}, "malformed", "not the one that was signed"),
        ({"enclosure": changed(enclosing(), salt=b"")}, "malformed", "not the one that was signed"),
        ({"enclosure": changed(enclosing(), content=b"x")}, "malformed", "not the one that was"),
        (
            {"enclosure": changed(with_head(content_digest=salted_digest(
                ORIGINAL.beside.salt, GARBLED)), content=GARBLED)},
            "malformed",
            "cannot be read",
        ),
        ({"enclosure": enclosing(letter_of(body=b""))}, "malformed", "empty or larger"),
        ({"enclosure": with_head(marking="HUSH")}, "bad-marking", "no written form"),
        ({"outer": changed(WRAPPER, marking="TLP:CLEAR")}, "malformed", "marking, status or"),
        ({"outer": changed(WRAPPER, attachments=(1,))}, "malformed", "marking, status or"),
        ({"now": NOW + DAY}, "expired", "after its time"),
    ],
)  # fmt: skip
def test_what_is_enclosed_and_is_not_as_it_was_signed(
    told: dict[str, Any], code: str, reason: str
) -> None:
    found, message = refused(**told)
    assert (found, reason in message) == (code, True), message
