"""Cards: what a partner says of itself, under its root key."""

import base64
import hashlib
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.adapters.sealing.pyca import PycaSigner
from noroshi.core import gate
from noroshi.core.directory.armour import armoured
from noroshi.core.directory.card import (
    MAX_CARD,
    MAX_NAME,
    Card,
    SignedCard,
    claimed_card,
    is_peer_url,
    read_armour,
    verify_card,
)
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.envelope.suite import ROOT_ALG
from noroshi.core.errors import InputError
from tests.unit.core.nodes import AU, JP, NATO, NOW, NZ, PRIMITIVES, Node, changed, draw

BOTH = pytest.mark.parametrize("node", [JP, NZ], ids=["H5", "H3"])


def issue(node: Node, card: Card | None = None) -> SignedCard:
    return SignedCard.issue(card or node.card(), node.root)


SIGNED = issue(JP)


@BOTH
def test_a_card_is_issued_armoured_read_and_verified(node: Node) -> None:
    signed = issue(node)
    read = verify_card(read_armour(signed.armoured.encode()), PRIMITIVES)
    assert read == signed
    assert read.card == node.card()
    assert read.digest == hashlib.sha256(signed.raw).digest()


@BOTH
def test_a_card_gives_every_key_for_its_purpose(node: Node) -> None:
    card = node.card()
    assert card.root == node.root.public_key
    assert card.key(Purpose.SEAL) == node.key
    assert card.key(Purpose.JOURNAL) == node.journal.public_key
    for purpose in (Purpose.REPORT, Purpose.RECEIPT):
        assert card.signers(purpose) == node.signers(purpose)


def test_a_partner_is_known_by_the_digest_of_its_root() -> None:
    encoded = gate.encode([int(Purpose.ROOT), -50, JP.root.public_key.material])
    assert JP.card().root_digest == hashlib.sha256(encoded).digest()
    newer = changed(JP.card(), serial=2, name="Renamed", issued_at=NOW)
    assert newer.root_digest == JP.card().root_digest
    assert NATO.card().root_digest != JP.card().root_digest


def test_what_tells_a_newer_card_from_an_older_is_signed() -> None:
    # Whoever keeps cards compares these; here it is only shown that they cannot be changed.
    newer = issue(JP, changed(JP.card(), serial=2, issued_at=NOW, epoch=2))
    card = verify_card(newer.raw, PRIMITIVES).card
    assert (card.serial, card.issued_at, card.epoch) == (2, NOW, 2)


MAIL = """From: duty@jp.example\r
Subject: our card\r
\r
Dear colleagues,\r
\r
{}\r
-- \r
-----BEGIN SOMETHING ELSE-----\r
"""


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda text: text, id="as it is"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(lambda text: MAIL.format(text.replace("\n", "\r\n")), id="in a mail"),
        pytest.param(lambda text: text.replace("\n", "\n   "), id="indented"),
        pytest.param(lambda text: "".join(text.split("\n")), id="on one line"),
        pytest.param(lambda text: "\N{ZERO WIDTH NO-BREAK SPACE}" + text, id="byte order mark"),
        pytest.param(lambda text: text + text, id="twice"),
    ],
)
def test_the_armour_survives_mail(wrap: Callable[[str], str]) -> None:
    assert read_armour(wrap(SIGNED.armoured).encode()) == SIGNED.raw


def test_the_armour() -> None:
    lines = SIGNED.armoured.splitlines()
    assert (lines[0], lines[-1]) == ("-----BEGIN NOROSHI CARD-----", "-----END NOROSHI CARD-----")
    assert all(len(line) == 76 for line in lines[1:-2])
    assert base64.b64decode("".join(lines[1:-1])) == SIGNED.raw


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing of the kind",
        SIGNED.armoured.replace("BEGIN", "START"),
        SIGNED.armoured.replace("-----END", "-----FIN"),
        SIGNED.armoured[:500],
        SIGNED.armoured.replace("A", "*"),
        SIGNED.armoured.replace("\n-----END", "A\n-----END"),
        "-----END NOROSHI CARD-----\n-----BEGIN NOROSHI CARD-----\n",
    ],
)
def test_a_torn_armour_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no whole partner card") as caught:
        read_armour(text.encode())
    assert caught.value.code == "bad-card"


