"""Hostile cards and directories, for the decoders: changed on the way, or by whoever signs them."""

import json
import random
from collections.abc import Callable
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import mldsa
from securesystemslib.exceptions import FormatError
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner

from endure.exchange import Pair
from endure.mutate import mutate
from noroshi.adapters.sealing.pyca import PycaSigner
from noroshi.core import gate
from noroshi.core.directory.card import SignedCard, read_armour, verify_card
from noroshi.core.directory.repository import decode_bundle, lacking
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.keys import Purpose
from noroshi.core.instant import DAY

Makes = Callable[[random.Random], bytes]
Feeds = Callable[[bytes], str]

_STRANGE: tuple[object, ...] = (
    None, True, 0, -1, 2**63, 1e300, "", "0" * 64, "../card", [], {}, [[]], {"x": {}}, "\ud800",
)  # fmt: skip


def card(pair: Pair) -> tuple[Makes, Feeds]:
    """A card in its armour: changed, or changed and signed by the root key that it names."""
    node = pair.nodes[0]
    signed = node.identity.card
    (alg, seed) = node.keys.read(Purpose.ROOT)[0]
    root = PycaSigner(Purpose.ROOT, alg, seed)
    payload = gate.encode_struct(signed.card)

    def make(draw: random.Random) -> bytes:
        kind = draw.random()
        if kind < 0.4:
            return mutate(signed.armoured.encode(), draw)
        if kind < 0.8:
            return SignedCard(signed.card, mutate(signed.raw, draw)).armoured.encode()
        raw = cose.sign(mutate(payload, draw), suite.CARD, 0, [root])
        return SignedCard(signed.card, raw).armoured.encode()

    def feed(raw: bytes) -> str:
        verify_card(read_armour(raw), node.house.primitives)
        return "verified"

    return make, feed


def directory(pair: Pair) -> tuple[Makes, Feeds]:
    """A directory: changed on the way, or in its metadata, signed by the key of its role."""
    node = pair.nodes[0]
    with node.store.read() as tables:
        own = tables.directories.own()
    assert own is not None
    whole = lacking(own, node.identity.card.raw, 0, 0)
    raw = gate.encode_struct(whole)
    keys = {
        role: CryptoSigner(mldsa.MLDSA87PrivateKey.from_seed_bytes(node.keys.read(purpose)[0][1]))
        for role, purpose in (
            ("root", Purpose.ROOT),
            ("targets", Purpose.TARGETS),
            ("snapshot", Purpose.SNAPSHOT),
            ("timestamp", Purpose.TIMESTAMP),
        )
    }

    def make(draw: random.Random) -> bytes:
        kind = draw.random()
        if kind < 0.3:
            return mutate(raw, draw)
        role = draw.choice(tuple(keys))
        before = whole.roots[0] if role == "root" else getattr(whole, role)
        changed = mutate(before, draw) if kind < 0.6 else _signed_anew(before, keys[role], draw)
        field: dict[str, Any] = {"roots": (changed,)} if role == "root" else {role: changed}
        return gate.encode_struct(msgspec.structs.replace(whole, **field))

    def feed(told: bytes) -> str:
        bundle = decode_bundle(told)
        reader, known = node.identity.directories(), node.identity.card
        now = node.house.clock.now()
        found, _ = reader.read(bundle, known.card.root, None, known.raw, now, 12 * DAY)
        return str(found.directory.root_version)

    return make, feed


def _signed_anew(raw: bytes, signer: CryptoSigner, draw: random.Random) -> bytes:
    """Return metadata with something strange in it, and a good signature where there can be one."""
    parsed: Any = json.loads(raw)
    place: Any = parsed["signed"]
    while True:
        name = draw.choice(list(place) if isinstance(place, dict) else range(len(place)))
        below = place[name]
        if not isinstance(below, dict | list) or not below or draw.random() < 0.3:
            break
        place = below
    place[name] = draw.choice(_STRANGE)
    try:
        signature = signer.sign(str(encode_canonical(parsed["signed"])).encode())
    except (FormatError, UnicodeEncodeError):  # no canonical form: it goes as it was signed before
        return json.dumps(parsed).encode()
    parsed["signatures"] = [signature.to_dict()]
    return json.dumps(parsed).encode()
