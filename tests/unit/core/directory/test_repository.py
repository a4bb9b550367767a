"""Bundles of a directory as they travel: what is one, and what is none."""

import pytest

from noroshi.core import gate
from noroshi.core.directory.armour import armoured
from noroshi.core.directory.repository import (
    LABEL,
    MAX_ROOTS,
    MAX_TIMESTAMP,
    Bundle,
    Directory,
    DirectoryHead,
    Kept,
    check_head,
    decode_bundle,
    is_path,
    lacking,
    read_bundle,
)
from noroshi.core.errors import InputError, MalformedError
from tests.unit.core.nodes import JP, NATO, NOW, changed

BUNDLE = Bundle(1, "nato", (b"one", b"two"), b"time", b"snap", b"targets", b"card")
DIRECTORY = Directory(
    partner="nato",
    identity=NATO.root.public_key.digest,
    root_version=2,
    root_keys=(NATO.root.public_key,),
    threshold=1,
    root_expires_at=NOW,
    card_keys=(),
    timestamp_version=9,
    snapshot_version=8,
    targets_version=7,
    expires_at=NOW,
    card_digest=bytes(32),
    desks=("cyber",),
    agreements=(),
    revocations=(),
)
KEPT = Kept(DIRECTORY, BUNDLE.roots, BUNDLE.timestamp, BUNDLE.snapshot, BUNDLE.targets)


def test_a_bundle_is_read_from_its_armour_with_words_around_it() -> None:
    text = f"Dear all,\n{BUNDLE.armoured}Regards".encode()
    assert read_bundle(text) == BUNDLE
    assert read_bundle(b"a card alone") is None


@pytest.mark.parametrize(
    "fields",
    [
        {"version": 2},
        {"partner": "NATO"},
        {"timestamp": b""},
        {"timestamp": bytes(MAX_TIMESTAMP + 1)},
        {"roots": (b"",) * (MAX_ROOTS + 1)},
    ],
    ids=str,
)
def test_one_that_cannot_be_is_refused(fields: dict[str, object]) -> None:
    raw = gate.encode_struct(changed(BUNDLE, **fields))
    with pytest.raises(MalformedError) as caught:
        decode_bundle(raw)
    assert caught.value.code == "bad-directory"
    with pytest.raises(InputError):
        read_bundle(armoured(LABEL, raw).encode())


def test_one_that_is_torn_is_not_passed_over() -> None:
    with pytest.raises(InputError, match="is torn"):
        read_bundle(BUNDLE.armoured[:-40].encode())


def test_a_statement_names_its_bundle_and_speaks_of_its_sender() -> None:
    to = tuple(NATO.addressed)
    head = DirectoryHead(1, bytes(16), "nato", NOW, None, to, BUNDLE.digest)
    raw = gate.encode_struct(BUNDLE)
    assert check_head(head, raw) == BUNDLE
    with pytest.raises(MalformedError, match="not the one that was signed"):
        check_head(head, raw + b" ")
    with pytest.raises(MalformedError, match="somebody else"):
        check_head(changed(head, sender="jp"), raw)


def test_custodians_are_others_than_the_first_key() -> None:
    assert DIRECTORY.custodians == ()
    both = changed(DIRECTORY, root_keys=(NATO.root.public_key, JP.root.public_key))
    assert both.custodians == (JP.root.public_key,)


def test_a_reader_is_told_what_it_lacks() -> None:
    assert lacking(KEPT, b"card", 0, 0) == BUNDLE
    assert lacking(KEPT, b"card", 1, 0).roots == (b"two",)
    newest = lacking(KEPT, b"card", 2, 8)
    assert newest == Bundle(1, "nato", (), b"time", b"", b"", b"")


@pytest.mark.parametrize("path", ["card", "desks/cyber", "agreements/" + "0f" * 32])
def test_names_of_targets(path: str) -> None:
    assert is_path(path)


@pytest.mark.parametrize("path", ["", "cards", "desks/", "desks/Cyber", "agreements/0F"])
def test_names_that_mean_nothing(path: str) -> None:
    assert not is_path(path)