@given(st.binary(max_size=200))
def test_any_bytes_are_no_card(raw: bytes) -> None:
    with pytest.raises(InputError):
        verify_card(raw, PRIMITIVES)
    with pytest.raises(InputError):
        read_armour(b"-----BEGIN NOROSHI CARD-----" + raw)


def refused(card: Card, node: Node = JP) -> None:
    with pytest.raises(InputError, match="no valid partner card") as caught:
        verify_card(issue(node, card).raw, PRIMITIVES)
    assert caught.value.code == "bad-card"


@pytest.mark.parametrize(
    "fields",
    [
        {"version": 0},
        {"version": 2},
        {"profile": 0},
        {"profile": 2},
        {"profile": 9},
        {"partner": ""},
        {"partner": "JP"},
        {"partner": "j" * 33},
        {"name": ""},
        {"name": "n" * (MAX_NAME + 1)},
        {"name": "two\nlines"},
        {"name": "\u202eknab"},
        {"serial": 0},
        {"serial": -1},
        {"serial": "1"},
        {"issued_at": -1},
        {"issued_at": 2**62},
        {"epoch": 0},
        {"tls_digest": b""},
        {"tls_digest": bytes(31)},
        {"peer_url": "http://jp.example:7443"},
        {"desks": ()},
        {"desks": ("cyber", "Watch")},
        {"desks": ("cyber", "cyber")},
        {"desks": ("cyber", "")},
    ],
)
def test_a_card_with_values_that_cannot_be_is_refused(fields: Mapping[str, object]) -> None:
    refused(changed(JP.card(), **fields))


def without(keys: tuple[PublicKey, ...], index: int) -> tuple[PublicKey, ...]:
    return (*keys[:index], *keys[index + 1 :])


def replaced(keys: tuple[PublicKey, ...], index: int, **fields: object) -> tuple[PublicKey, ...]:
    return (*keys[:index], changed(keys[index], **fields), *keys[index + 1 :])


@BOTH
def test_a_card_has_exactly_the_keys_of_its_profile(node: Node) -> None:
    card, keys = node.card(), node.keys
    wrong = [
        *(without(keys, i) for i in range(1, len(keys))),
        (*keys, NATO.request.public_key),
        (*keys, keys[-1]),
        tuple(reversed(keys)),
        replaced(keys, 2, purpose=Purpose.RECEIPT),
        replaced(keys, 3, alg=suite.Alg.ML_DSA_65 if node is JP else suite.Alg.ML_DSA_87),
        replaced(keys, 1, alg=NZ.profile.kem if node is JP else JP.profile.kem),
    ]
    for other in wrong:
        refused(changed(card, keys=other), node)


@BOTH
def test_a_key_serves_one_purpose(node: Node) -> None:
    keys = node.keys
    refused(changed(node.card(), keys=replaced(keys, 4, material=keys[2].material)), node)
    refused(changed(node.card(), keys=replaced(keys, 7, material=keys[6].material)), node)


@BOTH
@pytest.mark.parametrize("index", range(1, 8))
def test_a_card_with_a_key_that_is_none_is_refused(node: Node, index: int) -> None:
    material = node.keys[index].material
    refused(changed(node.card(), keys=replaced(node.keys, index, material=material[:-1])), node)


def test_a_card_without_a_root_is_refused() -> None:
    raw = cose.sign(
        gate.encode_struct(changed(JP.card(), keys=JP.keys[1:])), suite.CARD, 0, [JP.root]
    )
    with pytest.raises(InputError):
        verify_card(raw, PRIMITIVES)


def test_a_card_signed_by_another_root_is_refused() -> None:
    with pytest.raises(InputError):
        verify_card(SignedCard.issue(JP.card(), NATO.root).raw, PRIMITIVES)


@pytest.mark.parametrize("context", [suite.REPORT, suite.RECEIPT])
def test_another_signed_object_is_no_card(context: suite.Context) -> None:
    raw = cose.sign(gate.encode_struct(JP.card()), context, 0, [JP.root])
    with pytest.raises(InputError):
        verify_card(raw, PRIMITIVES)


def test_a_card_is_signed_under_profile_zero() -> None:
    raw = cose.sign(gate.encode_struct(JP.card()), suite.CARD, 1, [JP.root])
    with pytest.raises(InputError):
        verify_card(raw, PRIMITIVES)


def test_a_card_has_one_signature() -> None:
    raw = cose.sign(gate.encode_struct(JP.card()), suite.CARD, 0, [JP.root, JP.journal])
    with pytest.raises(InputError):
        verify_card(raw, PRIMITIVES)


