"""The frozen vector of consent: read from the beginning to the end, and written again."""

import json
from pathlib import Path
from typing import Any

from noroshi.core import gate
from noroshi.core.consent import (
    Asked,
    Grant,
    encode_request,
    read_grant,
    read_grant_message,
    read_request,
)
from noroshi.core.enclosure import encode_enclosure, open_enclosure, read_enclosure
from noroshi.core.envelope import cose
from noroshi.core.envelope.keys import PublicKey, Purpose, SignerSet
from noroshi.core.envelope.suite import H5
from tests.unit.core.nodes import AU, JP, NODES, PRIMITIVES, read
from tests.vectors.plain import from_plain, to_plain

FILE = Path(__file__).parents[3] / "docs" / "formats" / "vectors" / "consent.json"
VECTOR: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))


def raw(name: str) -> bytes:
    return bytes.fromhex(VECTOR[name])


KEYS = tuple(
    gate.decode_struct(bytes.fromhex(key), PublicKey, limit=4096)
    for key in VECTOR["originator_keys"]
)
SIGNERS = SignerSet.of(H5, Purpose.REPORT, KEYS)


def test_the_request_is_read_and_written_again() -> None:
    asked = read_request(VECTOR["request_body"].encode())
    assert to_plain(asked) == VECTOR["request"]
    assert encode_request(from_plain(Asked, VECTOR["request"])) == VECTOR["request_body"].encode()


def test_the_grant_is_read_and_verifies() -> None:
    grant = from_plain(Grant, VECTOR["grant"])
    assert gate.encode_struct(grant) == raw("grant_encoded")
    signed = read_grant(raw("signed_grant"), SIGNERS, PRIMITIVES)
    assert (signed.grant, signed.digest) == (grant, raw("grant_digest"))
    _, carried = read_grant_message(VECTOR["grant_body"].encode())
    assert carried == signed.raw
    assert grant.head_digest == cose.digest(raw("original_signed"))


def test_the_enclosing_envelope_opens_and_what_it_encloses_verifies() -> None:
    passed = VECTOR["passed_on"]
    assert JP.keys == KEYS
    outer = read(bytes.fromhex(passed["envelope"]), AU, passed["read_at"])
    assert outer.content.kind == "passed-on"
    cards = {name: node.card() for name, node in NODES.items()}
    found = open_enclosure(
        outer.content.body, outer.head, "au", cards.get, PRIMITIVES, passed["read_at"]
    )
    assert (found.head.sender, found.content.body) == ("jp", b"Smoke is seen.")
    assert found.digest == cose.digest(raw("original_signed"))
    enclosure, _ = read_enclosure(outer.content.body)
    assert (enclosure.signed, enclosure.salt, enclosure.content) == (
        raw("original_signed"), raw("original_salt"), raw("original_content"),
    )  # fmt: skip
    assert encode_enclosure(enclosure, found.grant) == outer.content.body
