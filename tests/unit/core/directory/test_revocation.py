"""Revocations and notices: what is valid, and what is none."""

from typing import Final

import pytest

from noroshi.core.directory.armour import armoured, read_armoured
from noroshi.core.directory.notice import MAX_REASON, VERSION, NoticeHead, check_notice
from noroshi.core.directory.repository import Directory
from noroshi.core.directory.revocation import (
    MAX_REVOCATION,
    Revocation,
    SignedRevocation,
    read_revocation,
    verify_revocation,
)
from noroshi.core.envelope import cose
from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.errors import InputError, MalformedError
from noroshi.core.instant import LATEST
from tests.unit.core.directory.test_repository import DIRECTORY
from tests.unit.core.nodes import AU, JP, NATO, NOW, PRIMITIVES, changed

GOOD: Final = Revocation(1, "nato", NATO.root.public_key, 3, NOW, NOW + 1)
SIGNED: Final = SignedRevocation.issue(GOOD, NATO.root)
NOTICE: Final = NoticeHead(
    VERSION, bytes(16), "jp", NOW, None, tuple(AU.addressed), "nato", SIGNED.root_digest, NOW,
    "", SIGNED.raw,
)  # fmt: skip


def test_a_revocation_is_read_from_its_armour_with_words_around_it() -> None:
    text = f"Dear all,\n{SIGNED.armoured}Regards\n".encode()
    assert read_revocation(text, PRIMITIVES) == SIGNED
    assert SIGNED.root_digest == NATO.card().root_digest
    assert len(SIGNED.digest) == 32


@pytest.mark.parametrize(
    "fields",
    [
        {"version": 2},
        {"partner": "NATO"},
        {"root": changed(NATO.root.public_key, purpose=Purpose.REPORT)},
        {"root": changed(NATO.root.public_key, material=b"short")},
        {"card": 0},
        {"since": -1},
        {"issued_at": LATEST + 1},
    ],
    ids=str,
)
def test_one_that_cannot_be_is_refused(fields: dict[str, object]) -> None:
    raw = SignedRevocation.issue(changed(GOOD, **fields), NATO.root).raw
    with pytest.raises(InputError) as caught:
        verify_revocation(raw, PRIMITIVES)
    assert caught.value.code == "bad-revocation"


def test_only_the_root_that_it_names_may_sign_it() -> None:
    for signer in (JP.root, NATO.report_signers[0]):
        with pytest.raises(InputError, match="no valid revocation"):
            verify_revocation(SignedRevocation.issue(GOOD, signer).raw, PRIMITIVES)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"no armour at all",
        SIGNED.armoured.encode()[:-30],
        SIGNED.armoured.replace("-----END", "!!\n-----END").encode(),
        armoured("CARD", SIGNED.raw).encode(),
        armoured("REVOCATION", SIGNED.raw[:-1]).encode(),
        armoured("REVOCATION", bytes(MAX_REVOCATION + 1)).encode(),
    ],
    ids=range(7),
)
def test_what_is_no_whole_revocation_is_refused(text: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read_revocation(text, PRIMITIVES)
    assert caught.value.code == "bad-revocation"


def test_armour_that_is_torn_is_none() -> None:
    assert read_armoured("CARD", armoured("CARD", b"bytes").encode()) == b"bytes"
    assert read_armoured("CARD", b"-----BEGIN NOROSHI CARD-----\nAAAA") is None


def test_a_notice_may_carry_the_word_of_the_root_or_none() -> None:
    assert check_notice(NOTICE, PRIMITIVES) == SIGNED
    assert check_notice(changed(NOTICE, revocation=b""), PRIMITIVES) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"partner": "NATO"},
        {"partner": "jp"},
        {"since": -1},
        {"reason": "x" * (MAX_REASON + 1)},
        {"reason": "two\nlines"},
        {"revocation": bytes(MAX_REVOCATION + 1)},
        {"revocation": SIGNED.raw[:-1]},
        {"partner": "au"},
        {"since": NOW + 1},
    ],
    ids=range(9),
)
def test_a_notice_that_cannot_be_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(MalformedError):
        check_notice(changed(NOTICE, **fields), PRIMITIVES)


def directory_of(*keys: PublicKey, threshold: int) -> Directory:
    return changed(DIRECTORY, root_version=2, root_keys=keys, threshold=threshold)


def test_custodians_join_their_signatures() -> None:
    custodians = (JP.root.public_key, AU.root.public_key)
    one, other = SignedRevocation.issue(GOOD, JP.root), SignedRevocation.issue(GOOD, AU.root)
    both = one.joined(other)
    assert verify_revocation(both.raw, PRIMITIVES, custodians) == both
    assert both.counts(directory_of(*custodians, threshold=2))
    assert not one.counts(directory_of(*custodians, threshold=2))
    assert not SIGNED.counts(directory_of(*custodians, threshold=1))
    assert SIGNED.counts(None)
    assert SIGNED.counts(DIRECTORY)
    assert not both.counts(None)
    for again in (one, SignedRevocation.issue(changed(GOOD, card=4), AU.root)):
        with pytest.raises(InputError, match="nothing was joined"):
            one.joined(again)


def test_signatures_of_strangers_or_of_one_twice_do_not_verify() -> None:
    one = SignedRevocation.issue(GOOD, JP.root)
    twice = cose.joined(one.raw, one.raw, limit=MAX_REVOCATION)
    both = one.joined(SignedRevocation.issue(GOOD, AU.root))
    for raw in (twice, both.raw):
        with pytest.raises(InputError, match="no valid revocation"):
            verify_revocation(raw, PRIMITIVES, (JP.root.public_key,))