def test_every_changed_byte_is_refused() -> None:
    for position in range(0, len(SIGNED.raw), 29):
        raw = bytearray(SIGNED.raw)
        raw[position] ^= 0x20
        with pytest.raises(InputError):
            verify_card(bytes(raw), PRIMITIVES)


def test_size_is_bounded() -> None:
    desks = tuple(f"a-desk-with-a-long-name-{i}" for i in range(3000))
    refused(changed(JP.card(), desks=desks))
    refused(changed(JP.card(), name="n" * MAX_CARD))


@pytest.mark.parametrize(
    "url",
    [
        "https://jp.example:7443",
        "https://127.0.0.1:1",
        "https://[2001:db8::1]:65535",
        "https://node_jp:443",
        "https://localhost:54321",
        "https://xn--wgv71a.example:7443",
    ],
)
def test_addresses_of_a_peer_door(url: str) -> None:
    assert is_peer_url(url)
    verify_card(issue(AU, changed(AU.card(), peer_url=url)).raw, PRIMITIVES)


@pytest.mark.parametrize(
    "url",
    [
        "https://",
        "https://jp.example",
        "https://jp.example:",
        "https://jp.example:0",
        "https://jp.example:065",
        "https://jp.example:65536",
        "https://jp.example:99999",
        "https://jp.example:7443/",
        "https://jp.example:7443/node/",
        "https://jp.example:7443?x",
        "https://jp.example:7443#x",
        "https://user@jp.example:7443",
        "https://user:secret@jp.example:7443",
        "https://@jp.example:7443",
        "http://jp.example:7443",
        "HTTPS://jp.example:7443",
        "ftp://jp.example:7443",
        "//jp.example:7443",
        "jp.example:7443",
        "https://:7443",
        "https://jp example:7443",
        "https://jp.example:7443\n",
        "https://jp\\example:7443",
        "https://日本.example:7443",
        "https://jp.example:\u0667",
        "https://[::1:7443",
        "https://[jp]:7443",
        "https://.jp:7443",
        "https://jp.:7443",
        "https://" + "j" * 300 + ":7443",
    ],
)
def test_what_is_no_address_of_a_peer_door(url: str) -> None:
    assert not is_peer_url(url)
    refused(changed(JP.card(), peer_url=url))


def test_a_node_that_only_dials_out_has_no_address() -> None:
    assert not is_peer_url("")
    verify_card(issue(AU, changed(AU.card(), peer_url="")).raw, PRIMITIVES)


def test_a_second_card_of_the_same_keys_is_another_card() -> None:
    one, other = issue(NZ), issue(NZ, changed(NZ.card(), tls_digest=draw("new", 32), serial=2))
    assert one.digest != other.digest
    assert one.card.root_digest == other.card.root_digest


def test_a_card_may_be_signed_by_a_key_that_its_directory_names() -> None:
    targets = PycaSigner(Purpose.TARGETS, ROOT_ALG, draw("targets", 32))
    raw = SignedCard.issue(JP.card(), targets).raw
    others = (NATO.root.public_key, targets.public_key)
    assert verify_card(raw, PRIMITIVES, others).card == JP.card()
    for known in ((), others[:1]):
        with pytest.raises(InputError):
            verify_card(raw, PRIMITIVES, known)
    own = SignedCard.issue(JP.card(), JP.root)
    assert verify_card(own.raw, PRIMITIVES, others) == own


def test_what_a_card_claims_is_read_whoever_signed_it() -> None:
    raw = SignedCard.issue(JP.card(), NATO.root).raw
    assert claimed_card(raw) == JP.card()
    rootless = changed(JP.card(), keys=JP.card().keys[1:])
    for bad in (b"", raw[:-1], SignedCard.issue(rootless, NATO.root).raw):
        with pytest.raises(InputError) as caught:
            claimed_card(bad)
        assert caught.value.code == "bad-card"


def test_a_file_with_two_cards_is_refused() -> None:
    """Which of them would be taken, nobody could see."""
    other = armoured("CARD", SIGNED.raw[:-1] + b"x")
    for text in (SIGNED.armoured + other, other + SIGNED.armoured, SIGNED.armoured + other[:300]):
        with pytest.raises(InputError, match="several different parts") as caught:
            read_armour(text.encode())
        assert caught.value.code == "bad-card"
