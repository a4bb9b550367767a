"""Joint statements: exactly the digest is signed, by exactly the keys of each signatory."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from noroshi.core import gate
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.primitives import Signer
from noroshi.core.errors import InputError, RefusalError
from noroshi.core.joint import (
    Signature,
    SignedText,
    Text,
    form_fields,
    is_published,
    is_under,
    publish,
    read_signature,
    signature_in,
    verify_published,
)
from tests.unit.core.nodes import JP, NATO, NOW, PRIMITIVES, draw

ID = draw("statement", 16)
FIELDS: dict[str, Any] = {
    "text": "We condemn the intrusion.",
    "language": "en",
    "version": 2,
    "signatories": ["nato", "jp", "jp"],
    "versions": [{"language": "fr", "standing": "courtesy", "text": "Nous condamnons."}],
    "contact": "Press office",
}
TEXT = Text.of(ID, FIELDS)
SIGNERS = {node.name: node.card().signers(Purpose.REPORT) for node in (JP, NATO)}


def signature(**told: Any) -> Signature:
    return msgspec.structs.replace(Signature(1, ID, TEXT.digest, "jp", "Cdr Ito", NOW), **told)


def signed(made: Signature, signers: Sequence[Signer] = JP.report_signers) -> SignedText:
    return SignedText.issue(made, JP.profile.number, signers)


def both() -> list[SignedText]:
    nato = SignedText.issue(signature(signatory="nato"), NATO.profile.number, NATO.report_signers)
    return [nato, signed(signature())]


@pytest.mark.parametrize(
    "change",
    [
        {"text": "We regret the intrusion."},
        {"language": "fr-BE"},
        {"version": 3},
        {"signatories": ["jp"]},
        {"versions": []},
        {"versions": [{"language": "fr", "standing": "equal", "text": "Nous condamnons."}]},
        {"embargo_until": "2026-11-22T06:00:00Z"},
    ],
)
def test_every_word_that_is_signed_changes_the_digest(change: dict[str, Any]) -> None:
    assert Text.of(ID, {**FIELDS, **change}).digest != TEXT.digest
    assert Text.of(draw("another", 16), FIELDS).digest != TEXT.digest
    assert Text.of(ID, {**FIELDS, "contact": "Another"}).digest == TEXT.digest


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"signatories": []}, "names its signatories"),
        ({"language": None}, "names its signatories and its language"),
        ({"versions": [{**FIELDS["versions"][0], "language": "EN"}]}, "two texts in one language"),
        ({"text": 5}, "cannot be signed"),
    ],
)
def test_what_is_not_whole_is_not_signed(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Text.of(ID, {**FIELDS, **change})


def test_a_signature_is_read_with_its_keys_alone() -> None:
    made = signed(signature())
    assert read_signature(made.raw, SIGNERS["jp"], PRIMITIVES) == signature()
    assert is_under(signature(), TEXT, "jp")
    assert not is_under(signature(), TEXT, "nato")
    assert not is_under(signature(digest=draw("other", 32)), TEXT, "jp")
    assert not is_under(signature(statement_id=draw("other", 16)), TEXT, "jp")
    grant = cose.sign(
        gate.encode_struct(signature()), suite.GRANT, JP.profile.number, JP.report_signers
    )
    for raw, keys in (
        (made.raw, SIGNERS["nato"]),
        (made.raw[:-1], SIGNERS["jp"]),
        (b"", SIGNERS["jp"]),
        (grant, SIGNERS["jp"]),
        (signed(signature(version=2)).raw, SIGNERS["jp"]),
        (signed(signature(statement_id=b"short")).raw, SIGNERS["jp"]),
        (signed(signature(digest=b"short")).raw, SIGNERS["jp"]),
        (signed(signature(signatory="J P")).raw, SIGNERS["jp"]),
        (signed(signature(signed_at=-1)).raw, SIGNERS["jp"]),
        (signed(signature(signed_by="")).raw, SIGNERS["jp"]),
        (signed(signature(signed_by="a\nb")).raw, SIGNERS["jp"]),
    ):
        with pytest.raises(RefusalError) as refusal:
            read_signature(raw, keys, PRIMITIVES)
        assert refusal.value.code == "bad-proof"


def test_a_report_carries_a_signature() -> None:
    made = signed(signature())
    fields = form_fields(made)
    assert signature_in(fields) == made.raw
    assert signature_in({**fields, "signature": "!"}) is None
    assert signature_in({**fields, "signature": "abc"}) is None
    assert signature_in({}) is None


def test_what_is_published_is_verified_by_anybody() -> None:
    raw = publish(TEXT, both())
    assert is_published(raw)
    assert b"Press office" not in raw
    text, signatures = verify_published(raw, SIGNERS, PRIMITIVES)
    assert text == TEXT
    assert [each.signatory for each in signatures] == ["jp", "nato"]
    assert not is_published(b"\xd9\xd9\xf7")
    assert not is_published(b"{}")


def test_what_was_published_and_changed_is_refused() -> None:
    raw = publish(TEXT, both())
    told = json.loads(raw)
    with pytest.raises(RefusalError, match="its card is needed"):
        verify_published(raw, {"jp": SIGNERS["jp"]}, PRIMITIVES)
    with pytest.raises(RefusalError, match="jp has not signed it"):
        verify_published(publish(TEXT, both()[:1]), SIGNERS, PRIMITIVES)
    changed = json.dumps({**told, "text": "We regret."}).encode()
    with pytest.raises(RefusalError, match="another text"):
        verify_published(changed, SIGNERS, PRIMITIVES)
    swapped = json.loads(raw)
    swapped["signatures"][0]["signature"] = swapped["signatures"][1]["signature"]
    with pytest.raises(RefusalError, match="no signature of its signatory"):
        verify_published(json.dumps(swapped).encode(), SIGNERS, PRIMITIVES)
    odd = [{**told["signatures"][0], "signature": "a"}]
    twice = raw.replace(b'"text":', b'"text": "We regret.", "text":', 1)
    versions = [{**told["versions"][0], "x": 1}]
    changes: list[dict[str, object]] = [
        {"signatures": odd}, {"said_by": "us"}, {"contact": "x"}, {"versions": versions},
        {"signatures": [{**told["signatures"][0], "verified": True}]}, {"signatories": []},
        {"noroshi_joint_statement": 2},
    ]  # fmt: skip
    edited = (json.dumps({**told, **each}).encode() for each in changes)
    for wrong in (b"{", b"[]", b"\xff", twice, *edited):
        with pytest.raises(InputError, match=r"no published joint statement|not known here"):
            verify_published(wrong, SIGNERS, PRIMITIVES)


def test_nothing_in_a_published_file_says_other_than_what_was_signed() -> None:
    told = json.loads(publish(TEXT, both()))
    first, second = told["signatures"]
    for change, said in (
        ({"digest": "00" * 32}, "the digest in the file"),
        ({"signatures": [{**first, "signed_by": "The Minister"}, second]}, "another person"),
        ({"signatures": [{**first, "signed_at": "2020-01-01T00:00:00Z"}, second]}, "another time"),
        ({"signatures": [first, second, {**second, "signatory": "au"}]}, "not asked of anybody"),
        ({"signatures": [first, first, second]}, "not asked of anybody"),
    ):
        with pytest.raises(RefusalError, match=said):
            verify_published(json.dumps({**told, **change}).encode(), SIGNERS, PRIMITIVES)


def test_a_published_text_has_what_was_signed_alone() -> None:
    fields = {**FIELDS, "version": None, "embargo_until": "2026-11-22T06:00:00Z"}
    text = Text.of(ID, fields)
    raw = publish(text, [
        SignedText.issue(signature(signatory="nato", digest=text.digest), NATO.profile.number,
                         NATO.report_signers),
        signed(signature(digest=text.digest)),
    ])  # fmt: skip
    assert verify_published(raw, SIGNERS, PRIMITIVES)[0] == text
    assert b"Press office" not in raw
