"""Attacks on directories: each changes real metadata, signed with real keys, and is refused."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from noroshi.adapters.directories.metadata import Key, Root
from noroshi.adapters.sealing.pyca import PycaSigner
from noroshi.core import gate
from noroshi.core.directory.card import SignedCard
from noroshi.core.directory.repository import (
    MAX_ROOTS,
    MAX_TARGETS,
    MOST_TARGETS,
    Bundle,
    decode_bundle,
)
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.suite import ROOT_ALG
from noroshi.core.errors import MalformedError
from tests.hostile.repository import Repository, edited, first_key, refused, signer, target
from tests.unit.core.nodes import JP, NATO, NOW, changed, draw

ML_DSA_87_OID = bytes.fromhex("0609608648016503040313")
"""2.16.840.1.101.3.4.3.19 in DER."""


def read_with(repository: Repository, told: dict[str, Any]) -> object:
    return repository.read(**told)


def test_what_is_whole_is_read() -> None:
    repository = Repository(NATO)
    kept = repository.read()
    assert kept.directory.desks == ("cyber", "watch")
    repository.next()
    assert repository.read(kept).directory.timestamp_version == 2


@pytest.mark.parametrize("part", ["snapshot", "targets", "card"])
def test_mix_and_match(part: str) -> None:
    """Parts that were all signed, of two versions."""
    repository = Repository(NATO)
    old = (
        {"snapshot": repository.snapshot, "targets": repository.targets}[part]
        if (part != "card")
        else SignedCard.issue(changed(NATO.card(), serial=7), NATO.root).raw
    )
    repository.card = SignedCard.issue(changed(NATO.card(), serial=8), NATO.root)
    repository.next()
    code = "directory-gap" if part == "card" else "bad-directory"
    refused(lambda: read_with(repository, {part: old}), code)


def test_parts_of_two_partners() -> None:
    nato, other = Repository(NATO), Repository(JP)
    refused(lambda: nato.read(timestamp=other.timestamp), "bad-directory")
    refused(lambda: nato.read(partner="jp"), "bad-directory", "somebody else")
    refused(lambda: nato.read(roots=tuple(other.roots)), "root-changed")


@pytest.mark.parametrize("part", ["timestamp", "snapshot", "targets", "card", "roots"])
def test_endless_data(part: str) -> None:
    endless = b"x" * (16 * 2**20)
    bundle = Repository(NATO).bundle(**{part: (endless,) if part == "roots" else endless})
    refused(lambda: decode_bundle(gate.encode_struct(bundle)), "malformed", "at most")
    longer = b" " * (MAX_TARGETS + 1)
    bundle = Repository(NATO).bundle(**{part: (longer,) if part == "roots" else longer})
    refused(lambda: decode_bundle(gate.encode_struct(bundle)), "bad-directory")


def test_a_hundred_thousand_targets() -> None:
    repository = Repository(NATO)
    many = {f"agreements/{n:064x}": target("x", b"x", since=1, until=2) for n in range(100_000)}
    repository.publish(paths=repository.paths() | many)
    raw = gate.encode_struct(repository.bundle())
    started = time.perf_counter()
    refused(lambda: decode_bundle(raw), "malformed")
    bundle = repository.bundle()
    smaller = msgspec.structs.replace(bundle, targets=bundle.targets[: MAX_TARGETS + 1])
    refused(lambda: decode_bundle(gate.encode_struct(smaller)), "bad-directory")
    assert time.perf_counter() - started < 5


def test_more_targets_than_are_counted() -> None:
    repository = Repository(NATO)
    many = {f"desks/d{n}": target("x", b"") for n in range(MOST_TARGETS)}
    repository.publish(paths=repository.paths() | many)
    assert len(repository.targets) < MAX_TARGETS
    refused(repository.read, "bad-directory", "too many")


def test_a_root_swapped_at_first_contact() -> None:
    """The man in the middle has a repository of his own for the card that he cannot sign."""
    evil = Repository(NATO, "evil")
    evil.roots, evil.custodians = [], [signer("evil")]
    evil.rotate(evil.custodians)
    refused(evil.read, "root-changed")


def test_a_second_key_beside_the_first_at_first_contact() -> None:
    """A card with two roots: its own, and one that somebody else holds."""
    repository = Repository(NATO)
    repository.roots = []
    repository.rotate([first_key(NATO), signer("evil")])
    refused(repository.read, "root-changed")


def test_a_root_swapped_later() -> None:
    repository = Repository(NATO)
    kept = repository.read()
    evil = Repository(NATO, "evil")
    evil.rotate([signer("evil")], by=[signer("evil")])
    refused(lambda: evil.read(kept), "root-changed")
    repository.rotate([signer("evil")], by=[signer("evil")])
    repository.next()
    refused(lambda: repository.read(kept), "root-changed")


def test_a_root_that_only_the_former_custodians_signed() -> None:
    repository = Repository(NATO)
    kept = repository.read()
    repository.rotate([signer("a"), signer("b")], 2, by=[first_key(NATO), signer("a")])
    repository.next()
    refused(lambda: repository.read(kept), "root-changed")


def test_the_first_key_alone_after_custodians_took_over() -> None:
    repository = Repository(NATO)
    repository.rotate([signer("a"), signer("b"), signer("c")], 2)
    repository.next()
    kept = repository.read()
    repository.rotate([first_key(NATO)], by=[first_key(NATO)])
    repository.next()
    refused(lambda: repository.read(kept), "root-changed")


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_signatures_than_the_threshold(count: int) -> None:
    repository = Repository(NATO)
    three = [signer(each) for each in "abc"]
    repository.rotate(three, 2)
    kept = repository.read()
    repository.rotate(three, 2, by=three[:count])
    refused(lambda: repository.read(kept), "root-changed")


def test_one_key_under_two_names_counts_once() -> None:
    repository = Repository(NATO)
    three = [signer(each) for each in "abc"]

    def twice(root: Root) -> None:
        told = three[0].public_key.to_dict()
        root.keys["f" * 64] = Key.from_dict("f" * 64, told)
        root.roles["root"].keyids.append("f" * 64)

    repository.rotate(three, 2, change=twice)
    refused(repository.read, "bad-directory")


def test_one_signature_twice_counts_once() -> None:
    repository = Repository(NATO)
    three = [signer(each) for each in "abc"]
    repository.rotate(three, 2, by=[first_key(NATO), three[0]])

    def twice(parsed: Any) -> None:
        parsed["signatures"].append(parsed["signatures"][1])

    repository.roots[1] = edited(repository.roots[1], twice)
    refused(repository.read, "bad-directory")


@pytest.mark.parametrize(
    "change",
    [
        lambda root: setattr(root.roles["root"], "threshold", 4),
        lambda root: root.roles["timestamp"].keyids.clear(),
        lambda root: root.roles["timestamp"].keyids.append("0" * 64),
        lambda root: root.add_key(signer("a").public_key, "timestamp"),
        lambda root: [root.add_key(signer(f"x{n}").public_key, "root") for n in range(20)],
    ],
    ids=["threshold", "no key", "unknown key", "key of two roles", "too many"],
)  # fmt: skip
def test_roots_that_cannot_be(change: Callable[[Root], None]) -> None:
    repository = Repository(NATO)
    repository.rotate([signer("a"), signer("b")], 1, change=change)
    refused(repository.read, "bad-directory")


def test_keys_of_other_algorithms() -> None:
    repository = Repository(NATO)

    def weak(root: Root) -> None:
        raw = root.keys[root.roles["timestamp"].keyids[0]]
        raw.keytype, raw.scheme, raw.keyval = "ed25519", "ed25519", {"public": "00" * 32}

    repository.rotate([signer("a")], change=weak)
    refused(repository.read, "bad-directory", "none of ML-DSA-87")


def test_keys_of_algorithms_that_nobody_knows() -> None:
    repository = Repository(NATO)

    def unknown(root: Root) -> None:
        raw = root.keys[root.roles["timestamp"].keyids[0]]
        pem = "".join(raw.keyval["public"].splitlines()[1:-1])
        key = base64.b64decode(pem).replace(ML_DSA_87_OID, ML_DSA_87_OID[:-1] + b"\x7f", 1)
        begin, end = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
        raw.keyval = {"public": f"{begin}\n{base64.b64encode(key).decode()}\n{end}\n"}

    repository.rotate([signer("a")], change=unknown)
    refused(repository.read, "bad-directory", "none of ML-DSA-87")


def test_a_version_left_out() -> None:
    repository = Repository(NATO)
    kept = repository.read()
    repository.rotate([signer("a")])
    repository.rotate([signer("b")])
    refused(lambda: repository.read(kept, roots=(repository.roots[2],)), "directory-gap")
    refused(lambda: repository.read(roots=()), "directory-gap")


def test_roots_without_end() -> None:
    repository = Repository(NATO)
    kept = repository.read()
    for _ in range(MAX_ROOTS):
        repository.rotate(repository.custodians)
    refused(
        lambda: repository.read(kept, roots=tuple(repository.roots[1:])), "bad-directory", "more"
    )


def test_fast_forward_is_recovered_from_by_new_keys() -> None:
    """Whoever had the online keys used the highest numbers; the custodians name other keys."""
    repository = Repository(NATO)
    repository.version = 2**50
    repository.publish()
    kept = repository.read()
    repository.version = 5
    repository.publish()
    refused(lambda: repository.read(kept), "directory-older")
    repository.signers |= {role: signer(f"new {role}") for role in repository.signers}
    repository.rotate(repository.custodians)
    repository.publish()
    assert repository.read(kept).directory.timestamp_version == 5


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_the_key_of_another_role(role: str) -> None:
    repository = Repository(NATO)
    other = {"timestamp": "snapshot", "snapshot": "targets", "targets": "timestamp"}[role]
    repository.signers[role] = repository.signers[other]
    repository.publish()
    refused(repository.read, "bad-directory", "not signed by the keys")


@pytest.mark.parametrize(
    "path",
    [
        "desks/суber",
        "desks/../card",
        "desks/",
        "/etc/passwd",
        "card/",
        "agreements/x",
        "ca\u200brd",
    ],
)
def test_names_that_look_like_others(path: str) -> None:
    repository = Repository(NATO)
    repository.publish(paths=repository.paths() | {path: target(path, b"x")})
    refused(repository.read, "bad-directory", "mean nothing")


def test_homoglyph_partners() -> None:
    """Cyrillic letters in the name of the bundle, and on the card."""
    bundle = changed(Repository(NATO).bundle(), partner="nаto")
    refused(lambda: decode_bundle(gate.encode_struct(bundle)), "bad-directory", "of nobody")
    repository = Repository(NATO)
    repository.card = SignedCard.issue(changed(NATO.card(), partner="nаto"), NATO.root)
    repository.next()
    refused(repository.read, "directory-gap")


def test_what_contradicts_the_card() -> None:
    repository = Repository(NATO)
    repository.publish(paths=repository.paths() | {"desks/other": target("desks/other", b"")})
    refused(repository.read, "bad-directory", "other desks")
    told = target("x", b"word", since=NOW, until=NOW, card=1)
    path = f"revocations/{told.hashes['sha256']}"
    repository.publish(paths=repository.paths() | {path: told})
    refused(repository.read, "bad-directory", "revoked")
    wrong = target("x", b"another", since=NOW, until=NOW, card=0)
    repository.publish(paths=repository.paths() | {path: wrong})
    refused(repository.read, "bad-directory", "cannot be")
    no_card = repository.paths()
    del no_card["card"]
    repository.publish(paths=no_card)
    refused(repository.read, "bad-directory", "no card")


def test_the_card_may_be_signed_by_the_targets_key_and_by_no_other() -> None:
    repository = Repository(NATO)
    for role, is_taken in (("targets", True), ("timestamp", False)):
        own = PycaSigner(Purpose.TARGETS, ROOT_ALG, draw(f"directory nato {role} ", 32))
        repository.card = SignedCard.issue(changed(NATO.card(), serial=9), own)
        repository.next()
        if is_taken:
            assert repository.read().directory.card_digest == repository.card.digest
        else:
            refused(repository.read, "directory-gap")


@pytest.mark.parametrize("part", ["timestamp", "snapshot", "targets"])
@pytest.mark.parametrize(
    "raw",
    [b"", b"null", b"[" * 9000, b'{"signed": {}}', b"\xff\xfe", b'{"signed":{"_type":"root"}}'],
    ids=["empty", "null", "deep", "nothing", "no text", "other type"],
)
def test_what_is_no_metadata(part: str, raw: bytes) -> None:
    repository = Repository(NATO)
    if part == "timestamp" or raw:
        refused(lambda: read_with(repository, {part: raw}), "bad-directory")
    else:
        refused(lambda: read_with(repository, {part: raw}), "directory-gap")


@pytest.mark.parametrize("version", [True, 0, -1, 2**60, "1", 1.5])
def test_versions_that_are_none(version: object) -> None:
    def edit(parsed: Any) -> None:
        parsed["signed"]["version"] = version

    repository = Repository(NATO)
    refused(lambda: repository.read(timestamp=edited(repository.timestamp, edit)), "bad-directory")


def test_every_bit_of_the_timestamp_counts() -> None:
    repository = Repository(NATO)
    raw = repository.timestamp
    signed = json.loads(raw)["signed"]
    assert signed["_type"] == "timestamp"
    at = raw.index(b'"signed"')
    for place in range(at, len(raw), 7):
        damaged = bytearray(raw)
        damaged[place] ^= 1
        with pytest.raises(MalformedError):
            repository.read(timestamp=bytes(damaged))


def test_bundles_of_another_version() -> None:
    bundle: Bundle = changed(Repository(NATO).bundle(), version=2)
    refused(lambda: decode_bundle(gate.encode_struct(bundle)), "bad-directory")
